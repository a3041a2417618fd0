//! Who is suspected of an incident, how much, and how much of the blame belongs to nobody known.

use domain::{Change, Incident, Link, LinkOrigin, Release};

use crate::graph::{Index, ReleaseGraph};

/// A suspect: a release, or a change that carries none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuspectNode {
    /// A release.
    Release(Index<Release>),
    /// A change without a release.
    Change(Index<Change>),
}

/// A suspect with the link that explains the suspicion; its confidence is the posterior.
#[derive(Debug, Clone)]
pub struct Suspect<'a> {
    /// Who.
    pub node: SuspectNode,
    /// Why, and how much.
    pub link: &'a Link,
}

/// All suspects of an incident.
#[derive(Debug, Clone)]
pub struct IncidentSuspects<'a> {
    /// Likeliest first.
    pub suspects: Vec<Suspect<'a>>,
    /// The probability that it was none of them; 0 where the record itself names the cause.
    pub unattributed: f64,
}

/// The suspects of an incident, likeliest first.
pub fn incident_suspects(graph: &ReleaseGraph, incident: Index<Incident>) -> IncidentSuspects<'_> {
    let releases = graph.release_incidents.to(incident);
    let mut suspects: Vec<Suspect<'_>> =
        releases.map(|related| Suspect { node: SuspectNode::Release(related.index), link: related.link }).collect();
    for related in graph.change_incidents.to(incident) {
        let carried = graph.release_changes.to(related.index).any(|release| {
            release.link.supports() && graph.release_incidents.between(release.index, incident).is_some()
        });
        if !carried {
            suspects.push(Suspect { node: SuspectNode::Change(related.index), link: related.link });
        }
    }
    suspects.sort_by(|a, b| b.link.confidence.total_cmp(&a.link.confidence).then_with(|| a.node.cmp(&b.node)));
    let said = suspects.iter().any(|suspect| suspect.link.origin == LinkOrigin::Explicit);
    let sum: f64 = suspects.iter().map(|suspect| suspect.link.confidence).sum();
    IncidentSuspects { suspects, unattributed: if said { 0.0 } else { (1.0 - sum).clamp(0.0, 1.0) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;

    #[test]
    fn posteriors_and_the_rest_add_up_to_one() {
        let repository = "bank/card-gateway";
        let world = World::new()
            .service("card-gateway", "CARD")
            .item("fw", "fw-dmz-01")
            .depends("card-gateway", "fw")
            .tag(repository, "v3.9.2", "c1")
            .deployed(repository, "v3.9.2", "production", "2026-06-10T18:00:00Z", "success")
            .change("CHG1", "Tighten egress rules", None)
            .about("CHG1", "fw")
            .worked("CHG1", "2026-06-10T19:00:00Z", "2026-06-10T20:06:00Z")
            .change("CHG2", "Deploy card-gateway 3.9.2", None)
            .incident("INC1", Some("card-gateway"), "2026-06-10T20:06:00Z", None);
        let graph = world.graph();
        let (incident, _) = graph.incidents.iter().next().expect("an incident");
        let found = incident_suspects(&graph, incident);
        let nodes: Vec<bool> =
            found.suspects.iter().map(|suspect| matches!(suspect.node, SuspectNode::Release(_))).collect();
        assert_eq!(nodes, [true, false], "the release's own change is not told twice");
        let sum: f64 = found.suspects.iter().map(|suspect| suspect.link.confidence).sum();
        assert!((sum + found.unattributed - 1.0).abs() < 1e-9 && found.unattributed > 0.2);
    }
}
