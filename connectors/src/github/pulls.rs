//! Pull requests with their reviews: the list tells which were merged and which changed, and one GraphQL request reads
//! many of those.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use domain::{PullRequest, Records, Text};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::client::Next;
use super::convert;
use super::graph_wire::PullRequestFacts;
use super::graphql::Batch;
use super::held::{Bag, Held, Stage};
use super::people::People;
use super::reading::{Depth, Reading};
use super::wire::{PullListed, ReviewSent};
use crate::error::{ConnectorError, FailureKind};

pub(super) const HEAD: &str =
    "query PullRequests($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {";
pub(super) const TAIL: &str =
    concat!("} }\n", include_str!("documents/pull_request.graphql"), include_str!("documents/who.graphql"));

const LIST: &str = "list pull requests";
/// How often a list is read that changes while it is read.
const MOST_READINGS: usize = 5;

/// A list as it was read.
#[derive(Default)]
struct Listed {
    pulls: Vec<PullListed>,
    pages: usize,
}

/// Pull requests, and the paths of the commits that they tell.
#[derive(Default)]
pub(super) struct PullsRead {
    pub(super) requests: Vec<PullRequest>,
    pub(super) paths: BTreeMap<Text, Vec<Text>>,
}

impl Reading<'_> {
    /// The pull requests that were merged since the content of the oldest release in the horizon began.
    pub(super) async fn pull_requests(&self, stage: &Stage, held: &mut Held) -> Result<Bag, ConnectorError> {
        let listed = self.merged(stage).await?;
        let mut bag = Bag::default();
        let mut wanted = Vec::new();
        for pull in listed {
            let known = match self.depth {
                Depth::Changes => self.before.and_then(|held| held.pull_request(pull.number, pull.updated_at)),
                // A review may be dismissed by a change of rights, which is no update of the pull request.
                Depth::Sweep => None,
            };
            match known {
                Some(request) => bag.records.pull_requests.push(request.clone()),
                None => wanted.push(pull.number),
            }
        }
        if let Some(before) = self.before.and_then(|held| held.bags.get(&domain::RecordKind::PullRequest)) {
            bag.people.merge(&before.people);
        }
        let read = self.pull_requests_numbered(&wanted, &mut bag.people).await?;
        held.paths.extend(read.paths);
        bag.records.append(Records { pull_requests: read.requests, ..Records::default() });
        Ok(bag)
    }

    /// The pull requests with these numbers; numbers that are none are passed over.
    pub(super) async fn pull_requests_numbered(
        &self,
        numbers: &[u64],
        people: &mut People,
    ) -> Result<PullsRead, ConnectorError> {
        let (owner, name) = self.owner_and_name();
        let items: Vec<_> = numbers
            .iter()
            .map(|number| {
                (format!("p{number}"), format!("pullRequest(number: {number}) {{ ...PullRequestFacts }}"))
            })
            .collect();
        let batch = Batch {
            operation: "read pull requests",
            head: HEAD,
            tail: TAIL,
            at: &["repository"],
            variables: json!({ "owner": owner, "name": name }),
            most: self.client.options.pull_requests_per_request.clamp(1, 50),
        };
        let mut read = PullsRead::default();
        for (_, answer) in self.client.batch(&batch, &items).await {
            let Some(value) = answer? else { continue };
            let facts: PullRequestFacts = self.decode(batch.operation, value)?;
            let mut request = convert::pull_request(&self.place, people, &facts);
            if !request.reviews_complete {
                request.reviews = self.all_reviews(facts.number, people).await?;
                request.reviews_complete = true;
            }
            read.paths.extend(facts.paths_of_commits());
            read.requests.push(request);
        }
        Ok(read)
    }

    async fn merged(&self, stage: &Stage) -> Result<Vec<PullListed>, ConnectorError> {
        let begins = stage.content_begins(self.horizon.start);
        let mut merged: Vec<PullListed> = Vec::new();
        let mut until = begins;
        // What is updated while the pages are read moves before them: it may come twice, or only on the first page as it
        // is now. So what changed meanwhile is read until it fits one page.
        for _ in 0..MOST_READINGS {
            let listed = self.updated_since(until).await?;
            // Times are whole seconds, and what was read needs no second look.
            let newest = listed.pulls.iter().map(|pull| pull.updated_at + SignedDuration::from_secs(1)).max();
            until = newest.unwrap_or(until).max(until);
            merged.extend(listed.pulls);
            if listed.pages < 2 {
                merged.retain(|pull| pull.merged_at.is_some_and(|at| at >= begins));
                merged.sort_by_key(|pull| (pull.number, Reverse(pull.updated_at)));
                merged.dedup_by_key(|pull| pull.number);
                return Ok(merged);
            }
        }
        Err(self.client.failed(LIST, FailureKind::Incomplete, "it changed faster than it could be read"))
    }

    /// Closed pull requests that were updated since a moment, and some of before.
    async fn updated_since(&self, since: Timestamp) -> Result<Listed, ConnectorError> {
        let request = self
            .client
            .of_repository(LIST, &self.place.name, &["pulls"])
            .query("state", "closed")
            .query("sort", "updated")
            .query("direction", "desc");
        let mut listed = Listed::default();
        let take = |page: Vec<PullListed>| {
            let past = page.last().is_some_and(|last| last.updated_at < since);
            listed.pulls.extend(page);
            listed.pages += 1;
            if past { Next::Stop } else { Next::Page }
        };
        self.client.pages(LIST, request, take).await?;
        Ok(listed)
    }

    /// All reviews of a pull request that has more than one GraphQL request brings.
    async fn all_reviews(&self, number: u64, people: &mut People) -> Result<Vec<domain::Review>, ConnectorError> {
        let number = number.to_string();
        let path = ["pulls", &number, "reviews"];
        let request = self.client.of_repository("list reviews", &self.place.name, &path);
        let mut reviews = Vec::new();
        let take = |page: Vec<ReviewSent>| {
            reviews.extend(page.iter().map(|sent| convert::review(&self.place, people, sent)));
            Next::Page
        };
        self.client.pages("list reviews", request, take).await?;
        Ok(convert::in_order(reviews))
    }
}
