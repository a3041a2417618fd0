//! What was read of some kinds, and the rules by which a read counts as whole: one failure makes a kind a gap, one
//! hidden row or column makes it a part.

use domain::{ConnectorId, Gap, GapCode, RecordKind};
use jiff::{SignedDuration, Timestamp};

use super::read::Listing;
use crate::contract::Gathered;
use crate::error::ConnectorError;

/// Writers that commit late, and clocks of nodes that differ: reads go back this far behind their mark.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// How much of a kind is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything in the horizon.
    Full,
    /// What changed since this mark.
    Since(Timestamp),
}

impl Extent {
    /// Where an incremental read begins, a little before its mark.
    pub(crate) fn begins(self) -> Option<Timestamp> {
        match self {
            Self::Full => None,
            Self::Since(mark) => Some(mark.saturating_sub(OVERLAP).unwrap_or(mark)),
        }
    }
}

/// How one kind was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) kind: RecordKind,
    pub(crate) extent: Extent,
    /// The column that dates a row's last change.
    pub(crate) dated_by: &'static str,
    pub(crate) connector: &'a ConnectorId,
}

/// Says of a kind that its rows were read: in whole, as changes, or in part.
pub(crate) fn settle(gathered: &mut Gathered, reading: Reading<'_>, listings: &[&Listing]) {
    let kind = reading.kind;
    match (partial_gap(reading, listings), reading.extent) {
        (Some(gap), _) => {
            gathered.changed.insert(kind);
            gathered.gaps.push(gap);
        }
        (None, Extent::Full) => {
            gathered.complete.insert(kind);
        }
        (None, Extent::Since(_)) => {
            gathered.changed.insert(kind);
        }
    }
    if let Some(mark) = listings.first().and_then(|main| next_mark(reading, main)) {
        gathered.watermarks.insert(kind, mark);
    }
}

/// Says of a kind that it could not be read.
pub(crate) fn miss(gathered: &mut Gathered, kind: RecordKind, error: &ConnectorError) {
    gathered.complete.remove(&kind);
    gathered.changed.remove(&kind);
    gathered.watermarks.remove(&kind);
    gathered.gaps.push(error.gap(kind, None));
}

/// Says of a kind that something of it is missing although it was read.
pub(crate) fn doubt(gathered: &mut Gathered, kind: RecordKind, gap: Gap) {
    gathered.complete.remove(&kind);
    gathered.changed.insert(kind);
    gathered.gaps.push(gap);
}

/// A gap in what was read.
pub(crate) fn incomplete(connector: &ConnectorId, kind: RecordKind, what: impl Into<domain::Text>) -> Gap {
    Gap {
        code: GapCode::SourceIncomplete,
        connector: Some(connector.clone()),
        kind,
        message: what.into(),
        since: None,
        retryable: false,
    }
}

fn partial_gap(reading: Reading<'_>, listings: &[&Listing]) -> Option<Gap> {
    let rows: u64 = listings.iter().map(|listing| listing.hidden_rows).sum();
    let columns: Vec<&str> = listings.iter().flat_map(|listing| listing.hidden_columns.iter().copied()).collect();
    let system = reading.connector;
    let what = match (rows, columns.as_slice()) {
        (0, []) => return None,
        (0, columns) => format!("{system}: records came without {}, hidden from us", columns.join(", ")),
        (rows, []) => format!("{system}: {rows} records were counted but not shown to us"),
        (rows, columns) => {
            format!("{system}: {rows} records were not shown to us, others came without {}", columns.join(", "))
        }
    };
    Some(incomplete(system, reading.kind, what))
}

/// The latest change seen, but not later than the moment the read began by the instance's clock: a row dated in the
/// future must not hide what is written before that future.
fn next_mark(reading: Reading<'_>, main: &Listing) -> Option<Timestamp> {
    let latest = main.rows.iter().filter_map(|row| row.moment(reading.dated_by)).max();
    let latest = latest.map(|latest| main.began_at.map_or(latest, |began| latest.min(began)));
    match reading.extent {
        Extent::Full => latest,
        Extent::Since(mark) => Some(latest.map_or(mark, |latest| latest.max(mark))),
    }
}
