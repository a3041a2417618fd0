//! GitHub's JSON for each kind of record, complete as its description demands.
//! What the store does not hold is derived (URLs, node ids, counts) or has the value of an untouched repository.

mod check;
mod commit;
mod delivery;
mod person;
mod protection;
mod pull;
mod release;
mod repository;
mod workflow;

pub(super) use check::{latest_checks, latest_statuses};
pub(super) use commit::{FileAt, changes, decimal, sha_of_blob};
pub(super) use delivery::newest_first;
pub(super) use protection::rules_for;
pub(super) use pull::{association, review_state, state};
pub(super) use repository::repository_node;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::content::Repository;
use super::store::People;

/// What every shape needs: addresses, accounts and the present moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    /// `http://host`, or with `/api/v3`.
    pub(super) base: &'a str,
    /// Where the pages for people are.
    pub(super) pages: &'a str,
    pub(super) people: &'a People,
    pub(super) now: Timestamp,
}

impl Shape<'_> {
    /// The API address of a repository.
    pub(super) fn api(&self, repository: &Repository) -> String {
        format!("{}/repos/{}/{}", self.base, repository.owner, repository.name)
    }

    /// The page of a repository.
    pub(super) fn page(&self, repository: &Repository) -> String {
        format!("{}/{}/{}", self.pages, repository.owner, repository.name)
    }
}

/// Whole seconds in UTC, as GitHub writes moments.
pub(super) fn time(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn time_or_null(moment: Option<Timestamp>) -> Value {
    moment.map_or(Value::Null, |moment| json!(time(moment)))
}
