//! Everything that has an opaque id, and finding it again by that id.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface};
use domain::{DecodedNodeId, RecordId, RecordKind, ReleaseId, decode_node_id};
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
use super::pipeline_run::PipelineRun;
use super::problem::{KnownError, Problem};
use super::pull_request::PullRequest;
use super::release::Release;
use super::repository::Repository;
use super::service::Service;
use super::train::Train;
use super::work_item::WorkItem;
use crate::graphql::session::Session;
use crate::graphql::visibility::{AsRecord, At, Entity};

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
    PipelineRun(PipelineRun),
    Problem(Problem),
    PullRequest(PullRequest),
    Release(Release),
    Repository(Repository),
    Service(Service),
    Team(Team),
    Train(Train),
    WorkItem(WorkItem),
}

/// The node with this id, unless the caller may not see it. A record that is not held is read now.
pub(crate) async fn find(ctx: &Context<'_>, session: &Session, id: &str) -> Option<Node> {
    let decoded = decode_node_id(id)?;
    let graph = &session.graph;
    match decoded.node_type.as_str() {
        "Release" => release(session, graph, &decoded.rest).map(Node::Release),
        "Service" => session.find(graph, &domain::ServiceKey::new(decoded.rest)).map(Node::Service),
        "Environment" => session.find(graph, &domain::EnvironmentKey::new(decoded.rest)).map(Node::Environment),
        "Team" => session.find(graph, &domain::TeamKey::new(decoded.rest)).map(Node::Team),
        "Finding" => session.find(graph, &domain::FindingKey::new(decoded.rest)).map(Node::Finding),
        _ => record(ctx, session, &decoded).await,
    }
}

fn release(session: &Session, graph: &Arc<ReleaseGraph>, id: &str) -> Option<At<domain::Release>> {
    let id = ReleaseId::new(id);
    let (index, _) = graph.releases.iter().find(|(_, release)| release.id == id)?;
    session.place(graph, index)
}

async fn record(ctx: &Context<'_>, session: &Session, decoded: &DecodedNodeId) -> Option<Node> {
    use domain::{ChangeId, ConfigurationItemId, IncidentId, ProblemId, PullRequestId, WorkItemId};
    let id = decoded.record()?;
    let graph = &session.graph;
    match decoded.node_type.as_str() {
        "Change" => session.refer(ctx, graph, Some(&ChangeId(id))).await.map(Node::Change),
        "ConfigurationItem" => {
            session.refer(ctx, graph, Some(&ConfigurationItemId(id))).await.map(Node::ConfigurationItem)
        }
        "Incident" => session.refer(ctx, graph, Some(&IncidentId(id))).await.map(Node::Incident),
        "Problem" => session.refer(ctx, graph, Some(&ProblemId(id))).await.map(Node::Problem),
        "PullRequest" => session.refer(ctx, graph, Some(&PullRequestId(id))).await.map(Node::PullRequest),
        "WorkItem" => session.refer(ctx, graph, Some(&WorkItemId(id))).await.map(Node::WorkItem),
        _ => held_alone(ctx, session, (&decoded.node_type, id)),
    }
}

/// Records of kinds that no system gives by their ids.
fn held_alone(ctx: &Context<'_>, session: &Session, (kind, id): (&str, RecordId)) -> Option<Node> {
    match kind {
        "Artifact" => held(ctx, session, &domain::ArtifactId(id), RecordKind::Artifact).map(Node::Artifact),
        "Commit" => held(ctx, session, &domain::CommitId(id), RecordKind::Commit).map(Node::Commit),
        "Deployment" => held(ctx, session, &domain::DeploymentId(id), RecordKind::Deployment).map(Node::Deployment),
        "KnownError" => held(ctx, session, &domain::KnownErrorId(id), RecordKind::Problem).map(Node::KnownError),
        "PipelineRun" => {
            held(ctx, session, &domain::PipelineRunId(id), RecordKind::PipelineRun).map(Node::PipelineRun)
        }
        "Repository" => held(ctx, session, &domain::RepositoryId(id), RecordKind::Repository).map(Node::Repository),
        "Train" => held(ctx, session, &domain::TrainId(id), RecordKind::Train).map(Node::Train),
        _ => None,
    }
}

fn held<T: Entity>(ctx: &Context<'_>, session: &Session, id: &T::Id, kind: RecordKind) -> Option<At<T>>
where
    T::Id: AsRecord,
{
    if T::table(&session.graph).find(id).is_none() {
        session.tell_unread(ctx, kind, &id.as_record().connector);
    }
    session.find(&session.graph, id)
}
