//! When the units of a selection go: jobs made of their releases' durations, openings, trains and pools, a schedule of
//! them, and what could not be placed.

use std::collections::BTreeMap;

use domain::{Release, Text, Window};
use jiff::{SignedDuration, Timestamp};

use super::answer::{Blocker, BlockerCode, BoundCode, CriticalPath, Quality, Scheduled};
use super::changes::Changes;
use super::jobs::{self, Planned, Shop};
use super::path::{critical_path, lower_bound, spans};
use super::problem::{Precedence, Problem, later};
use super::request::{SequenceError, SequencePolicy};
use super::schedule::{Bound, Placed, schedule, slacks};
use super::selection::Selection;
use super::sorting::{Sorted, UnitTie};
use super::steps::Steps;
use super::units::Units;
use crate::graph::Index;

/// What a timetable is made of.
pub(super) struct Ground<'a, 'g> {
    pub(super) selection: &'a Selection<'g>,
    pub(super) units: &'a Units,
    pub(super) sorted: &'a Sorted,
    pub(super) policy: &'a SequencePolicy,
    pub(super) changes: &'a Changes,
    pub(super) range: Window,
}

/// When everything goes.
#[derive(Debug, Default)]
pub(super) struct Timetable {
    pub(super) schedule: Vec<Scheduled>,
    pub(super) critical_path: CriticalPath,
    pub(super) quality: Option<Quality>,
}

type Blockers = BTreeMap<u32, Vec<Blocker>>;

impl Ground<'_, '_> {
    /// Makes the timetable; what cannot go gets a blocker.
    pub(super) fn timetable(&self, blockers: &mut Blockers, steps: &mut Steps) -> Result<Timetable, SequenceError> {
        let shop = jobs::shop(self)?;
        for (unit, blocker) in &shop.impossible {
            for release in self.units.members(*unit) {
                blockers.entry(*release).or_default().push(blocker.clone());
            }
        }
        self.pass_on(blockers);
        let going: Vec<u32> =
            self.sorted.order.iter().copied().filter(|unit| !self.is_blocked(*unit, blockers)).collect();
        let problem = self.problem(&going, &shop)?;
        let spans_of_all = spans(&problem);
        let result = schedule(&problem, self.policy.effort, steps)?;
        for (place, unit) in going.iter().enumerate() {
            if result.jobs.get(place).is_some_and(Option::is_some) {
                continue;
            }
            let fits = spans_of_all.get(place).is_some_and(Option::is_some);
            if let Some(blocker) = self.why_not((*unit, fits), &shop) {
                for release in self.units.members(*unit) {
                    blockers.entry(*release).or_default().push(blocker.clone());
                }
            }
        }
        self.pass_on(blockers);
        let placed: Vec<(u32, Placed)> =
            going.iter().zip(&result.jobs).filter_map(|(unit, placed)| Some((*unit, (*placed)?))).collect();
        self.tell((&going, &problem), (&placed, &result), &shop)
    }

    fn is_blocked(&self, unit: u32, blockers: &Blockers) -> bool {
        self.units.members(unit).iter().any(|release| blockers.contains_key(release))
    }

    /// What waits for something that cannot go cannot go either, nor what goes together with it.
    fn pass_on(&self, blockers: &mut Blockers) {
        let mut into: BTreeMap<u32, Vec<&UnitTie>> = BTreeMap::new();
        for tie in self.sorted.ties.iter().filter(|tie| !tie.soft) {
            into.entry(tie.after).or_default().push(tie);
        }
        let record = |index: Index<Release>| self.selection.graph.releases.get(index);
        let blocked = |release: Index<Release>, why: &str| Blocker {
            code: BlockerCode::DependencyBlocked,
            detail: format!("{why} {}, which cannot go", record(release).key).into(),
            release: Some(release),
        };
        for unit in &self.sorted.order {
            let members = self.units.members(*unit);
            let first = members.iter().find(|release| blockers.contains_key(*release)).copied();
            if let Some(first) = first {
                for release in members {
                    let partner = blocked(self.selection.release(first), "It goes together with");
                    blockers.entry(*release).or_insert_with(|| vec![partner]);
                }
                continue;
            }
            let waits: Vec<&UnitTie> = into
                .get(unit)
                .into_iter()
                .flatten()
                .copied()
                .filter(|tie| self.is_blocked(tie.before, blockers))
                .collect();
            for tie in waits {
                if let Some(place) = self.selection.place(tie.because.from) {
                    let blocker = blocked(tie.because.to, "It waits for");
                    let list = blockers.entry(place).or_default();
                    if !list.contains(&blocker) {
                        list.push(blocker);
                    }
                }
            }
            let first = members.iter().find(|release| blockers.contains_key(*release)).copied();
            if let Some(first) = first {
                for release in members {
                    let partner = blocked(self.selection.release(first), "It goes together with");
                    blockers.entry(*release).or_insert_with(|| vec![partner]);
                }
            }
        }
    }

    fn problem(&self, going: &[u32], shop: &Shop) -> Result<Problem, SequenceError> {
        let places: BTreeMap<u32, usize> = going.iter().enumerate().map(|(place, unit)| (*unit, place)).collect();
        let precedences: Vec<Precedence> = self
            .sorted
            .ties
            .iter()
            .filter_map(|tie| {
                let (before, after) = (*places.get(&tie.before)?, *places.get(&tie.after)?);
                Some(Precedence { before, after, lag: SignedDuration::ZERO })
            })
            .collect();
        let jobs = going.iter().filter_map(|unit| Some(shop.planned.get(unit)?.job.clone())).collect();
        Ok(Problem::new(jobs, &precedences, (shop.openings.clone(), shop.capacities()))?)
    }

    /// Why a unit found no place. `None` when it only waits for one that found none.
    fn why_not(&self, (unit, fits): (u32, bool), shop: &Shop) -> Option<Blocker> {
        let planned = shop.planned.get(&unit)?;
        let openings = shop.openings.get(planned.job.openings)?;
        let alone = openings.next_fit(planned.job.earliest, planned.job.duration);
        let blocker = |code, detail: String| Some(Blocker { code, detail: detail.into(), release: None });
        let target = self.selection.target;
        let told = minutes(planned.job.duration);
        match alone {
            None => blocker(
                BlockerCode::NoWindow,
                format!(
                    "{target} has no opening of {told} for it from {} to {}",
                    planned.job.earliest, self.range.end
                ),
            ),
            Some(start) if later(start, planned.job.duration) > planned.job.latest => {
                let code =
                    if planned.job.latest < self.range.end { BlockerCode::Deadline } else { BlockerCode::NoWindow };
                blocker(code, format!("It could start at {start} for {told}, and {}", planned.latest_because))
            }
            Some(_) if fits => blocker(
                BlockerCode::NoPlace,
                format!("No place was found for it among the others before {}; one may exist", planned.job.latest),
            ),
            Some(_) => {
                let waits = self.sorted.ties.iter().any(|tie| tie.after == unit);
                let detail = format!("What it waits for ends too late for it: {}", planned.latest_because);
                if waits { blocker(BlockerCode::Deadline, detail) } else { None }
            }
        }
    }

    fn tell(
        &self,
        (going, problem): (&[u32], &Problem),
        (placed, result): (&[(u32, Placed)], &super::schedule::Schedule),
        shop: &Shop,
    ) -> Result<Timetable, SequenceError> {
        let slack: BTreeMap<u32, SignedDuration> =
            going.iter().zip(slacks(problem, result)).filter_map(|(unit, slack)| Some((*unit, slack?))).collect();
        let mut rows = Vec::new();
        for (unit, at) in placed {
            let Some(planned) = shop.planned.get(unit) else { continue };
            let (bound, detail) = self.bound((*unit, planned, at), going, shop);
            for release in self.units.members(*unit) {
                let duration = planned.durations.get(release).copied().unwrap_or(planned.job.duration);
                rows.push(Scheduled {
                    release: self.selection.release(*release),
                    window: Window { start: at.start, end: later(at.start, duration) },
                    slack: slack.get(unit).copied().unwrap_or_default(),
                    bound,
                    detail: detail.clone(),
                });
            }
        }
        rows.sort_by_key(|row| (row.window, row.release));
        let units: Vec<u32> = placed.iter().map(|(unit, _)| *unit).collect();
        let sub = self.problem(&units, shop)?;
        let spans = spans(&sub);
        let start = |place: usize| spans.get(place).copied().flatten().map(|span| span.earliest);
        let path = critical_path(&sub, &spans);
        let end = |place: usize| Some(later(start(place)?, sub.job(place).duration));
        let whole = path.first().and_then(|first| start(*first)).zip(path.last().and_then(|last| end(*last)));
        let on_path = path.iter().filter_map(|place| units.get(*place)).flat_map(|unit| self.units.members(*unit));
        let critical_path = CriticalPath {
            releases: on_path.map(|release| self.selection.release(*release)).collect(),
            duration: whole.map_or(SignedDuration::ZERO, |(first, last)| last.duration_since(first)),
        };
        let last = rows.iter().map(|row| row.window.end).max();
        let quality = lower_bound(&sub, &spans).zip(last).map(|(bound, last)| self.quality(bound, last));
        Ok(Timetable { schedule: rows, critical_path, quality })
    }

    fn quality(&self, bound: Timestamp, last: Timestamp) -> Quality {
        let lower_bound = bound.duration_since(self.range.start);
        let makespan = last.duration_since(self.range.start);
        let gap = (makespan - lower_bound).as_secs_f64() / lower_bound.as_secs_f64().max(1.0);
        Quality { lower_bound, makespan, gap: gap.max(0.0) }
    }

    fn bound(
        &self,
        (unit, planned, at): (u32, &Planned, &Placed),
        going: &[u32],
        shop: &Shop,
    ) -> (BoundCode, Text) {
        match at.bound {
            Bound::Earliest => (BoundCode::EarliestStart, planned.earliest_because.clone()),
            Bound::Opening => {
                (BoundCode::Window, format!("{} opens for it at {}", self.selection.target, at.start).into())
            }
            Bound::After(place) => {
                let before = going.get(place).copied();
                let tie = self.sorted.ties.iter().find(|tie| tie.after == unit && Some(tie.before) == before);
                let detail = tie.map_or_else(
                    || Text::from("It waits for another release"),
                    |tie| {
                        let key = &self.selection.graph.releases.get(tie.because.to).key;
                        format!("It waits for {key}: {}", tie.because.reason).into()
                    },
                );
                (BoundCode::Dependency, detail)
            }
            Bound::Pool(place) => match shop.pools.get(place) {
                Some(pool) if pool.exclusive => (
                    BoundCode::ExclusiveEnvironment,
                    format!("{} takes one release at a time", self.selection.target).into(),
                ),
                Some(pool) => {
                    (BoundCode::Capacity, format!("{} serves {} at once", pool.key, pool.capacity).into())
                }
                None => (BoundCode::Capacity, "A pool is full".into()),
            },
        }
    }
}

/// A duration in words.
fn minutes(duration: SignedDuration) -> String {
    format!("{} minutes", duration.as_mins())
}
