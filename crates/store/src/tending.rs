//! What keeps the memory in order: its size, checks, pruning, backups.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::backend::{Backend as _, Purpose, Row, Sqlite, Transaction, Value, sync_folder_of};
use crate::store::Store;
use crate::writing::off_the_threads;
use crate::written::{hash_of, unpack};
use crate::{StoreError, migrations};

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Records, those that are gone included.
    pub records: u64,
    /// Versions of them.
    pub versions: u64,
    /// Readings.
    pub readings: u64,
    /// The whole, in bytes, with indexes.
    pub size_bytes: u64,
}

/// Something that is wrong with what is stored, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

/// What pruning took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Versions that had been replaced before the moment, or whose record had gone before it.
    pub versions: u64,
    /// Readings from before the moment.
    pub readings: u64,
}

/// A backup that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub extent: Extent,
}

/// Versions that are looked at in one go.
const PAGE: i64 = 2_000;

impl Store {
    /// How much is stored.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn extent(&self) -> Result<Extent, StoreError> {
        let mut reading = self.backend.begin(Purpose::Reading).await?;
        let mut counts = [0_u64; 3];
        for (count, table) in counts.iter_mut().zip(["records", "observations", "readings"]) {
            let rows = reading.rows(&format!("SELECT count(*) FROM {table}"), Vec::new()).await?;
            let number = rows.first().map_or(Ok(0), |row| row.integer(0))?;
            *count = u64::try_from(number).unwrap_or_default();
        }
        drop(reading);
        let [records, versions, readings] = counts;
        Ok(Extent { records, versions, readings, size_bytes: self.backend.size_bytes().await? })
    }

    /// Reads everything that is stored and tells what is wrong; nothing when all is well.
    ///
    /// # Errors
    /// The database does not answer at all.
    pub async fn check(&self) -> Result<Vec<Fault>, StoreError> {
        let mut faults: Vec<Fault> = self.backend.inspect().await?.into_iter().map(Fault).collect();
        let mut reading = self.backend.begin(Purpose::Reading).await?;
        for (sql, what) in CONTRADICTIONS {
            let rows = reading.rows(sql, Vec::new()).await?;
            let count = rows.first().map_or(Ok(0), |row| row.integer(0))?;
            if count > 0 {
                faults.push(Fault(format!("{count} {what}")));
            }
        }
        let words = Arc::new(words(reading.as_mut()).await?);
        const CONTENTS: &str = "SELECT id, record, hash, body FROM observations \
             WHERE id > $1 AND body IS NOT NULL ORDER BY id LIMIT $2";
        let mut after = 0;
        loop {
            let rows = reading.rows(CONTENTS, vec![Value::Integer(after), Value::Integer(PAGE)]).await?;
            let Some(last) = rows.last() else { return Ok(faults) };
            after = last.integer(0)?;
            let words = words.clone();
            faults.extend(off_the_threads(move || wrong_contents(&rows, &words)).await??);
        }
    }

    /// Forgets versions that had been replaced before a moment, and records that had gone before it. What is known now
    /// stays, and so does everything that was known at the moment or later.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] when nothing can be written.
    pub async fn prune(&self, before: Timestamp) -> Result<Pruned, StoreError> {
        let _one_at_a_time = self.appending.lock().await;
        let mut tx = self.backend.begin(Purpose::Writing).await?;
        const LAST: &str = "SELECT last_observation FROM readings WHERE observed_at <= $1 \
                            ORDER BY observed_at DESC, id DESC LIMIT 1";
        let moment = Value::Integer(before.as_microsecond());
        let rows = tx.rows(LAST, vec![moment.clone()]).await?;
        let Some(place) = rows.first().map(|row| row.integer(0)).transpose()? else {
            return Ok(Pruned::default());
        };
        let mut versions = 0;
        for sql in [
            "DELETE FROM observations WHERE id <= $1 AND EXISTS \
             (SELECT 1 FROM observations x WHERE x.record = observations.record AND x.id > observations.id AND x.id <= $1)",
            "DELETE FROM observations WHERE id <= $1 AND body IS NULL",
        ] {
            versions += tx.execute(sql, vec![Value::Integer(place)]).await?;
        }
        const FORGOTTEN: &str = "DELETE FROM records WHERE hash IS NULL \
             AND NOT EXISTS (SELECT 1 FROM observations x WHERE x.record = records.id)";
        tx.execute(FORGOTTEN, Vec::new()).await?;
        // The last reading of each state up to the moment says what was known of its kinds then.
        const READINGS: &str = "DELETE FROM readings WHERE observed_at <= $1 AND EXISTS \
             (SELECT 1 FROM readings x WHERE x.state = readings.state AND x.id > readings.id AND x.observed_at <= $1)";
        let readings = tx.execute(READINGS, vec![moment.clone()]).await?;
        const REACH: &str = "UPDATE reach SET known_from = $1 WHERE known_from < $1";
        tx.execute(REACH, vec![moment]).await?;
        tx.commit().await?;
        Ok(Pruned { versions, readings })
    }

    /// Gives the space back that pruning freed. Takes as long as writing everything anew.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] when nothing can be written.
    pub async fn compact(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.appending.lock().await;
        self.backend.compact().await
    }

    /// Copies a SQLite store to a new file, as it is now; the writing process goes on.
    ///
    /// # Errors
    /// [`StoreError::Occupied`] when the file is there.
    pub async fn back_up(from: &Path, to: &Path) -> Result<Backup, StoreError> {
        vacant(to)?;
        let source = Sqlite::open_for_reading(from).await?;
        migrations::taken(&source).await?;
        source.copy_to(to).await?;
        source.close().await;
        let copy = Self::sqlite_for_reading(to).await?;
        let extent = copy.extent().await?;
        copy.close().await;
        Ok(Backup { path: to.to_owned(), extent })
    }

    /// Makes a store from a backup that holds together. The store must not be there yet.
    ///
    /// # Errors
    /// [`StoreError::Occupied`] when a file stands where the store is to be, [`StoreError::Damaged`] when the backup
    /// contradicts itself.
    pub async fn restore(backup: &Path, to: &Path) -> Result<Backup, StoreError> {
        vacant(to)?;
        let source = Self::sqlite_for_reading(backup).await?;
        if let Some(Fault(first)) = source.check().await?.first() {
            return Err(StoreError::damaged(format!("{}: {first}", backup.display())));
        }
        source.close().await;
        // Under another name first: a store that is there is a whole one.
        let mut half = to.as_os_str().to_owned();
        half.push(".restoring");
        let half = PathBuf::from(half);
        drop(std::fs::remove_file(&half));
        let restored = Self::back_up(backup, &half).await?;
        std::fs::rename(&half, to).map_err(|error| StoreError::Unusable {
            place: to.to_string_lossy().into(),
            cause: error.to_string().into(),
        })?;
        sync_folder_of(to)?;
        Ok(Backup { path: to.to_owned(), ..restored })
    }
}

/// The words that each record is packed with.
async fn words(tx: &mut dyn Transaction) -> Result<HashMap<i64, Arc<[u8]>>, StoreError> {
    let lists = tx.rows("SELECT id, words FROM lists", Vec::new()).await?;
    let by_list = lists.iter().map(|row| Ok((row.integer(0)?, row.bytes(1)?.into())));
    let by_list = by_list.collect::<Result<HashMap<i64, Arc<[u8]>>, StoreError>>()?;
    let mut words = HashMap::new();
    for row in tx.rows("SELECT id, list FROM records", Vec::new()).await? {
        if let Some(of_list) = by_list.get(&row.integer(1)?) {
            words.insert(row.integer(0)?, of_list.clone());
        }
    }
    Ok(words)
}

fn wrong_contents(rows: &[Row], words: &HashMap<i64, Arc<[u8]>>) -> Result<Vec<Fault>, StoreError> {
    let mut wrong = Vec::new();
    for row in rows {
        let (hash, body) = (row.bytes(2)?, row.bytes(3)?);
        let text = words.get(&row.integer(1)?).and_then(|words| unpack(&body, words).ok());
        if text.is_none_or(|text| hash_of(text.as_bytes()).as_slice() != hash) {
            wrong.push(Fault(format!("version {} does not hold what was stored", row.integer(0)?)));
        }
    }
    Ok(wrong)
}

fn vacant(path: &Path) -> Result<(), StoreError> {
    match path.exists() {
        true => Err(StoreError::Occupied { place: path.to_string_lossy().into() }),
        false => Ok(()),
    }
}

/// What must never be, as questions for how many there are.
const CONTRADICTIONS: [(&str, &str); 5] = [
    (
        "SELECT count(*) FROM records r JOIN observations o \
         ON o.id = (SELECT max(x.id) FROM observations x WHERE x.record = r.id) \
         WHERE o.hash IS DISTINCT FROM r.hash",
        "records do not have the content of their newest version",
    ),
    (
        "SELECT count(*) FROM observations WHERE record NOT IN (SELECT id FROM records)",
        "versions belong to no record",
    ),
    (
        "SELECT count(*) FROM records r WHERE NOT EXISTS (SELECT 1 FROM observations o WHERE o.record = r.id)",
        "records have no version",
    ),
    (
        "SELECT count(*) FROM observations WHERE id > (SELECT coalesce(max(last_observation), 0) FROM readings)",
        "versions belong to no reading",
    ),
    (
        "SELECT count(*) FROM (SELECT observed_at - lag(observed_at) OVER (ORDER BY id) AS later, \
         last_observation - lag(last_observation) OVER (ORDER BY id) AS further FROM readings) steps \
         WHERE later < 0 OR further < 0",
        "readings stand after a later one",
    ),
];
