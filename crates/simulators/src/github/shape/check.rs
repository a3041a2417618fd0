//! Both systems of checks: check runs and commit statuses.

use serde_json::{Value, json};

use super::{Shape, time, time_or_null};
use crate::github::content::{CheckRun, CommitStatus};
use crate::github::node_id;
use crate::github::shelf::Shelf;
use crate::github::store::id_of;

impl Shape<'_> {
    pub(in crate::github) fn check_run(&self, shelf: &Shelf, check: &CheckRun) -> Value {
        let repository = &shelf.data;
        let url = format!("{}/check-runs/{}", self.api(repository), check.id);
        let html = format!("{}/runs/{}", self.page(repository), check.id);
        let pulls =
            shelf.data.pull_requests.iter().filter(|pull| {
                pull.head.sha == check.head_sha && pull.closed_at.is_none() && pull.merged_at.is_none()
            });
        json!({
            "id": check.id, "name": check.name, "node_id": node_id::write("CR", repository.id, check.id), "head_sha": check.head_sha,
            "external_id": check.external_id, "url": url, "html_url": html, "details_url": html, "status": check.status, "conclusion": check.conclusion,
            "started_at": time(check.started_at), "completed_at": time_or_null(check.completed_at),
            "output": {
                "title": check.output.title, "summary": check.output.summary, "text": check.output.text,
                "annotations_count": 0, "annotations_url": format!("{url}/annotations"),
            },
            "check_suite": { "id": check.suite }, "app": self.app(&check.app),
            "pull_requests": pulls.map(|pull| self.pull_reference(repository, pull)).collect::<Vec<_>>(),
        })
    }

    /// One status in the combined answer, without its creator.
    pub(in crate::github) fn simple_status(&self, shelf: &Shelf, status: &CommitStatus) -> Value {
        let id = id_of(&status.creator);
        json!({
            "url": format!("{}/statuses/{}", self.api(&shelf.data), status.sha), "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
            "id": status.id, "node_id": node_id::write("SC", shelf.data.id, status.id), "state": status.state, "description": status.description,
            "target_url": status.target_url, "context": status.context, "created_at": time(status.created_at), "updated_at": time(status.created_at),
        })
    }

    pub(in crate::github) fn status(&self, shelf: &Shelf, status: &CommitStatus) -> Value {
        let mut body = self.simple_status(shelf, status);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("creator".into(), self.user(&status.creator));
        }
        body
    }

    /// The latest status of each context. Without any, the state is `pending`.
    pub(in crate::github) fn combined_status(
        &self,
        shelf: &Shelf,
        sha: &str,
        (page, latest): (&[&CommitStatus], &[&CommitStatus]),
    ) -> Value {
        let api = self.api(&shelf.data);
        json!({
            "state": combined(latest), "sha": sha, "total_count": latest.len(),
            "statuses": page.iter().map(|status| self.simple_status(shelf, status)).collect::<Vec<_>>(),
            "repository": self.minimal_repository(&shelf.data), "commit_url": format!("{api}/commits/{sha}"), "url": format!("{api}/commits/{sha}/status"),
        })
    }
}

/// The newest of each context, newest first.
pub(in crate::github) fn latest_statuses<'a>(all: &[&'a CommitStatus]) -> Vec<&'a CommitStatus> {
    let mut newest_first = all.to_vec();
    newest_first.sort_by_key(|status| std::cmp::Reverse((status.created_at, status.id)));
    let mut latest: Vec<&CommitStatus> = Vec::new();
    for status in newest_first {
        if !latest.iter().any(|known| known.context == status.context) {
            latest.push(status);
        }
    }
    latest
}

/// The newest run of each name, app by app; re-runs hide what they replace.
pub(in crate::github) fn latest_checks<'a>(all: &[&'a CheckRun]) -> Vec<&'a CheckRun> {
    let mut newest_first = all.to_vec();
    newest_first.sort_by_key(|check| std::cmp::Reverse((check.started_at, check.id)));
    let mut latest: Vec<&CheckRun> = Vec::new();
    for check in newest_first {
        if !latest.iter().any(|known| known.name == check.name && known.app == check.app) {
            latest.push(check);
        }
    }
    latest
}

fn combined(latest: &[&CommitStatus]) -> &'static str {
    if latest.iter().any(|status| matches!(status.state.as_str(), "error" | "failure")) {
        return "failure";
    }
    if latest.is_empty() || latest.iter().any(|status| status.state == "pending") { "pending" } else { "success" }
}
