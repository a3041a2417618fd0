//! Failure rates by empirical Bayes: global, then change type, team, service; a parent's rate is its child's prior.
//! Raw k/n of a service predicts worse than a constant while n is small; here it counts for as much as it has shown.

use std::collections::BTreeMap;

use domain::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

use super::history::Case;

/// Failures and changes, both weighted by age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// Failures.
    pub failures: f64,
    /// Changes.
    pub changes: f64,
    /// Second of the epoch that the weights refer to.
    at: i64,
}

impl Count {
    /// 2^(−age/half-life); evidence from the future of `second` is not made heavier.
    fn aged(self, second: i64, half_life_days: f64) -> Self {
        let days = precise(second.saturating_sub(self.at).max(0)) / 86_400.0;
        let weight = (-days / half_life_days).exp2();
        Self { failures: self.failures * weight, changes: self.changes * weight, at: self.at.max(second) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and seconds stay far below 2^52")]
fn precise(whole: i64) -> f64 {
    whole as f64
}

/// A rate with its 90 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// (α+k)/(α+β+n).
    pub mean: f64,
    /// 5 % quantile of Beta(α+k, β+n−k).
    pub low: f64,
    /// 95 % quantile.
    pub high: f64,
    /// Changes it rests on, weighted by age.
    pub changes: f64,
}

/// Strength M = α+β of a prior by the method of moments for the beta-binomial (Kleinman 1973):
/// with μ = Σk/Σn, S = Σn(k/n−μ)², a = Σ(1−n/w), b = Σn(1−n/w), ρ = (S−μ(1−μ)a)/(μ(1−μ)(b−a)) in [1e-4, 0.999].
pub fn strength(counts: impl Iterator<Item = Count> + Clone) -> f64 {
    let (failures, total) =
        counts.clone().fold((0.0, 0.0), |(k, n), count| (k + count.failures, n + count.changes));
    let mean = if total > 0.0 { failures / total } else { 0.0 };
    let variance = mean * (1.0 - mean);
    let (mut spread, mut a, mut b) = (0.0, 0.0, 0.0);
    for count in counts.filter(|count| count.changes > 0.0) {
        let share = 1.0 - count.changes / total;
        spread += count.changes * (count.failures / count.changes - mean).powi(2);
        a += share;
        b += count.changes * share;
    }
    let scale = variance * (b - a);
    // One group, or no failure at all, says nothing about how groups differ: they share their parent's rate.
    let correlation = if scale > 0.0 { (spread - variance * a) / scale } else { 1e-4 };
    1.0 / correlation.clamp(1e-4, 0.999) - 1.0
}

const LEVELS: usize = 3;

/// Failure rates down the hierarchy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    half_life_days: f64,
    global: Count,
    levels: [BTreeMap<Text, Count>; LEVELS],
    strengths: [f64; LEVELS],
    seen: u64,
    fitted_at: u64,
}

/// Days after which evidence counts half.
pub const HALF_LIFE_DAYS: f64 = 365.0;
/// A uniform prior on the global rate, Beta(1, 9): one failure in ten before anything is known.
const GLOBAL: (f64, f64) = (1.0, 9.0);
/// Changes that a parent's rate is worth until there are enough groups to fit it: an intraclass correlation of 0.01.
const FIRST_STRENGTH: f64 = 100.0;
const GROUPS: usize = 10;

impl Default for Rates {
    fn default() -> Self {
        Self {
            half_life_days: HALF_LIFE_DAYS,
            global: Count::default(),
            levels: Default::default(),
            strengths: [FIRST_STRENGTH; LEVELS],
            seen: 0,
            fitted_at: 0,
        }
    }
}

impl Rates {
    /// Learns one outcome that was known at `at`.
    pub fn learn(&mut self, place: &Place<'_>, failed: f64, at: Timestamp) {
        let (second, half_life) = (at.as_second(), self.half_life_days);
        let add = |count: &mut Count| {
            let aged = count.aged(second, half_life);
            *count = Count { failures: aged.failures + failed, changes: aged.changes + 1.0, at: aged.at };
        };
        add(&mut self.global);
        for (level, key) in self.levels.iter_mut().zip(place.keys()) {
            add(level.entry(key).or_default());
        }
        self.seen += 1;
        // Refitting when a twentieth more is known keeps the whole pass linear in the rows.
        if self.seen >= 50 && self.seen * 20 >= self.fitted_at * 21 {
            self.refit(second);
        }
    }

    fn refit(&mut self, second: i64) {
        let half_life = self.half_life_days;
        // A handful of groups says too little about how groups differ: the first strength stands.
        for (fitted, level) in
            self.strengths.iter_mut().zip(&self.levels).filter(|(_, level)| level.len() >= GROUPS)
        {
            *fitted = strength(level.values().map(|count| count.aged(second, half_life)));
        }
        self.fitted_at = self.seen;
    }

    /// The rate of one place as known at `at`.
    pub fn rate(&self, place: &Place<'_>, at: Timestamp) -> Rate {
        let second = at.as_second();
        let global = self.global.aged(second, self.half_life_days);
        let (mut alpha, mut beta) = (GLOBAL.0 + global.failures, GLOBAL.1 + global.changes - global.failures);
        let mut changes = global.changes;
        for ((level, strength), key) in self.levels.iter().zip(self.strengths).zip(place.keys()) {
            let mean = alpha / (alpha + beta);
            let count = level.get(&key).map(|count| count.aged(second, self.half_life_days)).unwrap_or_default();
            alpha = strength * mean + count.failures;
            beta = strength * (1.0 - mean) + count.changes - count.failures;
            changes = count.changes;
        }
        Rate { mean: alpha / (alpha + beta), low: alpha, high: beta, changes }.with_interval()
    }

    /// The mean alone: without the quantiles, for passes over whole histories.
    pub fn mean(&self, place: &Place<'_>, at: Timestamp) -> f64 {
        let second = at.as_second();
        let global = self.global.aged(second, self.half_life_days);
        let mut mean = (GLOBAL.0 + global.failures) / (GLOBAL.0 + GLOBAL.1 + global.changes);
        for ((level, strength), key) in self.levels.iter().zip(self.strengths).zip(place.keys()) {
            let count = level.get(&key).map(|count| count.aged(second, self.half_life_days)).unwrap_or_default();
            mean = (strength * mean + count.failures) / (strength + count.changes);
        }
        mean
    }
}

impl Rate {
    /// In short decimals, as records hold it.
    #[must_use]
    pub fn shortened(self) -> Self {
        let short = super::known::short;
        Self { mean: short(self.mean), low: short(self.low), high: short(self.high), changes: short(self.changes) }
    }

    /// `low` and `high` come in as α and β.
    fn with_interval(self) -> Self {
        match Beta::new(self.low, self.high) {
            Ok(beta) => Self { low: beta.inverse_cdf(0.05), high: beta.inverse_cdf(0.95), ..self },
            Err(_) => Self { low: 0.0, high: 1.0, ..self },
        }
    }
}

/// Where in the hierarchy a change stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The class or kind of change.
    pub change_type: &'a str,
    /// The team, where one is named.
    pub team: Option<&'a str>,
    /// The service.
    pub service: &'a str,
}

impl<'a> Place<'a> {
    /// The place of a case.
    pub fn of(case: &'a Case) -> Self {
        Self { change_type: &case.change_type, team: case.team.as_deref(), service: &case.service }
    }

    fn keys(&self) -> [Text; LEVELS] {
        let team = self.team.unwrap_or_default();
        [
            self.change_type.into(),
            format!("{}\u{1f}{team}", self.change_type).into(),
            format!("{}\u{1f}{team}\u{1f}{}", self.change_type, self.service).into(),
        ]
    }
}

/// For each case the rate of its place as it was known when it was decided; later labels are out of reach, because
/// they are learnt later. Answers the rates at the end as well.
pub(super) fn walk(cases: &[Case]) -> (Vec<f64>, Rates) {
    let mut rates = Rates::default();
    let mut pending: Vec<(Timestamp, usize)> =
        cases.iter().enumerate().filter_map(|(place, case)| Some((case.usable_at()?, place))).collect();
    pending.sort_unstable();
    let mut pending = pending.into_iter().peekable();
    let mut means = Vec::with_capacity(cases.len());
    let mut last = Timestamp::MIN;
    for case in cases {
        // What has no moment is scored with all that the dated rows teach.
        let now = case.decided_at.unwrap_or(Timestamp::MAX);
        while let Some((at, place)) = pending.next_if(|(at, _)| *at <= now) {
            if let Some((known, failed)) = cases.get(place).and_then(|known| Some((known, known.failed?))) {
                rates.learn(&Place::of(known), f64::from(u8::from(failed)), at);
                last = at;
            }
        }
        means.push(rates.mean(&Place::of(case), case.decided_at.unwrap_or(last)));
    }
    for (at, place) in pending {
        if let Some((known, failed)) = cases.get(place).and_then(|known| Some((known, known.failed?))) {
            rates.learn(&Place::of(known), f64::from(u8::from(failed)), at);
        }
    }
    (means, rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(failures: f64, changes: f64) -> Count {
        Count { failures, changes, at: 0 }
    }

    #[test]
    fn groups_that_differ_by_chance_alone_share_one_rate() {
        let alike = [count(10.0, 100.0), count(10.0, 100.0), count(10.0, 100.0)];
        assert!(strength(alike.into_iter()) > 9_000.0);
        let apart = [count(0.0, 100.0), count(50.0, 100.0), count(100.0, 100.0)];
        assert!(strength(apart.into_iter()) < 2.0);
    }

    #[test]
    fn little_evidence_stays_near_the_parent_and_its_interval_is_wide() {
        let at = Timestamp::UNIX_EPOCH;
        let mut rates = Rates::default();
        let old = Place { change_type: "normal", team: Some("a"), service: "old" };
        for turn in 0..200 {
            rates.learn(&old, f64::from(u8::from(turn % 10 == 0)), at);
        }
        let new = Place { change_type: "normal", team: Some("a"), service: "new" };
        rates.learn(&new, 1.0, at);
        let (old, new) = (rates.rate(&old, at), rates.rate(&new, at));
        assert!((old.mean - 0.1).abs() < 0.02, "{old:?}");
        assert!(new.mean < 0.3, "one failure of one is no certainty: {new:?}");
        assert!(new.low < new.mean && new.mean < new.high);
    }

    #[test]
    fn evidence_counts_half_after_its_half_life() {
        let aged = count(4.0, 8.0).aged(365 * 86_400, 365.0);
        assert!((aged.failures - 2.0).abs() < 1e-12 && (aged.changes - 4.0).abs() < 1e-12);
    }
}
