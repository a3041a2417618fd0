//! The units of a selection in waves, after circles are broken where soft dependencies allow it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::answer::{Because, Cycle};
use super::cycles::{Circle, Tie, circles};
use super::matching::Matches;
use super::needs::Needs;
use super::order::{Adjacency, layer};
use super::selection::Selection;
use super::steps::{OutOfSteps, Steps};
use super::units::Units;

/// A tie between two units that is kept.
#[derive(Debug, Clone)]
pub(super) struct UnitTie {
    pub(super) before: u32,
    pub(super) after: u32,
    /// May the later one go all the same when the earlier one cannot?
    pub(super) soft: bool,
    pub(super) because: Because,
    /// How long after the end of the earlier one the later one may start.
    pub(super) lag: SignedDuration,
}

/// Units in order.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) cycles: Vec<Cycle>,
    /// Units in circles that cannot be broken.
    pub(super) stuck: BTreeSet<u32>,
    /// All others, in order.
    pub(super) order: Vec<u32>,
    /// The wave of each of them; the first is 0.
    pub(super) waves: BTreeMap<u32, usize>,
    /// Ties between them.
    pub(super) ties: Vec<UnitTie>,
}

struct Candidate {
    tie: UnitTie,
    weight: Option<u64>,
}

/// Sorts units by what their releases need and match.
pub(super) fn sort(
    selection: &Selection<'_>,
    (units, needs, matches): (&Units, &Needs, &Matches),
    steps: &mut Steps,
) -> Result<Sorted, OutOfSteps> {
    let candidates = candidates((units, needs, matches));
    let ties: Vec<Tie> = candidates
        .iter()
        .map(|one| Tie { before: one.tie.before, after: one.tie.after, weight: one.weight })
        .collect();
    let mut sorted = Sorted::default();
    let mut dropped: BTreeSet<(u32, u32)> = BTreeSet::new();
    for circle in circles(units.len(), &ties, steps)? {
        match &circle.drop {
            None => sorted.stuck.extend(&circle.members),
            Some(pairs) => dropped.extend(pairs),
        }
        sorted.cycles.push(told(selection, units, (&circle, &candidates)));
    }
    let kept = candidates.into_iter().map(|one| one.tie).filter(|tie| {
        let stuck = sorted.stuck.contains(&tie.before) || sorted.stuck.contains(&tie.after);
        !stuck && !dropped.contains(&(tie.before, tie.after))
    });
    sorted.ties = kept.collect();
    let edges: Vec<(u32, u32)> = sorted.ties.iter().map(|tie| (tie.before, tie.after)).collect();
    let layers = layer(&Adjacency::new(units.len(), &edges));
    for (group, wave) in layers.waves.iter().enumerate() {
        for unit in layers.members(group).iter().filter(|unit| !sorted.stuck.contains(unit)) {
            sorted.order.push(*unit);
            sorted.waves.insert(*unit, *wave as usize);
        }
    }
    Ok(sorted)
}

fn candidates((units, needs, matches): (&Units, &Needs, &Matches)) -> Vec<Candidate> {
    let candidate = |(before, after), because: &Because, weight: Option<u64>, lag| Candidate {
        tie: UnitTie {
            before: units.unit(before),
            after: units.unit(after),
            soft: weight.is_some(),
            because: because.clone(),
            lag,
        },
        weight,
    };
    let of_needs =
        needs.among.iter().map(|need| candidate((need.before, need.after), &need.because, need.weight, need.lag));
    let of_matches = matches
        .precedences
        .iter()
        .map(|one| candidate((one.before, one.after), &one.because, None, SignedDuration::ZERO));
    let all = of_needs.chain(of_matches);
    all.filter(|one| one.tie.before != one.tie.after).collect()
}

fn told(selection: &Selection<'_>, units: &Units, (circle, candidates): (&Circle, &[Candidate])) -> Cycle {
    // A circle is found in the order in which things go; people read "this needs that".
    let needs = circle.witness.iter().rev();
    let releases = needs.flat_map(|unit| units.members(*unit)).map(|release| selection.release(*release));
    let mut break_by: BTreeMap<_, Because> = BTreeMap::new();
    for (before, after) in circle.drop.iter().flatten() {
        let between = |one: &&Candidate| (one.tie.before, one.tie.after) == (*before, *after);
        for one in candidates.iter().filter(between) {
            let because = &one.tie.because;
            match break_by.get_mut(&(because.from, because.to)) {
                None => drop(break_by.insert((because.from, because.to), because.clone())),
                Some(held) if !held.reason.contains(&*because.reason) => {
                    held.reason = format!("{}; {}", held.reason, because.reason).into();
                }
                Some(_) => {}
            }
        }
    }
    Cycle { releases: releases.collect(), break_by: break_by.into_values().collect(), exact: circle.exact }
}
