//! What was known at a moment: the newest version of each record up to a place in the log.

use std::collections::BTreeMap;

use domain::{ConnectorId, Records};
use jiff::Timestamp;

use crate::StoreError;
use crate::backend::{Purpose, Transaction, Value};
use crate::reading::{Recalled, RecalledSystem};
use crate::store::{KNOWN_FROM, Store, moment};
use crate::writing::{ReadingState, off_the_threads, read_marks};
use crate::written::{read_into, unpack};

/// One system before its records are put in.
struct System {
    connector: ConnectorId,
    known: RecalledSystem,
}

impl Store {
    /// What is known now.
    ///
    /// # Errors
    /// The database does not answer, or [`StoreError::Damaged`].
    pub async fn latest(&self) -> Result<Recalled, StoreError> {
        self.as_of(Timestamp::MAX).await
    }

    /// What was known at a moment: all readings up to it, that moment included. Nothing before [`Store::known_from`].
    ///
    /// # Errors
    /// As for [`Store::latest`].
    pub async fn as_of(&self, asked: Timestamp) -> Result<Recalled, StoreError> {
        let mut reading = self.backend.begin(Purpose::Reading).await?;
        let tx = reading.as_mut();
        const LAST: &str = "SELECT id, observed_at, last_observation FROM readings WHERE observed_at <= $1 \
                            ORDER BY observed_at DESC, id DESC LIMIT 1";
        let asked = asked.as_microsecond();
        let known_from = tx.rows(KNOWN_FROM, Vec::new()).await?;
        if known_from.first().map(|row| row.integer(0)).transpose()?.is_none_or(|from| asked < from) {
            return Ok(Recalled::default());
        }
        let last = tx.rows(LAST, vec![Value::Integer(asked)]).await?;
        let Some(last) = last.first() else { return Ok(Recalled::default()) };
        let (last_reading, at, place) = (last.integer(0)?, moment(last.integer(1)?)?, last.integer(2)?);
        let systems = systems(tx, last_reading).await?;
        const WORDS: &str = "SELECT id, words FROM lists";
        let rows = tx.rows(WORDS, Vec::new()).await?;
        let words = rows.iter().map(|row| Ok((row.integer(0)?, row.bytes(1)?)));
        let words = words.collect::<Result<BTreeMap<i64, Vec<u8>>, StoreError>>()?;
        const VERSIONS: &str = "SELECT l.system, l.name, l.id, o.body FROM records r \
             JOIN lists l ON l.id = r.list \
             JOIN observations o ON o.id = (SELECT max(x.id) FROM observations x WHERE x.record = r.id AND x.id <= $1) \
             WHERE o.body IS NOT NULL ORDER BY r.list, r.key";
        let rows = tx.rows(VERSIONS, vec![Value::Integer(place)]).await?;
        drop(reading);
        off_the_threads(move || {
            let mut systems = systems;
            for row in rows {
                let (system, list, id) = (row.integer(0)?, row.text(1)?, row.integer(2)?);
                let words = words.get(&id).ok_or_else(|| StoreError::damaged(format!("{list} has no words")))?;
                let Some(system) = systems.get_mut(&system) else { continue };
                let text = unpack(&row.bytes(3)?, words)?;
                let kind = Records::LISTS.iter().find(|(name, _)| *name == list).map(|(_, kind)| *kind);
                let read_at = kind.and_then(|kind| system.known.last_good.get(&kind)).copied().unwrap_or(at);
                read_into(&mut system.known.records, &list, &text, read_at)?;
            }
            let systems = systems.into_values().map(|system| (system.connector, system.known)).collect();
            Ok(Recalled { last_reading_at: Some(at), systems })
        })
        .await?
    }
}

/// The systems with what their readings up to one brought about.
async fn systems(tx: &mut dyn Transaction, last_reading: i64) -> Result<BTreeMap<i64, System>, StoreError> {
    const STATES: &str = "SELECT s.system, s.body, r.id, r.observed_at FROM states s \
         JOIN readings r ON r.id = (SELECT max(x.id) FROM readings x WHERE x.state = s.id AND x.id <= $1) \
         ORDER BY r.id";
    let states = tx.rows(STATES, vec![Value::Integer(last_reading)]).await?;
    let rows = tx.rows("SELECT id, connector, watermarks FROM systems", Vec::new()).await?;
    let mut systems = BTreeMap::new();
    for row in rows {
        let known = RecalledSystem { watermarks: read_marks(&row.text(2)?)?, ..RecalledSystem::default() };
        systems.insert(row.integer(0)?, System { connector: ConnectorId::new(row.text(1)?), known });
    }
    // In the order of readings: the last word on a kind counts.
    for row in states {
        let Some(system) = systems.get_mut(&row.integer(0)?) else { continue };
        let state: ReadingState = serde_json::from_str(&row.text(1)?)
            .map_err(|error| StoreError::damaged(format!("a reading's state: {error}")))?;
        let at = moment(row.integer(3)?)?;
        let RecalledSystem { last_good, gaps, .. } = &mut system.known;
        gaps.retain(|gap| !state.good.contains(&gap.kind) && state.gaps.iter().all(|new| new.kind != gap.kind));
        last_good.extend(state.good.iter().map(|kind| (*kind, at)));
        gaps.extend(state.gaps);
    }
    for system in systems.values_mut() {
        let RecalledSystem { last_good, gaps, .. } = &mut system.known;
        gaps.iter_mut().for_each(|gap| gap.since = last_good.get(&gap.kind).copied());
    }
    systems.retain(|_, system| !(system.known.last_good.is_empty() && system.known.gaps.is_empty()));
    Ok(systems)
}
