//! What goes into the memory, and what comes out of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ConnectorId, Gap, RecordId, RecordKind, Records};
use jiff::Timestamp;

/// What one reading of one system brought. Kinds mean what they mean to the connector that read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The system.
    pub connector: ConnectorId,
    /// When all of it had been read, by our clock: from then on it was known.
    pub at: Timestamp,
    /// The records that were read.
    pub records: Records,
    /// Kinds of which `records` holds everything: what is absent no longer exists.
    pub complete: BTreeSet<RecordKind>,
    /// Kinds of which `records` holds what changed: what is absent is as it was.
    pub changed: BTreeSet<RecordKind>,
    /// Records that the system says were deleted.
    pub deleted: BTreeMap<RecordKind, BTreeSet<RecordId>>,
    /// What could not be read; a kind that has one counts as read in part, whatever else is said of it.
    pub gaps: Vec<Gap>,
    /// Where the next reading of each kind starts, by the system's clock.
    pub watermarks: BTreeMap<RecordKind, Timestamp>,
}

/// What was known at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recalled {
    /// The last reading that counts in it; `None` when nothing had been read.
    pub last_reading_at: Option<Timestamp>,
    /// What was known of each system.
    pub systems: BTreeMap<ConnectorId, RecalledSystem>,
}

/// What was known of one system at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecalledSystem {
    /// Its records. Where they say when they were fetched, it is the last good reading of their kind.
    pub records: Records,
    /// Last good reading by kind.
    pub last_good: BTreeMap<RecordKind, Timestamp>,
    /// What could not be read the last time; `since` is the last good reading.
    pub gaps: Vec<Gap>,
    /// Where incremental readings go on. These are the newest ones, whatever the moment asked for.
    pub watermarks: BTreeMap<RecordKind, Timestamp>,
}

impl Recalled {
    /// The records of all systems.
    pub fn into_records(self) -> Records {
        let mut all = Records::default();
        for system in self.systems.into_values() {
            all.append(system.records);
        }
        all
    }
}
