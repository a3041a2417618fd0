//! What in the calendar gets in each other's way, and the smallest moves that would resolve it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Change, ConfigurationItem, Environment, FindingSeverity, PersonKey, Release, Target, Text, Window,
};

use super::clashes::{Hold, Occupation, clashes};
use super::crowds::{Crowd, crowds};
use super::entries::{Entry, EntryKind, open_work};
use super::openings::{Subject, closings};
use super::resolutions::{Resolution, Roads, resolve};
use super::{CalendarError, Intervals};
use crate::graph::{Index, ReleaseGraph};

/// What kind of conflict it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKind {
    /// Two want an environment that only one may have.
    ExclusiveEnvironment,
    /// Two changes work on one configuration item.
    SameItem,
    /// Two changes work on an item and its parent.
    RelatedItem,
    /// Planned outside the environment's windows.
    OutsideWindow,
    /// Planned inside a blackout.
    Blackout,
    /// One person carries out two at once.
    SameImplementer,
    /// More releases at once than a pool serves.
    CapacityExceeded,
    /// Planned in hours in which an agreement promises the service.
    ServiceHours,
}

impl ConflictKind {
    /// How bad it is: an error cannot stay as it is, a warning should be looked at.
    pub fn severity(self) -> FindingSeverity {
        match self {
            Self::RelatedItem | Self::SameImplementer | Self::ServiceHours => FindingSeverity::Warning,
            _ => FindingSeverity::Error,
        }
    }
}

/// Something in the way of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Stable while it stands.
    pub key: Text,
    /// What kind.
    pub kind: ConflictKind,
    /// When they meet.
    pub window: Window,
    /// Where.
    pub target: Option<Target>,
    /// The entries: one, or two; more where a pool is asked for too much.
    pub sides: Vec<Entry>,
    /// The items that both work on.
    pub configuration_items: Vec<Index<ConfigurationItem>>,
    /// Why, in one sentence.
    pub explanation: Text,
    /// Moves of one side, each of which leaves that side without any conflict.
    pub resolutions: Vec<Resolution>,
}

/// What can be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Resource {
    Environment(Index<Environment>),
    Item(Index<ConfigurationItem>),
    /// Place of a person among those who carry something out.
    Implementer(u32),
}

/// The planned work of a graph with what it claims, and the windows of its targets within a range.
pub(super) struct Work<'a> {
    pub(super) graph: &'a ReleaseGraph,
    pub(super) entries: Vec<Entry>,
    pub(super) occupations: Vec<Occupation<Resource>>,
}

/// Every conflict of planned work that shares a moment with the range, sorted by start and key.
///
/// # Errors
/// A range turned around; windows of an environment that cannot be expanded.
pub fn conflicts(graph: &ReleaseGraph, range: Window) -> Result<Vec<Conflict>, CalendarError> {
    if range.start >= range.end {
        return Err(CalendarError::TurnedAround { from: range.start, to: range.end });
    }
    let work = Work::of(graph);
    let roads = Roads::new(&work, range)?;
    let mut found = pairs(&work, &roads, range);
    for (place, entry) in work.entries.iter().enumerate().filter(|(_, entry)| entry.window.overlaps(&range)) {
        found.extend(alone(&work, &roads, (place, entry)));
    }
    let crowds = crowds(&work).into_iter().filter(|crowd| crowd.window.overlaps(&range));
    found.extend(crowds.map(|crowd| crowded(&work, &roads, crowd)));
    found.sort_by(|a, b| (a.window.start, &a.key).cmp(&(b.window.start, &b.key)));
    Ok(found)
}

impl<'a> Work<'a> {
    pub(super) fn of(graph: &'a ReleaseGraph) -> Self {
        let entries = open_work(graph);
        let mut parents: BTreeMap<Index<ConfigurationItem>, Vec<Index<ConfigurationItem>>> = BTreeMap::new();
        for relation in graph.ci_relations.iter().filter(|relation| relation.kind.child_harms_parent()) {
            let ends =
                (graph.configuration_items.find(&relation.child), graph.configuration_items.find(&relation.parent));
            if let (Some(child), Some(parent)) = ends {
                parents.entry(child).or_default().push(parent);
            }
        }
        let mut people: BTreeMap<Person<'_>, u32> = BTreeMap::new();
        let occupations = entries.iter().map(|entry| {
            let mut claims = Vec::new();
            if let Some(environment) = exclusive(graph, entry) {
                claims.push((Resource::Environment(environment), Hold::Whole));
            }
            if let Some(index) = entry.change.filter(|_| entry.kind != EntryKind::Booking) {
                for item in graph.change_configuration_items.from(index).map(|related| related.index) {
                    claims.push((Resource::Item(item), Hold::Whole));
                    let above = parents.get(&item).into_iter().flatten();
                    claims.extend(above.map(|parent| (Resource::Item(*parent), Hold::Below)));
                }
                if let Some(person) = implementer(graph, graph.changes.get(index)) {
                    let next = people.len() as u32;
                    let person = *people.entry(person).or_insert(next);
                    claims.push((Resource::Implementer(person), Hold::Whole));
                }
            }
            Occupation { window: entry.window, owners: owners(graph, entry), claims }
        });
        let occupations = occupations.collect();
        Self { graph, entries, occupations }
    }
}

/// Who carries something out: the person behind the account, where that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Person<'a> {
    Known(&'a PersonKey),
    Account(&'a AccountId),
}

fn implementer<'a>(graph: &'a ReleaseGraph, change: &'a Change) -> Option<Person<'a>> {
    let account = change.assigned_to.as_ref()?;
    Some(graph.account_people.get(account).map_or(Person::Account(account), Person::Known))
}

fn exclusive(graph: &ReleaseGraph, entry: &Entry) -> Option<Index<Environment>> {
    let index = graph.environments.find(&entry.target.as_ref()?.environment)?;
    graph.environments.get(index).exclusive.then_some(index)
}

/// A change is one undertaking, and so are the changes that carry one release.
fn owners(graph: &ReleaseGraph, entry: &Entry) -> Vec<u32> {
    let mut releases: BTreeSet<Index<Release>> = entry.release.into_iter().collect();
    let carried = entry.change.into_iter().flat_map(|change| graph.release_changes.to(change));
    releases.extend(carried.filter(|related| related.link.supports()).map(|related| related.index));
    // Changes and releases are told apart by parity.
    let changes = entry.change.into_iter().map(|change| change.place().saturating_mul(2));
    changes.chain(releases.into_iter().map(|release| release.place().saturating_mul(2).saturating_add(1))).collect()
}

/// How an entry is spoken of.
pub(super) fn spoken(graph: &ReleaseGraph, entry: &Entry) -> String {
    let release = entry.release.map(|index| graph.releases.get(index).key.to_string());
    let number = entry.change.map(|index| graph.changes.get(index).number.to_string());
    match (release, number) {
        (Some(release), Some(number)) => format!("{release} ({number})"),
        (Some(name), None) | (None, Some(name)) => name,
        (None, None) => entry.title.to_string(),
    }
}

fn pairs(work: &Work<'_>, roads: &Roads<'_>, range: Window) -> Vec<Conflict> {
    let graph = work.graph;
    type Met = (usize, usize, ConflictKind);
    let mut met: BTreeMap<Met, BTreeSet<Index<ConfigurationItem>>> = BTreeMap::new();
    for clash in clashes(&work.occupations) {
        let (kind, item) = match (clash.resource, clash.hold) {
            (Resource::Environment(_), _) => (ConflictKind::ExclusiveEnvironment, None),
            (Resource::Implementer(_), _) => (ConflictKind::SameImplementer, None),
            (Resource::Item(item), Hold::Whole) => (ConflictKind::SameItem, Some(item)),
            (Resource::Item(item), Hold::Below) => (ConflictKind::RelatedItem, Some(item)),
        };
        met.entry((clash.first, clash.second, kind)).or_default().extend(item);
    }
    let mut found = Vec::new();
    for ((first, second, kind), items) in met {
        let (Some(one), Some(other)) = (work.entries.get(first), work.entries.get(second)) else { continue };
        let window =
            Window { start: one.window.start.max(other.window.start), end: one.window.end.min(other.window.end) };
        if !window.overlaps(&range) {
            continue;
        }
        let names: Vec<&str> = items.iter().map(|item| &*graph.configuration_items.get(*item).name).collect();
        let (a, b) = (spoken(graph, one), spoken(graph, other));
        let place = one.target.as_ref().map(ToString::to_string).unwrap_or_default();
        let explanation = match kind {
            ConflictKind::ExclusiveEnvironment => {
                format!("{a} and {b} both want {place}, which only one may have at a time.")
            }
            ConflictKind::SameItem => format!("{a} and {b} both work on {}.", names.join(", ")),
            ConflictKind::RelatedItem => {
                format!("{a} and {b} work on {} and on what it rests on.", names.join(", "))
            }
            _ => format!("{a} and {b} are carried out by the same person."),
        };
        found.push(Conflict {
            key: format!("{kind:?}:{}:{}", one.key, other.key).into(),
            kind,
            window,
            target: one.target.clone().or_else(|| other.target.clone()),
            sides: vec![one.clone(), other.clone()],
            configuration_items: items.into_iter().collect(),
            explanation: explanation.into(),
            resolutions: [first, second].into_iter().filter_map(|side| resolve(work, roads, side)).collect(),
        });
    }
    found
}

/// More releases at once than a pool serves.
fn crowded(work: &Work<'_>, roads: &Roads<'_>, crowd: Crowd<'_>) -> Conflict {
    let sides: Vec<Entry> = crowd.sides.iter().filter_map(|side| work.entries.get(*side)).cloned().collect();
    let releases: BTreeSet<Index<Release>> = sides.iter().filter_map(|side| side.release).collect();
    let names: Vec<&str> = releases.iter().map(|index| work.graph.releases.get(*index).key.as_str()).collect();
    let (pool, capacity) = (&crowd.pool.key, crowd.pool.capacity);
    let first = sides.first().map(|side| side.key.to_string()).unwrap_or_default();
    Conflict {
        key: format!("{:?}:{pool}:{first}:{}", ConflictKind::CapacityExceeded, crowd.window.start).into(),
        kind: ConflictKind::CapacityExceeded,
        window: crowd.window,
        target: None,
        configuration_items: Vec::new(),
        explanation: format!("{pool} serves {capacity} at once, and {} need it.", names.join(", ")).into(),
        resolutions: crowd.sides.iter().filter_map(|side| resolve(work, roads, *side)).collect(),
        sides,
    }
}

/// An entry outside its environment's windows, in a blackout, or while its service is promised.
fn alone(work: &Work<'_>, roads: &Roads<'_>, (place, entry): (usize, &Entry)) -> Vec<Conflict> {
    let graph = work.graph;
    let target = entry.target.as_ref().filter(|_| entry.kind != EntryKind::Booking);
    let allowed = target.and_then(|target| roads.allowed.get(&target.environment));
    let (Some(target), Some(allowed)) = (target, allowed) else { return Vec::new() };
    let mut found = Vec::new();
    let mut tell = |kind: ConflictKind, window, part: &str, explanation: String| {
        found.push(Conflict {
            key: format!("{kind:?}:{}:{part}", entry.key).into(),
            kind,
            window,
            target: Some(target.clone()),
            sides: vec![entry.clone()],
            configuration_items: Vec::new(),
            explanation: explanation.into(),
            resolutions: resolve(work, roads, place).into_iter().collect(),
        });
    };
    let name = spoken(graph, entry);
    let own = Intervals::new([entry.window]).intersect(&Intervals::new([roads.reach]));
    if let Some(outside) = own.minus(allowed).iter().next() {
        tell(
            ConflictKind::OutsideWindow,
            outside,
            "",
            format!("{name} is planned outside the windows of {}.", target.environment),
        );
    }
    for promise in roads.promises.iter().filter(|promise| promise.concerns(graph, entry)) {
        let Some(promised) = promise.when.intersect(&own).iter().next() else { continue };
        let agreement = &promise.hours.name;
        let what = format!("{name} is planned in the service hours of '{agreement}'.");
        tell(ConflictKind::ServiceHours, promised, agreement, what);
    }
    if let Some(subject) = subject(graph, entry) {
        for closing in closings(graph, subject, target) {
            let Some(closed) = closing.closed.intersect(&own).iter().next() else { continue };
            let closes = if closing.certain { "closes" } else { "may close" };
            let blackout = closing.blackout;
            tell(
                ConflictKind::Blackout,
                closed,
                &blackout.id.to_string(),
                format!("{name} is planned in the blackout '{}', which {closes} {target}.", blackout.name),
            );
        }
    }
    found
}

/// Whose blackouts an entry is held against: its release's, or the only service's that its change touches.
pub(super) fn subject(graph: &ReleaseGraph, entry: &Entry) -> Option<Subject> {
    if let Some(release) = entry.release {
        return Some(Subject::Release(release));
    }
    let mut services = graph.change_services.from(entry.change?).map(|related| related.index);
    services.next().filter(|_| services.next().is_none()).map(Subject::Service)
}
