//! One reading of one repository, one request after the other: many repositories are read side by side, and requests
//! that only stood in line would run out of time.

use std::collections::BTreeSet;

use domain::{RecordKind, Records, TagPattern, Text, Window};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, Next};
use super::convert::{self, Place};
use super::graph_wire::{Connection, TagRef};
use super::held::{Bag, Held, Question, Stage};
use super::tags::{self, Older, TagFound};
use super::wire::Release;
use crate::contract::Breadth;
use crate::error::{ConnectorError, FailureKind};

/// Release tags older than the horizon that are read all the same, so that what still runs is known.
const OLDER_TAGS: usize = 3;
/// Most pages of tags and of deployments.
const MOST_PAGES: usize = 100;

pub(super) const TAGS: &str = include_str!("documents/tags.graphql");

/// The kinds that are read repository by repository.
pub(super) const KINDS: [RecordKind; 8] = [
    RecordKind::Deployment,
    RecordKind::Tag,
    RecordKind::PullRequest,
    RecordKind::Commit,
    RecordKind::File,
    RecordKind::PipelineRun,
    RecordKind::TestReport,
    RecordKind::Artifact,
];

/// How thoroughly to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Only what may have changed.
    Changes,
    /// Everything, because something may have changed without showing.
    Sweep,
}

/// What to read.
pub(super) struct Reading<'a> {
    pub(super) client: &'a Client,
    pub(super) place: Place,
    pub(super) question: Question,
    pub(super) horizon: Window,
    pub(super) depth: Depth,
    pub(super) before: Option<&'a Held>,
}

impl Reading<'_> {
    /// Reads what is due; `fresh` holds the kinds that need nothing.
    pub(super) async fn read(&self, mut held: Held, due: &BTreeSet<RecordKind>) -> Held {
        // In this order: deployments tell which old releases matter, pull requests tell the paths of commits, and
        // reports belong to runs.
        if due.contains(&RecordKind::Deployment) {
            let read = self.deployments().await;
            held.put(RecordKind::Deployment, read);
        }
        let stage = match (due.contains(&RecordKind::Tag), held.stage.take()) {
            (false, Some(stage)) => Ok(stage),
            _ => self.stage(&self.deployed(&held)).await,
        };
        let stage = match stage {
            Ok(stage) => stage,
            Err(error) => {
                for kind in due.iter().filter(|kind| **kind != RecordKind::Deployment) {
                    held.put(*kind, Err(error.clone()));
                }
                return held;
            }
        };
        for kind in KINDS.into_iter().filter(|kind| *kind != RecordKind::Deployment && due.contains(kind)) {
            let read = match kind {
                RecordKind::Tag => Ok(self.tags(&stage)),
                RecordKind::PullRequest => self.pull_requests(&stage, &mut held).await,
                RecordKind::Commit => self.ranges(&stage, &mut held).await,
                RecordKind::File => self.files(&stage).await,
                RecordKind::PipelineRun => self.runs(&stage).await,
                RecordKind::TestReport => self.reports(&stage, &mut held).await,
                _ => Ok(self.assets(&stage)),
            };
            held.put(kind, read);
        }
        held.stage = Some(stage);
        held
    }

    pub(super) fn owner_and_name(&self) -> (&str, &str) {
        self.place.name.split_once('/').unwrap_or((&self.place.name, ""))
    }

    /// What deployments in the horizon name: tags and commits.
    fn deployed(&self, held: &Held) -> BTreeSet<Text> {
        let records = held.bags.get(&RecordKind::Deployment).into_iter().flat_map(|bag| &bag.records.deployments);
        let inside = records.filter(|one| one.started_at.is_none_or(|at| at >= self.horizon.start));
        inside.flat_map(|one| [one.reference.clone(), one.commit.clone()]).flatten().collect()
    }

    async fn stage(&self, deployed: &BTreeSet<Text>) -> Result<Stage, ConnectorError> {
        let all = self.all_tags().await?;
        let groups = tags::by_pattern(&all, &self.patterns(&all));
        let older = Older { newest: OLDER_TAGS, deployed };
        let mut steps: Vec<_> =
            groups.iter().flat_map(|group| tags::steps(group, self.horizon.start, older)).collect();
        // Two patterns may take one tag.
        steps.sort_by(|one, other| (&one.head.name, one.newer).cmp(&(&other.head.name, other.newer)));
        steps.dedup_by(|one, other| one.head.name == other.head.name);
        Ok(Stage { steps, releases: self.releases().await? })
    }

    /// The patterns asked for; where nothing is mapped, those of the tags that are there.
    fn patterns(&self, all: &[TagFound]) -> BTreeSet<Text> {
        match self.question.breadth {
            Breadth::Mapped => self.question.patterns.clone(),
            Breadth::All => TagPattern::all(all.iter().map(|tag| tag.name.as_str())),
        }
    }

    /// Tags by the dates of their commits, newest first, until each pattern has enough that are older than the horizon.
    async fn all_tags(&self) -> Result<Vec<TagFound>, ConnectorError> {
        #[derive(Deserialize)]
        struct Refs {
            refs: Option<Connection<TagRef>>,
        }
        let mut all: Vec<TagFound> = Vec::new();
        let enough = |all: &[TagFound]| {
            let older = |group: &Vec<TagFound>| {
                group.iter().filter(|tag| tag.committed_at < self.horizon.start).count() > OLDER_TAGS
            };
            tags::by_pattern(all, &self.patterns(all)).iter().all(older)
        };
        let mut visit = |refs: Refs| {
            let page = refs.refs?;
            all.extend(page.each().filter_map(TagFound::read));
            if enough(&all) { None } else { page.next().map(str::to_owned) }
        };
        self.graph_pages("read tags", TAGS, &mut visit).await?;
        Ok(all)
    }

    /// All pages of a list below a repository; `visit` tells where the next page begins.
    pub(super) async fn graph_pages<T: serde::de::DeserializeOwned>(
        &self,
        operation: &'static str,
        document: &str,
        visit: &mut (dyn FnMut(T) -> Option<String> + Send),
    ) -> Result<(), ConnectorError> {
        let (owner, name) = self.owner_and_name();
        let mut after: Option<String> = None;
        let mut guard = crate::paging::PageGuard::up_to(MOST_PAGES);
        loop {
            let system = self.client.upstream.system();
            guard.enter(after.clone()).map_err(|failure| failure.of(system, operation))?;
            let variables = json!({ "owner": owner, "name": name, "after": after });
            let data = self.client.ask(operation, document, &variables).await?;
            let found = data.get("repository").filter(|found| !found.is_null()).cloned();
            let found = found.ok_or_else(|| self.client.hidden(operation))?;
            let page = self.decode(operation, found)?;
            match visit(page) {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    pub(super) fn decode<T: serde::de::DeserializeOwned>(
        &self,
        operation: &'static str,
        value: Value,
    ) -> Result<T, ConnectorError> {
        serde_json::from_value(value).map_err(|_| {
            self.client.failed(operation, FailureKind::Malformed, "the GraphQL answer has another shape")
        })
    }

    async fn releases(&self) -> Result<Vec<Release>, ConnectorError> {
        let mut releases: Vec<Release> = Vec::new();
        let request = self.client.of_repository("list releases", &self.place.name, &["releases"]);
        let start = self.horizon.start;
        let take = |page: Vec<Release>| {
            // Ordered by the dates of commits; a release is rarely published a year after its commit.
            let long_before = start - jiff::SignedDuration::from_hours(24 * 365);
            let past = page.last().is_some_and(|last| last.created_at < long_before);
            releases.extend(page);
            if past { Next::Stop } else { Next::Page }
        };
        self.client.pages("list releases", request, take).await?;
        Ok(releases)
    }

    fn tags(&self, stage: &Stage) -> Bag {
        let tags = stage.steps.iter().map(|step| {
            let release = stage.release(&step.head.name);
            convert::tag(&self.place, &step.head, release)
        });
        Bag { records: Records { tags: tags.collect(), ..Records::default() }, ..Bag::default() }
    }
}
