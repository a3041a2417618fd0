//! What a simulated Alertmanager knows: alerts, silences, inhibition rules, routes to receivers.
//! Plain values. What lies after the simulator's clock is not visible yet, so a story may be written ahead of time.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// A label set, sorted by name.
pub type Labels = BTreeMap<String, String>;

/// Everything one server holds.
#[derive(Debug, Clone)]
pub struct Content {
    pub alerts: Vec<Alert>,
    pub silences: Vec<Silence>,
    pub inhibitions: Vec<Inhibition>,
    /// The first that matches takes the alert; the last resort is `default_receiver`.
    pub routes: Vec<Route>,
    pub default_receiver: String,
    /// Labels by which the default route groups.
    pub group_by: Vec<String>,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            alerts: Vec::new(),
            silences: Vec::new(),
            inhibitions: Vec::new(),
            routes: Vec::new(),
            default_receiver: "default".to_owned(),
            group_by: vec!["alertname".to_owned()],
        }
    }
}

/// An alert as Prometheus keeps sending it. Its labels carry that server's external labels too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: Timestamp,
    /// `None` fires on: the answer then shows an end that keeps moving ahead of the clock.
    /// Once an end has passed the alert is resolved and gone from every answer.
    pub ends_at: Option<Timestamp>,
    pub generator_url: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// A UUID.
    pub id: String,
    /// All must match.
    pub matchers: Vec<Matcher>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: String,
    pub comment: String,
}

/// One comparison of a label; an absent label counts as empty. Regexes are anchored at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    pub name: String,
    pub value: String,
    pub is_regex: bool,
    pub is_equal: bool,
}

/// An alert that `target` matches is inhibited while one that `source` matches fires with the same `equal` labels.
#[derive(Debug, Clone)]
pub struct Inhibition {
    pub source: Vec<Matcher>,
    pub target: Vec<Matcher>,
    pub equal: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Route {
    pub matchers: Vec<Matcher>,
    pub receiver: String,
    pub group_by: Vec<String>,
}

impl Alert {
    /// An alert that fires from `starts_at` on.
    pub fn firing(name: &str, labels: &[(&str, &str)], starts_at: Timestamp) -> Self {
        let mut set: Labels =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        set.insert("alertname".to_owned(), name.to_owned());
        Self { labels: set, annotations: Labels::new(), starts_at, ends_at: None, generator_url: String::new() }
    }
}

impl Matcher {
    /// `name="value"`.
    pub fn equal(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), is_regex: false, is_equal: true }
    }
}
