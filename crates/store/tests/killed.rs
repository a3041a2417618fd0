//! A writer that is killed at any instruction loses nothing that it was told is stored, and leaves nothing torn.
//! Started without arguments, it starts itself as a writer, waits until the writer has told of some readings, kills it
//! and looks. `INTERLOCK_KILLS` says how often (default 6), `INTERLOCK_TEST_POSTGRES` adds a PostgreSQL server.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use domain::{CiRelation, CiRelationId, CiRelationKind, ConfigurationItemId, ConnectorId, RecordKind, Records};
use jiff::Timestamp;
use store::{Reading, Store};

/// Records of each reading: enough for several pages.
const RECORDS: usize = 60;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("write") => runtime.block_on(write(arguments.get(2).expect("where to"))),
        // Test runners ask for lists and pass filters; there is one test.
        Some("--list") => println!("killed: test"),
        _ => runtime.block_on(kill_again_and_again()),
    }
}

async fn open(place: &str) -> Store {
    let opened = match place.starts_with("postgres") {
        true => Store::postgres(place).await,
        false => Store::sqlite(&PathBuf::from(place)).await,
    };
    opened.expect("opened after the kill")
}

/// Reading `number` says `number` in every record, so that a torn one shows.
fn reading(number: i64) -> Reading {
    let cmdb = ConnectorId::new("cmdb");
    let relation = |at: usize| CiRelation {
        id: CiRelationId::new(&cmdb, format!("{at}")),
        parent: ConfigurationItemId::new(&cmdb, "parent"),
        child: ConfigurationItemId::new(&cmdb, number.to_string()),
        kind: CiRelationKind::DependsOn,
        label: format!("{:x}", number.wrapping_mul(7_919_777) ^ at as i64).into(),
    };
    Reading {
        connector: cmdb.clone(),
        at: Timestamp::from_second(number).expect("in range"),
        records: Records { ci_relations: (0..RECORDS).map(relation).collect(), ..Records::default() },
        complete: [RecordKind::CiRelation].into(),
        changed: Default::default(),
        deleted: Default::default(),
        gaps: Vec::new(),
        watermarks: Default::default(),
    }
}

async fn stored(store: &Store) -> i64 {
    let last = store.latest().await.expect("readable").last_reading_at;
    last.map_or(0, Timestamp::as_second)
}

/// Appends until it is killed; tells of each reading once it is stored.
async fn write(place: &str) {
    let store = open(place).await;
    let mut number = stored(&store).await;
    loop {
        number += 1;
        store.append(reading(number)).await.expect("stored");
        let mut out = std::io::stdout().lock();
        writeln!(out, "{number}").and_then(|()| out.flush()).expect("somebody listens");
    }
}

async fn kill_again_and_again() {
    let kills: u32 = std::env::var("INTERLOCK_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let folder = std::env::temp_dir().join(format!("interlock-killed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    let mut places = vec![folder.join("killed.db").to_string_lossy().into_owned()];
    places.extend(std::env::var("INTERLOCK_TEST_POSTGRES"));
    for place in &places {
        let told = kill_writers_of(place, kills).await;
        println!("killed {kills} times, {told} readings told as stored, none lost or torn");
    }
    std::fs::remove_dir_all(&folder).expect("tidied up");
}

async fn kill_writers_of(place: &str, kills: u32) -> i64 {
    let store = open(place).await;
    let mut told = stored(&store).await;
    store.close().await;
    // A small generator of its own (Knuth's MMIX constants): the moments differ from kill to kill and stay the same.
    let mut seed = 1_u64;
    for _ in 0..kills {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut writer = Command::new(std::env::current_exe().expect("a program"))
            .args(["write", place])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process");
        let wanted = usize::try_from(seed >> 60).expect("small");
        let mut lines = BufReader::new(writer.stdout.take().expect("piped")).lines();
        for line in lines.by_ref().take(wanted + 1) {
            told = line.expect("text").parse().expect("a number");
        }
        // A busy loop of some length: the next reading is then at any of its instructions.
        std::hint::black_box((0..(seed >> 32) % 3_000_000).fold(0_u64, |sum, one| sum ^ std::hint::black_box(one)));
        writer.kill().expect("SIGKILL");
        writer.wait().expect("dead");
        let store = open(place).await;
        let last = stored(&store).await;
        assert!(last >= told, "reading {told} was told as stored, and {last} is the last one");
        assert_eq!(store.check().await.expect("checked"), []);
        let recalled = store.latest().await.expect("readable").into_records();
        assert_eq!(recalled, reading(last).records.clone_sorted(), "reading {last} is torn");
        store.close().await;
        told = last;
    }
    told
}

trait Sorted {
    fn clone_sorted(&self) -> Records;
}

impl Sorted for Records {
    fn clone_sorted(&self) -> Records {
        let mut sorted = self.clone();
        sorted.sort();
        sorted
    }
}
