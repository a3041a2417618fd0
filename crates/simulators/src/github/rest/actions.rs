//! GitHub Actions: workflows, runs, jobs, artifacts and their archives.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::github::Github;
use crate::github::call::{Answer, Call, Refusal, Reply, Within};
use crate::github::content::{Artifact, Workflow, WorkflowRun};
use crate::github::zip;

/// A filtered list of runs goes no further back.
const MOST_FILTERED_RUNS: usize = 1_000;
/// The address of an archive works for a minute.
const ADDRESS_LIFETIME: SignedDuration = SignedDuration::from_mins(1);

pub(super) async fn workflows(at: Within) -> Answer {
    Ok(at.counted("workflows", &at.shelf.data.workflows, |workflow| at.shape().workflow(&at.shelf.data, workflow)))
}

pub(super) async fn workflow(at: Within) -> Answer {
    Ok(Reply::json(at.shape().workflow(&at.shelf.data, find_workflow(&at)?)))
}

/// All runs, or those of one workflow; newest first.
pub(super) async fn runs(at: Within) -> Answer {
    let of_workflow = if at.part("workflow").is_empty() { None } else { Some(find_workflow(&at)?.id) };
    let call = &at.call;
    let filters = ["actor", "branch", "event", "status", "created", "head_sha"];
    let asked = |name: &str, value: Option<&str>| call.query(name).is_none_or(|wanted| value == Some(wanted));
    let created = call.query("created").map(Span::read);
    let mut runs: Vec<&WorkflowRun> = at
        .shelf
        .data
        .workflow_runs
        .iter()
        .filter(|run| of_workflow.is_none_or(|id| run.workflow == id))
        .filter(|run| asked("actor", Some(&run.actor)) && asked("branch", run.head_branch.as_deref()))
        .filter(|run| asked("event", Some(&run.event)) && asked("head_sha", Some(&run.head_sha)))
        .filter(|run| {
            let last = run.attempts.last();
            asked("status", last.map(|last| last.status.as_str()))
                || asked("status", last.and_then(|last| last.conclusion.as_deref()))
        })
        .filter(|run| created.as_ref().is_none_or(|span| span.contains(run.created_at)))
        .collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.created_at, run.id)));
    if filters.iter().any(|name| call.query(name).is_some()) {
        runs.truncate(MOST_FILTERED_RUNS);
    }
    Ok(at.counted("workflow_runs", &runs, |run| at.shape().run(&at.shelf, run, run.attempts.len())))
}

pub(super) async fn run(at: Within) -> Answer {
    let run = find_run(&at)?;
    Ok(Reply::json(at.shape().run(&at.shelf, run, run.attempts.len())))
}

pub(super) async fn attempt(at: Within) -> Answer {
    let (run, attempt) = find_attempt(&at)?;
    Ok(Reply::json(at.shape().run(&at.shelf, run, attempt)))
}

pub(super) async fn jobs_of_attempt(at: Within) -> Answer {
    let (run, attempt) = find_attempt(&at)?;
    Ok(jobs_page(&at, run, &[attempt]))
}

/// Those of the last attempt, or with `filter=all` of every attempt.
pub(super) async fn jobs(at: Within) -> Answer {
    let run = find_run(&at)?;
    let last = run.attempts.len();
    let attempts: Vec<usize> =
        if at.call.query("filter") == Some("all") { (1..=last).rev().collect() } else { vec![last] };
    Ok(jobs_page(&at, run, &attempts))
}

fn jobs_page(at: &Within, run: &WorkflowRun, attempts: &[usize]) -> Reply {
    let jobs: Vec<_> = attempts
        .iter()
        .filter_map(|&number| Some((number, run.attempts.get(number.checked_sub(1)?)?)))
        .flat_map(|(number, attempt)| attempt.jobs.iter().map(move |job| (number, job)))
        .collect();
    at.counted("jobs", &jobs, |(number, job)| at.shape().job(&at.shelf, run, (*number, job)))
}

pub(super) async fn job(at: Within) -> Answer {
    let id = at.number("id")?;
    for run in &at.shelf.data.workflow_runs {
        for (number, attempt) in run.attempts.iter().enumerate() {
            if let Some(job) = attempt.jobs.iter().find(|job| job.id == id) {
                return Ok(Reply::json(at.shape().job(&at.shelf, run, (number + 1, job))));
            }
        }
    }
    Err(Refusal::NotFound)
}

pub(super) async fn artifacts(at: Within) -> Answer {
    let runs = at.shelf.data.workflow_runs.iter();
    let mut all: Vec<_> = runs.flat_map(|run| run.artifacts.iter().map(move |artifact| (run, artifact))).collect();
    all.retain(|(_, artifact)| at.call.query("name").is_none_or(|name| artifact.name == name));
    all.sort_by_key(|(_, artifact)| std::cmp::Reverse(artifact.id));
    Ok(at.counted("artifacts", &all, |(run, artifact)| at.shape().artifact(&at.shelf.data, run, artifact)))
}

pub(super) async fn artifacts_of_run(at: Within) -> Answer {
    let run = find_run(&at)?;
    let wanted =
        run.artifacts.iter().filter(|artifact| at.call.query("name").is_none_or(|name| artifact.name == name));
    let artifacts: Vec<&Artifact> = wanted.collect();
    Ok(at.counted("artifacts", &artifacts, |artifact| at.shape().artifact(&at.shelf.data, run, artifact)))
}

pub(super) async fn artifact(at: Within) -> Answer {
    let (run, artifact) = find_artifact(&at)?;
    Ok(Reply::json(at.shape().artifact(&at.shelf.data, run, artifact)))
}

/// Sends the client to an address that needs no token and does not live long.
pub(super) async fn archive(at: Within) -> Result<Response, Refusal> {
    if at.call.caller.token.is_none() {
        return Err(Refusal::RequiresAuthentication);
    }
    let (_, artifact) = find_artifact(&at)?;
    if artifact.expires_at <= at.call.now {
        return Err(Refusal::Gone);
    }
    let until = at.call.now.saturating_add(ADDRESS_LIFETIME).unwrap_or(Timestamp::MAX).as_second();
    let (repository, id) = (at.shelf.data.id, artifact.id);
    let url = format!(
        "{}/_storage/artifacts/{repository}/{id}?se={until}&sig={}",
        at.call.caller.base,
        sign(repository, id, until)
    );
    Ok((StatusCode::FOUND, [(LOCATION, url)]).into_response())
}

pub(super) async fn stored(
    State(github): State<Github>,
    Path((repository, id)): Path<(u64, u64)>,
    call: Call,
) -> Result<Response, Refusal> {
    let until: i64 = call.query("se").and_then(|text| text.parse().ok()).unwrap_or_default();
    if call.query("sig") != Some(sign(repository, id, until).as_str()) || until < call.now.as_second() {
        return Err(Refusal::Forbidden("Server failed to authenticate the request.".to_owned()));
    }
    let shelf = github.read().by_id(repository).ok_or(Refusal::NotFound)?;
    let mut artifacts = shelf.data.workflow_runs.iter().flat_map(|run| &run.artifacts);
    let artifact = artifacts.find(|artifact| artifact.id == id).ok_or(Refusal::NotFound)?;
    let name = format!("attachment; filename=\"{}.zip\"", artifact.name.replace('"', ""));
    let headers = [(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, zip::archive(artifact)).into_response())
}

pub(super) async fn approvals(at: Within) -> Answer {
    let run = find_run(&at)?;
    let approvals = run.approvals.iter().map(|approval| at.shape().run_approval(&at.shelf.data, approval));
    Ok(Reply::json(Value::Array(approvals.collect())))
}

pub(super) async fn pending(at: Within) -> Answer {
    let run = find_run(&at)?;
    let login = at.call.caller.token.as_ref().map(|token| token.login.as_str());
    let pending = run
        .pending_deployments
        .iter()
        .filter_map(|pending| at.shape().pending_deployment(&at.shelf.data, pending, login));
    Ok(Reply::json(Value::Array(pending.collect())))
}

fn sign(repository: u64, artifact: u64, until: i64) -> String {
    blake3::hash(format!("{repository}/{artifact}/{until}").as_bytes()).to_hex().to_string()
}

fn find_run(at: &Within) -> Result<&WorkflowRun, Refusal> {
    at.shelf.run(at.number("id")?).ok_or(Refusal::NotFound)
}

fn find_attempt(at: &Within) -> Result<(&WorkflowRun, usize), Refusal> {
    let run = find_run(at)?;
    let attempt = usize::try_from(at.number("attempt")?).map_err(|_| Refusal::NotFound)?;
    if (1..=run.attempts.len()).contains(&attempt) { Ok((run, attempt)) } else { Err(Refusal::NotFound) }
}

/// By id or by the name of its file.
fn find_workflow(at: &Within) -> Result<&Workflow, Refusal> {
    let wanted = at.part("workflow");
    let mut workflows = at.shelf.data.workflows.iter();
    let found = workflows
        .find(|workflow| workflow.id.to_string() == wanted || workflow.path.rsplit('/').next() == Some(wanted));
    found.ok_or(Refusal::NotFound)
}

fn find_artifact(at: &Within) -> Result<(&WorkflowRun, &Artifact), Refusal> {
    let id = at.number("id")?;
    let runs = at.shelf.data.workflow_runs.iter();
    let mut all = runs.flat_map(|run| run.artifacts.iter().map(move |artifact| (run, artifact)));
    all.find(|(_, artifact)| artifact.id == id).ok_or(Refusal::NotFound)
}

/// A range as GitHub's search writes it: `>=2026-01-01`, `2026-01-01..2026-02-01`, `2026-01-01`.
pub(super) struct Span {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Span {
    pub(super) fn read(text: &str) -> Self {
        let end_of = |moment: Timestamp, text: &str| {
            if text.contains('T') { moment } else { shift(moment, 86_399) }
        };
        if let Some((from, until)) = text.split_once("..") {
            return Self { from: moment(from), until: moment(until).map(|moment| end_of(moment, until)) };
        }
        if let Some(rest) = text.strip_prefix(">=") {
            Self { from: moment(rest), until: None }
        } else if let Some(rest) = text.strip_prefix('>') {
            Self { from: moment(rest).map(|moment| shift(end_of(moment, rest), 1)), until: None }
        } else if let Some(rest) = text.strip_prefix("<=") {
            Self { from: None, until: moment(rest).map(|moment| end_of(moment, rest)) }
        } else if let Some(rest) = text.strip_prefix('<') {
            Self { from: None, until: moment(rest).map(|moment| shift(moment, -1)) }
        } else {
            Self { from: moment(text), until: moment(text).map(|moment| end_of(moment, text)) }
        }
    }

    pub(super) fn contains(&self, moment: Timestamp) -> bool {
        self.from.is_none_or(|from| moment >= from) && self.until.is_none_or(|until| moment <= until)
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| format!("{text}T00:00:00Z").parse().ok())
}

fn shift(moment: Timestamp, seconds: i64) -> Timestamp {
    moment.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
