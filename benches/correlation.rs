//! How well the linking rules do: the demonstration bank is read through its simulators, the labels that systems carry
//! are taken away, and what correlation still finds is compared with what the generator knows to be true.
//! Prints a table; ends with 1 where a rule does less than is asked of its origin.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a measurement fails by panicking, and walks the generator's own tables"
)]

#[path = "correlation/truth.rs"]
mod truth;

#[path = "correlation/score.rs"]
mod score;

use std::process::ExitCode;
use std::sync::Arc;

use domain::{LinkOrigin, Records, TrackedVersion};
use engine::correlate::{CorrelateInput, correlate};
use interlock::cli::Gateway;
use interlock::clock::FrozenClock;
use interlock::config::{self, System};
use jiff::Timestamp;
use simulators::bank::{Bank, Places, TemporaryFolder, secret};
use simulators::clock::Frozen;
use simulators::estate::systems::Ports;
use simulators::estate::{Contents, Options};

use score::Board;
use truth::Truth;

/// A Monday in winter.
const NOW: &str = "2026-11-23T00:00:00Z";

/// What a rule of each origin must reach: share of its links that are right, share of the truth that is found.
const EXPLICIT: f64 = 1.0;
const DERIVED: (f64, f64) = (0.99, 0.97);

fn main() -> ExitCode {
    drop(rustls::crypto::ring::default_provider().install_default());
    let arguments: Vec<String> = std::env::args().collect();
    let short = arguments.iter().any(|argument| argument == "--stories");
    let contents = if short { Contents::StoriesAndNoise } else { Contents::Everything };
    let scale = arguments.iter().position(|argument| argument == "--scale").and_then(|at| arguments.get(at + 1));
    let scale = scale.map_or(1, |number| number.parse().expect("--scale takes a number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let good = runtime.block_on(measure(contents, scale));
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(contents: Contents, scale: u32) -> bool {
    let now: Timestamp = NOW.parse().expect("a moment");
    let folder = TemporaryFolder::make().expect("a folder");
    let options = Options { contents, scale, ..Options::new(1, now) };
    let places = Places { gateway: "127.0.0.1:0".to_owned(), ports: Ports::Any, folder: folder.path().to_owned() };
    let bank = Bank::open(&options, &places, Arc::new(Frozen::at(now))).await.expect("a bank");
    let mut config =
        config::check(&bank.config, &|name: &str| secret(name).map(str::to_owned)).expect("its configuration");
    // At scale, and on a busy machine, the simulators are slower than the vendors.
    for System { plan, .. } in &mut config.connectors {
        plan.settings.try_timeout = std::time::Duration::from_secs(300);
        plan.settings.deadline = std::time::Duration::from_secs(600);
    }
    let gateway = Gateway::start(config, Arc::new(FrozenClock(now))).await.expect("a gateway");
    gateway.gathered().await;
    let input = gateway.federation().input().await;
    gateway.stop().await;
    assert!(input.gaps.is_empty(), "the bank was not read whole: {:?}", input.gaps);

    let labelled = correlate(input.clone());
    let truth = Truth::of(&bank.estate, &labelled);
    let with_labels = Board::of(&labelled, &truth);
    let without = Board::of(&correlate(without_labels(input)), &truth);
    println!("With all labels\n{with_labels}");
    println!(
        "Without labels: no correlation ids, fix versions, numbers of changes on deployments, or causes\n{without}"
    );

    let mut good = true;
    let mut demand = |holds: bool, what: String| {
        if !holds {
            println!("too low: {what}");
            good = false;
        }
    };
    for row in with_labels.of_origin(LinkOrigin::Explicit) {
        demand(row.precision() >= EXPLICIT, format!("explicit {row}"));
    }
    for row in without.of_origin(LinkOrigin::Derived).filter(|row| row.supports) {
        demand(row.precision() >= DERIVED.0, format!("derived {row}"));
    }
    for (relation, found) in without.found() {
        demand(
            found >= DERIVED.1,
            format!("{relation}: {:.1} % of the truth is found by keys alone", found * 100.0),
        );
    }
    good
}

/// Takes away every field in which somebody states a link outright.
fn without_labels(mut input: CorrelateInput) -> CorrelateInput {
    let Records { changes, work_items, tracked_versions, deployments, incidents, .. } = &mut input.records;
    for change in changes {
        change.correlation_id = None;
    }
    for item in work_items {
        item.fix_versions.clear();
    }
    tracked_versions.retain(|_: &TrackedVersion| false);
    for deployment in deployments {
        deployment.change_number = None;
    }
    for incident in incidents {
        incident.caused_by = None;
    }
    input
}
