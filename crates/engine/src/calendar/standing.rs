//! What stands in the calendar while a plan is made anew: who holds an exclusive environment or a configuration item, and
//! when. Warnings, such as one person in two places, hold nothing.

use std::collections::BTreeMap;

use domain::{ConfigurationItem, Release, Target, Text, Window};

use super::clashes::Hold;
use super::conflicts::{ConflictKind, Resource, Work, spoken};
use super::entries::{Entry, EntryKind};
use crate::graph::{Index, ReleaseGraph};

/// Planned work, by what it holds.
pub(crate) struct Standing<'g> {
    work: Work<'g>,
    holders: BTreeMap<Resource, Vec<usize>>,
}

/// A time in which somebody else holds what is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// When.
    pub(crate) window: Window,
    /// The environment, or an item.
    pub(crate) kind: ConflictKind,
    /// Who, as people call it.
    pub(crate) holder: Text,
    /// The release that holds it, where it is one.
    pub(crate) release: Option<Index<Release>>,
}

/// Who needs what, where.
pub(crate) struct Wanted<'a> {
    /// Releases that go in one go.
    pub(crate) releases: &'a [Index<Release>],
    /// Where to.
    pub(crate) target: &'a Target,
    /// Items that their changes work on.
    pub(crate) items: &'a [Index<ConfigurationItem>],
}

impl<'g> Standing<'g> {
    pub(crate) fn of(graph: &'g ReleaseGraph) -> Self {
        let work = Work::of(graph);
        let mut holders: BTreeMap<Resource, Vec<usize>> = BTreeMap::new();
        for (place, occupation) in work.occupations.iter().enumerate() {
            for (resource, hold) in &occupation.claims {
                if *hold == Hold::Whole && !matches!(resource, Resource::Implementer(_)) {
                    holders.entry(*resource).or_default().push(place);
                }
            }
        }
        Self { work, holders }
    }

    /// When others hold what is wanted, by start. What the releases themselves have planned does not count, nor what
    /// is planned for the target by those that are planned anew.
    pub(crate) fn held(&self, wanted: &Wanted<'_>, is_anew: &dyn Fn(Index<Release>) -> bool) -> Vec<Held> {
        let environment = self.work.graph.environments.find(&wanted.target.environment);
        let environment = environment.map(Resource::Environment);
        let items = wanted.items.iter().map(|item| Resource::Item(*item));
        let mut held: Vec<Held> = Vec::new();
        for resource in environment.into_iter().chain(items) {
            for place in self.holders.get(&resource).into_iter().flatten() {
                let Some(entry) = self.work.entries.get(*place) else { continue };
                if self.gives_way(entry, wanted, is_anew) {
                    continue;
                }
                let kind = match resource {
                    Resource::Environment(_) => ConflictKind::ExclusiveEnvironment,
                    _ => ConflictKind::SameItem,
                };
                let name = spoken(self.work.graph, entry);
                let holder = if entry.kind == EntryKind::Booking { format!("a booking of {name}") } else { name };
                held.push(Held { window: entry.window, kind, holder: holder.into(), release: entry.release });
            }
        }
        held.sort_by(|a, b| (a.window, a.kind, &a.holder).cmp(&(b.window, b.kind, &b.holder)));
        held
    }

    fn gives_way(&self, entry: &Entry, wanted: &Wanted<'_>, is_anew: &dyn Fn(Index<Release>) -> bool) -> bool {
        let carried = entry.change.into_iter().flat_map(|change| self.work.graph.release_changes.to(change));
        let carried = carried.filter(|related| related.link.supports()).map(|related| related.index);
        let mut releases: Vec<Index<Release>> = entry.release.into_iter().chain(carried).collect();
        releases.dedup();
        let there = entry
            .target
            .as_ref()
            .is_some_and(|target| target.covers(wanted.target) || wanted.target.covers(target));
        releases.iter().any(|release| wanted.releases.contains(release))
            || (there && !releases.is_empty() && releases.into_iter().all(is_anew))
    }
}
