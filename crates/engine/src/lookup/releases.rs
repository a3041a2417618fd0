//! Which releases a list shows, by what it ranks them, and which release a key means.

use std::collections::BTreeSet;

use domain::{EnvironmentKey, Release, ReleaseKey, ReleaseStatus, Scope, ServiceKey, Text, Version};
use jiff::Timestamp;

use crate::graph::{Index, ReleaseGraph};

/// Conditions on releases; all that are given must hold. An empty list of words lets nothing pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ReleaseFilter {
    /// Of one of these services.
    pub services: Option<BTreeSet<ServiceKey>>,
    /// Of a service of one of these tiers.
    pub tiers: Option<BTreeSet<u8>>,
    /// Of a service with one of these tags.
    pub tags: Option<BTreeSet<Text>>,
    /// In one of these states.
    pub statuses: Option<BTreeSet<ReleaseStatus>>,
    /// Planned for, or seen at, one of these environments.
    pub environments: Option<BTreeSet<EnvironmentKey>>,
    /// A planned window ends after this moment.
    pub window_from: Option<Timestamp>,
    /// A planned window starts before this moment.
    pub window_to: Option<Timestamp>,
    /// Key, name, description or an alias contains this, in any case.
    pub text: Option<Text>,
    /// Has an open incident, or has none.
    pub has_open_incident: Option<bool>,
    /// Goes on the train with this number or name.
    pub train: Option<Text>,
    /// Is carried by a change with this number.
    pub change: Option<Text>,
}

/// By what releases are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReleaseOrderBy {
    /// Key.
    Key,
    /// Start of the first planned window.
    WindowStart,
    /// Status, from planned to rolled back.
    Status,
    /// Tier of the service.
    Tier,
    /// Latest change of any of its records.
    UpdatedAt,
}

/// A release's value for one order; `None` = it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReleaseRank<'a> {
    /// A word.
    Text(&'a str),
    /// A number, or microseconds since 1970.
    Number(i64),
}

/// The releases that pass the filter and that the caller may see, in the order of their keys.
pub fn select_releases(graph: &ReleaseGraph, filter: &ReleaseFilter, scope: &Scope) -> Vec<Index<Release>> {
    let text = filter.text.as_deref().map(str::to_lowercase);
    graph
        .releases
        .iter()
        .filter(|(_, release)| scope.allows(&release.service))
        .filter(|(index, release)| {
            of_service(graph, filter, release)
                && in_time_and_place(filter, release)
                && text.as_deref().is_none_or(|text| mentions(release, text))
                && joined_with(graph, filter, *index)
        })
        .map(|(index, _)| index)
        .collect()
}

fn of_service(graph: &ReleaseGraph, filter: &ReleaseFilter, release: &Release) -> bool {
    if !filter.services.as_ref().is_none_or(|keys| keys.contains(&release.service)) {
        return false;
    }
    if filter.tiers.is_none() && filter.tags.is_none() {
        return true;
    }
    let Some(service) = graph.services.by_id(&release.service) else { return false };
    filter.tiers.as_ref().is_none_or(|tiers| service.tier.is_some_and(|tier| tiers.contains(&tier)))
        && filter.tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| service.tags.contains(tag)))
}

fn in_time_and_place(filter: &ReleaseFilter, release: &Release) -> bool {
    let timed = filter.window_from.is_some() || filter.window_to.is_some();
    let in_time = !timed
        || release.windows.iter().any(|planned| {
            filter.window_from.is_none_or(|from| from < planned.window.end)
                && filter.window_to.is_none_or(|to| planned.window.start < to)
        });
    let at = |keys: &BTreeSet<EnvironmentKey>| {
        let planned = release.windows.iter().map(|planned| &planned.target);
        let seen = release.targets.iter().map(|state| &state.target);
        planned.chain(seen).any(|target| keys.contains(&target.environment))
    };
    in_time
        && filter.statuses.as_ref().is_none_or(|statuses| statuses.contains(&release.status))
        && filter.environments.as_ref().is_none_or(at)
}

fn mentions(release: &Release, lower: &str) -> bool {
    let texts = [Some(release.key.as_str()), release.name.as_deref(), release.description.as_deref()];
    let aliases = release.aliases.iter().map(|alias| &*alias.value);
    texts.into_iter().flatten().chain(aliases).any(|text| text.to_lowercase().contains(lower))
}

fn joined_with(graph: &ReleaseGraph, filter: &ReleaseFilter, index: Index<Release>) -> bool {
    let open = || graph.release_incidents.from(index).any(|found| graph.incidents.get(found.index).state.is_open());
    let on_train = |wanted: &Text| {
        graph
            .release_trains
            .from(index)
            .map(|found| graph.trains.get(found.index))
            .any(|train| train.number.eq_ignore_ascii_case(wanted) || train.name.eq_ignore_ascii_case(wanted))
    };
    let carried = |number: &Text| {
        graph
            .release_changes
            .from(index)
            .any(|found| graph.changes.get(found.index).number.eq_ignore_ascii_case(number))
    };
    filter.has_open_incident.is_none_or(|wanted| open() == wanted)
        && filter.train.as_ref().is_none_or(on_train)
        && filter.change.as_ref().is_none_or(carried)
}

/// By what a release is ranked in one order.
pub fn rank_of(graph: &ReleaseGraph, index: Index<Release>, by: ReleaseOrderBy) -> Option<ReleaseRank<'_>> {
    let release = graph.releases.get(index);
    match by {
        ReleaseOrderBy::Key => Some(ReleaseRank::Text(release.key.as_str())),
        ReleaseOrderBy::WindowStart => {
            let first = release.windows.iter().map(|planned| planned.window.start).min();
            first.map(|start| ReleaseRank::Number(start.as_microsecond()))
        }
        ReleaseOrderBy::Status => Some(ReleaseRank::Number(release.status as i64)),
        ReleaseOrderBy::Tier => {
            let tier = graph.services.by_id(&release.service).and_then(|service| service.tier);
            tier.map(|tier| ReleaseRank::Number(i64::from(tier)))
        }
        ReleaseOrderBy::UpdatedAt => release.updated_at.map(|at| ReleaseRank::Number(at.as_microsecond())),
    }
}

/// The release with exactly this key.
pub fn release_by_key(graph: &ReleaseGraph, key: &str) -> Option<Index<Release>> {
    graph.releases.find(&ReleaseKey::new(key))
}

/// The releases that `service@name` can mean: the one with this key, else those whose version or exact alias is
/// spelled so, under the service's key or any of its other names. More than one is ambiguous.
pub fn find_releases(graph: &ReleaseGraph, key: &str) -> Vec<Index<Release>> {
    if let Some(found) = release_by_key(graph, key) {
        return vec![found];
    }
    let Some((word, spelling)) = key.split_once('@') else { return Vec::new() };
    let named =
        |service: &&domain::Service| service.names().iter().any(|name| name.eq_ignore_ascii_case(word.trim()));
    let services: Vec<_> = graph.services.iter().map(|(_, service)| service).filter(named).collect();
    let releases = graph.releases.iter().filter(|(_, release)| services.iter().any(|s| s.key == release.service));
    let candidates: Vec<_> =
        releases.filter(|(_, release)| is_spelled(release, spelling.trim(), &services)).collect();
    let exact = |release: &Release| {
        release.aliases.iter().any(|alias| alias.exact && alias.value.eq_ignore_ascii_case(spelling.trim()))
    };
    let exact_ones: Vec<_> = candidates.iter().filter(|(_, release)| exact(release)).map(|(at, _)| *at).collect();
    if exact_ones.is_empty() { candidates.into_iter().map(|(at, _)| at).collect() } else { exact_ones }
}

fn is_spelled(release: &Release, spelling: &str, services: &[&domain::Service]) -> bool {
    if release.aliases.iter().any(|alias| alias.value.eq_ignore_ascii_case(spelling)) {
        return true;
    }
    let Some(version) = &release.version else { return false };
    services
        .iter()
        .filter(|service| service.key == release.service)
        .any(|service| Version::parse(spelling, &service.names()).is_some_and(|wanted| wanted == *version))
}
