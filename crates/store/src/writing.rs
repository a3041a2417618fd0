//! Appends readings: only what is new is stored, all of a reading or nothing of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{RecordKind, Records};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::backend::{Purpose, Transaction, Value, places};
use crate::reading::Reading;
use crate::store::Store;
use crate::written::{ContentHash, Written, pack, parts_of, whole_key, whole_of, words_of, write_down};

/// What a reading added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Appended {
    /// Versions with a content that their record did not have before.
    pub versions: usize,
    /// Records that are gone.
    pub gone: usize,
    /// The clock stood before the last reading, by so many microseconds; the reading counts as of the last one.
    pub clock_behind: i64,
}

/// How a reading went, kind by kind. Many readings go the same way, so it is stored once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadingState {
    /// Kinds that were read well.
    pub(crate) good: BTreeSet<RecordKind>,
    /// What could not be read, without the last good reading: that one is looked up.
    pub(crate) gaps: Vec<domain::Gap>,
}

/// A version to be added to the log.
struct Version {
    list: i64,
    key: String,
    record: Option<i64>,
    content: Option<(ContentHash, Vec<u8>)>,
    valid_from: Option<i64>,
}

/// Rows per statement: SQLite takes 32,766 parameters, PostgreSQL 65,535.
const ROWS: usize = 500;

impl Store {
    /// Appends a reading. When this returns, it is on the disk; when it fails, nothing of it is.
    /// A clock that went backwards does not turn the order of readings around.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] when nothing can be written; what is stored is served all the same.
    pub async fn append(&self, reading: Reading) -> Result<Appended, StoreError> {
        let _one_at_a_time = self.appending.lock().await;
        // Writing down is work for the processor, and may take seconds for a large system.
        let (reading, written) = off_the_threads(move || {
            let written = write_down(&reading.records, &reading.connector);
            (reading, written)
        })
        .await?;
        let mut transaction = self.backend.begin(Purpose::Writing).await?;
        let appended = append(transaction.as_mut(), &reading, written?).await?;
        transaction.commit().await?;
        Ok(appended)
    }
}

pub(crate) async fn off_the_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Failed { operation: "working on records", cause: error.to_string().into() })
}

async fn append(
    tx: &mut dyn Transaction,
    reading: &Reading,
    written: Vec<Written>,
) -> Result<Appended, StoreError> {
    let in_part: BTreeSet<RecordKind> = reading.gaps.iter().map(|gap| gap.kind).collect();
    let system = system_of(tx, reading).await?;
    let mut by_list: BTreeMap<&'static str, Vec<Written>> = BTreeMap::new();
    for one in written {
        by_list.entry(one.list).or_default().push(one);
    }
    let mut versions = Vec::new();
    for (list, kind) in Records::LISTS {
        let mut rows = by_list.remove(list).unwrap_or_default();
        let is_complete = reading.complete.contains(kind) && !in_part.contains(kind);
        let deleted = reading.deleted.get(kind);
        let deleted: BTreeSet<String> =
            deleted.into_iter().flatten().map(|record| whole_key(record, &reading.connector)).collect();
        // What is said to be deleted is gone, also where the same reading still brings it.
        rows.retain(|row| !deleted.contains(whole_of(&row.key)));
        let Some((list, words)) = list_of(tx, system, (list, &rows)).await? else { continue };
        let keys = if is_complete { None } else { Some(&rows) };
        let held = held(tx, list, keys).await?;
        let keys: BTreeSet<String> = rows.iter().map(|row| row.key.clone()).collect();
        versions.extend(changed(list, rows, &held, words).await?);
        let mut gone: BTreeMap<String, i64> = BTreeMap::new();
        if is_complete {
            let lost = held.into_iter().filter(|(key, row)| row.hash.is_some() && !keys.contains(key));
            gone.extend(lost.map(|(key, row)| (key, row.record)));
        }
        for whole in &deleted {
            gone.extend(parts(tx, list, whole).await?);
        }
        versions.extend(gone.into_iter().map(|(key, record)| Version {
            list,
            key,
            record: Some(record),
            content: None,
            valid_from: None,
        }));
    }
    let gone = versions.iter().filter(|version| version.content.is_none()).count();
    let counted = Appended { versions: versions.len() - gone, gone, clock_behind: 0 };
    let last = insert(tx, versions).await?;
    let good = reading.complete.union(&reading.changed).filter(|kind| !in_part.contains(kind)).copied().collect();
    let mut gaps = reading.gaps.clone();
    gaps.iter_mut().for_each(|gap| gap.since = None);
    let state = state_of(tx, system, &ReadingState { good, gaps }).await?;
    let clock_behind = note_reading(tx, (state, last), reading).await?;
    Ok(Appended { clock_behind, ..counted })
}

async fn one(tx: &mut dyn Transaction, sql: &str, values: Vec<Value>) -> Result<Option<i64>, StoreError> {
    match tx.rows(sql, values).await?.first() {
        Some(row) => row.maybe_integer(0),
        None => Ok(None),
    }
}

async fn next(tx: &mut dyn Transaction, table: &str) -> Result<i64, StoreError> {
    Ok(one(tx, &format!("SELECT max(id) FROM {table}"), Vec::new()).await?.unwrap_or_default() + 1)
}

async fn system_of(tx: &mut dyn Transaction, reading: &Reading) -> Result<i64, StoreError> {
    let connector = reading.connector.to_string();
    let rows = tx
        .rows("SELECT id, watermarks FROM systems WHERE connector = $1", vec![Value::Text(connector.clone())])
        .await?;
    let (id, mut marks) = match rows.first() {
        Some(row) => (row.integer(0)?, read_marks(&row.text(1)?)?),
        None => (next(tx, "systems").await?, BTreeMap::new()),
    };
    marks.extend(reading.watermarks.iter().map(|(kind, mark)| (*kind, *mark)));
    const UPSERT: &str = "INSERT INTO systems (id, connector, watermarks) VALUES ($1, $2, $3) \
                          ON CONFLICT (connector) DO UPDATE SET watermarks = excluded.watermarks";
    let marks = Value::Text(to_json(&marks)?);
    tx.execute(UPSERT, vec![Value::Integer(id), Value::Text(connector), marks]).await?;
    Ok(id)
}

/// Watermarks as they are stored.
pub(crate) fn read_marks(text: &str) -> Result<BTreeMap<RecordKind, jiff::Timestamp>, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged(format!("watermarks: {error}")))
}

fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Failed { operation: "writing down", cause: error.to_string().into() })
}

/// The list and its words; a list comes into being with its first records.
async fn list_of(
    tx: &mut dyn Transaction,
    system: i64,
    (name, rows): (&str, &[Written]),
) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    let named = vec![Value::Integer(system), Value::Text(name.to_owned())];
    let found = tx.rows("SELECT id, words FROM lists WHERE system = $1 AND name = $2", named).await?;
    if let Some(row) = found.first() {
        return Ok(Some((row.integer(0)?, row.bytes(1)?)));
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let (id, words) = (next(tx, "lists").await?, words_of(rows.iter().map(|row| row.text.as_str())));
    let values =
        vec![Value::Integer(id), Value::Integer(system), Value::Text(name.to_owned()), Value::Bytes(words.clone())];
    tx.execute("INSERT INTO lists (id, system, name, words) VALUES ($1, $2, $3, $4)", values).await?;
    Ok(Some((id, words)))
}

struct HeldRow {
    record: i64,
    hash: Option<Vec<u8>>,
}

/// What is held of a list: all of it, or of these records.
async fn held(
    tx: &mut dyn Transaction,
    list: i64,
    of: Option<&Vec<Written>>,
) -> Result<HashMap<String, HeldRow>, StoreError> {
    let mut answers = Vec::new();
    match of {
        None => {
            let all = "SELECT key, id, hash FROM records WHERE list = $1";
            answers.extend(tx.rows(all, vec![Value::Integer(list)]).await?);
        }
        Some(rows) => {
            for chunk in rows.chunks(ROWS) {
                let keys: Vec<String> = (2..chunk.len() + 2).map(|at| format!("${at}")).collect();
                let sql =
                    format!("SELECT key, id, hash FROM records WHERE list = $1 AND key IN ({})", keys.join(", "));
                let values = chunk.iter().map(|row| Value::Text(row.key.clone()));
                answers.extend(tx.rows(&sql, [Value::Integer(list)].into_iter().chain(values).collect()).await?);
            }
        }
    }
    let row = |row: crate::backend::Row| {
        Ok((row.text(0)?, HeldRow { record: row.integer(1)?, hash: row.maybe_bytes(2)? }))
    };
    answers.into_iter().map(row).collect()
}

/// The rows with a content that differs from what is held, packed. Of two rows with one key the last one counts.
async fn changed(
    list: i64,
    rows: Vec<Written>,
    held: &HashMap<String, HeldRow>,
    words: Vec<u8>,
) -> Result<Vec<Version>, StoreError> {
    let mut last: BTreeMap<String, Written> = BTreeMap::new();
    for row in rows {
        last.insert(row.key.clone(), row);
    }
    let mut new = Vec::new();
    for (key, row) in last {
        let before = held.get(&key);
        if before.and_then(|held| held.hash.as_deref()) != Some(&row.hash) {
            new.push((before.map(|held| held.record), row));
        }
    }
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let pack_all = move || {
        let version = |(record, row): (Option<i64>, Written)| {
            Ok(Version {
                list,
                content: Some((row.hash, pack(&row.text, &words)?)),
                key: row.key,
                record,
                valid_from: row.valid_from.map(jiff::Timestamp::as_microsecond),
            })
        };
        new.into_iter().map(version).collect::<Result<Vec<_>, StoreError>>()
    };
    off_the_threads(pack_all).await?
}

/// A record and its parts, where they are not gone yet.
async fn parts(tx: &mut dyn Transaction, list: i64, whole: &str) -> Result<Vec<(String, i64)>, StoreError> {
    const PARTS: &str = "SELECT key, id FROM records WHERE list = $1 AND hash IS NOT NULL \
                         AND (key = $2 OR (key >= $3 AND key < $4))";
    let (from, to) = parts_of(whole);
    let values = vec![Value::Integer(list), Value::Text(whole.to_owned()), Value::Text(from), Value::Text(to)];
    let rows = tx.rows(PARTS, values).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.integer(1)?))).collect()
}

/// Adds to the log; the last place in it. A record's id is the place of its first version.
async fn insert(tx: &mut dyn Transaction, mut versions: Vec<Version>) -> Result<i64, StoreError> {
    // The newest versions may have been pruned, and the log does not use a place twice.
    let last = one(tx, "SELECT last_observation FROM readings ORDER BY id DESC LIMIT 1", Vec::new()).await?;
    let first = last.unwrap_or_default() + 1;
    for (place, version) in (first..).zip(&mut versions) {
        version.record.get_or_insert(place);
    }
    let mut place = first;
    for chunk in versions.chunks_mut(ROWS) {
        let (mut log, mut now) = (Vec::new(), Vec::new());
        for version in chunk.iter_mut() {
            let record = version.record.unwrap_or(place);
            let hash = version.content.as_ref().map(|(hash, _)| hash.to_vec());
            now.extend([Value::Integer(version.list), Value::Text(std::mem::take(&mut version.key))]);
            now.extend([Value::Integer(record), Value::MaybeBytes(hash.clone())]);
            log.extend([Value::Integer(place), Value::Integer(record), Value::MaybeBytes(hash)]);
            let body = version.content.take().map(|(_, body)| body);
            log.extend([Value::MaybeInteger(version.valid_from), Value::MaybeBytes(body)]);
            place += 1;
        }
        let sql = format!(
            "INSERT INTO observations (id, record, hash, valid_from, body) VALUES {}",
            places(chunk.len(), 5)
        );
        tx.execute(&sql, log).await?;
        let sql = format!(
            "INSERT INTO records (list, key, id, hash) VALUES {} \
             ON CONFLICT (list, key) DO UPDATE SET hash = excluded.hash",
            places(chunk.len(), 4)
        );
        tx.execute(&sql, now).await?;
    }
    Ok(place - 1)
}

async fn state_of(tx: &mut dyn Transaction, system: i64, state: &ReadingState) -> Result<i64, StoreError> {
    let body = to_json(state)?;
    let named = vec![Value::Integer(system), Value::Text(body.clone())];
    if let Some(id) = one(tx, "SELECT id FROM states WHERE system = $1 AND body = $2", named).await? {
        return Ok(id);
    }
    let id = next(tx, "states").await?;
    let values = vec![Value::Integer(id), Value::Integer(system), Value::Text(body)];
    tx.execute("INSERT INTO states (id, system, body) VALUES ($1, $2, $3)", values).await?;
    Ok(id)
}

/// Notes the reading; by how much the clock stood before the last one.
async fn note_reading(
    tx: &mut dyn Transaction,
    (state, last_observation): (i64, i64),
    reading: &Reading,
) -> Result<i64, StoreError> {
    let clock_at = reading.at.as_microsecond();
    let before = one(tx, "SELECT max(observed_at) FROM readings", Vec::new()).await?.unwrap_or(clock_at);
    let id = next(tx, "readings").await?;
    const INSERT: &str = "INSERT INTO readings (id, state, observed_at, clock_at, last_observation) \
                          VALUES ($1, $2, $3, $4, $5)";
    let values = [id, state, clock_at.max(before), clock_at, last_observation];
    tx.execute(INSERT, values.map(Value::Integer).to_vec()).await?;
    const REACH: &str = "INSERT INTO reach (id, known_from) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
    tx.execute(REACH, vec![Value::Integer(clock_at)]).await?;
    Ok((before - clock_at).max(0))
}
