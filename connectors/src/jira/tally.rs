//! What one reading brought and what it missed, kind by kind.

use std::collections::BTreeSet;

use domain::{Gap, RecordKind, Records};
use jiff::Timestamp;

use crate::contract::Gathered;
use crate::error::ConnectorError;

/// Records and gaps of one reading.
#[derive(Debug)]
pub(super) struct Tally {
    asked: Vec<RecordKind>,
    records: Records,
    gaps: Vec<Gap>,
}

impl Tally {
    pub(super) fn new(asked: impl IntoIterator<Item = RecordKind>) -> Self {
        Self { asked: asked.into_iter().collect(), records: Records::default(), gaps: Vec::new() }
    }

    pub(super) fn records(&mut self) -> &mut Records {
        &mut self.records
    }

    /// Some or all records of the kinds are missing. One failure is told once for each kind, however often it happened.
    pub(super) fn darken(&mut self, error: &ConnectorError, kinds: impl IntoIterator<Item = RecordKind>) {
        for kind in kinds.into_iter().filter(|kind| self.asked.contains(kind)) {
            let mut gap = error.gap(kind, None);
            if let Some(cause) = &error.cause {
                gap.message = format!("{error}: {cause}").into();
            }
            if !self.gaps.contains(&gap) {
                self.gaps.push(gap);
            }
        }
    }

    /// Closes the reading: what has no gap is complete, or holds what changed.
    pub(super) fn finish(self, complete: &BTreeSet<RecordKind>, now: Timestamp) -> Gathered {
        let dark: BTreeSet<RecordKind> = self.gaps.iter().map(|gap| gap.kind).collect();
        let mut gathered = Gathered { gaps: self.gaps, ..Gathered::default() };
        for kind in self.asked {
            if dark.contains(&kind) {
                if self.records.count(kind) > 0 {
                    gathered.changed.insert(kind);
                }
                continue;
            }
            let into = if complete.contains(&kind) { &mut gathered.complete } else { &mut gathered.changed };
            into.insert(kind);
            gathered.watermarks.insert(kind, now);
        }
        gathered.records = self.records;
        gathered
    }
}
