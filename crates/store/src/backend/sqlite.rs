//! SQLite: one file, one process that writes to it, everything durable when a transaction is over.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use domain::Text;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::{Backend, Dialect, Purpose, Transaction};
use crate::StoreError;

/// A SQLite database.
pub(crate) struct Sqlite {
    pool: SqlitePool,
    path: PathBuf,
    /// Held as long as the store is open; the operating system lets go of it however the process ends.
    _lock: Option<File>,
}

/// How long a connection waits for another one of the same process.
const PATIENCE: Duration = Duration::from_secs(10);
/// One writes, the others read.
const CONNECTIONS: u32 = 4;

impl Sqlite {
    /// Opens a file for writing, and makes it if it is not there.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode, anything less may lose the last transactions with the power.
            .synchronous(SqliteSynchronous::Full)
            .page_size(8192)
            .busy_timeout(PATIENCE);
        Self::connect(path, options, Some(lock)).await
    }

    /// Opens a file that is there for reading; another process may write meanwhile.
    pub(crate) async fn open_for_reading(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(PATIENCE);
        Self::connect(path, options, None).await
    }

    async fn connect(path: &Path, options: SqliteConnectOptions, lock: Option<File>) -> Result<Self, StoreError> {
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await;
        let pool = pool.map_err(|error| unusable(path, error))?;
        Ok(Self { pool, path: path.to_owned(), _lock: lock })
    }

    /// Writes a copy as of now; reading and writing go on meanwhile.
    pub(crate) async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let copied =
            sqlx::query("VACUUM INTO $1").bind(path.to_string_lossy().into_owned()).execute(&self.pool).await;
        copied.map_err(|error| StoreError::of("copying", &error))?;
        sync_folder_of(path)
    }

    /// Lets the file grow to so many pages only, as a full disk would.
    #[cfg(test)]
    pub(crate) async fn bound_pages(&self, pages: i64) -> Result<(), StoreError> {
        let mut all = Vec::new();
        for _ in 0..CONNECTIONS {
            all.push(self.pool.acquire().await.map_err(|error| StoreError::of("bounding", &error))?);
        }
        for connection in &mut all {
            let sql = format!("PRAGMA max_page_count = {pages}");
            let bounded = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut **connection).await;
            bounded.map_err(|error| StoreError::of("bounding", &error))?;
        }
        Ok(())
    }

    async fn number(&self, sql: &'static str) -> Result<u64, StoreError> {
        let number: i64 =
            sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(|e| StoreError::of("measuring", &e))?;
        Ok(u64::try_from(number).unwrap_or_default())
    }
}

fn unusable(path: &Path, cause: impl ToString) -> StoreError {
    StoreError::Unusable { place: place(path), cause: cause.to_string().into() }
}

fn place(path: &Path) -> Text {
    path.to_string_lossy().into()
}

/// The lock is on a file of its own: SQLite locks ranges of the database itself.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(|error| unusable(path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { place: place(path) }),
        Err(TryLockError::Error(error)) => Err(unusable(path, error)),
    }
}

/// Makes a file's name in its folder durable.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| unusable(path, error))
}

super::transaction!(SqliteTransaction, Sqlite, sqlx::Sqlite);

#[async_trait]
impl Backend for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn place(&self) -> Text {
        place(&self.path)
    }

    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, StoreError> {
        let begin = match purpose {
            Purpose::Reading => "BEGIN",
            Purpose::Writing => "BEGIN IMMEDIATE",
        };
        let begun = self.pool.begin_with(begin).await.map_err(|error| StoreError::of("beginning", &error))?;
        Ok(Box::new(SqliteTransaction(begun)))
    }

    async fn size_bytes(&self) -> Result<u64, StoreError> {
        Ok(self.number("SELECT page_count FROM pragma_page_count()").await?
            * self.number("SELECT page_size FROM pragma_page_size()").await?)
    }

    async fn inspect(&self) -> Result<Vec<String>, StoreError> {
        let told: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_all(&self.pool)
            .await
            .map_err(|error| StoreError::of("checking", &error))?;
        Ok(told.into_iter().filter(|line| line != "ok").collect())
    }

    async fn compact(&self) -> Result<(), StoreError> {
        for sql in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            sqlx::query(sql).execute(&self.pool).await.map_err(|error| StoreError::of("compacting", &error))?;
        }
        Ok(())
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
