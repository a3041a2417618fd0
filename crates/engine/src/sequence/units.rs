//! What must go together: releases that no order can bring one after the other without a state between that fails, or
//! that nobody verified. The components of the precedences are the smallest such units.

use std::collections::BTreeSet;

use domain::{Gap, GapCode, RecordKind};

use super::answer::{Unit, Verification};
use super::matching::{Match, Matches};
use super::order::{Adjacency, layer};
use super::selection::Selection;
use super::splitting::{Bond, fewest_to_split};
use super::steps::{OutOfSteps, Steps};

/// The units of a selection, numbered by their first release.
pub(super) struct Units {
    /// The unit of each release.
    pub(super) of: Vec<u32>,
    /// The releases of each unit.
    pub(super) members: Vec<Vec<u32>>,
}

impl Units {
    pub(super) fn of(selection: &Selection<'_>, precedences: &[Match]) -> Self {
        let edges: Vec<(u32, u32)> = precedences.iter().map(|one| (one.before, one.after)).collect();
        let layers = layer(&Adjacency::new(selection.releases.len(), &edges));
        let mut members: Vec<Vec<u32>> = (0..layers.len()).map(|group| layers.members(group).to_vec()).collect();
        members.sort();
        let mut of = vec![0; selection.releases.len()];
        for (unit, releases) in (0..).zip(&members) {
            for release in releases {
                if let Some(place) = of.get_mut(*release as usize) {
                    *place = unit;
                }
            }
        }
        Self { of, members }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The unit of a release.
    pub(super) fn unit(&self, release: u32) -> u32 {
        self.of.get(release as usize).copied().unwrap_or_default()
    }

    /// The releases of a unit.
    pub(super) fn members(&self, unit: u32) -> &[u32] {
        self.members.get(unit as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// The precedences inside one unit.
    fn inside<'m>(&self, unit: u32, precedences: &'m [Match]) -> impl Iterator<Item = &'m Match> {
        precedences.iter().filter(move |one| self.unit(one.before) == unit && self.unit(one.after) == unit)
    }

    pub(super) fn told(&self, unit: u32, (selection, matches): (&Selection<'_>, &Matches)) -> Unit {
        let members = self.members(unit);
        let held: Vec<&Match> = match members {
            [_] => Vec::new(),
            _ => self.inside(unit, &matches.precedences).collect(),
        };
        // Where files could not be read, a source of compatibility may be among them.
        let dark = |gap: &Gap| gap.kind == RecordKind::File && gap.code != GapCode::SourceNotConfigured;
        let verified = !selection.graph.gaps.iter().any(dark)
            && held.iter().all(|one| one.to_verify.is_none())
            && !members.iter().any(|release| matches.doubtful.contains(release));
        let keys: Vec<&str> = members.iter().map(|release| selection.record(*release).key.as_str()).collect();
        Unit {
            id: keys.join("+").into(),
            releases: members.iter().map(|release| selection.release(*release)).collect(),
            verified,
            because: held.into_iter().map(|one| one.because.clone()).collect(),
        }
    }

    /// For each unit that is held together by assumptions, the fewest verifications that would split it.
    pub(super) fn splits(
        &self,
        (selection, matches): (&Selection<'_>, &Matches),
        steps: &mut Steps,
    ) -> Result<Vec<Verification>, OutOfSteps> {
        let mut found = Vec::new();
        let assumed: BTreeSet<u32> = matches
            .precedences
            .iter()
            .filter(|one| one.to_verify.is_some() && self.unit(one.before) == self.unit(one.after))
            .map(|one| self.unit(one.before))
            .collect();
        for unit in assumed {
            let members = self.members(unit);
            let place = |release: u32| members.binary_search(&release).unwrap_or_default();
            let held: Vec<&Match> =
                self.inside(unit, &matches.precedences).filter(|one| one.before != one.after).collect();
            let bonds: Vec<Bond> = held
                .iter()
                .map(|one| Bond {
                    before: place(one.before),
                    after: place(one.after),
                    verifications: one.to_verify.is_some().then_some(1),
                })
                .collect();
            let cut = fewest_to_split(members.len(), &bonds, steps)?.unwrap_or_default();
            let id = self.told(unit, (selection, matches)).id;
            for one in cut.into_iter().filter_map(|place| held.get(place)) {
                let Some(detail) = one.to_verify.clone() else { continue };
                let (from, to) = (one.because.from, one.because.to);
                found.push(Verification { unit: id.clone(), from, to, detail });
            }
        }
        Ok(found)
    }
}
