//! `interlock simulate`: the simulated vendors alone, with the configuration that leads to them; or one instance that
//! lives through the exported log of a real one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use simulators::replay::Replay;
use simulators::servicenow::IncidentLog;

use super::bank::EstateArguments;
use super::logs::LogArguments;
use super::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// One system without the estate, holding what --load gives it; all systems of the estate when left out
    #[arg(requires = "load")]
    vendor: Option<Vendor>,
    /// Log of a real instance's incidents to live through: CSV, as it is or packed as .gz or .xz
    #[arg(long, value_name = "FILE", requires = "vendor")]
    load: Option<PathBuf>,
    /// Begin before the log's first update; POST /_simulator/replay?updates=N lets N more happen
    #[arg(long, requires = "load")]
    hold: bool,
    /// First port of the simulated vendors, the others follow; 0 picks free ones
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    vendor_ports: u16,
    /// Write the gateway's configuration for these vendors to this file
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,
    /// Write the estate's history to this file (CSV, as `interlock risk backtest` reads it, with the probability that
    /// each failure was drawn with), and start nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["load", "write_config", "vendor_ports"])]
    history: Option<PathBuf>,
    #[command(flatten)]
    estate: EstateArguments,
    #[command(flatten)]
    logs: LogArguments,
}

/// The systems that can be loaded from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Vendor {
    /// A ServiceNow instance
    Servicenow,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    match (&arguments.load, arguments.vendor) {
        (Some(log), Some(Vendor::Servicenow)) => replay(&arguments, log).await,
        _ => estate(&arguments).await,
    }
}

async fn estate(arguments: &Arguments) -> Result<Exit, Failure> {
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
    serve_until_asked(arguments, &bank.config).await
}

async fn replay(arguments: &Arguments, log: &Path) -> Result<Exit, Failure> {
    let log = IncidentLog::open(log).with_context(|| format!("{} is not usable", log.display()));
    let log = log.map_err(Failure::usage)?;
    let (first, last) = log.span();
    let replay = Replay::new(log);
    if !arguments.hold {
        replay.advance(usize::MAX);
    }
    let server = replay.serve(arguments.vendor_ports).await.context("the simulated instance cannot listen")?;
    println!("servicenow listening on {}", server.url());
    let progress = replay.progress();
    eprintln!("{} updates have happened, {} are to come.", progress.happened, progress.to_come);
    eprintln!("The log reaches from {first} to {last}: start the gateway with --now {last}.");
    serve_until_asked(arguments, &replay.config(&server.url())).await
}

async fn serve_until_asked(arguments: &Arguments, config: &str) -> Result<Exit, Failure> {
    if let Some(path) = &arguments.write_config {
        std::fs::write(path, config)
            .map_err(|error| anyhow::Error::new(error).context(format!("{} cannot be written", path.display())))?;
        eprintln!("The configuration is in {}; its secrets are:", path.display());
        for (name, value) in simulators::bank::SECRETS.iter().filter(|(name, _)| config.contains(name)) {
            eprintln!("  export {name}={value}");
        }
    }
    eprintln!("Faults: PUT /_simulator/faults at each address. Ctrl-C stops them.");
    crate::http::asked_to_end().await;
    Ok(Exit::Pass)
}
