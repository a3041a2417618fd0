//! Where an issue, commit, digest, change or incident is now: every way from it to a release, link by link.

use domain::{Artifact, Change, Commit, Incident, Link, PullRequest, Release, WorkItem};

use crate::graph::{Index, Related, ReleaseGraph};

/// What is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceStart<'a> {
    /// A work item's key, now or earlier.
    WorkItem(&'a str),
    /// A commit's sha, whole or its first seven digits or more.
    Commit(&'a str),
    /// An artifact's digest.
    Digest(&'a str),
    /// A change's number.
    Change(&'a str),
    /// An incident's number.
    Incident(&'a str),
}

/// A node on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// A release: where every path ends.
    Release(Index<Release>),
}

/// A node, and the link by which the path came to it; none for the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceStep<'g> {
    /// The node.
    pub node: TraceNode,
    /// The link from the node before.
    pub link: Option<&'g Link>,
}

/// From what was asked for to a release.
pub type TracePath<'g> = Vec<TraceStep<'g>>;

/// All paths, shortest first; also the starts that lead nowhere, as paths of one step.
pub fn trace<'g>(graph: &'g ReleaseGraph, start: TraceStart<'_>) -> Vec<TracePath<'g>> {
    let mut paths = Vec::new();
    for node in starts(graph, start) {
        let alone = vec![TraceStep { node, link: None }];
        let found = paths.len();
        walk(graph, &alone, &mut paths);
        if paths.len() == found {
            paths.push(alone);
        }
    }
    paths.sort_by_key(|path| (path.len(), path.iter().map(|step| step.node).collect::<Vec<_>>()));
    paths
}

fn starts(graph: &ReleaseGraph, start: TraceStart<'_>) -> Vec<TraceNode> {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    match start {
        TraceStart::WorkItem(key) => {
            let named = graph.work_items.iter().filter(|(_, item)| {
                same(&item.key, key) || item.former_keys.iter().any(|former| same(former, key))
            });
            named.map(|(index, _)| TraceNode::WorkItem(index)).collect()
        }
        TraceStart::Commit(sha) => {
            let sha = sha.to_ascii_lowercase();
            let means = |whole: &str| whole == sha || (sha.len() >= SHORTEST_SHA && whole.starts_with(&sha));
            let named = graph.commits.iter().filter(|(_, commit)| means(&commit.sha));
            named.map(|(index, _)| TraceNode::Commit(index)).collect()
        }
        TraceStart::Digest(digest) => {
            let named = graph.artifacts.iter().filter(|(_, artifact)| {
                artifact.digest.iter().chain(&artifact.family).any(|own| same(own, digest))
            });
            named.map(|(index, _)| TraceNode::Artifact(index)).collect()
        }
        TraceStart::Change(number) => {
            let named = graph.changes.iter().filter(|(_, change)| same(&change.number, number));
            named.map(|(index, _)| TraceNode::Change(index)).collect()
        }
        TraceStart::Incident(number) => {
            let named = graph.incidents.iter().filter(|(_, incident)| same(&incident.number, number));
            named.map(|(index, _)| TraceNode::Incident(index)).collect()
        }
    }
}

const SHORTEST_SHA: usize = 7;
const LONGEST_PATH: usize = 4;

fn walk<'g>(graph: &'g ReleaseGraph, path: &[TraceStep<'g>], found: &mut Vec<TracePath<'g>>) {
    let Some(last) = path.last() else { return };
    for step in onward(graph, last.node) {
        let longer: TracePath<'g> = path.iter().copied().chain([step]).collect();
        match step.node {
            TraceNode::Release(_) => found.push(longer),
            _ if longer.len() < LONGEST_PATH => walk(graph, &longer, found),
            _ => {}
        }
    }
}

/// The nodes that lie nearer to a release.
fn onward(graph: &ReleaseGraph, node: TraceNode) -> Vec<TraceStep<'_>> {
    match node {
        TraceNode::WorkItem(at) => to_releases(graph.release_work_items.to(at))
            .chain(steps(graph.work_item_commits.from(at), TraceNode::Commit))
            .chain(steps(graph.work_item_pull_requests.from(at), TraceNode::PullRequest))
            .chain(steps(graph.work_item_changes.from(at), TraceNode::Change))
            .collect(),
        TraceNode::Commit(at) => to_releases(graph.release_commits.to(at)).collect(),
        TraceNode::PullRequest(at) => to_releases(graph.release_pull_requests.to(at)).collect(),
        TraceNode::Artifact(at) => to_releases(graph.release_artifacts.to(at)).collect(),
        TraceNode::Change(at) => to_releases(graph.release_changes.to(at)).collect(),
        TraceNode::Incident(at) => to_releases(graph.release_incidents.to(at))
            .chain(steps(graph.change_incidents.to(at), TraceNode::Change))
            .collect(),
        TraceNode::Release(_) => Vec::new(),
    }
}

fn to_releases<'g>(related: impl Iterator<Item = Related<'g, Release>>) -> impl Iterator<Item = TraceStep<'g>> {
    steps(related, TraceNode::Release)
}

fn steps<'g, T: 'g>(
    related: impl Iterator<Item = Related<'g, T>>,
    node: impl Fn(Index<T>) -> TraceNode,
) -> impl Iterator<Item = TraceStep<'g>> {
    related.map(move |found| TraceStep { node: node(found.index), link: Some(found.link) })
}
