//! How good predicted probabilities were. Ties are never broken by the label.

use serde::{Deserialize, Serialize};

use super::calibrate::size;

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// One bin of the reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Mean probability.
    pub predicted: f64,
    /// Share that failed.
    pub observed: f64,
    /// Changes in it.
    pub count: u64,
}

/// The Brier score and its parts (Murphy 1973) over ten bins of equal mass:
/// value ≈ reliability − resolution + uncertainty; what is left over is the spread within bins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Brier {
    /// Mean squared error.
    pub value: f64,
    /// Error of calibration; 0 is best.
    pub reliability: f64,
    /// How far bins differ from the base rate; more is better.
    pub resolution: f64,
    /// Variance of the outcome: what a constant can reach.
    pub uncertainty: f64,
}

/// Predictions beside their outcomes.
#[derive(Debug, Clone, Default)]
pub struct Scored {
    /// (probability, outcome 0 or 1), in the order of time.
    pub pairs: Vec<(f64, f64)>,
}

impl Scored {
    /// How many.
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// How many failed.
    pub fn positives(&self) -> f64 {
        self.pairs.iter().map(|(_, outcome)| outcome).sum()
    }

    /// The same as a whole number.
    pub fn failures(&self) -> u64 {
        self.pairs.iter().filter(|(_, outcome)| *outcome > 0.5).count() as u64
    }

    /// Share that failed; NaN of none.
    pub fn base_rate(&self) -> f64 {
        self.positives() / size(self.count())
    }

    /// Mean squared error.
    pub fn brier_score(&self) -> f64 {
        self.pairs.iter().map(|(p, outcome)| (p - outcome).powi(2)).sum::<f64>() / size(self.count())
    }

    /// The Brier score with its parts.
    pub fn brier(&self) -> Brier {
        let (base, total) = (self.base_rate(), size(self.count()));
        let mut parts = Brier {
            value: self.brier_score(),
            reliability: 0.0,
            resolution: 0.0,
            uncertainty: base * (1.0 - base),
        };
        for bin in self.bins() {
            let share = size(usize::try_from(bin.count).unwrap_or_default()) / total;
            parts.reliability += share * (bin.predicted - bin.observed).powi(2);
            parts.resolution += share * (bin.observed - base).powi(2);
        }
        parts
    }

    /// Mean negative log-likelihood in nats, probabilities kept 1e-6 away from 0 and 1.
    pub fn log_loss(&self) -> f64 {
        let loss = |(p, outcome): &(f64, f64)| {
            let p = p.clamp(1e-6, 1.0 - 1e-6);
            -(outcome * p.ln() + (1.0 - outcome) * (1.0 - p).ln())
        };
        self.pairs.iter().map(loss).sum::<f64>() / size(self.count())
    }

    /// Ten bins of equal mass, in the order of probability; equal ones in the order of time.
    pub fn bins(&self) -> Vec<Bin> {
        let sorted = self.rising();
        let count = sorted.len();
        let cut = |place: usize| place * count / 10;
        (0..10)
            .filter_map(|place| sorted.get(cut(place)..cut(place + 1)).filter(|bin| !bin.is_empty()))
            .map(|bin| {
                let (predicted, observed) = bin.iter().fold((0.0, 0.0), |(p, y), pair| (p + pair.0, y + pair.1));
                let mass = size(bin.len());
                Bin { predicted: predicted / mass, observed: observed / mass, count: bin.len() as u64 }
            })
            .collect()
    }

    /// Expected calibration error over these bins.
    pub fn calibration_error(&self) -> f64 {
        let total = size(self.count());
        let error = |bin: &Bin| {
            (bin.predicted - bin.observed).abs() * size(usize::try_from(bin.count).unwrap_or_default()) / total
        };
        self.bins().iter().map(error).sum()
    }

    fn rising(&self) -> Vec<(f64, f64)> {
        let mut sorted = self.pairs.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        sorted
    }

    /// Groups of equal probability, rising: (changes, failures).
    fn groups(&self) -> Vec<(f64, f64)> {
        let sorted = self.rising();
        sorted
            .chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq())
            .map(|group| (size(group.len()), group.iter().map(|(_, outcome)| outcome).sum()))
            .collect()
    }

    /// Area under the ROC curve with the interval of `DeLong` et al. (1988); `None` when only one outcome occurs.
    pub fn auc(&self) -> Option<Estimate> {
        let positives = self.positives();
        let negatives = size(self.count()) - positives;
        if positives < 1.0 || negatives < 1.0 {
            return None;
        }
        let groups = self.groups();
        let (mut below_positive, mut below_negative) = (0.0, 0.0);
        let (mut value, mut squares_of_positives, mut squares_of_negatives) = (0.0, 0.0, 0.0);
        for (count, failed) in &groups {
            let held = count - failed;
            // Share of the other class that stands on the right side of each member, ties half.
            let of_positive = (below_negative + held / 2.0) / negatives;
            let of_negative = 1.0 - (below_positive + failed / 2.0) / positives;
            value += failed * of_positive;
            squares_of_positives += failed * of_positive * of_positive;
            squares_of_negatives += held * of_negative * of_negative;
            below_positive += failed;
            below_negative += held;
        }
        let value = value / positives;
        let variance = (squares_of_positives / positives - value * value).max(0.0) / (positives - 1.0).max(1.0)
            + (squares_of_negatives / negatives - value * value).max(0.0) / (negatives - 1.0).max(1.0);
        let reach = 1.959_963_984_540_054 * variance.sqrt();
        Some(Estimate { value, low: (value - reach).max(0.0), high: (value + reach).min(1.0) })
    }

    /// Area under the precision-recall curve as average precision; groups of equal probability enter at once.
    pub fn average_precision(&self) -> f64 {
        let (mut taken, mut caught, mut area) = (0.0, 0.0, 0.0);
        for (count, failed) in self.groups().iter().rev() {
            taken += count;
            caught += failed;
            area += failed * caught / taken;
        }
        area / self.positives()
    }

    /// Share of failures among the riskiest `top` (0 to 1); of a group that is cut, its fair part.
    pub fn capture(&self, top: f64) -> f64 {
        let mut room = top * size(self.count());
        let mut caught = 0.0;
        for (count, failed) in self.groups().iter().rev() {
            if room <= 0.0 {
                break;
            }
            caught += failed * (room / count).min(1.0);
            room -= count;
        }
        caught / self.positives()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(pairs: &[(f64, f64)]) -> Scored {
        Scored { pairs: pairs.to_vec() }
    }

    #[test]
    fn a_known_order_has_a_known_area() {
        let seen = scored(&[(0.1, 0.0), (0.4, 0.0), (0.35, 1.0), (0.8, 1.0)]);
        let auc = seen.auc().expect("both outcomes");
        assert!((auc.value - 0.75).abs() < 1e-12 && auc.low < 0.75 && auc.high > 0.75);
        assert!((seen.average_precision() - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((seen.brier_score() - (0.01 + 0.16 + 0.4225 + 0.04) / 4.0).abs() < 1e-12);
        assert!(scored(&[(0.3, 0.0)]).auc().is_none());
    }

    #[test]
    fn a_constant_captures_its_share_and_has_no_order() {
        let pairs: Vec<(f64, f64)> = (0..100).map(|turn| (0.1, f64::from(u8::from(turn % 10 == 0)))).collect();
        let seen = scored(&pairs);
        assert!((seen.auc().expect("both").value - 0.5).abs() < 1e-12);
        assert!((seen.capture(0.2) - 0.2).abs() < 1e-12);
        let brier = seen.brier();
        assert!((brier.value - brier.uncertainty).abs() < 1e-12);
        assert!(seen.calibration_error() < 1e-12 && brier.resolution < 1e-12);
    }
}
