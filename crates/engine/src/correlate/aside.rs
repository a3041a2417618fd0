//! Records that a graph's horizon does not reach, as a small graph of their own: they, whom and what they name, and what
//! names them. What only the whole can tell (releases, suspicions, findings) is left out and missing.

use std::collections::BTreeSet;

use domain::{
    AccountId, ConfigurationItemId, Gap, GapCode, GroupId, Landscape, RecordKind, Records, RepositoryId, Service,
};

use super::{ConnectedSystem, CorrelateInput, CorrelationPolicy, Darkness, changes, incidents, prepare};
use crate::graph::{Node, ReleaseGraph, Table};

/// The records beside a graph. What of the graph they are told by and hidden by is copied; all that they may be related
/// to besides is a gap.
pub fn aside(
    graph: &ReleaseGraph,
    mut records: Records,
    (connectors, policy): (Vec<ConnectedSystem>, CorrelationPolicy),
) -> ReleaseGraph {
    add_what_names_them(graph, &mut records);
    let mut items = rows_of(&graph.configuration_items, named_items(&records));
    items.append(&mut records.configuration_items);
    records.configuration_items = items;
    let (accounts, groups) = named_people(&records);
    records.accounts.extend(rows_of(&graph.accounts, accounts));
    records.groups.extend(rows_of(&graph.groups, groups));
    records.repositories.extend(rows_of(&graph.repositories, named_repositories(&records)));
    let landscape = Landscape {
        services: services_of(graph, &records),
        environments: graph.environments.iter().map(|(_, row)| row.clone()).collect(),
        teams: graph.teams.iter().map(|(_, row)| row.clone()).collect(),
        ..Landscape::default()
    };
    let mut walk = prepare(CorrelateInput {
        records,
        landscape,
        gaps: RecordKind::ALL.into_iter().map(beyond).chain(graph.gaps.iter().cloned()).collect(),
        darkness: Darkness::default(),
        connectors,
        policy,
        horizon_start: None,
        version: graph.version,
        now: graph.assembled_at,
    });
    changes::link_items(&mut walk);
    incidents::link_stated(&mut walk);
    walk.graph
}

/// The accounts and groups that records name.
pub fn named_people(records: &Records) -> (BTreeSet<AccountId>, BTreeSet<GroupId>) {
    let of_changes = records.changes.iter().flat_map(|row| [&row.requested_by, &row.opened_by, &row.assigned_to]);
    let of_incidents = records.incidents.iter().map(|row| &row.assigned_to);
    let of_work = records.work_items.iter().flat_map(|row| [&row.assignee, &row.reporter]);
    let of_items = records.configuration_items.iter().map(|row| &row.owner);
    let of_requests = records.pull_requests.iter().flat_map(|row| [&row.author, &row.merged_by]);
    let reviewers = records.pull_requests.iter().flat_map(|row| &row.reviews).map(|review| &review.author);
    let accounts =
        of_changes.chain(of_incidents).chain(of_work).chain(of_items).chain(of_requests).chain(reviewers);
    let groups_of_changes = records.changes.iter().map(|row| &row.assignment_group);
    let groups_of_incidents = records.incidents.iter().map(|row| &row.assignment_group);
    let groups_of_items = records.configuration_items.iter().map(|row| &row.support_group);
    let groups = groups_of_changes.chain(groups_of_incidents).chain(groups_of_items);
    (accounts.flatten().cloned().collect(), groups.flatten().cloned().collect())
}

/// Incidents of the graph that the records caused, mend or explain: who sees one of those may see the record.
fn add_what_names_them(graph: &ReleaseGraph, records: &mut Records) {
    let problems: BTreeSet<_> = records.problems.iter().map(|row| &row.id).collect();
    let changes: BTreeSet<_> = records.changes.iter().map(|row| &row.id).collect();
    let own: BTreeSet<_> = records.incidents.iter().map(|row| &row.id).collect();
    let names = |incident: &domain::Incident| {
        incident.problem.as_ref().is_some_and(|id| problems.contains(id))
            || [&incident.caused_by, &incident.fixed_by].into_iter().flatten().any(|id| changes.contains(id))
    };
    let mut naming: Vec<_> = Vec::new();
    if !(problems.is_empty() && changes.is_empty()) {
        let incidents = graph.incidents.iter().map(|(_, incident)| incident);
        naming.extend(incidents.filter(|row| names(row) && !own.contains(&row.id)).cloned());
    }
    records.incidents.extend(naming);
}

fn named_items(records: &Records) -> BTreeSet<ConfigurationItemId> {
    let of_changes = records.changes.iter().flat_map(|row| {
        row.configuration_items.iter().chain(&row.main_configuration_item).chain(&row.service_offering)
    });
    let of_incidents = records
        .incidents
        .iter()
        .flat_map(|row| row.configuration_item.iter().chain(&row.business_service).chain(&row.service_offering));
    let of_problems = records.problems.iter().filter_map(|row| row.configuration_item.as_ref());
    of_changes.chain(of_incidents).chain(of_problems).cloned().collect()
}

fn named_repositories(records: &Records) -> BTreeSet<RepositoryId> {
    records.pull_requests.iter().map(|row| row.repository.clone()).collect()
}

/// The services that the records are about: a caller may see a record for one of these.
fn services_of(graph: &ReleaseGraph, records: &Records) -> Vec<Service> {
    let known = records.configuration_items.iter().filter_map(|row| graph.configuration_items.find(&row.id));
    let mut services: BTreeSet<_> =
        known.flat_map(|item| graph.service_configuration_items.to(item)).map(|related| related.index).collect();
    let items: BTreeSet<_> = records
        .configuration_items
        .iter()
        .flat_map(|row| [(&row.id.0.connector, &row.name), (&row.id.0.connector, &row.id.0.native)])
        .collect();
    let projects: BTreeSet<_> = records.work_items.iter().map(|row| (&row.id.0.connector, &row.project)).collect();
    let repositories: BTreeSet<_> = records
        .repositories
        .iter()
        .flat_map(|row| row.former_names.iter().chain([&row.name]).map(|name| (&row.id.0.connector, name)))
        .collect();
    for (index, service) in graph.services.iter() {
        let sources = &service.sources;
        let is_about = sources.configuration_items.iter().any(|at| items.contains(&(&at.connector, &at.name)))
            || sources.projects.iter().any(|at| projects.contains(&(&at.connector, &at.project)))
            || sources.repositories.iter().any(|at| repositories.contains(&(&at.connector, &at.repository)));
        if is_about {
            services.insert(index);
        }
    }
    services.into_iter().map(|index| graph.services.get(index).clone()).collect()
}

fn rows_of<T: Node + Clone>(table: &Table<T>, ids: BTreeSet<T::Id>) -> Vec<T> {
    ids.iter().filter_map(|id| table.by_id(id)).cloned().collect()
}

/// No system is named: each has told what it was asked for.
fn beyond(kind: RecordKind) -> Gap {
    Gap {
        code: GapCode::SourceIncomplete,
        connector: None,
        kind,
        message: "The record is older than what is held, so what belongs to it is not known in full.".into(),
        since: None,
        retryable: false,
    }
}

#[cfg(test)]
mod tests {
    use domain::{ChangeId, ProblemId};

    use super::*;
    use crate::correlate::world::{World, connector};

    #[test]
    fn a_record_beside_the_graph_keeps_what_the_graph_knows_of_it_and_claims_no_more() {
        let world = World::new().service("card-gateway", "CARD").incident(
            "INC1",
            Some("card-gateway"),
            "2026-06-10T20:06:00Z",
            Some("CHG1"),
        );
        let old = World::new().change("CHG1", "Deploy card-gateway 3.9.2", None).about("CHG1", "card-gateway");
        let graph = world.graph();
        let beside = aside(&graph, old.records, (Vec::new(), CorrelationPolicy::default()));
        let change = beside.changes.find(&ChangeId::new(&connector("servicenow"), "CHG1")).expect("it is there");
        let services: Vec<_> =
            beside.change_services.from(change).map(|row| beside.services.get(row.index)).collect();
        assert_eq!(services.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["card-gateway"]);
        let caused: Vec<_> =
            beside.change_incidents.from(change).map(|row| beside.incidents.get(row.index)).collect();
        assert_eq!(caused.iter().map(|row| &*row.number).collect::<Vec<_>>(), ["INC1"]);
        assert!(beside.releases.is_empty() && beside.findings.is_empty());
        assert!(beside.gaps.iter().any(|gap| gap.kind == RecordKind::Approval), "{:?}", beside.gaps);
        assert!(beside.problems.find(&ProblemId::new(&connector("servicenow"), "PRB1")).is_none());
    }
}
