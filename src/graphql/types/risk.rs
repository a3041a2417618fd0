//! Risk of releases, the model behind it, and the class that follows.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use engine::risk::{self, Evaluation, RiskPolicy};
use jiff::Timestamp;

use super::enums::{ChangeType, CheckOutcome, Escalation, RiskLevel};
use super::moment::Window;
use super::release::Release;
use crate::config::RiskSetup;
use crate::graphql::session::Session;

/// How likely a release fails in production, and why. A score routes a change; it never approves one.
pub(crate) struct Risk {
    risk: risk::Risk,
    setup: Arc<RiskSetup>,
}

impl Risk {
    /// The risk of a release, as known at its start in production, or now.
    pub(crate) async fn of(ctx: &Context<'_>, release: &Release) -> Result<Option<Self>> {
        let desk = &Session::of(ctx)?.risks;
        let judged = desk.of(&release.graph).await?;
        let risk = judged.risks.get(release.index);
        Ok(risk.map(|risk| Self { risk: risk.clone(), setup: judged.setup.clone() }))
    }
}

/// How likely a release fails in production, and why. A score routes a change; it never approves one.
#[Object]
impl Risk {
    /// 0 to 100: the probability in percent.
    async fn score(&self) -> f64 {
        self.risk.points()
    }

    /// Probability that it fails: is rolled back, or causes an incident within 72 hours.
    async fn probability(&self) -> f64 {
        self.risk.record.result.score.probability
    }

    /// 90 % interval of the probability.
    async fn interval(&self) -> Interval {
        let score = &self.risk.record.result.score;
        Interval { low: score.low, high: score.high }
    }

    /// Which review pays.
    async fn level(&self) -> RiskLevel {
        self.risk.record.result.level.into()
    }

    /// Who looks at it.
    async fn escalation(&self) -> Escalation {
        self.risk.record.result.escalation.into()
    }

    /// Why it goes there, in one sentence with the numbers that decide.
    async fn escalation_reason(&self) -> String {
        self.risk.why_escalated()
    }

    /// Probability times what a failure of its service costs, in the currency of the configuration.
    async fn expected_loss(&self) -> f64 {
        self.risk.record.result.expected_loss
    }

    /// The moment whose knowledge it rests on: its start in production, or the graph's.
    async fn decided_at(&self) -> Timestamp {
        self.risk.record.inputs.snapshot.decided_at()
    }

    /// Log-odds that contributions start from; with all contributions they sum to the log-odds of the probability.
    async fn base_log_odds(&self) -> f64 {
        self.risk.record.result.score.base_log_odds
    }

    /// What it rests on, largest contributions first.
    async fn factors(&self) -> Vec<Factor> {
        let readings = &self.risk.record.inputs.snapshot;
        let factor = |part: &risk::Contribution| Factor {
            name: part.name.to_string(),
            value: part.value,
            contribution: part.log_odds,
            explanation: self.risk.explanation(part),
            record: readings.get(&part.name).and_then(|reading| reading.record.as_ref()).map(ToString::to_string),
            known_from: readings.get(&part.name).and_then(|reading| reading.known_from),
        };
        self.risk.factors().into_iter().map(factor).collect()
    }

    /// What would lower it most, at most three.
    async fn remedies(&self) -> Vec<Remedy> {
        let remedy =
            |(act, probability): &(domain::Text, f64)| Remedy { act: act.to_string(), probability: *probability };
        self.risk.remedies.iter().map(remedy).collect()
    }

    /// The model that says so.
    async fn model(&self) -> RiskModel {
        RiskModel(self.setup.clone())
    }
}

/// A probability's 90 % interval.
#[derive(SimpleObject)]
pub(crate) struct Interval {
    /// 5 % bound.
    low: f64,
    /// 95 % bound.
    high: f64,
}

/// One factor of a risk.
#[derive(SimpleObject)]
#[graphql(name = "RiskFactor")]
pub(crate) struct Factor {
    /// Its name.
    name: String,
    /// Its value; null when it is not known, which is never replaced by an average.
    value: Option<f64>,
    /// What it adds to the log-odds.
    contribution: f64,
    /// The same in plain words.
    explanation: String,
    /// The record that its value rests on, the newest of several.
    record: Option<String>,
    /// Since when the value was known.
    known_from: Option<Timestamp>,
}

/// Something that would lower a risk.
#[derive(SimpleObject)]
pub(crate) struct Remedy {
    /// What to do.
    act: String,
    /// The probability then.
    probability: f64,
}

/// What predicts, what it has learnt from, and how good it was on changes that it had not seen.
pub(crate) struct RiskModel(pub(crate) Arc<RiskSetup>);

/// What predicts, what it has learnt from, and how good it was on changes that it had not seen.
#[Object]
impl RiskModel {
    /// Hash of its content; `prior-…` is the documented scorecard of a company without a trained model.
    async fn version(&self) -> &str {
        &self.0.model.version
    }

    /// The newest decision that it has learnt from; null for the prior.
    async fn trained_at(&self) -> Option<Timestamp> {
        self.0.model.trained_at
    }

    /// First and last decision that it has learnt from; null for the prior.
    async fn window(&self) -> Option<Window> {
        self.0.model.window.map(Into::into)
    }

    /// Changes with a known outcome that it has learnt from; 0 for the prior.
    async fn samples(&self) -> u64 {
        self.0.model.samples
    }

    /// Of these, failed.
    async fn positives(&self) -> u64 {
        self.0.model.positives
    }

    /// Share that failed; the prior's is assumed.
    async fn base_rate(&self) -> f64 {
        self.0.model.base_rate
    }

    /// How good it was, always trained on what came before; null for the prior.
    async fn evaluation(&self) -> Option<RiskEvaluation> {
        self.0.model.evaluation.as_ref().map(RiskEvaluation::from)
    }

    /// Its factors, strongest first.
    async fn factors(&self) -> Vec<WeightedFactor> {
        let factor = |(name, weight): (domain::Text, f64)| WeightedFactor {
            description: risk::spec(&name).map(|spec| spec.description.to_owned()),
            name: name.to_string(),
            weight,
        };
        self.0.model.weights().into_iter().map(factor).collect()
    }

    /// From which probability on which review pays, for tiers 0 to 4.
    async fn thresholds(&self) -> Vec<RiskThreshold> {
        (0..5).flat_map(|tier| thresholds_of(&self.0.policy, tier)).collect()
    }
}

fn thresholds_of(policy: &RiskPolicy, tier: u8) -> [RiskThreshold; 4] {
    let [peer, board, executive] = policy.thresholds(Some(tier));
    [
        (RiskLevel::Low, 0.0, Escalation::PreApproved),
        (RiskLevel::Medium, peer, Escalation::PeerReview),
        (RiskLevel::High, board, Escalation::Cab),
        (RiskLevel::Critical, executive, Escalation::Executive),
    ]
    .map(|(level, minimum, escalation)| RiskThreshold { tier: i32::from(tier), level, minimum, escalation })
}

/// A factor of the model.
#[derive(SimpleObject)]
#[graphql(name = "RiskModelFactor")]
pub(crate) struct WeightedFactor {
    /// Its name.
    name: String,
    /// Weight in log-odds: per standard deviation of what was learnt from, of the prior per unit.
    weight: f64,
    /// What it is; null for a feature of the company's own history.
    description: Option<String>,
}

/// From which probability on a review pays: its cost over the share of failures it prevents times what a failure costs.
#[derive(SimpleObject)]
pub(crate) struct RiskThreshold {
    /// Tier of the service.
    tier: i32,
    /// The level that begins there.
    level: RiskLevel,
    /// The probability.
    minimum: f64,
    /// Who looks at it. PRE_APPROVED also needs a live template and the interval's upper bound below the next level.
    escalation: Escalation,
}

/// How good a model was on changes that it had not seen.
#[derive(SimpleObject)]
pub(crate) struct RiskEvaluation {
    /// Changes scored.
    samples: u64,
    /// Of these, failed.
    positives: u64,
    /// Area under the ROC curve with its 95 % interval; null when only one outcome occurred.
    auc: Option<Estimate>,
    /// Brier score.
    brier: f64,
    /// Brier score of the mean of the most recent fifth.
    brier_of_recent_constant: f64,
    /// Brier score of empirical Bayes alone.
    brier_of_empirical_bayes: f64,
    /// Log-loss in nats.
    log_loss: f64,
    /// Expected calibration error over ten bins of equal mass.
    calibration_error: f64,
    /// Share of failures among the riskiest changes.
    capture: Vec<Capture>,
    /// Blocks scored, each by a model trained before it.
    folds: u64,
}

impl From<&Evaluation> for RiskEvaluation {
    fn from(found: &Evaluation) -> Self {
        Self {
            samples: found.samples,
            positives: found.positives,
            auc: found.auc.map(|auc| Estimate { value: auc.value, low: auc.low, high: auc.high }),
            brier: found.brier,
            brier_of_recent_constant: found.brier_of_recent_constant,
            brier_of_empirical_bayes: found.brier_of_empirical_bayes,
            log_loss: found.log_loss,
            calibration_error: found.calibration_error,
            capture: found.capture.iter().map(|(top, share)| Capture { top: *top, share: *share }).collect(),
            folds: found.folds,
        }
    }
}

/// A value with its 95 % interval.
#[derive(SimpleObject)]
pub(crate) struct Estimate {
    /// The estimate.
    value: f64,
    /// Lower bound.
    low: f64,
    /// Upper bound.
    high: f64,
}

/// Share of failures among the riskiest changes.
#[derive(SimpleObject)]
pub(crate) struct Capture {
    /// Share of changes looked at, 0 to 1.
    top: f64,
    /// Share of failures among them.
    share: f64,
}

/// The class of a release by the configured decision table.
#[derive(SimpleObject)]
pub(crate) struct Classification {
    /// The class.
    #[graphql(name = "type")]
    class: ChangeType,
    /// Who reviews it.
    review_path: String,
    /// The rule that fired.
    rule: String,
    /// The facts that decide, and what would follow otherwise.
    reasons: Vec<String>,
    /// Did it start in production before a change for it was raised? Null while no change or no start is known.
    retroactive: Option<bool>,
    /// What an emergency owes afterwards; null without one.
    post_approval: Option<PostApproval>,
}

/// An emergency's approval afterwards.
#[derive(SimpleObject)]
pub(crate) struct PostApproval {
    /// Given in time?
    outcome: CheckOutcome,
    /// Until when it may be given.
    due_at: Option<Timestamp>,
}

impl Classification {
    /// The class of a release.
    pub(crate) async fn of(ctx: &Context<'_>, release: &Release) -> Result<Option<Self>> {
        let desk = &Session::of(ctx)?.risks;
        let judged = desk.of(&release.graph).await?;
        let risk = judged.risks.get(release.index);
        let found = risk.and_then(|risk| risk::classify_release(risk, &judged.setup.table));
        let Some(found) = found else { return Ok(None) };
        let owed = risk::post_approval(&release.graph, release.index);
        Ok(Some(Self {
            class: found.outcome.class.into(),
            review_path: found.outcome.review_path.to_string(),
            rule: found.rule.to_string(),
            reasons: found.reasons.iter().map(ToString::to_string).collect(),
            retroactive: risk::is_retroactive(&release.graph, release.index),
            post_approval: owed.map(|owed| PostApproval { outcome: owed.outcome.into(), due_at: owed.due_at }),
        }))
    }
}
