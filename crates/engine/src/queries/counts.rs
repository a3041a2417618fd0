//! Numbers that stand beside a release in a list.

use domain::Release;

use crate::graph::{Index, ReleaseGraph};

/// A suspicion counts as an incident of the release from this probability on.
const LIKELY: f64 = 0.5;

/// How many changes carry the release, over links of any strength.
pub fn change_count(graph: &ReleaseGraph, release: Index<Release>) -> usize {
    graph.release_changes.from(release).len()
}

/// How many open incidents the release caused, or more likely than not caused.
pub fn open_incident_count(graph: &ReleaseGraph, release: Index<Release>) -> usize {
    let likely = graph
        .release_incidents
        .from(release)
        .filter(|related| related.link.supports() || related.link.confidence >= LIKELY);
    likely.filter(|related| graph.incidents.get(related.index).state.is_open()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;
    use domain::IncidentState;

    #[test]
    fn only_open_incidents_count() {
        let world = World::new()
            .service("payments-api", "PAY")
            .change("CHG1", "Deploy payments-api 2.14.0", None)
            .incident("INC1", Some("payments-api"), "2026-06-10T20:06:00Z", Some("CHG1"))
            .incident("INC2", Some("payments-api"), "2026-06-10T20:06:00Z", Some("CHG1"));
        let mut world = world;
        world.records.incidents[1].state = IncidentState::Resolved;
        let graph = world.graph();
        let (release, _) = graph.releases.iter().next().expect("a release");
        assert_eq!((change_count(&graph, release), open_incident_count(&graph, release)), (1, 1));
    }
}
