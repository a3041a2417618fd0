//! Stores to try, and readings to put into them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{
    CiRelation, CiRelationId, CiRelationKind, ConfigurationItemId, ConnectorId, Gap, GapCode, RecordId, RecordKind,
    Records,
};
use jiff::Timestamp;
use store::{Reading, Store};

/// A folder that goes with its owner.
pub(crate) struct Folder(PathBuf);

static FOLDERS: AtomicU32 = AtomicU32::new(0);

impl Folder {
    pub(crate) fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("interlock-store-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for temporary files");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A new, empty store of each kind that can be tried here.
pub(crate) async fn stores(folder: &Folder) -> Vec<Store> {
    let mut all = vec![Store::sqlite(&folder.file("suite.db")).await.expect("a new file")];
    if let Ok(server) = std::env::var("INTERLOCK_TEST_POSTGRES") {
        let name = folder.path().file_name().expect("a name").to_string_lossy().replace('-', "_");
        all.push(Store::postgres(&own_schema(&server, &name).await).await.expect("a new schema"));
    }
    all
}

/// The address of a new schema.
async fn own_schema(server: &str, name: &str) -> String {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(server).await.expect("the server answers");
    for sql in [format!("DROP SCHEMA IF EXISTS {name} CASCADE"), format!("CREATE SCHEMA {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("the suite may make schemas");
    }
    let joint = if server.contains('?') { '&' } else { '?' };
    format!("{server}{joint}options[search_path]={name}")
}

pub(crate) fn cmdb() -> ConnectorId {
    ConnectorId::new("cmdb")
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("in range")
}

/// Records by id and what they hold.
pub(crate) type Held = BTreeMap<u8, u8>;

pub(crate) fn records(held: &Held) -> Records {
    let relation = |(id, child): (&u8, &u8)| CiRelation {
        id: CiRelationId::new(&cmdb(), format!("{id:03}")),
        parent: ConfigurationItemId::new(&cmdb(), "parent"),
        child: ConfigurationItemId::new(&cmdb(), child.to_string()),
        kind: CiRelationKind::DependsOn,
        label: "Depends on::Used by".into(),
    };
    Records { ci_relations: held.iter().map(relation).collect(), ..Records::default() }
}

/// A reading that brings all records there are.
pub(crate) fn sweep(second: i64, held: &Held) -> Reading {
    Reading {
        connector: cmdb(),
        at: at(second),
        records: records(held),
        complete: [RecordKind::CiRelation].into(),
        changed: BTreeSet::new(),
        deleted: BTreeMap::new(),
        gaps: Vec::new(),
        watermarks: [(RecordKind::CiRelation, at(second))].into(),
    }
}

/// A reading that brings what changed and what was deleted.
pub(crate) fn changes(second: i64, changed: &Held, deleted: &[u8]) -> Reading {
    let gone = deleted.iter().map(|id| RecordId::new(&cmdb(), format!("{id:03}"))).collect();
    Reading {
        complete: BTreeSet::new(),
        changed: [RecordKind::CiRelation].into(),
        deleted: [(RecordKind::CiRelation, gone)].into(),
        ..sweep(second, changed)
    }
}

/// A reading that was cut short.
pub(crate) fn cut_short(second: i64, read: &Held) -> Reading {
    let gap = Gap {
        code: GapCode::SourceTimedOut,
        connector: Some(cmdb()),
        kind: RecordKind::CiRelation,
        message: "it did not answer in time".into(),
        since: None,
        retryable: true,
    };
    Reading { gaps: vec![gap], ..sweep(second, read) }
}

/// What a store knew at a moment.
pub(crate) async fn known(store: &Store, second: i64) -> Held {
    let recalled = store.as_of(at(second)).await.expect("readable");
    let relations = recalled.into_records().ci_relations;
    let number = |text: &str| text.parse::<u8>().expect("a number");
    relations.iter().map(|row| (number(&row.id.0.native), number(&row.child.0.native))).collect()
}
