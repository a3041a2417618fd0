//! The REST routes. Names of branches and tags may contain slashes, so such parts of a path are taken whole.

mod account;
mod actions;
mod attestations;
mod commits;
mod deployments;
mod files;
mod pulls;
mod refs;
mod releases;
mod search;

use axum::Router;
use axum::routing::{get, post};

use super::Github;

pub(super) use commits::of_pull;
pub(super) use pulls::visible_reviews;
pub(super) use releases::latest as latest_release;

pub(super) fn routes(github: &Github) -> Router {
    let below = Router::new().merge(content()).merge(delivery());
    Router::new()
        .route("/user", get(account::user))
        .route("/user/repos", get(account::repositories))
        .route("/users/{login}", get(account::public_user))
        .route("/rate_limit", get(account::rate_limit))
        .route("/meta", get(account::meta))
        .route("/orgs/{org}/repos", get(account::repositories_of))
        .route("/users/{org}/repos", get(account::repositories_of))
        .route("/orgs/{org}", get(account::organization))
        .route("/orgs/{org}/teams", get(account::teams))
        .route("/orgs/{org}/teams/{team}", get(account::team))
        .route("/orgs/{org}/teams/{team}/members", get(account::team_members))
        .route("/organizations/{org}/team/{team}", get(account::numbered_team))
        .route("/organizations/{org}/team/{team}/members", get(account::numbered_team_members))
        .route("/orgs/{org}/attestations/bulk-list", post(attestations::of_many))
        .route("/orgs/{org}/packages", get(account::packages))
        .route("/orgs/{org}/packages/container/{name}", get(account::package))
        .route("/orgs/{org}/packages/container/{name}/versions", get(account::package_versions))
        .route("/search/issues", get(search::issues))
        .route("/_storage/artifacts/{repository}/{artifact}", get(actions::stored))
        .route("/repos/{owner}/{repo}", get(account::repository))
        .nest("/repos/{owner}/{repo}", below)
        .with_state(github.clone())
}

fn content() -> Router<Github> {
    Router::new()
        .route("/collaborators/{login}/permission", get(account::permission))
        .route("/issues/{number}", get(pulls::issue))
        .route("/releases", get(releases::list))
        .route("/releases/latest", get(releases::newest))
        .route("/releases/tags/{*tag}", get(releases::by_tag))
        .route("/releases/{id}", get(releases::one))
        .route("/releases/{id}/assets", get(releases::assets))
        .route("/tags", get(refs::tags))
        .route("/git/ref/{*reference}", get(refs::one))
        .route("/git/matching-refs/{*prefix}", get(refs::matching))
        .route("/git/tags/{sha}", get(refs::tag_object))
        .route("/branches", get(refs::branches))
        .route("/branches/{*branch}", get(refs::branch))
        .route("/rules/branches/{*branch}", get(refs::rules))
        .route("/commits", get(commits::list))
        .route("/commits/{*reference}", get(commits::one))
        .route("/compare/{*basehead}", get(commits::compare))
        .route("/contents", get(files::contents))
        .route("/contents/", get(files::contents))
        .route("/contents/{*path}", get(files::contents))
        .route("/pulls", get(pulls::list))
        .route("/pulls/{number}", get(pulls::one))
        .route("/pulls/{number}/commits", get(pulls::commits))
        .route("/pulls/{number}/files", get(pulls::files))
        .route("/pulls/{number}/reviews", get(pulls::reviews))
}

fn delivery() -> Router<Github> {
    Router::new()
        .route("/check-runs/{id}", get(commits::check_run))
        .route("/deployments", get(deployments::list))
        .route("/deployments/{id}", get(deployments::one))
        .route("/deployments/{id}/statuses", get(deployments::statuses))
        .route("/environments", get(deployments::environments))
        .route("/environments/{name}", get(deployments::environment))
        .route("/environments/{name}/deployment_protection_rules", get(deployments::custom_rules))
        .route("/attestations/{digest}", get(deployments::attestations))
        .route("/actions/workflows", get(actions::workflows))
        .route("/actions/workflows/{workflow}", get(actions::workflow))
        .route("/actions/workflows/{workflow}/runs", get(actions::runs))
        .route("/actions/runs", get(actions::runs))
        .route("/actions/runs/{id}", get(actions::run))
        .route("/actions/runs/{id}/attempts/{attempt}", get(actions::attempt))
        .route("/actions/runs/{id}/attempts/{attempt}/jobs", get(actions::jobs_of_attempt))
        .route("/actions/runs/{id}/jobs", get(actions::jobs))
        .route("/actions/runs/{id}/artifacts", get(actions::artifacts_of_run))
        .route("/actions/runs/{id}/approvals", get(actions::approvals))
        .route("/actions/runs/{id}/pending_deployments", get(actions::pending))
        .route("/actions/jobs/{id}", get(actions::job))
        .route("/actions/artifacts", get(actions::artifacts))
        .route("/actions/artifacts/{id}", get(actions::artifact))
        .route("/actions/artifacts/{id}/zip", get(actions::archive))
}
