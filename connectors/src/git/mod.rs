//! The connector to plain Git repositories: tags, commits and ranges, files at tags.

mod config;

pub use config::*;
