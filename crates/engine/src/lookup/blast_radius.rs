//! How far trouble with a service reaches: up the CMDB's relations from its items, and up the stated dependencies.
//! Both ways widen together, so that a service reached by one is a start for the other.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ConfigurationItem, ConfigurationItemId, Dependent, Service};

use crate::graph::{Index, ReleaseGraph};

/// What trouble reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// Services, without the one where it starts.
    pub services: BTreeSet<Index<Service>>,
    /// Configuration items, with those of the service itself.
    pub configuration_items: BTreeSet<Index<ConfigurationItem>>,
}

/// What trouble with a service reaches in at most `depth` steps.
pub fn blast_radius(graph: &ReleaseGraph, start: Index<Service>, depth: u32) -> BlastRadius {
    let harms = harmed_by(graph);
    let mut reached = BlastRadius::default();
    let mut seen = BTreeSet::from([start]);
    let mut services = vec![start];
    let mut items: Vec<Index<ConfigurationItem>> = Vec::new();
    for step in 0..=depth {
        for service in services.drain(..) {
            let own = graph.service_configuration_items.from(service).map(|found| found.index);
            items.extend(own.filter(|item| reached.configuration_items.insert(*item)));
        }
        if step == depth {
            break;
        }
        let mut wider = Vec::new();
        for item in items.drain(..) {
            for parent in harms.get(&graph.configuration_items.get(item).id).into_iter().flatten() {
                if reached.configuration_items.insert(*parent) {
                    wider.push(*parent);
                }
            }
        }
        let by_items = wider.iter().flat_map(|item| graph.service_configuration_items.to(*item).map(|s| s.index));
        let by_statement = dependents(graph, &seen);
        services = by_items.chain(by_statement).collect::<BTreeSet<_>>().difference(&seen).copied().collect();
        seen.extend(&services);
        items = wider;
    }
    seen.remove(&start);
    reached.services = seen;
    reached
}

fn harmed_by(graph: &ReleaseGraph) -> BTreeMap<&ConfigurationItemId, Vec<Index<ConfigurationItem>>> {
    let mut harms: BTreeMap<&ConfigurationItemId, Vec<_>> = BTreeMap::new();
    for relation in graph.ci_relations.iter().filter(|relation| relation.kind.child_harms_parent()) {
        if let Some(parent) = graph.configuration_items.find(&relation.parent) {
            harms.entry(&relation.child).or_default().push(parent);
        }
    }
    harms
}

/// Services that depend on one of these.
fn dependents(graph: &ReleaseGraph, on: &BTreeSet<Index<Service>>) -> Vec<Index<Service>> {
    let stated = graph.dependencies.iter().filter_map(|dependency| {
        let to = graph.services.find(&dependency.to)?;
        let from = match &dependency.from {
            Dependent::Service(key) => graph.services.find(key)?,
            Dependent::Release(key) => graph.services.find(&graph.releases.by_id(key)?.service)?,
        };
        on.contains(&to).then_some(from)
    });
    stated.collect()
}
