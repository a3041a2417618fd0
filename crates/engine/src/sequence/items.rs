//! What the changes of a selection work on. Two releases whose changes work on one item do not go at once, unless one
//! change carries both.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Change, ConfigurationItem, Text};

use super::jobs::{Limit, Users};
use super::timetable::Ground;
use crate::graph::Index;

/// The items of each unit, each with the changes that work on it.
type Worked = BTreeMap<u32, BTreeMap<Index<ConfigurationItem>, BTreeSet<Index<Change>>>>;

/// Items that changes work on which carry a unit's releases to the target and are not over.
pub(super) fn worked_on(ground: &Ground<'_, '_>) -> Worked {
    let (graph, target) = (ground.selection.graph, ground.selection.target);
    let mut found = Worked::new();
    for row in &graph.authorisations {
        let (Some(release), Some(change)) = (graph.releases.find(&row.release), graph.changes.find(&row.change))
        else {
            continue;
        };
        let there = row.target.covers(target) || target.covers(&row.target);
        let Some(place) = ground.selection.place(release).filter(|_| there) else { continue };
        if crate::calendar::is_open(graph.changes.get(change)) {
            let items = found.entry(ground.units.unit(place)).or_default();
            for item in graph.change_configuration_items.from(change) {
                items.entry(item.index).or_default().insert(change);
            }
        }
    }
    found
}

/// A limit for each item that several units work on. Units that one change carries may use it at once: each takes a
/// share, and every other unit takes all.
pub(super) fn shared(ground: &Ground<'_, '_>, worked: &Worked) -> Vec<Limit> {
    let mut users: BTreeMap<Index<ConfigurationItem>, BTreeMap<u32, &BTreeSet<Index<Change>>>> = BTreeMap::new();
    for (unit, items) in worked {
        for (item, changes) in items {
            users.entry(*item).or_default().insert(*unit, changes);
        }
    }
    let limit = |(item, users): (Index<ConfigurationItem>, BTreeMap<u32, &BTreeSet<Index<Change>>>)| {
        let changes: BTreeSet<Index<Change>> = users.values().flat_map(|changes| changes.iter().copied()).collect();
        let carried = |change: &Index<Change>| users.values().filter(|changes| changes.contains(change)).count();
        let most = changes.into_iter().max_by_key(carried)?;
        let together = carried(&most);
        if users.len() == together {
            return None;
        }
        let all = u32::try_from(together).unwrap_or(u32::MAX);
        let shares = users.iter().map(|(unit, changes)| (*unit, if changes.contains(&most) { 1 } else { all }));
        let name = ground.selection.graph.configuration_items.get(item).name.clone();
        Some(Limit { key: Text::clone(&name), capacity: all, users: Users::Item(shares.collect()) })
    };
    users.into_iter().filter_map(limit).collect()
}
