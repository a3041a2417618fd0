//! What a `prometheus` section may say beside the keys that every connector has.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::resilience::SetupError;

/// Options of a Prometheus connector.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The metric whose labels tell what runs.
    pub build_info: String,
    /// Labels that tell one process of a build from another; processes that differ in these alone are seen as one.
    pub process_labels: Vec<String>,
    /// Health queries by name. `{selector}` stands for the service's labels.
    pub health: BTreeMap<String, HealthQuery>,
    /// How far back what ran is read.
    pub lookback: SignedDuration,
}

/// A query whose value tells whether a service is healthy. It is asked once for all services that are known by the
/// same label names, so its result must keep these: `sum by ({labels}) (rate(errors_total{{selector}}[5m]))`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HealthQuery {
    /// PromQL. `{selector}` stands for the services' labels, with braces of its own or inside others;
    /// `{labels}` for the names of these labels.
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
            process_labels: vec!["instance".to_owned(), "pod".to_owned()],
            health: BTreeMap::new(),
            lookback: SignedDuration::from_hours(14 * 24),
        }
    }
}

impl Options {
    /// Refuses what would not be a query.
    pub(super) fn check(&self) -> Result<(), SetupError> {
        let out = |path, bounds| Err(SetupError::Setting { path, bounds });
        if !is_metric_name(&self.build_info) {
            return out("build_info", "the name of a metric");
        }
        if !self.process_labels.iter().all(|name| is_label_name(name)) {
            return out("process_labels", "names of labels");
        }
        if self.lookback < SignedDuration::from_hours(1) || self.lookback > SignedDuration::from_hours(400 * 24) {
            return out("lookback", "between an hour and 400 days");
        }
        if self.health.values().any(|query| !query.at_most.is_finite()) {
            return out("health.at_most", "a number");
        }
        Ok(())
    }
}

/// May this stand as a label's name in PromQL, unquoted?
pub(super) fn is_label_name(name: &str) -> bool {
    starts_well(name) && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn is_metric_name(name: &str) -> bool {
    starts_well(name) && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_:".contains(letter))
}

fn starts_well(name: &str) -> bool {
    name.chars().next().is_some_and(|letter| !letter.is_ascii_digit())
}
