//! Databases of other versions of the program.

use sqlx::{Connection as _, SqliteConnection};
use store::{Store, StoreError};

use crate::world::{Folder, known, sweep};

async fn run(path: &std::path::Path, sql: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a file");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("understood");
    connection.close().await.expect("closed");
}

/// A database as the first version left it: from that version's own step, never from the present code.
#[tokio::test]
async fn a_database_of_the_first_version_is_brought_forward_with_what_is_in_it() {
    let folder = Folder::new();
    let path = folder.file("first.db");
    let written = concat!(
        "CREATE TABLE schema_steps (step BIGINT PRIMARY KEY);\n",
        include_str!("../../migrations/sqlite/1_observations.sql"),
        include_str!("first_version.sql"),
    );
    run(&path, written).await;
    let store = Store::sqlite(&path).await.expect("brought forward");
    assert_eq!(known(&store, 0).await, [(7, 3)].into());
    assert_eq!(store.check().await.expect("checked"), []);
    let told = store.append(sweep(1, &[(7, 3)].into())).await.expect("stored");
    assert_eq!(told.versions, 0, "the same content has the same hash in every version of the program");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = Folder::new();
    let path = folder.file("newer.db");
    Store::sqlite(&path).await.expect("a new file").close().await;
    run(&path, "INSERT INTO schema_steps (step) VALUES (99)").await;
    let refused = Store::sqlite(&path).await.err().expect("refused");
    assert!(matches!(refused, StoreError::Newer { found: 99, .. }), "{refused}");
}
