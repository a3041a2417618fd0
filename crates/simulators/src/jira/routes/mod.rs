//! The routes, the same under v3 and v2; only rich text differs between them.

mod bulk;
mod call;
mod cursors;
mod history;
mod issues;
mod search;

mod comments;
mod edits;
mod links;
mod lists;
mod people;
mod projects;
mod servicedesk;
mod versions;
mod writes;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};

pub(super) use cursors::Cursors;

use super::errors::Refusal;
use super::wire::Api;
use super::{Jira, access, limits};

pub(super) fn router(jira: &Jira) -> Router {
    let api = |version| platform().layer(Extension(version));
    Router::new()
        .nest("/rest/api/3", api(Api::V3))
        .nest("/rest/api/2", api(Api::V2))
        .nest("/rest/api/latest", api(Api::V2))
        .route("/rest/servicedeskapi/request/{issue}/approval", get(servicedesk::approvals))
        .route(
            "/rest/servicedeskapi/request/{issue}/approval/{id}",
            get(servicedesk::approval).post(servicedesk::decide),
        )
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "There is no such resource."))
        .layer(middleware::from_fn_with_state(jira.clone(), limits::meter))
        .layer(middleware::from_fn_with_state(jira.clone(), access::identify))
        .layer(DefaultBodyLimit::max(10 * 1024 * 1024))
        .with_state(jira.clone())
}

fn platform() -> Router<Jira> {
    Router::new()
        .route("/search/jql", get(search::by_query).post(search::by_body))
        .route("/search/approximate-count", post(search::count))
        .route("/search", get(search::removed).post(search::removed))
        .route("/issue", post(writes::create))
        .route("/issue/bulkfetch", post(bulk::fetch))
        .route("/changelog/bulkfetch", post(bulk::changelogs))
        .route("/issue/{issue}", get(issues::one).put(writes::edit).delete(writes::delete))
        .route("/issue/{issue}/changelog", get(history::page))
        .route("/issue/{issue}/transitions", get(issues::transitions).post(writes::transition))
        .route("/issue/{issue}/comment", get(comments::page).post(comments::add))
        .route("/issue/{issue}/remotelink", get(links::remote).post(links::put_remote))
        .route("/issueLink", post(links::create))
        .route("/issueLinkType", get(links::types))
        .route("/version", post(versions::create))
        .route("/version/{id}", get(versions::one).put(versions::update))
        .route("/version/{id}/relatedIssueCounts", get(versions::related_counts))
        .route("/version/{id}/unresolvedIssueCount", get(versions::unresolved_count))
        .route("/version/{id}/relatedwork", get(versions::related_work))
        .route("/project", get(projects::all))
        .route("/project/search", get(projects::search))
        .route("/project/{project}", get(projects::one))
        .route("/project/{project}/versions", get(versions::all))
        .route("/project/{project}/version", get(versions::page))
        .route("/project/{project}/components", get(projects::components))
        .route("/project/{project}/statuses", get(projects::statuses))
        .route("/component/{id}", get(projects::component))
        .route("/field", get(lists::fields))
        .route("/status", get(lists::statuses))
        .route("/status/{id}", get(lists::status))
        .route("/statuses/search", get(lists::status_search))
        .route("/statuscategory", get(lists::categories))
        .route("/priority", get(lists::priorities))
        .route("/resolution", get(lists::resolutions))
        .route("/issuetype", get(lists::issue_types))
        .route("/serverInfo", get(lists::server))
        .route("/myself", get(people::myself))
        .route("/user", get(people::one))
        .route("/user/bulk", get(people::bulk))
        .route("/user/search", get(people::search))
        .route("/users", get(people::all))
        .route("/users/search", get(people::all))
}
