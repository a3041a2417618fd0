//! Deployments: one attempt of one step at one target.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, ChangeId, DeploymentId, EnvironmentKey, Link, PersonKey, PipelineRunId, ReleaseKey, RepositoryId,
    Source, Target, Text,
};

/// How it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentMethod {
    /// By a pipeline or deployment tool.
    Pipeline,
    /// By hand.
    Manual,
    /// By the vendor.
    Vendor,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentOutcome {
    /// Asked for, not begun.
    Pending,
    /// Still open.
    InProgress,
    /// The tool says it succeeded.
    Succeeded,
    /// The tool says it failed.
    Failed,
    /// It was stopped.
    Cancelled,
    /// Nobody knows.
    Unknown,
}

/// A share of traffic or instances at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutStep {
    /// Percent, 0 to 100.
    pub percent: f64,
    /// Since when.
    pub at: Timestamp,
}

/// A deployment as a forge or tool records it, before it is joined with releases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    /// The vendor's id.
    pub id: DeploymentId,
    /// The repository it belongs to.
    pub repository: Option<RepositoryId>,
    /// The commit that was deployed.
    pub commit: Option<Text>,
    /// The ref that was deployed (a tag, a branch).
    pub reference: Option<Text>,
    /// What it deploys, where the record says so (`task` or payload of the forge).
    pub service: Option<Text>,
    /// The environment as the system names it, for example `production-eu`.
    pub environment: Text,
    /// The digest, where the record says so.
    pub digest: Option<Text>,
    /// How it was done.
    pub method: DeploymentMethod,
    /// How it ended.
    pub outcome: DeploymentOutcome,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it finished.
    pub finished_at: Option<Timestamp>,
    /// Rollout steps, where the tool tells them.
    pub rollout: Vec<RolloutStep>,
    /// The account that did it, often a machine.
    pub actor: Option<AccountId>,
    /// The account that triggered it, where the system tells.
    pub triggered_by: Option<AccountId>,
    /// The pipeline run that did it.
    pub run: Option<PipelineRunId>,
    /// The change it names (a number in its description or payload).
    pub change_number: Option<Text>,
    /// The version that it rolls back, where the record says so.
    pub rollback_of: Option<Text>,
    /// Where it was read.
    pub source: Source,
}

/// One attempt of one release at one target, joined from the systems that saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// The deciding record's id.
    pub id: DeploymentId,
    /// What was deployed.
    pub release: ReleaseKey,
    /// Where.
    pub target: Target,
    /// 1 for the first attempt at the target.
    pub attempt: u32,
    /// How it was done.
    pub method: DeploymentMethod,
    /// How it ended.
    pub outcome: DeploymentOutcome,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it finished.
    pub finished_at: Option<Timestamp>,
    /// The digest.
    pub digest: Option<Text>,
    /// The commit.
    pub commit: Option<Text>,
    /// Rollout steps.
    pub rollout: Vec<RolloutStep>,
    /// What ran there before.
    pub replaced: Option<ReleaseKey>,
    /// The deployment that this one takes back.
    pub rollback_of: Option<DeploymentId>,
    /// Who did it, often a machine.
    pub actor: Option<PersonKey>,
    /// The human who triggered it; `None` when that could not be resolved.
    pub triggered_by: Option<PersonKey>,
    /// The change it ran under, where one says so.
    pub change: Option<ChangeId>,
    /// The records it was joined from, the deciding one first.
    pub sources: Vec<Source>,
}

/// What is seen running: a service's version at a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// Where.
    pub target: Target,
    /// The release, where it could be named.
    pub release: Option<ReleaseKey>,
    /// The version as observed.
    pub version: Option<Text>,
    /// The digest as observed.
    pub digest: Option<Text>,
    /// Last time it was seen.
    pub observed_at: Timestamp,
    /// First time it was seen without a break, as far as known.
    pub since: Option<Timestamp>,
    /// How we know that the release is what runs; `None` where it could not be named.
    pub link: Option<Link>,
    /// Where it was read.
    pub source: Source,
}

/// The environment and region that a system's own word stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentWord {
    /// The environment.
    pub environment: EnvironmentKey,
    /// The region, where the word names one.
    pub region: Option<Text>,
}
