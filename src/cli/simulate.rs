//! `interlock simulate`: the simulated vendors alone, with the configuration that leads to them.

use std::path::PathBuf;

use clap::Args;

use super::bank::EstateArguments;
use super::logs::LogArguments;
use super::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// First port of the simulated vendors, the others follow; 0 picks free ones
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    vendor_ports: u16,
    /// Write the gateway's configuration for these vendors to this file
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,
    /// Write the estate's history to this file (CSV, as `interlock risk backtest` reads it, with the probability that
    /// each failure was drawn with), and start nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["write_config", "vendor_ports"])]
    history: Option<PathBuf>,
    #[command(flatten)]
    estate: EstateArguments,
    #[command(flatten)]
    logs: LogArguments,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    if let Some(path) = &arguments.history {
        let text = simulators::estate::history_csv(&arguments.estate.generate()?);
        std::fs::write(path, text)
            .map_err(|error| anyhow::Error::new(error).context(format!("{} cannot be written", path.display())))?;
        return Ok(Exit::Pass);
    }
    let (bank, _folder) = arguments.estate.open("127.0.0.1:4000".to_owned(), arguments.vendor_ports).await?;
    for (name, server) in bank.servers() {
        println!("{name} listening on {}", server.url());
    }
    if let Some(path) = &arguments.write_config {
        std::fs::write(path, &bank.config)
            .map_err(|error| anyhow::Error::new(error).context(format!("{} cannot be written", path.display())))?;
        eprintln!("The configuration is in {}; its secrets are:", path.display());
        for (name, value) in simulators::bank::SECRETS {
            eprintln!("  export {name}={value}");
        }
    }
    eprintln!("Faults: PUT /_simulator/faults at each address. Ctrl-C stops them.");
    crate::http::asked_to_end().await;
    Ok(Exit::Pass)
}
