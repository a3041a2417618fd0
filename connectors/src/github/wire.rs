//! GitHub's REST JSON as it is sent: unknown keys are passed over, what we rely on must be there.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) login: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
}

/// A user that may be null, or an object without anything in it where the account is unknown.
pub(super) fn known_user<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<User>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

#[derive(Debug, Deserialize)]
pub(super) struct RepositoryNamed {
    pub(super) full_name: String,
    #[serde(default)]
    pub(super) archived: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sha {
    pub(super) sha: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommitSent {
    pub(super) sha: String,
    pub(super) html_url: Option<String>,
    pub(super) commit: CommitText,
    #[serde(default, deserialize_with = "known_user")]
    pub(super) author: Option<User>,
    pub(super) parents: Vec<Sha>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommitText {
    pub(super) message: String,
    pub(super) author: Option<Signed>,
    pub(super) committer: Option<Signed>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Signed {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) date: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Comparison {
    pub(super) html_url: Option<String>,
    pub(super) behind_by: u64,
    pub(super) total_commits: u64,
    pub(super) commits: Vec<CommitSent>,
    /// Only on the first page.
    #[serde(default)]
    pub(super) files: Option<Vec<FileChanged>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FileChanged {
    pub(super) filename: String,
    #[serde(default)]
    pub(super) previous_filename: Option<String>,
    pub(super) additions: u64,
    pub(super) deletions: u64,
    /// Absent for binary files and for differences that are too large.
    #[serde(default)]
    pub(super) patch: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Release {
    pub(super) tag_name: String,
    pub(super) html_url: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) body: Option<String>,
    pub(super) draft: bool,
    pub(super) prerelease: bool,
    pub(super) created_at: Timestamp,
    pub(super) published_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) assets: Vec<Asset>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Asset {
    pub(super) id: u64,
    pub(super) name: String,
    #[serde(default)]
    pub(super) state: Option<String>,
    /// Missing on assets older than GitHub's digests.
    #[serde(default)]
    pub(super) digest: Option<String>,
    pub(super) created_at: Timestamp,
}

#[derive(Debug, Deserialize)]
pub(super) struct PullListed {
    pub(super) number: u64,
    pub(super) updated_at: Timestamp,
    pub(super) merged_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReviewSent {
    #[serde(default, deserialize_with = "known_user")]
    pub(super) user: Option<User>,
    pub(super) state: String,
    #[serde(default)]
    pub(super) commit_id: Option<String>,
    /// Absent while pending.
    #[serde(default)]
    pub(super) submitted_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Runs {
    pub(super) total_count: u64,
    pub(super) workflow_runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) node_id: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) path: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) head_sha: String,
    pub(super) event: String,
    pub(super) status: Option<String>,
    pub(super) conclusion: Option<String>,
    #[serde(default)]
    pub(super) run_attempt: Option<u32>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    #[serde(default)]
    pub(super) run_started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "known_user")]
    pub(super) actor: Option<User>,
    #[serde(default, deserialize_with = "known_user")]
    pub(super) triggering_actor: Option<User>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Jobs {
    pub(super) jobs: Vec<Job>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
    pub(super) completed_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RunArtifacts {
    pub(super) artifacts: Vec<RunArtifact>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunArtifact {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) size_in_bytes: u64,
    pub(super) expired: bool,
    pub(super) created_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) workflow_run: Option<RunOfArtifact>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunOfArtifact {
    pub(super) id: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    #[serde(default)]
    pub(super) updated_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) version_count: Option<u64>,
    #[serde(default)]
    pub(super) repository: Option<PackageRepository>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PackageRepository {
    pub(super) id: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct PackageVersion {
    pub(super) id: u64,
    /// The image's digest.
    pub(super) name: String,
    pub(super) html_url: Option<String>,
    pub(super) created_at: Timestamp,
    #[serde(default)]
    pub(super) metadata: Option<PackageMetadata>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PackageMetadata {
    #[serde(default)]
    pub(super) container: Option<ContainerMetadata>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ContainerMetadata {
    #[serde(default)]
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FileContent {
    #[serde(default)]
    pub(super) encoding: Option<String>,
    #[serde(default)]
    pub(super) content: Option<String>,
}
