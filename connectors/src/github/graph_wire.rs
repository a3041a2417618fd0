//! GitHub's GraphQL JSON as our documents ask for it.

use domain::Text;
use jiff::Timestamp;
use serde::Deserialize;

use super::wire::{CommitSent, CommitText, Job, Sha, Signed, User};

/// A connection: lists may hold nulls where one element could not be read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    #[serde(default)]
    pub(super) total_count: Option<u64>,
    #[serde(default)]
    pub(super) page_info: Option<PageInfo>,
    pub(super) nodes: Option<Vec<Option<T>>>,
}

impl<T> Connection<T> {
    pub(super) fn each(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().flatten().flatten()
    }

    /// Where the next page begins.
    pub(super) fn next(&self) -> Option<&str> {
        let info = self.page_info.as_ref()?;
        if info.has_next_page { info.end_cursor.as_deref() } else { None }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

/// What tells whether a repository has changed, and its names.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Survey {
    pub(super) database_id: u64,
    pub(super) name_with_owner: String,
    pub(super) url: String,
    pub(super) default_branch_ref: Option<Named>,
    /// Everything else is only compared with what it was.
    #[serde(flatten)]
    pub(super) marks: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Oid {
    pub(super) oid: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Who {
    #[serde(rename = "__typename")]
    pub(super) kind: String,
    pub(super) login: String,
    #[serde(default)]
    pub(super) database_id: Option<u64>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TagRef {
    pub(super) name: String,
    pub(super) target: Option<GitObject>,
}

/// A commit, a tag that leads to another object, or something that is neither.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GitObject {
    #[serde(rename = "__typename")]
    pub(super) kind: String,
    pub(super) oid: String,
    #[serde(default)]
    pub(super) committed_date: Option<Timestamp>,
    #[serde(default)]
    pub(super) tagger: Option<Signed>,
    #[serde(default)]
    pub(super) target: Option<Box<GitObject>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullRequestFacts {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) url: String,
    pub(super) state: String,
    pub(super) merged_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
    pub(super) head_ref_name: String,
    pub(super) head_ref_oid: String,
    pub(super) base_ref_name: String,
    pub(super) merge_commit: Option<Oid>,
    pub(super) author: Option<Who>,
    pub(super) merged_by: Option<Who>,
    pub(super) commits: Connection<PullCommit>,
    /// Null where they could not be told.
    #[serde(default)]
    pub(super) files: Option<Connection<PullFile>>,
    pub(super) reviews: Option<Connection<ReviewFacts>>,
}

impl PullRequestFacts {
    /// The paths that it changes, when all of them came.
    pub(super) fn paths(&self) -> Option<Vec<Text>> {
        let files = self.files.as_ref().filter(|files| files.total_count == Some(files.each().count() as u64));
        Some(files?.each().map(|file| Text::from(file.path.as_str())).collect())
    }

    /// The commits whose paths these are: what the merge left behind and, where it is the only one, what was proposed.
    /// After a rebase of many commits the last one is told with the paths of all, which GitHub does not tell apart
    /// from a squash.
    pub(super) fn paths_of_commits(&self) -> Vec<(Text, Vec<Text>)> {
        let (Some(paths), Some(_)) = (self.paths(), self.merged_at) else { return Vec::new() };
        let proposed = self.commits.each().filter(|_| self.commits.total_count == Some(1)).map(|one| &one.commit);
        let commits = self.merge_commit.iter().chain(proposed);
        commits.map(|commit| (Text::from(commit.oid.as_str()), paths.clone())).collect()
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PullFile {
    pub(super) path: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PullCommit {
    pub(super) commit: Oid,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReviewFacts {
    pub(super) state: String,
    pub(super) submitted_at: Option<Timestamp>,
    pub(super) commit: Option<Oid>,
    pub(super) author: Option<Who>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentFacts {
    pub(super) database_id: u64,
    pub(super) commit_oid: String,
    #[serde(rename = "ref")]
    pub(super) reference: Option<Named>,
    pub(super) environment: Option<String>,
    pub(super) description: Option<String>,
    pub(super) payload: Option<String>,
    pub(super) state: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) creator: Option<Who>,
    pub(super) statuses: Option<Connection<StatusFacts>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusFacts {
    pub(super) state: String,
    pub(super) created_at: Timestamp,
    #[serde(default)]
    pub(super) log_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunJobs {
    check_suite: SuiteOfRun,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SuiteOfRun {
    check_runs: Option<Connection<JobFacts>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobFacts {
    name: String,
    status: String,
    conclusion: Option<String>,
    completed_at: Option<Timestamp>,
}

impl RunJobs {
    /// The jobs in REST's words; `None` when not all of them came.
    pub(super) fn complete(self) -> Option<Vec<Job>> {
        let told = self.check_suite.check_runs?;
        let jobs: Vec<Job> = told
            .each()
            .map(|job| Job {
                name: job.name.clone(),
                status: job.status.to_ascii_lowercase(),
                conclusion: job.conclusion.as_deref().map(str::to_ascii_lowercase),
                completed_at: job.completed_at,
            })
            .collect();
        (told.total_count == Some(jobs.len() as u64)).then_some(jobs)
    }
}

/// A commit of a comparison.
#[derive(Debug, Deserialize)]
pub(super) struct CommitFacts {
    oid: String,
    url: Option<String>,
    message: String,
    author: Option<Actor>,
    committer: Option<Actor>,
    parents: Connection<Oid>,
}

#[derive(Debug, Deserialize)]
struct Actor {
    #[serde(flatten)]
    signed: Signed,
    #[serde(default)]
    user: Option<Who>,
}

impl Actor {
    /// The account; GraphQL tells none for bots, whose addresses GitHub makes from their numbers and logins.
    fn account(&self) -> Option<User> {
        let told = self.user.as_ref().and_then(|who| {
            Some(User {
                id: who.database_id?,
                login: who.login.clone(),
                name: who.name.clone(),
                kind: Some(who.kind.clone()),
            })
        });
        told.or_else(|| {
            let (number, login) =
                self.signed.email.as_deref()?.strip_suffix("@users.noreply.github.com")?.split_once('+')?;
            Some(User { id: number.parse().ok()?, login: login.to_owned(), name: None, kind: None })
        })
    }
}

impl CommitFacts {
    /// The commit in REST's words.
    pub(super) fn sent(&self) -> CommitSent {
        let signed = |actor: &Option<Actor>| actor.as_ref().map(|actor| actor.signed.clone());
        CommitSent {
            sha: self.oid.clone(),
            html_url: self.url.clone(),
            commit: CommitText {
                message: self.message.clone(),
                author: signed(&self.author),
                committer: signed(&self.committer),
            },
            author: self.author.as_ref().and_then(Actor::account),
            parents: self.parents.each().map(|parent| Sha { sha: parent.oid.clone() }).collect(),
        }
    }
}
