//! What happened, by its own moments: code, builds, deployments, incidents, monitoring.

use domain::{
    AlertState, DeploymentOutcome, IncidentState, ProblemState, PullRequestState, Records, RepositoryId,
    RunConclusion, Tag,
};
use jiff::Timestamp;

use super::{by, forget_later};

pub(super) fn rewind(records: &mut Records, moment: Timestamp) {
    code(records, moment);
    delivery(records, moment);
    troubles(records, moment);
    monitoring(records, moment);
    records.work_items.retain(|item| by(moment, item.created_at));
    for item in &mut records.work_items {
        forget_later(moment, &mut item.resolved_at);
    }
}

/// When a tag came to be: published, or tagged, or at the earliest with its commit.
fn tagged_at(tag: &Tag) -> Option<Timestamp> {
    let tagged = tag.tagger.as_ref().map(|tagger| tagger.at);
    tagged.or(tag.committed_at).or(tag.published_at)
}

fn code(records: &mut Records, moment: Timestamp) {
    records.commits.retain(|commit| commit.committer.at <= moment);
    let later: Vec<_> = records.tags.iter().filter(|tag| !by(moment, tagged_at(tag))).cloned().collect();
    let is_later = |repository: &RepositoryId, name: &str| {
        later.iter().any(|tag| &tag.repository == repository && (*tag.name == *name || *tag.commit == *name))
    };
    records.files.retain(|file| !is_later(&file.repository, &file.tag));
    records.commit_ranges.retain(|range| !is_later(&range.repository, &range.head));
    records.tags.retain(|tag| by(moment, tagged_at(tag)));
    for tag in records.tags.iter_mut().filter(|tag| !by(moment, tag.published_at)) {
        (tag.published_at, tag.release_name) = (None, None);
    }
    for pull in &mut records.pull_requests {
        if !by(moment, pull.merged_at) {
            (pull.merged_at, pull.merged_by, pull.merge_commit) = (None, None, None);
            pull.state = PullRequestState::Open;
        }
        pull.reviews.retain(|review| by(moment, review.submitted_at));
    }
}

fn delivery(records: &mut Records, moment: Timestamp) {
    records.pipeline_runs.retain(|run| by(moment, run.started_at));
    for run in &mut records.pipeline_runs {
        if !by(moment, run.finished_at) {
            (run.finished_at, run.conclusion) = (None, RunConclusion::InProgress);
        }
        for job in run.jobs.iter_mut().filter(|job| !by(moment, job.finished_at)) {
            (job.finished_at, job.conclusion) = (None, RunConclusion::InProgress);
        }
    }
    records.test_reports.retain(|report| by(moment, report.finished_at));
    records.artifacts.retain(|artifact| by(moment, artifact.created_at));
    records.deployments.retain(|deployment| by(moment, deployment.started_at.or(deployment.finished_at)));
    for deployment in &mut records.deployments {
        if !by(moment, deployment.finished_at) {
            (deployment.finished_at, deployment.outcome) = (None, DeploymentOutcome::InProgress);
        }
        deployment.rollout.retain(|step| step.at <= moment);
    }
}

fn troubles(records: &mut Records, moment: Timestamp) {
    records.incidents.retain(|incident| by(moment, incident.opened_at));
    for incident in &mut records.incidents {
        forget_later(moment, &mut incident.closed_at);
        if !by(moment, incident.resolved_at) {
            incident.resolved_at = None;
            (incident.state, incident.state_label) = (IncidentState::InProgress, "In Progress".into());
            (incident.close_code, incident.close_notes) = (None, None);
        }
        // What caused it and what mended it is found out while it is open or after; when exactly, nobody keeps.
        if incident.state.is_open() {
            (incident.caused_by, incident.fixed_by) = (None, None);
        }
    }
    let later = records.problems.iter().filter(|problem| !by(moment, problem.opened_at));
    let later: Vec<_> = later.map(|problem| problem.id.clone()).collect();
    records.known_errors.retain(|error| !later.contains(&error.problem));
    records.problems.retain(|problem| !later.contains(&problem.id));
    for problem in records.problems.iter_mut().filter(|problem| !by(moment, problem.resolved_at)) {
        (problem.resolved_at, problem.state) = (None, ProblemState::RootCauseAnalysis);
        problem.state_label = "Root Cause Analysis".into();
        (problem.fix, problem.fixed_by) = (None, None);
    }
}

fn monitoring(records: &mut Records, moment: Timestamp) {
    records.alerts.retain(|alert| by(moment, alert.started_at));
    for alert in records.alerts.iter_mut().filter(|alert| !by(moment, alert.ended_at)) {
        (alert.ended_at, alert.state) = (None, AlertState::Firing);
    }
    records.runtime_observations.retain(|seen| seen.since.unwrap_or(seen.observed_at) <= moment);
    for seen in records.runtime_observations.iter_mut().filter(|seen| seen.observed_at > moment) {
        (seen.observed_at, seen.current) = (moment, true);
    }
    records.health_observations.retain(|result| result.observed_at <= moment);
}
