//! What happens after calibration: the base rate moves. Three experts follow it with different speed, a fourth is the
//! recent constant; Vovk's aggregating algorithm weighs them by their losses, so that none is beaten by much.

use serde::{Deserialize, Serialize};

use super::linear::logistic;

/// How far one surprise moves the log-odds of each expert.
const RATES: [f64; 3] = [0.0, 0.05, 0.2];
/// Trust before any loss: three calibrated experts, then the recent constant.
const FIRST: [f64; 4] = [0.3, 0.3, 0.3, 0.1];
/// The square loss on {0, 1} is mixable at this rate (Vovk and Zhdanov 2009): the summed loss of the mixture exceeds
/// that of an expert by at most ln(1/trust)/2, for the constant 1.15 in all.
const LEARNING: f64 = 2.0;

/// Offsets and trust, learnt from outcomes in the order in which they become known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    offsets: [f64; 3],
    trust: [f64; 4],
}

/// What the experts said of one change; kept until its outcome is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    experts: [f64; 4],
}

impl Default for Drift {
    fn default() -> Self {
        Self { offsets: [0.0; 3], trust: FIRST }
    }
}

impl Drift {
    /// What the experts say of calibrated log-odds, and of the recent constant.
    pub fn say(&self, log_odds: f64, constant: f64) -> Said {
        let [a, b, c] = self.offsets.map(|offset| logistic(log_odds + offset));
        Said { experts: [a, b, c, constant] }
    }

    /// Their mixture. It rises with each expert, so what never lowers a score never lowers the probability.
    pub fn mix(&self, said: &Said) -> f64 {
        let generalised = |outcome: f64| {
            let sum: f64 = self
                .trust
                .iter()
                .zip(said.experts)
                .map(|(trust, p)| trust * (-LEARNING * (p - outcome).powi(2)).exp())
                .sum();
            -sum.ln() / LEARNING
        };
        (0.5 + (generalised(0.0) - generalised(1.0)) / 2.0).clamp(1e-6, 1.0 - 1e-6)
    }

    /// Learns an outcome, 0 or 1.
    pub fn learn(&mut self, said: &Said, outcome: f64) {
        for ((offset, rate), p) in self.offsets.iter_mut().zip(RATES).zip(said.experts) {
            *offset += rate * (outcome - p);
        }
        for (trust, p) in self.trust.iter_mut().zip(said.experts) {
            // A floor lets an expert come back when the times change; it costs less than its size.
            *trust = (*trust * (-LEARNING * (p - outcome).powi(2)).exp()).max(1e-9);
        }
        let sum: f64 = self.trust.iter().sum();
        for trust in &mut self.trust {
            *trust /= sum;
        }
    }

    /// A new calibration has seen half of what the offsets stand for.
    pub fn recalibrated(&mut self) {
        for offset in &mut self.offsets {
            *offset /= 2.0;
        }
    }

    /// Trust in the recent constant, 0 to 1: high means that the features say little at present.
    pub fn trust_in_constant(&self) -> f64 {
        self.trust.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_useless_score_costs_little_more_than_the_constant() {
        let mut drift = Drift::default();
        let (mut mixed, mut constant) = (0.0, 0.0);
        for turn in 0..2_000_u32 {
            let outcome = f64::from(u8::from(turn % 50 == 0));
            // A score that shouts, and is wrong.
            let said = drift.say(if turn % 2 == 0 { 0.0 } else { -1.0 }, 0.02);
            mixed += (drift.mix(&said) - outcome).powi(2);
            constant += (0.02 - outcome).powi(2);
            drift.learn(&said, outcome);
        }
        assert!(mixed < constant + 1.16, "{mixed} {constant}");
    }

    #[test]
    fn follows_a_rate_that_falls() {
        let mut drift = Drift::default();
        for _ in 0..500 {
            let said = drift.say(0.0, 0.5);
            drift.learn(&said, 0.0);
        }
        assert!(drift.mix(&drift.say(0.0, 0.5)) < 0.1);
    }
}
