//! The Prometheus connector: what runs, and whether it is healthy.

mod config;

pub use config::*;
