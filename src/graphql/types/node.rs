//! Everything that has an opaque id, and finding it again by that id.

use std::sync::Arc;

use async_graphql::{ID, Interface};
use domain::{ConnectorId, DecodedNodeId, ReleaseId, decode_node_id};
use engine::graph::ReleaseGraph;

use super::artifact::Artifact;
use super::change::Change;
use super::commit::Commit;
use super::configuration_item::ConfigurationItem;
use super::deployment::Deployment;
use super::environment::Environment;
use super::finding::Finding;
use super::incident::Incident;
use super::person::Team;
use super::problem::{KnownError, Problem};
use super::pull_request::PullRequest;
use super::release::Release;
use super::repository::Repository;
use super::service::Service;
use super::train::Train;
use super::work_item::WorkItem;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// Something with an opaque id by which it can be asked for again.
#[derive(Interface)]
#[graphql(field(name = "id", method = "node_id", ty = "ID", desc = "Opaque id."))]
pub(crate) enum Node {
    Artifact(Artifact),
    Change(Change),
    Commit(Commit),
    ConfigurationItem(ConfigurationItem),
    Deployment(Deployment),
    Environment(Environment),
    Finding(Finding),
    Incident(Incident),
    KnownError(KnownError),
    Problem(Problem),
    PullRequest(PullRequest),
    Release(Release),
    Repository(Repository),
    Service(Service),
    Team(Team),
    Train(Train),
    WorkItem(WorkItem),
}

/// The node with this id, unless the caller may not see it.
pub(crate) fn find(session: &Session, id: &str) -> Option<Node> {
    let decoded = decode_node_id(id)?;
    let graph = &session.graph;
    match decoded.node_type.as_str() {
        "Release" => release(session, graph, &decoded.rest).map(Node::Release),
        "Service" => session.find(graph, &domain::ServiceKey::new(decoded.rest)).map(Node::Service),
        "Environment" => session.find(graph, &domain::EnvironmentKey::new(decoded.rest)).map(Node::Environment),
        "Team" => session.find(graph, &domain::TeamKey::new(decoded.rest)).map(Node::Team),
        "Finding" => session.find(graph, &domain::FindingKey::new(decoded.rest)).map(Node::Finding),
        _ => record(session, &decoded),
    }
}

fn release(session: &Session, graph: &Arc<ReleaseGraph>, id: &str) -> Option<At<domain::Release>> {
    let id = ReleaseId::new(id);
    let (index, _) = graph.releases.iter().find(|(_, release)| release.id == id)?;
    session.place(graph, index)
}

fn record(session: &Session, decoded: &DecodedNodeId) -> Option<Node> {
    let (connector, native) = decoded.rest.split_once(':')?;
    let connector = ConnectorId::new(connector);
    let graph = &session.graph;
    match decoded.node_type.as_str() {
        "Artifact" => session.find(graph, &domain::ArtifactId::new(&connector, native)).map(Node::Artifact),
        "Change" => session.find(graph, &domain::ChangeId::new(&connector, native)).map(Node::Change),
        "Commit" => session.find(graph, &domain::CommitId::new(&connector, native)).map(Node::Commit),
        "ConfigurationItem" => {
            session.find(graph, &domain::ConfigurationItemId::new(&connector, native)).map(Node::ConfigurationItem)
        }
        "Deployment" => session.find(graph, &domain::DeploymentId::new(&connector, native)).map(Node::Deployment),
        "Incident" => session.find(graph, &domain::IncidentId::new(&connector, native)).map(Node::Incident),
        "KnownError" => session.find(graph, &domain::KnownErrorId::new(&connector, native)).map(Node::KnownError),
        "Problem" => session.find(graph, &domain::ProblemId::new(&connector, native)).map(Node::Problem),
        "PullRequest" => {
            session.find(graph, &domain::PullRequestId::new(&connector, native)).map(Node::PullRequest)
        }
        "Repository" => session.find(graph, &domain::RepositoryId::new(&connector, native)).map(Node::Repository),
        "Train" => session.find(graph, &domain::TrainId::new(&connector, native)).map(Node::Train),
        "WorkItem" => session.find(graph, &domain::WorkItemId::new(&connector, native)).map(Node::WorkItem),
        _ => None,
    }
}
