//! Pull requests and reviews.

use crate::github::call::{Answer, Refusal, Reply, Within};
use crate::github::content::{Commit, PullRequest, Review, ReviewState};
use crate::github::shape::state;

use super::commits::of_pull;

/// More commits of a pull request are not listed.
const MOST_COMMITS: usize = 250;
/// More files of a pull request are not listed.
const MOST_FILES: usize = 3_000;

pub(super) async fn list(at: Within) -> Answer {
    let call = &at.call;
    let wanted = call.query("state").unwrap_or("open");
    let head =
        call.query("head").map(|head| head.strip_prefix(&format!("{}:", at.shelf.data.owner)).unwrap_or(head));
    let mut pulls: Vec<&PullRequest> = at
        .shelf
        .data
        .pull_requests
        .iter()
        .filter(|pull| wanted == "all" || state(pull) == wanted)
        .filter(|pull| call.query("base").is_none_or(|base| pull.base.branch == base))
        .filter(|pull| head.is_none_or(|head| pull.head.branch == head))
        .collect();
    let sort = call.query("sort").unwrap_or("created");
    match sort {
        "updated" => pulls.sort_by_key(|pull| (pull.updated_at, pull.number)),
        _ => pulls.sort_by_key(|pull| (pull.created_at, pull.number)),
    }
    let direction = call.query("direction").unwrap_or(if sort == "created" { "desc" } else { "asc" });
    if direction == "desc" {
        pulls.reverse();
    }
    Ok(at.page(&pulls, |pull| at.shape().pull(&at.shelf.data, pull)))
}

pub(super) async fn one(at: Within) -> Answer {
    let pull = find(&at)?;
    let files = of_pull(&at.shelf, pull);
    Ok(Reply::json(at.shape().full_pull(&at.shelf.data, pull, &files)))
}

pub(super) async fn commits(at: Within) -> Answer {
    let pull = find(&at)?;
    let commits: Vec<&Commit> =
        pull.commits.iter().filter_map(|sha| at.shelf.commit(sha)).take(MOST_COMMITS).collect();
    Ok(at.page(&commits, |commit| at.shape().commit(&at.shelf.data, commit)))
}

pub(super) async fn files(at: Within) -> Answer {
    let pull = find(&at)?;
    let mut files = of_pull(&at.shelf, pull);
    files.truncate(MOST_FILES);
    Ok(at.page(&files, |file| at.shape().diff(&at.shelf.data, &pull.head.sha, file)))
}

/// Oldest first.
pub(super) async fn reviews(at: Within) -> Answer {
    let pull = find(&at)?;
    let reader = at.call.caller.token.as_ref().map(|token| token.login.as_str());
    let reviews = visible_reviews(pull, reader);
    Ok(at.page(&reviews, |review| at.shape().review(&at.shelf.data, pull, review)))
}

/// A pull request is an issue too.
pub(super) async fn issue(at: Within) -> Answer {
    let number = at.number("number")?;
    let repository = &at.shelf.data;
    let body = match at.shelf.pull(number) {
        Some(pull) => Some(at.shape().pull_as_issue(repository, pull)),
        None => repository
            .issues
            .iter()
            .find(|issue| issue.number == number)
            .map(|issue| at.shape().issue(repository, issue)),
    };
    body.map(Reply::json).ok_or(Refusal::NotFound)
}

/// Oldest first; a pending review is seen by its author alone.
pub(in crate::github) fn visible_reviews<'a>(pull: &'a PullRequest, reader: Option<&str>) -> Vec<&'a Review> {
    let visible = |review: &&Review| {
        review.state != ReviewState::Pending || (reader.is_some() && review.author.as_deref() == reader)
    };
    let mut reviews: Vec<&Review> = pull.reviews.iter().filter(visible).collect();
    reviews.sort_by_key(|review| (review.submitted_at.is_none(), review.submitted_at, review.id));
    reviews
}

fn find(at: &Within) -> Result<&PullRequest, Refusal> {
    at.shelf.pull(at.number("number")?).ok_or(Refusal::NotFound)
}
