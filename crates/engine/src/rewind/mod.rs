//! What the systems would have told at an earlier moment, from what they tell now and the history they keep. For
//! moments before the first reading; what no history proves is named, so that nobody takes it for what was seen.

mod changes;
mod facts;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use domain::{RecordKind, Records};
use jiff::Timestamp;

/// Records as of an earlier moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rewound {
    /// The records.
    pub records: Records,
    /// Kinds whose records may have looked different, or may have been more: nobody kept how they were.
    pub unproven: BTreeSet<RecordKind>,
}

/// Kinds whose records carry the moments of all that the graph reads from them, or never change.
const PROVEN: [RecordKind; 10] = [
    RecordKind::Change,
    RecordKind::Approval,
    RecordKind::FieldHistory,
    RecordKind::Tag,
    RecordKind::Commit,
    RecordKind::File,
    RecordKind::PipelineRun,
    RecordKind::TestReport,
    RecordKind::Artifact,
    RecordKind::Deployment,
];

/// Takes everything away that came after the moment, and gives fields back what they held then, as the vendors'
/// histories tell it. A record without a moment of its own stays as it is now.
pub fn rewind(mut records: Records, moment: Timestamp) -> Rewound {
    changes::rewind(&mut records, moment);
    facts::rewind(&mut records, moment);
    let unproven = RecordKind::ALL.into_iter().filter(|kind| !PROVEN.contains(kind)).collect();
    Rewound { records, unproven }
}

/// Did it happen by then? What has no moment did: nothing says otherwise.
fn by(moment: Timestamp, happened: Option<Timestamp>) -> bool {
    happened.is_none_or(|at| at <= moment)
}

/// Takes a moment away that had not come.
fn forget_later(moment: Timestamp, place: &mut Option<Timestamp>) {
    *place = place.filter(|at| *at <= moment);
}
