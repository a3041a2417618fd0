//! A what-if as it is asked becomes one of places in the graph, and two plans become their difference.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Release, Scope, Text, Window};
use jiff::{SignedDuration, Timestamp};

use super::answer::{Difference, Sequence, Shifted};
use super::request::{SequenceError, SequenceRequest};
use super::selection::resolve;
use crate::graph::{Index, ReleaseGraph};

/// What would be different, by place.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) moves: BTreeMap<Index<Release>, Timestamp>,
    pub(super) durations: BTreeMap<Index<Release>, SignedDuration>,
    pub(super) capacities: BTreeMap<Text, u32>,
}

impl Changes {
    /// Reads a what-if, and adds to or takes from the releases that go.
    pub(super) fn read(
        graph: &ReleaseGraph,
        request: &SequenceRequest,
        (scope, wanted): (&Scope, &mut BTreeSet<Index<Release>>),
    ) -> Result<Self, SequenceError> {
        let what_if = &request.what_if;
        for key in &what_if.add {
            wanted.insert(resolve(graph, (key, "whatIf.add"), scope)?);
        }
        for key in &what_if.remove {
            let release = resolve(graph, (key, "whatIf.remove"), scope)?;
            if !wanted.remove(&release) {
                return Err(SequenceError::NotAmong { place: "whatIf.remove", key: key.clone() });
            }
        }
        let among = |key: &Text, place: &'static str| {
            let release = resolve(graph, (key, place), scope)?;
            let known = wanted.contains(&release).then_some(release);
            known.ok_or_else(|| SequenceError::NotAmong { place, key: key.clone() })
        };
        let mut changes = Self::default();
        for (key, start) in &what_if.moves {
            if *start < request.from || *start >= request.to {
                let (from, to) = (request.from, request.to);
                return Err(SequenceError::MovedOutside { start: *start, from, to });
            }
            changes.moves.insert(among(key, "whatIf.move")?, *start);
        }
        for (key, duration) in &what_if.durations {
            if !duration.is_positive() {
                return Err(SequenceError::NoDuration { key: key.clone() });
            }
            changes.durations.insert(among(key, "whatIf.durations")?, *duration);
        }
        changes.capacities = what_if.capacities.iter().cloned().collect();
        Ok(changes)
    }
}

/// What differs between the plan without a what-if and the one with it.
pub(super) fn difference(before: &Sequence, after: &Sequence) -> Difference {
    let windows = |plan: &Sequence| -> BTreeMap<Index<Release>, Window> {
        plan.schedule.iter().map(|row| (row.release, row.window)).collect()
    };
    let waves = |plan: &Sequence| -> BTreeMap<Index<Release>, usize> {
        let units =
            plan.waves.iter().enumerate().flat_map(|(wave, units)| units.iter().map(move |unit| (wave, unit)));
        let releases = units.filter_map(|(wave, unit)| Some((wave, plan.units.get(*unit)?)));
        releases.flat_map(|(wave, unit)| unit.releases.iter().map(move |release| (*release, wave))).collect()
    };
    let (old, new) = (windows(before), windows(after));
    let all: BTreeSet<Index<Release>> = old.keys().chain(new.keys()).copied().collect();
    let shifted = all.into_iter().map(|release| Shifted {
        release,
        before: old.get(&release).copied(),
        after: new.get(&release).copied(),
    });
    let (old_waves, new_waves) = (waves(before), waves(after));
    let all: BTreeSet<Index<Release>> = old_waves.keys().chain(new_waves.keys()).copied().collect();
    let end = |plan: &Sequence| plan.schedule.iter().map(|row| row.window.end).max();
    let (ends_before, ends_after) = (end(before), end(after));
    Difference {
        shifted: shifted.filter(|row| row.before != row.after).collect(),
        waves_changed: all.into_iter().filter(|one| old_waves.get(one) != new_waves.get(one)).collect(),
        makespan: ends_before.zip(ends_after).map(|(before, after)| after.duration_since(before)),
        ends_before,
        ends_after,
    }
}
