//! Pages that real sites send and the simulated one does not: short, empty, and fewer rows than were announced.

use axum::extract::Query;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;

use super::*;
use crate::error::FailureKind;
use crate::jira::wire::Id;

async fn client(router: Router) -> (Server, Jira) {
    let clock = Arc::new(Frozen::at(now()));
    let server = Server::start(router, 0, clock.clone()).await.expect("a free port");
    let jira = connector(&server, &clock, ("ada", TOKEN), Options::default());
    (server, jira)
}

fn searching(answer: fn(&Value) -> Value) -> Router {
    let route = move |Json(asked): Json<Value>| async move { Json(answer(&asked)) };
    Router::new().route("/rest/api/3/search/jql", post(route))
}

#[tokio::test]
async fn short_and_empty_pages_are_not_the_last() {
    let router = searching(|asked| match asked["nextPageToken"].as_str() {
        None => json!({ "issues": [{ "id": "1" }], "nextPageToken": "a", "isLast": true }),
        Some("a") => json!({ "issues": [], "nextPageToken": "b" }),
        Some(_) => json!({ "issues": [{ "id": "2" }, { "id": "1" }], "nextPageToken": "", "isLast": false }),
    });
    let (_server, jira) = client(router).await;
    let found = jira.client.search("project = 1").await.expect("ids");
    assert_eq!(found, [Id(1), Id(2)].into());
}

#[tokio::test]
async fn a_token_that_comes_back_later_is_a_circle() {
    let router = searching(|asked| match asked["nextPageToken"].as_str() {
        Some("a") => json!({ "issues": [], "nextPageToken": "b" }),
        _ => json!({ "issues": [], "nextPageToken": "a" }),
    });
    let (_server, jira) = client(router).await;
    let error = jira.client.search("project = 1").await.expect_err("a circle");
    assert_eq!(error.kind, FailureKind::Incomplete);
}

#[tokio::test]
async fn versions_end_with_the_rows_and_fewer_than_announced_is_incomplete() {
    let pages = |Query(query): Query<HashMap<String, String>>| async move {
        let start: usize = query["startAt"].parse().expect("a number");
        let row = |id: usize| json!({ "id": id.to_string(), "name": "x" });
        Json(match start {
            0 => json!({ "values": [row(1), row(2)], "total": 3 }),
            // The page begins with the last row of the one before.
            1 => json!({ "values": [row(2), row(3)], "total": 3, "isLast": true }),
            _ => json!({ "values": [], "total": 3 }),
        })
    };
    let short = || async { Json(json!({ "values": [{ "id": "1", "name": "x" }], "total": 3, "isLast": true })) };
    let router = Router::new()
        .route("/rest/api/3/project/1/version", get(pages))
        .route("/rest/api/3/project/2/version", get(short));
    let (_server, jira) = client(router).await;
    assert_eq!(jira.client.versions(Id(1)).await.expect("versions").len(), 3);
    let error = jira.client.versions(Id(2)).await.expect_err("rows are missing");
    assert_eq!(error.kind, FailureKind::Incomplete);
}

#[tokio::test]
async fn issues_that_are_withheld_are_counted() {
    let route = |Json(asked): Json<Value>| async move {
        let ids = asked["issueIdsOrKeys"].as_array().expect("ids").clone();
        Json(json!({ "issues": [], "issueErrors": [{ "id": ids[0], "errorMessage": "try again" }] }))
    };
    let (_server, jira) = client(Router::new().route("/rest/api/3/issue/bulkfetch", post(route))).await;
    let fetched = jira.client.issues(&["1".to_owned(), "2".to_owned()], &[]).await.expect("an answer");
    assert_eq!((fetched.issues.len(), fetched.withheld), (0, 1));
}
