//! Which checks close a gate: rules by stage, tier and tag. What is not known of a release meets every rule.

use domain::{Stage, Text};
use serde::{Deserialize, Serialize};

use crate::checks::{CheckCode, Terms};

/// What a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// The target's stage; `None` when the environment is not known.
    pub stage: Option<Stage>,
    /// The service's tier; `None` when nobody said.
    pub tier: Option<u8>,
    /// The service's tags; `None` when the service is not known.
    pub tags: Option<Vec<Text>>,
}

/// One rule: for releases like this, these checks close the gate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosingRule {
    /// Its name, for people.
    pub name: Text,
    /// One of these stages; empty = any.
    pub stages: Vec<Stage>,
    /// One of these tiers; empty = any.
    pub tiers: Vec<u8>,
    /// At least one of these tags; empty = any.
    pub tags: Vec<Text>,
    /// The checks.
    pub checks: Vec<CheckCode>,
}

/// How long what is granted lasts, and what cannot be waived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// A decision holds for at most so many minutes; 240 at most.
    pub decision_minutes: u32,
    /// Glass that was broken stays open for at most so many minutes.
    pub break_glass_minutes: u32,
    /// A waiver lasts for at most so many days.
    pub waiver_days: u32,
    /// What no waiver lets a release off.
    pub unwaivable: Vec<CheckCode>,
}

impl Default for Limits {
    fn default() -> Self {
        use CheckCode::{ApprovalGenuine, Approved, Independent};
        Self {
            decision_minutes: 60,
            break_glass_minutes: 240,
            waiver_days: 90,
            unwaivable: vec![Approved, ApprovalGenuine, Independent],
        }
    }
}

/// The longest that a decision may hold, in minutes.
pub const LONGEST_DECISION: u32 = 240;

/// The policy of a company's gates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatePolicy {
    /// What closes a gate: all rules that a release meets, together.
    pub rules: Vec<ClosingRule>,
    /// How long what is granted lasts.
    pub limits: Limits,
    /// What is demanded of evidence.
    pub terms: Terms,
}

impl Default for GatePolicy {
    fn default() -> Self {
        use CheckCode as C;
        let production = || vec![Stage::Production, Stage::Dr];
        Self {
            rules: vec![
                ClosingRule {
                    name: "whatever goes anywhere".into(),
                    checks: C::BASIC.to_vec(),
                    ..ClosingRule::default()
                },
                ClosingRule {
                    name: "what goes to production".into(),
                    stages: production(),
                    checks: vec![C::ApprovalGenuine, C::Independent, C::Promoted],
                    ..ClosingRule::default()
                },
                ClosingRule {
                    name: "what matters most in production".into(),
                    stages: production(),
                    tiers: vec![0, 1],
                    checks: vec![C::Reviewed, C::SameArtifact],
                    ..ClosingRule::default()
                },
            ],
            limits: Limits::default(),
            terms: Terms::default(),
        }
    }
}

impl ClosingRule {
    fn meets(&self, subject: &Subject) -> bool {
        let stage = subject.stage.is_none_or(|stage| self.stages.contains(&stage)) || self.stages.is_empty();
        let tier = subject.tier.is_none_or(|tier| self.tiers.contains(&tier)) || self.tiers.is_empty();
        let tagged = |tags: &Vec<Text>| tags.iter().any(|tag| self.tags.contains(tag));
        let tags = subject.tags.as_ref().is_none_or(tagged) || self.tags.is_empty();
        stage && tier && tags
    }
}

impl GatePolicy {
    /// The checks that close the gate for releases like this, sorted.
    pub fn closes(&self, subject: &Subject) -> Vec<CheckCode> {
        let rules = self.rules.iter().filter(|rule| rule.meets(subject));
        let mut codes: Vec<CheckCode> = rules.flat_map(|rule| rule.checks.iter().copied()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The first 16 hex digits of a hash of all of it: two policies with one version are one policy.
    pub fn version(&self) -> Text {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let hash = blake3::hash(&bytes).to_hex();
        hash.chars().take(16).collect::<String>().into()
    }

    /// What of it cannot be meant, with its place.
    pub fn mistakes(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (place, rule) in self.rules.iter().enumerate() {
            for (at, code) in rule.checks.iter().enumerate() {
                if code.phase() != domain::Phase::Before {
                    let what = format!("{} is judged after the start and closes no gate", code.as_str());
                    found.push((format!("rules[{place}].checks[{at}]"), what));
                }
            }
            for (at, tier) in rule.tiers.iter().enumerate().filter(|(_, tier)| **tier > 4) {
                found.push((format!("rules[{place}].tiers[{at}]"), format!("{tier} is no tier; they are 0 to 4")));
            }
        }
        if !(1..=LONGEST_DECISION).contains(&self.limits.decision_minutes) {
            let what = format!("expected 1 to {LONGEST_DECISION}");
            found.push(("limits.decision_minutes".to_owned(), what));
        }
        found
    }
}
