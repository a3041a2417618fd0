//! `interlock risk`: trains a model, tests one on any organisation's history, explains a release's risk, and computes
//! a kept record again.

mod backtest;
mod explain;
mod history;
mod plots;
mod train;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};
use engine::risk::Model;

use super::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model on a history, or on what the systems of a configuration keep
    Train(train::Arguments),
    /// Test the model on a history: it is always scored on changes that it has not seen
    Backtest(backtest::Arguments),
    /// Explain the risk of a release
    Explain(explain::Arguments),
    /// Compute a kept record again, offline, and compare the bytes
    Verify(verify::Arguments),
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.command {
        Command::Train(arguments) => train::run(arguments).await,
        Command::Backtest(arguments) => backtest::run(&arguments),
        Command::Explain(arguments) => explain::run(arguments).await,
        Command::Verify(arguments) => verify::run(&arguments),
    }
}

fn read_model(path: &Path) -> Result<Model, Failure> {
    let text = read(path)?;
    Model::read(&text)
        .map_err(|error| Failure::usage(anyhow::Error::new(error).context(path.display().to_string())))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(anyhow::Error::new(error).context(format!("{} cannot be read", path.display())))
    })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        Failure::usage(anyhow::Error::new(error).context(format!("{} cannot be written", path.display())))
    })
}

/// Tells on standard error how far a long work is, at most once per tenth.
fn progress(what: &'static str) -> impl FnMut(u64, u64) {
    let mut told = 0;
    move |done, all| {
        let tenth = done * 10 / all.max(1);
        if tenth > told {
            told = tenth;
            eprintln!("{what}: {} %", tenth * 10);
        }
    }
}
