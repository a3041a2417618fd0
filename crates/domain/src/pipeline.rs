//! Pipelines: runs, test reports, artifacts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, ArtifactId, PipelineRunId, RepositoryId, Source, Text};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunConclusion {
    /// Still open.
    InProgress,
    /// Success.
    Success,
    /// Failure.
    Failure,
    /// Stopped.
    Cancelled,
    /// Not run.
    Skipped,
    /// Neither good nor bad.
    Neutral,
    /// Took too long.
    TimedOut,
    /// Waits for somebody.
    ActionRequired,
    /// A conclusion of the vendor's own.
    Other,
}

/// One attempt of a run of a pipeline or workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineRun {
    /// The vendor's id.
    pub id: PipelineRunId,
    /// The repository.
    pub repository: RepositoryId,
    /// The workflow's name.
    pub name: Text,
    /// The file that defines it.
    pub path: Option<Text>,
    /// The commit it ran on.
    pub commit: Text,
    /// What started it (push, schedule, pull_request …).
    pub event: Option<Text>,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// How it ended.
    pub conclusion: RunConclusion,
    /// The account that started it.
    pub actor: Option<AccountId>,
    /// The account that started this attempt.
    pub triggered_by: Option<AccountId>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it finished.
    pub finished_at: Option<Timestamp>,
    /// Its jobs.
    pub jobs: Vec<PipelineJob>,
    /// What was decided where it waited for somebody before it went to a protected environment; `None` when not read.
    pub reviews: Option<Vec<EnvironmentReview>>,
    /// Where it was read.
    pub source: Source,
}

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineJob {
    /// Its name.
    pub name: Text,
    /// How it ended.
    pub conclusion: RunConclusion,
    /// When it finished.
    pub finished_at: Option<Timestamp>,
}

/// What somebody decided about a run that waited before protected environments. Forges tell no moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentReview {
    /// The environments as the system names them, for example `production-eu`.
    pub environments: Vec<Text>,
    /// The decision.
    pub state: EnvironmentReviewState,
    /// Who decided; `None` when the account is deleted.
    pub reviewer: Option<AccountId>,
}

/// A decision about a deployment that waited for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnvironmentReviewState {
    /// Go ahead.
    Approved,
    /// Stop.
    Rejected,
    /// A word of the vendor's own.
    Other,
}

/// What a test suite or coverage report says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestReport {
    /// The run that made it.
    pub run: PipelineRunId,
    /// The suite's name.
    pub suite: Text,
    /// The digest or commit it tested.
    pub subject: Text,
    /// Tests run.
    pub executed: u64,
    /// Tests failed, errors included.
    pub failed: u64,
    /// Tests skipped.
    pub skipped: u64,
    /// Share of lines covered, 0 to 1; `None` when not measured.
    pub line_coverage: Option<f64>,
    /// Covered lines by file, where the report tells them.
    pub files: Vec<FileCoverage>,
    /// When it finished.
    pub finished_at: Option<Timestamp>,
    /// Where it was read.
    pub source: Source,
}

/// Lines of one file and whether tests reach them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCoverage {
    /// The path.
    pub path: Text,
    /// Lines that tests reach.
    pub covered: Vec<u32>,
    /// Lines that they could reach and do not.
    pub missed: Vec<u32>,
}

/// An artifact: what a pipeline built. Index and platform digests of one manifest family belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The vendor's id.
    pub id: ArtifactId,
    /// Its name, for example `bank/payments-api`.
    pub name: Text,
    /// Its digest, `sha256:…`; an index's where there is one.
    pub digest: Option<Text>,
    /// Digests of the same manifest family.
    pub family: Vec<Text>,
    /// Tags it goes by.
    pub tags: Vec<Text>,
    /// The repository it was built from.
    pub repository: Option<RepositoryId>,
    /// The commit it was built from.
    pub commit: Option<Text>,
    /// The run that built it.
    pub run: Option<PipelineRunId>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What is attested of its digest; `None` when nobody tells of any: a system leaves out what we may not see.
    pub attestations: Option<Vec<Attestation>>,
    /// Where it was read.
    pub source: Source,
}

/// A statement about a digest, as listed: neither its signature nor who signed it has been verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    /// What kind of statement, for example `https://slsa.dev/provenance/v1`.
    pub predicate_type: Text,
    /// The commit that it says the artifact was built from.
    pub commit: Option<Text>,
    /// The file of the pipeline that it says built the artifact.
    pub workflow: Option<Text>,
}
