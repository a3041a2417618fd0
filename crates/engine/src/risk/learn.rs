//! Fits one scorecard: encoder, weights and calibration, on cases whose outcome is known. The calibration is fitted
//! on the most recent fifth with weights that have not seen it; the weights are then fitted on all.

use std::collections::BTreeMap;

use domain::Text;
use serde::{Deserialize, Serialize};

use super::calibrate::{Calibration, size};
use super::encode::{Encoder, HISTORY, Seen};
use super::history::Feature;
use super::linear::{Problem, dot, fit, logistic};

/// How strongly weights are shrunk, and how fast old cases fade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Ridge on standardised weights.
    pub ridge: f64,
    /// Share of the cases after which one counts half; infinity is not needed.
    pub half_life: f64,
}

/// The first stands unless another one beats it by more than one standard error on the calibration block.
const CANDIDATES: [Settings; 3] = [
    Settings { ridge: 10.0, half_life: 0.3 },
    Settings { ridge: 100.0, half_life: 0.3 },
    Settings { ridge: 10.0, half_life: 1.0 },
];

/// Failures that each feature must have behind it (Peduzzi et al. 1996).
const FAILURES_PER_FEATURE: f64 = 10.0;
/// Share of the cases, the latest, that the calibration is fitted on.
const CALIBRATED_ON: f64 = 0.2;

/// A fitted scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scorecard {
    pub(super) encoder: Encoder,
    /// Intercept first.
    pub(super) weights: Vec<f64>,
    pub(super) covariance: Vec<Vec<f64>>,
    pub(super) calibration: Calibration,
    /// Share of failures in the most recent fifth.
    pub(super) constant: f64,
    pub(super) settings: Settings,
}

/// A case with its label and the failure rate of its place as known then.
pub(super) type Labelled<'a> = (Seen<'a>, f64);

impl Scorecard {
    /// Fits on cases in the order of time. With few failures the features with most evidence are taken, one for every
    /// ten failures; with fewer than ten the history stands alone.
    pub(super) fn fit(features: &[Feature], cases: &[Labelled<'_>]) -> Self {
        let seen: Vec<Seen<'_>> = cases.iter().map(|(seen, _)| *seen).collect();
        let labels: Vec<f64> = cases.iter().map(|(_, label)| *label).collect();
        let full = Encoder::fit(features, &seen);
        let encoder = screened(&full, &seen, &labels);
        let width = encoder.width();
        let mut rows = Vec::with_capacity(width * seen.len());
        for case in &seen {
            encoder.encode(case, &mut rows);
        }
        let early = later_fifth(labels.len());
        let signs = encoder.signs();
        let problem = |until: usize, settings: Settings, weights: &'_ [f64]| {
            let rows = rows.get(..until * width).unwrap_or_default();
            let labels = labels.get(..until).unwrap_or_default();
            fit(&Problem { rows, width, labels, weights, ridge: settings.ridge, signs: &signs }, None)
        };
        let later = labels.get(early..).unwrap_or_default();
        let trial = |settings: Settings| {
            let weights = problem(early, settings, &fading(early, settings.half_life)).weights;
            let scores: Vec<f64> = rows.chunks_exact(width).skip(early).map(|row| dot(row, &weights)).collect();
            let calibration = Calibration::fit(&scores, later);
            let losses = scores.iter().zip(later).map(|(score, label)| loss(calibration.log_odds(*score), *label));
            (settings, losses.collect::<Vec<f64>>(), calibration)
        };
        let [first, others @ ..] = CANDIDATES;
        let mut chosen = trial(first);
        for settings in others {
            let other = trial(settings);
            if beats(&other.1, &chosen.1) {
                chosen = other;
            }
        }
        let (settings, _, calibration) = chosen;
        let solved = problem(labels.len(), settings, &fading(labels.len(), settings.half_life));
        Self {
            encoder,
            weights: solved.weights,
            covariance: solved.covariance,
            calibration,
            constant: mean(later),
            settings,
        }
    }

    /// The score of a case before calibration.
    pub(super) fn score(&self, case: &Seen<'_>, row: &mut Vec<f64>) -> f64 {
        row.clear();
        self.encoder.encode(case, row);
        dot(row, &self.weights)
    }

    /// Calibrated log-odds.
    pub(super) fn log_odds(&self, case: &Seen<'_>, row: &mut Vec<f64>) -> f64 {
        self.calibration.log_odds(self.score(case, row))
    }
}

/// Where the most recent fifth begins.
pub(super) fn later_fifth(count: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let early = (size(count) * (1.0 - CALIBRATED_ON)) as usize;
    early
}

/// The mean, one half of a failure added on both sides so that a clean block is no certainty.
pub(super) fn mean(labels: &[f64]) -> f64 {
    (labels.iter().sum::<f64>() + 0.5) / (size(labels.len()) + 1.0)
}

fn fading(count: usize, half_life: f64) -> Vec<f64> {
    let rows = (size(count) * half_life).max(1.0);
    (0..count).rev().map(|age| (-size(age) / rows).exp2()).collect()
}

fn loss(log_odds: f64, label: f64) -> f64 {
    let p = logistic(log_odds).clamp(1e-9, 1.0 - 1e-9);
    -(label * p.ln() + (1.0 - label) * (1.0 - p).ln())
}

/// Is the mean loss lower by more than one standard error of the paired differences?
fn beats(other: &[f64], current: &[f64]) -> bool {
    let gains: Vec<f64> = current.iter().zip(other).map(|(current, other)| current - other).collect();
    let count = size(gains.len()).max(2.0);
    let mean = gains.iter().sum::<f64>() / count;
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean > (variance / count).sqrt()
}

/// Keeps as many features as the failures can carry, by the size of each one's score statistic.
fn screened(full: &Encoder, cases: &[Seen<'_>], labels: &[f64]) -> Encoder {
    let failures: f64 = labels.iter().sum();
    let base = mean(labels);
    let mut strongest: BTreeMap<Text, f64> = BTreeMap::new();
    for column in full.columns.iter().filter(|column| &*column.factor != HISTORY) {
        let pull: f64 = cases.iter().zip(labels).map(|(case, label)| column.z(case) * (label - base)).sum();
        let best = strongest.entry(column.factor.clone()).or_default();
        *best = best.max(pull.abs());
    }
    let mut order: Vec<(Text, f64)> = strongest.into_iter().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let kept = order.iter().zip(1_u32..).filter(|(_, place)| f64::from(*place) * FAILURES_PER_FEATURE <= failures);
    let kept: Vec<&Text> = kept.map(|((factor, _), _)| factor).collect();
    full.only(|factor| factor == HISTORY || kept.iter().any(|kept| &***kept == factor))
}
