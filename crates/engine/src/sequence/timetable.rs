//! When the units of a selection go: jobs made of their releases' durations, openings, trains and pools, a schedule of
//! them, and what could not be placed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use domain::{Release, Text, Window};
use jiff::{SignedDuration, Timestamp};

use super::answer::{Blocker, BlockerCode, BoundCode, CriticalPath, Quality, Scheduled};
use super::changes::Changes;
use super::jobs::{self, Planned, Shop, Users};
use super::occupied::{Occupied, taken};
use super::path::{Span, critical_path, lower_bound, spans};
use super::problem::{Precedence, Problem, later};
use super::request::{SequenceError, SequencePolicy, minutes};
use super::schedule::{Bound, Placed, Schedule, schedule, slacks};
use super::selection::Selection;
use super::sorting::{Sorted, UnitTie};
use super::steps::Steps;
use super::units::Units;
use crate::calendar::{Intervals, Standing};
use crate::graph::Index;

/// What a timetable is made of.
pub(super) struct Ground<'a, 'g> {
    pub(super) selection: &'a Selection<'g>,
    pub(super) units: &'a Units,
    pub(super) sorted: &'a Sorted,
    pub(super) policy: &'a SequencePolicy,
    pub(super) changes: &'a Changes,
    pub(super) range: Window,
    /// From when on what a release needs has been there for long enough, and why.
    pub(super) ready: &'a BTreeMap<u32, (Timestamp, Text)>,
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
        let standing = Standing::of(self.selection.graph);
        for (unit, blocker) in &shop.impossible {
            for release in self.units.members(*unit) {
                blockers.entry(*release).or_default().push(blocker.clone());
            }
        }
        self.pass_on(blockers);
        // Units whose wishes give way: with them they could not go at all.
        let mut unwishing: BTreeSet<u32> = BTreeSet::new();
        loop {
            let order = self.sorted.order.iter().copied();
            let going: Vec<u32> = order.filter(|unit| !self.is_blocked(*unit, blockers)).collect();
            let held = self.held(&standing, &going, &shop);
            let problem = self.problem(&going, &unwishing, (&shop, &held))?;
            let spans = spans(&problem);
            let found = schedule(&problem, self.policy.effort, steps)?;
            let is_placed = |place: usize| found.jobs.get(place).is_some_and(Option::is_some);
            let fails =
                |place: &usize| !is_placed(*place) && problem.before(*place).iter().all(|(one, _)| is_placed(*one));
            let failing: Vec<usize> = (0..going.len()).filter(fails).collect();
            if failing.is_empty() {
                return Ok(self.tell((&going, &problem), (&found, &spans), (&shop, &held)));
            }
            for place in failing {
                let Some(unit) = going.get(place).copied() else { continue };
                let wishes =
                    self.sorted.ties.iter().any(|tie| tie.soft && tie.after == unit && going.contains(&tie.before));
                if wishes && unwishing.insert(unit) {
                    continue;
                }
                let fits = spans.get(place).is_some_and(Option::is_some);
                let code = if fits { BlockerCode::NoPlace } else { BlockerCode::Deadline };
                let blocker = self.why_not((unit, code), (&shop, &held));
                for release in self.units.members(unit) {
                    blockers.entry(*release).or_default().extend(blocker.clone());
                }
            }
            self.pass_on(blockers);
        }
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
            if !self.is_blocked(*unit, blockers) {
                let waits = into.get(unit).into_iter().flatten();
                let waits: Vec<&&UnitTie> = waits.filter(|tie| self.is_blocked(tie.before, blockers)).collect();
                for tie in waits {
                    if let Some(place) = self.selection.place(tie.because.from) {
                        let blocker = blocked(tie.because.to, "It waits for");
                        blockers.entry(place).or_default().push(blocker);
                    }
                }
            }
            if let Some(first) = members.iter().find(|release| blockers.contains_key(*release)).copied() {
                let partner = blocked(self.selection.release(first), "It goes together with");
                for release in members {
                    blockers.entry(*release).or_insert_with(|| vec![partner.clone()]);
                }
            }
        }
    }

    fn problem(
        &self,
        going: &[u32],
        unwishing: &BTreeSet<u32>,
        (shop, held): (&Shop, &Occupied),
    ) -> Result<Problem, SequenceError> {
        let places: BTreeMap<u32, usize> = going.iter().enumerate().map(|(place, unit)| (*unit, place)).collect();
        let precedences: Vec<Precedence> = self
            .sorted
            .ties
            .iter()
            .filter(|tie| !tie.soft || !unwishing.contains(&tie.after))
            .filter_map(|tie| {
                let (before, after) = (*places.get(&tie.before)?, *places.get(&tie.after)?);
                Some(Precedence { before, after, lag: tie.lag })
            })
            .collect();
        let mut openings = shop.openings.clone();
        let job = |unit: &u32| {
            let mut job = shop.planned.get(unit)?.job.clone();
            if let (Some(held), Some(open)) = (held.get(unit), shop.openings.get(job.openings)) {
                openings.push(open.minus(&taken(held)));
                job.openings = openings.len() - 1;
            }
            Some(job)
        };
        let jobs = going.iter().filter_map(job).collect();
        Ok(Problem::new(jobs, &precedences, (openings, shop.capacities()))?)
    }

    /// Why a unit found no place; `code` where not its calendar alone is to blame.
    fn why_not(&self, (unit, code): (u32, BlockerCode), (shop, held): (&Shop, &Occupied)) -> Option<Blocker> {
        let planned = shop.planned.get(&unit)?;
        let openings = shop.openings.get(planned.job.openings)?;
        let (target, told) = (self.selection.target, minutes(planned.job.duration));
        let held = held.get(&unit).map(Vec::as_slice).unwrap_or_default();
        let in_time = |openings: &Intervals| {
            let start = openings.next_fit(planned.job.earliest, planned.job.duration)?;
            (later(start, planned.job.duration) <= planned.job.latest).then_some(start)
        };
        if let (Some(_), None) = (in_time(openings), in_time(&openings.minus(&taken(held)))) {
            return self.always_taken(held, &told);
        }
        let (code, detail) = match openings.next_fit(planned.job.earliest, planned.job.duration) {
            None if planned.job.earliest >= self.range.end => {
                (BlockerCode::Deadline, format!("{}, and the range ends before", planned.earliest_because))
            }
            None => {
                let (from, to) = (planned.job.earliest, self.range.end);
                (BlockerCode::NoWindow, format!("{target} has no opening of {told} for it from {from} to {to}"))
            }
            Some(start) if later(start, planned.job.duration) > planned.job.latest => {
                let by_deadline = planned.job.latest < self.range.end;
                let code = if by_deadline { BlockerCode::Deadline } else { BlockerCode::NoWindow };
                (code, format!("{target} opens for {told} at {start}, and {}", planned.latest_because))
            }
            Some(_) if code == BlockerCode::NoPlace => {
                let latest = planned.job.latest;
                (code, format!("No place was found for it among the others before {latest}; one may exist"))
            }
            Some(_) => (code, format!("What it waits for ends too late: {}", planned.latest_because)),
        };
        Some(Blocker { code, detail: detail.into(), release: None })
    }

    /// What a schedule in which everything has its place says.
    fn tell(
        &self,
        (going, problem): (&[u32], &Problem),
        (found, spans): (&Schedule, &[Option<Span>]),
        (shop, held): (&Shop, &Occupied),
    ) -> Timetable {
        let mut rows = Vec::new();
        let placed = going.iter().zip(&found.jobs).zip(slacks(problem, found));
        for ((unit, at), slack) in placed {
            let (Some(planned), Some(at)) = (shop.planned.get(unit), at) else { continue };
            let (bound, detail) = self.bound((*unit, planned, at), going, (shop, held));
            for release in self.units.members(*unit) {
                let duration = planned.durations.get(release).copied().unwrap_or(planned.job.duration);
                rows.push(Scheduled {
                    release: self.selection.release(*release),
                    window: Window { start: at.start, end: later(at.start, duration) },
                    slack: slack.unwrap_or_default(),
                    bound,
                    detail: detail.clone(),
                });
            }
        }
        rows.sort_by_key(|row| (row.window.start, row.release));
        let start = |place: &usize| spans.get(*place).copied().flatten().map(|span| span.earliest);
        let path = critical_path(problem, spans);
        let end = |place: &usize| Some(later(start(place)?, problem.job(*place).duration));
        let whole = path.first().and_then(start).zip(path.last().and_then(end));
        let on_path = path.iter().filter_map(|place| going.get(*place)).flat_map(|unit| self.units.members(*unit));
        let critical_path = CriticalPath {
            releases: on_path.map(|release| self.selection.release(*release)).collect(),
            duration: whole.map_or(SignedDuration::ZERO, |(first, last)| last.duration_since(first)),
        };
        let last = rows.iter().map(|row| row.window.end).max();
        let quality = lower_bound(problem, spans).zip(last).map(|(bound, last)| self.quality(bound, last));
        Timetable { schedule: rows, critical_path, quality }
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
        (shop, held): (&Shop, &Occupied),
    ) -> (BoundCode, Text) {
        match at.bound {
            Bound::Earliest => (BoundCode::EarliestStart, planned.earliest_because.clone()),
            Bound::Opening => {
                if let Some(taken) = self.taken_until(held.get(&unit).map(Vec::as_slice), at.start) {
                    return taken;
                }
                (BoundCode::Window, format!("{} opens for it at {}", self.selection.target, at.start).into())
            }
            Bound::After(place) => {
                let before = going.get(place).copied();
                let ties = self.sorted.ties.iter();
                let between = ties.filter(|tie| tie.after == unit && Some(tie.before) == before);
                let tie = between.min_by_key(|tie| (Reverse(tie.lag), tie.soft));
                let detail = tie.map_or_else(
                    || Text::from("It waits for another release"),
                    |tie| {
                        let key = &self.selection.graph.releases.get(tie.because.to).key;
                        let lag =
                            if tie.lag.is_zero() { String::new() } else { format!(" for {}", minutes(tie.lag)) };
                        let there = if lag.is_empty() { "" } else { " to have run" };
                        format!("It waits for {key}{there}{lag}: {}", tie.because.reason).into()
                    },
                );
                (BoundCode::Dependency, detail)
            }
            Bound::Pool(place) => match shop.pools.get(place) {
                Some(pool) if matches!(pool.users, Users::All) => (
                    BoundCode::ExclusiveEnvironment,
                    format!("{} takes one release at a time", self.selection.target).into(),
                ),
                Some(pool) if matches!(pool.users, Users::Item(_)) => (
                    BoundCode::CalendarConflict,
                    format!("Another release of this plan works on {} until then", pool.key).into(),
                ),
                Some(pool) => {
                    (BoundCode::Capacity, format!("{} serves {} at once", pool.key, pool.capacity).into())
                }
                None => (BoundCode::Capacity, "A pool is full".into()),
            },
        }
    }
}
