//! The fields of workflow runs. A run's check suite holds its jobs as check runs, those of earlier attempts too.

use serde_json::Value;

use super::execute::Context;
use super::literal::Arguments;
use super::object::{Object, Outcome, Problem, connection, leaf, object};
use super::repository::shout;
use crate::github::content::{Job, WorkflowRun};
use crate::github::node_id;
use crate::github::shape::decimal;
use crate::github::shelf::Shelf;

impl<'a> Context<'a> {
    pub(super) fn workflow(self, what: Object<'a>, name: &str, arguments: &Arguments) -> Outcome<'a> {
        match what {
            Object::WorkflowRun(shelf, run) => self.of_workflow_run(shelf, run, name),
            Object::SuiteOfRun(shelf, run) => self.of_suite(shelf, run, (name, arguments)),
            Object::JobOfRun(shelf, run, job) => self.of_job(shelf, (run, job), name),
            Object::DeploymentReview(shelf, run, place) => self.of_deployment_review(shelf, (run, place), name),
            _ => Err(Problem::Undefined),
        }
    }

    // Status and conclusion are the check suite's; a run itself has neither.
    fn of_workflow_run(self, shelf: &'a Shelf, run: &'a WorkflowRun, name: &str) -> Outcome<'a> {
        match name {
            "id" => leaf(node_id::write("WFR", shelf.data.id, run.id)),
            "databaseId" => leaf(run.id),
            "event" => leaf(run.event.as_str()),
            "runNumber" => leaf(run.run_number),
            "createdAt" => self.date(Some(run.created_at)),
            "updatedAt" => self.date(Some(run.attempts.last().map_or(run.created_at, |last| last.updated_at))),
            "url" => leaf(format!("{}/actions/runs/{}", self.shape.page(&shelf.data), run.id)),
            "checkSuite" => object(Object::SuiteOfRun(shelf, run)),
            // What is still awaited is no review.
            "deploymentReviews" => {
                let decided = run.approvals.iter().enumerate().filter(|(_, one)| one.state != "pending");
                let reviews = decided.map(|(place, _)| Object::DeploymentReview(shelf, run, place));
                connection("DeploymentReviewConnection", reviews)
            }
            _ => Err(Problem::Undefined),
        }
    }

    fn of_deployment_review(
        self,
        shelf: &'a Shelf,
        (run, place): (&'a WorkflowRun, usize),
        name: &str,
    ) -> Outcome<'a> {
        let Some(review) = run.approvals.get(place) else { return Err(Problem::Undefined) };
        let number = decimal(&format!("review {place} of {}", run.id));
        match name {
            "id" => leaf(node_id::write("DRV", shelf.data.id, number)),
            "databaseId" => leaf(number),
            "comment" => leaf(review.comment.as_str()),
            "state" => leaf(shout(&review.state)),
            "user" => object(Object::Account(&review.user)),
            "environments" => {
                let here = shelf.data.environments.iter().filter(|one| review.environments.contains(&one.name));
                connection("EnvironmentConnection", here.map(|one| Object::Environment(shelf, one)))
            }
            _ => Err(Problem::Undefined),
        }
    }

    fn of_suite(
        self,
        shelf: &'a Shelf,
        run: &'a WorkflowRun,
        (name, arguments): (&str, &Arguments),
    ) -> Outcome<'a> {
        let number = decimal(&format!("suite of {}", run.id));
        let last = run.attempts.last();
        match name {
            "id" => leaf(node_id::write("CS", shelf.data.id, number)),
            "databaseId" => leaf(number),
            "status" => leaf(last.map_or_else(|| "QUEUED".into(), |last| shout(&last.status))),
            "conclusion" => self.word(last.and_then(|last| last.conclusion.as_deref())),
            "createdAt" => self.date(Some(run.created_at)),
            "commit" => super::object::maybe(shelf.commit(&run.head_sha).map(|one| Object::Commit(shelf, one))),
            "workflowRun" => object(Object::WorkflowRun(shelf, run)),
            "app" => object(Object::App("github-actions")),
            "repository" => object(Object::Repository(shelf)),
            "checkRuns" => {
                let earlier = if only_latest(arguments) { run.attempts.len().saturating_sub(1) } else { 0 };
                let jobs = run.attempts.iter().skip(earlier).flat_map(|attempt| &attempt.jobs);
                connection("CheckRunConnection", jobs.map(|job| Object::JobOfRun(shelf, run, job)))
            }
            _ => Err(Problem::Undefined),
        }
    }

    fn of_job(self, shelf: &'a Shelf, (run, job): (&'a WorkflowRun, &'a Job), name: &str) -> Outcome<'a> {
        match name {
            "id" => leaf(node_id::write("CR", shelf.data.id, job.id)),
            "databaseId" => leaf(job.id),
            "name" => leaf(job.name.as_str()),
            "status" => leaf(shout(&job.status)),
            "conclusion" => self.word(job.conclusion.as_deref()),
            "startedAt" => self.date(Some(job.started_at)),
            "completedAt" => self.date(job.completed_at),
            "url" | "detailsUrl" | "permalink" => {
                leaf(format!("{}/actions/runs/{}/job/{}", self.shape.page(&shelf.data), run.id, job.id))
            }
            "checkSuite" => object(Object::SuiteOfRun(shelf, run)),
            "repository" => object(Object::Repository(shelf)),
            _ => Err(Problem::Undefined),
        }
    }
}

/// Does `filterBy: { checkType: LATEST }` ask for the newest of each name alone?
pub(super) fn only_latest(arguments: &Arguments) -> bool {
    let filter = arguments.get("filterBy").and_then(|filter| filter.get("checkType"));
    filter.and_then(Value::as_str) == Some("LATEST")
}
