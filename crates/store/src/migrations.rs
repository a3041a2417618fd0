//! Brings a database to the newest schema, one step after another, each in a transaction of its own. Steps go forward
//! only: a database that a newer program has changed is refused. A published step is never edited.

use crate::StoreError;
use crate::backend::{Backend, Dialect, Purpose, Value};

/// The steps in their order: for SQLite, for PostgreSQL.
const STEPS: &[(&str, &str)] = &[(
    include_str!("../migrations/sqlite/1_observations.sql"),
    include_str!("../migrations/postgres/1_observations.sql"),
)];

/// The newest schema that this program knows.
pub(crate) fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Takes the steps that are missing.
pub(crate) async fn migrate(backend: &dyn Backend) -> Result<(), StoreError> {
    let mut start = backend.begin(Purpose::Writing).await?;
    start.execute("CREATE TABLE IF NOT EXISTS schema_steps (step BIGINT PRIMARY KEY)", Vec::new()).await?;
    start.commit().await?;
    let taken = taken(backend).await?;
    for (number, (sqlite, postgres)) in (1_i64..).zip(STEPS).filter(|(number, _)| *number > taken) {
        let text = match backend.dialect() {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        let mut step = backend.begin(Purpose::Writing).await?;
        for statement in text.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            step.execute(statement, Vec::new()).await?;
        }
        step.execute("INSERT INTO schema_steps (step) VALUES ($1)", vec![Value::Integer(number)]).await?;
        step.commit().await?;
    }
    Ok(())
}

/// How many steps a database has taken; more than we know is refused, and so is one that is not ours.
pub(crate) async fn taken(backend: &dyn Backend) -> Result<i64, StoreError> {
    let mut reading = backend.begin(Purpose::Reading).await?;
    let rows = reading.rows("SELECT coalesce(max(step), 0) FROM schema_steps", Vec::new()).await?;
    let found = rows.first().map_or(Ok(0), |row| row.integer(0))?;
    if found > newest() {
        return Err(StoreError::Newer { place: backend.place(), found, known: newest() });
    }
    Ok(found)
}
