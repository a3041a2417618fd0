//! The section `[gate]` as written. Meaning and defaults of every key stand here and, annotated, in `config/`.

use schemars::JsonSchema;
use serde::Deserialize;

/// `[gate]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct GateFile {
    /// What closes a gate, instead of the documented default: all rules that a release meets, together.
    pub rules: Option<Vec<RuleFile>>,
    /// How long what is granted lasts.
    pub limits: LimitsFile,
    /// What is demanded of evidence.
    pub terms: TermsFile,
}

/// `[[gate.rules]]`: conditions that are left out are met by all; what is not known of a release meets them, too.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RuleFile {
    /// Its name, for people.
    pub name: String,
    /// DEVELOPMENT, TEST, STAGING, PRODUCTION, DR: one of these.
    #[serde(default)]
    pub stages: Vec<String>,
    /// 0 to 4: one of these.
    #[serde(default)]
    pub tiers: Vec<u8>,
    /// At least one of these.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Codes of checks, for example TESTED.
    pub checks: Vec<String>,
}

/// `[gate.limits]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct LimitsFile {
    /// A decision holds for at most so many minutes; 60 without, 240 at most.
    pub decision_minutes: Option<u32>,
    /// Glass that was broken stays open for at most so many minutes; 240 without.
    pub break_glass_minutes: Option<u32>,
    /// A waiver lasts for at most so many days; 90 without.
    pub waiver_days: Option<u32>,
    /// What no waiver lets a release off; APPROVED, APPROVAL_GENUINE, INDEPENDENT without.
    pub unwaivable: Option<Vec<String>>,
}

/// `[gate.terms]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct TermsFile {
    /// Suites that must have passed; without, every suite that ran, and at least one.
    pub suites: Option<Vec<String>>,
    /// Words in names of suites that are no tests; lint, format, style without.
    pub no_suites: Option<Vec<String>>,
    /// A rehearsal of the backout counts for so many days; 180 without.
    pub rehearsal_days: Option<u32>,
    /// An emergency is approved within so many hours after its work; 24 without.
    pub emergency_hours: Option<u32>,
    /// Health is judged within so many minutes after the deployment; 60 without.
    pub health_minutes: Option<u32>,
    /// A health verdict rests on at least so many samples; 1 without.
    pub health_samples: Option<u64>,
    /// The CMDB tells the version within so many hours; 24 without.
    pub cmdb_hours: Option<u32>,
    /// Names of the groups whose approval is an executive's.
    pub executives: Option<Vec<String>>,
}
