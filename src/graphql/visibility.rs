//! Nodes as places in one graph, and who may see them. What a caller may not see is as if it did not exist: in lists,
//! counts, look-ups by id, and through edges. The rule of each kind of node stands here and nowhere else.

use std::sync::Arc;

use async_graphql::ID;
use domain::{
    Approval, Artifact, Change, Commit, ConfigurationItem, Deployment, Environment, Finding, Incident, KnownError,
    NodeKey, PipelineRun, Problem, PullRequest, RecordId, RecordKind, Release, Repository, RepositoryId, Scope,
    Service, Team, Train, WorkItem,
};
use engine::graph::{Index, Node, ReleaseGraph, Table};

use super::paging::OrderKey;

/// A node: its place in one graph.
pub(crate) struct At<T: 'static> {
    /// The graph.
    pub(crate) graph: Arc<ReleaseGraph>,
    /// The place.
    pub(crate) index: Index<T>,
}

impl<T: Entity> At<T> {
    /// What stands there.
    pub(crate) fn node(&self) -> &T {
        T::table(&self.graph).get(self.index)
    }

    /// The same graph, another place.
    pub(crate) fn beside<U: Entity>(&self, index: Index<U>) -> At<U> {
        At { graph: self.graph.clone(), index }
    }

    /// Its opaque id.
    pub(crate) fn id(&self) -> ID {
        ID(self.node().node_id())
    }
}

/// A node of the graph that clients can meet.
pub(crate) trait Entity: Node + Sized + Send + Sync + 'static {
    /// Its table.
    fn table(graph: &ReleaseGraph) -> &Table<Self>;
    /// Its opaque id.
    fn node_id(&self) -> String;
    /// Its place in the order of its table.
    fn order(&self) -> Vec<OrderKey>;
    /// May a caller with a limited scope see it?
    fn within(graph: &ReleaseGraph, index: Index<Self>, scope: &Scope) -> bool;
}

/// A node that is one record of one system, and can be read by its id although the graph does not hold it.
pub(crate) trait Recorded: Entity {
    /// The kind of record.
    const KIND: RecordKind;
    /// The record.
    fn record(id: &Self::Id) -> &RecordId;
}

macro_rules! recorded {
    ($($node:ident)*) => {$(
        impl Recorded for $node {
            const KIND: RecordKind = RecordKind::$node;
            fn record(id: &Self::Id) -> &RecordId {
                &id.0
            }
        }
    )*};
}

recorded! { Change Incident Problem WorkItem PullRequest ConfigurationItem }

/// May the caller see this node?
pub(crate) fn is_visible<T: Entity>(graph: &ReleaseGraph, index: Index<T>, scope: &Scope) -> bool {
    matches!(scope, Scope::All) || T::within(graph, index, scope)
}

macro_rules! entities {
    ($($node:ident in $table:ident by $id:ident as $order:ident: $within:expr;)*) => {$(
        impl Entity for $node {
            fn table(graph: &ReleaseGraph) -> &Table<Self> {
                &graph.$table
            }
            fn node_id(&self) -> String {
                self.$id.node_id()
            }
            fn order(&self) -> Vec<OrderKey> {
                $order(self.node_key())
            }
            fn within(graph: &ReleaseGraph, index: Index<Self>, scope: &Scope) -> bool {
                let within: fn(&Seen<'_>, Index<Self>, &Self) -> bool = $within;
                within(&Seen { graph, scope }, index, graph.$table.get(index))
            }
        }
    )*};
}

entities! {
    Release in releases by id as word: |seen, _, release| seen.scope.allows(&release.service);
    Service in services by key as word: |seen, _, service| seen.scope.allows(&service.key);
    Environment in environments by key as word: |_, _, _| true;
    Team in teams by key as word: |_, _, _| true;
    Change in changes by id as record: |seen, at, _| seen.change(at);
    Approval in approvals by id as record: |seen, _, approval| {
        seen.graph.changes.find(&approval.change).is_some_and(|change| seen.change(change))
    };
    Incident in incidents by id as record: |seen, at, incident| seen.incident(at, incident);
    Problem in problems by id as record: |seen, at, problem| seen.problem(at, problem);
    KnownError in known_errors by id as record: |seen, at, error| {
        let of_problem = seen.graph.problems.find(&error.problem);
        seen.any(seen.graph.release_known_errors.to(at))
            || of_problem.is_some_and(|problem| seen.problem(problem, seen.graph.problems.get(problem)))
    };
    WorkItem in work_items by id as record: |seen, at, item| {
        seen.any(seen.graph.release_work_items.to(at)) || seen.project(item)
    };
    Repository in repositories by id as record: |seen, _, repository| seen.repository(&repository.id);
    PullRequest in pull_requests by id as record: |seen, at, request| {
        let releases = seen.graph.release_pull_requests.to(at);
        if releases.len() > 0 { seen.any(releases) } else { seen.repository(&request.repository) }
    };
    Commit in commits by id as record: |seen, at, commit| {
        let releases = seen.graph.release_commits.to(at);
        if releases.len() > 0 { seen.any(releases) } else { seen.repository(&commit.repository) }
    };
    Artifact in artifacts by id as record: |seen, at, artifact| {
        let releases = seen.graph.release_artifacts.to(at);
        let of_repository = || artifact.repository.as_ref().is_some_and(|id| seen.repository(id));
        if releases.len() > 0 { seen.any(releases) } else { of_repository() }
    };
    PipelineRun in pipeline_runs by id as record: |seen, _, run| seen.repository(&run.repository);
    Deployment in deployments by id as record: |seen, _, deployment| {
        seen.graph.releases.by_id(&deployment.release).is_some_and(|release| seen.scope.allows(&release.service))
    };
    ConfigurationItem in configuration_items by id as record: |seen, at, item| seen.item(at) || seen.offering(item);
    Train in trains by id as record: |seen, at, _| seen.any(seen.graph.release_trains.to(at));
    Finding in findings by key as word: |seen, _, finding| {
        finding.service.as_ref().is_some_and(|service| seen.scope.allows(service))
    };
}

fn word(key: &(impl NodeKey + ?Sized)) -> Vec<OrderKey> {
    vec![OrderKey::Text(key.rest())]
}

fn record(id: &impl AsRecord) -> Vec<OrderKey> {
    let RecordId { connector, native } = id.as_record();
    vec![OrderKey::Text(connector.as_str().to_owned()), OrderKey::Text(native.to_string())]
}

/// An id that is a record's.
pub(crate) trait AsRecord {
    /// The record.
    fn as_record(&self) -> &RecordId;
}

macro_rules! records {
    ($($id:ident)*) => {$(
        impl AsRecord for domain::$id {
            fn as_record(&self) -> &RecordId {
                &self.0
            }
        }
    )*};
}

records! {
    ChangeId ApprovalId IncidentId ProblemId KnownErrorId WorkItemId RepositoryId PullRequestId CommitId ArtifactId
    DeploymentId ConfigurationItemId TrainId PipelineRunId
}

/// A graph as a caller with a limited scope sees it.
struct Seen<'g> {
    graph: &'g ReleaseGraph,
    scope: &'g Scope,
}

impl Seen<'_> {
    /// Is any of these releases of a visible service?
    fn any<'g>(&self, mut releases: impl Iterator<Item = engine::Related<'g, Release>>) -> bool {
        releases.any(|found| self.scope.allows(&self.graph.releases.get(found.index).service))
    }

    fn any_service<'g>(&self, mut services: impl Iterator<Item = engine::Related<'g, Service>>) -> bool {
        services.any(|found| self.scope.allows(&self.graph.services.get(found.index).key))
    }

    fn change(&self, at: Index<Change>) -> bool {
        self.any_service(self.graph.change_services.from(at)) || self.any(self.graph.release_changes.to(at))
    }

    fn item(&self, at: Index<ConfigurationItem>) -> bool {
        let services = self.graph.service_configuration_items.to(at);
        if services.len() > 0 {
            return self.any_service(services);
        }
        self.graph.change_configuration_items.to(at).any(|found| self.change(found.index))
    }

    /// Does a visible change or incident name it as the offering that it touches?
    fn offering(&self, item: &ConfigurationItem) -> bool {
        let names = |offering: &Option<domain::ConfigurationItemId>| offering.as_ref() == Some(&item.id);
        &*item.class == "service_offering"
            && (self.graph.changes.iter().any(|(at, change)| names(&change.service_offering) && self.change(at))
                || self
                    .graph
                    .incidents
                    .iter()
                    .any(|(at, incident)| names(&incident.service_offering) && self.incident(at, incident)))
    }

    fn incident(&self, at: Index<Incident>, incident: &Incident) -> bool {
        let items = [&incident.configuration_item, &incident.business_service];
        let stands_for = |id: &domain::ConfigurationItemId| {
            let item = self.graph.configuration_items.find(id);
            item.is_some_and(|item| self.any_service(self.graph.service_configuration_items.to(item)))
        };
        items.into_iter().flatten().any(stands_for)
            || self.any(self.graph.release_incidents.to(at))
            || self.any(self.graph.release_answered_incidents.to(at))
            || self.graph.change_incidents.to(at).any(|found| self.change(found.index))
    }

    fn problem(&self, at: Index<Problem>, problem: &Problem) -> bool {
        let item = problem.configuration_item.as_ref().and_then(|id| self.graph.configuration_items.find(id));
        item.is_some_and(|item| self.any_service(self.graph.service_configuration_items.to(item)))
            || self
                .graph
                .incident_problems
                .to(at)
                .any(|found| self.incident(found.index, self.graph.incidents.get(found.index)))
    }

    fn services(&self) -> impl Iterator<Item = &Service> {
        let all = self.graph.services.iter().map(|(_, service)| service);
        all.filter(|service| self.scope.allows(&service.key))
    }

    fn project(&self, item: &WorkItem) -> bool {
        self.services().flat_map(|service| &service.sources.projects).any(|project| {
            project.connector == item.id.0.connector
                && project.project == item.project
                && project.component.as_ref().is_none_or(|component| item.components.contains(component))
        })
    }

    fn repository(&self, id: &RepositoryId) -> bool {
        let Some(repository) = self.graph.repositories.by_id(id) else { return false };
        self.services().flat_map(|service| &service.sources.repositories).any(|source| {
            source.connector == id.0.connector
                && (source.repository == repository.name || repository.former_names.contains(&source.repository))
        })
    }
}
