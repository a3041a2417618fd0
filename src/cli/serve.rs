//! `interlock serve`: the gateway against the systems of a configuration.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use connectors::{Clock, SystemClock};
use jiff::Timestamp;

use super::logs::LogArguments;
use super::{Exit, Failure, Gateway};
use crate::clock::StartedClock;
use crate::config;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "interlock.toml")]
    config: PathBuf,
    /// Listen here instead of where the configuration says; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Start the gateway's clock at this moment (RFC 3339) instead of the present
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    #[command(flatten)]
    logs: LogArguments,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    let mut config = config::load(&arguments.config).map_err(Failure::usage)?;
    if let Some(listen) = arguments.listen {
        config.listen_at(listen).map_err(Failure::usage)?;
    }
    let gateway = Gateway::start(config, clock(arguments.now)).await?;
    println!("listening on http://{}", gateway.address());
    gateway.run_until_stopped().await;
    Ok(Exit::Pass)
}

/// The machine's clock, or one that starts at the given moment.
pub(super) fn clock(now: Option<Timestamp>) -> Arc<dyn Clock> {
    match now {
        Some(start) => Arc::new(StartedClock::at(start)),
        None => Arc::new(SystemClock),
    }
}
