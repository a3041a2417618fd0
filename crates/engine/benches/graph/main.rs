//! How long correlation takes and how much memory it needs, as the company grows. Each scale is a process of its own,
//! so that peaks do not mix. Prints one table; `bench/README.md` tells how to read it.

#[path = "../measure/estate.rs"]
#[expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]
mod estate;
#[path = "../measure/usage.rs"]
mod usage;

use std::process::{Command, ExitCode, Stdio};

use domain::{ConnectorId, Family, RecordKind, Records};
use engine::correlate::{ConnectedSystem, CorrelateInput, CorrelationPolicy, Darkness, correlate};
use estate::{Estate, SYSTEMS, now};
use usage::{Stopwatch, Usage};

const SCALES: [u32; 3] = [1, 10, 100];
const MIB: u64 = 1024 * 1024;
const MOST_RESIDENT: u64 = 2048 * MIB;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["one", scale] => one(scale.parse().unwrap_or(1)),
        [] => all(&SCALES),
        scales => match scales.iter().map(|scale| scale.parse()).collect::<Result<Vec<u32>, _>>() {
            Ok(scales) => all(&scales),
            Err(error) => {
                eprintln!("usage: cargo bench --bench graph -- [SCALE …]: {error}");
                ExitCode::from(3)
            }
        },
    }
}

/// What one process found out.
#[derive(Clone, Copy)]
struct Found {
    scale: u32,
    records: u64,
    releases: u64,
    links: u64,
    wall_ms: u64,
    cpu_ms: u64,
    input: u64,
    resident: u64,
    peak: u64,
}

/// As in the gateway, what is held stays while the graph is made from a copy of it.
fn one(scale: u32) -> ExitCode {
    let estate = Estate::of(scale);
    let mut records = Records::default();
    estate.records.values().for_each(|held| records.append(held.clone()));
    let count = records.len();
    let (before, watch) = (Usage::of("self"), Stopwatch::start());
    let graph = correlate(input(&estate, records));
    let (wall, after) = (watch.elapsed(), Usage::of("self"));
    println!(
        "{scale} {count} {} {} {} {} {} {} {}",
        graph.releases.len(),
        graph.link_count(),
        wall.as_millis(),
        (after.cpu - before.cpu).as_millis(),
        before.resident,
        after.resident,
        after.peak,
    );
    drop(estate);
    ExitCode::SUCCESS
}

fn input(estate: &Estate, records: Records) -> CorrelateInput {
    let connected = |(id, family, kinds): &(&'static str, Family, &'static [RecordKind])| ConnectedSystem {
        id: ConnectorId::new(*id),
        family: *family,
        kinds: kinds.to_vec(),
    };
    CorrelateInput {
        records,
        landscape: estate.landscape.clone(),
        gaps: Vec::new(),
        darkness: Darkness::default(),
        connectors: SYSTEMS.iter().map(connected).collect(),
        policy: CorrelationPolicy::default(),
        horizon_start: None,
        version: 1,
        now: now(),
    }
}

fn all(scales: &[u32]) -> ExitCode {
    println!(
        "  scale    records  releases      links   wall s    CPU s   input MiB  graph MiB   peak MiB   × n log n"
    );
    let mut last: Option<Found> = None;
    let mut within = true;
    for scale in scales {
        let Some(found) = run_one(*scale) else {
            eprintln!("scale {scale} did not end well");
            return ExitCode::from(5);
        };
        let growth = last.map_or(String::from("-"), |last| format!("{:.2}", growth(last, found)));
        println!(
            "{:>7} {:>10} {:>9} {:>10} {:>8.2} {:>8.2} {:>11} {:>10} {:>10} {:>11}",
            found.scale,
            found.records,
            found.releases,
            found.links,
            found.wall_ms as f64 / 1000.0,
            found.cpu_ms as f64 / 1000.0,
            found.input / MIB,
            found.resident / MIB,
            found.peak / MIB,
            growth,
        );
        within &= found.peak <= MOST_RESIDENT;
        last = Some(found);
    }
    println!(
        "\ninput: the records as held, and the copy that the graph is made from; graph: with what is held beside it."
    );
    println!(
        "× n log n: CPU time beside what n log n would let it grow to since the row above; 1 or less is no worse."
    );
    println!("peak of every scale within {} MiB: {within}", MOST_RESIDENT / MIB);
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_one(scale: u32) -> Option<Found> {
    let this = std::env::current_exe().ok()?;
    let ended = Command::new(this).args(["one", &scale.to_string()]).stderr(Stdio::inherit()).output().ok()?;
    let text = String::from_utf8(ended.stdout).ok()?;
    let numbers: Vec<u64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    let [_, records, releases, links, wall_ms, cpu_ms, input, resident, peak] = numbers.try_into().ok()?;
    Some(Found { scale, records, releases, links, wall_ms, cpu_ms, input, resident, peak })
}

fn growth(before: Found, after: Found) -> f64 {
    let expected = |found: Found| found.records as f64 * (found.records as f64).ln();
    (after.cpu_ms as f64 / (before.cpu_ms.max(1)) as f64) / (expected(after) / expected(before))
}
