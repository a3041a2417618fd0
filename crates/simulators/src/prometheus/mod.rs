//! A simulated Prometheus server: its HTTP API and enough PromQL for clients of release data.

pub mod content;
