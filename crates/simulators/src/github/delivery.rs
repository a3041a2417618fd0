//! The part of the content that speaks of checks, workflow runs, deployments and packages.

use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

#[derive(Debug, Clone, Default)]
pub struct CheckRun {
    pub id: u64,
    /// Check runs of one app and one re-run share a suite.
    pub suite: u64,
    pub head_sha: String,
    pub name: String,
    /// `queued`, `in_progress`, `completed`, `waiting`, `requested`, `pending`.
    pub status: String,
    /// `None` until completed; `success`, `failure`, `neutral`, `cancelled`, `skipped`, `timed_out`, `action_required`, `stale` …
    pub conclusion: Option<String>,
    /// Slug of the reporting app: `github-actions`, `sonarqube` …
    pub app: String,
    pub external_id: String,
    pub started_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub output: CheckOutput,
}

#[derive(Debug, Clone, Default)]
pub struct CheckOutput {
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
}

/// The older of the two systems of checks.
#[derive(Debug, Clone, Default)]
pub struct CommitStatus {
    pub id: u64,
    pub sha: String,
    pub context: String,
    /// `error`, `failure`, `pending`, `success`.
    pub state: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub creator: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct Workflow {
    pub id: u64,
    pub name: String,
    /// `.github/workflows/release.yml`
    pub path: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct WorkflowRun {
    pub id: u64,
    /// Id of a [`Workflow`].
    pub workflow: u64,
    pub run_number: u64,
    pub display_title: String,
    /// `push`, `pull_request`, `workflow_dispatch`, `release`, `schedule` …
    pub event: String,
    pub head_branch: Option<String>,
    pub head_sha: String,
    /// Who caused the first attempt.
    pub actor: String,
    /// Numbers of open pull requests with this head.
    pub pull_requests: Vec<u64>,
    pub created_at: Timestamp,
    /// At least one, oldest first; the last one is what lists show.
    pub attempts: Vec<RunAttempt>,
    pub artifacts: Vec<Artifact>,
    pub approvals: Vec<RunApproval>,
    /// Environments that still wait for a reviewer.
    pub pending_deployments: Vec<PendingDeployment>,
}

#[derive(Debug, Clone, Default)]
pub struct RunAttempt {
    /// `queued`, `in_progress`, `completed`, `waiting` …
    pub status: String,
    pub conclusion: Option<String>,
    /// Who caused this attempt; differs from the run's actor after a re-run.
    pub triggering_actor: String,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
    pub jobs: Vec<Job>,
}

#[derive(Debug, Clone, Default)]
pub struct Job {
    pub id: u64,
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub runner: Option<String>,
    pub labels: Vec<String>,
    pub started_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Default)]
pub struct Step {
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
}

/// A named archive of a run, downloaded as a zip until it expires.
#[derive(Debug, Clone, Default)]
pub struct Artifact {
    pub id: u64,
    pub name: String,
    pub created_at: Timestamp,
    /// Past this moment the download answers 410.
    pub expires_at: Timestamp,
    pub files: Vec<ArtifactFile>,
}

#[derive(Debug, Clone)]
pub struct ArtifactFile {
    pub path: String,
    pub content: ArtifactContent,
}

/// Reports are kept as numbers and written out on download, so that a long history costs little memory.
#[derive(Debug, Clone)]
pub enum ArtifactContent {
    Bytes(Arc<[u8]>),
    JUnit(TestSuite),
    Cobertura(Vec<FileCoverage>),
}

#[derive(Debug, Clone, Default)]
pub struct TestSuite {
    pub name: String,
    pub passed: u32,
    /// Names of the failed cases.
    pub failed: Vec<String>,
    pub skipped: u32,
    pub duration_ms: u64,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct FileCoverage {
    pub path: String,
    pub lines: u32,
    /// The first `covered` of the file's lines have hits.
    pub covered: u32,
}

/// A reviewer's answer to a run that wanted to enter protected environments.
#[derive(Debug, Clone, Default)]
pub struct RunApproval {
    pub environments: Vec<String>,
    /// `approved`, `rejected`, `pending`.
    pub state: String,
    pub user: String,
    pub comment: String,
}

#[derive(Debug, Clone, Default)]
pub struct PendingDeployment {
    pub environment: String,
    pub wait_started_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Default)]
pub struct Deployment {
    pub id: u64,
    pub sha: String,
    /// Branch, tag or sha, as the deployer named it.
    pub reference: String,
    pub task: String,
    pub environment: String,
    pub production_environment: bool,
    pub transient_environment: bool,
    pub creator: String,
    pub description: Option<String>,
    /// An object, or text.
    pub payload: Value,
    pub created_at: Timestamp,
    /// Any order; answered newest first. A deployment itself has no state.
    pub statuses: Vec<DeploymentStatus>,
}

#[derive(Debug, Clone, Default)]
pub struct DeploymentStatus {
    pub id: u64,
    /// `error`, `failure`, `inactive`, `in_progress`, `queued`, `pending`, `success`, `waiting`.
    pub state: String,
    pub creator: String,
    pub description: String,
    pub environment_url: Option<String>,
    pub log_url: Option<String>,
    pub created_at: Timestamp,
}

/// A container package of an organisation.
#[derive(Debug, Clone, Default)]
pub struct Package {
    pub organization: String,
    pub name: String,
    pub versions: Vec<PackageVersion>,
}

#[derive(Debug, Clone, Default)]
pub struct PackageVersion {
    pub id: u64,
    /// `sha256:HEX`
    pub digest: String,
    pub tags: Vec<String>,
    pub created_at: Timestamp,
}

/// A provenance statement about a digest. The bundle is made when asked for; its signature proves nothing.
#[derive(Debug, Clone, Default)]
pub struct Attestation {
    /// `sha256:HEX`
    pub subject_digest: String,
    pub subject_name: String,
    /// `https://slsa.dev/provenance/v1` …
    pub predicate_type: String,
    pub predicate: Value,
    pub initiator: String,
}
