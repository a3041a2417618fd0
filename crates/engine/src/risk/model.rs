//! A model that answers: the documented prior scorecard, or one that was trained. Its version is the hash of its
//! content, its numbers are short decimals, so that the file says the same to everyone who reads it.

use domain::{Text, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::backtest::{Backtest, BacktestPlan, train as run};
use super::bayes::{Place, Rate, Rates};
use super::calibrate::size;
use super::catalog::{CATALOG, spec};
use super::drift::Drift;
use super::encode::{CHANGE_TYPE, HISTORY, Seen};
use super::history::{Feature, History};
use super::known::short;
use super::learn::Scorecard;
use super::linear::{dot, logistic, logit};
use super::metrics::Estimate;

/// How good the model was on changes that it had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Changes scored with a known outcome.
    pub samples: u64,
    /// Of these, failed.
    pub positives: u64,
    /// Area under the ROC curve; `None` when only one outcome occurred.
    pub auc: Option<Estimate>,
    /// Brier score.
    pub brier: f64,
    /// Of the mean of the most recent fifth.
    pub brier_of_recent_constant: f64,
    /// Of empirical Bayes alone.
    pub brier_of_empirical_bayes: f64,
    /// Log-loss in nats.
    pub log_loss: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Share of failures among the riskiest share of changes.
    pub capture: Vec<(f64, f64)>,
    /// Blocks scored.
    pub folds: u64,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Hash of everything else in it.
    pub version: Text,
    /// The newest decision it has learnt from; `None` for the prior.
    pub trained_at: Option<Timestamp>,
    /// First and last decision it has learnt from.
    pub window: Option<Window>,
    /// Changes with a known outcome; 0 for the prior.
    pub samples: u64,
    /// Of these, failed.
    pub positives: u64,
    /// The rate that contributions start from.
    pub base_rate: f64,
    /// The columns it reads.
    pub features: Vec<Feature>,
    /// Prequential evaluation.
    pub evaluation: Option<Evaluation>,
    body: Body,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Body {
    Prior,
    Trained(Box<Trained>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Trained {
    scorecard: Scorecard,
    drift: Drift,
    rates: Rates,
}

/// What is scored.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Values in the order of the model's features; NaN is missing.
    pub values: &'a [f64],
    /// Where it stands among services, teams and types.
    pub place: Place<'a>,
    /// The decision's moment.
    pub at: Timestamp,
    /// Failure rate of the place in the graph at hand: for the prior, which has no history of its own.
    pub rate: Rate,
}

/// What one factor adds to the log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// The factor.
    pub name: Text,
    /// Its value; `None` when missing.
    pub value: Option<f64>,
    /// What it adds.
    pub log_odds: f64,
}

/// A probability that explains itself: `base_log_odds` plus all contributions is `log_odds`, to 1e-12.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Score {
    /// Probability of failure.
    pub probability: f64,
    /// 5 % bound.
    pub low: f64,
    /// 95 % bound.
    pub high: f64,
    /// Log-odds of the probability.
    pub log_odds: f64,
    /// Log-odds of the base rate.
    pub base_log_odds: f64,
    /// One per factor, the last one for calibration and drift.
    pub contributions: Vec<Contribution>,
}

/// The contribution of calibration, drift and caution.
pub const CALIBRATION: &str = "calibration";
/// Standard normal quantile of 95 %.
const Z95: f64 = 1.644_853_626_951_472_7;
/// Standard deviation of the prior scorecard's log-odds, and of each missing feature's in it, squared.
const PRIOR_VARIANCE: (f64, f64) = (0.16, 0.02);

/// Why a model cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No label.
    #[error(
        "no change of the history has a known outcome: there is nothing to learn from; the prior scorecard answers meanwhile"
    )]
    NothingToLearn,
    /// No model file.
    #[error("this is no model file: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Content and hash differ.
    #[error("the model calls itself {claimed}, its content is {found}: it was changed after it was written")]
    Changed {
        /// As written in it.
        claimed: Text,
        /// As computed.
        found: Text,
    },
}

impl Model {
    /// The documented scorecard for a company without history.
    pub fn prior(base_rate: f64) -> Self {
        let model = Self {
            version: "".into(),
            trained_at: None,
            window: None,
            samples: 0,
            positives: 0,
            base_rate: short(base_rate),
            features: super::catalog::features(),
            evaluation: None,
            body: Body::Prior,
        };
        Self { version: format!("prior-{}", model.hash()).into(), ..model }
    }

    /// Trains on a history and evaluates prequentially on the way. The same history gives the same bytes.
    pub fn train(
        history: &History,
        plan: BacktestPlan,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, ModelError> {
        Ok(Self::train_and_test(history, plan, progress)?.0)
    }

    /// The same, with the predictions of the evaluation.
    pub(super) fn train_and_test(
        history: &History,
        plan: BacktestPlan,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(Self, Backtest), ModelError> {
        let known: Vec<_> = history.cases().iter().filter(|case| case.usable_at().is_some()).collect();
        let (Some(first), Some(last)) = (known.first(), known.last()) else {
            return Err(ModelError::NothingToLearn);
        };
        let trained = run(history, plan, progress);
        let Some(scorecard) = trained.scorecard else { return Err(ModelError::NothingToLearn) };
        let found = &trained.backtest;
        let evaluation = (found.model.count() > 0 && found.model.positives() > 0.0).then(|| Evaluation {
            samples: found.model.count() as u64,
            positives: found.model.pairs.iter().filter(|(_, outcome)| *outcome > 0.5).count() as u64,
            auc: found.model.auc(),
            brier: found.model.brier_score(),
            brier_of_recent_constant: found.recent_constant.brier_score(),
            brier_of_empirical_bayes: found.empirical_bayes.brier_score(),
            log_loss: found.model.log_loss(),
            calibration_error: found.model.calibration_error(),
            capture: [0.05, 0.1, 0.2, 0.5].map(|top| (top, found.model.capture(top))).to_vec(),
            folds: found.folds,
        });
        let positives = known.iter().filter(|case| case.failed == Some(true)).count();
        let window = first.decided_at.zip(last.decided_at).map(|(start, end)| Window { start, end });
        let model = Self {
            version: "".into(),
            trained_at: last.decided_at,
            window,
            samples: known.len() as u64,
            positives: positives as u64,
            base_rate: (size(positives) + 0.5) / (size(known.len()) + 1.0),
            features: history.features().to_vec(),
            evaluation,
            body: Body::Trained(Box::new(Trained { scorecard, drift: trained.drift, rates: trained.rates })),
        };
        let mut plain = serde_json::to_value(&model)?;
        shorten(&mut plain);
        let model: Self = serde_json::from_value(plain)?;
        Ok((Self { version: format!("trained-{}", model.hash()).into(), ..model }, trained.backtest))
    }

    /// Does it read the features that releases have? One that was trained on other columns has nothing to say of them.
    pub fn reads_releases(&self) -> bool {
        self.features == super::catalog::features()
    }

    /// Reads a model file and makes sure that its content is what its version says.
    pub fn read(text: &str) -> Result<Self, ModelError> {
        let model: Self = serde_json::from_str(text)?;
        let found: Text = match model.body {
            Body::Prior => format!("prior-{}", model.hash()).into(),
            Body::Trained(_) => format!("trained-{}", model.hash()).into(),
        };
        if found == model.version { Ok(model) } else { Err(ModelError::Changed { claimed: model.version, found }) }
    }

    /// The model as a file.
    pub fn write(&self) -> Result<String, ModelError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// First 16 hex digits of BLAKE3 over the JSON form without the version.
    fn hash(&self) -> String {
        let unnamed = Self { version: "".into(), ..self.clone() };
        let bytes = serde_json::to_vec(&unnamed).unwrap_or_default();
        blake3::hash(&bytes).to_hex().chars().take(16).collect()
    }

    /// The rate of a place in the model's own history; `None` for the prior, which has none.
    pub fn rates(&self) -> Option<&Rates> {
        match &self.body {
            Body::Prior => None,
            Body::Trained(trained) => Some(&trained.rates),
        }
    }

    /// Weights in log-odds per standard deviation (prior: per unit of the drawn value), strongest first.
    pub fn weights(&self) -> Vec<(Text, f64)> {
        let mut weights: Vec<(Text, f64)> = match &self.body {
            Body::Prior => CATALOG.iter().map(|spec| (spec.name.into(), spec.prior_weight())).collect(),
            Body::Trained(trained) => {
                let card = &trained.scorecard;
                let mut sums: Vec<(Text, f64)> = Vec::new();
                for (column, weight) in card.encoder.columns.iter().zip(card.weights.iter().skip(1)) {
                    match sums.iter_mut().find(|(name, _)| *name == column.factor) {
                        Some((_, sum)) => *sum += weight,
                        None => sums.push((column.factor.clone(), *weight)),
                    }
                }
                sums
            }
        };
        weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(&b.0)));
        weights
    }

    /// Scores one change.
    pub fn score(&self, question: &Question<'_>) -> Score {
        match &self.body {
            Body::Prior => self.by_prior(question),
            Body::Trained(trained) => self.by_training(question, trained),
        }
    }

    fn by_prior(&self, question: &Question<'_>) -> Score {
        let base = logit(self.base_rate);
        let rate = question.rate;
        let mut contributions =
            vec![Contribution { name: HISTORY.into(), value: Some(rate.mean), log_odds: logit(rate.mean) - base }];
        let mut variance = PRIOR_VARIANCE.0 + ((logit(rate.high) - logit(rate.low)) / (2.0 * Z95)).powi(2);
        for (spec, value) in CATALOG.iter().zip(question.values) {
            if value.is_nan() {
                variance += PRIOR_VARIANCE.1;
            }
            contributions.push(Contribution {
                name: spec.name.into(),
                value: (!value.is_nan()).then_some(*value),
                log_odds: spec.prior(*value),
            });
        }
        let sum: f64 = contributions.iter().map(|part| part.log_odds).sum();
        Score::of((base, base + sum), contributions, variance)
    }

    fn by_training(&self, question: &Question<'_>, trained: &Trained) -> Score {
        let card = &trained.scorecard;
        let base = logit(self.base_rate);
        let rate = trained.rates.mean(&question.place, question.at);
        let seen = Seen { values: question.values, change_type: question.place.change_type, rate };
        let mut row = Vec::with_capacity(card.encoder.width());
        let score = card.score(&seen, &mut row);
        let calibrated = card.calibration.log_odds(score);
        let said = trained.drift.say(calibrated, card.constant);
        let log_odds = logit(trained.drift.mix(&said));
        let mut contributions: Vec<Contribution> = Vec::new();
        for (column, part) in card.encoder.columns.iter().zip(row.iter().zip(&card.weights).skip(1)) {
            let part = card.calibration.slope * part.0 * part.1;
            match contributions.iter_mut().find(|held| held.name == column.factor) {
                Some(held) => held.log_odds += part,
                None => {
                    let value = match (&*column.factor, column.place) {
                        (HISTORY, _) => Some(rate),
                        (CHANGE_TYPE, _) => None,
                        (_, place) => place.and_then(|place| question.values.get(place)).copied(),
                    };
                    let value = value.filter(|value| !value.is_nan());
                    contributions.push(Contribution { name: column.factor.clone(), value, log_odds: part });
                }
            }
        }
        let told: f64 = contributions.iter().map(|part| part.log_odds).sum();
        contributions.push(Contribution {
            name: CALIBRATION.into(),
            value: None,
            log_odds: log_odds - base - told,
        });
        let spread: f64 =
            card.covariance.iter().zip(&row).map(|(line, cell)| cell * dot(line, &row)).sum::<f64>().max(0.0);
        Score::of(
            (base, log_odds),
            contributions,
            card.calibration.slope.powi(2) * spread + card.calibration.variance,
        )
    }
}

impl Score {
    fn of((base_log_odds, log_odds): (f64, f64), contributions: Vec<Contribution>, variance: f64) -> Self {
        let reach = Z95 * variance.sqrt();
        Self {
            probability: logistic(log_odds),
            low: logistic(log_odds - reach),
            high: logistic(log_odds + reach),
            log_odds,
            base_log_odds,
            contributions,
        }
    }
}

impl Contribution {
    /// In plain words, for example `41 files changed: +0.62`.
    pub fn explanation(&self) -> String {
        let sign = format!("{:+.2}", self.log_odds);
        match (&*self.name, self.value) {
            (HISTORY, Some(rate)) => format!("about {:.1} % of such changes failed so far: {sign}", rate * 100.0),
            (CHANGE_TYPE, _) => format!("type of change: {sign}"),
            (CALIBRATION, _) => format!("calibration, recent drift and caution: {sign}"),
            (name, Some(value)) => match spec(name) {
                Some(spec) => format!("{}: {sign}", spec.words(value)),
                None => format!("{name} is {value:.3}: {sign}"),
            },
            (name, None) => format!("{name} is not known: {sign}"),
        }
    }
}

/// Shortens every number that is not whole.
fn shorten(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(round) = number.as_f64().map(short).and_then(serde_json::Number::from_f64) {
                *number = round;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}
