//! What risk costs: scoring 100,000 changes, and training on 100,000 changes of 40 features; per change, and how it
//! grows with the number of changes. Growth of 1 is linear.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use engine::risk::{BacktestPlan, Case, Feature, History, Model, Place, Question, Rates, Sign, logistic};
use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng};

const FEATURES: u32 = 40;

fn history(count: u32) -> History {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut decided = Timestamp::UNIX_EPOCH;
    let cases = (0..count).map(|turn| {
        decided += SignedDuration::from_mins(10);
        let values: Vec<f64> = (0..FEATURES).map(|_| random.random_range(0.0_f64..5.0).exp()).collect();
        let drive: f64 = values.iter().take(5).map(|value| value.ln_1p() - 2.5).sum();
        Case {
            id: format!("C{turn}").as_str().into(),
            service: format!("s{}", turn % 500).as_str().into(),
            team: Some(format!("t{}", turn % 50).as_str().into()),
            change_type: if turn % 4 == 0 { "standard" } else { "normal" }.into(),
            decided_at: Some(decided),
            labelled_at: None,
            failed: Some(random.random_range(0.0..1.0) < logistic(-2.5 + 0.3 * drive)),
            values,
            points: None,
        }
    });
    let features =
        (0..FEATURES).map(|place| Feature { name: format!("x{place}").as_str().into(), sign: Sign::Free });
    History::new(features.collect(), cases.collect())
}

/// Trains on all with one evaluation block: the cost of fitting, not of backtesting.
#[expect(clippy::expect_used, reason = "a benchmark without labels is a mistake of the benchmark")]
fn train(history: &History) -> Model {
    let plan = BacktestPlan { from: 0.95, block: 0.05 };
    Model::train(history, plan, &mut |_, _| {}).expect("a history with labels")
}

fn score_all(model: &Model, history: &History) -> f64 {
    let rates = Rates::default();
    let scores = history.cases().iter().map(|case| {
        let (place, at) = (Place::of(case), case.decided_at.unwrap_or(Timestamp::UNIX_EPOCH));
        let rate = rates.rate(&place, Timestamp::UNIX_EPOCH);
        model.score(&Question { values: &case.values, place, at, rate }).probability
    });
    scores.sum()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    criterion = criterion.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    let sizes = [25_000, 50_000, 100_000];
    let mut spent = Vec::new();
    for count in sizes {
        let history = history(count);
        let mut group = criterion.benchmark_group("risk");
        group.throughput(Throughput::Elements(u64::from(count)));
        let mut model = None;
        let training = fastest(1, || model = Some(train(&history)));
        let Some(model) = model else { continue };
        group.bench_with_input(BenchmarkId::new("score", count), &history, |bench, history| {
            bench.iter(|| score_all(&model, history));
        });
        group.finish();
        let scoring = fastest(3, || {
            std::hint::black_box(score_all(&model, &history));
        });
        spent.push((count, scoring, training));
    }
    println!("\nchanges   score µs/change  growth   train µs/change  growth");
    let mut before: Option<(f64, f64)> = None;
    for (count, scoring, training) in spent {
        let per = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(count);
        let now = (per(scoring), per(training));
        let growth = before.map(|before| (now.0 / before.0, now.1 / before.1));
        let told = |ratio: Option<f64>| ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
        let (one, two) = (told(growth.map(|g| g.0)), told(growth.map(|g| g.1)));
        println!("{count:>7} {:>17.2} {one:>7} {:>17.2} {two:>7}", now.0, now.1);
        before = Some(now);
    }
}

/// The fastest of some runs.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn fastest(runs: u32, mut work: impl FnMut()) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..runs {
        let start = std::time::Instant::now();
        work();
        best = best.min(start.elapsed());
    }
    best
}
