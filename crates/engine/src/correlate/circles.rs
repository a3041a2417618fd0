//! Releases that depend on each other in a circle, and which dependencies to drop so that no circle is left.

use std::collections::BTreeMap;

use domain::{Claim, DependencyKind, FindingCode, Release};
use petgraph::algo::{has_path_connecting, tarjan_scc};
use petgraph::graph::{DiGraph, NodeIndex};

use super::findings::Draft;
use super::inspect::about_release;
use super::walk::Walk;
use crate::graph::{DependencyEdge, Index};

/// Which release depends on which, with the strongest of what says so.
type Edges<'w> = BTreeMap<(Index<Release>, Index<Release>), (DependencyKind, &'w DependencyEdge)>;

/// A finding for each set of releases that all depend on each other.
pub(super) fn circles(walk: &Walk) -> Vec<Draft> {
    let mut edges = Edges::new();
    for edge in &walk.graph.release_dependencies {
        let Some(dependency) = walk.graph.dependencies.get(edge.dependency) else { continue };
        let held = edges.entry((edge.from, edge.to)).or_insert((dependency.kind, edge));
        if dependency.kind > held.0 {
            *held = (dependency.kind, edge);
        }
    }
    let graph: DiGraph<(), ()> = DiGraph::from_edges(edges.keys().map(|(from, to)| (from.place(), to.place())));
    let mut group_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (group, nodes) in tarjan_scc(&graph).into_iter().enumerate().filter(|(_, nodes)| nodes.len() > 1) {
        group_of.extend(nodes.into_iter().map(|node| (node.index(), group)));
    }
    let group = |release: &Index<Release>| group_of.get(&(release.place() as usize)).copied();
    let mut circles: BTreeMap<usize, Edges<'_>> = BTreeMap::new();
    for (ends, edge) in edges {
        if let (Some(one), true) = (group(&ends.0), group(&ends.0) == group(&ends.1)) {
            circles.entry(one).or_default().insert(ends, edge);
        }
    }
    let mut drafts: Vec<Draft> = circles.values().filter_map(|edges| told(walk, edges)).collect();
    drafts.sort_by(|a, b| a.part.cmp(&b.part));
    drafts
}

fn told(walk: &Walk, edges: &Edges<'_>) -> Option<Draft> {
    let key = |release: Index<Release>| &walk.graph.releases.get(release).key;
    let mut members: Vec<Index<Release>> = edges.keys().map(|(from, _)| *from).collect();
    members.dedup();
    let keys: Vec<String> = members.iter().map(|release| key(*release).to_string()).collect();
    let dropped = to_drop(edges);
    let remedy = match dropped.as_slice() {
        [] => "all of it is hard: deploy them together, or take one dependency back".to_owned(),
        dropped => {
            let named = dropped.iter().map(|(from, to)| format!("that of {} on {}", key(*from), key(*to)));
            format!("drop what is not hard: {}", named.collect::<Vec<_>>().join(", "))
        }
    };
    let claims = edges.iter().map(|((from, to), (kind, edge))| Claim {
        field: format!("{kind:?}").to_uppercase().into(),
        value: format!("{} -> {}", key(*from), key(*to)).into(),
        used: !dropped.contains(&(*from, *to)),
        source: source_of(walk, edge),
    });
    let detail = format!("{} depend on each other in a circle; {remedy}.", keys.join(", "));
    let claims = claims.collect();
    let part = keys.join(" ");
    Some(Draft { part, claims, ..about_release(walk, *members.first()?, FindingCode::DependencyCycle, detail) })
}

/// The record that says so, where one does.
fn source_of(walk: &Walk, edge: &DependencyEdge) -> Option<domain::ClaimSource> {
    let evidence = walk.graph.dependencies.get(edge.dependency)?.link.evidence.first()?;
    let record = evidence.record.clone()?;
    Some(domain::ClaimSource { record, url: evidence.url.clone(), fetched_at: walk.graph.assembled_at })
}

/// The dependencies that close a circle when the stronger ones are there already. Hard ones are never dropped; when they
/// alone make a circle, dropping others would not help and nothing is named.
fn to_drop(edges: &Edges<'_>) -> Vec<(Index<Release>, Index<Release>)> {
    let mut kept: DiGraph<(), ()> = DiGraph::new();
    let mut places: BTreeMap<Index<Release>, NodeIndex> = BTreeMap::new();
    for (from, to) in edges.keys() {
        for end in [from, to] {
            places.entry(*end).or_insert_with(|| kept.add_node(()));
        }
    }
    let mut by_strength: Vec<_> = edges.iter().map(|(ends, (kind, _))| (*kind, *ends)).collect();
    by_strength.sort_by_key(|(kind, ends)| (std::cmp::Reverse(*kind), *ends));
    let mut dropped = Vec::new();
    for (kind, (from, to)) in by_strength {
        let (Some(one), Some(other)) = (places.get(&from), places.get(&to)) else { continue };
        if has_path_connecting(&kept, *other, *one, None) {
            if kind == DependencyKind::Hard {
                return Vec::new();
            }
            dropped.push((from, to));
        } else {
            kept.add_edge(*one, *other, ());
        }
    }
    dropped.sort_unstable();
    dropped
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;

    fn check(links: &[(&str, &str, &str)], expected: &str) {
        let world = World::new()
            .service("card-gateway", "CARD")
            .service("fraud-engine", "FRD")
            .service("payments-api", "PAY")
            .tracked("1", "CARD", "4.0.0")
            .tracked("2", "FRD", "3.7.0")
            .tracked("3", "PAY", "2.14.0")
            .work_item("1", "CARD-1", &["1"])
            .work_item("2", "FRD-1", &["2"])
            .work_item("3", "PAY-1", &["3"]);
        let linked = |world: World, (one, other, label): &(&str, &str, &str)| world.blocked_by(one, other, label);
        let graph = links.iter().fold(world, linked).graph();
        let seen: Vec<String> = graph
            .findings
            .iter()
            .map(|(_, finding)| {
                let claims = finding.claims.iter().filter(|claim| !claim.used);
                let dropped: Vec<String> = claims.map(|claim| format!("{} {}", claim.field, claim.value)).collect();
                format!("{} drop [{}]", finding.key, dropped.join(", "))
            })
            .collect();
        assert_eq!(seen.join("; "), expected);
    }

    #[test]
    fn a_circle_is_told_once_with_the_soft_edge_to_drop() {
        let circle = "DEPENDENCY_CYCLE:card-gateway@4.0.0:card-gateway@4.0.0 fraud-engine@3.7.0";
        let hard = ("CARD-1", "FRD-1", "is blocked by");
        check(&[hard], "");
        check(&[hard, ("FRD-1", "CARD-1", "is blocked by")], &format!("{circle} drop []"));
        check(
            &[hard, ("FRD-1", "CARD-1", "is blocked by (soft)")],
            &format!("{circle} drop [SOFT fraud-engine@3.7.0 -> card-gateway@4.0.0]"),
        );
    }

    #[test]
    fn of_a_longer_circle_only_what_closes_it_is_dropped() {
        check(
            &[
                ("CARD-1", "FRD-1", "is blocked by"),
                ("FRD-1", "PAY-1", "is blocked by (soft)"),
                ("PAY-1", "CARD-1", "is blocked by"),
            ],
            "DEPENDENCY_CYCLE:card-gateway@4.0.0:card-gateway@4.0.0 fraud-engine@3.7.0 payments-api@2.14.0 \
             drop [SOFT fraud-engine@3.7.0 -> payments-api@2.14.0]",
        );
    }
}
