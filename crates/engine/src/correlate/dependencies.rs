//! Dependencies as configuration, manifests, work items, changes and the CMDB state them, and what they mean between
//! releases that are still to come. What runs already satisfies a constraint; only what is missing makes an edge.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Dependency, DependencyKind, Dependent, EvidenceKind, Link, LinkRule, Release, ReleaseStatus, Service, Text,
    Version, WorkItem, WorkItemLinkKind,
};
use jiff::SignedDuration;
use serde::Deserialize;

use super::evidence::{configured, seen};
use super::walk::Walk;
use crate::graph::{DependencyEdge, Index};

/// The file in which a release says what it needs.
pub(super) const MANIFEST: &str = "release-manifest.toml";

/// Which releases stand at which tags.
pub(super) struct ReleasesAtTags<'g>(BTreeMap<(&'g domain::RepositoryId, &'g Text), BTreeSet<Index<Release>>>);

impl<'g> ReleasesAtTags<'g> {
    pub(super) fn of(walk: &'g Walk) -> Self {
        let mut by_tag: BTreeMap<(&domain::RepositoryId, &Text), BTreeSet<Index<Release>>> = BTreeMap::new();
        for (release, tags) in &walk.told.tags {
            for tag in tags {
                let tag = walk.graph.tags.get(*tag);
                by_tag.entry((&tag.repository, &tag.name)).or_default().insert(*release);
            }
        }
        Self(by_tag)
    }

    /// The only release at a file's tag.
    pub(super) fn only(&self, file: &domain::FileAtTag) -> Option<Index<Release>> {
        self.0.get(&(&file.repository, &file.tag)).and_then(super::services::only)
    }
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    requires: Vec<Requirement>,
}

#[derive(Deserialize)]
struct Requirement {
    service: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    lag: SignedDuration,
    #[serde(default)]
    reason: Option<String>,
}

/// Fills in the dependencies and the edges between releases.
pub(super) fn depend(walk: &mut Walk) {
    let mut found = configured_ones(walk);
    let (stated, doubts) = manifests(walk);
    found.extend(stated);
    found.extend(work_item_links(walk));
    found.extend(parent_changes(walk));
    found.extend(relations(walk));
    found.sort_by(|a, b| order(a).cmp(&order(b)));
    found.dedup_by(|later, first| {
        let same = order(later) == order(first);
        if same {
            first.link.strengthen(later.link.clone());
        }
        same
    });
    walk.graph.dependencies = found;
    walk.graph.doubtful_needs = doubts;
    walk.graph.release_dependencies = edges(walk);
}

type Order<'a> = (
    &'a Dependent,
    &'a domain::ServiceKey,
    &'a Option<domain::ReleaseKey>,
    &'a Option<Text>,
    DependencyKind,
    SignedDuration,
    &'a Text,
);

fn order(dependency: &Dependency) -> Order<'_> {
    let Dependency { from, to, release, constraint, kind, lag, reason, .. } = dependency;
    (from, to, release, constraint, *kind, *lag, reason)
}

fn configured_ones(walk: &Walk) -> Vec<Dependency> {
    let rows = walk.configured.iter().map(|row| Dependency {
        from: Dependent::Service(row.from.clone()),
        to: row.to.clone(),
        release: None,
        constraint: row.constraint.clone(),
        kind: row.kind,
        lag: row.lag,
        reason: row.reason.clone().unwrap_or_else(|| format!("{} needs {}", row.from, row.to).into()),
        link: Link::explicit(
            LinkRule::Configuration,
            configured(format!("The configuration says that {} depends on {}", row.from, row.to)),
        ),
    });
    rows.collect()
}

/// What a release's own repository says that it needs.
fn manifests(walk: &Walk) -> (Vec<Dependency>, BTreeMap<Index<Release>, Vec<Text>>) {
    let at_tags = ReleasesAtTags::of(walk);
    let (mut found, mut doubts) = (Vec::new(), BTreeMap::<Index<Release>, Vec<Text>>::new());
    for file in walk.graph.files.iter().filter(|file| file.path.rsplit('/').next() == Some(MANIFEST)) {
        let Some(release) = at_tags.only(file) else { continue };
        let mut doubt = |what: String| doubts.entry(release).or_default().push(what.into());
        let manifest = match toml::from_str::<Manifest>(&file.content) {
            Ok(manifest) => manifest,
            Err(error) => {
                doubt(format!("{} cannot be read: {}", file.path, error.message()));
                continue;
            }
        };
        let key = &walk.graph.releases.get(release).key;
        for need in manifest.requires {
            let Some(service) = walk.names.service_called(&need.service, None) else {
                doubt(format!("{} requires {}, which is no known service", file.path, need.service));
                continue;
            };
            if need.lag.is_negative() {
                doubt(format!("{} has a lag below zero for {}", file.path, need.service));
            }
            let kind = match need.kind.as_deref().map(str::to_uppercase).as_deref() {
                Some("SOFT") => DependencyKind::Soft,
                Some("ASSUMED") => DependencyKind::Assumed,
                _ => DependencyKind::Hard,
            };
            let to = walk.graph.services.get(service).key.clone();
            let summary =
                format!("{} of {key} requires {to} {}", file.path, need.version.as_deref().unwrap_or("*"));
            found.push(Dependency {
                from: Dependent::Release(key.clone()),
                to,
                release: None,
                constraint: need.version.map(Into::into),
                kind,
                lag: need.lag.max(SignedDuration::ZERO),
                reason: need.reason.unwrap_or_else(|| summary.clone()).into(),
                link: Link::explicit(LinkRule::Manifest, seen(EvidenceKind::Field, summary, &file.source)),
            });
        }
    }
    (found, doubts)
}

/// "Blocks" and "is blocked by" between items of releases of different services. The blocked one depends.
fn work_item_links(walk: &Walk) -> Vec<Dependency> {
    let mut found = Vec::new();
    for (index, item) in walk.graph.work_items.iter() {
        for link in &item.links {
            let Some(other) = walk.graph.work_items.find(&link.other) else { continue };
            let (blocked, blocker) = match link.kind {
                WorkItemLinkKind::IsBlockedBy => (index, other),
                WorkItemLinkKind::Blocks => (other, index),
                _ => continue,
            };
            let kind = if is_soft(walk, &link.label) { DependencyKind::Soft } else { DependencyKind::Hard };
            let (one, two) = (walk.graph.work_items.get(blocked), walk.graph.work_items.get(blocker));
            let reason = format!("{} is blocked by {}", one.key, two.key);
            for from in releases_of(walk, blocked) {
                for to in releases_of(walk, blocker) {
                    let evidence = seen(EvidenceKind::Field, reason.clone(), &item.source);
                    let link = Link::explicit(LinkRule::IssueLink, evidence);
                    found.extend(between(walk, (from, to), kind, (&reason, link)));
                }
            }
        }
    }
    found
}

fn is_soft(walk: &Walk, label: &str) -> bool {
    let label = label.to_lowercase();
    walk.policy.soft_labels.iter().any(|word| label.contains(&*word.to_lowercase()))
}

/// The releases that an item belongs to: by its fix version; without one, by what names it.
fn releases_of(walk: &Walk, item: Index<WorkItem>) -> Vec<Index<Release>> {
    let all: Vec<_> = walk.graph.release_work_items.to(item).filter(|related| related.link.supports()).collect();
    let fixed = all.iter().filter(|related| related.link.rule == LinkRule::FixVersion);
    let fixed: Vec<Index<Release>> = fixed.map(|related| related.index).collect();
    match fixed.is_empty() {
        true => all.iter().map(|related| related.index).collect(),
        false => fixed,
    }
}

/// A dependency of one release on another of a different service.
fn between(
    walk: &Walk,
    (from, to): (Index<Release>, Index<Release>),
    kind: DependencyKind,
    (reason, link): (&str, Link),
) -> Option<Dependency> {
    if walk.service_of(from) == walk.service_of(to) {
        return None;
    }
    let (one, two) = (walk.graph.releases.get(from), walk.graph.releases.get(to));
    Some(Dependency {
        from: Dependent::Release(one.key.clone()),
        to: two.service.clone(),
        release: Some(two.key.clone()),
        constraint: two.version.as_ref().map(|version| Text::from(format!(">={version}"))),
        kind,
        lag: SignedDuration::ZERO,
        reason: reason.into(),
        link,
    })
}

/// A change below another change waits for it.
fn parent_changes(walk: &Walk) -> Vec<Dependency> {
    let mut found = Vec::new();
    for (index, change) in walk.graph.changes.iter() {
        let parent = change.parent.as_ref().and_then(|id| walk.graph.changes.find(&domain::ChangeId(id.clone())));
        let Some(parent) = parent else { continue };
        let reason = format!("{} comes after {}", change.number, walk.graph.changes.get(parent).number);
        let carried = |change| {
            let links = walk.graph.release_changes.to(change).filter(|related| related.link.supports());
            links.map(|related| related.index).collect::<Vec<_>>()
        };
        for from in carried(index) {
            for to in carried(parent) {
                let evidence = seen(EvidenceKind::Field, reason.clone(), &change.source);
                let link = Link::explicit(LinkRule::ParentRecord, evidence);
                found.extend(between(walk, (from, to), DependencyKind::Hard, (&reason, link)));
            }
        }
    }
    found
}

/// Services whose items depend on each other in the CMDB.
fn relations(walk: &Walk) -> Vec<Dependency> {
    let mut found = Vec::new();
    for relation in walk.graph.ci_relations.iter().filter(|relation| relation.kind.child_harms_parent()) {
        let of = |id| walk.mapping.items.get(id).and_then(super::services::only);
        let (Some(from), Some(to)) = (of(&relation.parent), of(&relation.child)) else { continue };
        if from == to {
            continue;
        }
        let (one, two) = (walk.graph.services.get(from), walk.graph.services.get(to));
        let reason = format!("{} is related to {} in the CMDB", one.key, two.key);
        let Some(item) = walk.graph.configuration_items.by_id(&relation.parent) else { continue };
        let evidence = seen(EvidenceKind::Topology, format!("{} ({})", reason, relation.label), &item.source);
        found.push(Dependency {
            from: Dependent::Service(one.key.clone()),
            to: two.key.clone(),
            release: None,
            constraint: None,
            kind: DependencyKind::Soft,
            lag: SignedDuration::ZERO,
            reason: reason.into(),
            link: Link::derived(LinkRule::CmdbRelation, 1.0, evidence),
        });
    }
    found
}

/// Edges between releases that are still to come. A dependency on a service makes an edge to the lowest release to come
/// that meets its constraint, and none when what runs meets it.
fn edges(walk: &Walk) -> Vec<DependencyEdge> {
    let mut coming: BTreeMap<Index<Service>, Vec<Index<Release>>> = BTreeMap::new();
    for (index, release) in walk.graph.releases.iter() {
        if let (true, Some(service)) = (is_coming(release), walk.service_of(index)) {
            coming.entry(service).or_default().push(index);
        }
    }
    let mut edges = BTreeSet::new();
    for (place, dependency) in walk.graph.dependencies.iter().enumerate() {
        let from: Vec<Index<Release>> = match &dependency.from {
            Dependent::Release(key) => walk.graph.releases.find(key).into_iter().collect(),
            Dependent::Service(key) => {
                let service = walk.graph.services.find(key);
                service.and_then(|service| coming.get(&service)).cloned().unwrap_or_default()
            }
        };
        let to = match &dependency.release {
            Some(key) => walk.graph.releases.find(key),
            None => needed(walk, dependency, &coming),
        };
        let Some(to) = to else { continue };
        edges.extend(from.into_iter().filter(|from| *from != to).map(|from| DependencyEdge {
            dependency: place,
            from,
            to,
        }));
    }
    let mut edges: Vec<DependencyEdge> = edges.into_iter().collect();
    edges.sort_by_key(|edge| (edge.from, edge.to, edge.dependency));
    edges
}

fn is_coming(release: &Release) -> bool {
    matches!(
        release.status,
        ReleaseStatus::Planned
            | ReleaseStatus::Built
            | ReleaseStatus::Staged
            | ReleaseStatus::AwaitingApproval
            | ReleaseStatus::Scheduled
            | ReleaseStatus::Rejected
            | ReleaseStatus::Deploying
            | ReleaseStatus::PartiallyDeployed
    )
}

/// The lowest release to come that meets a constraint which nothing that runs meets.
fn needed(
    walk: &Walk,
    dependency: &Dependency,
    coming: &BTreeMap<Index<Service>, Vec<Index<Release>>>,
) -> Option<Index<Release>> {
    let constraint = dependency.constraint.as_deref()?;
    let service = walk.graph.services.find(&dependency.to)?;
    let meets = |index: Index<Release>| {
        let version = walk.graph.releases.get(index).version.as_ref();
        version.is_some_and(|version| satisfies(version, constraint) == Some(true))
    };
    // A version that waits in staging, or runs in one region of two, does not meet it yet.
    let running: Vec<Index<Release>> = walk.runs_in_production(&dependency.to).collect();
    if !running.is_empty() && running.into_iter().all(meets) {
        return None;
    }
    let mut lowest: Option<Index<Release>> = None;
    for index in coming.get(&service).into_iter().flatten() {
        if meets(*index) && lowest.is_none_or(|lowest| walk.newer(Some(lowest), Some(*index))) {
            lowest = Some(*index);
        }
    }
    lowest
}

/// Does a version meet a constraint? `None` when it cannot be told: a version without an order, or a constraint that is
/// neither a SemVer requirement nor the version itself.
pub fn satisfies(version: &Version, constraint: &str) -> Option<bool> {
    let named = constraint.trim().trim_start_matches('=').trim();
    if Version::parse(named, &[]).is_some_and(|other| other == *version) {
        return Some(true);
    }
    let requirement = semver::VersionReq::parse(constraint).ok()?;
    Some(requirement.matches(version.padded.as_ref()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::{World, connector, source};
    use domain::{ConfiguredDependency, ServiceKey};

    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let stated = graph.dependencies.iter().map(|row| {
            let from = match &row.from {
                Dependent::Service(key) => key.to_string(),
                Dependent::Release(key) => key.to_string(),
            };
            format!("{from} -{:?}-> {}{}", row.kind, row.to, row.constraint.as_deref().unwrap_or_default())
        });
        let edges = graph
            .release_dependencies
            .iter()
            .map(|edge| format!("{} => {}", graph.releases.get(edge.from).key, graph.releases.get(edge.to).key));
        let seen: Vec<String> = stated.chain(edges).collect();
        assert_eq!(seen.join("; "), expected);
    }

    fn two() -> World {
        World::new()
            .service("ledger-core", "LED")
            .service("payments-api", "PAY")
            .tracked("1", "LED", "5.3.0")
            .tracked("2", "PAY", "2.14.0")
    }

    fn configured(world: World, constraint: Option<&str>) -> World {
        let mut world = world;
        world.landscape.dependencies.push(ConfiguredDependency {
            from: ServiceKey::new("payments-api"),
            to: ServiceKey::new("ledger-core"),
            kind: DependencyKind::Hard,
            constraint: constraint.map(Into::into),
            lag: SignedDuration::ZERO,
            reason: None,
        });
        world
    }

    #[test]
    fn the_blocked_item_s_release_depends_on_the_blocking_one_s() {
        let world = || two().work_item("1", "LED-1", &["1"]).work_item("2", "PAY-1", &["2"]);
        check(
            world().blocked_by("PAY-1", "LED-1", "is blocked by"),
            "payments-api@2.14.0 -Hard-> ledger-core>=5.3.0; payments-api@2.14.0 => ledger-core@5.3.0",
        );
        check(
            world().blocked_by("PAY-1", "LED-1", "is blocked by (soft)"),
            "payments-api@2.14.0 -Soft-> ledger-core>=5.3.0; payments-api@2.14.0 => ledger-core@5.3.0",
        );
    }

    #[test]
    fn what_runs_meets_a_constraint() {
        check(
            configured(two(), Some(">=5.3.0")),
            "payments-api -Hard-> ledger-core>=5.3.0; payments-api@2.14.0 => ledger-core@5.3.0",
        );
        check(configured(two(), None), "payments-api -Hard-> ledger-core");
        let running = two().tag("bank/ledger-core", "v5.3.1", "c1").seen(
            "ledger-core",
            "5.3.1",
            "production",
            "2026-06-01T00:00:00Z",
            None,
        );
        check(configured(running, Some(">=5.3.0")), "payments-api -Hard-> ledger-core>=5.3.0");
    }

    #[test]
    fn a_relation_in_the_cmdb_is_soft_and_points_from_the_parent_to_the_child() {
        check(two().depends("payments-api", "ledger-core"), "payments-api -Soft-> ledger-core");
    }

    #[test]
    fn a_manifest_at_the_release_s_tag_says_what_it_needs() {
        let mut world = two().tag("bank/payments-api", "v2.14.0", "c1");
        world.records.files.push(domain::FileAtTag {
            repository: domain::RepositoryId::new(&connector("git"), "bank/payments-api"),
            tag: "v2.14.0".into(),
            path: "release-manifest.toml".into(),
            content: "[[requires]]\nservice = \"ledger-core\"\nversion = \">=5.3.0\"\nkind = \"SOFT\"\n".into(),
            source: source("git", "file"),
        });
        check(world, "payments-api@2.14.0 -Soft-> ledger-core>=5.3.0; payments-api@2.14.0 => ledger-core@5.3.0");
    }

    #[test]
    fn a_manifest_that_cannot_be_understood_is_a_doubt_about_its_release() {
        let doubts = |content: &str| {
            let mut world = two().tag("bank/payments-api", "v2.14.0", "c1");
            world.records.files.push(domain::FileAtTag {
                repository: domain::RepositoryId::new(&connector("git"), "bank/payments-api"),
                tag: "v2.14.0".into(),
                path: "release-manifest.toml".into(),
                content: content.into(),
                source: source("git", "file"),
            });
            let graph = world.graph();
            let told: Vec<String> = graph.doubtful_needs.values().flatten().map(ToString::to_string).collect();
            let noted = graph.findings.iter().filter(|(_, one)| one.code == domain::FindingCode::InvalidRecord);
            assert_eq!(noted.count(), told.len());
            told.join("; ")
        };
        let stranger = "release-manifest.toml requires ledgr, which is no known service";
        assert_eq!(doubts("[[requires]]\nservice = \"ledgr\"\n"), stranger);
        assert!(doubts("[[requires]").starts_with("release-manifest.toml cannot be read: "));
        assert!(doubts("[[requires]]\nservice = \"ledger-core\"\nlag = \"soon\"\n").contains("cannot be read"));
        assert_eq!(doubts("[[requires]]\nservice = \"ledger-core\"\nlag = \"PT2H\"\n"), "");
    }

    #[test]
    fn constraints_are_met_by_versions_with_an_order() {
        let meets = |version: &str, constraint: &str| {
            satisfies(&Version::parse(version, &[]).expect("a version"), constraint)
        };
        assert_eq!(meets("5.3.1", ">=5.3.0"), Some(true));
        assert_eq!(meets("5.2.9", ">=5.3.0"), Some(false));
        assert_eq!(meets("2026.3", ">=2026.2"), Some(true));
        assert_eq!(meets("aurora", "aurora"), Some(true));
        assert_eq!(meets("aurora", ">=5.3.0"), None);
        assert_eq!(meets("5.3.0", "whatever"), None);
    }
}
