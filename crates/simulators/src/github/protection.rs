//! The part of the content that says what GitHub demands before a merge or a deployment.

use jiff::Timestamp;
use serde_json::Value;

#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub id: u64,
    pub name: String,
    pub wait_minutes: u32,
    pub reviewers: Option<RequiredReviewers>,
    /// Only branches that are protected may deploy here.
    pub protected_branches_only: bool,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct RequiredReviewers {
    pub users: Vec<String>,
    /// Team slugs.
    pub teams: Vec<String>,
    pub prevent_self_review: bool,
}

/// Classic protection of one branch; read with administration rights only.
#[derive(Debug, Clone, Default)]
pub struct BranchProtection {
    pub branch: String,
    pub reviews: Option<RequiredReviews>,
    pub required_checks: Vec<String>,
    /// The branch must be up to date before merging.
    pub strict: bool,
    pub enforce_admins: bool,
    pub linear_history: bool,
    pub force_pushes: bool,
    pub deletions: bool,
}

#[derive(Debug, Clone, Default)]
pub struct RequiredReviews {
    pub count: u32,
    pub dismiss_stale: bool,
    pub code_owners: bool,
    pub last_push_approval: bool,
}

/// The newer way to protect; readable with read access.
#[derive(Debug, Clone, Default)]
pub struct Ruleset {
    pub id: u64,
    pub name: String,
    /// `~DEFAULT_BRANCH`, `~ALL`, or `refs/heads/…` with `*` as the only wildcard.
    pub include: Vec<String>,
    pub enforcement: Enforcement,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Enforcement {
    #[default]
    Active,
    Evaluate,
    Disabled,
}

#[derive(Debug, Clone)]
pub struct Rule {
    /// `pull_request`, `required_status_checks`, `deletion`, `non_fast_forward` …
    pub kind: String,
    /// As GitHub's description of the rule has it; `Null` for rules without parameters.
    pub parameters: Value,
}
