//! Where a work item, commit, digest, change or incident is now, and by which path of links.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AliasScheme, Artifact, Change, Commit, Gap, Incident, Link, LinkRule, Placement, PullRequest, RecordKind,
    Release, Scope, Text, WorkItem,
};

use crate::graph::{Index, ReleaseGraph};

/// At most so many paths are told; more say nothing new.
const PATHS: usize = 1_000;

/// What to trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceOf {
    /// A work item by its key, in any case, also a former one.
    WorkItem(Text),
    /// A commit by its sha, or at least seven digits of it.
    Commit(Text),
    /// An artifact's digest.
    Digest(Text),
    /// A change by its number.
    Change(Text),
    /// An incident by its number.
    Incident(Text),
}

/// A node on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceNode {
    /// A work item.
    WorkItem(Index<WorkItem>),
    /// A commit.
    Commit(Index<Commit>),
    /// A pull request.
    PullRequest(Index<PullRequest>),
    /// An artifact.
    Artifact(Index<Artifact>),
    /// A change.
    Change(Index<Change>),
    /// An incident.
    Incident(Index<Incident>),
    /// A release.
    Release(Index<Release>),
}

/// One step: over a link to a node.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceStep {
    /// Over which link; `None` where the path begins.
    pub link: Option<Link>,
    /// To which node.
    pub node: TraceNode,
}

/// A path from what was asked for to a release.
#[derive(Debug, Clone, PartialEq)]
pub struct TracePath {
    /// The steps; the first is what was asked for.
    pub steps: Vec<TraceStep>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Is nothing missing that could show more?
    pub complete: bool,
    /// What was asked for; empty when the graph does not know it.
    pub found: Vec<TraceNode>,
    /// Where it runs now: the releases that were reached, and later ones of their services.
    pub placements: Vec<Placement>,
    /// By which paths, shortest first.
    pub paths: Vec<TracePath>,
    /// What is missing.
    pub gaps: Vec<Gap>,
}

/// Kinds of records that could hold more of a path.
const KINDS: [RecordKind; 9] = [
    RecordKind::WorkItem,
    RecordKind::TrackedVersion,
    RecordKind::Tag,
    RecordKind::Commit,
    RecordKind::PullRequest,
    RecordKind::Artifact,
    RecordKind::Change,
    RecordKind::Deployment,
    RecordKind::RuntimeObservation,
];

/// Traces something to the releases that hold it and to where these run, as far as the caller may see.
pub fn trace(graph: &ReleaseGraph, of: &TraceOf, scope: &Scope) -> Trace {
    let found = starts(graph, of);
    let mut paths = Vec::new();
    for start in &found {
        follow(graph, vec![TraceStep { link: None, node: *start }], &mut paths);
    }
    paths.retain(|path| match path.steps.last().map(|step| step.node) {
        Some(TraceNode::Release(index)) => scope.allows(&graph.releases.get(index).service),
        _ => false,
    });
    paths.sort_by_key(|path| (path.steps.len(), path.steps.iter().map(|step| step.node).collect::<Vec<_>>()));
    paths.truncate(PATHS);
    let reached: BTreeSet<Index<Release>> = paths
        .iter()
        .filter_map(|path| match path.steps.last()?.node {
            TraceNode::Release(index) => Some(index),
            _ => None,
        })
        .collect();
    let gaps: Vec<Gap> = graph.gaps.iter().filter(|gap| KINDS.contains(&gap.kind)).cloned().collect();
    let placements = placements(graph, of, &reached, scope);
    // Whether something exists at all is told only to those who may see where it leads.
    let found = if paths.is_empty() && *scope != Scope::All { Vec::new() } else { found };
    Trace { complete: gaps.is_empty(), found, placements, paths, gaps }
}

fn starts(graph: &ReleaseGraph, of: &TraceOf) -> Vec<TraceNode> {
    match of {
        TraceOf::WorkItem(key) => {
            let is = |other: &Text| other.eq_ignore_ascii_case(key);
            let all = graph.work_items.iter();
            let now: Vec<TraceNode> =
                all.filter(|(_, item)| is(&item.key)).map(|(index, _)| TraceNode::WorkItem(index)).collect();
            if !now.is_empty() {
                return now;
            }
            let all = graph.work_items.iter().filter(|(_, item)| item.former_keys.iter().any(is));
            all.map(|(index, _)| TraceNode::WorkItem(index)).collect()
        }
        TraceOf::Commit(sha) => {
            let sha = sha.to_lowercase();
            let is = |commit: &Commit| *commit.sha == *sha || (sha.len() >= 7 && commit.sha.starts_with(&sha));
            let all = graph.commits.iter().filter(|(_, commit)| is(commit));
            all.map(|(index, _)| TraceNode::Commit(index)).collect()
        }
        TraceOf::Digest(digest) => {
            let artifacts = graph.artifacts.iter().filter(|(_, artifact)| {
                artifact.digest.as_ref() == Some(digest) || artifact.family.contains(digest)
            });
            let mut found: Vec<TraceNode> = artifacts.map(|(index, _)| TraceNode::Artifact(index)).collect();
            let named = graph.releases.iter().filter(|(_, release)| {
                release.aliases.iter().any(|alias| alias.scheme == AliasScheme::Digest && alias.value == *digest)
            });
            found.extend(named.map(|(index, _)| TraceNode::Release(index)));
            found
        }
        TraceOf::Change(number) => {
            let all = graph.changes.iter().filter(|(_, change)| change.number.eq_ignore_ascii_case(number));
            all.map(|(index, _)| TraceNode::Change(index)).collect()
        }
        TraceOf::Incident(number) => {
            let all = graph.incidents.iter().filter(|(_, incident)| incident.number.eq_ignore_ascii_case(number));
            all.map(|(index, _)| TraceNode::Incident(index)).collect()
        }
    }
}

/// Follows the links of the last node until a release is reached.
fn follow(graph: &ReleaseGraph, steps: Vec<TraceStep>, paths: &mut Vec<TracePath>) {
    let Some(last) = steps.last() else { return };
    if paths.len() >= PATHS {
        return;
    }
    if matches!(last.node, TraceNode::Release(_)) {
        paths.push(TracePath { steps });
        return;
    }
    for (node, link) in next(graph, last.node) {
        let mut longer = steps.clone();
        longer.push(TraceStep { link: Some(link), node });
        follow(graph, longer, paths);
    }
}

/// The nodes nearer to a release. Each kind of node only leads to kinds further on, so no path turns back.
fn next(graph: &ReleaseGraph, node: TraceNode) -> BTreeMap<TraceNode, Link> {
    let mut found: BTreeMap<TraceNode, Link> = BTreeMap::new();
    match node {
        TraceNode::WorkItem(item) => {
            let fixed = graph.release_work_items.to(item);
            found.extend(
                fixed
                    .filter(|related| related.link.rule == LinkRule::FixVersion)
                    .map(|related| (TraceNode::Release(related.index), related.link.clone())),
            );
            let commits = graph.work_item_commits.from(item);
            found.extend(commits.map(|related| (TraceNode::Commit(related.index), related.link.clone())));
            let requests = graph.work_item_pull_requests.from(item);
            found.extend(requests.map(|related| (TraceNode::PullRequest(related.index), related.link.clone())));
            let changes = graph.work_item_changes.from(item);
            found.extend(changes.map(|related| (TraceNode::Change(related.index), related.link.clone())));
        }
        TraceNode::Commit(commit) => {
            let releases = graph.release_commits.to(commit);
            found.extend(releases.map(|related| (TraceNode::Release(related.index), related.link.clone())));
        }
        TraceNode::PullRequest(request) => {
            let releases = graph.release_pull_requests.to(request);
            found.extend(releases.map(|related| (TraceNode::Release(related.index), related.link.clone())));
        }
        TraceNode::Artifact(artifact) => {
            let releases = graph.release_artifacts.to(artifact);
            found.extend(releases.map(|related| (TraceNode::Release(related.index), related.link.clone())));
        }
        TraceNode::Incident(incident) => {
            let releases = graph.release_incidents.to(incident);
            found.extend(releases.map(|related| (TraceNode::Release(related.index), related.link.clone())));
            for relation in [&graph.change_incidents, &graph.change_answered_incidents] {
                let changes = relation.to(incident);
                found.extend(changes.map(|related| (TraceNode::Change(related.index), related.link.clone())));
            }
        }
        TraceNode::Change(change) => {
            let releases = graph.release_changes.to(change);
            found.extend(releases.map(|related| (TraceNode::Release(related.index), related.link.clone())));
        }
        TraceNode::Release(_) => {}
    }
    found
}

/// Where the reached releases run, or later ones of their services. A digest is only where that digest runs.
fn placements(
    graph: &ReleaseGraph,
    of: &TraceOf,
    reached: &BTreeSet<Index<Release>>,
    scope: &Scope,
) -> Vec<Placement> {
    let mut found = Vec::new();
    for (service, placements) in &graph.placements {
        if !scope.allows(service) {
            continue;
        }
        for placement in placements {
            let holds = match of {
                TraceOf::Digest(digest) => placement.digest.as_ref() == Some(digest),
                _ => placement
                    .release
                    .as_ref()
                    .and_then(|key| graph.releases.find(key))
                    .is_some_and(|running| reached.iter().any(|index| includes(graph, running, *index))),
            };
            if holds {
                found.push(placement.clone());
            }
        }
    }
    found
}

/// Is it the same release, or a later one of the service?
fn includes(graph: &ReleaseGraph, running: Index<Release>, reached: Index<Release>) -> bool {
    let (one, other) = (graph.releases.get(running), graph.releases.get(reached));
    running == reached
        || (one.service == other.service
            && one.version.as_ref().zip(other.version.as_ref()).and_then(|(one, other)| one.compare(other))
                == Some(std::cmp::Ordering::Greater))
}

#[cfg(test)]
#[path = "trace_properties.rs"]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;
    use domain::ServiceKey;

    const REPO: &str = "bank/payments-api";

    fn check(of: TraceOf, scope: &Scope, expected: &str) {
        let world = World::new()
            .service("payments-api", "PAY")
            .tag(REPO, "v2.13.0", "c1")
            .tag(REPO, "v2.14.0", "abcdef0123")
            .tracked("10", "PAY", "2.13.0")
            .work_item("1", "PAY-7", &["10"])
            .formerly("PAY-7", "CORE-9")
            .commit(REPO, "abcdef0123", "PAY-7: the rest")
            .range(REPO, Some("v2.13.0"), "v2.14.0", &["abcdef0123"])
            .change("CHG1", "Deploy payments-api 2.13.0", None)
            .incident("INC1", Some("payments-api"), "2026-06-10T20:06:00Z", Some("CHG1"))
            .seen("payments-api", "2.14.0", "production", "2026-06-01T00:00:00Z", None)
            .digest("sha256:a");
        let graph = world.graph();
        let answer = trace(&graph, &of, scope);
        let rules = |path: &TracePath| {
            let steps = path.steps.iter().filter_map(|step| step.link.as_ref());
            steps.map(|link| format!("{:?}", link.rule)).collect::<Vec<_>>().join(">")
        };
        let paths: Vec<String> = answer.paths.iter().map(rules).collect();
        let placed: Vec<String> = answer.placements.iter().map(|row| row.target.to_string()).collect();
        assert_eq!(format!("{} in {}", paths.join("; "), placed.join(" ")), expected, "{of:?}");
    }

    #[test]
    fn things_are_traced_to_where_they_run() {
        let all = Scope::All;
        check(TraceOf::WorkItem("core-9".into()), &all, "FixVersion; KeyInCommit>CommitRange in production");
        check(TraceOf::Commit("ABCDEF0".into()), &all, "CommitRange in production");
        check(TraceOf::Commit("abc".into()), &all, " in ");
        check(TraceOf::Digest("sha256:a".into()), &all, " in production");
        check(TraceOf::Digest("sha256:b".into()), &all, " in ");
        check(TraceOf::Change("chg1".into()), &all, "VersionInText in production");
        check(TraceOf::Incident("INC1".into()), &all, "Field; Field>VersionInText in production");
    }

    #[test]
    fn nothing_is_traced_for_a_caller_who_may_not_see_it() {
        let other = Scope::Services(BTreeSet::from([ServiceKey::new("ledger-core")]));
        check(TraceOf::WorkItem("PAY-7".into()), &other, " in ");
    }
}
