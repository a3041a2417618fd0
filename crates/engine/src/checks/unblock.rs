//! The smallest set of acts after which nothing but time stands in the way, and the earliest window that results.

use std::collections::BTreeSet;

use domain::{Release, Window};
use jiff::{SignedDuration, Timestamp};

use super::code::CheckCode;
use super::ground::Ground;
use super::judgement::{Act, ActCode, Check};
use super::{Proposal, blockers, checks, time};
use crate::calendar::{Intervals, Subject, allowed_windows, blackouts_known, closings, openings};
use crate::graph::{Index, ReleaseGraph};

/// Up to so many different acts the smallest set is found for certain; beyond, greedily.
pub const EXACT_LIMIT: usize = 20;

/// What would let a release through.
#[derive(Debug, Clone, PartialEq)]
pub struct Unblocking {
    /// What must be done, all of it; empty where only time must pass, or nothing.
    pub acts: Vec<Act>,
    /// The earliest window after that; `None` where none is within reach or nobody can resolve a blocker.
    pub earliest: Option<Window>,
    /// Is there certainly no smaller set?
    pub exact: bool,
}

/// The smallest set of acts that turns every blocker green, and the earliest window that results.
pub fn what_would_unblock(graph: &ReleaseGraph, release: Index<Release>, proposal: &Proposal) -> Unblocking {
    let all = checks(graph, release, proposal);
    what_would_unblock_all((graph, release), proposal, &blockers(&all).collect::<Vec<_>>())
}

/// The same for blockers that are known already, whoever found them.
pub fn what_would_unblock_all(
    (graph, release): (&ReleaseGraph, Index<Release>),
    proposal: &Proposal,
    blockers: &[&Check],
) -> Unblocking {
    let (at, ground) = (proposal.at, Ground::new(graph, release, &proposal.target));
    let (timed, standing): (Vec<&Check>, Vec<&Check>) = blockers.iter().partition(|check| is_of_time(check));
    let (mut acts, exact) = smallest(&standing);
    let in_the_way = timed.iter().filter(|check| check.code == CheckCode::NoCalendarConflict);
    let ready = standing.iter().chain(in_the_way).filter_map(|check| check.resolves_at).fold(at, Timestamp::max);
    // What nobody can resolve leaves no window.
    let helpless = standing.iter().any(|check| check.acts.is_empty() && check.resolves_at.is_none());
    let (of_time, earliest) = soonest(&ground, ready, &timed);
    acts.extend(of_time);
    acts.sort();
    acts.dedup();
    Unblocking { acts, earliest: earliest.filter(|_| !helpless), exact: exact && !helpless }
}

/// Resolved by waiting for, or planning, another moment. A doubt about the time is not.
fn is_of_time(check: &Check) -> bool {
    let timed = matches!(
        check.code,
        CheckCode::WindowOpen
            | CheckCode::ChangeWindow
            | CheckCode::NoBlackout
            | CheckCode::EnvironmentFree
            | CheckCode::NoCalendarConflict
    );
    timed && !check.acts.iter().any(|act| matches!(act.code, ActCode::RestoreSource | ActCode::Record))
}

/// The smallest set of acts with at least one for each check that has any.
pub(super) fn smallest(standing: &[&Check]) -> (Vec<Act>, bool) {
    let acts: BTreeSet<&Act> = standing.iter().flat_map(|check| &check.acts).collect();
    let acts: Vec<&Act> = acts.into_iter().collect();
    if acts.len() > EXACT_LIMIT {
        return (greedily(standing), false);
    }
    let needs: Vec<u64> = standing
        .iter()
        .filter(|check| !check.acts.is_empty())
        .map(|check| mask(&acts, |act| check.acts.contains(act)))
        .collect();
    let chosen = exactly(&needs);
    let taken = acts.iter().enumerate().filter(|(place, _)| chosen & (1 << place) != 0);
    (taken.map(|(_, act)| (*act).clone()).collect(), true)
}

fn mask(acts: &[&Act], has: impl Fn(&Act) -> bool) -> u64 {
    acts.iter().enumerate().filter(|(_, act)| has(act)).fold(0, |mask, (place, _)| mask | (1 << place))
}

/// Of the sets that meet every need, the one with the fewest acts, and of those the one with the cheapest.
fn exactly(needs: &[u64]) -> u64 {
    // What alone resolves a check must be done in any case.
    let forced = needs.iter().filter(|need| need.count_ones() == 1).fold(0, |all, need| all | need);
    let open: Vec<u64> = needs.iter().copied().filter(|need| need & forced == 0).collect();
    let useful = open.iter().fold(0, |all, need| all | need);
    let mut best = forced | useful;
    let mut subset = 0_u64;
    loop {
        let set = forced | subset;
        let meets = open.iter().all(|need| need & set != 0);
        // Acts stand in the order of their codes, cheaper ones first.
        let cost = |set: u64| (set.count_ones(), set);
        if meets && cost(set) < cost(best) {
            best = set;
        }
        // The next subset of the useful acts.
        subset = subset.wrapping_sub(useful) & useful;
        if subset == 0 {
            return best;
        }
    }
}

fn greedily(standing: &[&Check]) -> Vec<Act> {
    let mut open: Vec<&&Check> = standing.iter().filter(|check| !check.acts.is_empty()).collect();
    let mut chosen = Vec::new();
    while !open.is_empty() {
        let acts: BTreeSet<&Act> = open.iter().flat_map(|check| &check.acts).collect();
        let reach = |act: &Act| open.iter().filter(|check| check.acts.contains(act)).count();
        let Some(best) = acts.into_iter().rev().max_by_key(|act| reach(act)).cloned() else { break };
        open.retain(|check| !check.acts.contains(&best));
        chosen.push(best);
    }
    chosen
}

/// The earliest window from a moment on, with what must be done about the time: nothing, where a carrying change has
/// its window then; else move the change to where the target is open; where it is open nowhere, lift the blackout.
fn soonest(ground: &Ground<'_>, from: Timestamp, timed: &[&Check]) -> (Vec<Act>, Option<Window>) {
    let range = time::ahead(from);
    let subject = Subject::Release(ground.index);
    let Ok(open) = openings(ground.graph, subject, ground.target, range) else { return (Vec::new(), None) };
    let busy = time::taken(ground).unwrap_or_default();
    let open = open.minus(&Intervals::new(busy.iter().map(|booking| booking.window)));
    let planned = time::planned(ground);
    let over = timed.iter().filter(|check| check.code == CheckCode::ChangeWindow);
    let forced: Vec<Act> = over.flat_map(|check| check.acts.iter().cloned()).collect();
    if forced.is_empty() {
        if ground.carriers.is_empty() {
            return (Vec::new(), open.iter().next());
        }
        let within = open.intersect(&Intervals::new(planned.iter().map(|(_, window)| *window)));
        if let Some(window) = within.iter().next() {
            return (Vec::new(), Some(window));
        }
    }
    let Some(change) = own_change(ground) else {
        return (forced, open.iter().next());
    };
    let length =
        change.window.map_or(SignedDuration::from_mins(1), |window| window.end.duration_since(window.start));
    let start = open.next_fit(from, length);
    if let Some(start) = start {
        let end = start.saturating_add(length).unwrap_or(start);
        return (vec![time::move_change(ground, change)], Window::new(start, end));
    }
    exception(ground, range)
}

/// The change that is most the release's own: that carries the fewest others, and has a window.
fn own_change<'a>(ground: &Ground<'a>) -> Option<&'a domain::Change> {
    let carried = |change: &domain::Change| {
        let index = ground.graph.changes.find(&change.id);
        index.map_or(0, |index| ground.graph.release_changes.to(index).len())
    };
    let changes = ground.carriers.iter().map(|(change, _)| *change);
    changes.min_by_key(|change| (change.window.is_none(), carried(change), &change.id))
}

/// No opening is left within reach: only an exception helps.
fn exception(ground: &Ground<'_>, range: Window) -> (Vec<Act>, Option<Window>) {
    if !blackouts_known(ground.graph.assembled_at).contains(range.start) {
        return (Vec::new(), None);
    }
    let closed = closings(ground.graph, Subject::Release(ground.index), ground.target);
    let acts = closed.iter().map(|closing| {
        let (key, name) = (&ground.release.key, &closing.blackout.name);
        Act::new(ActCode::GrantException, format!("Grant {key} an exception from the blackout '{name}'"), None)
    });
    let acts: Vec<Act> = acts.collect();
    let allowed = allowed_windows(ground.graph, &ground.target.environment, range).unwrap_or_default();
    let first = allowed.iter().next().filter(|_| !acts.is_empty());
    (acts, first)
}
