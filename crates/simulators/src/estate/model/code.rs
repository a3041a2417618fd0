//! Work items, repositories and what pipelines made of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{Forge, Text};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Project {
    pub key: Text,
    pub name: Text,
    pub lead: Text,
    pub old_keys: Vec<Text>,
}

/// A version as a Jira project spells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VersionName {
    pub project: Text,
    pub name: Text,
    /// Release key, where the spelling is exact.
    pub release: Option<Text>,
    pub released: bool,
    pub archived: bool,
    pub start: Option<Date>,
    pub date: Option<Date>,
    pub description: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkItem {
    pub key: Text,
    pub old_keys: Vec<Text>,
    pub project: Text,
    pub kind: WorkKind,
    pub summary: Text,
    pub description: Text,
    pub status: WorkStatus,
    pub reporter: Option<Text>,
    pub assignee: Option<Text>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub resolved: Option<Timestamp>,
    /// Names of versions in the same project.
    pub fix_versions: Vec<Text>,
    pub parent: Option<Text>,
    pub links: Vec<WorkLink>,
    pub labels: Vec<&'static str>,
    pub component: Option<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum WorkKind {
    Epic,
    Story,
    Task,
    Bug,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum WorkStatus {
    ToDo,
    InProgress,
    InReview,
    Done,
}

/// "This item `kind` `target`".
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkLink {
    pub kind: WorkLinkKind,
    pub target: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum WorkLinkKind {
    Blocks,
    Relates,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Repository {
    /// `bank/payments-api`.
    pub name: Text,
    pub forge: Forge,
    pub old_names: Vec<Text>,
    pub created: Timestamp,
    /// In the order they were written; a parent stands before its children.
    pub commits: Vec<Commit>,
    /// Name to commit.
    pub branches: BTreeMap<Text, usize>,
    pub tags: Vec<Tag>,
    pub pulls: Vec<PullRequest>,
    pub releases: Vec<ForgeRelease>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Commit {
    pub parents: Vec<usize>,
    /// Key of a person.
    pub author: Text,
    pub committer: Text,
    pub at: Timestamp,
    /// With trailers, as Git has it.
    pub message: Text,
    /// Against the first parent.
    pub files: Vec<FileChange>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileChange {
    pub path: Text,
    pub content: Content,
    pub additions: u32,
    pub deletions: u32,
    pub added: bool,
}

/// Sources are made from two numbers when they are written, so that a long history costs little memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Content {
    Literal(Text),
    Generated { revision: u32, lines: u32 },
}

impl Content {
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Literal(text) => text.as_bytes().to_vec(),
            Self::Generated { revision, lines } => {
                let end = format!(" // r{revision}\n");
                let mut bytes = Vec::with_capacity(*lines as usize * (end.len() + 9));
                for line in 1..=*lines {
                    bytes.extend_from_slice(b"step ");
                    bytes.extend_from_slice(line.to_string().as_bytes());
                    bytes.extend_from_slice(end.as_bytes());
                }
                bytes
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tag {
    pub name: Text,
    pub commit: usize,
    /// `None`: lightweight.
    pub annotation: Option<Annotation>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Annotation {
    pub tagger: Text,
    pub at: Timestamp,
    pub message: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PullRequest {
    pub number: u64,
    pub title: Text,
    pub body: Text,
    pub author: Text,
    pub branch: Text,
    pub base: Text,
    pub commits: Vec<usize>,
    pub opened: Timestamp,
    pub merged: Option<Merge>,
    pub reviews: Vec<Review>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Merge {
    pub at: Timestamp,
    pub by: Text,
    pub commit: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Review {
    /// GitHub login: a person may have two.
    pub login: Text,
    pub verdict: ReviewVerdict,
    pub at: Timestamp,
    pub commit: usize,
    pub body: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ReviewVerdict {
    Approved,
    ChangesRequested,
    Commented,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForgeRelease {
    pub tag: Text,
    pub name: Text,
    pub body: Text,
    pub author: Text,
    pub at: Timestamp,
}

/// A container image: the index and its platform manifests are one family.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Artifact {
    pub service: Text,
    pub version: Text,
    pub image: Text,
    pub digest: Text,
    pub platforms: Vec<Text>,
    pub repository: Text,
    pub commit: usize,
    pub built: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PipelineRun {
    pub repository: Text,
    pub workflow: &'static str,
    pub title: Text,
    pub branch: Text,
    pub commit: usize,
    /// Person who caused it.
    pub actor: Text,
    pub started: Timestamp,
    pub finished: Timestamp,
    pub succeeded: bool,
    pub digest: Option<Text>,
    pub suites: Vec<TestSuite>,
    /// Of the released diff: lines and covered lines.
    pub coverage: Option<(u32, u32)>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestSuite {
    pub name: &'static str,
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

/// One verification of a consumer's contract by a provider, as a contract broker's matrix has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContractVerification {
    pub consumer: Text,
    pub consumer_version: Text,
    pub provider: Text,
    pub provider_version: Text,
    pub success: bool,
    pub at: Timestamp,
}
