//! What the order of releases costs: groups and waves beside bare petgraph on the same graph, a schedule under all
//! constraints, how both grow, and how far schedules are from the best. `cargo bench -p engine --bench sequence`.
#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::Window;
use engine::calendar::Intervals;
use engine::sequence::{
    Adjacency, Demand, Effort, Job, Precedence, Problem, SequencePolicy, Steps, layer, lower_bound, schedule, spans,
};
use jiff::{SignedDuration, Timestamp};
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::DiGraph;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(20_261_123)
}

/// Ten edges for each release, without circles: each release waits for ones with a smaller place.
fn edges(releases: u32) -> Vec<(u32, u32)> {
    let mut random = random();
    let edge = |after: u32, random: &mut ChaCha8Rng| (random.random_range(0..after), after);
    let mut edges = Vec::with_capacity(releases as usize * 10);
    for after in 1..releases {
        edges.extend((0..10).map(|_| edge(after, &mut random)));
    }
    edges
}

fn waves(releases: u32, edges: &[(u32, u32)]) -> usize {
    layer(&Adjacency::new(releases as usize, edges)).len()
}

fn bare_petgraph(releases: u32, edges: &[(u32, u32)]) -> usize {
    let mut graph: DiGraph<(), (), u32> = DiGraph::with_capacity(releases as usize, edges.len());
    for _ in 0..releases {
        graph.add_node(());
    }
    for (before, after) in edges {
        graph.add_edge((*before).into(), (*after).into(), ());
    }
    let order = toposort(&graph, None).expect("no circle");
    kosaraju_scc(&graph).len().max(order.len())
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn day(count: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + hours(24 * count)
}

/// Releases with dependencies and gaps between them, evening windows, blackouts, an exclusive environment for some, teams and managers,
/// earliest starts and deadlines.
fn problem(releases: usize) -> Problem {
    let mut random = random();
    let days = i64::try_from(releases).expect("few") / 4 + 120;
    let evening = |count: i64| Window { start: day(count) + hours(18), end: day(count) + hours(23) };
    let open = Intervals::new((0..days).filter(|count| count % 7 < 5).map(evening));
    let calendars = (0..20).map(|place| {
        let closed = Window { start: day(20 + place * 5), end: day(24 + place * 5) };
        open.minus(&Intervals::new([closed]))
    });
    let jobs = (0..releases).map(|place| {
        let mut demands =
            vec![Demand { pool: 0, amount: 1 }, Demand { pool: 1 + random.random_range(0..12), amount: 1 }];
        if place % 10 == 0 {
            demands.push(Demand { pool: 13, amount: 1 });
        }
        Job {
            duration: SignedDuration::from_mins(random.random_range(2..9) * 15),
            openings: random.random_range(0..20),
            earliest: day(random.random_range(0..20)),
            latest: day(days - random.random_range(0..20)),
            demands,
            risk: random.random_range(0..5),
        }
    });
    let jobs: Vec<Job> = jobs.collect();
    let precedences: Vec<Precedence> = (releases / 10..releases)
        .filter(|place| place % 2 == 0)
        .map(|after| {
            let lag = SignedDuration::from_mins(random.random_range(0..3) * 60);
            Precedence { before: random.random_range(0..after), after, lag }
        })
        .collect();
    let capacities = [vec![6], vec![2; 12], vec![1]].concat();
    Problem::new(jobs, &precedences, (calendars.collect(), capacities)).expect("well-formed")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// The shortest of five.
fn best_time<T>(mut work: impl FnMut() -> T) -> Duration {
    (0..5).map(|_| timed(|| black_box(work())).1).min().unwrap_or_default()
}

fn report_waves() {
    println!("\ngroups and waves, ten edges a release; petgraph: toposort and kosaraju_scc on the same edges");
    let mut last: Option<Duration> = None;
    for releases in [1_000, 10_000, 100_000] {
        let edges = edges(releases);
        let own = best_time(|| waves(releases, &edges));
        let bare = best_time(|| bare_petgraph(releases, &edges));
        let grown = last.map(|last| own.as_secs_f64() / last.as_secs_f64());
        let ratio = own.as_secs_f64() / bare.as_secs_f64();
        let grown = grown.map_or(String::new(), |grown| format!(", {grown:.1} times the one before"));
        println!("  {releases:>7} releases: {own:>10.2?}, petgraph {bare:>10.2?}, ratio {ratio:.2}{grown}");
        last = Some(own);
    }
}

fn report_schedules() {
    println!("\nschedules under windows, blackouts, 14 pools, an exclusive environment, deadlines");
    for releases in [100, 300, 1_000, 2_000] {
        let problem = problem(releases);
        let policy = SequencePolicy::default();
        let mut steps = Steps::new(policy.steps);
        let (found, took) = timed(|| schedule(&problem, policy.effort, &mut steps).expect("enough steps"));
        let placed = found.jobs.iter().flatten().count();
        let ends = found.jobs.iter().zip(problem.jobs());
        let end = ends.filter_map(|(at, job)| Some((*at)?.start + job.duration)).max().expect("some");
        let bound = lower_bound(&problem, &spans(&problem)).expect("some");
        let whole = |moment: Timestamp| moment.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
        println!(
            "  {releases:>5} releases: {took:>10.2?}, {placed} placed, {:.1} days, bound {:.1}, gap {:.1} %, {} steps",
            whole(end) / 86_400.0,
            whole(bound) / 86_400.0,
            (whole(end) / whole(bound) - 1.0) * 100.0,
            policy.steps - steps.left(),
        );
    }
}

/// A small instance: half of them chained, two pools.
fn small(seed: u64) -> Problem {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let jobs = random.random_range(4..=8);
    let open =
        Intervals::new((0..30).map(|count| Window { start: day(count) + hours(18), end: day(count) + hours(23) }));
    let rows: Vec<Job> = (0..jobs)
        .map(|_| Job {
            duration: hours(random.random_range(1..4)),
            openings: 0,
            earliest: day(0),
            latest: day(30),
            demands: vec![Demand { pool: random.random_range(0..2), amount: random.random_range(1..3) }],
            risk: 0,
        })
        .collect();
    let edges: Vec<Precedence> = (1..jobs)
        .filter(|_| random.random_bool(0.5))
        .map(|after| Precedence { before: after - 1, after, lag: SignedDuration::ZERO })
        .collect();
    Problem::new(rows, &edges, (vec![open], vec![2, 3])).expect("well-formed")
}

/// How far the heuristic is from the exact optimum.
fn report_distance() {
    let end = |problem: &Problem, exact_jobs: usize| {
        let effort = Effort { exact_jobs, ..Effort::default() };
        let found = schedule(problem, effort, &mut Steps::new(200_000_000)).expect("enough steps");
        assert!(exact_jobs == 0 || found.optimal, "the exact search must finish");
        let ends = found.jobs.iter().zip(problem.jobs());
        let end = ends.map(|(at, job)| at.expect("placed").start + job.duration).max().expect("some");
        end.duration_since(day(0)).as_secs_f64()
    };
    let mut distances: Vec<f64> = Vec::new();
    let mut bounds: Vec<f64> = Vec::new();
    for seed in 0..200 {
        let problem = small(seed);
        let exact = end(&problem, 8);
        let bound = lower_bound(&problem, &spans(&problem)).expect("some").duration_since(day(0)).as_secs_f64();
        assert!(bound <= exact, "the bound is at most the optimum");
        distances.push(end(&problem, 0) / exact - 1.0);
        bounds.push(exact / bound - 1.0);
    }
    println!("\n200 random instances of 4 to 8 releases");
    for (name, mut values) in [("heuristic over optimum", distances), ("optimum over bound", bounds)] {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values.get((share * 199.0) as usize).copied().unwrap_or_default() * 100.0;
        let equal = values.iter().filter(|value| **value < 1e-9).count();
        println!(
            "  {name}: equal in {equal}; median {:.1} %, 90 % {:.1} %, 99 % {:.1} %, worst {:.1} %",
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0)
        );
    }
}

fn benches(criterion: &mut Criterion) {
    report_waves();
    report_schedules();
    report_distance();
    println!();
    let edges = edges(100_000);
    let mut group = criterion.benchmark_group("sequence");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.bench_function("waves_100k_1m", |bencher| bencher.iter(|| waves(100_000, black_box(&edges))));
    group.bench_function("petgraph_100k_1m", |bencher| bencher.iter(|| bare_petgraph(100_000, black_box(&edges))));
    group.finish();
}

criterion_group!(sequence, benches);
criterion_main!(sequence);
