//! What keeping an unchanged estate fresh asks of its systems, as the company grows: the demonstration bank at a scale
//! is read through its simulators, and then refreshed while nothing changes. Prints one table; ends with 1 where a
//! system is asked for more than two requests for each kind of records, or more in an hour than its vendor grants.

#![expect(clippy::expect_used, reason = "a measurement fails by panicking")]

#[path = "../crates/engine/benches/measure/usage.rs"]
#[expect(dead_code, reason = "other measurements need more of it")]
mod usage;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use interlock::cli::Gateway;
use interlock::clock::FrozenClock;
use interlock::config::{self, System};
use interlock::federation::Extent;
use jiff::Timestamp;
use simulators::bank::{Bank, Places, TemporaryFolder, secret};
use simulators::clock::Frozen;
use simulators::estate::systems::Ports;
use simulators::estate::{Contents, Options};

use usage::{Stopwatch, Usage};

/// A Monday in winter.
const NOW: &str = "2026-11-23T00:00:00Z";
const ROUNDS: usize = 3;
/// Refreshes of an hour by the default interval.
const EACH_HOUR: u64 = 60;
const MIB: u64 = 1024 * 1024;

/// A server, how many kinds of records are read there, and the requests of an hour that its vendor grants a client.
/// GitHub: 5,000 for a token. The others grant by load and not by count.
const SYSTEMS: [(&str, u64, Option<u64>); 6] = [
    ("servicenow", 16, None),
    ("servicenow-lending", 14, None),
    ("jira", 4, None),
    ("github", 10, Some(5_000)),
    ("prometheus", 3, None),
    ("alertmanager", 1, None),
];

fn main() -> ExitCode {
    drop(rustls::crypto::ring::default_provider().install_default());
    let scales = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let scales: Vec<u32> = scales.map(|scale| scale.parse().expect("scales are numbers")).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut good = true;
    for scale in if scales.is_empty() { vec![1] } else { scales } {
        good &= runtime.block_on(measure(scale));
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(scale: u32) -> bool {
    let now: Timestamp = NOW.parse().expect("a moment");
    let folder = TemporaryFolder::make().expect("a folder");
    let options = Options { contents: Contents::Everything, scale, ..Options::new(1, now) };
    let places = Places { gateway: "127.0.0.1:0".to_owned(), ports: Ports::Any, folder: folder.path().to_owned() };
    let bank = Bank::open(&options, &places, Arc::new(Frozen::at(now))).await.expect("a bank");
    let mut config =
        config::check(&bank.config, &|name: &str| secret(name).map(str::to_owned)).expect("its configuration");
    config.refresh.interval = jiff::SignedDuration::from_hours(24);
    // At scale, and on a busy machine, the simulators are slower than the vendors.
    for System { plan, .. } in &mut config.connectors {
        plan.settings.try_timeout = Duration::from_secs(300);
        plan.settings.deadline = Duration::from_secs(600);
    }
    let watch = Stopwatch::start();
    let gateway = Gateway::start(config, Arc::new(FrozenClock(now))).await.expect("a gateway");
    gateway.gathered().await;
    let federation = gateway.federation();
    let graph = federation.graph().expect("a graph");
    println!(
        "scale {scale}: {} services, {} changes, {} releases, {} links; first read in {:.1} s, {} MiB with the simulators",
        graph.services.len(),
        graph.changes.len(),
        graph.releases.len(),
        graph.link_count(),
        watch.elapsed().as_secs_f64(),
        Usage::of("self").resident / MIB,
    );
    let sent = || bank.servers().map(|(_, server)| server.requests.total());
    let first = sent();
    let mut most = [0; 6];
    let mut slowest = Duration::ZERO;
    for _ in 0..ROUNDS {
        let (before, watch) = (sent(), Stopwatch::start());
        let refreshed = federation.gather(Extent::Changes).await.expect("a graph");
        slowest = slowest.max(watch.elapsed());
        if refreshed.version != graph.version {
            println!("  a refresh made another graph: {:?}", refreshed.gaps);
        }
        for ((most, before), after) in most.iter_mut().zip(before).zip(sent()) {
            *most = (*most).max(after - before);
        }
    }
    println!("  unchanged refreshes: {:.2} s at most", slowest.as_secs_f64());
    println!(
        "  {:<20} {:>11} {:>6} {:>9} {:>9} {:>9} {:>8}",
        "", "first read", "kinds", "refresh", "per kind", "per hour", "granted"
    );
    let mut good = true;
    for ((name, kinds, granted), (first, most)) in SYSTEMS.into_iter().zip(first.into_iter().zip(most)) {
        let hourly = most * EACH_HOUR;
        // Beyond scale 1 a vendor's grant is what counts.
        let within = granted.map_or(most <= 2 * kinds, |granted| hourly <= granted);
        good &= within;
        let granted = granted.map_or("-".to_owned(), |granted| granted.to_string());
        let verdict = if within { "" } else { "   too many" };
        println!(
            "  {name:<20} {first:>11} {kinds:>6} {most:>9} {:>9.2} {hourly:>9} {granted:>8}{verdict}",
            most as f64 / kinds as f64
        );
    }
    gateway.stop().await;
    good
}
