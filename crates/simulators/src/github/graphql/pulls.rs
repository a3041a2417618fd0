//! The fields of pull requests and of what belongs to them.

use serde_json::Value;

use super::execute::Context;
use super::literal::Arguments;
use super::object::{Object, Outcome, Problem, Resolved, Reviewer, connection, leaf, maybe, object};
use super::repository::{shout, state_of};
use crate::github::content::{FileChange, FileStatus, PullRequest, Repository, Review, ReviewState};
use crate::github::node_id;
use crate::github::rest::{of_pull, visible_reviews};
use crate::github::shape::{association, changes, decimal, review_state, rules_for};
use crate::github::shelf::Shelf;

impl<'a> Context<'a> {
    pub(super) fn pull(
        self,
        shelf: &'a Shelf,
        pull: &'a PullRequest,
        (name, arguments): (&str, &Arguments),
    ) -> Outcome<'a> {
        let data = &shelf.data;
        let commit = |sha: &str| maybe(shelf.commit(sha).map(|commit| Object::Commit(shelf, commit)));
        let branch = |name: &str| maybe(shelf.branch(name).map(|branch| Object::Branch(shelf, branch)));
        match name {
            "id" => leaf(node_id::write("PR", data.id, pull.number)),
            "databaseId" => leaf(pull.id),
            "fullDatabaseId" => leaf(pull.id.to_string()),
            "number" => leaf(pull.number),
            "title" => leaf(pull.title.as_str()),
            "body" | "bodyText" => leaf(pull.body.clone().unwrap_or_default()),
            "url" | "permalink" => leaf(format!("{}/pull/{}", self.shape.page(data), pull.number)),
            "state" => leaf(state_of(pull)),
            "closed" => leaf(state_of(pull) != "OPEN"),
            "merged" => leaf(pull.merged_at.is_some()),
            "isDraft" => leaf(pull.draft),
            "locked" | "isCrossRepository" => leaf(false),
            "author" => maybe(self.actor(pull.author.as_deref())),
            "authorAssociation" => leaf(association(data, pull.author.as_deref())),
            "mergedBy" => maybe(self.actor(pull.merged_by.as_deref())),
            "createdAt" => self.date(Some(pull.created_at)),
            "updatedAt" => self.date(Some(pull.updated_at)),
            "closedAt" => self.date(pull.closed_at.or(pull.merged_at)),
            "mergedAt" => self.date(pull.merged_at),
            "mergeCommit" => pull
                .merge_commit_sha
                .as_deref()
                .filter(|_| pull.merged_at.is_some())
                .map_or_else(|| leaf(Value::Null), commit),
            "potentialMergeCommit" => pull
                .merge_commit_sha
                .as_deref()
                .filter(|_| pull.merged_at.is_none())
                .map_or_else(|| leaf(Value::Null), commit),
            "mergeable" => leaf(match pull.mergeable.filter(|_| state_of(pull) == "OPEN") {
                Some(true) => "MERGEABLE",
                Some(false) => "CONFLICTING",
                None => "UNKNOWN",
            }),
            "headRefName" => leaf(pull.head.branch.as_str()),
            "headRefOid" => leaf(pull.head.sha.as_str()),
            "headRef" => branch(&pull.head.branch),
            "baseRefName" => leaf(pull.base.branch.as_str()),
            "baseRefOid" => leaf(pull.base.sha.as_str()),
            "baseRef" => branch(&pull.base.branch),
            "repository" | "headRepository" | "baseRepository" => object(Object::Repository(shelf)),
            "additions" => leaf(changes(&of_pull(shelf, pull)).0),
            "deletions" => leaf(changes(&of_pull(shelf, pull)).1),
            "changedFiles" => leaf(of_pull(shelf, pull).len()),
            "files" => {
                let count = of_pull(shelf, pull).len();
                connection(
                    "PullRequestChangedFileConnection",
                    (0..count).map(|at| Object::ChangedFile(shelf, pull, at)),
                )
            }
            "commits" => {
                let commits = pull.commits.iter().filter_map(|sha| shelf.commit(sha));
                connection(
                    "PullRequestCommitConnection",
                    commits.map(|commit| Object::PullCommit(shelf, pull, commit)),
                )
            }
            "labels" => connection("LabelConnection", pull.labels.iter().map(|label| Object::Label(shelf, label))),
            "statusCheckRollup" => {
                maybe(shelf.commit(&pull.head.sha).and_then(|commit| self.rollup(shelf, commit)))
            }
            "reviewDecision" => leaf(self.decision(data, pull)),
            "reviewRequests" => {
                let users = pull.requested_reviewers.iter().map(|login| Reviewer::User(login));
                let teams = pull
                    .requested_teams
                    .iter()
                    .filter_map(|slug| self.store.people.team(&data.owner, slug))
                    .map(Reviewer::Team);
                connection(
                    "ReviewRequestConnection",
                    users.chain(teams).map(|reviewer| Object::ReviewRequest(shelf, reviewer)),
                )
            }
            "reviews" | "latestReviews" | "latestOpinionatedReviews" => {
                self.reviews(shelf, pull, (name, arguments))
            }
            _ => Err(Problem::Undefined),
        }
    }

    fn reviews(
        self,
        shelf: &'a Shelf,
        pull: &'a PullRequest,
        (name, arguments): (&str, &Arguments),
    ) -> Outcome<'a> {
        let reader = self.call.caller.token.as_ref().map(|token| token.login.as_str());
        let mut reviews = visible_reviews(pull, reader);
        match name {
            "latestOpinionatedReviews" => {
                let writers_only = arguments.flag("writersOnly").unwrap_or(false);
                reviews = opinions(&reviews);
                reviews.retain(|review| !writers_only || writes(&shelf.data, review));
            }
            "latestReviews" => reviews = latest(&reviews),
            _ => {
                let states = arguments.texts("states");
                reviews.retain(|review| {
                    states.as_ref().is_none_or(|states| states.contains(&review_state(review.state)))
                });
                reviews.retain(|review| {
                    arguments.text("author").is_none_or(|author| review.author.as_deref() == Some(author))
                });
            }
        }
        connection(
            "PullRequestReviewConnection",
            reviews.into_iter().map(|review| Object::Review(shelf, pull, review)),
        )
    }

    /// Null where no review is required, whatever reviews there are.
    fn decision(self, data: &Repository, pull: &PullRequest) -> Value {
        let classic = data.protections.iter().find(|protection| protection.branch == pull.base.branch);
        let classic =
            classic.and_then(|protection| protection.reviews.as_ref()).map(|reviews| u64::from(reviews.count));
        let rules = rules_for(data, &pull.base.branch).into_iter().filter(|(_, rule)| rule.kind == "pull_request");
        let counts = rules.filter_map(|(_, rule)| rule.parameters.get("required_approving_review_count")?.as_u64());
        let Some(required) = counts.chain(classic).max().filter(|&count| count > 0) else {
            return Value::Null;
        };
        let reviews = visible_reviews(pull, None);
        let opinions: Vec<&Review> = opinions(&reviews)
            .into_iter()
            .filter(|review| writes(data, review) && review.author != pull.author)
            .collect();
        let count = |state: ReviewState| opinions.iter().filter(|review| review.state == state).count() as u64;
        if count(ReviewState::ChangesRequested) > 0 {
            return "CHANGES_REQUESTED".into();
        }
        if count(ReviewState::Approved) >= required { "APPROVED".into() } else { "REVIEW_REQUIRED".into() }
    }

    pub(super) fn part_of_pull(self, what: Object<'a>, name: &str) -> Outcome<'a> {
        match (what, name) {
            (Object::PullCommit(shelf, _, commit), "commit") => object(Object::Commit(shelf, commit)),
            (Object::PullCommit(shelf, pull, commit), "id") => {
                leaf(node_id::write("PURC", shelf.data.id, format!("{}-{}", pull.number, commit.sha)))
            }
            (Object::PullCommit(shelf, pull, _), "pullRequest") => object(Object::Pull(shelf, pull)),
            (Object::ChangedFile(shelf, pull, at), _) => match of_pull(shelf, pull).get(at) {
                Some(file) => of_file(file, name),
                None => leaf(Value::Null),
            },
            (Object::Label(_, label), "name") => leaf(label),
            (Object::Label(shelf, label), "id") => leaf(node_id::write("LA", shelf.data.id, decimal(label))),
            (Object::ReviewRequest(..), "asCodeOwner") => leaf(false),
            (Object::ReviewRequest(_, reviewer), "databaseId") => leaf(decimal(reviewer.name())),
            (Object::ReviewRequest(shelf, reviewer), "id") => {
                leaf(node_id::write("RRQ", shelf.data.id, decimal(reviewer.name())))
            }
            (Object::ReviewRequest(_, reviewer), "requestedReviewer") => Ok(Resolved::Object(match reviewer {
                Reviewer::User(login) => Object::Account(login),
                Reviewer::Team(team) => Object::Team(team),
            })),
            (Object::Review(shelf, pull, review), _) => self.of_review(shelf, pull, (review, name)),
            _ => Err(Problem::Undefined),
        }
    }

    fn of_review(self, shelf: &'a Shelf, pull: &'a PullRequest, (review, name): (&'a Review, &str)) -> Outcome<'a> {
        match name {
            "id" => leaf(node_id::write("PRR", shelf.data.id, review.id)),
            "databaseId" => leaf(review.id),
            "fullDatabaseId" => leaf(review.id.to_string()),
            "state" => leaf(review_state(review.state)),
            "body" | "bodyText" => leaf(review.body.as_str()),
            "author" => maybe(self.actor(review.author.as_deref())),
            "authorAssociation" => leaf(association(&shelf.data, review.author.as_deref())),
            "authorCanPushToRepository" => leaf(writes(&shelf.data, review)),
            "submittedAt" | "publishedAt" => self.date(review.submitted_at),
            "createdAt" | "updatedAt" => self.date(Some(review.submitted_at.unwrap_or(pull.created_at))),
            "commit" => maybe(shelf.commit(&review.commit_id).map(|commit| Object::Commit(shelf, commit))),
            "url" => leaf(format!(
                "{}/pull/{}#pullrequestreview-{}",
                self.shape.page(&shelf.data),
                pull.number,
                review.id
            )),
            "pullRequest" => object(Object::Pull(shelf, pull)),
            "repository" => object(Object::Repository(shelf)),
            _ => Err(Problem::Undefined),
        }
    }

    /// Does the base branch demand a check of this name?
    pub(super) fn requires(self, shelf: &Shelf, number: Option<i64>, check: &str) -> bool {
        let pull = number.and_then(|number| u64::try_from(number).ok()).and_then(|number| shelf.pull(number));
        let Some(pull) = pull else { return false };
        let classic = shelf.data.protections.iter().filter(|protection| protection.branch == pull.base.branch);
        let by_rule = rules_for(&shelf.data, &pull.base.branch)
            .into_iter()
            .filter(|(_, rule)| rule.kind == "required_status_checks")
            .any(|(_, rule)| {
                let checks = rule.parameters.get("required_status_checks").and_then(Value::as_array);
                checks.is_some_and(|checks| {
                    checks.iter().any(|one| one.get("context").and_then(Value::as_str) == Some(check))
                })
            });
        by_rule || classic.flat_map(|protection| &protection.required_checks).any(|one| one == check)
    }

    /// A status word as an enum, or null.
    pub(super) fn word(self, word: Option<&str>) -> Outcome<'a> {
        leaf(word.map_or(Value::Null, shout))
    }
}

fn of_file<'a>(file: &FileChange, name: &str) -> Outcome<'a> {
    match name {
        "path" => leaf(file.path.as_str()),
        "additions" => leaf(file.additions),
        "deletions" => leaf(file.deletions),
        "changeType" => leaf(match file.status {
            FileStatus::Added => "ADDED",
            FileStatus::Modified => "MODIFIED",
            FileStatus::Removed => "DELETED",
            FileStatus::Renamed { .. } => "RENAMED",
        }),
        _ => Err(Problem::Undefined),
    }
}

fn writes(data: &Repository, review: &Review) -> bool {
    review.author.as_ref().is_some_and(|login| *login == data.owner || data.writers.contains(login))
}

/// Each reviewer's last review that is more than a comment.
fn opinions<'a>(reviews: &[&'a Review]) -> Vec<&'a Review> {
    let opinionated: Vec<&Review> = reviews
        .iter()
        .copied()
        .filter(|review| !matches!(review.state, ReviewState::Commented | ReviewState::Pending))
        .collect();
    latest(&opinionated)
}

fn latest<'a>(reviews: &[&'a Review]) -> Vec<&'a Review> {
    let mut last: Vec<&Review> = Vec::new();
    for review in reviews {
        last.retain(|known| known.author != review.author);
        last.push(review);
    }
    last
}
