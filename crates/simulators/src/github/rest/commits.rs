//! Commits: the log, one commit and what hangs on it, comparisons.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::github::call::{Answer, Refusal, Reply, Within};
use crate::github::content::{CheckRun, Commit, FileChange, FileStatus, PullRequest};
use crate::github::shape::{latest_checks, latest_statuses};
use crate::github::shelf::Shelf;

/// A comparison shows no more commits unless it is paged through.
const LONGEST_COMPARISON: usize = 250;
/// A comparison or a page of a commit shows no more files.
const MOST_FILES: usize = 300;

pub(super) async fn list(at: Within) -> Answer {
    let shelf = &at.shelf;
    if shelf.data.commits.is_empty() {
        return Err(Refusal::Empty);
    }
    let from = at.call.query("sha").unwrap_or(&shelf.data.default_branch);
    let start = shelf.resolve(from).ok_or(Refusal::NotFound)?;
    let (since, until) = (at.call.moment("since"), at.call.moment("until"));
    let (path, author, committer) = (at.call.query("path"), at.call.query("author"), at.call.query("committer"));
    let commits = shelf.history().log(start).into_iter().filter_map(|position| shelf.data.commits.get(position));
    let commits: Vec<&Commit> = commits
        .filter(|commit| {
            since.is_none_or(|since| commit.committer.date >= since)
                && until.is_none_or(|until| commit.committer.date <= until)
        })
        .filter(|commit| path.is_none_or(|path| touches(commit, path)))
        .filter(|commit| {
            author.is_none_or(|who| who == &*commit.author.email || commit.author.login.as_deref() == Some(who))
        })
        .filter(|commit| {
            committer
                .is_none_or(|who| who == &*commit.committer.email || commit.committer.login.as_deref() == Some(who))
        })
        .collect();
    Ok(at.page(&commits, |commit| at.shape().commit(&shelf.data, commit)))
}

/// `/commits/{ref}` and everything below it, as a ref may contain slashes.
pub(super) async fn one(at: Within) -> Answer {
    let reference = at.part("reference");
    type Part = fn(&Within, &Commit) -> Answer;
    let parts: [(&str, Part); 4] =
        [("/check-runs", check_runs), ("/statuses", statuses), ("/status", status), ("/pulls", pulls)];
    for (suffix, answer) in parts {
        if let Some(reference) = reference.strip_suffix(suffix) {
            return answer(&at, find(&at.shelf, reference)?);
        }
    }
    let commit = find(&at.shelf, reference)?;
    let (page, _) = at.call.paging();
    let files = commit.files.chunks(MOST_FILES).nth(page - 1).unwrap_or_default();
    Ok(Reply::json(at.shape().commit_with_files(&at.shelf.data, commit, files)))
}

fn find<'a>(shelf: &'a Shelf, reference: &str) -> Result<&'a Commit, Refusal> {
    let found = shelf.resolve(reference).and_then(|position| shelf.data.commits.get(position));
    found.ok_or_else(|| Refusal::Unprocessable(format!("No commit found for SHA: {reference}")))
}

fn check_runs(at: &Within, commit: &Commit) -> Answer {
    let all = at.shelf.checks_of(&commit.sha);
    let mut checks: Vec<&CheckRun> = if at.call.query("filter") == Some("all") { all } else { latest_checks(&all) };
    checks.retain(|check| at.call.query("check_name").is_none_or(|name| check.name == name));
    checks.retain(|check| at.call.query("status").is_none_or(|status| check.status == status));
    Ok(at.counted("check_runs", &checks, |check| at.shape().check_run(&at.shelf, check)))
}

pub(super) async fn check_run(at: Within) -> Answer {
    let id = at.number("id")?;
    let check = at.shelf.data.check_runs.iter().find(|check| check.id == id).ok_or(Refusal::NotFound)?;
    Ok(Reply::json(at.shape().check_run(&at.shelf, check)))
}

fn status(at: &Within, commit: &Commit) -> Answer {
    let latest = latest_statuses(&at.shelf.statuses_of(&commit.sha));
    let body = at.shape().combined_status(&at.shelf, &commit.sha, (at.call.slice(&latest), &latest));
    Ok(Reply::json(body).link(at.call.links(latest.len(), Some(&at.shelf))))
}

fn statuses(at: &Within, commit: &Commit) -> Answer {
    let mut all = at.shelf.statuses_of(&commit.sha);
    all.sort_by_key(|status| std::cmp::Reverse((status.created_at, status.id)));
    Ok(at.page(&all, |status| at.shape().status(&at.shelf, status)))
}

fn pulls(at: &Within, commit: &Commit) -> Answer {
    let pulls: Vec<&PullRequest> = at.shelf.pulls_of(&commit.sha);
    Ok(at.page(&pulls, |pull| at.shape().pull(&at.shelf.data, pull)))
}

pub(super) async fn compare(at: Within) -> Answer {
    let (shelf, call) = (&at.shelf, &at.call);
    let (base, head) = at.part("basehead").split_once("...").ok_or(Refusal::NotFound)?;
    let position = |name: &str| {
        shelf.resolve(name.strip_prefix(&format!("{}:", shelf.data.owner)).unwrap_or(name)).ok_or(Refusal::NotFound)
    };
    let (base_at, head_at) = (position(base)?, position(head)?);
    let found = shelf.history().compare(base_at, head_at);
    let at_position = |position: usize| shelf.data.commits.get(position).ok_or(Refusal::NotFound);
    let merge_base = at_position(found.merge_base.ok_or(Refusal::Missing("No common ancestor between the two."))?)?;
    let (base_commit, head_commit) = (at_position(base_at)?, at_position(head_at)?);

    let total = found.ahead.len();
    let shown: Vec<usize> = match total.checked_sub(LONGEST_COMPARISON) {
        _ if call.has_paging() => call.slice(&found.ahead).to_vec(),
        Some(over) => found.ahead.get(over..).unwrap_or_default().to_vec(),
        None => found.ahead.clone(),
    };
    let commits = shown.iter().filter_map(|&position| shelf.data.commits.get(position));
    let commits: Vec<Value> = commits.map(|commit| at.shape().commit(&shelf.data, commit)).collect();
    let files = if call.paging().0 == 1 { merged_changes(shelf, &found.ahead) } else { Vec::new() };
    let files: Vec<Value> =
        files.iter().take(MOST_FILES).map(|file| at.shape().diff(&shelf.data, &head_commit.sha, file)).collect();

    let (api, page) = (at.shape().api(&shelf.data), at.shape().page(&shelf.data));
    let short = |sha: &str| sha.chars().take(12).collect::<String>();
    let html = format!("{page}/compare/{base}...{head}");
    let owner = &shelf.data.owner;
    let body = json!({
        "url": format!("{api}/compare/{base}...{head}"), "html_url": html, "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
        "permalink_url": format!("{page}/compare/{owner}:{}...{owner}:{}", short(&base_commit.sha), short(&head_commit.sha)),
        "base_commit": at.shape().commit(&shelf.data, base_commit), "merge_base_commit": at.shape().commit(&shelf.data, merge_base),
        "status": found.status(), "ahead_by": total, "behind_by": found.behind.len(), "total_commits": total, "commits": commits, "files": files,
    });
    let links = if call.has_paging() { call.links(total, Some(shelf)) } else { None };
    Ok(Reply::json(body).link(links))
}

/// What a range of commits (oldest first) changes in sum, by path. A merge whose sides are known adds nothing of its own.
fn merged_changes(shelf: &Shelf, range: &[usize]) -> Vec<FileChange> {
    let commits = range.iter().filter_map(|&position| shelf.data.commits.get(position));
    let own = commits.filter(|commit| {
        commit.parents.len() < 2 || commit.parents.iter().any(|sha| shelf.history().position(sha).is_none())
    });
    let mut merged: BTreeMap<&str, FileChange> = BTreeMap::new();
    for file in own.flat_map(|commit| &commit.files) {
        let Some(known) = merged.get_mut(file.path.as_str()) else {
            merged.insert(&file.path, file.clone());
            continue;
        };
        known.additions += file.additions;
        known.deletions += file.deletions;
        known.content = file.content.clone().or_else(|| known.content.take());
        match (&known.status, &file.status) {
            (FileStatus::Added, FileStatus::Removed) => drop(merged.remove(file.path.as_str())),
            (FileStatus::Added | FileStatus::Renamed { .. }, _) => {}
            (FileStatus::Removed, FileStatus::Added) => known.status = FileStatus::Modified,
            (_, now) => known.status = now.clone(),
        }
    }
    merged.into_values().collect()
}

/// What a pull request changes.
pub(in crate::github) fn of_pull(shelf: &Shelf, pull: &PullRequest) -> Vec<FileChange> {
    let range: Vec<usize> = pull.commits.iter().filter_map(|sha| shelf.history().position(sha)).collect();
    merged_changes(shelf, &range)
}

fn touches(commit: &Commit, path: &str) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    commit.files.iter().any(|file| {
        file.path == path
            || file.path.starts_with(&folder)
            || matches!(&file.status, FileStatus::Renamed { from } if from == path)
    })
}
