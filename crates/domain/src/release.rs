//! Releases: the thing that goes to an environment, under all the names the systems give it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ConnectorId, Evidence, PersonKey, ReleaseId, ReleaseKey, ServiceKey, Source, Target, Text, TrackedVersionId,
    Version, Window,
};

/// What kind of name an alias is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AliasScheme {
    /// A version.
    Version,
    /// A commit.
    Commit,
    /// An artifact's digest.
    Digest,
    /// A change's number.
    Change,
    /// A date.
    Date,
}

/// One name of a release in one system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReleaseAlias {
    /// What kind of name.
    pub scheme: AliasScheme,
    /// The name as the system writes it.
    pub value: Text,
    /// The system.
    pub connector: ConnectorId,
    /// Is it unambiguous? Releases are merged on exact aliases only.
    pub exact: bool,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepKind {
    /// Installs an artifact.
    Artifact,
    /// Changes a database schema.
    Schema,
    /// Repairs or moves data.
    DataFix,
    /// Changes configuration.
    Config,
    /// Turns a feature flag.
    Flag,
    /// Changes infrastructure.
    Infrastructure,
    /// Installs a vendor's package.
    Vendor,
}

/// One step of a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// The digest of what it installs, where there is one.
    pub digest: Option<Text>,
    /// Can it be taken back? `None` when nobody said.
    pub reversible: Option<bool>,
}

/// Where a release stands. What the words mean is decided in the release graph's model, section Status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReleaseStatus {
    /// Named by some system, nothing more.
    Planned,
    /// There is a digest.
    Built,
    /// Its digest passed the stage before production.
    Staged,
    /// An approval is missing.
    AwaitingApproval,
    /// Every target is authorised.
    Scheduled,
    /// The latest required approval is a rejection.
    Rejected,
    /// All its changes are cancelled, or the version is archived.
    Cancelled,
    /// An attempt is open or not yet confirmed.
    Deploying,
    /// On some production targets, not on all.
    PartiallyDeployed,
    /// The attempt succeeded.
    Deployed,
    /// Deployed, and health was verified.
    Validated,
    /// Handed over to operation.
    Transitioned,
    /// The last attempt failed.
    Failed,
    /// Taken back.
    RolledBack,
}

/// Where a release stands at one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TargetStatus {
    /// No attempt yet.
    NotStarted,
    /// An attempt is open, the rollout is below 100 %, or it is not yet confirmed.
    Deploying,
    /// The attempt succeeded and it was seen running.
    Deployed,
    /// Deployed, and health was verified.
    Validated,
    /// Handed over to operation.
    Transitioned,
    /// The last attempt failed.
    Failed,
    /// Taken back.
    RolledBack,
}

/// A release's planned window at a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReleaseWindow {
    /// Where.
    pub target: Target,
    /// When.
    pub window: Window,
}

/// A version as a work-item tracker or a forge names it: one of the places where a release gets its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackedVersion {
    /// The vendor's id.
    pub id: TrackedVersionId,
    /// The project it belongs to (a tracker's project key).
    pub project: Text,
    /// The name as written.
    pub name: Text,
    /// What the version is about.
    pub description: Option<Text>,
    /// Marked as released?
    pub released: bool,
    /// Archived?
    pub archived: bool,
    /// Start of work, a date in no zone.
    pub start_date: Option<jiff::civil::Date>,
    /// Planned date while not released, actual date afterwards; in no zone.
    pub release_date: Option<jiff::civil::Date>,
    /// Where it was read.
    pub source: Source,
}

/// A release: one version of one service, or a change without code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Opaque id, minted once.
    pub id: ReleaseId,
    /// `service@version`; without a version `service@` + commit, digest or change number.
    pub key: ReleaseKey,
    /// The service.
    pub service: ServiceKey,
    /// The version, where one is known.
    pub version: Option<Version>,
    /// A name people use, where a system gives one.
    pub name: Option<Text>,
    /// What it is about, where a system says so.
    pub description: Option<Text>,
    /// Every name in every system, sorted.
    pub aliases: Vec<ReleaseAlias>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Who is responsible for it.
    pub manager: Option<PersonKey>,
    /// Planned windows per target.
    pub windows: Vec<ReleaseWindow>,
    /// Status over its production targets.
    pub status: ReleaseStatus,
    /// Is the status certain? Not when the deciding source is dark.
    pub certain: bool,
    /// The states it could be, where it is not certain.
    pub possible: Vec<ReleaseStatus>,
    /// Status per target.
    pub targets: Vec<TargetState>,
    /// The newer release of the service that runs in its place.
    pub superseded_by: Option<ReleaseKey>,
    /// Latest time any of its records changed.
    pub updated_at: Option<Timestamp>,
    /// The records that name it.
    pub sources: Vec<Source>,
}

/// Status at one target, with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetState {
    /// Where.
    pub target: Target,
    /// Where it stands there.
    pub status: TargetStatus,
    /// Is that certain?
    pub certain: bool,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}
