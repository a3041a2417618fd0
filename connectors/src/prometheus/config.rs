//! What a `prometheus` section may say beside the keys that every connector has.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Options of a Prometheus connector.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The metric whose labels tell what runs.
    pub build_info: String,
    /// Metrics whose labels tell the configuration in force.
    pub configuration_metrics: Vec<String>,
    /// Health queries by name. `{selector}` stands for the service's labels.
    pub health: BTreeMap<String, HealthQuery>,
    /// How far back what ran is read.
    pub lookback: jiff::SignedDuration,
}

/// A query whose value tells whether a service is healthy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HealthQuery {
    /// PromQL with `{selector}` in it.
    pub query: String,
    /// Healthy when the value is at most this.
    pub at_most: f64,
    /// PromQL that counts the samples the value rests on.
    pub samples: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            build_info: "build_info".to_owned(),
            configuration_metrics: Vec::new(),
            health: BTreeMap::new(),
            lookback: jiff::SignedDuration::from_hours(14 * 24),
        }
    }
}
