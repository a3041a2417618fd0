//! PostgreSQL: one schema, one process that writes to it at a time. Which one is decided by an advisory lock that
//! lives as long as its connection.

use std::str::FromStr as _;
use std::time::Duration;

use async_trait::async_trait;
use domain::Text;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::sync::Mutex;

use super::{Backend, Dialect, Purpose, Transaction};
use crate::StoreError;

/// A schema of a PostgreSQL database.
pub(crate) struct Postgres {
    pool: PgPool,
    place: Text,
    /// Held as long as the store is open; the server lets go of it when the connection ends.
    lock: Mutex<Option<PgConnection>>,
}

const CONNECTIONS: u32 = 4;

/// The server takes a moment to notice that the last writer is dead: five seconds in all.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// One lock per schema: writers of other schemas of the same database do not wait.
const LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended('interlock store ' || current_schema(), 0))";

impl Postgres {
    /// Connects for writing. The schema is the first of the connection's `search_path`.
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Unusable {
            place: "the store's address".into(),
            cause: "it is no address of PostgreSQL, for example postgres://user@host/database".into(),
        })?;
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        let place: Text = format!("postgres://{}:{}/{database}", options.get_host(), options.get_port()).into();
        let unusable =
            |error: sqlx::Error| StoreError::Unusable { place: place.clone(), cause: error.to_string().into() };
        let mut connection = options.connect().await.map_err(unusable)?;
        let mut tries = 0;
        while !sqlx::query_scalar(LOCK).fetch_one(&mut connection).await.map_err(unusable)? {
            if tries == TRIES {
                return Err(StoreError::Locked { place });
            }
            tries += 1;
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await;
        let pool = pool.map_err(unusable)?;
        Ok(Self { pool, place, lock: Mutex::new(Some(connection)) })
    }

    /// The lock went with its connection; whoever has it now must not be written into.
    async fn still_elected(&self) -> Result<(), StoreError> {
        let mut lock = self.lock.lock().await;
        let alive = match lock.as_mut() {
            Some(connection) => connection.ping().await.is_ok(),
            None => false,
        };
        if alive { Ok(()) } else { Err(StoreError::Locked { place: self.place.clone() }) }
    }
}

super::transaction!(PostgresTransaction, Postgres, sqlx::Postgres);

#[async_trait]
impl Backend for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn place(&self) -> Text {
        self.place.clone()
    }

    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, StoreError> {
        let begin = match purpose {
            Purpose::Reading => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Purpose::Writing => {
                self.still_elected().await?;
                "BEGIN"
            }
        };
        let begun = self.pool.begin_with(begin).await.map_err(|error| StoreError::of("beginning", &error))?;
        Ok(Box::new(PostgresTransaction(begun)))
    }

    async fn size_bytes(&self) -> Result<u64, StoreError> {
        const SIZE: &str = "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class \
                            WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace";
        let size: i64 =
            sqlx::query_scalar(SIZE).fetch_one(&self.pool).await.map_err(|e| StoreError::of("measuring", &e))?;
        Ok(u64::try_from(size).unwrap_or_default())
    }

    async fn inspect(&self) -> Result<Vec<String>, StoreError> {
        // The server checks its pages itself; `amcheck` is an extension that few grant.
        Ok(Vec::new())
    }

    async fn compact(&self) -> Result<(), StoreError> {
        let done = sqlx::query("VACUUM ANALYZE").execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| StoreError::of("compacting", &error))
    }

    async fn close(&self) {
        self.pool.close().await;
        if let Some(connection) = self.lock.lock().await.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "The lock's connection did not end well; the server ends it");
        }
    }
}
