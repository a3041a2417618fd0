//! The fields of a repository.

use serde_json::Value;

use super::execute::Context;
use super::literal::Arguments;
use super::object::{Object, Outcome, Problem, Resolved, connection, leaf, maybe};
use crate::github::access::Right;
use crate::github::content::{Deployment, PullRequest, Release};
use crate::github::rest::latest_release;
use crate::github::shape::{repository_node, state};
use crate::github::shelf::Shelf;

impl<'a> Context<'a> {
    pub(super) fn repository(self, shelf: &'a Shelf, name: &str, arguments: &Arguments) -> Outcome<'a> {
        let data = &shelf.data;
        match name {
            "id" => leaf(repository_node(data)),
            "databaseId" => leaf(data.id),
            "name" => leaf(data.name.as_str()),
            "nameWithOwner" => leaf(data.full_name()),
            "owner" => maybe(Some(Object::Account(&data.owner))),
            "url" => leaf(self.shape.page(data)),
            "description" => leaf(data.description.clone()),
            "isPrivate" => leaf(data.private),
            "isArchived" => leaf(data.archived),
            "isFork" | "isDisabled" | "isLocked" | "isTemplate" | "isMirror" => leaf(false),
            "isEmpty" => leaf(data.commits.is_empty()),
            "visibility" => leaf(if data.private { "PRIVATE" } else { "PUBLIC" }),
            "viewerPermission" => leaf(self.permission()),
            "createdAt" => self.date(Some(data.created_at)),
            "pushedAt" => self.date(Some(data.pushed_at)),
            "updatedAt" => self.date(Some(data.updated_at)),
            "defaultBranchRef" => {
                maybe(shelf.branch(&data.default_branch).map(|branch| Object::Branch(shelf, branch)))
            }
            "ref" => maybe(self.reference_named(shelf, arguments.text("qualifiedName").unwrap_or_default())),
            "refs" => self.references(shelf, arguments),
            "object" => self.git_object(shelf, arguments),
            "pullRequest" => self.pull_numbered(shelf, arguments, "PullRequest"),
            "issueOrPullRequest" => self.pull_numbered(shelf, arguments, "IssueOrPullRequest"),
            "pullRequests" => connection(
                "PullRequestConnection",
                sorted(filtered(data.pull_requests.iter(), arguments), arguments)
                    .into_iter()
                    .map(|pull| Object::Pull(shelf, pull)),
            ),
            "release" => {
                let tag = arguments.text("tagName").unwrap_or_default();
                let found = data.releases.iter().find(|release| release.tag == tag && self.shows(release));
                maybe(found.map(|release| Object::Release(shelf, release)))
            }
            "latestRelease" => maybe(latest_release(data).map(|release| Object::Release(shelf, release))),
            "releases" => self.releases(shelf, arguments),
            "deployments" => self.deployments(data.deployments.iter().map(|one| (shelf, one)).collect(), arguments),
            "environment" => {
                let name = arguments.text("name").unwrap_or_default();
                maybe(
                    data.environments
                        .iter()
                        .find(|one| one.name == name)
                        .map(|one| Object::Environment(shelf, one)),
                )
            }
            "environments" => connection(
                "EnvironmentConnection",
                data.environments.iter().map(|one| Object::Environment(shelf, one)),
            ),
            _ => Err(Problem::Undefined),
        }
    }

    fn permission(self) -> &'static str {
        match self.call.caller.token.as_ref().map(|token| token.right) {
            Some(Right::Admin) => "ADMIN",
            Some(Right::Write) => "WRITE",
            Some(Right::Read) | None => "READ",
        }
    }

    fn shows(self, release: &Release) -> bool {
        !release.draft || self.call.caller.has(Right::Write)
    }

    /// An issue's number is not a pull request's.
    fn pull_numbered(self, shelf: &'a Shelf, arguments: &Arguments, kind: &str) -> Outcome<'a> {
        let number = arguments.number("number").unwrap_or_default();
        let pull = u64::try_from(number).ok().and_then(|number| shelf.pull(number));
        let missing = || Problem::not_found(format!("Could not resolve to a {kind} with the number of {number}."));
        pull.map(|pull| Resolved::Object(Object::Pull(shelf, pull))).ok_or_else(missing)
    }

    fn releases(self, shelf: &'a Shelf, arguments: &Arguments) -> Outcome<'a> {
        let mut releases: Vec<&Release> =
            shelf.data.releases.iter().filter(|release| self.shows(release)).collect();
        let (field, descending) = arguments.order().unwrap_or(("CREATED_AT", true));
        match field {
            "NAME" => releases.sort_by(|one, other| one.name.cmp(&other.name)),
            _ => releases.sort_by_key(|release| (release.created_at, release.id)),
        }
        if descending {
            releases.reverse();
        }
        connection("ReleaseConnection", releases.into_iter().map(|release| Object::Release(shelf, release)))
    }

    /// Oldest first unless asked otherwise.
    pub(super) fn deployments(
        self,
        mut all: Vec<(&'a Shelf, &'a Deployment)>,
        arguments: &Arguments,
    ) -> Outcome<'a> {
        if let Some(wanted) = arguments.texts("environments") {
            all.retain(|(_, one)| wanted.contains(&one.environment.as_str()));
        }
        all.sort_by_key(|(_, one)| (one.created_at, one.id));
        if arguments.order().is_some_and(|(_, descending)| descending) {
            all.reverse();
        }
        connection("DeploymentConnection", all.into_iter().map(|(shelf, one)| Object::Deployment(shelf, one)))
    }

    fn references(self, shelf: &'a Shelf, arguments: &Arguments) -> Outcome<'a> {
        let data = &shelf.data;
        let query = arguments.text("query").unwrap_or_default();
        let prefix = arguments.text("refPrefix").unwrap_or_default();
        let below = |root: &str, name: &str| {
            format!("{root}{name}").strip_prefix(prefix).is_some_and(|rest| rest.contains(query))
        };
        let branches = data
            .branches
            .iter()
            .filter(|branch| below("refs/heads/", &branch.name))
            .map(|branch| (branch.name.as_str(), branch.sha.as_str(), Object::Branch(shelf, branch)));
        let tags = data
            .tags
            .iter()
            .filter(|tag| below("refs/tags/", &tag.name))
            .map(|tag| (tag.name.as_str(), tag.commit.as_str(), Object::TagRef(shelf, tag)));
        let mut found: Vec<(&str, &str, Object<'a>)> = branches.chain(tags).collect();
        let date = |sha: &str| shelf.commit(sha).map(|commit| commit.committer.date);
        match arguments.order() {
            Some(("TAG_COMMIT_DATE", _)) => found.sort_by_key(|(_, sha, _)| date(sha)),
            _ => found.sort_by_key(|(name, ..)| *name),
        }
        let backwards = arguments.text("direction") == Some("DESC")
            || arguments.order().is_some_and(|(_, descending)| descending);
        if backwards {
            found.reverse();
        }
        connection("RefConnection", found.into_iter().map(|(_, _, reference)| reference))
    }
}

/// Those with the asked states, branches and labels.
pub(super) fn filtered<'a>(
    pulls: impl Iterator<Item = &'a PullRequest>,
    arguments: &Arguments,
) -> Vec<&'a PullRequest> {
    let (states, labels) = (arguments.texts("states"), arguments.texts("labels"));
    pulls
        .filter(|pull| states.as_ref().is_none_or(|states| states.contains(&state_of(pull))))
        .filter(|pull| {
            labels.as_ref().is_none_or(|labels| pull.labels.iter().any(|label| labels.contains(&label.as_str())))
        })
        .filter(|pull| arguments.text("baseRefName").is_none_or(|name| pull.base.branch == name))
        .filter(|pull| arguments.text("headRefName").is_none_or(|name| pull.head.branch == name))
        .collect()
}

/// Ascending by number unless asked otherwise.
pub(super) fn sorted<'a>(mut pulls: Vec<&'a PullRequest>, arguments: &Arguments) -> Vec<&'a PullRequest> {
    match arguments.order() {
        Some(("UPDATED_AT", _)) => pulls.sort_by_key(|pull| (pull.updated_at, pull.number)),
        Some((_, _)) => pulls.sort_by_key(|pull| (pull.created_at, pull.number)),
        None => pulls.sort_by_key(|pull| pull.number),
    }
    if arguments.order().is_some_and(|(_, descending)| descending) {
        pulls.reverse();
    }
    pulls
}

/// Here merged is a state of its own.
pub(super) fn state_of(pull: &PullRequest) -> &'static str {
    match (pull.merged_at, state(pull)) {
        (Some(_), _) => "MERGED",
        (None, "open") => "OPEN",
        (None, _) => "CLOSED",
    }
}

/// An upper-case word, as enums have it.
pub(super) fn shout(word: &str) -> Value {
    Value::String(word.to_ascii_uppercase())
}
