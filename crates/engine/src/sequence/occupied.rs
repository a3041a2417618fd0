//! What others hold while a plan is made: bookings of an exclusive environment, and changes that work on the same items.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Release, Scope, Text};
use jiff::Timestamp;

use super::answer::{Blocker, BlockerCode, BoundCode};
use super::jobs::Shop;
use super::timetable::Ground;
use crate::calendar::{ConflictKind, Held, Intervals, Standing, Wanted};
use crate::graph::Index;

/// When others hold what a unit needs, by unit.
pub(super) type Occupied = BTreeMap<u32, Vec<Held>>;

/// All of it as one set of moments.
pub(super) fn taken(held: &[Held]) -> Intervals {
    Intervals::new(held.iter().map(|one| one.window))
}

impl Ground<'_, '_> {
    /// When others hold what each unit needs. What is planned anew here is not in the way of the plan.
    pub(super) fn held(&self, standing: &Standing<'_>, going: &[u32], shop: &Shop) -> Occupied {
        let anew: BTreeSet<Index<Release>> = going
            .iter()
            .flat_map(|unit| self.units.members(*unit))
            .map(|release| self.selection.release(*release))
            .collect();
        let is_anew = |release: Index<Release>| anew.contains(&release);
        let of_unit = |unit: &u32| {
            let releases: Vec<Index<Release>> =
                self.units.members(*unit).iter().map(|release| self.selection.release(*release)).collect();
            let items = shop.items.get(unit).map(Vec::as_slice).unwrap_or_default();
            let wanted = Wanted { releases: &releases, target: self.selection.target, items };
            let mut held = standing.held(&wanted, &is_anew);
            held.retain(|one| one.window.overlaps(&self.range));
            (!held.is_empty()).then_some((*unit, held))
        };
        going.iter().filter_map(of_unit).collect()
    }

    /// What holds a unit up until it starts.
    pub(super) fn taken_until(&self, held: Option<&[Held]>, start: Timestamp) -> Option<(BoundCode, Text)> {
        let last = held?.iter().rfind(|one| one.window.end == start)?;
        let (code, what) = match last.kind {
            ConflictKind::ExclusiveEnvironment => {
                (BoundCode::ExclusiveEnvironment, self.selection.target.to_string())
            }
            _ => (BoundCode::CalendarConflict, "An item that it works on".to_owned()),
        };
        Some((code, format!("{what} is taken until {start}: by {}", self.holder(last)).into()))
    }

    /// Why a unit has no place that it would have if nobody else held anything.
    pub(super) fn always_taken(&self, held: &[Held], told: &str) -> Option<Blocker> {
        let first = held.first()?;
        let target = self.selection.target;
        let (code, what) = match first.kind {
            ConflictKind::ExclusiveEnvironment => (BlockerCode::ExclusiveEnvironment, "it"),
            _ => (BlockerCode::CalendarConflict, "an item that it works on"),
        };
        let others = if held.len() > 1 { " and others" } else { "" };
        let holder = self.holder(first);
        let detail = format!("Whenever {target} is open for {told}, {what} is taken: by {holder}{others}");
        Some(Blocker { code, detail: detail.into(), release: first.release.filter(|_| self.may_name(first)) })
    }

    /// Who holds something, as far as the caller may know.
    fn holder<'h>(&self, held: &'h Held) -> &'h str {
        if self.may_name(held) { &held.holder } else { "something that you may not see" }
    }

    fn may_name(&self, held: &Held) -> bool {
        let of = |release: Index<Release>| &self.selection.graph.releases.get(release).service;
        match held.release {
            Some(release) => self.selection.sees(of(release)),
            None => *self.selection.scope == Scope::All,
        }
    }
}
