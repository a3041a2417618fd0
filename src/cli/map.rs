//! `interlock map`: reads what the systems show once, and proposes which records belong to which service.

mod table;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use connectors::{Clock, Connector};
use engine::mapping::{Options, Proposal, propose};

use super::logs::LogArguments;
use super::{Exit, Failure};
use crate::config::{self, Config};
use crate::federation::{Surveyed, survey};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file: systems and environments; it may have no services yet
    #[arg(long, value_name = "FILE", default_value = "interlock.toml")]
    config: PathBuf,
    /// Write the proposal to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How the proposal is written; default: a table, and TOML into a file
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Claims below this are listed as questions, never written
    #[arg(long, value_name = "0..1", default_value_t = 0.8, value_parser = fraction)]
    minimum_confidence: f64,
    /// Go by this moment instead of the machine's clock (RFC 3339)
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,
    #[command(flatten)]
    logs: LogArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    Table,
    /// Sections to append to the configuration
    Toml,
    /// One JSON object
    Json,
}

fn fraction(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "expected a number between 0 and 1".to_owned())?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("expected a number between 0 and 1".to_owned()) }
}

/// Passes when every system was read in full, is unknown when something could not be read: what is missing there may
/// be missing in the proposal.
pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    let config = config::load(&arguments.config).map_err(Failure::usage)?;
    let clock = super::serve::clock(arguments.now);
    let options = Options { minimum_confidence: arguments.minimum_confidence };
    let connectors = super::gateway::connectors(&config, &clock)?;
    let (proposal, surveyed) = look_at(&connectors, &config, (clock.now(), &options)).await?;
    if surveyed.counts.iter().all(|(_, count)| *count == 0) && !surveyed.gaps.is_empty() {
        return Err(Failure { error: anyhow::anyhow!("no system could be read"), exit: Exit::Unreachable });
    }
    let format = match (arguments.format, &arguments.output) {
        (Some(format), _) => format,
        (None, Some(_)) => Format::Toml,
        (None, None) => Format::Table,
    };
    let text = match format {
        Format::Table => table::table(&proposal),
        Format::Toml => toml_of(&proposal, &options),
        Format::Json => format!("{:#}\n", writing::machine_form(&proposal)),
    };
    match &arguments.output {
        Some(path) => write(path, &text)?,
        None => print!("{text}"),
    }
    eprintln!("{}", table::summary(&proposal));
    for system in surveyed.silent() {
        eprintln!("{system} could not be read: nothing of it is in the proposal.");
    }
    Ok(if surveyed.gaps.is_empty() { Exit::Pass } else { Exit::Unknown })
}

/// The proposal as sections that can be appended to the configuration it was made with.
pub fn toml_of(proposal: &Proposal, options: &Options) -> String {
    writing::toml(proposal, options)
}

/// Reads the systems of a configuration and proposes; progress goes to standard error.
pub async fn look(
    config: &Config,
    clock: &Arc<dyn Clock>,
    options: &Options,
) -> Result<(Proposal, Surveyed), anyhow::Error> {
    let connectors = super::gateway::connectors(config, clock).map_err(|failure| failure.error)?;
    look_at(&connectors, config, (clock.now(), options)).await
}

async fn look_at(
    connectors: &[Arc<dyn Connector>],
    config: &Config,
    (now, options): (jiff::Timestamp, &Options),
) -> Result<(Proposal, Surveyed), anyhow::Error> {
    eprintln!("Reading {} systems once ...", connectors.len());
    let told = |id: &domain::ConnectorId, read: &connectors::Gathered| {
        eprintln!(
            "  {id}: {} records{}",
            read.records.len(),
            if read.gaps.is_empty() { "" } else { ", with gaps" }
        );
        for gap in &read.gaps {
            eprintln!("    {:?}: {}", gap.kind, gap.message);
        }
    };
    let surveyed = survey(connectors, &config.landscape, (config.horizon.around(now), now), &told).await;
    let (landscape, options) = (config.landscape.clone(), options.clone());
    // Comparing everything with everything may take seconds: off the async threads.
    tokio::task::spawn_blocking(move || {
        let proposal = propose(&surveyed.records, &landscape, &options);
        (proposal, surveyed)
    })
    .await
    .context("the comparison ended abnormally")
}

fn write(path: &Path, text: &str) -> Result<(), anyhow::Error> {
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
