//! The chance that a deployment of the history fails: one documented logistic function of what was known before it.
//! Both the function and each drawn probability are public, so the best possible AUC and Brier score can be computed.

use serde::Serialize;

/// What the chance of failure depends on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Features {
    pub lines: u32,
    pub tier: u8,
    /// The team's own standing, a constant drawn once per team: above zero is worse.
    pub team_effect: f64,
    pub emergency: bool,
    /// Local hour of the start.
    pub hour: u8,
    /// Share of the diff's lines that tests run through.
    pub coverage: f64,
    /// Other changes within six hours on the same day.
    pub concurrent: u32,
}

/// The weights of `logit p = intercept + Σ weight × feature`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Coefficients {
    pub intercept: f64,
    /// Of `ln(1 + lines)`.
    pub size: f64,
    /// Of `4 − tier`: the more critical, the more can break.
    pub criticality: f64,
    pub team: f64,
    pub emergency: f64,
    /// Of a start outside 08:00–20:00.
    pub late: f64,
    /// Of `1 − coverage`.
    pub uncovered: f64,
    /// Of each concurrent change, up to five.
    pub concurrent: f64,
}

/// About 11 % of deployments fail; the best possible AUC is near 0.75.
pub const COEFFICIENTS: Coefficients = Coefficients {
    intercept: -6.6,
    size: 0.55,
    criticality: 0.15,
    team: 0.8,
    emergency: 1.1,
    late: 0.35,
    uncovered: 2.2,
    concurrent: 0.15,
};

/// The chance that such a deployment fails.
pub fn failure_probability(features: &Features, weights: &Coefficients) -> f64 {
    let flag = |set: bool| if set { 1.0 } else { 0.0 };
    let logit = weights.intercept
        + weights.size * f64::from(features.lines).ln_1p()
        + weights.criticality * (4.0 - f64::from(features.tier))
        + weights.team * features.team_effect
        + weights.emergency * flag(features.emergency)
        + weights.late * flag(!(8..20).contains(&features.hour))
        + weights.uncovered * (1.0 - features.coverage)
        + weights.concurrent * f64::from(features.concurrent.min(5));
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Features = Features {
        lines: 120,
        tier: 2,
        team_effect: 0.0,
        emergency: false,
        hour: 19,
        coverage: 0.85,
        concurrent: 1,
    };

    #[test]
    fn each_burden_raises_the_chance() {
        let base = failure_probability(&QUIET, &COEFFICIENTS);
        for worse in [
            Features { lines: 2_000, ..QUIET },
            Features { tier: 0, ..QUIET },
            Features { team_effect: 0.5, ..QUIET },
            Features { emergency: true, ..QUIET },
            Features { hour: 2, ..QUIET },
            Features { coverage: 0.4, ..QUIET },
            Features { concurrent: 4, ..QUIET },
        ] {
            assert!(failure_probability(&worse, &COEFFICIENTS) > base, "{worse:?}");
        }
        assert!((0.02..0.10).contains(&base), "{base}");
    }
}
