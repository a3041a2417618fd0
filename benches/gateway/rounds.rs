//! The table: every case is measured once per round, round after round, and told by its median, so that what else the
//! machine does meets all of them alike.

use std::time::Duration;

use anyhow::Result;

use crate::Options;
use crate::client::{Question, load};
use crate::questions::{Operation, Questions};
use crate::servers::Server;

const CONNECTIONS: [usize; 2] = [32, 128];

/// One measurement.
#[derive(Debug, Clone, Copy, Default)]
struct Measured {
    per_second: f64,
    /// CPU time of the server for one answer.
    cpu: Duration,
    p99: Duration,
    failed: u64,
}

/// What is measured of one operation with so many connections.
struct Case<'a> {
    label: String,
    server: &'a Server,
    question: Question,
    measured: Vec<Measured>,
}

/// Measures and prints.
pub(crate) async fn run(
    options: Options,
    questions: &Questions,
    (gateway, distant): (&Server, &Server),
    (bare, floor): (&Server, &Server),
) -> Result<()> {
    let time = Duration::from_secs_f64(options.seconds);
    let mut first = 1_000;
    for operation in [Operation::Page, Operation::List] {
        for connections in CONNECTIONS {
            let mut cases = [
                Case::new(gateway, "distinct", questions.distinct(operation)),
                Case::new(distant, "distinct", questions.distinct(operation)),
                Case::new(gateway, "identical", questions.identical(operation)),
                Case::new(bare, "distinct", questions.distinct(operation)),
                Case::new(floor, "distinct", questions.distinct(operation)),
            ];
            for _ in 0..options.rounds {
                for case in &mut cases {
                    // The first half second warms up and is forgotten.
                    for (time, counts) in [(Duration::from_millis(500), false), (time, true)] {
                        first += 2_000_000_000;
                        let measured = one(case, first, connections, time).await;
                        if counts {
                            case.measured.push(measured);
                        }
                    }
                }
            }
            println!("\n{}, {connections} connections", operation.name());
            println!("  {:<38} {:>10} {:>12} {:>9} {:>7}", "", "answers/s", "CPU µs each", "p99 ms", "failed");
            for case in &cases {
                let found = case.median();
                println!(
                    "  {:<38} {:>10.0} {:>12.0} {:>9.1} {:>7}",
                    case.label,
                    found.per_second,
                    found.cpu.as_secs_f64() * 1e6,
                    found.p99.as_secs_f64() * 1e3,
                    found.failed
                );
            }
            let [own, distant, identical, bare, floor] = cases.map(|case| case.median());
            tell("of the bare schema's throughput", own, bare, Some(0.7));
            tell("of plain axum's throughput", own, floor, None);
            tell("identical beside distinct", identical, own, Some(10.0));
            tell("systems 50 ms away beside 0 ms", distant, own, None);
        }
    }
    Ok(())
}

/// A ratio by throughput and by CPU time: the second also holds while others use the machine.
fn tell(what: &str, this: Measured, that: Measured, aim: Option<f64>) {
    let throughput = this.per_second / that.per_second;
    let cpu = that.cpu.as_secs_f64() / this.cpu.as_secs_f64();
    let aim = aim.map(|aim| format!("   (aim {aim})")).unwrap_or_default();
    println!("    × {throughput:>6.2} {what}; by CPU time × {cpu:.2}{aim}");
}

async fn one(case: &Case<'_>, first: u64, connections: usize, time: Duration) -> Measured {
    let before = case.server.usage().cpu;
    let watch = crate::usage::Stopwatch::start();
    let mut tally = load(case.server.address, (&case.question, first), connections, time).await;
    let took = watch.elapsed();
    let cpu = case.server.usage().cpu.saturating_sub(before);
    Measured {
        per_second: tally.answered as f64 / took.as_secs_f64(),
        cpu: cpu.div_f64(tally.answered.max(1) as f64),
        p99: tally.quantile(0.99),
        failed: tally.failed,
    }
}

impl<'a> Case<'a> {
    fn new(server: &'a Server, what: &str, question: Question) -> Self {
        Case { label: format!("{}, {what}", server.name), server, question, measured: Vec::new() }
    }

    fn median(&self) -> Measured {
        let mut by_throughput = self.measured.clone();
        by_throughput.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        let mut by_cpu: Vec<Duration> = self.measured.iter().map(|measured| measured.cpu).collect();
        by_cpu.sort_unstable();
        let middle = by_throughput.get(by_throughput.len() / 2).copied().unwrap_or_default();
        Measured {
            cpu: by_cpu.get(by_cpu.len() / 2).copied().unwrap_or_default(),
            failed: self.measured.iter().map(|measured| measured.failed).sum(),
            ..middle
        }
    }
}
