//! What the simulated GitHub holds: plain data, filled by the estate or by a test.
//! References between records are by login, sha, ref name or number, as GitHub's own answers make them;
//! URLs, node ids, counts, trees and digests are derived when answering and are therefore not here.

use jiff::Timestamp;
use std::sync::Arc;

pub use super::delivery::*;
pub use super::protection::*;

/// Everything one GitHub instance knows.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub organizations: Vec<Organization>,
    pub users: Vec<User>,
    pub teams: Vec<Team>,
    pub repositories: Vec<Repository>,
    pub packages: Vec<Package>,
}

/// An owner of repositories that is not a user. Owners without a record still work, with an id made from the login.
#[derive(Debug, Clone, Default)]
pub struct Organization {
    pub id: u64,
    pub login: String,
    pub name: String,
}

#[derive(Debug, Clone, Default)]
pub struct User {
    pub id: u64,
    pub login: String,
    /// `None`: the user never filled it in.
    pub name: Option<String>,
    /// The public address; `None` is common.
    pub email: Option<String>,
    pub kind: UserKind,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UserKind {
    #[default]
    User,
    Bot,
}

#[derive(Debug, Clone, Default)]
pub struct Team {
    pub id: u64,
    pub organization: String,
    pub slug: String,
    pub name: String,
    /// Logins.
    pub members: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Repository {
    pub id: u64,
    pub owner: String,
    pub name: String,
    /// Former full names (`owner/name`): asked for, they answer 301 to `/repositories/{id}`.
    pub old_names: Vec<String>,
    pub description: Option<String>,
    pub private: bool,
    pub archived: bool,
    pub language: Option<String>,
    pub topics: Vec<String>,
    pub default_branch: String,
    pub created_at: Timestamp,
    pub pushed_at: Timestamp,
    pub updated_at: Timestamp,
    /// Logins that may write, beside the owner; reviews by others do not count as opinionated "writers only".
    pub writers: Vec<String>,
    /// Any order; unreachable commits (of pull requests that were squashed) belong here too.
    pub commits: Vec<Commit>,
    pub branches: Vec<Branch>,
    pub tags: Vec<Tag>,
    pub releases: Vec<Release>,
    pub pull_requests: Vec<PullRequest>,
    /// Numbers that are issues and not pull requests.
    pub issues: Vec<Issue>,
    pub check_runs: Vec<CheckRun>,
    pub statuses: Vec<CommitStatus>,
    pub workflows: Vec<Workflow>,
    pub workflow_runs: Vec<WorkflowRun>,
    pub deployments: Vec<Deployment>,
    pub environments: Vec<Environment>,
    pub protections: Vec<BranchProtection>,
    pub rulesets: Vec<Ruleset>,
    pub attestations: Vec<Attestation>,
}

impl Repository {
    /// An empty repository with default branch `main`.
    pub fn new(id: u64, owner: &str, name: &str) -> Self {
        Self {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            default_branch: "main".to_owned(),
            ..Self::default()
        }
    }

    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Adds a status to a deployment as GitHub does: success makes the earlier successes of the same environment
    /// inactive, unless that environment is production or transient.
    pub fn report_deployment(&mut self, id: u64, status: DeploymentStatus) {
        let Some(reported) = self.deployments.iter_mut().find(|deployment| deployment.id == id) else {
            return;
        };
        let environment = reported.environment.clone();
        let lasting = reported.production_environment || reported.transient_environment;
        reported.statuses.push(status.clone());
        if status.state != "success" || lasting {
            return;
        }
        let earlier =
            self.deployments.iter_mut().filter(|other| other.id != id && other.environment == environment);
        for other in earlier {
            let latest = other.statuses.iter().max_by_key(|one| (one.created_at, one.id));
            if latest.is_some_and(|latest| latest.state == "success" && latest.created_at <= status.created_at) {
                other.statuses.push(DeploymentStatus {
                    id: status.id,
                    state: "inactive".to_owned(),
                    ..status.clone()
                });
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// 40 hexadecimal digits.
    pub sha: String,
    /// Shas, first parent first.
    pub parents: Vec<String>,
    pub author: Signature,
    pub committer: Signature,
    pub message: String,
    /// Changed against the first parent.
    pub files: Vec<FileChange>,
    /// Does GitHub show "Verified"?
    pub verified: bool,
}

/// Who stands in a commit, and when. Forgeable, as in Git.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    pub name: Arc<str>,
    pub email: Arc<str>,
    /// The account whose address this is; `None`: GitHub could not match it.
    pub login: Option<Arc<str>>,
    pub date: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct FileChange {
    pub path: String,
    pub status: FileStatus,
    pub additions: u32,
    pub deletions: u32,
    /// The whole file after this commit, where the contents API shall give it; `None`: only the change is known.
    pub content: Option<Arc<[u8]>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FileStatus {
    Added,
    #[default]
    Modified,
    Removed,
    Renamed {
        from: String,
    },
}

#[derive(Debug, Clone, Default)]
pub struct Branch {
    pub name: String,
    pub sha: String,
}

#[derive(Debug, Clone, Default)]
pub struct Tag {
    pub name: String,
    /// The commit, also for an annotated tag.
    pub commit: String,
    /// `None`: lightweight.
    pub annotation: Option<Annotation>,
}

#[derive(Debug, Clone, Default)]
pub struct Annotation {
    /// Sha of the tag object; differs from the commit's.
    pub sha: String,
    pub tagger: Signature,
    pub message: String,
}

#[derive(Debug, Clone, Default)]
pub struct Release {
    pub id: u64,
    pub tag: String,
    /// A branch name or a sha; unused once the tag exists.
    pub target: String,
    pub name: Option<String>,
    pub body: Option<String>,
    pub author: String,
    pub draft: bool,
    pub prerelease: bool,
    pub immutable: bool,
    /// The tagged commit's date, not the day of publishing.
    pub created_at: Timestamp,
    /// `None` while a draft.
    pub published_at: Option<Timestamp>,
    pub assets: Vec<Asset>,
}

#[derive(Debug, Clone, Default)]
pub struct Asset {
    pub id: u64,
    pub name: String,
    pub content_type: String,
    pub size_bytes: u64,
    /// `sha256:HEX`; `None` for assets older than GitHub's digests.
    pub digest: Option<String>,
    pub uploader: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct PullRequest {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    /// `None`: the account was deleted.
    pub author: Option<String>,
    pub draft: bool,
    pub head: Head,
    pub base: Head,
    /// Shas of the pull request's own commits, oldest first.
    pub commits: Vec<String>,
    pub labels: Vec<String>,
    pub requested_reviewers: Vec<String>,
    /// Team slugs.
    pub requested_teams: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Merged pull requests are closed too.
    pub closed_at: Option<Timestamp>,
    pub merged_at: Option<Timestamp>,
    pub merged_by: Option<String>,
    /// Before the merge: a test merge, on no branch.
    pub merge_commit_sha: Option<String>,
    /// `None` while GitHub computes it.
    pub mergeable: Option<bool>,
    /// Any order; answered in order of submission.
    pub reviews: Vec<Review>,
}

#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Branch name without `refs/heads/`.
    pub branch: String,
    pub sha: String,
}

#[derive(Debug, Clone, Default)]
pub struct Review {
    pub id: u64,
    /// `None`: the account was deleted.
    pub author: Option<String>,
    pub state: ReviewState,
    pub body: String,
    /// The head at the time of the review.
    pub commit_id: String,
    /// `None` while pending.
    pub submitted_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReviewState {
    #[default]
    Approved,
    ChangesRequested,
    Commented,
    Dismissed,
    Pending,
}

#[derive(Debug, Clone, Default)]
pub struct Issue {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub author: String,
    pub created_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}
