//! GitHub's deployments and workflow runs as domain values. Pure.

use domain::{
    DeploymentId, DeploymentMethod, DeploymentOutcome, DeploymentRecord, EnvironmentReview, EnvironmentReviewState,
    PipelineJob, PipelineRun, PipelineRunId, RunConclusion, Text,
};
use serde_json::Value;

use super::convert::{Place, filled};
use super::graph_wire::{DeploymentFacts, DeploymentReviewFacts, StatusFacts};
use super::people::People;
use super::wire::{Job, Run};

/// A deployment, and the login of the human whom its payload names.
#[derive(Debug, Clone)]
pub(super) struct DeploymentRead {
    pub(super) record: DeploymentRecord,
    pub(super) triggered_by: Option<String>,
}

pub(super) fn deployment(place: &Place, people: &mut People, facts: &DeploymentFacts) -> DeploymentRead {
    let native = place.native('/', facts.database_id);
    let connector = &place.origin.connector;
    let statuses = in_order(facts);
    let payload = Payload::read(facts.payload.as_deref());
    let run = statuses.iter().rev().find_map(|status| run_of(status.log_url.as_deref()?));
    let described = facts.description.as_deref().and_then(change_number_in);
    let record = DeploymentRecord {
        id: DeploymentId::new(connector, native.as_str()),
        repository: Some(place.id()),
        commit: filled(Some(&facts.commit_oid)),
        reference: facts.reference.as_ref().map(|reference| reference.name.as_str().into()),
        service: payload.text(&["service", "application", "component"]),
        environment: facts.environment.as_deref().unwrap_or("production").into(),
        digest: payload.text(&["digest", "image_digest"]).filter(|digest| digest.contains(':')),
        method: DeploymentMethod::Pipeline,
        outcome: outcome(facts, &statuses),
        started_at: Some(
            statuses
                .iter()
                .find(|status| status.state == "IN_PROGRESS")
                .map_or(facts.created_at, |status| status.created_at),
        ),
        finished_at: decisive(&statuses).filter(|status| is_final(&status.state)).map(|status| status.created_at),
        rollout: Vec::new(),
        actor: people.who(&place.origin, facts.creator.as_ref()),
        triggered_by: None,
        run: run.map(|run| PipelineRunId::new(connector, place.native('!', run))),
        change_number: payload.text(&["change", "change_number", "change_request"]).or(described),
        rollback_of: payload.text(&["rollback_of"]),
        source: place.origin.source(native, Some(format!("{}/deployments", place.url))),
    };
    let triggered_by = payload.text(&["triggered_by", "deployed_by"]).map(|login| login.to_string());
    DeploymentRead { record, triggered_by }
}

/// What the deployer wrote beside the deployment, often JSON in JSON.
struct Payload(Value);

impl Payload {
    fn read(sent: Option<&str>) -> Self {
        let read = |text: &str| serde_json::from_str::<Value>(text).ok();
        let value = sent.and_then(read).unwrap_or(Value::Null);
        Self(match value {
            Value::String(inner) => read(&inner).unwrap_or(Value::Null),
            value => value,
        })
    }

    /// The first of these keys that says something.
    fn text(&self, keys: &[&str]) -> Option<Text> {
        keys.iter().find_map(|key| match self.0.get(*key)? {
            Value::String(text) => filled(Some(text.trim())),
            Value::Number(number) => Some(number.to_string().into()),
            _ => None,
        })
    }
}

/// Oldest first; of one moment the one that ends more comes last.
fn in_order(facts: &DeploymentFacts) -> Vec<&StatusFacts> {
    let rank = |state: &str| match state {
        "QUEUED" => 0,
        "PENDING" => 1,
        "WAITING" => 2,
        "IN_PROGRESS" => 3,
        "INACTIVE" => 5,
        _ => 4,
    };
    let mut statuses: Vec<&StatusFacts> = facts.statuses.iter().flat_map(|statuses| statuses.each()).collect();
    statuses.sort_by_key(|status| (status.created_at, rank(&status.state)));
    statuses
}

/// The newest status that says how it went: inactive only says that something newer runs.
fn decisive<'a>(statuses: &[&'a StatusFacts]) -> Option<&'a StatusFacts> {
    statuses.iter().rev().find(|status| status.state != "INACTIVE").copied()
}

fn is_final(state: &str) -> bool {
    matches!(state, "SUCCESS" | "FAILURE" | "ERROR")
}

fn outcome(facts: &DeploymentFacts, statuses: &[&StatusFacts]) -> DeploymentOutcome {
    let superseded = statuses.last().is_some_and(|status| status.state == "INACTIVE");
    match decisive(statuses).map(|status| status.state.as_str()) {
        Some("SUCCESS") => DeploymentOutcome::Succeeded,
        Some("FAILURE" | "ERROR") => DeploymentOutcome::Failed,
        // Superseded before it told how it went.
        Some(_) if superseded => DeploymentOutcome::Unknown,
        None if superseded => DeploymentOutcome::Unknown,
        None if matches!(facts.state.as_deref(), Some("ABANDONED")) => DeploymentOutcome::Cancelled,
        Some("QUEUED" | "PENDING" | "WAITING") | None => DeploymentOutcome::Pending,
        Some("IN_PROGRESS") => DeploymentOutcome::InProgress,
        Some(_) => DeploymentOutcome::Unknown,
    }
}

/// The run behind a status' log, `…/actions/runs/ID…`.
fn run_of(log: &str) -> Option<u64> {
    let (_, rest) = log.split_once("/actions/runs/")?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// A change's number such as CHG0030001 in a text.
fn change_number_in(text: &str) -> Option<Text> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).find_map(|word| {
        let digits = word.strip_prefix("CHG")?;
        (digits.len() >= 5 && digits.chars().all(|digit| digit.is_ascii_digit())).then(|| word.into())
    })
}

/// What a run consists of beside what the list of runs tells.
#[derive(Debug, Default)]
pub(super) struct Inside {
    pub(super) jobs: Vec<Job>,
    pub(super) reviews: Option<Vec<DeploymentReviewFacts>>,
}

pub(super) fn run(place: &Place, people: &mut People, sent: &Run, inside: &Inside) -> PipelineRun {
    let native = place.native('!', sent.id);
    let finished = sent.status.as_deref() == Some("completed");
    // A path may carry the ref it was taken from: `.github/workflows/ci.yml@main`.
    let path = sent.path.as_deref().map(|path| path.split('@').next().unwrap_or_default());
    PipelineRun {
        id: PipelineRunId::new(&place.origin.connector, native.as_str()),
        repository: place.id(),
        name: sent.name.as_deref().or(path).unwrap_or_default().into(),
        path: filled(path),
        commit: sent.head_sha.as_str().into(),
        event: filled(Some(&sent.event)),
        attempt: sent.run_attempt.unwrap_or(1),
        conclusion: conclusion(sent.status.as_deref(), sent.conclusion.as_deref()),
        actor: people.user(&place.origin, sent.actor.as_ref()),
        triggered_by: people.user(&place.origin, sent.triggering_actor.as_ref()),
        started_at: sent.run_started_at.or(Some(sent.created_at)),
        finished_at: finished.then_some(sent.updated_at),
        jobs: inside
            .jobs
            .iter()
            .map(|job| PipelineJob {
                name: job.name.as_str().into(),
                conclusion: conclusion(Some(&job.status), job.conclusion.as_deref()),
                finished_at: job.completed_at,
            })
            .collect(),
        reviews: inside.reviews.as_ref().map(|all| all.iter().map(|one| review(place, people, one)).collect()),
        source: place.origin.source(native, sent.html_url.clone()),
    }
}

fn review(place: &Place, people: &mut People, facts: &DeploymentReviewFacts) -> EnvironmentReview {
    let names = facts.environments.iter().flat_map(|environments| environments.each());
    EnvironmentReview {
        environments: names.map(|environment| environment.name.as_str().into()).collect(),
        state: match facts.state.as_str() {
            "APPROVED" => EnvironmentReviewState::Approved,
            "REJECTED" => EnvironmentReviewState::Rejected,
            _ => EnvironmentReviewState::Other,
        },
        reviewer: people.who(&place.origin, facts.user.as_ref()),
    }
}

pub(super) fn conclusion(status: Option<&str>, word: Option<&str>) -> RunConclusion {
    match (status == Some("completed"), word) {
        (_, Some("success")) => RunConclusion::Success,
        (_, Some("failure" | "startup_failure")) => RunConclusion::Failure,
        (_, Some("cancelled")) => RunConclusion::Cancelled,
        (_, Some("skipped")) => RunConclusion::Skipped,
        (_, Some("neutral")) => RunConclusion::Neutral,
        (_, Some("timed_out")) => RunConclusion::TimedOut,
        (_, Some("action_required")) => RunConclusion::ActionRequired,
        (false, None) => RunConclusion::InProgress,
        _ => RunConclusion::Other,
    }
}
