//! The GitHub connector: repositories, tags, pull requests, runs, deployments.

mod config;

pub use config::*;
