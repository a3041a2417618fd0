//! What a company demands of evidence beyond that it exists: how old, how soon, under which names.

use domain::Text;
use serde::{Deserialize, Serialize};

/// The terms, each with its documented default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terms {
    /// Suites that must have passed; empty = every suite that ran, and at least one.
    pub suites: Vec<Text>,
    /// Suites that are no tests, whatever they report: a name that contains one of these words.
    pub no_suites: Vec<Text>,
    /// A rehearsal of the backout counts for so many days.
    pub rehearsal_days: u32,
    /// A start may differ from the window by so many seconds: clocks differ.
    pub skew_seconds: u32,
    /// An emergency is approved within so many hours after its work.
    pub emergency_hours: u32,
    /// Health is judged within so many minutes after the deployment.
    pub health_minutes: u32,
    /// A health verdict rests on at least so many samples.
    pub health_samples: u64,
    /// The CMDB tells the version within so many hours after the deployment.
    pub cmdb_hours: u32,
    /// Incidents of priority 1 and 2 are with a group within so many minutes.
    pub escalation_minutes: u32,
    /// They are solved within so many hours.
    pub resolution_hours: u32,
    /// They are reviewed within so many days after that.
    pub review_days: u32,
    /// Names of the groups whose approval is an executive's.
    pub executives: Vec<Text>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            suites: Vec::new(),
            no_suites: ["lint", "format", "style"].map(Text::from).to_vec(),
            rehearsal_days: 180,
            skew_seconds: 60,
            emergency_hours: 24,
            health_minutes: 60,
            health_samples: 1,
            cmdb_hours: 24,
            escalation_minutes: 60,
            resolution_hours: 24,
            review_days: 10,
            executives: Vec::new(),
        }
    }
}
