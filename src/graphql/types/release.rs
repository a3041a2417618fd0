//! Releases: what goes to an environment, under all the names that systems give it.

use async_graphql::{Context, ID, Object, Result};
use domain::{ConnectorId, Family, RecordKind};
use engine::queries::{change_count, open_incident_count, runs_of};
use jiff::Timestamp;

use super::alias::Alias;
use super::artifact::{LinkedArtifactConnection, LinkedArtifactEdge};
use super::blast_radius::BlastRadius;
use super::blocker::{Blocker, Unblocking};
use super::change::{LinkedChangeConnection, LinkedChangeEdge};
use super::commit::{LinkedCommitConnection, LinkedCommitEdge};
use super::dependency::{DependencyConnection, Side, TELLING_DEPENDENCIES};
use super::deployment::{DeploymentConnection, DeploymentEdge};
use super::enums::ReleaseStatus;
use super::environment::Target;
use super::gate::Gate;
use super::incident::{LinkedIncidentConnection, LinkedIncidentEdge, RelatedIncident, related_incidents};
use super::person::Person;
use super::pipeline_run::{PipelineRunConnection, PipelineRunEdge};
use super::plan::{ReleaseWindow, Step, TargetState};
use super::problem::{LinkedKnownErrorConnection, LinkedKnownErrorEdge};
use super::pull_request::{LinkedPullRequestConnection, LinkedPullRequestEdge};
use super::risk::{Classification, Risk};
use super::service::Service;
use super::target::TargetInput;
use super::train::{LinkedTrainConnection, LinkedTrainEdge};
use super::work_item::{LinkedWorkItemConnection, LinkedWorkItemEdge};
use super::{Gap, Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::coverage::{Coverage, NAMING, OF_RELEASE, all_gaps};
use crate::graphql::session::Session;
use crate::graphql::visibility::{At, Entity};

/// A release.
pub(crate) type Release = At<domain::Release>;

connection! {
    /// Releases, in the order that was asked for.
    ReleaseConnection of ReleaseEdge to Release {}
}

connection! {
    /// Releases with the reason why each is joined, in the order of their keys.
    LinkedReleaseConnection of LinkedReleaseEdge to Release {
        /// Why they are joined.
        link: Link,
    }
}

impl Release {
    /// The systems of a family that the service's records stand in.
    fn owners(&self, family: Family) -> Vec<ConnectorId> {
        let service = self.graph.services.by_id(&self.node().service);
        service.map(|service| super::service::systems_of(service, family)).unwrap_or_default()
    }

    /// Does it come without code of ours, as a vendor's package does? Then no commits and pull requests are expected.
    fn is_without_code(&self) -> bool {
        let service = self.graph.services.by_id(&self.node().service);
        service.is_some_and(|service| !service.expects_code())
    }

    /// A list of code: closed where the service has none.
    fn of_code<'a>(&self, ask: Ask<'a>) -> Ask<'a> {
        if self.is_without_code() { ask.closed() } else { ask }
    }
}

/// A release: one version of one service, or a change without code. It exists as soon as one system names it.
#[Object(name = "Release")]
impl Release {
    /// Opaque id, minted once.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// `service@version`; without a version `service@` and a commit, digest or change number.
    async fn key(&self) -> &str {
        self.node().key.as_str()
    }

    /// The version, where one is known.
    async fn version(&self) -> Option<&str> {
        self.node().version.as_ref().map(|version| &*version.written)
    }

    /// A name people use, where a system gives one.
    async fn name(&self) -> Option<&str> {
        self.node().name.as_deref()
    }

    /// What it is about, where a system says so.
    async fn description(&self) -> Option<&str> {
        self.node().description.as_deref()
    }

    /// Every name that a system gives it.
    async fn aliases(&self) -> Vec<Alias> {
        self.node().aliases.iter().map(Alias::from).collect()
    }

    /// Where it stands over its production targets.
    async fn status(&self) -> ReleaseStatus {
        self.node().status.into()
    }

    /// Is the status certain? Not when the deciding system could not be asked, and not when nobody measured its health
    /// while it ran: then its changes' word that all went well stands in.
    async fn certain(&self) -> bool {
        self.node().certain
    }

    /// The states it could be in, where the status is not certain.
    async fn possible_statuses(&self) -> Vec<ReleaseStatus> {
        self.node().possible.iter().map(|status| (*status).into()).collect()
    }

    /// Where it stands at each target.
    async fn targets(&self) -> Vec<TargetState> {
        let state = |state: &domain::TargetState| TargetState {
            target: Target::new(&self.graph, &state.target),
            status: state.status.into(),
            certain: state.certain,
        };
        self.node().targets.iter().map(state).collect()
    }

    /// The service that it is a release of; null when the service is no longer configured.
    async fn service(&self, ctx: &Context<'_>) -> Result<Option<Service>> {
        Ok(Session::of(ctx)?.find(&self.graph, &self.node().service))
    }

    /// Who is responsible for it, where a system says so.
    async fn manager(&self) -> Option<Person> {
        Person::find(&self.graph, self.node().manager.as_ref()?)
    }

    /// Planned windows, by target.
    async fn windows(&self) -> Vec<ReleaseWindow> {
        let window = |planned: &domain::ReleaseWindow| ReleaseWindow {
            target: Target::new(&self.graph, &planned.target),
            start: planned.window.start,
            end: planned.window.end,
        };
        self.node().windows.iter().map(window).collect()
    }

    /// What is done, in order. Most releases install one artifact.
    async fn steps(&self) -> Vec<Step> {
        self.node().steps.iter().map(Step::from).collect()
    }

    /// The newer release of the service that runs in its place.
    async fn superseded_by(&self, ctx: &Context<'_>) -> Result<Option<Release>> {
        let session = Session::of(ctx)?;
        Ok(self.node().superseded_by.as_ref().and_then(|key| session.find(&self.graph, key)))
    }

    /// Latest time that any of its records changed (UTC).
    async fn updated_at(&self) -> Option<Timestamp> {
        self.node().updated_at
    }

    /// How many changes carry it; null while that is not known.
    async fn change_count(&self, ctx: &Context<'_>) -> Result<Option<usize>> {
        let session = Session::of(ctx)?;
        let rows = change_count(&self.graph, self.index);
        let owners = self.owners(Family::Itsm);
        Ok(Coverage::of(session, &self.graph, &[RecordKind::Change], &owners).count(ctx, rows))
    }

    /// How many open incidents it caused, or more likely than not caused; null while that is not known.
    async fn open_incident_count(&self, ctx: &Context<'_>) -> Result<Option<usize>> {
        let session = Session::of(ctx)?;
        let rows = open_incident_count(&self.graph, self.index);
        Ok(Coverage::of(session, &self.graph, &[RecordKind::Incident], &[]).count(ctx, rows))
    }

    /// How likely it fails in production, why, and who looks at it.
    async fn risk(&self, ctx: &Context<'_>) -> Result<Option<Risk>> {
        Risk::of(ctx, self).await
    }

    /// Standard, normal or emergency, by the configured decision table.
    async fn classification(&self, ctx: &Context<'_>) -> Result<Option<Classification>> {
        Classification::of(ctx, self).await
    }

    /// Releases that it needs.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn depends_on(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<DependencyConnection>> {
        let ask = Ask::new("dependsOn", TELLING_DEPENDENCIES, (first, after, last, before));
        self.dependency_page(ctx, ask, Side::Dependent)
    }

    /// Releases that need it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn dependents(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<DependencyConnection>> {
        let ask = Ask::new("dependents", TELLING_DEPENDENCIES, (first, after, last, before));
        self.dependency_page(ctx, ask, Side::Needed)
    }

    /// Changes that carry it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedChangeConnection>> {
        let owners = self.owners(Family::Itsm);
        let ask = Ask::new("changes", &[RecordKind::Change], (first, after, last, before)).owned_by(&owners);
        let sheet = self.linked_page(ctx, ask, self.graph.release_changes.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedChangeEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedChangeConnection::new(sheet, edge)))
    }

    /// Work that it brings.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn work_items(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedWorkItemConnection>> {
        let owners = self.owners(Family::WorkTracking);
        let ask = Ask::new(
            "workItems",
            &[RecordKind::WorkItem, RecordKind::TrackedVersion],
            (first, after, last, before),
        )
        .owned_by(&owners);
        let sheet = self.linked_page(ctx, ask, self.graph.release_work_items.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedWorkItemEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedWorkItemConnection::new(sheet, edge)))
    }

    /// Commits that it brings.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn commits(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedCommitConnection>> {
        let owners = self.owners(Family::Code);
        let ask = Ask::new("commits", &[RecordKind::Commit, RecordKind::Tag], (first, after, last, before));
        let ask = self.of_code(ask.owned_by(&owners));
        let sheet = self.linked_page(ctx, ask, self.graph.release_commits.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedCommitEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedCommitConnection::new(sheet, edge)))
    }

    /// Pull requests that it brings.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn pull_requests(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedPullRequestConnection>> {
        let owners = self.owners(Family::Code);
        let ask =
            Ask::new("pullRequests", &[RecordKind::PullRequest, RecordKind::Commit], (first, after, last, before));
        let ask = self.of_code(ask.owned_by(&owners));
        let sheet = self.linked_page(ctx, ask, self.graph.release_pull_requests.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedPullRequestEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedPullRequestConnection::new(sheet, edge)))
    }

    /// What was built for it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn artifacts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedArtifactConnection>> {
        let owners = self.owners(Family::Code);
        let ask = Ask::new("artifacts", &[RecordKind::Artifact], (first, after, last, before)).owned_by(&owners);
        let sheet = self.linked_page(ctx, ask, self.graph.release_artifacts.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedArtifactEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedArtifactConnection::new(sheet, edge)))
    }

    /// Runs of pipelines on the commit that it was tagged at: workflows, and what else reports there.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn pipeline_runs(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<PipelineRunConnection>> {
        let owners = self.owners(Family::Code);
        let ask =
            Ask::new("pipelineRuns", &[RecordKind::PipelineRun, RecordKind::Tag], (first, after, last, before));
        let ask = self.of_code(ask.owned_by(&owners));
        let sheet = self.node_page(ctx, ask, runs_of(&self.graph, self.node()))?;
        let edge = |cursor, index| PipelineRunEdge { cursor, node: self.beside(index) };
        Ok(sheet.map(|sheet| PipelineRunConnection::new(sheet, edge)))
    }

    /// Incidents that it caused, is suspected of, or answers.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedIncidentConnection>> {
        let ask = Ask::new("incidents", &[RecordKind::Incident], (first, after, last, before));
        let mut rows = related_incidents(
            self.graph.release_incidents.from(self.index),
            self.graph.release_answered_incidents.from(self.index),
        );
        let session = Session::of(ctx)?;
        rows.retain(|(index, ..)| session.sees(&self.graph, *index));
        let order = |(index, ..): &RelatedIncident<'_>| self.graph.incidents.get(*index).order();
        let sheet = self.page(ctx, ask, (rows, order))?;
        let edge = |cursor, (at, relation, link): RelatedIncident<'_>| LinkedIncidentEdge {
            cursor,
            node: self.beside(at),
            relation,
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedIncidentConnection::new(sheet, edge)))
    }

    /// Known errors that concern it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn known_errors(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedKnownErrorConnection>> {
        let ask = Ask::new("knownErrors", &[RecordKind::Problem], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.release_known_errors.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedKnownErrorEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedKnownErrorConnection::new(sheet, edge)))
    }

    /// Trains that it goes on.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn trains(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedTrainConnection>> {
        let ask = Ask::new("trains", &[RecordKind::Train], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.release_trains.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedTrainEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedTrainConnection::new(sheet, edge)))
    }

    /// Attempts to bring it to a target, in the order of their ids.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<DeploymentConnection>> {
        let owners = self.owners(Family::Code);
        let ask =
            Ask::new("deployments", &[RecordKind::Deployment], (first, after, last, before)).owned_by(&owners);
        let own = self.graph.deployments_of(&self.node().key).map(|(index, _)| index);
        let sheet = self.node_page(ctx, ask, own)?;
        let edge = |cursor, index| DeploymentEdge { cursor, node: self.beside(index) };
        Ok(sheet.map(|sheet| DeploymentConnection::new(sheet, edge)))
    }

    /// What trouble with its service reaches, in at most `depth` steps (1 to 5).
    async fn blast_radius(&self, ctx: &Context<'_>, #[graphql(default = 3)] depth: i32) -> Result<BlastRadius> {
        BlastRadius::of(self, Session::of(ctx)?.scope(), depth)
    }

    /// May it go to a target? A preview: pure over the graph as it is; it asks no system, records nothing, binds nobody.
    async fn gate(
        &self,
        ctx: &Context<'_>,
        target: TargetInput,
        #[graphql(desc = "The moment of the deployment; default: now. It moves windows, blackouts and bookings.")]
        at: Option<Timestamp>,
    ) -> Result<Gate> {
        self.gate_at(ctx, &target, at).await
    }

    /// What stands in its way at a target: a preview from the graph as it is, nothing is read or recorded.
    async fn blockers(
        &self,
        ctx: &Context<'_>,
        target: TargetInput,
        #[graphql(desc = "The moment of the deployment; default: now. It moves windows, blackouts and bookings.")]
        at: Option<Timestamp>,
    ) -> Result<Vec<Blocker>> {
        self.blockers_at(ctx, &target, at).await
    }

    /// The smallest set of acts after which nothing stands in its way, and the earliest window that results.
    async fn what_would_unblock(
        &self,
        ctx: &Context<'_>,
        target: TargetInput,
        at: Option<Timestamp>,
    ) -> Result<Unblocking> {
        self.unblocking_at(ctx, &target, at).await
    }

    /// What is missing of the records that this release is made from.
    async fn gaps(&self, ctx: &Context<'_>) -> Result<Vec<Gap>> {
        Ok(Gap::told_once(all_gaps(Session::of(ctx)?, &self.graph, OF_RELEASE)))
    }

    /// The records that name it.
    async fn sources(&self) -> Vec<Source> {
        self.node().sources.iter().map(|source| Source::new(&self.graph, source, NAMING)).collect()
    }
}
