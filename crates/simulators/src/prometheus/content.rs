//! What a simulated Prometheus knows: series, rules with their alerts, targets, external labels.
//! Plain values. What lies after the simulator's clock is not visible yet, so a story may be written ahead of time.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// A label set, sorted by name as Prometheus prints it. The metric's name is the label `__name__`.
pub type Labels = BTreeMap<String, String>;

/// Everything one server holds.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub series: Vec<Series>,
    pub groups: Vec<RuleGroup>,
    /// Added to alerts on their way to Alertmanager, and absent from this server's own answers.
    pub external_labels: Labels,
    pub targets: Vec<Target>,
    /// By metric name.
    pub metadata: BTreeMap<String, Metadata>,
    /// Sent with every successful query, as a server with unreachable remote stores does.
    pub warnings: Vec<String>,
}

/// One time series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub labels: Labels,
    pub samples: Samples,
}

/// The samples of a series. Seen at an instant, a sample is good for five minutes.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Exactly these, sorted by time.
    Points(Vec<Sample>),
    /// Scraped every `every` from the first step on; each step's line holds until the next step.
    Scraped {
        every: Duration,
        steps: Vec<Step>,
        /// From here on the target is gone and the series stale at once; `None` goes on for ever.
        until: Option<Timestamp>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    pub at: Timestamp,
    pub value: f64,
}

/// From `from` on the value is `value + per_second * seconds since from`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub from: Timestamp,
    pub value: f64,
    /// Zero for a gauge that stands still.
    pub per_second: f64,
}

/// A group of rules, as one rule file declares it.
#[derive(Debug, Clone)]
pub struct RuleGroup {
    pub name: String,
    pub file: String,
    pub interval: Duration,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
pub enum Rule {
    Alerting(AlertingRule),
    Recording(RecordingRule),
}

#[derive(Debug, Clone)]
pub struct AlertingRule {
    pub name: String,
    pub query: String,
    /// The rule's `for`: an alert is pending that long before it fires.
    pub hold: Duration,
    pub labels: Labels,
    /// Templates, unexpanded.
    pub annotations: Labels,
    pub health: RuleHealth,
    /// A rule that cannot be evaluated shows none of them.
    pub alerts: Vec<Alert>,
}

#[derive(Debug, Clone)]
pub struct RecordingRule {
    pub name: String,
    pub query: String,
    pub labels: Labels,
    pub health: RuleHealth,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleHealth {
    Ok,
    /// Not evaluated yet.
    Unknown,
    /// The evaluation fails with this message.
    Failing(String),
}

/// One alert of a rule. Pending or firing follows from the rule's `hold` and the clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Without `alertname` and the rule's labels; both are added on the way out.
    pub labels: Labels,
    /// Expanded.
    pub annotations: Labels,
    pub active_at: Timestamp,
    /// Gone from here on.
    pub resolved_at: Option<Timestamp>,
    pub value: f64,
}

/// A scrape target.
#[derive(Debug, Clone)]
pub struct Target {
    pub job: String,
    pub instance: String,
    /// Besides `job` and `instance`.
    pub labels: Labels,
    /// The last scrape's failure; `None` is health `up`.
    pub failure: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Metadata {
    /// `counter`, `gauge`, `histogram`, `summary`, `info`, …
    pub kind: String,
    pub help: String,
    pub unit: String,
}

impl Series {
    /// A series that stands at `value` from `from` on, scraped once a minute.
    pub fn constant(metric: &str, labels: &[(&str, &str)], from: Timestamp, value: f64) -> Self {
        Self::line(metric, labels, Step { from, value, per_second: 0.0 })
    }

    /// A series that follows one line from `step.from` on, scraped once a minute.
    pub fn line(metric: &str, labels: &[(&str, &str)], step: Step) -> Self {
        Self {
            labels: named(metric, labels),
            samples: Samples::Scraped { every: SCRAPE_INTERVAL, steps: vec![step], until: None },
        }
    }

    /// The same series, ending (stale at once) at `until`.
    pub fn until(mut self, end: Timestamp) -> Self {
        match &mut self.samples {
            Samples::Scraped { until, .. } => *until = Some(end),
            Samples::Points(points) => points.retain(|point| point.at < end),
        }
        self
    }
}

/// How often [`Series::constant`] and [`Series::line`] are scraped.
pub const SCRAPE_INTERVAL: Duration = Duration::from_secs(60);

/// A label set from pairs.
pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A label set with a metric name.
pub fn named(metric: &str, pairs: &[(&str, &str)]) -> Labels {
    let mut set = labels(pairs);
    set.insert("__name__".to_owned(), metric.to_owned());
    set
}
