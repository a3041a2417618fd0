//! Deployments: attempts to bring a release to a target.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::RecordKind;
use jiff::Timestamp;

use super::Source;
use super::change::Change;
use super::enums::{DeploymentMethod, DeploymentOutcome, DeploymentReviewState};
use super::environment::Target;
use super::person::Person;
use super::release::Release;
use crate::graphql::connection::connection;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// A deployment.
pub(crate) type Deployment = At<domain::Deployment>;

connection! {
    /// Deployments, in the order of their ids.
    DeploymentConnection of DeploymentEdge to Deployment {}
}

/// One attempt of one release at one target, joined from the systems that saw it.
#[Object(name = "Deployment")]
impl Deployment {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// What was deployed.
    async fn release(&self, ctx: &Context<'_>) -> Result<Option<Release>> {
        Ok(Session::of(ctx)?.find(&self.graph, &self.node().release))
    }

    /// Where.
    async fn target(&self) -> Target {
        Target::new(&self.graph, &self.node().target)
    }

    /// 1 for the first attempt at the target.
    async fn attempt(&self) -> u32 {
        self.node().attempt
    }

    /// How it was done.
    async fn method(&self) -> DeploymentMethod {
        self.node().method.into()
    }

    /// How it ended, as the tool says.
    async fn outcome(&self) -> DeploymentOutcome {
        self.node().outcome.into()
    }

    /// When it started (UTC).
    async fn started_at(&self) -> Option<Timestamp> {
        self.node().started_at
    }

    /// When it finished (UTC); null while it is open.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.node().finished_at
    }

    /// The digest that was deployed.
    async fn digest(&self) -> Option<&str> {
        self.node().digest.as_deref()
    }

    /// Sha of the commit that was deployed.
    async fn commit(&self) -> Option<&str> {
        self.node().commit.as_deref()
    }

    /// Shares of traffic or instances over time, where the tool tells them.
    async fn rollout(&self) -> Vec<RolloutStep> {
        self.node().rollout.iter().map(|step| RolloutStep { percent: step.percent, at: step.at }).collect()
    }

    /// What ran there before.
    async fn replaced(&self, ctx: &Context<'_>) -> Result<Option<Release>> {
        let session = Session::of(ctx)?;
        Ok(self.node().replaced.as_ref().and_then(|key| session.find(&self.graph, key)))
    }

    /// The deployment that this one takes back.
    async fn rollback_of(&self, ctx: &Context<'_>) -> Result<Option<Deployment>> {
        let session = Session::of(ctx)?;
        Ok(self.node().rollback_of.as_ref().and_then(|id| session.find(&self.graph, id)))
    }

    /// Who did it, often a machine.
    async fn actor(&self) -> Option<Person> {
        Person::find(&self.graph, self.node().actor.as_ref()?)
    }

    /// The human who triggered it; null when that could not be resolved.
    async fn triggered_by(&self) -> Option<Person> {
        Person::find(&self.graph, self.node().triggered_by.as_ref()?)
    }

    /// What people decided where the forge held it back until somebody agreed, 20 at most. It adds to an
    /// authorisation and is none. Null while nobody can tell.
    async fn reviews(&self) -> Option<Vec<DeploymentReview>> {
        let told = self.node().reviews.as_ref()?.iter();
        let one = |review: &domain::DeploymentReview| DeploymentReview {
            state: review.state.into(),
            reviewer: review.reviewer.as_ref().and_then(|key| Person::find(&self.graph, key)),
        };
        Some(told.map(one).collect())
    }

    /// The change that it ran under, where one says so.
    async fn change(&self, ctx: &Context<'_>) -> Result<Option<Change>> {
        let session = Session::of(ctx)?;
        Ok(self.node().change.as_ref().and_then(|id| session.find(&self.graph, id)))
    }

    /// The records that it was joined from, the deciding one first.
    async fn sources(&self) -> Vec<Source> {
        self.node()
            .sources
            .iter()
            .map(|source| Source::new(&self.graph, source, &[RecordKind::Deployment]))
            .collect()
    }
}

/// A share of traffic or instances at a moment.
#[derive(SimpleObject)]
pub(crate) struct RolloutStep {
    /// Percent, 0 to 100.
    percent: f64,
    /// Since when (UTC).
    at: Timestamp,
}

/// What a person decided about a deployment.
#[derive(SimpleObject)]
pub(crate) struct DeploymentReview {
    /// The decision.
    state: DeploymentReviewState,
    /// Who decided; null when the account is gone.
    reviewer: Option<Person>,
}
