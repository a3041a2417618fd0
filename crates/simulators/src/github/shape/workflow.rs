//! GitHub Actions: workflows, runs, jobs, artifacts, approvals.

use serde_json::{Value, json};

use super::commit::decimal;
use super::{Shape, time, time_or_null};
use crate::github::content::{
    Artifact, Job, PendingDeployment, Repository, RunApproval, RunAttempt, Workflow, WorkflowRun,
};
use crate::github::node_id;
use crate::github::shelf::Shelf;
use crate::github::zip;

impl Shape<'_> {
    pub(in crate::github) fn workflow(&self, repository: &Repository, workflow: &Workflow) -> Value {
        let page = self.page(repository);
        let file = workflow.path.rsplit('/').next().unwrap_or_default();
        json!({
            "id": workflow.id, "node_id": node_id::write("W", repository.id, workflow.id), "name": workflow.name, "path": workflow.path, "state": "active",
            "created_at": time(workflow.created_at), "updated_at": time(workflow.created_at),
            "url": format!("{}/actions/workflows/{}", self.api(repository), workflow.id),
            "html_url": format!("{page}/blob/{}/{}", repository.default_branch, workflow.path), "badge_url": format!("{page}/actions/workflows/{file}/badge.svg"),
        })
    }

    /// A run as its attempt number `attempt` (from 1) shows it.
    pub(in crate::github) fn run(&self, shelf: &Shelf, run: &WorkflowRun, attempt: usize) -> Value {
        let repository = &shelf.data;
        let (api, id) = (self.api(repository), run.id);
        let url = format!("{api}/actions/runs/{id}");
        let workflow = repository.workflows.iter().find(|workflow| workflow.id == run.workflow);
        let empty = RunAttempt {
            started_at: run.created_at,
            updated_at: run.created_at,
            triggering_actor: run.actor.clone(),
            status: "queued".into(),
            ..RunAttempt::default()
        };
        let shown = run.attempts.get(attempt.saturating_sub(1)).unwrap_or(&empty);
        let suite = decimal(&format!("suite of {id}"));
        let pulls = run.pull_requests.iter().filter_map(|number| shelf.pull(*number));
        let previous = (attempt > 1).then(|| format!("{url}/attempts/{}", attempt - 1));
        let mut body = json!({
            "id": id, "name": workflow.map(|workflow| &workflow.name), "node_id": node_id::write("WFR", repository.id, id),
            "check_suite_id": suite, "check_suite_node_id": node_id::write("CS", repository.id, suite), "head_branch": run.head_branch, "head_sha": run.head_sha,
            "path": workflow.map(|workflow| workflow.path.as_str()).unwrap_or_default(), "run_number": run.run_number, "run_attempt": attempt.max(1),
            "referenced_workflows": [], "event": run.event, "display_title": run.display_title, "status": shown.status, "conclusion": shown.conclusion,
            "workflow_id": run.workflow, "url": url, "html_url": format!("{}/actions/runs/{id}", self.page(repository)),
            "pull_requests": pulls.map(|pull| self.pull_reference(repository, pull)).collect::<Vec<_>>(),
            "created_at": time(run.created_at), "updated_at": time(shown.updated_at), "run_started_at": time(shown.started_at),
            "actor": self.user(&run.actor), "triggering_actor": self.user(&shown.triggering_actor),
        });
        let more = json!({
            "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"), "check_suite_url": format!("{api}/check-suites/{suite}"),
            "artifacts_url": format!("{url}/artifacts"), "cancel_url": format!("{url}/cancel"), "rerun_url": format!("{url}/rerun"),
            "previous_attempt_url": previous, "workflow_url": format!("{api}/actions/workflows/{}", run.workflow),
            "head_commit": shelf.commit(&run.head_sha).map(|commit| self.simple_commit(commit)),
            "repository": self.minimal_repository(repository), "head_repository": self.minimal_repository(repository), "head_repository_id": repository.id,
        });
        super::person::extend(&mut body, more);
        body
    }

    pub(in crate::github) fn job(&self, shelf: &Shelf, run: &WorkflowRun, (attempt, job): (usize, &Job)) -> Value {
        let repository = &shelf.data;
        let api = self.api(repository);
        let workflow = repository.workflows.iter().find(|workflow| workflow.id == run.workflow);
        let steps = job.steps.iter().enumerate().map(|(at, step)| {
            json!({
                "name": step.name, "status": step.status, "conclusion": step.conclusion, "number": at + 1,
                "started_at": time_or_null(step.started_at), "completed_at": time_or_null(step.completed_at),
            })
        });
        json!({
            "id": job.id, "run_id": run.id, "workflow_name": workflow.map(|workflow| &workflow.name), "head_branch": run.head_branch,
            "run_url": format!("{api}/actions/runs/{}", run.id), "run_attempt": attempt, "node_id": node_id::write("CR", repository.id, job.id),
            "head_sha": run.head_sha, "url": format!("{api}/actions/jobs/{}", job.id),
            "html_url": format!("{}/actions/runs/{}/job/{}", self.page(repository), run.id, job.id), "status": job.status, "conclusion": job.conclusion,
            "created_at": time(job.started_at), "started_at": time(job.started_at), "completed_at": time_or_null(job.completed_at), "name": job.name,
            "steps": steps.collect::<Vec<_>>(), "check_run_url": format!("{api}/check-runs/{}", job.id), "labels": job.labels,
            "runner_id": job.runner.as_ref().map(|name| decimal(name)), "runner_name": job.runner,
            "runner_group_id": job.runner.as_ref().map(|_| 0), "runner_group_name": job.runner.as_ref().map(|_| "GitHub Actions"),
        })
    }

    pub(in crate::github) fn artifact(
        &self,
        repository: &Repository,
        run: &WorkflowRun,
        artifact: &Artifact,
    ) -> Value {
        let url = format!("{}/actions/artifacts/{}", self.api(repository), artifact.id);
        let archive = zip::archive(artifact);
        json!({
            "id": artifact.id, "node_id": node_id::write("MDg6QXJ0aWZhY3Q", repository.id, artifact.id), "name": artifact.name,
            "size_in_bytes": archive.len(), "url": url, "archive_download_url": format!("{url}/zip"), "expired": artifact.expires_at <= self.now,
            "digest": format!("sha256:{}", zip::sha256(&archive)), "created_at": time(artifact.created_at), "updated_at": time(artifact.created_at),
            "expires_at": time(artifact.expires_at),
            "workflow_run": {
                "id": run.id, "repository_id": repository.id, "head_repository_id": repository.id, "head_branch": run.head_branch, "head_sha": run.head_sha,
            },
        })
    }

    pub(in crate::github) fn run_approval(&self, repository: &Repository, approval: &RunApproval) -> Value {
        let environments =
            repository.environments.iter().filter(|environment| approval.environments.contains(&environment.name));
        json!({
            "environments": environments.map(|environment| self.simple_environment(repository, environment)).collect::<Vec<_>>(),
            "state": approval.state, "user": self.user(&approval.user), "comment": approval.comment,
        })
    }

    pub(in crate::github) fn pending_deployment(
        &self,
        repository: &Repository,
        pending: &PendingDeployment,
        login: Option<&str>,
    ) -> Option<Value> {
        let environment =
            repository.environments.iter().find(|environment| environment.name == pending.environment)?;
        let required = environment.reviewers.as_ref();
        let may = required.is_some_and(|required| {
            let member = |slug: &String| {
                self.people
                    .team(&repository.owner, slug)
                    .is_some_and(|team| team.members.iter().any(|name| Some(name.as_str()) == login))
            };
            required.users.iter().any(|name| Some(name.as_str()) == login) || required.teams.iter().any(member)
        });
        Some(json!({
            "environment": self.simple_environment(repository, environment), "wait_timer": environment.wait_minutes,
            "wait_timer_started_at": time_or_null(pending.wait_started_at), "current_user_can_approve": may, "reviewers": self.reviewers(repository, required),
        }))
    }
}
