//! `interlock demo`: simulated vendors and the gateway on loopback, with a small bank's releases to ask for.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;

use super::bank::EstateArguments;
use super::logs::LogArguments;
use super::{Exit, Failure, Gateway};
use crate::clock::StartedClock;
use crate::config::{self, StorePlace, StorePlan};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the gateway listens; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:4000")]
    listen: SocketAddr,
    /// First port of the simulated vendors; 0 picks free ones
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    vendor_ports: u16,
    #[command(flatten)]
    estate: EstateArguments,
    #[command(flatten)]
    logs: LogArguments,
}

/// The query that a newcomer pastes first.
const FIRST_QUERY: &str = r#"{
  release(key: "payments-api@2.14.0") {
    key
    status
    service { name owner { name } }
    changes(first: 5) { edges { link { origin rule } node { number state approvals(first: 5) { edges { node { state approver { name } } } } } } }
    workItems(first: 5) { edges { link { rule } node { key summary state } } }
    commits(first: 5) { edges { node { sha message } } }
    gaps { code connector message }
  }
}"#;

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    let start = arguments.estate.start()?;
    let (bank, folder) = arguments.estate.open(arguments.listen.to_string(), arguments.vendor_ports).await?;
    let secrets = |name: &str| simulators::bank::secret(name).map(str::to_owned);
    let mut config = config::check(&bank.config, &secrets).map_err(anyhow::Error::new)?;
    let place = StorePlace::Sqlite(folder.path().join("interlock.db"));
    config.store = Some(StorePlan { place, retention: jiff::SignedDuration::from_hours(24 * 730) });
    let gateway = Gateway::start(config, Arc::new(StartedClock::at(start))).await?;
    gateway.gathered().await;
    let address = gateway.address();
    println!("listening on http://{address}");
    eprintln!("\nA small bank on {start}, simulated; its clock runs on from there.\n");
    eprintln!("  http://{address}/graphql   ask in a browser, or POST");
    eprintln!("  http://{address}/health/ready");
    eprintln!("  http://{address}/metrics");
    for (name, server) in bank.servers() {
        eprintln!("  {:<28} {name} (simulated)", server.url());
    }
    eprintln!("\nPaste this:\n\n{FIRST_QUERY}\n\nCtrl-C stops it all.");
    gateway.run_until_stopped().await;
    Ok(Exit::Pass)
}
