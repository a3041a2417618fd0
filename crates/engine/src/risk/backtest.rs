//! Prequential evaluation: train on what was known, score what came next, move on. Every prediction is made before
//! its outcome could be known, and so is each baseline.

use domain::Text;
use jiff::Timestamp;

use super::bayes::{Rates, walk};
use super::drift::{Drift, Said};
use super::encode::Seen;
use super::history::{Case, History};
use super::learn::{Labelled, Scorecard, later_fifth, mean};
use super::metrics::Scored;

/// Where scoring begins and how often the scorecard is fitted anew, as shares of the history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BacktestPlan {
    /// First share that is only learnt from, over 0 and under 1.
    pub from: f64,
    /// Share scored with one scorecard, over 0 and at most 1.
    pub block: f64,
}

impl Default for BacktestPlan {
    fn default() -> Self {
        Self { from: 0.3, block: 0.05 }
    }
}

/// Predictions of the model and of what it must beat, over the same cases.
#[derive(Debug, Clone, Default)]
pub struct Backtest {
    /// Cases scored, labelled or not.
    pub scored: u64,
    /// Blocks.
    pub folds: u64,
    /// Cases without a moment.
    pub undated: u64,
    /// Cases whose outcome is not known.
    pub unlabelled: u64,
    /// The model.
    pub model: Scored,
    /// The mean of all labels known at each block.
    pub constant: Scored,
    /// The mean of the most recent fifth of them.
    pub recent_constant: Scored,
    /// Empirical Bayes alone.
    pub empirical_bayes: Scored,
    /// `ServiceNow`'s points of the service, as risk; empty when the history has no inputs for them.
    pub points: Scored,
    /// Ids of the model's predictions, in the same order.
    pub ids: Vec<Text>,
}

/// Everything that is left in hand at the end of a backtest: what a model is made of.
pub(super) struct Trained {
    pub(super) backtest: Backtest,
    pub(super) drift: Drift,
    pub(super) rates: Rates,
    pub(super) scorecard: Option<Scorecard>,
}

/// Runs a backtest. `progress` is told (blocks done, blocks in all).
pub fn backtest(history: &History, plan: BacktestPlan, progress: &mut dyn FnMut(u64, u64)) -> Backtest {
    run(history, plan, progress).backtest
}

/// The same, and keeps the state; the scorecard is fitted once more on all that is known at the end.
pub(super) fn train(history: &History, plan: BacktestPlan, progress: &mut dyn FnMut(u64, u64)) -> Trained {
    let mut trained = run(history, plan, progress);
    let (means, rates) = walk(history.cases());
    let known = known(history.cases(), &means, Timestamp::MAX);
    trained.drift.recalibrated();
    trained.rates = rates;
    trained.scorecard = (!known.is_empty()).then(|| Scorecard::fit(history.features(), &known));
    trained
}

fn run(history: &History, plan: BacktestPlan, progress: &mut dyn FnMut(u64, u64)) -> Trained {
    let cases = history.cases();
    let (means, rates) = walk(cases);
    let points = points(cases);
    let mut state = State { drift: Drift::default(), said: vec![None; cases.len()], due: due(cases), next: 0 };
    let mut found = Backtest {
        undated: cases.iter().filter(|case| case.decided_at.is_none()).count() as u64,
        unlabelled: cases.iter().filter(|case| case.failed.is_none()).count() as u64,
        ..Backtest::default()
    };
    let blocks = blocks(cases.len(), plan);
    for (done, (from, until)) in blocks.iter().copied().enumerate() {
        let Some(block) = cases.get(from..until).filter(|block| !block.is_empty()) else { continue };
        let start = block.first().and_then(|case| case.decided_at).unwrap_or(Timestamp::MAX);
        let before = cases.get(..from).unwrap_or_default();
        let known = known(before, &means, start);
        let labels: Vec<f64> = known.iter().map(|(_, label)| *label).collect();
        let recent = mean(labels.get(later_fifth(labels.len())..).unwrap_or_default());
        let plain = plain(&labels, recent);
        let scorecard = (!known.is_empty()).then(|| Scorecard::fit(history.features(), &known));
        state.drift.recalibrated();
        let mut row = Vec::new();
        for (place, case) in (from..).zip(block) {
            state.learn_until(cases, (place, case.decided_at.unwrap_or(Timestamp::MAX)));
            let rate = means.get(place).copied().unwrap_or(recent);
            let seen = Seen { values: &case.values, change_type: &case.change_type, rate };
            let said = match &scorecard {
                Some(card) => state.drift.say(card.log_odds(&seen, &mut row), card.constant),
                None => state.drift.say(super::linear::logit(rate), rate),
            };
            if let Some(slot) = state.said.get_mut(place) {
                *slot = Some(said);
            }
            found.scored += 1;
            let Some(failed) = case.failed else { continue };
            let outcome = f64::from(u8::from(failed));
            found.ids.push(case.id.clone());
            found.model.pairs.push((state.drift.mix(&said), outcome));
            found.constant.pairs.push((plain.0, outcome));
            found.recent_constant.pairs.push((plain.1, outcome));
            found.empirical_bayes.pairs.push((rate, outcome));
            if let Some(points) = points.get(place).copied().flatten() {
                found.points.pairs.push((-points, outcome));
            }
        }
        found.folds += 1;
        progress(done as u64 + 1, blocks.len() as u64);
    }
    Trained { backtest: found, drift: state.drift, rates, scorecard: None }
}

/// The two constants as plain means, so that they are nobody's straw man.
fn plain(labels: &[f64], fallback: f64) -> (f64, f64) {
    let plain = |labels: &[f64]| match labels {
        [] => fallback,
        _ => labels.iter().sum::<f64>() / super::calibrate::size(labels.len()),
    };
    (plain(labels), plain(labels.get(later_fifth(labels.len())..).unwrap_or_default()))
}

fn blocks(count: usize, plan: BacktestPlan) -> Vec<(usize, usize)> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let share = |share: f64| (super::calibrate::size(count) * share.clamp(0.0, 1.0)) as usize;
    let (from, step) = (share(plan.from), share(plan.block).max(1));
    (from..count).step_by(step).map(|start| (start, (start + step).min(count))).collect()
}

/// Cases whose label was known at `start`, in the order of time.
fn known<'a>(cases: &'a [Case], means: &[f64], start: Timestamp) -> Vec<Labelled<'a>> {
    cases
        .iter()
        .zip(means)
        .filter(|(case, _)| case.usable_at().is_some_and(|at| at <= start))
        .filter_map(|(case, rate)| {
            let seen = Seen { values: &case.values, change_type: &case.change_type, rate: *rate };
            Some((seen, f64::from(u8::from(case.failed?))))
        })
        .collect()
}

/// Places of labelled cases in the order in which their labels became known.
fn due(cases: &[Case]) -> Vec<(Timestamp, usize)> {
    let mut due: Vec<(Timestamp, usize)> =
        cases.iter().enumerate().filter_map(|(place, case)| Some((case.usable_at()?, place))).collect();
    due.sort_unstable();
    due
}

struct State {
    drift: Drift,
    said: Vec<Option<Said>>,
    due: Vec<(Timestamp, usize)>,
    next: usize,
}

impl State {
    /// Learns the labels that were known at the moment, of cases that stand before `place`.
    fn learn_until(&mut self, cases: &[Case], (place, now): (usize, Timestamp)) {
        while let Some((at, known)) = self.due.get(self.next).copied() {
            if at > now || known >= place {
                return;
            }
            self.next += 1;
            let said = self.said.get(known).copied().flatten();
            if let (Some(said), Some(failed)) = (said, cases.get(known).and_then(|case| case.failed)) {
                self.drift.learn(&said, f64::from(u8::from(failed)));
            }
        }
    }
}

/// The service's points as they stood before each case.
fn points(cases: &[Case]) -> Vec<Option<f64>> {
    if cases.iter().all(|case| case.points.is_none()) {
        return vec![None; cases.len()];
    }
    let mut standing: std::collections::BTreeMap<&str, f64> = std::collections::BTreeMap::new();
    let mut due = due(cases).into_iter().peekable();
    let mut seen = Vec::with_capacity(cases.len());
    for case in cases {
        let now = case.decided_at.unwrap_or(Timestamp::MAX);
        while let Some((_, place)) = due.next_if(|(at, _)| *at <= now) {
            if let Some(known) = cases.get(place) {
                *standing.entry(&known.service).or_default() += f64::from(known.points.unwrap_or_default());
            }
        }
        seen.push(Some(standing.get(&*case.service).copied().unwrap_or_default()));
    }
    seen
}
