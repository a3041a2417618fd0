//! What the calendar costs: finding conflicts among planned work, and the next opening that fits, with how both grow.
//! `cargo bench -p engine --bench calendar`.
#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use domain::Window;
use engine::calendar::{Hold, Intervals, Occupation, clashes};
use jiff::{SignedDuration, Timestamp};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(20_261_123)
}

fn minute(count: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(count)
}

/// Work of one to four hours over two years: each claims one of so many items and that item's parent. There are as many
/// items as entries, so that the number of clashes grows as the entries do.
fn planned(entries: u32) -> Vec<Occupation<u32>> {
    let mut random = random();
    let minutes = 2 * 365 * 24 * 60;
    let one = |owner| {
        let start = random.random_range(0..minutes);
        let length = random.random_range(60..240);
        let item = random.random_range(0..entries);
        Occupation {
            window: Window { start: minute(start), end: minute(start + length) },
            owners: vec![owner],
            claims: vec![(item, Hold::Whole), (item / 8, Hold::Below)],
        }
    };
    (0..entries).map(one).collect()
}

/// Every evening, with the shorter half of them too short.
fn evenings(count: i64) -> Intervals {
    let open = |day: i64| Window {
        start: minute(day * 1_440),
        end: minute(day * 1_440 + if day % 2 == 0 { 60 } else { 300 }),
    };
    Intervals::new((0..count).map(open))
}

fn thousand_fits(open: &Intervals, days: i64) -> usize {
    let mut random = random();
    let fit = |_| open.next_fit(minute(random.random_range(0..days * 1_440)), SignedDuration::from_mins(120));
    (0..1_000).filter_map(fit).count()
}

/// The fastest of five runs, and what it found.
fn fastest(work: impl Fn() -> usize) -> (Duration, usize) {
    let runs = (0..5).map(|_| {
        #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
        let since = Instant::now();
        let found = black_box(work());
        (since.elapsed(), found)
    });
    runs.min().expect("five runs")
}

/// A line for each size, with how much longer it takes than the one before.
fn report(title: &str, found: &str, sizes: [u32; 3], work: impl Fn(u32) -> (Duration, usize)) {
    println!("\n{title}");
    let mut last: Option<Duration> = None;
    for size in sizes {
        let (took, count) = work(size);
        let grown = last.map_or(String::new(), |last| {
            format!(", {:.1} times the one before", took.as_secs_f64() / last.as_secs_f64())
        });
        println!("  {size:>7}: {took:>10.2?}, {count} {found}{grown}");
        last = Some(took);
    }
}

fn conflicts(criterion: &mut Criterion) {
    report("conflicts of planned work over two years", "clashes", [1_000, 10_000, 100_000], |entries| {
        let all = planned(entries);
        fastest(|| clashes(&all).len())
    });
    let all = planned(100_000);
    criterion.bench_function("conflicts of 100,000 entries", |bencher| {
        bencher.iter(|| black_box(clashes(black_box(&all)).len()));
    });
}

fn openings(criterion: &mut Criterion) {
    report("1,000 times next_fit over so many intervals", "fits", [1_000, 10_000, 100_000], |intervals| {
        let days = i64::from(intervals);
        let open = evenings(days);
        fastest(|| thousand_fits(&open, days))
    });
    let all = evenings(10_000);
    criterion.bench_function("1,000 times next_fit over 10,000 intervals", |bencher| {
        bencher.iter(|| black_box(thousand_fits(black_box(&all), 10_000)));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(3)).without_plots();
    targets = conflicts, openings
}
criterion_main!(benches);
