//! The fields of releases, deployments and checks.

use serde_json::{Value, json};

use super::execute::Context;
use super::literal::Arguments;
use super::object::{Object, Outcome, Problem, connection, leaf, maybe, object};
use super::repository::shout;
use super::workflow::only_latest;
use crate::github::content::{CheckRun, Commit, Deployment, Release};
use crate::github::node_id;
use crate::github::rest::latest_release;
use crate::github::shape::{latest_checks, latest_statuses, newest_first};
use crate::github::shelf::Shelf;

impl<'a> Context<'a> {
    pub(super) fn release(self, what: Object<'a>, name: &str) -> Outcome<'a> {
        match what {
            Object::Release(shelf, release) => self.of_release(shelf, release, name),
            // There is no `digest` here, unlike in REST.
            Object::Asset(shelf, release, asset) => match name {
                "id" => leaf(node_id::write("RA", shelf.data.id, asset.id)),
                "name" => leaf(asset.name.as_str()),
                "size" => leaf(asset.size_bytes),
                "contentType" => leaf(asset.content_type.as_str()),
                "downloadCount" => leaf(0),
                "downloadUrl" => leaf(format!(
                    "{}/releases/download/{}/{}",
                    self.shape.page(&shelf.data),
                    release.tag,
                    asset.name
                )),
                "url" => leaf(format!("{}/releases/assets/{}", self.shape.api(&shelf.data), asset.id)),
                "createdAt" | "updatedAt" => self.date(Some(asset.created_at)),
                "uploadedBy" => maybe(self.actor(Some(&asset.uploader))),
                "release" => object(Object::Release(shelf, release)),
                _ => Err(Problem::Undefined),
            },
            _ => Err(Problem::Undefined),
        }
    }

    fn of_release(self, shelf: &'a Shelf, release: &'a Release, name: &str) -> Outcome<'a> {
        match name {
            "id" => leaf(node_id::write("RE", shelf.data.id, release.id)),
            "databaseId" => leaf(release.id),
            "name" => leaf(release.name.clone()),
            "tagName" => leaf(release.tag.as_str()),
            "description" => leaf(release.body.clone()),
            "isDraft" => leaf(release.draft),
            "isPrerelease" => leaf(release.prerelease),
            "isLatest" => leaf(latest_release(&shelf.data).is_some_and(|latest| latest.id == release.id)),
            "createdAt" => self.date(Some(release.created_at)),
            "publishedAt" => self.date(release.published_at),
            "updatedAt" => self.date(Some(release.published_at.unwrap_or(release.created_at))),
            "url" => leaf(format!("{}/releases/tag/{}", self.shape.page(&shelf.data), release.tag)),
            "author" => maybe(self.actor(Some(&release.author))),
            "tag" => maybe(shelf.tag(&release.tag).map(|tag| Object::TagRef(shelf, tag))),
            "tagCommit" => maybe(
                shelf
                    .tag(&release.tag)
                    .and_then(|tag| shelf.commit(&tag.commit))
                    .map(|commit| Object::Commit(shelf, commit)),
            ),
            "releaseAssets" => connection(
                "ReleaseAssetConnection",
                release.assets.iter().map(|asset| Object::Asset(shelf, release, asset)),
            ),
            "repository" => object(Object::Repository(shelf)),
            _ => Err(Problem::Undefined),
        }
    }

    pub(super) fn deployment(self, what: Object<'a>, name: &str) -> Outcome<'a> {
        match what {
            Object::Deployment(shelf, deployment) => self.of_deployment(shelf, deployment, name),
            Object::DeploymentStatus(shelf, deployment, status) => match name {
                "id" => leaf(node_id::write("DES", shelf.data.id, status.id)),
                "state" => leaf(shout(&status.state)),
                "description" => leaf(status.description.as_str()),
                "environment" => leaf(deployment.environment.as_str()),
                "environmentUrl" => leaf(status.environment_url.clone()),
                "logUrl" => leaf(status.log_url.clone()),
                "createdAt" | "updatedAt" => self.date(Some(status.created_at)),
                "creator" => maybe(self.actor(Some(&status.creator))),
                "deployment" => object(Object::Deployment(shelf, deployment)),
                _ => Err(Problem::Undefined),
            },
            Object::Environment(shelf, environment) => match name {
                "id" => leaf(node_id::write("EN", shelf.data.id, environment.id)),
                "databaseId" => leaf(environment.id),
                "name" => leaf(environment.name.as_str()),
                _ => Err(Problem::Undefined),
            },
            _ => Err(Problem::Undefined),
        }
    }

    fn of_deployment(self, shelf: &'a Shelf, deployment: &'a Deployment, name: &str) -> Outcome<'a> {
        let statuses = newest_first(&deployment.statuses);
        let latest = statuses.first().copied();
        match name {
            "id" => leaf(node_id::write("DE", shelf.data.id, deployment.id)),
            "databaseId" => leaf(deployment.id),
            "commit" => maybe(shelf.commit(&deployment.sha).map(|commit| Object::Commit(shelf, commit))),
            "commitOid" => leaf(deployment.sha.as_str()),
            "ref" => maybe(self.reference_named(shelf, &deployment.reference)),
            "task" => leaf(deployment.task.as_str()),
            "environment" | "originalEnvironment" | "latestEnvironment" => leaf(deployment.environment.as_str()),
            "description" => leaf(deployment.description.clone()),
            "payload" => leaf(match &deployment.payload {
                Value::Null => "{}".to_owned(),
                payload => payload.to_string(),
            }),
            "creator" => maybe(self.actor(Some(&deployment.creator))),
            "createdAt" => self.date(Some(deployment.created_at)),
            "updatedAt" => self.date(Some(latest.map_or(deployment.created_at, |status| status.created_at))),
            "state" => leaf(latest.map_or(json!("PENDING"), |status| {
                if status.state == "success" { json!("ACTIVE") } else { shout(&status.state) }
            })),
            "latestStatus" => maybe(latest.map(|status| Object::DeploymentStatus(shelf, deployment, status))),
            "statuses" => connection(
                "DeploymentStatusConnection",
                statuses.into_iter().map(|status| Object::DeploymentStatus(shelf, deployment, status)),
            ),
            "repository" => object(Object::Repository(shelf)),
            _ => Err(Problem::Undefined),
        }
    }

    /// Both systems of checks together; `None` where nothing was reported.
    pub(super) fn rollup(self, shelf: &'a Shelf, commit: &'a Commit) -> Option<Object<'a>> {
        let silent = shelf.checks_of(&commit.sha).is_empty() && shelf.statuses_of(&commit.sha).is_empty();
        (!silent).then_some(Object::Rollup(shelf, commit))
    }

    pub(super) fn check(self, what: Object<'a>, name: &str, arguments: &Arguments) -> Outcome<'a> {
        match what {
            Object::Rollup(shelf, commit) => {
                let (checks, statuses) = (
                    latest_checks(&shelf.checks_of(&commit.sha)),
                    latest_statuses(&shelf.statuses_of(&commit.sha)),
                );
                match name {
                    "id" => leaf(node_id::write("SCR", shelf.data.id, &commit.sha)),
                    "commit" => object(Object::Commit(shelf, commit)),
                    "state" => leaf(joined(
                        checks
                            .iter()
                            .map(|check| verdict(check))
                            .chain(statuses.iter().map(|status| status.state.as_str())),
                    )),
                    "contexts" => {
                        let checks = checks.into_iter().map(|check| Object::CheckRun(shelf, check));
                        let statuses = statuses.into_iter().map(|status| Object::StatusContext(shelf, status));
                        connection("StatusCheckRollupContextConnection", checks.chain(statuses))
                    }
                    _ => Err(Problem::Undefined),
                }
            }
            Object::StatusContext(shelf, status) => match name {
                "id" => leaf(node_id::write("SC", shelf.data.id, status.id)),
                "context" => leaf(status.context.as_str()),
                "state" => leaf(shout(&status.state)),
                "description" => leaf(status.description.clone()),
                "targetUrl" => leaf(status.target_url.clone()),
                "createdAt" => self.date(Some(status.created_at)),
                "creator" => maybe(self.actor(Some(&status.creator))),
                "commit" => maybe(shelf.commit(&status.sha).map(|commit| Object::Commit(shelf, commit))),
                "isRequired" => leaf(self.requires(shelf, arguments.number("pullRequestNumber"), &status.context)),
                _ => Err(Problem::Undefined),
            },
            Object::CheckRun(shelf, check) if name == "isRequired" => {
                leaf(self.requires(shelf, arguments.number("pullRequestNumber"), &check.name))
            }
            Object::CheckRun(shelf, check) => self.of_check_run(shelf, check, name),
            Object::CheckSuite(shelf, check) => match name {
                "id" => leaf(node_id::write("CS", shelf.data.id, check.suite)),
                "databaseId" => leaf(check.suite),
                "app" => object(Object::App(&check.app)),
                // These are suites that apps made; a workflow run's own is another object.
                "workflowRun" => leaf(Value::Null),
                "commit" => maybe(shelf.commit(&check.head_sha).map(|commit| Object::Commit(shelf, commit))),
                "checkRuns" => {
                    let mut all = shelf.checks_of(&check.head_sha);
                    all.retain(|one| one.suite == check.suite);
                    if only_latest(arguments) {
                        all = latest_checks(&all);
                    }
                    connection("CheckRunConnection", all.into_iter().map(|one| Object::CheckRun(shelf, one)))
                }
                _ => Err(Problem::Undefined),
            },
            _ => Err(Problem::Undefined),
        }
    }

    fn of_check_run(self, shelf: &'a Shelf, check: &'a CheckRun, name: &str) -> Outcome<'a> {
        match name {
            "id" => leaf(node_id::write("CR", shelf.data.id, check.id)),
            "databaseId" => leaf(check.id),
            "name" => leaf(check.name.as_str()),
            "status" => leaf(shout(&check.status)),
            "conclusion" => self.word(check.conclusion.as_deref()),
            "startedAt" => self.date(Some(check.started_at)),
            "completedAt" => self.date(check.completed_at),
            "externalId" => leaf(check.external_id.as_str()),
            "title" => leaf(check.output.title.clone()),
            "summary" => leaf(check.output.summary.clone()),
            "text" => leaf(check.output.text.clone()),
            "url" | "detailsUrl" | "permalink" => {
                leaf(format!("{}/runs/{}", self.shape.page(&shelf.data), check.id))
            }
            "checkSuite" => object(Object::CheckSuite(shelf, check)),
            "repository" => object(Object::Repository(shelf)),
            _ => Err(Problem::Undefined),
        }
    }
}

/// A check run's word in the language of statuses; neutral and skipped count as success.
fn verdict(check: &CheckRun) -> &'static str {
    match check.conclusion.as_deref() {
        None => "pending",
        Some("success" | "neutral" | "skipped") => "success",
        Some(_) => "failure",
    }
}

fn joined<'a>(states: impl Iterator<Item = &'a str> + Clone) -> &'static str {
    let any = |wanted: &str| states.clone().any(|state| state == wanted);
    if any("failure") {
        "FAILURE"
    } else if any("error") {
        "ERROR"
    } else if any("pending") {
        "PENDING"
    } else {
        "SUCCESS"
    }
}
