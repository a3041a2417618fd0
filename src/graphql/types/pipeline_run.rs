//! Runs of pipelines: of a forge's workflows, and of whatever else reports on a commit.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::RecordKind;
use jiff::Timestamp;

use super::Source;
use super::enums::RunConclusion;
use super::person::Person;
use super::repository::Repository;
use crate::graphql::connection::connection;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// Most jobs of a run that are listed.
const MOST_JOBS: usize = 50;

/// A run.
pub(crate) type PipelineRun = At<domain::PipelineRun>;

connection! {
    /// Runs of pipelines, in the order of their ids.
    PipelineRunConnection of PipelineRunEdge to PipelineRun {}
}

/// One attempt of a run of a workflow, or what an app that is no workflow reports on a commit.
#[Object(name = "PipelineRun")]
impl PipelineRun {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// The workflow's name, or that of the app or status that reports.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// The file that defines it, for example `.github/workflows/release.yml`; null where the forge holds none.
    async fn path(&self) -> Option<&str> {
        self.node().path.as_deref()
    }

    /// Sha of the commit that it ran on.
    async fn commit(&self) -> &str {
        &self.node().commit
    }

    /// What started it, for example `push`.
    async fn event(&self) -> Option<&str> {
        self.node().event.as_deref()
    }

    /// 1 for the first attempt.
    async fn attempt(&self) -> u32 {
        self.node().attempt
    }

    /// How it ended.
    async fn conclusion(&self) -> RunConclusion {
        self.node().conclusion.into()
    }

    /// When it started (UTC).
    async fn started_at(&self) -> Option<Timestamp> {
        self.node().started_at
    }

    /// When it finished (UTC); null while it is open.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.node().finished_at
    }

    /// Who started this attempt, often a machine.
    async fn triggered_by(&self) -> Option<Person> {
        let run = self.node();
        Person::of_account(&self.graph, run.triggered_by.as_ref().or(run.actor.as_ref()))
    }

    /// How many jobs or checks it has.
    async fn job_count(&self) -> usize {
        self.node().jobs.len()
    }

    /// Its jobs or checks, those that did not succeed first, 50 at most.
    async fn jobs(&self) -> Vec<PipelineJob> {
        let mut jobs: Vec<&domain::PipelineJob> = self.node().jobs.iter().collect();
        jobs.sort_by_key(|job| job.conclusion == domain::RunConclusion::Success);
        let shown = jobs.into_iter().take(MOST_JOBS);
        let job = |job: &domain::PipelineJob| PipelineJob {
            name: job.name.to_string(),
            conclusion: job.conclusion.into(),
            finished_at: job.finished_at,
        };
        shown.map(job).collect()
    }

    /// The repository.
    async fn repository(&self, ctx: &Context<'_>) -> Result<Option<Repository>> {
        Ok(Session::of(ctx)?.find(&self.graph, &self.node().repository))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::PipelineRun])
    }
}

/// A job of a run, or a check of an app.
#[derive(SimpleObject)]
pub(crate) struct PipelineJob {
    /// Its name.
    name: String,
    /// How it ended.
    conclusion: RunConclusion,
    /// When (UTC); null while it is open.
    finished_at: Option<Timestamp>,
}
