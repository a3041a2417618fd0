//! What trouble with a release could harm: configuration items above the service's own, and the services that depend
//! on it, over CMDB relations and stated dependencies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{ConfigurationItem, Dependent, Gap, RecordKind, Release, Scope, Service};

use crate::graph::{Index, ReleaseGraph};

/// What could be harmed.
#[derive(Debug, Clone, PartialEq)]
pub struct BlastRadius {
    /// Services that could be harmed and that the caller may see, with their distance; nearest first.
    pub services: Vec<(Index<Service>, u32)>,
    /// Items that could be harmed, the service's own left out.
    pub configuration_items: BTreeSet<Index<ConfigurationItem>>,
    /// What is missing from the answer.
    pub gaps: Vec<Gap>,
}

/// What trouble with a release could harm within `depth` steps.
pub fn blast_radius(graph: &ReleaseGraph, release: Index<Release>, depth: u32, scope: &Scope) -> BlastRadius {
    let mut services: BTreeMap<Index<Service>, u32> = BTreeMap::new();
    let mut items: BTreeSet<Index<ConfigurationItem>> = BTreeSet::new();
    let mut queue = VecDeque::new();
    let own = graph.services.find(&graph.releases.get(release).service);
    if let Some(own) = own {
        services.insert(own, 0);
        queue.push_back((own, 0));
    }
    let dependents = dependents(graph);
    while let Some((service, distance)) = queue.pop_front() {
        let mut next: BTreeMap<Index<Service>, u32> = BTreeMap::new();
        for related in graph.service_configuration_items.from(service) {
            for (item, further) in graph.topology.harmed_by(related.index, depth - distance) {
                items.insert(item);
                for owner in graph.service_configuration_items.to(item) {
                    next.insert(owner.index, distance + further);
                }
            }
        }
        if distance < depth {
            for other in dependents.get(&service).into_iter().flatten() {
                let held = next.entry(*other).or_insert(distance + 1);
                *held = (*held).min(distance + 1);
            }
        }
        for (other, far) in next {
            let nearer = services.get(&other).is_none_or(|held| far < *held);
            if nearer {
                services.insert(other, far);
                queue.push_back((other, far));
            }
        }
    }
    if let Some(own) = own {
        services.remove(&own);
        for related in graph.service_configuration_items.from(own) {
            items.remove(&related.index);
        }
    }
    let mut services: Vec<(Index<Service>, u32)> =
        services.into_iter().filter(|(index, _)| scope.allows(&graph.services.get(*index).key)).collect();
    services.sort_by_key(|(index, distance)| (*distance, *index));
    let needed = [RecordKind::ConfigurationItem, RecordKind::CiRelation];
    let gaps = graph.gaps.iter().filter(|gap| needed.contains(&gap.kind)).cloned().collect();
    BlastRadius { services, configuration_items: items, gaps }
}

/// Services that say that they depend on a service.
fn dependents(graph: &ReleaseGraph) -> BTreeMap<Index<Service>, BTreeSet<Index<Service>>> {
    let mut dependents: BTreeMap<Index<Service>, BTreeSet<Index<Service>>> = BTreeMap::new();
    for dependency in &graph.dependencies {
        let Dependent::Service(from) = &dependency.from else { continue };
        if let (Some(from), Some(to)) = (graph.services.find(from), graph.services.find(&dependency.to)) {
            dependents.entry(to).or_default().insert(from);
        }
    }
    dependents
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;
    use domain::ServiceKey;

    fn check(depth: u32, scope: Scope, expected: &str) {
        let world = World::new()
            .service("ledger-core", "LED")
            .service("payments-api", "PAY")
            .service("customer-portal", "CP")
            .item("db", "ledger-db")
            .depends("ledger-core", "db")
            .depends("payments-api", "ledger-core")
            .depends("customer-portal", "payments-api")
            .tag("bank/ledger-core", "v5.3.0", "c1");
        let graph = world.graph();
        let (release, _) = graph.releases.iter().next().expect("a release");
        let found = blast_radius(&graph, release, depth, &scope);
        let services: Vec<String> = found
            .services
            .iter()
            .map(|(index, distance)| format!("{}:{distance}", graph.services.get(*index).key))
            .collect();
        assert_eq!(format!("{} items {}", services.join(" "), found.configuration_items.len()), expected);
    }

    #[test]
    fn trouble_travels_up_the_dependencies_only_so_far() {
        check(1, Scope::All, "payments-api:1 items 1");
        check(3, Scope::All, "payments-api:1 customer-portal:2 items 2");
        check(0, Scope::All, " items 0");
        let scope = Scope::Services(BTreeSet::from([ServiceKey::new("customer-portal")]));
        check(3, scope, "customer-portal:2 items 2");
    }
}
