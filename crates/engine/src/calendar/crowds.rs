//! When more releases are planned at once than a pool serves. A release counts once, however many targets it goes to at
//! a time.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Pool, Release, Window};
use jiff::Timestamp;

use super::Intervals;
use super::conflicts::Work;
use super::entries::EntryKind;
use crate::graph::Index;

/// A time in which a pool is asked for more than it serves.
pub(super) struct Crowd<'g> {
    pub(super) pool: &'g Pool,
    pub(super) window: Window,
    /// Places of the entries that ask for it then.
    pub(super) sides: Vec<usize>,
}

/// Every such time, whole.
pub(super) fn crowds<'g>(work: &Work<'g>) -> Vec<Crowd<'g>> {
    let mut found = Vec::new();
    for pool in &work.graph.pools {
        let users = users(work, pool);
        let crowded = above(users.values().map(|places| windows(work, places)), pool.capacity);
        for window in crowded.iter() {
            let there = |place: &&usize| work.entries.get(**place).is_some_and(|one| one.window.overlaps(&window));
            let mut sides: Vec<usize> = users.values().flatten().filter(there).copied().collect();
            sides.sort_unstable();
            found.push(Crowd { pool, window, sides });
        }
    }
    found
}

/// When the pools have no room for what moves, beside all that does not.
pub(super) fn without_room(work: &Work<'_>, moving: &[usize]) -> Intervals {
    let going: BTreeSet<Index<Release>> =
        moving.iter().filter_map(|place| work.entries.get(*place)?.release).collect();
    let mut full = Intervals::default();
    for pool in &work.graph.pools {
        let mut users = users(work, pool);
        let before = users.len();
        users.retain(|release, _| !going.contains(release));
        let Ok(amount) = u32::try_from(before - users.len()) else { continue };
        if amount == 0 {
            continue;
        }
        full = full.union(&match pool.capacity.checked_sub(amount) {
            Some(room) => above(users.values().map(|places| windows(work, places)), room),
            None => Intervals::new([Window { start: Timestamp::MIN, end: Timestamp::MAX }]),
        });
    }
    full
}

/// The releases that need a pool, with the places of their entries.
fn users(work: &Work<'_>, pool: &Pool) -> BTreeMap<Index<Release>, Vec<usize>> {
    let graph = work.graph;
    let mut users: BTreeMap<Index<Release>, Vec<usize>> = BTreeMap::new();
    for (place, entry) in work.entries.iter().enumerate().filter(|(_, entry)| entry.kind == EntryKind::Release) {
        let Some(release) = entry.release else { continue };
        let service = graph.services.by_id(&graph.releases.get(release).service);
        let team = service.and_then(|service| service.owner.as_ref());
        if pool.teams.is_empty() || team.is_some_and(|team| pool.teams.contains(team)) {
            users.entry(release).or_default().push(place);
        }
    }
    users
}

fn windows(work: &Work<'_>, places: &[usize]) -> Intervals {
    Intervals::new(places.iter().filter_map(|place| Some(work.entries.get(*place)?.window)))
}

/// The moments that lie in more than so many of these sets. O(n log n).
fn above(sets: impl Iterator<Item = Intervals>, limit: u32) -> Intervals {
    let mut turns: Vec<(Timestamp, i64)> = Vec::new();
    for set in sets {
        turns.extend(set.iter().flat_map(|window| [(window.start, 1), (window.end, -1)]));
    }
    // Windows are half-open: what ends at a moment is over before anything starts then.
    turns.sort_unstable();
    let (mut count, mut since, mut found) = (0_i64, None, Vec::new());
    for (moment, turn) in turns {
        count += turn;
        match (since, count > i64::from(limit)) {
            (None, true) => since = Some(moment),
            (Some(start), false) => {
                found.push(Window { start, end: moment });
                since = None;
            }
            _ => {}
        }
    }
    Intervals::new(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    proptest! {
        #[test]
        fn the_sweep_counts_as_looking_at_every_minute_does(
            sets in prop::collection::vec(prop::collection::vec((0..60_i64, 1..20_i64), 0..3), 0..7),
            limit in 0..4_u32,
        ) {
            let sets: Vec<Intervals> = sets
                .iter()
                .map(|set| Intervals::new(set.iter().map(|(start, length)| Window { start: at(*start), end: at(start + length) })))
                .collect();
            let found = above(sets.iter().cloned(), limit);
            for minute in 0..90 {
                let count = sets.iter().filter(|set| set.contains(at(minute))).count();
                prop_assert_eq!(found.contains(at(minute)), count > limit as usize, "{}", minute);
            }
        }
    }
}
