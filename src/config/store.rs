//! Checks where readings are remembered.

use std::path::PathBuf;

use connectors::resilience::Secret;
use jiff::SignedDuration;
use toml::Table;

use super::file::StoreFile;
use super::mistakes::Mistakes;
use super::read;
use super::secrets::Environment;

/// Where readings are remembered, and for how long.
#[derive(Debug, Clone)]
pub struct StorePlan {
    /// Where.
    pub place: StorePlace,
    /// How long versions that were replaced are kept.
    pub retention: SignedDuration,
}

/// A database.
#[derive(Debug, Clone)]
pub enum StorePlace {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// The address of a PostgreSQL database, with its password.
    Postgres(Secret),
}

/// Nothing is remembered unless somebody said where.
pub(super) fn check(table: &mut Table, environment: Environment<'_>, mistakes: &mut Mistakes) -> Option<StorePlan> {
    let file: StoreFile = read::section(table, "store", mistakes);
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let retention = mistakes.check(
        "store.retention",
        file.retention.to_duration(days).map_err(|_| "write days or hours, for example \"P730D\""),
    )?;
    if retention < SignedDuration::from_hours(24) {
        mistakes.add("store.retention", "expected at least a day, for example \"P730D\"");
    }
    let place = match (file.path, file.url) {
        (Some(_), Some(_)) => {
            mistakes.add("store", "expected either path (SQLite) or url (PostgreSQL)");
            return None;
        }
        (Some(path), None) => StorePlace::Sqlite(path),
        (None, Some(url)) if file.enabled => {
            StorePlace::Postgres(url.resolve("store.url", environment, mistakes)?)
        }
        (None, _) => return None,
    };
    file.enabled.then_some(StorePlan { place, retention })
}
