//! Search for issues and pull requests, with the qualifiers that clients of release data use.

use std::sync::Arc;

use serde_json::{Value, json};

use super::actions::Span;
use crate::github::call::{Answer, Call, Refusal, Reply};
use crate::github::content::PullRequest;
use crate::github::shape::state;
use crate::github::shelf::Shelf;

/// Search never gives more, however many there are.
const MOST_RESULTS: usize = 1_000;

pub(super) async fn issues(call: Call) -> Answer {
    let query = call.query("q").ok_or_else(|| Refusal::Unprocessable("Validation Failed".to_owned()))?;
    let terms: Vec<Term<'_>> = split(query).into_iter().map(Term::read).collect();
    let shelves: Vec<Arc<Shelf>> =
        call.github.read().repositories().filter(|shelf| call.caller.sees(shelf)).cloned().collect();
    let mut found = Vec::new();
    for shelf in shelves.iter().filter(|shelf| terms.iter().all(|term| term.allows_repository(shelf))) {
        let pulls = shelf.data.pull_requests.iter().filter(|pull| terms.iter().all(|term| term.allows(pull)));
        found.extend(pulls.map(|pull| (shelf, pull)));
    }
    match call.query("sort") {
        Some("updated") => found.sort_by_key(|(_, pull)| (pull.updated_at, pull.id)),
        _ => found.sort_by_key(|(_, pull)| (pull.created_at, pull.id)),
    }
    if call.query("order") != Some("asc") {
        found.reverse();
    }
    let total = found.len();
    found.truncate(MOST_RESULTS);
    let items: Vec<Value> =
        call.slice(&found).iter().map(|(shelf, pull)| call.shape().pull_as_issue(&shelf.data, pull)).collect();
    let body =
        json!({ "total_count": total, "incomplete_results": false, "search_type": "lexical", "items": items });
    Ok(Reply::json(body).link(call.links(found.len(), None)))
}

enum Term<'a> {
    Repository(&'a str),
    Owner(&'a str),
    Is(&'a str),
    Author(&'a str),
    Base(&'a str),
    Head(&'a str),
    Label(&'a str),
    Merged(Span),
    Created(Span),
    Updated(Span),
    Closed(Span),
    Sha(&'a str),
    Text(String),
}

impl<'a> Term<'a> {
    fn read(term: &'a str) -> Self {
        let Some((key, value)) = term.split_once(':') else {
            return Self::Text(term.trim_matches('"').to_lowercase());
        };
        let value = value.trim_matches('"');
        match key {
            "repo" => Self::Repository(value),
            "org" | "user" => Self::Owner(value),
            "is" | "state" | "type" => Self::Is(value),
            "author" => Self::Author(value),
            "base" => Self::Base(value),
            "head" => Self::Head(value),
            "label" => Self::Label(value),
            "merged" => Self::Merged(Span::read(value)),
            "created" => Self::Created(Span::read(value)),
            "updated" => Self::Updated(Span::read(value)),
            "closed" => Self::Closed(Span::read(value)),
            "sha" => Self::Sha(value),
            _ => Self::Text(term.to_lowercase()),
        }
    }

    fn allows_repository(&self, shelf: &Shelf) -> bool {
        match self {
            Self::Repository(name) => shelf.data.full_name().eq_ignore_ascii_case(name),
            Self::Owner(name) => shelf.data.owner.eq_ignore_ascii_case(name),
            _ => true,
        }
    }

    fn allows(&self, pull: &PullRequest) -> bool {
        match self {
            Self::Repository(_) | Self::Owner(_) => true,
            Self::Is("merged") => pull.merged_at.is_some(),
            Self::Is("unmerged") => pull.merged_at.is_none(),
            Self::Is("draft") => pull.draft,
            Self::Is("open") => state(pull) == "open",
            Self::Is("closed") => state(pull) == "closed",
            Self::Is("issue") => false,
            Self::Is(_) => true,
            Self::Author(login) => pull.author.as_deref() == Some(login),
            Self::Base(branch) => pull.base.branch == *branch,
            Self::Head(branch) => pull.head.branch == *branch,
            Self::Label(name) => pull.labels.iter().any(|label| label == name),
            Self::Merged(span) => pull.merged_at.is_some_and(|moment| span.contains(moment)),
            Self::Closed(span) => pull.closed_at.or(pull.merged_at).is_some_and(|moment| span.contains(moment)),
            Self::Created(span) => span.contains(pull.created_at),
            Self::Updated(span) => span.contains(pull.updated_at),
            Self::Sha(sha) => pull.commits.iter().chain(&pull.merge_commit_sha).any(|one| one.starts_with(sha)),
            Self::Text(text) => {
                pull.title.to_lowercase().contains(text)
                    || pull.body.as_ref().is_some_and(|body| body.to_lowercase().contains(text))
            }
        }
    }
}

/// At spaces outside quotes.
fn split(query: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = query.split(move |letter: char| {
        quoted ^= letter == '"';
        letter.is_whitespace() && !quoted
    });
    parts.filter(|part| !part.is_empty()).collect()
}
