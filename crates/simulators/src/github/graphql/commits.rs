//! The fields of commits, refs, tag objects, comparisons and files.

use serde_json::Value;

use super::execute::Context;
use super::literal::Arguments;
use super::object::{Object, Outcome, Problem, connection, leaf, maybe, object};
use super::repository::{shout, sorted};
use crate::github::content::Commit;
use crate::github::node_id;
use crate::github::shape::{changes, sha_of_blob};
use crate::github::shelf::Shelf;

impl<'a> Context<'a> {
    pub(super) fn commit(
        self,
        shelf: &'a Shelf,
        commit: &'a Commit,
        (name, arguments): (&str, &Arguments),
    ) -> Outcome<'a> {
        let data = &shelf.data;
        match name {
            "id" => leaf(node_id::write("C", data.id, &commit.sha)),
            "oid" => leaf(commit.sha.as_str()),
            "abbreviatedOid" => leaf(commit.sha.chars().take(7).collect::<String>()),
            "url" | "commitUrl" => leaf(format!("{}/commit/{}", self.shape.page(data), commit.sha)),
            "message" => leaf(commit.message.as_str()),
            "messageHeadline" => leaf(commit.message.lines().next().unwrap_or_default()),
            "messageBody" => {
                leaf(commit.message.split_once('\n').map(|(_, body)| body.trim_start()).unwrap_or_default())
            }
            "author" => object(Object::GitActor(&commit.author)),
            "committer" => object(Object::GitActor(&commit.committer)),
            "authoredDate" => self.date(Some(commit.author.date)),
            "committedDate" => self.date(Some(commit.committer.date)),
            // No longer supported, and always null.
            "pushedDate" => leaf(Value::Null),
            "additions" => leaf(changes(&commit.files).0),
            "deletions" => leaf(changes(&commit.files).1),
            "changedFiles" | "changedFilesIfAvailable" => leaf(commit.files.len()),
            "repository" => object(Object::Repository(shelf)),
            "parents" => connection(
                "CommitConnection",
                commit
                    .parents
                    .iter()
                    .filter_map(|sha| shelf.commit(sha))
                    .map(|commit| Object::Commit(shelf, commit)),
            ),
            "history" => self.log(shelf, commit, arguments),
            "associatedPullRequests" => {
                let pulls = sorted(shelf.pulls_of(&commit.sha), arguments);
                connection("PullRequestConnection", pulls.into_iter().map(|pull| Object::Pull(shelf, pull)))
            }
            "deployments" => self.deployments(
                shelf.deployments_of(&commit.sha).into_iter().map(|one| (shelf, one)).collect(),
                arguments,
            ),
            "statusCheckRollup" => maybe(self.rollup(shelf, commit)),
            "checkSuites" => {
                let mut suites: Vec<_> = shelf.checks_of(&commit.sha);
                suites.sort_by_key(|check| check.suite);
                suites.dedup_by_key(|check| check.suite);
                connection("CheckSuiteConnection", suites.into_iter().map(|check| Object::CheckSuite(shelf, check)))
            }
            "file" => {
                let path = arguments.text("path").unwrap_or_default();
                let position = shelf.history().position(&commit.sha);
                maybe(
                    position
                        .and_then(|position| shelf.file_at(path, position))
                        .map(|content| Object::TreeEntry(shelf, content)),
                )
            }
            _ => Err(Problem::Undefined),
        }
    }

    fn log(self, shelf: &'a Shelf, commit: &'a Commit, arguments: &Arguments) -> Outcome<'a> {
        let Some(start) = shelf.history().position(&commit.sha) else {
            return leaf(Value::Null);
        };
        let (since, until, path) = (arguments.moment("since"), arguments.moment("until"), arguments.text("path"));
        let all = shelf.history().log(start).into_iter().filter_map(|position| shelf.data.commits.get(position));
        let wanted = all.filter(|commit| {
            since.is_none_or(|since| commit.committer.date >= since)
                && until.is_none_or(|until| commit.committer.date <= until)
                && path.is_none_or(|path| {
                    commit.files.iter().any(|file| file.path == path || file.path.starts_with(&format!("{path}/")))
                })
        });
        connection("CommitHistoryConnection", wanted.map(|commit| Object::Commit(shelf, commit)))
    }

    /// `refs/heads/x`, `refs/tags/x`, `heads/x`, `tags/x`, or the short name of a branch or tag.
    pub(super) fn reference_named(self, shelf: &'a Shelf, name: &str) -> Option<Object<'a>> {
        let bare = name.strip_prefix("refs/").unwrap_or(name);
        let branch = |name: &str| shelf.branch(name).map(|branch| Object::Branch(shelf, branch));
        let tag = |name: &str| shelf.tag(name).map(|tag| Object::TagRef(shelf, tag));
        match (bare.strip_prefix("heads/"), bare.strip_prefix("tags/")) {
            (Some(name), _) => branch(name),
            (None, Some(name)) => tag(name),
            (None, None) => branch(name).or_else(|| tag(name)),
        }
    }

    /// By oid or by an expression: `main`, `v1.0.0`, `main:path/of/file`.
    pub(super) fn git_object(self, shelf: &'a Shelf, arguments: &Arguments) -> Outcome<'a> {
        if let Some(oid) = arguments.text("oid") {
            let tag =
                || shelf.data.tags.iter().find(|tag| tag.annotation.as_ref().is_some_and(|one| one.sha == oid));
            let commit = shelf.commit(oid).map(|commit| Object::Commit(shelf, commit));
            return maybe(commit.or_else(|| tag().map(|tag| Object::Tag(shelf, tag))));
        }
        let expression = arguments.text("expression").unwrap_or_default();
        if let Some((reference, path)) = expression.split_once(':') {
            let content = shelf.resolve(reference).and_then(|position| shelf.file_at(path, position));
            return maybe(content.map(|content| Object::Blob(shelf, content)));
        }
        // An annotated tag's name is its tag object, not the commit.
        if let Some(tag) = shelf
            .tag(expression.strip_prefix("refs/tags/").unwrap_or(expression))
            .filter(|tag| tag.annotation.is_some())
        {
            return object(Object::Tag(shelf, tag));
        }
        let peeled = expression.strip_suffix("^{commit}").unwrap_or(expression);
        let commit = shelf.resolve(peeled).and_then(|position| shelf.data.commits.get(position));
        maybe(commit.map(|commit| Object::Commit(shelf, commit)))
    }

    pub(super) fn reference(self, what: Object<'a>, name: &str, arguments: &Arguments) -> Outcome<'a> {
        match what {
            Object::Branch(shelf, branch) => {
                self.of_reference(shelf, ("refs/heads/", &branch.name, &branch.sha), (name, arguments))
            }
            Object::TagRef(shelf, tag) if name == "target" && tag.annotation.is_some() => {
                object(Object::Tag(shelf, tag))
            }
            Object::TagRef(shelf, tag) => {
                self.of_reference(shelf, ("refs/tags/", &tag.name, &tag.commit), (name, arguments))
            }
            Object::Tag(shelf, tag) => {
                let Some(annotation) = &tag.annotation else {
                    return leaf(Value::Null);
                };
                match name {
                    "id" => leaf(node_id::write("TA", shelf.data.id, &annotation.sha)),
                    "oid" => leaf(annotation.sha.as_str()),
                    "abbreviatedOid" => leaf(annotation.sha.chars().take(7).collect::<String>()),
                    "name" => leaf(tag.name.as_str()),
                    "message" => leaf(annotation.message.as_str()),
                    "tagger" => object(Object::GitActor(&annotation.tagger)),
                    "target" => maybe(shelf.commit(&tag.commit).map(|commit| Object::Commit(shelf, commit))),
                    "repository" => object(Object::Repository(shelf)),
                    _ => Err(Problem::Undefined),
                }
            }
            Object::Comparison(shelf, base, head) => self.comparison(shelf, (base, head), name),
            Object::Blob(shelf, content) => match name {
                "text" => leaf(std::str::from_utf8(content).ok()),
                "byteSize" => leaf(content.len()),
                "isBinary" => leaf(std::str::from_utf8(content).is_err()),
                "isTruncated" => leaf(false),
                "oid" => leaf(sha_of_blob(content)),
                "repository" => object(Object::Repository(shelf)),
                _ => Err(Problem::Undefined),
            },
            Object::TreeEntry(shelf, content) => match name {
                "object" => object(Object::Blob(shelf, content)),
                "size" => leaf(content.len()),
                "oid" => leaf(sha_of_blob(content)),
                "type" => leaf("blob"),
                _ => Err(Problem::Undefined),
            },
            _ => Err(Problem::Undefined),
        }
    }

    fn of_reference(
        self,
        shelf: &'a Shelf,
        (prefix, short, sha): (&str, &'a str, &'a str),
        (name, arguments): (&str, &Arguments),
    ) -> Outcome<'a> {
        match name {
            "id" => leaf(node_id::write("REF", shelf.data.id, format!("{prefix}{short}"))),
            "name" => leaf(short),
            "prefix" => leaf(prefix),
            "target" => maybe(shelf.commit(sha).map(|commit| Object::Commit(shelf, commit))),
            "repository" => object(Object::Repository(shelf)),
            "compare" => {
                let positions =
                    shelf.resolve(sha).zip(shelf.resolve(arguments.text("headRef").unwrap_or_default()));
                let related =
                    positions.filter(|&(base, head)| shelf.history().compare(base, head).merge_base.is_some());
                maybe(related.map(|(base, head)| Object::Comparison(shelf, base, head)))
            }
            "associatedPullRequests" => {
                let pulls = shelf
                    .data
                    .pull_requests
                    .iter()
                    .filter(|pull| prefix == "refs/heads/" && pull.head.branch == short);
                let pulls = sorted(super::repository::filtered(pulls, arguments), arguments);
                connection("PullRequestConnection", pulls.into_iter().map(|pull| Object::Pull(shelf, pull)))
            }
            _ => Err(Problem::Undefined),
        }
    }

    fn comparison(self, shelf: &'a Shelf, (base, head): (usize, usize), name: &str) -> Outcome<'a> {
        let found = shelf.history().compare(base, head);
        let at = |position: usize| shelf.data.commits.get(position).map(|commit| Object::Commit(shelf, commit));
        match name {
            "id" => leaf(node_id::write("CMP", shelf.data.id, format!("{base}...{head}"))),
            "status" => leaf(shout(found.status())),
            "aheadBy" => leaf(found.ahead.len()),
            "behindBy" => leaf(found.behind.len()),
            "baseTarget" => maybe(at(base)),
            "headTarget" => maybe(at(head)),
            "commits" => connection("ComparisonCommitConnection", found.ahead.into_iter().filter_map(at)),
            _ => Err(Problem::Undefined),
        }
    }
}
