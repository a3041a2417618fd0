//! Pull requests, reviews, labels, and issues as search finds them.

use serde_json::{Value, json};

use super::commit::changes;
use super::commit::decimal;
use super::person::extend;
use super::{Shape, time, time_or_null};
use crate::github::access::Right;
use crate::github::content::{FileChange, Head, Issue, PullRequest, Repository, Review, ReviewState};
use crate::github::node_id;

impl Shape<'_> {
    /// As lists have it: without `merged`, `mergeable` and counts.
    pub(in crate::github) fn pull(&self, repository: &Repository, pull: &PullRequest) -> Value {
        let (api, page, number) = (self.api(repository), self.page(repository), pull.number);
        let (url, html) = (format!("{api}/pulls/{number}"), format!("{page}/pull/{number}"));
        let (issue, statuses) = (format!("{api}/issues/{number}"), format!("{api}/statuses/{}", pull.head.sha));
        let labels: Vec<Value> = pull.labels.iter().map(|name| self.label(repository, name)).collect();
        let reviewers: Vec<Value> = pull.requested_reviewers.iter().map(|login| self.user(login)).collect();
        let teams = pull.requested_teams.iter().filter_map(|slug| self.people.team(&repository.owner, slug));
        let whole = self.repository(repository, Right::Read);
        let mut body = json!({
            "url": url, "id": pull.id, "node_id": node_id::write("PR", repository.id, number), "html_url": html,
            "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"), "issue_url": issue, "number": number,
            "state": state(pull), "locked": false, "active_lock_reason": null, "title": pull.title, "user": self.user_or_null(pull.author.as_deref()), "body": pull.body,
            "created_at": time(pull.created_at), "updated_at": time(pull.updated_at),
            "closed_at": time_or_null(pull.closed_at.or(pull.merged_at)), "merged_at": time_or_null(pull.merged_at),
            "merge_commit_sha": pull.merge_commit_sha, "assignee": null, "assignees": [], "milestone": null, "auto_merge": null, "draft": pull.draft,
            "labels": labels, "requested_reviewers": reviewers, "requested_teams": teams.map(|team| self.team(team)).collect::<Vec<_>>(),
            "commits_url": format!("{url}/commits"), "review_comments_url": format!("{url}/comments"),
            "review_comment_url": format!("{api}/pulls/comments{{/number}}"), "comments_url": format!("{issue}/comments"), "statuses_url": statuses,
            "head": self.head(repository, &pull.head, whole.clone()), "base": self.head(repository, &pull.base, whole),
            "author_association": association(repository, pull.author.as_deref()),
        });
        let links = json!({
            "self": { "href": url }, "html": { "href": html }, "issue": { "href": issue }, "comments": { "href": format!("{issue}/comments") },
            "review_comments": { "href": format!("{url}/comments") }, "review_comment": { "href": format!("{api}/pulls/comments{{/number}}") },
            "commits": { "href": format!("{url}/commits") }, "statuses": { "href": statuses },
        });
        extend(&mut body, json!({ "_links": links }));
        body
    }

    /// On its own.
    pub(in crate::github) fn full_pull(
        &self,
        repository: &Repository,
        pull: &PullRequest,
        files: &[FileChange],
    ) -> Value {
        let mut body = self.pull(repository, pull);
        let (additions, deletions) = changes(files);
        let open = state(pull) == "open";
        let mergeable = if open { pull.mergeable } else { None };
        let more = json!({
            "merged": pull.merged_at.is_some(), "mergeable": mergeable, "rebaseable": mergeable,
            "mergeable_state": match mergeable { Some(true) => "clean", Some(false) => "dirty", None => "unknown" },
            "merged_by": self.user_or_null(pull.merged_by.as_deref()), "comments": 0, "review_comments": 0, "maintainer_can_modify": false,
            "commits": pull.commits.len(), "additions": additions, "deletions": deletions, "changed_files": files.len(),
        });
        extend(&mut body, more);
        body
    }

    /// The form inside check runs and workflow runs.
    pub(in crate::github) fn pull_reference(&self, repository: &Repository, pull: &PullRequest) -> Value {
        let api = self.api(repository);
        let side = |head: &Head| json!({ "ref": head.branch, "sha": head.sha, "repo": { "id": repository.id, "url": api, "name": repository.name } });
        json!({ "url": format!("{api}/pulls/{}", pull.number), "id": pull.id, "number": pull.number, "head": side(&pull.head), "base": side(&pull.base) })
    }

    pub(in crate::github) fn review(&self, repository: &Repository, pull: &PullRequest, review: &Review) -> Value {
        let html = format!("{}/pull/{}#pullrequestreview-{}", self.page(repository), pull.number, review.id);
        let url = format!("{}/pulls/{}", self.api(repository), pull.number);
        let mut body = json!({
            "id": review.id, "node_id": node_id::write("PRR", repository.id, review.id), "user": self.user_or_null(review.author.as_deref()),
            "body": review.body, "state": review_state(review.state), "html_url": html, "pull_request_url": url,
            "author_association": association(repository, review.author.as_deref()),
            "_links": { "html": { "href": html }, "pull_request": { "href": url } }, "commit_id": review.commit_id,
        });
        if let (Some(submitted), Some(fields)) = (review.submitted_at, body.as_object_mut()) {
            fields.insert("submitted_at".into(), json!(time(submitted)));
        }
        body
    }

    /// A pull request as an issue: what `/search/issues` finds.
    pub(in crate::github) fn pull_as_issue(&self, repository: &Repository, pull: &PullRequest) -> Value {
        let page = format!("{}/pull/{}", self.page(repository), pull.number);
        let of_pull = json!({
            "url": format!("{}/pulls/{}", self.api(repository), pull.number), "html_url": page, "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"), "merged_at": time_or_null(pull.merged_at),
        });
        let issue = Issue {
            id: pull.id,
            number: pull.number,
            title: pull.title.clone(),
            author: pull.author.clone().unwrap_or_default(),
            created_at: pull.created_at,
            closed_at: pull.closed_at.or(pull.merged_at),
        };
        let mut body = self.issue(repository, &issue);
        let labels: Vec<Value> = pull.labels.iter().map(|name| self.label(repository, name)).collect();
        let more = json!({
            "html_url": page, "body": pull.body.as_deref().unwrap_or_default(), "user": self.user_or_null(pull.author.as_deref()), "labels": labels, "draft": pull.draft,
            "updated_at": time(pull.updated_at), "node_id": node_id::write("PR", repository.id, pull.number), "pull_request": of_pull,
        });
        extend(&mut body, more);
        body
    }

    pub(in crate::github) fn issue(&self, repository: &Repository, issue: &Issue) -> Value {
        let url = format!("{}/issues/{}", self.api(repository), issue.number);
        json!({
            "url": url, "repository_url": self.api(repository), "labels_url": format!("{url}/labels{{/name}}"), "comments_url": format!("{url}/comments"),
            "events_url": format!("{url}/events"), "html_url": format!("{}/issues/{}", self.page(repository), issue.number), "id": issue.id,
            "node_id": node_id::write("I", repository.id, issue.number), "number": issue.number, "title": issue.title, "user": self.user_or_null(Some(&issue.author)),
            "labels": [], "state": if issue.closed_at.is_some() { "closed" } else { "open" }, "locked": false, "assignee": null, "assignees": [], "milestone": null,
            "comments": 0, "created_at": time(issue.created_at), "updated_at": time(issue.closed_at.unwrap_or(issue.created_at)),
            "closed_at": time_or_null(issue.closed_at), "author_association": association(repository, Some(&issue.author)), "body": "", "score": 1.0,
        })
    }

    fn label(&self, repository: &Repository, name: &str) -> Value {
        let id = decimal(name);
        json!({
            "id": id, "node_id": node_id::write("LA", repository.id, id), "url": format!("{}/labels/{name}", self.api(repository)), "name": name,
            "description": "", "color": format!("{:06x}", id % 0x100_0000), "default": false,
        })
    }

    fn head(&self, repository: &Repository, head: &Head, whole: Value) -> Value {
        json!({
            "label": format!("{}:{}", repository.owner, head.branch), "ref": head.branch, "sha": head.sha,
            "user": self.owner(&repository.owner), "repo": whole,
        })
    }
}

/// There are only two; merged is a date, not a state.
pub(in crate::github) fn state(pull: &PullRequest) -> &'static str {
    if pull.closed_at.is_some() || pull.merged_at.is_some() { "closed" } else { "open" }
}

pub(in crate::github) fn review_state(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Approved => "APPROVED",
        ReviewState::ChangesRequested => "CHANGES_REQUESTED",
        ReviewState::Commented => "COMMENTED",
        ReviewState::Dismissed => "DISMISSED",
        ReviewState::Pending => "PENDING",
    }
}

pub(in crate::github) fn association(repository: &Repository, login: Option<&str>) -> &'static str {
    match login {
        Some(login) if login == repository.owner => "OWNER",
        Some(login) if repository.writers.iter().any(|writer| writer == login) => "MEMBER",
        Some(login)
            if repository
                .pull_requests
                .iter()
                .any(|pull| pull.merged_at.is_some() && pull.author.as_deref() == Some(login)) =>
        {
            "CONTRIBUTOR"
        }
        _ => "NONE",
    }
}
