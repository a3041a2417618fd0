//! The consolidated calendar of a range: entries, conflicts, blackouts.

use domain::{Blackout, EnvironmentKey, Gap, GapCode, RecordKind, Window};
use jiff::{SignedDuration, Timestamp};

use super::conflicts::{Conflict, conflicts};
use super::entries::{Entry, entries, is_in};
use super::error::no_environment;
use super::openings::blackouts_known;
use super::{CalendarError, Intervals};
use crate::graph::{Index, ReleaseGraph};

/// The most days that are answered at once.
pub const LONGEST_DAYS: i64 = 400;

/// What is planned in a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// Entries, by start.
    pub entries: Vec<Entry>,
    /// Conflicts, by start.
    pub conflicts: Vec<Conflict>,
    /// Each time that a blackout closes something, by start.
    pub blackouts: Vec<(Index<Blackout>, Window)>,
    /// What of the range nobody knows, whatever was read.
    pub gaps: Vec<Gap>,
}

/// The calendar from one moment up to another, of these environments; none listed means all.
///
/// # Errors
/// A range turned around or longer than [`LONGEST_DAYS`], an environment that is not configured, windows that cannot be
/// expanded.
pub fn calendar(
    graph: &ReleaseGraph,
    (from, to): (Timestamp, Timestamp),
    environments: &[EnvironmentKey],
) -> Result<Calendar, CalendarError> {
    let Some(range) = Window::new(from, to) else { return Err(CalendarError::TurnedAround { from, to }) };
    if to.duration_since(from) > SignedDuration::from_hours(24 * LONGEST_DAYS) {
        return Err(CalendarError::TooLong { from, to, limit_days: LONGEST_DAYS });
    }
    if let Some(unknown) = environments.iter().find(|key| graph.environments.find(key).is_none()) {
        return Err(no_environment(graph, unknown));
    }
    let mut entries = entries(graph, range);
    entries.retain(|entry| is_in(entry, environments));
    let mut conflicts = conflicts(graph, range)?;
    conflicts.retain(|conflict| conflict.sides.iter().any(|side| is_in(side, environments)));
    let mut blackouts = Vec::new();
    for (index, blackout) in graph.blackouts.iter() {
        let targets = &blackout.scope.targets;
        let concerned = targets.is_empty() || targets.iter().any(|at| environments.contains(&at.environment));
        if environments.is_empty() || concerned {
            let windows = Intervals::new(blackout.windows.iter().copied().filter(|window| window.overlaps(&range)));
            blackouts.extend(windows.iter().map(|window| (index, window)));
        }
    }
    blackouts.sort_by_key(|(index, window)| (window.start, *index));
    let gaps = unforeseen(graph, range).into_iter().collect();
    Ok(Calendar { entries, conflicts, blackouts, gaps })
}

/// Blackouts are known of a span around the graph's day only.
fn unforeseen(graph: &ReleaseGraph, range: Window) -> Option<Gap> {
    let known = blackouts_known(graph.assembled_at);
    let outside = range.start < known.start || range.end > known.end;
    outside.then(|| Gap {
        code: GapCode::SourceIncomplete,
        connector: None,
        kind: RecordKind::Schedule,
        message: format!("Blackouts are known from {} to {} only.", known.start, known.end).into(),
        since: None,
        retryable: false,
    })
}
