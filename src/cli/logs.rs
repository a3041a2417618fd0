//! Structured logs on standard error: sentences for people at a terminal, JSON lines for machines.

use std::io::IsTerminal as _;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// How logs are written.
#[derive(Debug, Args)]
pub(super) struct LogArguments {
    /// Which events are logged, for example `info` or `warn,interlock=debug`
    #[arg(long, env = "INTERLOCK_LOG", default_value = "info", global = true)]
    log: String,
    /// How they are written
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true)]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    /// Sentences
    Text,
    /// One JSON object per line
    Json,
}

impl LogArguments {
    /// Starts logging; a filter that cannot be read is a mistake of usage.
    pub(super) fn start(&self) -> Result<(), super::Failure> {
        let filter = EnvFilter::try_new(&self.log)
            .map_err(|error| super::Failure::usage(anyhow::Error::new(error).context("--log cannot be read")))?;
        let colours = std::io::stderr().is_terminal();
        let logs =
            tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
        let started = match self.log_format {
            LogFormat::Text => logs.with_target(false).try_init(),
            LogFormat::Json => logs.json().try_init(),
        };
        // A second start in one process keeps the first one's settings: nothing is lost by it.
        started.or(Ok(()))
    }
}
