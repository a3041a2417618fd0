//! Monitoring: alerts, and what is observed to run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AlertId, Source, Text};

/// State of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlertState {
    /// The condition holds, not yet for long enough.
    Pending,
    /// Firing.
    Firing,
    /// Firing, and a silence or another alert keeps it quiet.
    Suppressed,
    /// Over.
    Resolved,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Fingerprint of its labels in that system.
    pub id: AlertId,
    /// Its name.
    pub name: Text,
    /// State.
    pub state: AlertState,
    /// Severity label, in the company's words.
    pub severity: Option<Text>,
    /// All labels.
    pub labels: BTreeMap<Text, Text>,
    /// One sentence.
    pub summary: Option<Text>,
    /// Since when.
    pub started_at: Option<Timestamp>,
    /// When it ended; `None` while it holds.
    pub ended_at: Option<Timestamp>,
    /// Ids of the silences that keep it quiet.
    pub silenced_by: Vec<Text>,
    /// Where it was read.
    pub source: Source,
}

/// What a runtime says of itself: `build_info{service, environment, region, version, digest}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeObservation {
    /// All labels of the series.
    pub labels: BTreeMap<Text, Text>,
    /// First time it was seen without a break, as far as read.
    pub since: Option<Timestamp>,
    /// Last time it was seen.
    pub observed_at: Timestamp,
    /// Is it seen now? Past observations show what ran before.
    pub current: bool,
    /// Where it was read.
    pub source: Source,
}

/// The verdict of a service's health queries at a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthObservation {
    /// The labels that name service and target.
    pub labels: BTreeMap<Text, Text>,
    /// The query's name in the configuration.
    pub query: Text,
    /// The value; `None` for NaN and for an empty result: neither means healthy.
    pub value: Option<f64>,
    /// How many samples it rests on, where counted.
    pub samples: Option<u64>,
    /// Healthy when the value is at most this.
    pub threshold: f64,
    /// When it was evaluated.
    pub observed_at: Timestamp,
    /// Where it was read.
    pub source: Source,
}
