//! The command line. One file per subcommand; exit codes mean the same everywhere.

mod bank;
mod blockers;
mod calendar;
mod check;
mod client;
mod demo;
mod gate;
mod gateway;
mod logs;
pub mod map;
mod risk;
mod schema;
mod sequence;
mod serve;
mod simulate;
mod store;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use gateway::Gateway;

/// How a command ended. The numbers are stable: pipelines branch on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Passed.
    Pass = 0,
    /// Failed.
    Fail = 1,
    /// A verdict was reached, and evidence is missing.
    Unknown = 2,
    /// Wrong usage or configuration.
    Usage = 3,
    /// No verdict could be reached: the gateway or a needed system cannot be reached.
    Unreachable = 4,
    /// Our own failure.
    Internal = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// One GraphQL release graph over the tools a company already runs its releases with.
#[derive(Debug, Parser)]
#[command(name = "interlock", version, propagate_version = true, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 pass · 1 fail · 2 unknown (evidence is missing) · 3 usage or configuration · \
                          4 no verdict (gateway or system unreachable) · 5 internal";

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, for as long as the program runs")]
enum Command {
    /// Run simulated vendors and the gateway on loopback, with a small bank's releases to ask for
    Demo(demo::Arguments),
    /// Run the gateway against the systems of a configuration
    Serve(serve::Arguments),
    /// Run the simulated vendors alone
    Simulate(simulate::Arguments),
    /// Check a configuration, then ask every system whether it answers, knows us and lets us read
    Check(check::Arguments),
    /// Propose which configuration items, repositories, projects and labels belong to which service
    Map(map::Arguments),
    /// Tell in which order, together with what, and when releases can go
    Sequence(sequence::Arguments),
    /// Tell what stands in a release's way at a target, and what would let it through
    Blockers(blockers::Arguments),
    /// Tell whether a release may go to a target, for pipelines
    Gate(gate::Arguments),
    /// Show what is planned and what gets in each other's way; or write it as iCalendar
    Calendar(calendar::Arguments),
    /// Train, test and explain the model of a release's risk
    Risk(risk::Arguments),
    /// Check, back up, restore or prune what is remembered
    Store(store::Arguments),
    /// Print the GraphQL schema, or the JSON Schema of the configuration
    Schema(schema::Arguments),
}

/// Runs the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(help) => {
            // Help and version are no mistakes; everything else is wrong usage.
            let exit = if help.use_stderr() { Exit::Usage } else { Exit::Pass };
            return if help.print().is_ok() { exit.into() } else { Exit::Internal.into() };
        }
    };
    match run(arguments.command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("interlock: {:#}", failure.error);
            failure.exit.into()
        }
    }
}

/// Why a command could not do what it was asked to.
#[derive(Debug)]
struct Failure {
    error: anyhow::Error,
    exit: Exit,
}

impl Failure {
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), exit: Exit::Usage }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { error, exit: Exit::Internal }
    }
}

fn run(command: Command) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| anyhow::Error::new(error).context("the runtime could not be started"))?;
    let ended = runtime.block_on(async {
        match command {
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Simulate(arguments) => simulate::run(arguments).await,
            Command::Check(arguments) => check::run(arguments).await,
            Command::Map(arguments) => map::run(arguments).await,
            Command::Sequence(arguments) => sequence::run(arguments).await,
            Command::Blockers(arguments) => blockers::run(arguments).await,
            Command::Gate(arguments) => gate::run(arguments).await,
            Command::Calendar(arguments) => calendar::run(arguments).await,
            Command::Risk(arguments) => risk::run(arguments).await,
            Command::Store(arguments) => store::run(arguments).await,
            Command::Schema(arguments) => schema::run(arguments),
        }
    });
    // A repository that is being read or a graph that is being made cannot be interrupted; nobody waits for its end.
    runtime.shutdown_timeout(LAST_GRACE);
    ended
}

const LAST_GRACE: std::time::Duration = std::time::Duration::from_millis(200);
