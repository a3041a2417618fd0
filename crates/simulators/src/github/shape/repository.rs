//! Repositories: the short form inside other records and lists, the full form on their own.

use serde_json::{Map, Value, json};

use super::person::extend;
use super::{Shape, time};
use crate::github::access::Right;
use crate::github::content::Repository;
use crate::github::node_id;

/// Members that are the repository's address with something behind it.
const LINKS: [(&str, &str); 37] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

impl Shape<'_> {
    /// Enough for a record that merely belongs to the repository.
    pub(in crate::github) fn minimal_repository(&self, repository: &Repository) -> Value {
        let api = self.api(repository);
        let mut body = Map::new();
        body.insert("id".into(), json!(repository.id));
        body.insert("node_id".into(), json!(repository_node(repository)));
        body.insert("name".into(), json!(repository.name));
        body.insert("full_name".into(), json!(repository.full_name()));
        body.insert("private".into(), json!(repository.private));
        body.insert("owner".into(), self.owner(&repository.owner));
        body.insert("html_url".into(), json!(self.page(repository)));
        body.insert("description".into(), json!(repository.description));
        body.insert("fork".into(), json!(false));
        for (name, tail) in LINKS {
            body.insert((*name).into(), json!(format!("{api}{tail}")));
        }
        Value::Object(body)
    }

    /// As lists of repositories and pull requests have it.
    pub(in crate::github) fn repository(&self, repository: &Repository, right: Right) -> Value {
        let mut body = self.minimal_repository(repository);
        let page = self.page(repository);
        let open = repository
            .pull_requests
            .iter()
            .filter(|pull| pull.closed_at.is_none() && pull.merged_at.is_none())
            .count();
        let issues = repository.issues.iter().filter(|issue| issue.closed_at.is_none()).count();
        let more = json!({
            "clone_url": format!("{page}.git"), "git_url": page.replacen("https", "git", 1) + ".git",
            "ssh_url": format!("git@github.com:{}.git", repository.full_name()), "svn_url": page,
            "homepage": null, "language": repository.language, "mirror_url": null, "license": null,
            "default_branch": repository.default_branch, "topics": repository.topics,
            "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
            "open_issues": open + issues, "open_issues_count": open + issues, "size": repository.commits.len(),
            "has_issues": true, "has_projects": true, "has_wiki": false, "has_pages": false, "has_discussions": false, "has_downloads": true,
            "is_template": false, "archived": repository.archived, "disabled": false, "allow_forking": true, "web_commit_signoff_required": false,
            "visibility": if repository.private { "private" } else { "public" },
            "created_at": time(repository.created_at), "pushed_at": time(repository.pushed_at), "updated_at": time(repository.updated_at),
            "permissions": {
                "admin": right >= Right::Admin, "maintain": right >= Right::Admin, "push": right >= Right::Write, "triage": right >= Right::Write, "pull": true,
            },
        });
        extend(&mut body, more);
        body
    }

    /// `GET /repos/{owner}/{repo}`.
    pub(in crate::github) fn full_repository(&self, repository: &Repository, right: Right) -> Value {
        let mut body = self.repository(repository, right);
        extend(&mut body, json!({ "network_count": 0, "subscribers_count": 0, "temp_clone_token": null }));
        if right >= Right::Write {
            let merging = json!({
                "allow_squash_merge": true, "allow_merge_commit": true, "allow_rebase_merge": true, "allow_auto_merge": false,
                "delete_branch_on_merge": true, "allow_update_branch": false, "use_squash_pr_title_as_default": false,
            });
            extend(&mut body, merging);
        }
        body
    }
}

pub(in crate::github) fn repository_node(repository: &Repository) -> String {
    node_id::write("R", repository.id, repository.id)
}
