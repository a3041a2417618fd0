//! Prometheus' JSON as sent. Unknown keys are passed over; numbers inside results are strings, because JSON has
//! neither NaN nor infinities.

use std::collections::BTreeMap;

use domain::Text;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What surrounds every answer.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) status: Status,
    pub(super) data: Option<T>,
    #[serde(default, rename = "errorType")]
    pub(super) error_type: Option<String>,
    /// Sent with a success too: then the data may be partial.
    #[serde(default)]
    pub(super) warnings: Option<Vec<IgnoredAny>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Success,
    Error,
}

/// The part of a refusal that is read.
#[derive(Debug, Deserialize)]
pub(super) struct RefusalWire {
    #[serde(rename = "errorType")]
    pub(super) error_type: String,
}

pub(super) type Labels = BTreeMap<Text, Text>;

/// A moment in Unix seconds with decimals, and a value.
pub(super) type Point = (f64, String);

#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum QueryResult {
    Vector(Vec<Sample>),
    Matrix(Vec<Series>),
    Scalar(Point),
    String(IgnoredAny),
}

/// A series at one moment.
#[derive(Debug, Deserialize)]
pub(super) struct Sample {
    #[serde(default)]
    pub(super) metric: Labels,
    /// Absent for a native histogram.
    #[serde(default)]
    pub(super) value: Option<Point>,
}

/// A series at the moments of a range at which it has a value.
#[derive(Debug, Deserialize)]
pub(super) struct Series {
    #[serde(default)]
    pub(super) metric: Labels,
    #[serde(default)]
    pub(super) values: Vec<Point>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AlertList {
    pub(super) alerts: Vec<AlertWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AlertWire {
    pub(super) labels: Labels,
    #[serde(default)]
    pub(super) annotations: Labels,
    pub(super) state: AlertStateWire,
    #[serde(default, rename = "activeAt")]
    pub(super) active_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AlertStateWire {
    Inactive,
    Pending,
    Firing,
}

#[derive(Debug, Deserialize)]
pub(super) struct RuleList {
    pub(super) groups: Vec<RuleGroup>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RuleGroup {
    pub(super) rules: Vec<RuleWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RuleWire {
    pub(super) name: Text,
    /// `ok`, `err`, or `unknown` before the first evaluation.
    pub(super) health: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct BuildInformation {
    pub(super) version: Text,
}
