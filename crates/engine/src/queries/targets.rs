//! Where a release goes: its production targets, and wherever else it is planned or was seen.

use std::collections::BTreeSet;

use domain::{Release, Target};

use crate::graph::{Index, ReleaseGraph};

/// The targets of a release, sorted.
pub fn release_targets(graph: &ReleaseGraph, release: Index<Release>) -> Vec<Target> {
    let release = graph.releases.get(release);
    let mut targets: BTreeSet<Target> = release.targets.iter().map(|state| state.target.clone()).collect();
    targets.extend(release.windows.iter().map(|window| window.target.clone()));
    let placed = graph.placements.get(&release.service).into_iter().flatten();
    let placed = placed.filter(|placement| placement.release.as_ref() == Some(&release.key));
    targets.extend(placed.map(|placement| placement.target.clone()));
    targets.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;

    #[test]
    fn a_release_goes_to_production_and_wherever_it_was_seen() {
        let world = World::new()
            .service("payments-api", "PAY")
            .with_service("payments-api", |service| service.regions = vec!["eu".into()])
            .tag("bank/payments-api", "v2.14.0", "c1")
            .seen("payments-api", "2.14.0", "staging", "2026-06-01T00:00:00Z", None);
        let graph = world.graph();
        let (release, _) = graph.releases.iter().next().expect("a release");
        let seen: Vec<String> = release_targets(&graph, release).iter().map(ToString::to_string).collect();
        assert_eq!(seen, ["production/eu", "staging"]);
    }
}
