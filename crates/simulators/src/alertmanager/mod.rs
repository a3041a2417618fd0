//! A simulated Alertmanager: its API v2.

pub mod content;
