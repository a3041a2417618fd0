//! The section `[risk]` as written. Meaning and defaults of every key stand here and, annotated, in `config/`.

use schemars::JsonSchema;
use serde::Deserialize;

/// `[risk]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct RiskFile {
    /// A model that `interlock risk train` wrote; without one the documented prior scorecard answers.
    pub model: Option<std::path::PathBuf>,
    /// How often the gateway trains a model on what it holds and lets it challenge the one at work, for example `24h`;
    /// without it, never.
    #[schemars(with = "Option<String>")]
    pub retrain_every: Option<jiff::SignedDuration>,
    /// Failures per change that the prior scorecard assumes, for example 0.1.
    pub base_rate: Option<f64>,
    /// What reviews and failures cost.
    pub costs: Option<RiskCostsFile>,
    /// What a change's class depends on.
    pub classification: Option<ClassificationFile>,
    /// Which changes another person must review, whatever else allows them.
    pub mandatory_review: Option<MandatoryReviewFile>,
}

/// `[risk.mandatory_review]`: high risks to core services need an independent approval and review.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct MandatoryReviewFile {
    /// Services of these tiers are core; one without a tier is taken for core.
    pub tiers: Vec<u8>,
    /// So are services with one of these tags.
    pub tags: Vec<String>,
    /// From this level on: LOW, MEDIUM, HIGH, CRITICAL.
    pub from: String,
}

impl Default for MandatoryReviewFile {
    fn default() -> Self {
        Self { tiers: vec![0, 1], tags: Vec::new(), from: "HIGH".into() }
    }
}

/// `[risk.costs]`: a review pays when the probability of failure is over its cost / (share prevented × failure cost).
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RiskCostsFile {
    /// Who answers for these numbers.
    pub owner: String,
    /// The day on which they were set.
    #[schemars(with = "String")]
    pub set_on: jiff::civil::Date,
    /// A peer's review.
    pub peer_review: ReviewFile,
    /// The change advisory board's.
    pub cab: ReviewFile,
    /// An executive's.
    pub executive: ReviewFile,
    /// What a failure costs, for tiers 0 to 4.
    pub failures: [f64; 5],
}

/// `cab = { cost = 2000, prevents = 0.3 }`
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(super) struct ReviewFile {
    /// What one review costs.
    pub cost: f64,
    /// Share of failures that it prevents, over 0 and at most 1.
    pub prevents: f64,
}

/// `[risk.classification]`: a decision table. Every combination must be met by a rule; rules must not disagree.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ClassificationFile {
    /// Share of changed lines that tests must reach for coverage to be enough.
    pub minimum_coverage: f64,
    /// The rows.
    pub rules: Vec<RuleFile>,
}

/// `[[risk.classification.rules]]`: conditions that are left out are met by all.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RuleFile {
    /// Shown when the rule fires.
    pub name: String,
    /// Is it an emergency?
    pub emergency: Option<bool>,
    /// Does a live template cover it?
    pub template: Option<bool>,
    /// ENOUGH, SHORT, UNKNOWN: one of these.
    pub coverage: Option<Vec<String>>,
    /// LOW, MEDIUM, HIGH, CRITICAL: one of these.
    pub levels: Option<Vec<String>>,
    /// STANDARD, NORMAL, EMERGENCY.
    pub class: String,
    /// Who reviews it, in the company's words.
    pub review_path: String,
}
