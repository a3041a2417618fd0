//! From score to probability, fitted on a later block than the weights: Platt's two numbers below 1,000 labels,
//! above that isotonic regression whose steps are shrunk towards Platt's curve and joined by straight lines.

use serde::{Deserialize, Serialize};

use super::history::Sign;
use super::linear::{Problem, fit, logistic, logit};

/// Labels from which on isotonic regression has enough to rest on.
pub const ISOTONIC_FROM: usize = 1_000;
/// Changes whose worth Platt's curve has beside each isotonic step.
const SHRINKAGE: f64 = 200.0;

/// A curve that never falls, from score to log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Platt's intercept.
    pub intercept: f64,
    /// Platt's slope, not negative.
    pub slope: f64,
    /// Isotonic knots (score, log-odds), both rising; empty below 1,000 labels.
    pub knots: Vec<(f64, f64)>,
    /// Variance of the log-odds that the calibration itself brings in.
    pub variance: f64,
    /// Labels it rests on.
    pub samples: u64,
}

impl Calibration {
    /// Leaves scores as they are.
    pub fn identity() -> Self {
        Self { intercept: 0.0, slope: 1.0, knots: Vec::new(), variance: 0.0, samples: 0 }
    }

    /// Fits on scores with their labels (0 or 1), which the weights must not have seen.
    pub fn fit(scores: &[f64], labels: &[f64]) -> Self {
        let positives: f64 = labels.iter().sum();
        let count = size(labels.len());
        // Platt's targets: (k+1)/(k+2) and 1/(n−k+2) instead of 1 and 0, so that a clean block is no certainty.
        let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (count - positives + 2.0));
        let targets: Vec<f64> = labels.iter().map(|label| if *label > 0.5 { high } else { low }).collect();
        let rows: Vec<f64> = scores.iter().flat_map(|score| [1.0, *score]).collect();
        let weights = vec![1.0; labels.len()];
        let solved = fit(
            &Problem {
                rows: &rows,
                width: 2,
                labels: &targets,
                weights: &weights,
                ridge: 1.0,
                signs: &[Sign::Rising],
            },
            None,
        );
        let (intercept, slope) = match solved.weights.as_slice() {
            [intercept, slope] => (*intercept, *slope),
            _ => (0.0, 1.0),
        };
        let information: f64 =
            scores.iter().map(|score| logistic(intercept + slope * score)).map(|p| p * (1.0 - p)).sum();
        let mut fitted = Self {
            intercept,
            slope,
            knots: Vec::new(),
            variance: 1.0 / information.max(1e-3),
            samples: labels.len() as u64,
        };
        if labels.len() >= ISOTONIC_FROM && slope > 0.0 {
            fitted.knots = fitted.steps(scores, labels);
        }
        fitted
    }

    fn platt(&self, score: f64) -> f64 {
        self.intercept + self.slope * score
    }

    /// Steps of the pool-adjacent-violators algorithm (Ayer et al. 1955), shrunk, one knot each.
    fn steps(&self, scores: &[f64], labels: &[f64]) -> Vec<(f64, f64)> {
        let mut pairs: Vec<(f64, f64)> = scores.iter().copied().zip(labels.iter().copied()).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut pools: Vec<Pool> = Vec::new();
        for (score, label) in pairs {
            let mut pool = Pool { count: 1.0, failures: label, scores: score, platt: logistic(self.platt(score)) };
            while let Some(last) = pools.pop_if(|last| last.rate() >= pool.rate()) {
                pool = pool.with(&last);
            }
            pools.push(pool);
        }
        let mut highest = f64::NEG_INFINITY;
        let mut knots = Vec::with_capacity(pools.len());
        for pool in pools {
            let shrunk = (pool.failures + SHRINKAGE * pool.platt / pool.count) / (pool.count + SHRINKAGE);
            // Shrinking big and small pools alike can turn two around; the curve must not fall.
            highest = highest.max(logit(shrunk));
            knots.push((pool.scores / pool.count, highest));
        }
        knots
    }

    /// Log-odds of a score.
    pub fn log_odds(&self, score: f64) -> f64 {
        let above = self.knots.partition_point(|(knot, _)| *knot < score);
        match (above.checked_sub(1).and_then(|below| self.knots.get(below)), self.knots.get(above)) {
            (Some((low, from)), Some((high, to))) => from + (to - from) * (score - low) / (high - low),
            // Beyond the ends Platt's slope goes on.
            (None, Some((knot, value))) | (Some((knot, value)), None) => value + self.slope * (score - knot),
            (None, None) => self.platt(score),
        }
    }
}

struct Pool {
    count: f64,
    failures: f64,
    scores: f64,
    platt: f64,
}

impl Pool {
    fn rate(&self) -> f64 {
        self.failures / self.count
    }

    fn with(self, other: &Self) -> Self {
        Self {
            count: self.count + other.count,
            failures: self.failures + other.failures,
            scores: self.scores + other.scores,
            platt: self.platt + other.platt,
        }
    }
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "no history has 2^52 rows")]
pub(super) fn size(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: usize) -> (Vec<f64>, Vec<f64>) {
        let scores: Vec<f64> = (0..count).map(|turn| size(turn * 7919 % count) / size(count) * 6.0 - 3.0).collect();
        // The true probability is half of what the score claims.
        let labels = scores.iter().enumerate().map(|(turn, score)| {
            f64::from(u8::from(size(turn * 104_729 % 1_000) / 1_000.0 < logistic(*score) / 2.0))
        });
        let labels = labels.collect();
        (scores, labels)
    }

    #[test]
    fn finds_the_share_that_fails_below_and_above_a_thousand_labels() {
        for count in [800, 4_000] {
            let (scores, labels) = sample(count);
            let curve = Calibration::fit(&scores, &labels);
            assert_eq!(curve.knots.is_empty(), count < ISOTONIC_FROM);
            let told: f64 = scores.iter().map(|score| logistic(curve.log_odds(*score))).sum();
            let seen: f64 = labels.iter().sum();
            assert!((told - seen).abs() < 0.03 * size(count), "{told} {seen}");
        }
    }

    #[test]
    fn never_falls() {
        let (scores, labels) = sample(3_000);
        let curve = Calibration::fit(&scores, &labels);
        let mut last = f64::NEG_INFINITY;
        for step in -500..500 {
            let now = curve.log_odds(f64::from(step) / 100.0);
            assert!(now >= last, "falls at {step}");
            last = now;
        }
    }
}
