//! The gateway: gathers records through the connectors, holds the release graph, and answers GraphQL.

pub mod cli;
pub mod clock;
pub mod tasks;

mod ics;

pub mod config;
pub mod federation;
pub mod graphql;
pub mod http;
pub mod memory;
