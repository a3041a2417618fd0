//! The memory: opened once, written by one, read by many.

use std::path::Path;
use std::sync::Arc;

use domain::Text;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::backend::{Backend, Postgres, Purpose, Sqlite};
use crate::{StoreError, migrations};

/// What is remembered. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Arc<dyn Backend>,
    /// One appends at a time; readers do not wait.
    pub(crate) appending: Arc<Mutex<()>>,
}

impl Store {
    /// Opens a SQLite file for reading and writing, makes it if it is not there, and brings it to the newest schema.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another process has it open, [`StoreError::Newer`] when a newer program changed it,
    /// [`StoreError::Damaged`] when it is no database.
    pub async fn sqlite(path: &Path) -> Result<Self, StoreError> {
        Self::of(Arc::new(Sqlite::open(path).await?)).await
    }

    /// Opens a SQLite file that is there for reading, whoever writes to it.
    ///
    /// # Errors
    /// As for [`Store::sqlite`]; nothing is locked.
    pub async fn sqlite_for_reading(path: &Path) -> Result<Self, StoreError> {
        let backend = Sqlite::open_for_reading(path).await?;
        migrations::taken(&backend).await?;
        Ok(Self { backend: Arc::new(backend), appending: Arc::default() })
    }

    /// Opens a schema of a PostgreSQL database for reading and writing: the first of the `search_path`, which the
    /// address may set (`?options[search_path]=interlock`).
    ///
    /// # Errors
    /// As for [`Store::sqlite`].
    pub async fn postgres(url: &str) -> Result<Self, StoreError> {
        Self::of(Arc::new(Postgres::open(url).await?)).await
    }

    async fn of(backend: Arc<dyn Backend>) -> Result<Self, StoreError> {
        migrations::migrate(backend.as_ref()).await?;
        Ok(Self { backend, appending: Arc::default() })
    }

    /// File or server, without credentials.
    pub fn place(&self) -> Text {
        self.backend.place()
    }

    /// From when on it is known what was known: the first reading, or the moment before which was pruned. `None`
    /// before the first reading.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn known_from(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut reading = self.backend.begin(Purpose::Reading).await?;
        let rows = reading.rows(KNOWN_FROM, Vec::new()).await?;
        rows.first().map(|row| moment(row.integer(0)?)).transpose()
    }

    /// Ends all connections. What was appended before is stored.
    pub async fn close(self) {
        self.backend.close().await;
    }
}

/// From when on it is known what was known.
pub(crate) const KNOWN_FROM: &str = "SELECT known_from FROM reach";

/// A moment as it is stored.
pub(crate) fn moment(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|_| StoreError::damaged("a moment is out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reading;
    use domain::{ConnectorId, RecordKind, Records};

    /// Records that hardly pack.
    fn reading(second: i64, count: usize) -> Reading {
        let git = ConnectorId::new("git");
        let relation = |at: usize| domain::CiRelation {
            id: domain::CiRelationId::new(&git, at.to_string()),
            parent: domain::ConfigurationItemId::new(&git, format!("{:?}", blake3::hash(&at.to_le_bytes()))),
            child: domain::ConfigurationItemId::new(&git, "child"),
            kind: domain::CiRelationKind::DependsOn,
            label: "Depends on::Used by".into(),
        };
        Reading {
            connector: git.clone(),
            at: Timestamp::from_second(second).expect("in range"),
            records: Records { ci_relations: (0..count).map(relation).collect(), ..Records::default() },
            complete: [RecordKind::CiRelation].into(),
            changed: Default::default(),
            deleted: Default::default(),
            gaps: Vec::new(),
            watermarks: Default::default(),
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_what_is_stored_is_served() {
        let folder = std::env::temp_dir().join(format!("interlock-full-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let sqlite = Arc::new(Sqlite::open(&folder.join("full.db")).await.expect("a new file"));
        let store = Store::of(sqlite.clone()).await.expect("a store");
        store.append(reading(0, 10)).await.expect("stored");
        sqlite.bound_pages(20).await.expect("bounded");
        let full = store.append(reading(1, 1_500)).await.expect_err("no space");
        assert!(matches!(full, StoreError::ReadOnly { .. }), "{full}");
        let served = store.latest().await.expect("served");
        assert_eq!(served.clone().into_records().len(), 10);
        assert_eq!(served.last_reading_at, Some(Timestamp::UNIX_EPOCH));
        sqlite.bound_pages(1_000_000).await.expect("space was made");
        store.append(reading(2, 1_500)).await.expect("stored again");
        assert_eq!(store.check().await.expect("checked"), []);
        std::fs::remove_dir_all(&folder).expect("tidied up");
    }
}
