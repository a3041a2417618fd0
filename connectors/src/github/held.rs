//! What was read of one repository, kind by kind, so that what has not changed is not read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::{Commit, DeploymentId, PullRequest, RecordKind, Records, TestReport, Text, Window};
use jiff::Timestamp;

use super::graph_wire::Survey;
use super::people::People;
use super::tags::Step;
use super::wire::Release;
use crate::contract::Breadth;
use crate::error::ConnectorError;

/// What was read for: other patterns or another day may want other records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) breadth: Breadth,
    pub(super) patterns: BTreeSet<Text>,
    pub(super) horizon_day: i64,
}

/// The records of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Bag {
    pub(super) records: Records,
    pub(super) people: People,
    /// Something in it has not ended, and may change without the repository changing.
    pub(super) open: bool,
    /// Logins of humans whom deployments name as those who triggered them.
    pub(super) triggers: BTreeMap<DeploymentId, String>,
    /// Why something is missing from it.
    pub(super) failure: Option<ConnectorError>,
}

/// The release tags that matter, and the forge's releases.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage {
    pub(super) steps: Vec<Step>,
    pub(super) releases: Vec<Release>,
}

impl Stage {
    /// Since when pull requests may be part of a release in the horizon.
    pub(super) fn content_begins(&self, start: Timestamp) -> Timestamp {
        let earliest = start - jiff::SignedDuration::from_hours(24 * 365);
        let inside = self.steps.iter().filter(|step| step.head.committed_at >= start);
        let bases = inside.filter_map(|step| step.base.as_ref()).map(|base| base.committed_at);
        bases.chain([start]).min().unwrap_or(start).max(earliest)
    }

    /// The commits of the `most` newest releases of each tag pattern.
    pub(super) fn newest(&self, most: usize) -> impl Iterator<Item = &str> {
        self.steps.iter().filter(move |step| step.newer < most).map(|step| step.head.commit.as_str())
    }

    pub(super) fn release(&self, tag: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.tag_name == tag)
    }
}

/// A range between two commits; it never changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    /// Newest first.
    pub(super) commits: Vec<Commit>,
    /// Reachable from the base alone, newest first.
    pub(super) missing: Vec<Commit>,
    pub(super) complete: bool,
    /// Were paths and lines asked for?
    pub(super) with_lines: bool,
    pub(super) paths: Option<Vec<Text>>,
    pub(super) additions: Option<u64>,
    pub(super) deletions: Option<u64>,
    pub(super) lines: Option<Vec<domain::ChangedLines>>,
    pub(super) url: Option<String>,
    pub(super) people: People,
}

/// Base and head of a range, by sha.
pub(super) type Ends = (Option<String>, String);

/// One repository as it was read last.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) survey: Survey,
    pub(super) question: Question,
    pub(super) horizon: Window,
    pub(super) stage: Option<Stage>,
    pub(super) bags: BTreeMap<RecordKind, Bag>,
    pub(super) failures: BTreeMap<RecordKind, ConnectorError>,
    pub(super) ranges: BTreeMap<Ends, Arc<Range>>,
    /// Paths of merge commits, as their pull requests tell them.
    pub(super) paths: BTreeMap<Text, Vec<Text>>,
    /// Reports by the number of the run artifact they came in.
    pub(super) reports: BTreeMap<u64, Result<Vec<TestReport>, ConnectorError>>,
}

impl Held {
    pub(super) fn new(survey: Survey, question: Question, horizon: Window) -> Self {
        Self {
            survey,
            question,
            horizon,
            stage: None,
            bags: BTreeMap::new(),
            failures: BTreeMap::new(),
            ranges: BTreeMap::new(),
            paths: BTreeMap::new(),
            reports: BTreeMap::new(),
        }
    }

    /// Kinds that have to be read again although the repository says that it has not changed. A part that was refused
    /// is asked for again when everything is.
    pub(super) fn unsettled(&self) -> BTreeSet<RecordKind> {
        let open = self.bags.iter().filter(|(_, bag)| bag.open).map(|(kind, _)| *kind);
        let failed = self
            .failures
            .iter()
            .filter(|(kind, error)| error.is_retryable() || !self.bags.contains_key(kind))
            .map(|(kind, _)| *kind);
        let mut due: BTreeSet<_> = failed.chain(open).collect();
        if due.contains(&RecordKind::PipelineRun) {
            due.insert(RecordKind::TestReport);
        }
        due
    }

    /// Notes how reading a kind ended.
    pub(super) fn put(&mut self, kind: RecordKind, read: Result<Bag, ConnectorError>) {
        match read {
            Ok(bag) => {
                match &bag.failure {
                    Some(error) => self.failures.insert(kind, error.clone()),
                    None => self.failures.remove(&kind),
                };
                self.bags.insert(kind, bag);
            }
            Err(error) => {
                self.bags.remove(&kind);
                self.failures.insert(kind, error);
            }
        }
    }

    /// A pull request as it was read, if it has not changed since.
    pub(super) fn pull_request(&self, number: u64, updated_at: Timestamp) -> Option<&PullRequest> {
        let bag = self.bags.get(&RecordKind::PullRequest)?;
        let mut held = bag.records.pull_requests.iter();
        held.find(|request| request.number == number && request.updated_at == Some(updated_at))
    }
}
