//! Deployments with their statuses, and the runs of workflows on release commits.

use std::collections::BTreeSet;

use domain::{DeploymentOutcome, PipelineRun, RecordKind};
use serde::Deserialize;

use super::client::Next;
use super::delivery;
use super::graph_wire::{Connection, DeploymentFacts};
use super::held::{Bag, Stage};
use super::people::People;
use super::reading::{Depth, Reading};
use super::wire::{Job, Jobs, Run, Runs};
use crate::error::ConnectorError;

pub(super) const DEPLOYMENTS: &str =
    concat!(include_str!("documents/deployments.graphql"), include_str!("documents/who.graphql"));

/// Between sweeps, runs are looked for only on commits of releases that are at most so old.
const RECENT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 14);

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
        if let Some(before) = before {
            bag.people.merge(&before.people);
        }
        for (commit, committed_at) in commits {
            let known: Vec<&PipelineRun> = before
                .iter()
                .flat_map(|bag| &bag.records.pipeline_runs)
                .filter(|run| *run.commit == **commit)
                .collect();
            let settled = self.depth == Depth::Changes
                && committed_at < self.place.origin.now - RECENT
                && !known.is_empty()
                && known.iter().all(|run| run.finished_at.is_some());
            if settled {
                bag.records.pipeline_runs.extend(known.into_iter().cloned());
                continue;
            }
            let runs = self.runs_on(commit, &known, &mut bag.people).await?;
            bag.open |= runs.iter().any(|run| run.finished_at.is_none());
            bag.records.pipeline_runs.extend(runs);
        }
        Ok(bag)
    }

    async fn runs_on(
        &self,
        commit: &str,
        known: &[&PipelineRun],
        people: &mut People,
    ) -> Result<Vec<PipelineRun>, ConnectorError> {
        let request = self
            .client
            .of_repository("list workflow runs", &self.place.name, &["actions", "runs"])
            .query("head_sha", commit);
        let mut sent: Vec<Run> = Vec::new();
        let take = |page: Runs| {
            sent.extend(page.workflow_runs);
            Next::Page
        };
        self.client.pages("list workflow runs", request, take).await?;
        let mut runs = Vec::new();
        for run in &sent {
            let mut read = delivery::run(&self.place, people, run, &[]);
            let same = known.iter().find(|held| {
                held.id == read.id && held.attempt == read.attempt && held.finished_at == read.finished_at
            });
            read = match same {
                Some(held) if held.finished_at.is_some() => (*held).clone(),
                _ => delivery::run(&self.place, people, run, &self.jobs(run.id).await?),
            };
            runs.push(read);
        }
        Ok(runs)
    }

    async fn jobs(&self, run: u64) -> Result<Vec<Job>, ConnectorError> {
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
