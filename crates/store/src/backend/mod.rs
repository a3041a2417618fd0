//! What a database must offer: transactions, statements with numbered parameters, rows. Statements are written once;
//! both databases understand `$1` and `ON CONFLICT`.

mod postgres;
mod sqlite;

use async_trait::async_trait;
use domain::Text;
use sqlx::Row as _;

use crate::StoreError;

pub(crate) use postgres::Postgres;
pub(crate) use sqlite::{Sqlite, sync_folder_of};

/// A parameter.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Integer(i64),
    MaybeInteger(Option<i64>),
    Text(String),
    Bytes(Vec<u8>),
    MaybeBytes(Option<Vec<u8>>),
}

/// A row of an answer, read by place.
pub(crate) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

macro_rules! column {
    ($name:ident, $type:ty) => {
        pub(crate) fn $name(&self, at: usize) -> Result<$type, StoreError> {
            let read = match self {
                Self::Sqlite(row) => row.try_get::<$type, usize>(at),
                Self::Postgres(row) => row.try_get::<$type, usize>(at),
            };
            read.map_err(|error| StoreError::damaged(format!("a column cannot be read: {error}")))
        }
    };
}

impl Row {
    column!(integer, i64);
    column!(maybe_integer, Option<i64>);
    column!(text, String);
    column!(bytes, Vec<u8>);
    column!(maybe_bytes, Option<Vec<u8>>);
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It sees one state of the database, whatever is written meanwhile.
    Reading,
    /// It is the only one that writes.
    Writing,
}

/// Which words of SQL and which migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A database.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Which words it understands.
    fn dialect(&self) -> Dialect;

    /// File or server, without credentials.
    fn place(&self) -> Text;

    /// Starts a transaction; it is taken back unless it is committed.
    async fn begin(&self, purpose: Purpose) -> Result<Box<dyn Transaction>, StoreError>;

    /// Its size, in bytes, with indexes and whatever it has not cleared away yet.
    async fn size_bytes(&self) -> Result<u64, StoreError>;

    /// What the database itself finds wrong with its pages and indexes.
    async fn inspect(&self) -> Result<Vec<String>, StoreError>;

    /// Gives freed space back.
    async fn compact(&self) -> Result<(), StoreError>;

    /// Ends all connections.
    async fn close(&self);
}

/// A running transaction.
#[async_trait]
pub(crate) trait Transaction: Send {
    /// Changes rows; how many.
    async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError>;

    /// Reads rows.
    async fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError>;

    /// Makes it durable.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// `($1, $2), ($3, $4)`: places for so many rows of so many columns.
pub(crate) fn places(rows: usize, columns: usize) -> String {
    let row = |at: usize| {
        let numbers: Vec<String> = (1..=columns).map(|column| format!("${}", at * columns + column)).collect();
        format!("({})", numbers.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// One statement on one transaction, for either database.
macro_rules! transaction {
    ($name:ident, $row:ident, $database:ty) => {
        pub(super) struct $name(pub(super) sqlx::Transaction<'static, $database>);

        #[async_trait::async_trait]
        impl super::Transaction for $name {
            async fn execute(&mut self, sql: &str, values: Vec<super::Value>) -> Result<u64, crate::StoreError> {
                let query = super::bound!(sql, values);
                let done = query.execute(&mut *self.0).await;
                done.map(|done| done.rows_affected()).map_err(|error| crate::StoreError::of("writing", &error))
            }

            async fn rows(
                &mut self,
                sql: &str,
                values: Vec<super::Value>,
            ) -> Result<Vec<super::Row>, crate::StoreError> {
                let query = super::bound!(sql, values);
                let rows = query.fetch_all(&mut *self.0).await;
                let rows = rows.map_err(|error| crate::StoreError::of("reading", &error))?;
                Ok(rows.into_iter().map(super::Row::$row).collect())
            }

            async fn commit(self: Box<Self>) -> Result<(), crate::StoreError> {
                self.0.commit().await.map_err(|error| crate::StoreError::of("writing", &error))
            }
        }
    };
}

macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        // All texts of statements are ours: constants, and numbered places after them.
        let mut query = sqlx::query(sqlx::AssertSqlSafe($sql.to_owned()));
        for value in $values {
            query = match value {
                super::Value::Integer(value) => query.bind(value),
                super::Value::MaybeInteger(value) => query.bind(value),
                super::Value::Text(value) => query.bind(value),
                super::Value::Bytes(value) => query.bind(value),
                super::Value::MaybeBytes(value) => query.bind(value),
            };
        }
        query
    }};
}

use {bound, transaction};
