//! What others than workflows report on a release's commit: check runs of apps, suite by suite, and statuses, the older
//! of GitHub's two systems. Both are runs of a pipeline that lives elsewhere. Check runs of workflows are left out:
//! they are the jobs of runs that are read as such.

use std::collections::BTreeMap;

use domain::{PipelineJob, PipelineRun, PipelineRunId, RunConclusion};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::convert::Place;
use super::delivery::conclusion;
use super::graph_wire::{Connection, Who};
use super::graphql::{Batch, quoted};
use super::people::People;
use super::reading::Reading;
use crate::error::{ConnectorError, FailureKind};

pub(super) const TAIL: &str =
    concat!("}}\n", include_str!("documents/checks.graphql"), include_str!("documents/who.graphql"));

/// Commits whose checks are asked for in one request.
const MOST_COMMITS: usize = 25;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    status_check_rollup: Option<Rollup>,
}

#[derive(Debug, Deserialize)]
struct Rollup {
    contexts: Connection<Context>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "__typename")]
enum Context {
    CheckRun(CheckFacts),
    #[serde(rename = "StatusContext")]
    Status(StatusFacts),
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CheckFacts {
    name: String,
    status: String,
    conclusion: Option<String>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    permalink: Option<String>,
    check_suite: Suite,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suite {
    database_id: u64,
    app: Option<App>,
    workflow_run: Option<RunNumber>,
}

#[derive(Debug, Deserialize)]
struct App {
    name: String,
}

/// Only whether there is one matters.
#[derive(Debug, Deserialize)]
struct RunNumber {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusFacts {
    context: String,
    state: String,
    created_at: Timestamp,
    target_url: Option<String>,
    creator: Option<Who>,
}

/// What was reported on some commits.
#[derive(Default)]
pub(super) struct Reported {
    pub(super) runs: Vec<PipelineRun>,
    /// Why some of it is missing.
    pub(super) failure: Option<ConnectorError>,
}

impl Reading<'_> {
    /// What others report on these commits. A failure of one commit hides the checks of no other.
    pub(super) async fn checks_on(
        &self,
        commits: &[&str],
        people: &mut People,
    ) -> Result<Reported, ConnectorError> {
        const OPERATION: &str = "read checks";
        let (owner, name) = self.owner_and_name();
        let item = |(place, sha): (usize, &&str)| {
            (format!("c{place}"), format!("object(oid: {}) {{ ...ChecksOfCommit }}", quoted(sha)))
        };
        let items: Vec<_> = commits.iter().enumerate().map(item).collect();
        let batch = Batch {
            operation: OPERATION,
            head: "query Checks($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {",
            tail: TAIL,
            at: &["repository"],
            variables: json!({ "owner": owner, "name": name }),
            most: MOST_COMMITS,
        };
        let mut answers = self.client.batch(&batch, &items).await;
        let mut reported = Reported::default();
        for (place, sha) in commits.iter().enumerate() {
            let answer = match answers.remove(&format!("c{place}")).unwrap_or(Ok(None)) {
                Ok(answer) => answer,
                Err(error) if matches!(error.kind, FailureKind::Denied | FailureKind::TooLarge) => {
                    reported.failure = Some(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(answer) = answer else { continue };
            let checked: Checked = self.decode(OPERATION, answer)?;
            let Some(Rollup { contexts }) = checked.status_check_rollup else { continue };
            if contexts.total_count != Some(contexts.each().count() as u64) {
                let because = "not all checks of a commit came";
                reported.failure = Some(self.client.failed(OPERATION, FailureKind::TooLarge, because));
            }
            reported.runs.extend(runs(&self.place, people, sha, &contexts));
        }
        Ok(reported)
    }
}

/// One run for each suite of an app, and one for each status.
fn runs(place: &Place, people: &mut People, sha: &str, contexts: &Connection<Context>) -> Vec<PipelineRun> {
    let mut suites: BTreeMap<u64, Vec<&CheckFacts>> = BTreeMap::new();
    let mut runs = Vec::new();
    for context in contexts.each() {
        match context {
            Context::CheckRun(check) if check.check_suite.workflow_run.is_none() => {
                suites.entry(check.check_suite.database_id).or_default().push(check);
            }
            Context::Status(status) => runs.push(of_status(place, people, sha, status)),
            Context::CheckRun(_) | Context::Other => {}
        }
    }
    runs.extend(suites.into_iter().map(|(suite, checks)| of_suite(place, sha, (suite, &checks))));
    runs
}

fn of_suite(place: &Place, sha: &str, (suite, checks): (u64, &[&CheckFacts])) -> PipelineRun {
    let jobs: Vec<PipelineJob> = checks
        .iter()
        .map(|check| {
            let word = check.conclusion.as_deref().map(str::to_ascii_lowercase);
            PipelineJob {
                name: check.name.as_str().into(),
                conclusion: conclusion(Some(&check.status.to_ascii_lowercase()), word.as_deref()),
                finished_at: check.completed_at,
            }
        })
        .collect();
    let app = checks.iter().find_map(|check| check.check_suite.app.as_ref());
    let finished = checks.iter().map(|check| check.completed_at).collect::<Option<Vec<_>>>();
    PipelineRun {
        name: app.map_or("check", |app| app.name.as_str()).into(),
        conclusion: together(&jobs),
        started_at: checks.iter().filter_map(|check| check.started_at).min(),
        finished_at: finished.and_then(|all| all.into_iter().max()),
        jobs,
        ..bare(place, sha, (format!("suite-{suite}"), checks.iter().find_map(|check| check.permalink.clone())))
    }
}

fn of_status(place: &Place, people: &mut People, sha: &str, status: &StatusFacts) -> PipelineRun {
    let (conclusion, ended) = match status.state.as_str() {
        "SUCCESS" => (RunConclusion::Success, true),
        "FAILURE" | "ERROR" => (RunConclusion::Failure, true),
        "PENDING" | "EXPECTED" => (RunConclusion::InProgress, false),
        _ => (RunConclusion::Other, true),
    };
    PipelineRun {
        name: status.context.as_str().into(),
        conclusion,
        actor: people.who(&place.origin, status.creator.as_ref()),
        started_at: Some(status.created_at),
        finished_at: ended.then_some(status.created_at),
        ..bare(place, sha, (format!("status-{sha}-{}", status.context), status.target_url.clone()))
    }
}

fn bare(place: &Place, sha: &str, (native, url): (String, Option<String>)) -> PipelineRun {
    let native = place.native('!', native);
    PipelineRun {
        id: PipelineRunId::new(&place.origin.connector, native.as_str()),
        repository: place.id(),
        name: "".into(),
        path: None,
        commit: sha.into(),
        event: None,
        attempt: 1,
        conclusion: RunConclusion::Other,
        actor: None,
        triggered_by: None,
        started_at: None,
        finished_at: None,
        jobs: Vec::new(),
        reviews: None,
        source: place.origin.source(native, url.filter(|url| !url.is_empty())),
    }
}

/// How a suite ended: as the worst of its checks. Those that were skipped or are neutral spoil nothing.
fn together(jobs: &[PipelineJob]) -> RunConclusion {
    let rank = |job: &PipelineJob| match job.conclusion {
        RunConclusion::Failure => 0,
        RunConclusion::TimedOut => 1,
        RunConclusion::ActionRequired => 2,
        RunConclusion::Cancelled => 3,
        RunConclusion::Other => 4,
        RunConclusion::InProgress => 5,
        RunConclusion::Success => 6,
        RunConclusion::Neutral => 7,
        RunConclusion::Skipped => 8,
    };
    jobs.iter().min_by_key(|job| rank(job)).map_or(RunConclusion::Other, |job| job.conclusion)
}
