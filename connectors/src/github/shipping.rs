//! Deployments with their statuses, and the runs on release commits: of workflows, and of whatever else reports there.

use std::collections::{BTreeMap, BTreeSet};

use domain::{DeploymentOutcome, PipelineRun, RecordKind};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::client::Next;
use super::delivery::{self, Inside};
use super::graph_wire::{Connection, DeploymentFacts, RunJobs};
use super::graphql::{Batch, quoted};
use super::held::{Bag, Stage};
use super::reading::{Depth, Reading};
use super::wire::{Job, Jobs, Run, Runs};
use crate::error::{ConnectorError, FailureKind};

pub(super) const DEPLOYMENTS: &str =
    concat!(include_str!("documents/deployments.graphql"), include_str!("documents/who.graphql"));

pub(super) const JOBS_TAIL: &str =
    concat!("}\n", include_str!("documents/jobs.graphql"), include_str!("documents/who.graphql"));

/// Runs whose jobs are asked for in one request.
const MOST_RUNS: usize = 50;
/// GitHub ends a filtered list of runs here.
const MOST_FILTERED: u64 = 1_000;
/// Between sweeps, runs are looked for only on commits of releases that are at most so old.
const RECENT: SignedDuration = SignedDuration::from_hours(24 * 14);

impl Reading<'_> {
    /// The deployments of the horizon and, on the last page, those before it.
    pub(super) async fn deployments(&self) -> Result<Bag, ConnectorError> {
        #[derive(Deserialize)]
        struct Deployments {
            deployments: Connection<DeploymentFacts>,
        }
        let mut bag = Bag::default();
        let start = self.horizon.start;
        let mut visit = |page: Deployments| {
            let mut past = false;
            for facts in page.deployments.each() {
                past |= facts.created_at < start;
                let read = delivery::deployment(&self.place, &mut bag.people, facts);
                let open =
                    matches!(read.record.outcome, DeploymentOutcome::Pending | DeploymentOutcome::InProgress);
                bag.open |= open && facts.created_at >= start;
                if let Some(login) = read.triggered_by {
                    bag.triggers.insert(read.record.id.clone(), login);
                }
                bag.records.deployments.push(read.record);
            }
            if past { None } else { page.deployments.next().map(str::to_owned) }
        };
        self.graph_pages("read deployments", DEPLOYMENTS, &mut visit).await?;
        Ok(bag)
    }

    /// The runs on the commits of the releases in the horizon.
    pub(super) async fn runs(&self, stage: &Stage) -> Result<Bag, ConnectorError> {
        let mut bag = Bag::default();
        let inside = stage.steps.iter().filter(|step| step.head.committed_at >= self.horizon.start);
        let commits: BTreeSet<_> = inside.map(|step| (&step.head.commit, step.head.committed_at)).collect();
        let before = self.before.and_then(|held| held.bags.get(&RecordKind::PipelineRun));
        let known_runs = || before.iter().flat_map(|bag| &bag.records.pipeline_runs);
        if let Some(before) = before {
            bag.people.merge(&before.people);
        }
        let mut due: Vec<(&String, Timestamp)> = Vec::new();
        for (commit, committed_at) in commits {
            let known: Vec<&PipelineRun> = known_runs().filter(|run| *run.commit == **commit).collect();
            let settled = self.depth == Depth::Changes
                && !self.is_recent(committed_at)
                && !known.is_empty()
                && known.iter().all(|run| run.finished_at.is_some());
            match settled {
                true => bag.records.pipeline_runs.extend(known.into_iter().cloned()),
                false => due.push((commit, committed_at)),
            }
        }
        let sent = self.runs_on(&due).await?;
        let mut wanted: Vec<&Run> = Vec::new();
        for run in &sent {
            let read = delivery::run(&self.place, &mut bag.people, run, &Inside::default());
            let same = known_runs().find(|held| {
                held.id == read.id && held.attempt == read.attempt && held.finished_at == read.finished_at
            });
            match same.filter(|held| held.finished_at.is_some()) {
                Some(held) => bag.records.pipeline_runs.push(held.clone()),
                None => wanted.push(run),
            }
        }
        let inside = self.inside(&wanted).await?;
        for (run, inside) in wanted.into_iter().zip(&inside) {
            let read = delivery::run(&self.place, &mut bag.people, run, inside);
            bag.open |= read.finished_at.is_none();
            bag.records.pipeline_runs.push(read);
        }
        let commits: Vec<&str> = due.iter().map(|(commit, _)| commit.as_str()).collect();
        let reported = self.checks_on(&commits, &mut bag.people).await?;
        // Many a status stays pending for ever: old ones are looked at when everything is.
        let recent: BTreeSet<&str> =
            due.iter().filter(|(_, at)| self.is_recent(*at)).map(|(commit, _)| commit.as_str()).collect();
        bag.open |= reported.runs.iter().any(|run| run.finished_at.is_none() && recent.contains(&*run.commit));
        bag.records.pipeline_runs.extend(reported.runs);
        bag.failure = reported.failure;
        Ok(bag)
    }

    fn is_recent(&self, committed_at: Timestamp) -> bool {
        committed_at >= self.place.origin.now - RECENT
    }

    /// The runs on these commits: from one list of all runs since the oldest, or where that would be longer than to
    /// ask for each commit, or more than a filtered list holds, commit by commit.
    async fn runs_on(&self, due: &[(&String, Timestamp)]) -> Result<Vec<Run>, ConnectorError> {
        let list = || self.client.of_repository("list workflow runs", &self.place.name, &["actions", "runs"]);
        let commits: BTreeSet<&str> = due.iter().map(|(commit, _)| commit.as_str()).collect();
        let mut sent: BTreeMap<u64, Run> = BTreeMap::new();
        if let Some(oldest) = due.iter().map(|(_, at)| *at).min().filter(|_| commits.len() > 1) {
            // Clocks of those who commit are not GitHub's.
            let since = (oldest - SignedDuration::from_hours(24)).strftime("%Y-%m-%d").to_string();
            let mut long = false;
            let take = |page: Runs| {
                let pages = page.total_count.div_ceil(100);
                long = page.total_count >= MOST_FILTERED || pages > commits.len() as u64;
                let ours = page.workflow_runs.into_iter().filter(|run| commits.contains(run.head_sha.as_str()));
                sent.extend(ours.map(|run| (run.id, run)));
                if long { Next::Stop } else { Next::Page }
            };
            let request = list().query("created", format!(">={since}"));
            self.client.pages("list workflow runs", request, take).await?;
            if !long {
                return Ok(sent.into_values().collect());
            }
        }
        for commit in commits {
            let take = |page: Runs| {
                sent.extend(page.workflow_runs.into_iter().map(|run| (run.id, run)));
                Next::Page
            };
            self.client.pages("list workflow runs", list().query("head_sha", commit), take).await?;
        }
        Ok(sent.into_values().collect())
    }

    /// Jobs and environment reviews of runs, in their order. A run's check suite holds its jobs as check runs, which
    /// GraphQL tells of many runs at once. Where it does not (there are too many, or checks are hidden from us), each
    /// run is asked for its own jobs, and its reviews stay unknown.
    async fn inside(&self, runs: &[&Run]) -> Result<Vec<Inside>, ConnectorError> {
        let item = |run: &&Run| {
            let id = quoted(run.node_id.as_deref()?);
            Some((format!("w{}", run.id), format!("node(id: {id}) {{ ...JobsOfRun }}")))
        };
        let items: Vec<_> = runs.iter().filter_map(item).collect();
        let batch = Batch {
            operation: "read jobs",
            head: "query Jobs {",
            tail: JOBS_TAIL,
            at: &[],
            variables: json!({}),
            most: MOST_RUNS,
        };
        let mut answers = self.client.batch(&batch, &items).await;
        let mut all = Vec::new();
        for run in runs {
            let mut told = match answers.remove(&format!("w{}", run.id)) {
                Some(Ok(value)) => value.and_then(|value| serde_json::from_value::<RunJobs>(value).ok()),
                Some(Err(error)) if !matches!(error.kind, FailureKind::Denied | FailureKind::TooLarge) => {
                    return Err(error);
                }
                _ => None,
            };
            let reviews = told.as_mut().and_then(RunJobs::reviews);
            let jobs = match told.and_then(RunJobs::complete) {
                Some(jobs) => jobs,
                None => self.jobs_of(run.id).await?,
            };
            all.push(Inside { jobs, reviews });
        }
        Ok(all)
    }

    async fn jobs_of(&self, run: u64) -> Result<Vec<Job>, ConnectorError> {
        let run = run.to_string();
        let path = ["actions", "runs", &run, "jobs"];
        let request = self.client.of_repository("list jobs", &self.place.name, &path);
        let mut jobs = Vec::new();
        let take = |page: Jobs| {
            jobs.extend(page.jobs);
            Next::Page
        };
        self.client.pages("list jobs", request, take).await?;
        Ok(jobs)
    }
}
