//! The rules and thresholds of correlation, each with its documented default.

use domain::Text;
use jiff::SignedDuration;

/// Rules and thresholds. The defaults suit a company whose ITSM is ServiceNow.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationPolicy {
    /// Pattern of release tags where a service's repository names none (`v{version}`).
    pub tag_pattern: Text,
    /// A runtime that is back on what a release replaced within this time took it back (72 h).
    pub rollback_within: SignedDuration,
    /// A deployed release must be seen running within this time (30 min).
    pub confirm_within: SignedDuration,
    /// Records of one deployment in two systems start at most this far apart (10 min).
    pub same_deployment_within: SignedDuration,
    /// What ended at most this long before an incident is a suspect (72 h).
    pub incident_horizon: SignedDuration,
    /// After this long a suspect's weight has halved (12 h).
    pub incident_half_life: SignedDuration,
    /// Weight that stands for "none of the suspects" (0.5; one suspect at the moment itself weighs 1).
    pub incident_unattributed: f64,
    /// How many relations away a changed item can be from the item that suffers (3).
    pub topology_depth: u32,
    /// At least so many samples make a health verdict, where they are counted (1).
    pub health_samples: u64,
    /// Words in a link's label that make a dependency soft.
    pub soft_labels: Vec<Text>,
    /// Words that make a change release-like.
    pub release_words: Vec<Text>,
    /// Paths whose change makes a SCHEMA step.
    pub schema_paths: Vec<Text>,
    /// Names of a change's fields in the vendor's history.
    pub scope_fields: ScopeFields,
}

/// Under which names a vendor's history tells of the fields that make a change's scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeFields {
    /// Planned start.
    pub window_start: Vec<Text>,
    /// Planned end.
    pub window_end: Vec<Text>,
    /// Configuration items: one id, or ids with commas between them.
    pub configuration_items: Vec<Text>,
    /// Texts that name releases.
    pub texts: Vec<Text>,
    /// Fields of which any change outgrows an approval: backout plan, template and its version.
    pub fixed: Vec<Text>,
}

impl Default for ScopeFields {
    fn default() -> Self {
        Self {
            window_start: texts(&["start_date"]),
            window_end: texts(&["end_date"]),
            configuration_items: texts(&["cmdb_ci", "configuration_items"]),
            texts: texts(&["short_description", "description", "correlation_id"]),
            fixed: texts(&["backout_plan", "std_change_producer_version"]),
        }
    }
}

impl Default for CorrelationPolicy {
    fn default() -> Self {
        Self {
            tag_pattern: "v{version}".into(),
            rollback_within: SignedDuration::from_hours(72),
            confirm_within: SignedDuration::from_mins(30),
            same_deployment_within: SignedDuration::from_mins(10),
            incident_horizon: SignedDuration::from_hours(72),
            incident_half_life: SignedDuration::from_hours(12),
            incident_unattributed: 0.5,
            topology_depth: 3,
            health_samples: 1,
            soft_labels: texts(&["soft", "optional", "preferably"]),
            release_words: texts(&["release", "deploy", "deployment", "rollout", "upgrade"]),
            schema_paths: texts(&["**/migrations/**", "**/*.sql"]),
            scope_fields: ScopeFields::default(),
        }
    }
}

fn texts(words: &[&str]) -> Vec<Text> {
    words.iter().map(|word| Text::from(*word)).collect()
}
