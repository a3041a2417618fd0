//! What holds of every model and every change.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};

use super::*;

/// The chance of failure that histories here are drawn with.
fn truth(values: &[f64]) -> f64 {
    logistic(-3.5 + 0.8 * values[0].ln_1p() + 0.1 * values[1] - 1.0 * values[2])
}

/// A history whose failures follow a known logistic function of the first and the fourth feature.
pub(super) fn history(seed: u64, count: u32) -> History {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut decided = Timestamp::UNIX_EPOCH;
    let cases = (0..count).map(|turn| {
        decided += SignedDuration::from_hours(7);
        let files = random.random_range(0.0_f64..4.0).exp().round();
        let tier_zero = f64::from(random.random_range(0_u8..4));
        let coverage = random.random_range(0.4..1.0);
        let noise = if turn % 5 == 0 { f64::NAN } else { random.random_range(0.0..1.0) };
        let values = vec![files, tier_zero, coverage, noise];
        let p = truth(&values);
        Case {
            id: format!("C{turn}").as_str().into(),
            service: format!("s{}", turn % 7).as_str().into(),
            team: Some(format!("t{}", turn % 3).as_str().into()),
            change_type: if turn % 4 == 0 { "standard" } else { "normal" }.into(),
            decided_at: Some(decided),
            labelled_at: None,
            failed: Some(random.random_range(0.0..1.0) < p),
            values,
            points: None,
        }
    });
    let feature = |name: &str, sign| Feature { name: name.into(), sign };
    let features = vec![
        feature("files", Sign::Rising),
        feature("tierZeroServices", Sign::Rising),
        feature("diffCoverage", Sign::Falling),
        feature("noise", Sign::Free),
    ];
    History::new(features, cases.collect())
}

fn trained() -> Model {
    Model::train(&history(7, 1_500), BacktestPlan { from: 0.5, block: 0.25 }, &mut |_, _| {}).expect("labels")
}

fn score(model: &Model, values: &[f64]) -> Score {
    let place = Place { change_type: "normal", team: Some("t1"), service: "s1" };
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 500);
    model.score(&Question { values, place, at, rate: Rates::default().rate(&place, at) })
}

#[test]
fn contributions_sum_and_one_more_tier_zero_service_never_lowers_the_risk() {
    let model = trained();
    let runner_config = ProptestConfig { cases: 256, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(runner_config);
    let value = prop_oneof![Just(f64::NAN), 0.0..500.0_f64];
    runner
        .run(&(value, 0.0..20.0_f64, 0.0..1.0_f64, -9.0..9.0_f64), |(files, tier_zero, coverage, noise)| {
            let values = [files, tier_zero.floor(), coverage, noise];
            let told = score(&model, &values);
            let sum: f64 = told.contributions.iter().map(|part| part.log_odds).sum();
            prop_assert!((told.base_log_odds + sum - told.log_odds).abs() < 1e-12);
            prop_assert!(told.low <= told.probability && told.probability <= told.high);
            let more = [files, tier_zero.floor() + 1.0, coverage, noise];
            prop_assert!(score(&model, &more).probability >= told.probability);
            Ok(())
        })
        .expect("holds");
}

#[test]
fn in_the_prior_one_more_tier_zero_service_never_lowers_the_risk() {
    let model = Model::prior(0.1);
    let place = CATALOG.iter().position(|spec| spec.name == "tierZeroServices").expect("in the catalog");
    let mut values = vec![f64::NAN; CATALOG.len()];
    let mut last = 0.0;
    for count in 0..30 {
        values[place] = f64::from(count);
        let now = score(&model, &values).probability;
        assert!(now >= last);
        last = now;
    }
}

#[test]
fn the_same_history_gives_the_same_bytes_and_a_changed_file_is_refused() {
    let (one, two) = (trained(), trained());
    let text = one.write().expect("json");
    assert_eq!(text, two.write().expect("json"));
    assert_eq!(Model::read(&text).expect("reads back"), one);
    let forged = text.replacen("\"samples\": 1500", "\"samples\": 9999", 1);
    assert!(matches!(Model::read(&forged), Err(ModelError::Changed { .. })));
    assert_eq!(Model::prior(0.1), Model::read(&Model::prior(0.1).write().expect("json")).expect("reads back"));
}

#[test]
fn a_label_is_not_used_before_it_is_known() {
    let plain = history(3, 400);
    let mut cases = plain.cases().to_vec();
    // The outcomes of the second half become known only after the end: whatever they are, nothing may change.
    for case in cases.iter_mut().skip(200) {
        case.labelled_at = Some(Timestamp::MAX);
    }
    let one = History::new(plain.features().to_vec(), cases.clone());
    for case in cases.iter_mut().skip(200) {
        case.failed = case.failed.map(|failed| !failed);
    }
    let other = History::new(plain.features().to_vec(), cases);
    let plan = BacktestPlan { from: 0.3, block: 0.05 };
    let predicted = |history: &History| {
        let found = backtest(history, plan, &mut |_, _| {});
        found.model.pairs.iter().map(|pair| pair.0.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(predicted(&one), predicted(&other));
}

#[test]
fn learns_what_drives_failures_and_comes_near_the_best_possible() {
    let history = history(11, 4_000);
    let found = backtest(&history, BacktestPlan::default(), &mut |_, _| {});
    let truth: std::collections::BTreeMap<_, f64> =
        history.cases().iter().map(|case| (case.id.clone(), truth(&case.values))).collect();
    let best = found.ids.iter().zip(&found.model.pairs).map(|(id, pair)| (truth[id], pair.1));
    let best = Scored { pairs: best.collect() };
    let auc = |scored: &Scored| scored.auc().expect("both outcomes").value;
    assert!(auc(&found.model) > auc(&best) - 0.03, "{} {}", auc(&found.model), auc(&best));
    assert!(found.model.brier_score() < 1.05 * best.brier_score());
    assert!(found.model.brier_score() < found.recent_constant.brier_score());
    assert!(found.model.brier_score() < found.empirical_bayes.brier_score());
}

#[test]
fn with_few_failures_the_history_stands_alone() {
    let mut cases = history(5, 300).cases().to_vec();
    for (turn, case) in cases.iter_mut().enumerate() {
        case.failed = Some(turn % 60 == 0);
    }
    let few = History::new(history(5, 1).features().to_vec(), cases);
    let model = Model::train(&few, BacktestPlan::default(), &mut |_, _| {}).expect("labels");
    let names: Vec<_> = model.weights().into_iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, [HISTORY]);
    let none = History::new(Vec::new(), Vec::new());
    assert!(matches!(
        Model::train(&none, BacktestPlan::default(), &mut |_, _| {}),
        Err(ModelError::NothingToLearn)
    ));
}
