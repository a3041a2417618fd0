//! The risk of releases that go together: those of a change, of a wave, of a train.

use std::sync::Arc;

use async_graphql::{Context, Result, SimpleObject};
use engine::graph::{Index, ReleaseGraph};

use super::enums::{Escalation, RiskLevel};
use super::release::Release;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// How likely any of several releases fails. Each of them is still routed on its own.
#[derive(SimpleObject)]
pub(crate) struct JointRisk {
    /// Probability that any of them fails, if they fail independently of each other: 1 − Π(1−p).
    probability: f64,
    /// What holds however they depend on each other: from the largest single probability to the sum of all.
    bounds: ProbabilityBounds,
    /// The sum of what each is expected to lose, in the currency of the configuration.
    expected_loss: f64,
    /// The gravest of their levels.
    level: RiskLevel,
    /// The gravest of their escalations.
    escalation: Escalation,
    /// How many releases it is about: those that the caller may see.
    release_count: usize,
    /// The one that is most likely to fail.
    riskiest: Option<Release>,
    /// What would lower it most, at most three.
    remedies: Vec<JointRemedy>,
}

/// Between what a probability lies.
#[derive(SimpleObject)]
struct ProbabilityBounds {
    /// Not below.
    low: f64,
    /// Not above.
    high: f64,
}

/// Something to do about one of several releases.
#[derive(SimpleObject)]
struct JointRemedy {
    /// Which.
    release: Release,
    /// What to do.
    act: String,
    /// The probability that any fails then.
    probability: f64,
}

impl JointRisk {
    /// The risk of these releases, as far as the caller may see them; null of none.
    pub(crate) async fn of(
        ctx: &Context<'_>,
        graph: &Arc<ReleaseGraph>,
        releases: Vec<Index<domain::Release>>,
    ) -> Result<Option<Self>> {
        let session = Session::of(ctx)?;
        let judged = session.risks.of(graph).await?;
        let seen = releases.into_iter().filter(|release| session.sees(graph, *release));
        let Some(joint) = judged.risks.joint(seen) else { return Ok(None) };
        let release = |index| At { graph: graph.clone(), index };
        let remedy = |remedy: &engine::risk::JointRemedy| JointRemedy {
            release: release(remedy.release),
            act: remedy.act.to_string(),
            probability: remedy.probability,
        };
        Ok(Some(Self {
            probability: joint.together.independent,
            bounds: ProbabilityBounds { low: joint.together.low, high: joint.together.high },
            expected_loss: joint.expected_loss,
            level: joint.level.into(),
            escalation: joint.escalation.into(),
            release_count: joint.releases.len(),
            riskiest: joint.releases.first().map(|index| release(*index)),
            remedies: joint.remedies.iter().map(remedy).collect(),
        }))
    }
}
