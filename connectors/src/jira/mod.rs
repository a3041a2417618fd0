//! The Jira Cloud connector: versions, work items and their links.

mod config;

pub use config::*;
