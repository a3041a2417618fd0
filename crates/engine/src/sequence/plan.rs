//! The whole way from a question to a sequence.

use std::collections::{BTreeMap, BTreeSet};

use domain::{DependencyKind, Release, Scope, Window};
use jiff::SignedDuration;

use super::answer::{Because, Blocker, BlockerCode, Irreversible, Sequence, Unschedulable};
use super::changes::{Changes, difference};
use super::matching::{Match, Matches, matches};
use super::needs::{Needs, needs};
use super::request::{SequenceError, SequencePolicy, SequenceRequest, minutes};
use super::rollback::{irreversible, rollback};
use super::selection::{Selection, asked};
use super::sorting::{Sorted, sort};
use super::steps::Steps;
use super::timetable::Ground;
use super::units::Units;
use crate::calendar::{CalendarError, blackouts_known, no_environment};
use crate::graph::{Index, ReleaseGraph};

/// In which order, together with what, and when the releases can go, as far as the caller may see. Pure: the same
/// graph and question always have the same answer.
///
/// # Errors
/// Keys that mean nothing or several things, a range turned around or too long, a target that is not configured or
/// never opens, more releases or work than the policy allows.
pub fn sequence_releases(
    graph: &ReleaseGraph,
    request: &SequenceRequest,
    (scope, policy): (&Scope, &SequencePolicy),
) -> Result<Sequence, SequenceError> {
    let range = check(graph, request, policy)?;
    let wanted = asked(graph, request, scope)?;
    let question = Question { graph, scope, policy, request, range };
    let plan = question.plan(&wanted, &Changes::default());
    if request.what_if.is_empty() {
        return plan;
    }
    let mut changed = wanted;
    let changes = Changes::read(graph, request, (scope, &mut changed))?;
    let (before, mut after) = (plan?, question.plan(&changed, &changes)?);
    after.difference = Some(difference(&before, &after));
    Ok(after)
}

fn check(
    graph: &ReleaseGraph,
    request: &SequenceRequest,
    policy: &SequencePolicy,
) -> Result<Window, SequenceError> {
    let (from, to) = (request.from, request.to);
    let range = Window::new(from, to).ok_or(CalendarError::TurnedAround { from, to })?;
    if to.duration_since(from) > SignedDuration::from_hours(24 * policy.most_days) {
        return Err(SequenceError::TooLong { from, to, limit: policy.most_days });
    }
    let known = blackouts_known(graph.assembled_at);
    if from < known.start || to > known.end {
        return Err(SequenceError::Unforeseen { from, to, known });
    }
    let what_if = &request.what_if;
    let asked = [
        request.releases.as_ref().map_or(0, Vec::len),
        what_if.add.len(),
        what_if.remove.len(),
        what_if.moves.len(),
        what_if.durations.len(),
        what_if.capacities.len(),
    ];
    if let Some(count) = asked.into_iter().find(|count| *count > policy.most_releases) {
        return Err(SequenceError::TooMany { count, limit: policy.most_releases });
    }
    let key = &request.target.environment;
    let environment = graph.environments.by_id(key);
    let environment = environment.ok_or_else(|| no_environment(graph, key))?;
    match &request.target.region {
        Some(region) if !environment.regions.contains(region) => Err(SequenceError::UnknownRegion {
            environment: key.clone(),
            region: region.clone(),
            known: environment.regions.iter().map(ToString::to_string).collect(),
        }),
        _ => Ok(range),
    }
}

struct Question<'a> {
    graph: &'a ReleaseGraph,
    scope: &'a Scope,
    policy: &'a SequencePolicy,
    request: &'a SequenceRequest,
    range: Window,
}

impl Question<'_> {
    fn plan(&self, wanted: &BTreeSet<Index<Release>>, changes: &Changes) -> Result<Sequence, SequenceError> {
        let mut steps = Steps::new(self.policy.steps);
        let selection = Selection::new((self.graph, self.scope), &self.request.target, wanted, self.policy)?;
        let (needs, matches) = constraints(&selection);
        if !matches.wrong.is_empty() {
            return Ok(no_plan(&selection, matches));
        }
        let units = Units::of(&selection, &matches.precedences);
        let sorted = sort(&selection, (&units, &needs, &matches), &mut steps)?;
        let mut blockers = hindrances(&selection, (&units, &sorted), (&needs, &matches));
        let ground = Ground {
            selection: &selection,
            units: &units,
            sorted: &sorted,
            policy: self.policy,
            changes,
            range: self.range,
            ready: &needs.ready,
        };
        let timetable = ground.timetable(&mut blockers, &mut steps)?;
        let ordered = sorted.order.iter().chain(&sorted.stuck);
        let told: Vec<_> = ordered.map(|unit| units.told(*unit, (&selection, &matches))).collect();
        let mut sequence = Sequence {
            units: told,
            waves: waves(&sorted),
            order: releases(&selection, &units, &sorted.order),
            cycles: sorted.cycles.clone(),
            verifications_to_split: units.splits((&selection, &matches), &mut steps)?,
            unverified: matches.unverified,
            critical_path: timetable.critical_path,
            quality: timetable.quality,
            schedule: timetable.schedule,
            unschedulable: unschedulable(&selection, blockers),
            ..Sequence::default()
        };
        take_back(&selection, (&units, &sorted), &mut sequence);
        Ok(sequence)
    }
}

/// Needs and matches; a stated dependency that is only assumed is a match that nobody verified.
fn constraints(selection: &Selection<'_>) -> (Needs, Matches) {
    let (mut needs, mut matches) = (needs(selection), matches(selection));
    let (assumed, stated): (Vec<_>, Vec<_>) =
        needs.among.into_iter().partition(|need| need.because.kind == DependencyKind::Assumed);
    needs.among = stated;
    matches.precedences.extend(assumed.into_iter().map(|need| {
        let (one, other) = (selection.record(need.after), selection.record(need.before));
        let to_verify = Some(format!("{} with what is there before {}", one.key, other.key).into());
        Match { before: need.before, after: need.after, because: need.because, to_verify }
    }));
    (needs, matches)
}

fn waves(sorted: &Sorted) -> Vec<Vec<usize>> {
    let mut waves: Vec<Vec<usize>> = Vec::new();
    for (place, unit) in sorted.order.iter().enumerate() {
        let wave = sorted.waves.get(unit).copied().unwrap_or_default();
        if waves.len() <= wave {
            waves.resize_with(wave + 1, Vec::new);
        }
        if let Some(wave) = waves.get_mut(wave) {
            wave.push(place);
        }
    }
    waves
}

fn releases(selection: &Selection<'_>, units: &Units, order: &[u32]) -> Vec<Index<Release>> {
    let places = order.iter().flat_map(|unit| units.members(*unit));
    places.map(|release| selection.release(*release)).collect()
}

/// What stands in the way before anything is scheduled.
fn hindrances(
    selection: &Selection<'_>,
    (units, sorted): (&Units, &Sorted),
    (needs, matches): (&Needs, &Matches),
) -> BTreeMap<u32, Vec<Blocker>> {
    let mut blockers = needs.blockers.clone();
    for (release, more) in &matches.blockers {
        blockers.entry(*release).or_default().extend(more.iter().cloned());
    }
    for release in sorted.stuck.iter().flat_map(|unit| units.members(*unit)) {
        let index = selection.release(*release);
        let cycle = sorted.cycles.iter().find(|cycle| cycle.releases.contains(&index));
        let keys = cycle.iter().flat_map(|cycle| &cycle.releases);
        let keys: Vec<&str> = keys.map(|index| selection.graph.releases.get(*index).key.as_str()).collect();
        let circle = if keys.is_empty() { "others".to_owned() } else { keys.join(" needs ") };
        blockers.entry(*release).or_default().push(Blocker {
            code: BlockerCode::DependencyCycle,
            detail: format!("It stands in a circle that no soft dependency can break: {circle}").into(),
            release: None,
        });
    }
    for need in needs.among.iter().filter(|need| need.weight.is_none() && !need.lag.is_zero()) {
        if need.before != need.after && units.unit(need.before) == units.unit(need.after) {
            let key = &selection.record(need.before).key;
            let lag = minutes(need.lag);
            blockers.entry(need.after).or_default().push(Blocker {
                code: BlockerCode::DependencyCycle,
                detail: format!("It must wait for {key} to have run for {lag}, and goes together with it").into(),
                release: Some(need.because.to),
            });
        }
    }
    // What needs something in a circle is tied to it by ties that were left out with the circle.
    for need in needs.among.iter().filter(|need| need.weight.is_none()) {
        let (before, after) = (units.unit(need.before), units.unit(need.after));
        if sorted.stuck.contains(&before) && !sorted.stuck.contains(&after) {
            let key = &selection.record(need.before).key;
            blockers.entry(need.after).or_default().push(Blocker {
                code: BlockerCode::DependencyBlocked,
                detail: format!("It waits for {key}, which cannot go").into(),
                release: Some(need.because.to),
            });
        }
    }
    blockers
}

fn unschedulable(selection: &Selection<'_>, blockers: BTreeMap<u32, Vec<Blocker>>) -> Vec<Unschedulable> {
    let still = selection.still.iter().map(|(release, blocker)| (*release, vec![blocker.clone()]));
    let moving = blockers.into_iter().map(|(release, blockers)| (selection.release(release), blockers));
    let mut rows: Vec<Unschedulable> = still
        .chain(moving)
        .map(|(release, mut blockers)| {
            blockers.sort();
            blockers.dedup();
            Unschedulable { release, blockers }
        })
        .collect();
    rows.sort_by_key(|row| row.release);
    rows
}

/// Two releases fail together: whatever the order, it ends in a state that fails.
fn no_plan(selection: &Selection<'_>, matches: Matches) -> Sequence {
    let mut blockers: BTreeMap<u32, Vec<Blocker>> = BTreeMap::new();
    let blocker = |because: &Because, other| Blocker {
        code: BlockerCode::WrongTarget,
        detail: because.reason.clone(),
        release: Some(other),
    };
    for because in &matches.wrong {
        for (one, other) in [(because.from, because.to), (because.to, because.from)] {
            let place = selection.place(one);
            blockers.entry(place.unwrap_or_default()).or_default().push(blocker(because, other));
        }
    }
    Sequence {
        unschedulable: unschedulable(selection, blockers),
        wrong_targets: matches.wrong,
        unverified: matches.unverified,
        ..Sequence::default()
    }
}

/// How to take back what is scheduled once all of it is there.
fn take_back(selection: &Selection<'_>, (units, sorted): (&Units, &Sorted), sequence: &mut Sequence) {
    let going: BTreeSet<Index<Release>> = sequence.schedule.iter().map(|row| row.release).collect();
    let goes = |unit: &u32| units.members(*unit).iter().any(|release| going.contains(&selection.release(*release)));
    let order: Vec<u32> = sorted.order.iter().copied().filter(goes).collect();
    let mut reasons: BTreeMap<u32, Irreversible> = BTreeMap::new();
    let mut fixed = vec![false; units.len()];
    for unit in &order {
        for release in units.members(*unit) {
            if let (Some(reason), Some(fixed)) =
                (irreversible(selection.record(*release)), fixed.get_mut(*unit as usize))
            {
                *fixed = true;
                reasons.insert(*release, Irreversible { release: selection.release(*release), reason });
            }
        }
    }
    let firm = sorted.ties.iter().filter(|tie| !tie.soft);
    let ties: Vec<(u32, u32)> = firm.clone().map(|tie| (tie.before, tie.after)).collect();
    let (back, kept) = rollback(&order, &ties, &fixed);
    for unit in &kept {
        let holder = firm.clone().find(|tie| tie.before == *unit && kept.contains(&tie.after));
        for release in units.members(*unit) {
            reasons.entry(*release).or_insert_with(|| {
                let reason = match holder {
                    Some(tie) => {
                        format!("{} needs it and stays", selection.graph.releases.get(tie.because.from).key)
                    }
                    None => "It went together with a release that stays".to_owned(),
                };
                Irreversible { release: selection.release(*release), reason: reason.into() }
            });
        }
    }
    // Inside a unit the order does not matter; as a whole it is the way there, turned round.
    let mut there = back;
    there.reverse();
    sequence.rollback_order = releases(selection, units, &there);
    sequence.rollback_order.reverse();
    sequence.irreversible = reasons.into_values().collect();
}
