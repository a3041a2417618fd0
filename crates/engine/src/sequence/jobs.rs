//! The units of a selection as jobs: how long each takes, when its target is open for it, what limits how many go at
//! once. A unit takes as long as its longest release and goes where the target is open for all of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ChangeState, ConfigurationItem, Release, Stage, Text};
use jiff::{SignedDuration, Timestamp};

use super::answer::{Blocker, BlockerCode};
use super::items;
use super::problem::{Demand, Job, later};
use super::request::SequenceError;
use super::timetable::Ground;
use crate::calendar::{Intervals, Subject, allowed_windows, closings};
use crate::graph::Index;

/// Something that only so many releases can use at once.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) key: Text,
    pub(super) capacity: u32,
    pub(super) users: Users,
}

/// Who uses something that is limited.
#[derive(Debug, Clone)]
pub(super) enum Users {
    /// Every unit, one at a time: the target itself.
    All,
    /// Releases of these teams; empty = of all.
    Teams(BTreeSet<Text>),
    /// Units that work on one item, each with its share.
    Item(BTreeMap<u32, u32>),
}

/// A unit as a job.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) job: Job,
    /// How long each release takes.
    pub(super) durations: BTreeMap<u32, SignedDuration>,
    /// Why it may not start before.
    pub(super) earliest_because: Text,
    /// Why it may not end later, as the end of a sentence.
    pub(super) latest_because: Text,
}

/// All jobs.
#[derive(Debug, Default)]
pub(super) struct Shop {
    pub(super) planned: BTreeMap<u32, Planned>,
    pub(super) openings: Vec<Intervals>,
    pub(super) pools: Vec<Limit>,
    /// Units that need more than a pool ever has.
    pub(super) impossible: Vec<(u32, Blocker)>,
    /// Items that the changes of each unit work on.
    pub(super) items: BTreeMap<u32, Vec<Index<ConfigurationItem>>>,
}

impl Shop {
    pub(super) fn capacities(&self) -> Vec<u32> {
        self.pools.iter().map(|pool| pool.capacity).collect()
    }
}

/// Makes jobs of units.
pub(super) fn shop(ground: &Ground<'_, '_>) -> Result<Shop, SequenceError> {
    let (graph, target) = (ground.selection.graph, ground.selection.target);
    let allowed = allowed_windows(graph, &target.environment, ground.range)?;
    if allowed.is_empty() {
        return Err(SequenceError::NeverOpens {
            target: target.to_string().into(),
            from: ground.range.start,
            to: ground.range.end,
        });
    }
    let mut shop = Shop { pools: limits(ground)?, ..Shop::default() };
    let worked_on = items::worked_on(ground);
    shop.pools.extend(items::shared(ground, &worked_on));
    shop.items = worked_on.into_iter().map(|(unit, items)| (unit, items.into_keys().collect())).collect();
    for unit in &ground.sorted.order {
        let members = ground.units.members(*unit);
        let mut open = allowed.clone();
        for release in members {
            let closed = closings(graph, Subject::Release(ground.selection.release(*release)), target);
            open = open.minus(&Intervals::new(closed.iter().flat_map(|closing| closing.closed.iter())));
        }
        let openings = match shop.openings.iter().position(|known| *known == open) {
            Some(place) => place,
            None => {
                shop.openings.push(open);
                shop.openings.len() - 1
            }
        };
        let durations: BTreeMap<u32, SignedDuration> =
            members.iter().map(|release| (*release, duration(ground, *release))).collect();
        let longest = durations.values().max().copied().unwrap_or(ground.policy.default_duration);
        let (demands, lacking) = demands(ground, (*unit, members), &shop.pools);
        shop.impossible.extend(lacking.map(|blocker| (*unit, blocker)));
        let planned = bounds(ground, members, longest);
        let risk = members.iter().map(|release| 4 - u32::from(tier(ground, *release))).max().unwrap_or_default();
        let job = Job { duration: longest, openings, earliest: planned.0.0, latest: planned.1.0, demands, risk };
        let planned = Planned { job, durations, earliest_because: planned.0.1, latest_because: planned.1.1 };
        shop.planned.insert(*unit, planned);
    }
    Ok(shop)
}

/// The importance of a release's service, 0 (highest) to 4; what nobody said counts as highest.
fn tier(ground: &Ground<'_, '_>, release: u32) -> u8 {
    let service = ground.selection.graph.services.by_id(&ground.selection.record(release).service);
    service.and_then(|service| service.tier).unwrap_or_default().min(4)
}

/// How long a release takes: what the what-if says, else the shortest window that a change of it plans, else the
/// default.
fn duration(ground: &Ground<'_, '_>, release: u32) -> SignedDuration {
    let index = ground.selection.release(release);
    let graph = ground.selection.graph;
    let planned = || {
        let changes = graph.release_changes.from(index).filter(|related| related.link.supports());
        let changes = changes.map(|related| graph.changes.get(related.index));
        let windows =
            changes.filter(|change| change.state != ChangeState::Canceled).filter_map(|change| change.window);
        windows.map(|window| window.end.duration_since(window.start)).min()
    };
    ground.changes.durations.get(&index).copied().or_else(planned).unwrap_or(ground.policy.default_duration)
}

type Reasoned = (Timestamp, Text);

/// From when and until when a unit may run: the range, the trains of its releases, and where the what-if moves them.
fn bounds(ground: &Ground<'_, '_>, members: &[u32], duration: SignedDuration) -> (Reasoned, Reasoned) {
    let graph = ground.selection.graph;
    let range = ground.range;
    let environment = graph.environments.by_id(&ground.selection.target.environment);
    let is_for_customers =
        environment.is_none_or(|environment| matches!(environment.stage, Stage::Production | Stage::Dr));
    let mut first: Reasoned = (range.start, format!("The range starts at {}", range.start).into());
    let mut last: Reasoned = (range.end, format!("the range ends at {}", range.end).into());
    let mut tighten = |start: Reasoned, end: Reasoned| {
        if start.0 > first.0 {
            first = start;
        }
        if end.0 < last.0 {
            last = end;
        }
    };
    for release in members {
        let index = ground.selection.release(*release);
        // A train goes to where customers are: what is tested before it leaves goes earlier.
        let aboard = graph.release_trains.from(index).filter(|related| related.link.supports() && is_for_customers);
        for related in aboard {
            let train = graph.trains.get(related.index);
            if let Some(window) = train.window {
                tighten(
                    (window.start, format!("Its train {} starts at {}", train.number, window.start).into()),
                    (window.end, format!("its train {} ends at {}", train.number, window.end).into()),
                );
            }
        }
        if let Some((ready, because)) = ground.ready.get(release) {
            tighten((*ready, because.clone()), (range.end, "the range ends then".into()));
        }
        if let Some(start) = ground.changes.moves.get(&index) {
            let end = later(*start, duration);
            tighten(
                (*start, format!("It is moved to {start}").into()),
                (end, format!("it is moved to {start}").into()),
            );
        }
    }
    (first, last)
}

/// What limits how many go at once: the target where it takes one at a time, and pools; teams where the what-if gives
/// them a capacity.
fn limits(ground: &Ground<'_, '_>) -> Result<Vec<Limit>, SequenceError> {
    let graph = ground.selection.graph;
    let mut limits: Vec<Limit> = Vec::new();
    let environment = graph.environments.by_id(&ground.selection.target.environment);
    if environment.is_some_and(|environment| environment.exclusive) {
        let key = ground.selection.target.to_string().into();
        limits.push(Limit { key, capacity: 1, users: Users::All });
    }
    for pool in &graph.pools {
        let teams = pool.teams.iter().map(|team| team.as_str().into()).collect();
        limits.push(Limit { key: pool.key.clone(), capacity: pool.capacity, users: Users::Teams(teams) });
    }
    for (key, capacity) in &ground.changes.capacities {
        let known = limits.iter_mut().find(|limit| matches!(limit.users, Users::Teams(_)) && limit.key == *key);
        let is_team = graph.teams.iter().any(|(_, team)| *team.key.as_str() == **key);
        match known {
            Some(limit) => limit.capacity = *capacity,
            None if is_team => limits.push(Limit {
                key: key.clone(),
                capacity: *capacity,
                users: Users::Teams(BTreeSet::from([key.clone()])),
            }),
            None => {
                let pools = graph.pools.iter().map(|pool| pool.key.to_string());
                let teams = graph.teams.iter().map(|(_, team)| team.key.to_string());
                return Err(SequenceError::UnknownPool { pool: key.clone(), known: pools.chain(teams).collect() });
            }
        }
    }
    Ok(limits)
}

/// What a unit takes of each pool, and what it lacks for good.
fn demands(
    ground: &Ground<'_, '_>,
    (unit, members): (u32, &[u32]),
    limits: &[Limit],
) -> (Vec<Demand>, Option<Blocker>) {
    let graph = ground.selection.graph;
    let team = |release: &u32| {
        let record: &Release = ground.selection.record(*release);
        graph.services.by_id(&record.service).and_then(|service| service.owner.as_ref())
    };
    let (mut demands, mut lacking) = (Vec::new(), None);
    for (pool, limit) in limits.iter().enumerate() {
        let amount = match &limit.users {
            Users::All => 1,
            Users::Item(shares) => shares.get(&unit).copied().unwrap_or_default(),
            Users::Teams(teams) => {
                let of_team = |release: &&u32| team(release).is_some_and(|team| teams.contains(team.as_str()));
                let count = members.iter().filter(|release| teams.is_empty() || of_team(release)).count();
                u32::try_from(count).unwrap_or(u32::MAX)
            }
        };
        if amount > 0 {
            demands.push(Demand { pool, amount });
        }
        if amount > limit.capacity {
            let first: Option<Index<Release>> = members.first().map(|release| ground.selection.release(*release));
            let detail = format!(
                "It needs {amount} of {} at once, which never serves more than {}",
                limit.key, limit.capacity
            );
            let release = first.filter(|_| members.len() > 1);
            lacking = Some(Blocker { code: BlockerCode::Capacity, detail: detail.into(), release });
        }
    }
    (demands, lacking)
}
