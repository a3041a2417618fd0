//! What of each system the company has mapped to its services: tells connectors what to read.

use std::collections::BTreeSet;

use connectors::Interest;
use domain::{ConnectorId, Landscape, Records, Text};

/// What the landscape maps in one system.
pub(super) fn interest_in(landscape: &Landscape, connector: &ConnectorId) -> Interest {
    let mut interest = Interest::default();
    for service in &landscape.services {
        let sources = &service.sources;
        for repository in sources.repositories.iter().filter(|source| source.connector == *connector) {
            let patterns = interest.repositories.entry(repository.repository.clone()).or_default();
            patterns.insert(repository.tags.clone());
        }
        let projects = sources.projects.iter().filter(|source| source.connector == *connector);
        interest.projects.extend(projects.map(|source| source.project.clone()));
        let items = sources.configuration_items.iter().filter(|source| source.connector == *connector);
        interest.configuration_items.extend(items.map(|source| source.name.clone()));
        let selectors = sources.monitoring.iter().filter(|source| source.connector == *connector);
        interest.selectors.extend(selectors.map(|source| source.labels.clone()));
    }
    interest
}

/// Configuration items of one system that records of other systems name.
pub(super) fn named_items(records: &Records, connector: &ConnectorId) -> BTreeSet<Text> {
    let of_changes = records.changes.iter().flat_map(|change| &change.configuration_items);
    let offerings = records.changes.iter().filter_map(|change| change.service_offering.as_ref());
    let of_tasks = records.change_tasks.iter().filter_map(|task| task.configuration_item.as_ref());
    let of_incidents = records
        .incidents
        .iter()
        .flat_map(|incident| [&incident.configuration_item, &incident.business_service, &incident.service_offering])
        .flatten();
    of_changes
        .chain(offerings)
        .chain(of_tasks)
        .chain(of_incidents)
        .filter(|id| id.0.connector == *connector)
        .map(|id| id.0.native.clone())
        .collect()
}
