//! What belongs to files alone: one writer, backups, damage.

use std::io::{Seek as _, SeekFrom, Write as _};

use store::{Store, StoreError};

use crate::world::{Folder, Held, known, sweep};

fn some() -> Held {
    (0..200).map(|id| (id, id % 7)).collect()
}

#[tokio::test]
async fn one_process_writes_and_others_read() {
    let folder = Folder::new();
    let path = folder.file("one.db");
    let store = Store::sqlite(&path).await.expect("a new file");
    store.append(sweep(0, &some())).await.expect("stored");
    let second = Store::sqlite(&path).await.err().expect("refused");
    assert!(matches!(second, StoreError::Locked { .. }), "{second}");
    let reader = Store::sqlite_for_reading(&path).await.expect("reading is free");
    assert_eq!(known(&reader, 0).await, some());
    let refused = reader.append(sweep(1, &some())).await.expect_err("a reader does not write");
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");
    store.close().await;
    Store::sqlite(&path).await.expect("free again");
}

#[tokio::test]
async fn a_backup_is_taken_while_writing_goes_on_and_makes_the_same_store() {
    let folder = Folder::new();
    let (path, backup, again) = (folder.file("a.db"), folder.file("b.db"), folder.file("c.db"));
    let store = Store::sqlite(&path).await.expect("a new file");
    store.append(sweep(0, &some())).await.expect("stored");
    let taken = Store::back_up(&path, &backup).await.expect("taken while open");
    assert_eq!(taken.extent.records, 200);
    store.append(sweep(1, &Held::new())).await.expect("goes on");
    Store::restore(&backup, &again).await.expect("restored");
    let restored = Store::sqlite(&again).await.expect("a store");
    assert_eq!(known(&restored, 1).await, some());
    assert_eq!(restored.check().await.expect("checked"), []);
    for occupied in [Store::back_up(&path, &backup).await, Store::restore(&backup, &path).await] {
        assert!(matches!(occupied, Err(StoreError::Occupied { .. })), "{occupied:?}");
    }
}

#[tokio::test]
async fn damage_is_told_and_a_damaged_backup_is_not_restored() {
    let folder = Folder::new();
    let (path, backup) = (folder.file("a.db"), folder.file("b.db"));
    let store = Store::sqlite(&path).await.expect("a new file");
    store.append(sweep(0, &some())).await.expect("stored");
    Store::back_up(&path, &backup).await.expect("taken");
    let length = std::fs::metadata(&backup).expect("a file").len();
    let mut file = std::fs::OpenOptions::new().write(true).open(&backup).expect("writable");
    for place in (8192..length).step_by(700) {
        file.seek(SeekFrom::Start(place)).expect("inside");
        file.write_all(b"torn").expect("written");
    }
    let refused = Store::restore(&backup, &folder.file("c.db")).await.expect_err("damaged");
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    assert!(!folder.file("c.db").exists());
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let folder = Folder::new();
    let path = folder.file("notes.txt");
    std::fs::write(&path, "not a database, though long enough to look like one".repeat(40)).expect("written");
    let refused = Store::sqlite(&path).await.err().expect("refused");
    assert!(matches!(refused, StoreError::Damaged { .. } | StoreError::Unusable { .. }), "{refused}");
    assert!(std::fs::read_to_string(&path).expect("still text").starts_with("not a database"));
}
