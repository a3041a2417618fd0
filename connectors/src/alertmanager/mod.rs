//! The Alertmanager connector: alerts and silences.

mod config;

pub use config::*;
