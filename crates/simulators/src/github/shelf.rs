//! One repository with the look-up tables that answers need, built when it is first asked.
//! Tables hold positions in the repository's lists, so a record exists once.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use super::content::{
    Branch, CheckRun, Commit, CommitStatus, Deployment, FileStatus, PullRequest, Repository, Tag, WorkflowRun,
};
use super::history::History;

/// A repository as the routes see it: unchanging, shared, replaced as a whole when somebody edits it.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) data: Repository,
    tables: OnceLock<Tables>,
}

#[derive(Debug)]
struct Tables {
    history: History,
    pulls_by_number: HashMap<u64, usize>,
    pulls_by_commit: HashMap<String, Vec<usize>>,
    checks_by_sha: HashMap<String, Vec<usize>>,
    statuses_by_sha: HashMap<String, Vec<usize>>,
    deployments_by_sha: HashMap<String, Vec<usize>>,
    runs_by_id: HashMap<u64, usize>,
    tags_by_name: HashMap<String, usize>,
    /// Commits that wrote or removed a path, newest first.
    writers_of: BTreeMap<String, Vec<usize>>,
}

impl Shelf {
    pub(super) fn new(data: Repository) -> Self {
        Self { data, tables: OnceLock::new() }
    }

    pub(super) fn history(&self) -> &History {
        &self.tables().history
    }

    pub(super) fn commit(&self, sha: &str) -> Option<&Commit> {
        self.data.commits.get(self.history().position(sha)?)
    }

    pub(super) fn branch(&self, name: &str) -> Option<&Branch> {
        self.data.branches.iter().find(|branch| branch.name == name)
    }

    pub(super) fn tag(&self, name: &str) -> Option<&Tag> {
        self.data.tags.get(*self.tables().tags_by_name.get(name)?)
    }

    /// What Git would make of `name`: a ref in full, a branch, a tag, a sha or a unique beginning of one.
    pub(super) fn resolve(&self, name: &str) -> Option<usize> {
        let bare = name.strip_prefix("refs/").unwrap_or(name);
        let sha = if let Some(branch) = bare.strip_prefix("heads/").and_then(|branch| self.branch(branch)) {
            &branch.sha
        } else if let Some(tag) = bare.strip_prefix("tags/").and_then(|tag| self.tag(tag)) {
            &tag.commit
        } else if let Some(branch) = self.branch(name) {
            &branch.sha
        } else if let Some(tag) = self.tag(name) {
            &tag.commit
        } else if name == "HEAD" {
            &self.branch(&self.data.default_branch)?.sha
        } else {
            return self.history().position(name).or_else(|| self.history().abbreviated(name, &self.data.commits));
        };
        self.history().position(sha)
    }

    pub(super) fn pull(&self, number: u64) -> Option<&PullRequest> {
        self.data.pull_requests.get(*self.tables().pulls_by_number.get(&number)?)
    }

    /// Pull requests that contain the commit or were merged as it.
    pub(super) fn pulls_of(&self, sha: &str) -> Vec<&PullRequest> {
        pick(&self.tables().pulls_by_commit, sha, &self.data.pull_requests)
    }

    pub(super) fn checks_of(&self, sha: &str) -> Vec<&CheckRun> {
        pick(&self.tables().checks_by_sha, sha, &self.data.check_runs)
    }

    pub(super) fn statuses_of(&self, sha: &str) -> Vec<&CommitStatus> {
        pick(&self.tables().statuses_by_sha, sha, &self.data.statuses)
    }

    pub(super) fn deployments_of(&self, sha: &str) -> Vec<&Deployment> {
        pick(&self.tables().deployments_by_sha, sha, &self.data.deployments)
    }

    pub(super) fn run(&self, id: u64) -> Option<&WorkflowRun> {
        self.data.workflow_runs.get(*self.tables().runs_by_id.get(&id)?)
    }

    /// The file as it is at a commit: the newest write of it among the commit's ancestors.
    pub(super) fn file_at(&self, path: &str, commit: usize) -> Option<&[u8]> {
        let reachable = self.history().reachable(commit);
        self.file_in(path, &reachable)
    }

    /// The files directly or deeper below `folder` (empty: all), by path.
    pub(super) fn files_below(&self, folder: &str, commit: usize) -> Vec<(&str, &[u8])> {
        let reachable = self.history().reachable(commit);
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let range = self.tables().writers_of.range(prefix.clone()..);
        range
            .take_while(|(path, _)| path.starts_with(&prefix))
            .filter_map(|(path, _)| Some((path.as_str(), self.file_in(path, &reachable)?)))
            .collect()
    }

    fn file_in(&self, path: &str, reachable: &[bool]) -> Option<&[u8]> {
        let writers = self.tables().writers_of.get(path)?;
        let newest = writers.iter().find(|&&at| reachable.get(at).copied().unwrap_or(false))?;
        let change = self.data.commits.get(*newest)?.files.iter().find(|file| file.path == path)?;
        if change.status == FileStatus::Removed { None } else { change.content.as_deref() }
    }

    fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| Tables::of(&self.data))
    }
}

impl Tables {
    fn of(data: &Repository) -> Self {
        let history = History::of(&data.commits);
        let mut writers_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for &at in history.oldest_first().iter().rev() {
            let Some(commit) = data.commits.get(at) else {
                continue;
            };
            for file in &commit.files {
                if file.content.is_some() || file.status == FileStatus::Removed {
                    writers_of.entry(file.path.clone()).or_default().push(at);
                }
                if let FileStatus::Renamed { from } = &file.status {
                    writers_of.entry(from.clone()).or_default().push(at);
                }
            }
        }
        let mut pulls_by_commit: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, pull) in data.pull_requests.iter().enumerate() {
            let merged = pull.merge_commit_sha.iter().filter(|_| pull.merged_at.is_some());
            for sha in pull.commits.iter().chain(merged) {
                let known = pulls_by_commit.entry(sha.clone()).or_default();
                if known.last() != Some(&at) {
                    known.push(at);
                }
            }
        }
        Self {
            history,
            writers_of,
            pulls_by_commit,
            pulls_by_number: data.pull_requests.iter().enumerate().map(|(at, pull)| (pull.number, at)).collect(),
            checks_by_sha: group(&data.check_runs, |check| &check.head_sha),
            statuses_by_sha: group(&data.statuses, |status| &status.sha),
            deployments_by_sha: group(&data.deployments, |deployment| &deployment.sha),
            runs_by_id: data.workflow_runs.iter().enumerate().map(|(at, run)| (run.id, at)).collect(),
            tags_by_name: data.tags.iter().enumerate().map(|(at, tag)| (tag.name.clone(), at)).collect(),
        }
    }
}

fn group<T>(records: &[T], key: impl Fn(&T) -> &String) -> HashMap<String, Vec<usize>> {
    let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, record) in records.iter().enumerate() {
        groups.entry(key(record).clone()).or_default().push(at);
    }
    groups
}

fn pick<'a, T>(table: &HashMap<String, Vec<usize>>, key: &str, records: &'a [T]) -> Vec<&'a T> {
    table.get(key).into_iter().flatten().filter_map(|&at| records.get(at)).collect()
}
