//! `interlock schema`: prints what clients and editors are written against.

use clap::{Args, ValueEnum};

use super::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which schema
    #[arg(value_enum, default_value_t = Which::Graphql)]
    which: Which,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// The GraphQL API in the schema definition language
    Graphql,
    /// The same as an Apollo Federation v2 subgraph
    Subgraph,
    /// JSON Schema of the configuration file
    Config,
}

pub(super) fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let text = match arguments.which {
        Which::Graphql => crate::graphql::sdl(),
        Which::Subgraph => crate::graphql::subgraph_sdl(),
        Which::Config => crate::config::json_schema(),
    };
    print!("{text}");
    Ok(Exit::Pass)
}
