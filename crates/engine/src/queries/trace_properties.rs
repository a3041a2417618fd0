//! Tracing from everything that can be asked for, against a join of all edges with all edges: the same releases are
//! reached, as much is unlinked, and what runs somewhere leads back to the same things.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ReleaseKey, ServiceKey, Target};
use proptest::prelude::*;

use super::*;
use crate::correlate::properties::{fact, world_of};
use crate::graph::Relation;

type Edge = (TraceNode, TraceNode);

/// All edges that a path may take, as one list.
fn edges(graph: &ReleaseGraph) -> Vec<Edge> {
    fn of<A, B>(
        relation: &Relation<A, B>,
        from: impl Fn(Index<A>) -> TraceNode,
        to: impl Fn(Index<B>) -> TraceNode,
        keep: impl Fn(&Link) -> bool,
    ) -> Vec<Edge> {
        let kept = relation.iter().filter(|(.., link)| keep(link));
        kept.map(|(a, b, _)| (from(a), to(b))).collect()
    }
    let any = |_: &Link| true;
    let fixed = |link: &Link| link.rule == LinkRule::FixVersion;
    let turned = |edges: Vec<Edge>| edges.into_iter().map(|(a, b)| (b, a)).collect::<Vec<_>>();
    use TraceNode as N;
    [
        turned(of(&graph.release_work_items, N::Release, N::WorkItem, fixed)),
        of(&graph.work_item_commits, N::WorkItem, N::Commit, any),
        of(&graph.work_item_pull_requests, N::WorkItem, N::PullRequest, any),
        of(&graph.work_item_changes, N::WorkItem, N::Change, any),
        turned(of(&graph.release_commits, N::Release, N::Commit, any)),
        turned(of(&graph.release_pull_requests, N::Release, N::PullRequest, any)),
        turned(of(&graph.release_changes, N::Release, N::Change, any)),
        turned(of(&graph.release_incidents, N::Release, N::Incident, any)),
        turned(of(&graph.change_incidents, N::Change, N::Incident, any)),
        turned(of(&graph.change_answered_incidents, N::Change, N::Incident, any)),
    ]
    .concat()
}

/// What leads to each release, found by going back from it until nothing is added.
fn back(edges: &[Edge], release: Index<Release>) -> BTreeSet<TraceNode> {
    let mut found = BTreeSet::from([TraceNode::Release(release)]);
    loop {
        let more = edges.iter().filter(|(_, to)| found.contains(to)).map(|(from, _)| *from);
        let all: BTreeSet<TraceNode> = more.chain(found.iter().copied()).collect();
        if all.len() == found.len() {
            return found;
        }
        found = all;
    }
}

fn every_question(graph: &ReleaseGraph) -> Vec<(TraceNode, TraceOf)> {
    let mut all = Vec::new();
    all.extend(
        graph.work_items.iter().map(|(at, row)| (TraceNode::WorkItem(at), TraceOf::WorkItem(row.key.clone()))),
    );
    all.extend(graph.commits.iter().map(|(at, row)| (TraceNode::Commit(at), TraceOf::Commit(row.sha.clone()))));
    all.extend(graph.changes.iter().map(|(at, row)| (TraceNode::Change(at), TraceOf::Change(row.number.clone()))));
    let incidents = graph.incidents.iter();
    all.extend(incidents.map(|(at, row)| (TraceNode::Incident(at), TraceOf::Incident(row.number.clone()))));
    all
}

/// Where the releases run, or later ones of their services, looked up in the list of all that runs.
fn running(graph: &ReleaseGraph, reached: &BTreeSet<ReleaseKey>) -> BTreeSet<(ServiceKey, Target)> {
    let holds = |running: &ReleaseKey| {
        reached.iter().any(|other| {
            let (one, two) = (graph.releases.by_id(running), graph.releases.by_id(other));
            let (one, two) = (one.expect("it runs"), two.expect("it was reached"));
            let order = one.version.as_ref().zip(two.version.as_ref()).and_then(|(one, two)| one.compare(two));
            one.service == two.service && (one.key == two.key || order == Some(std::cmp::Ordering::Greater))
        })
    };
    let all = graph.placements.iter().flat_map(|(service, rows)| rows.iter().map(move |row| (service, row)));
    let kept = all.filter(|(_, row)| row.release.as_ref().is_some_and(holds));
    kept.map(|(service, row)| (service.clone(), row.target.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_trace_finds_what_a_join_of_everything_finds(facts in proptest::collection::vec(fact(), 0..40)) {
        let graph = world_of(&facts).graph();
        let edges = edges(&graph);
        let mut joined: BTreeMap<TraceNode, BTreeSet<ReleaseKey>> = BTreeMap::new();
        for (release, row) in graph.releases.iter() {
            for node in back(&edges, release) {
                joined.entry(node).or_default().insert(row.key.clone());
            }
        }
        let questions = every_question(&graph);
        let (mut unlinked, mut unjoined) = (0, 0);
        for (node, of) in questions {
            let answer = trace(&graph, &of, &Scope::All);
            prop_assert_eq!(&answer.found, &vec![node]);
            let ends = answer.paths.iter().map(|path| path.steps.last().map(|step| step.node));
            let reached: BTreeSet<ReleaseKey> = ends
                .filter_map(|end| match end {
                    Some(TraceNode::Release(index)) => Some(graph.releases.get(index).key.clone()),
                    _ => None,
                })
                .collect();
            let expected = joined.get(&node).cloned().unwrap_or_default();
            prop_assert_eq!(&reached, &expected, "{:?}", of);
            unlinked += usize::from(answer.paths.is_empty());
            unjoined += usize::from(expected.is_empty());
            for path in &answer.paths {
                let steps = path.steps.windows(2).map(|pair| (pair[0].node, pair[1].node));
                prop_assert!(steps.into_iter().all(|step| edges.contains(&step)), "a path takes edges that exist");
            }
            let placed: BTreeSet<_> =
                answer.placements.iter().map(|row| (service_of(&graph, row), row.target.clone())).collect();
            prop_assert_eq!(placed, running(&graph, &expected), "{:?}", of);
        }
        prop_assert_eq!(unlinked, unjoined);
    }
}

fn service_of(graph: &ReleaseGraph, row: &Placement) -> ServiceKey {
    let release = row.release.as_ref().and_then(|key| graph.releases.by_id(key));
    release.expect("only what is named is reached").service.clone()
}
