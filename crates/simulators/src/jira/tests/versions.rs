//! Versions: their two lists, dates, counts, and releasing one.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Site;

fn names(values: &Value) -> Vec<&str> {
    values.as_array().unwrap().iter().map(|version| version["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn one_list_is_plain_and_one_is_paged() {
    let site = Site::new();
    assert_eq!(names(&site.get("/rest/api/3/project/PAY/versions").await.body), ["2.13.0", "2.14.0", "1.0"]);
    let page = site.get("/rest/api/3/project/PAY/version?orderBy=-name&maxResults=2").await;
    assert_eq!((names(page.at("/values")), page.at("/isLast")), (vec!["2.14.0", "2.13.0"], &json!(false)));
    let page = site.get("/rest/api/3/project/PAY/version?status=unreleased").await;
    assert_eq!(names(page.at("/values")), ["2.14.0"]);
    let page = site.get("/rest/api/3/project/PAY/version?query=2.1&status=released,archived").await;
    assert_eq!(names(page.at("/values")), ["2.13.0"]);
}

#[tokio::test]
async fn dates_that_are_not_set_are_absent_and_a_past_plan_is_overdue() {
    let site = Site::new();
    let released = site.get("/rest/api/3/version/1001").await;
    assert!(!released.has("/releaseDate") && !released.has("/overdue"));
    let planned = site.get("/rest/api/3/version/1002").await;
    assert_eq!((planned.at("/releaseDate"), planned.at("/overdue")), (&json!("2026-02-01"), &json!(true)));
    assert_eq!((planned.at("/userReleaseDate"), planned.at("/projectId")), (&json!("1/Feb/2026"), &json!(10000)));
}

#[tokio::test]
async fn unresolved_follows_the_resolution() {
    let site = Site::new();
    let counts = site.get("/rest/api/3/version/1001/unresolvedIssueCount").await;
    assert_eq!((counts.at("/issuesCount"), counts.at("/issuesUnresolvedCount")), (&json!(2), &json!(1)));
    let related = site.get("/rest/api/3/version/1101/relatedIssueCounts").await;
    assert_eq!((related.at("/issuesFixedCount"), related.at("/issuesAffectedCount")), (&json!(1), &json!(1)));
    let status = site.get("/rest/api/3/version/1001?expand=issuesstatus").await;
    assert_eq!(
        status.at("/issuesStatusForFixVersion"),
        &json!({ "unmapped": 0, "toDo": 0, "inProgress": 1, "done": 1 })
    );
    assert_eq!(site.get("/rest/api/3/version/1001/relatedwork").await.body, json!([]));
}

#[tokio::test]
async fn releasing_sets_no_date_and_moves_unresolved_issues() {
    let site = Site::new();
    let created = site.post("/rest/api/3/version", json!({ "name": "2.15.0", "projectId": 10000 })).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let target = created.at("/self").as_str().unwrap().to_owned();
    let id: u64 = created.at("/id").as_str().unwrap().parse().unwrap();
    let released =
        site.put("/rest/api/3/version/1001", json!({ "released": true, "moveUnfixedIssuesTo": target })).await;
    assert_eq!((released.at("/released"), released.has("/releaseDate")), (&json!(true), false));
    assert_eq!(site.search(&format!("fixVersion = {id}")).await.keys(), ["PAY-3"]);
    assert_eq!(site.search("fixVersion = 1001").await.keys(), ["PAY-1"]);
}

#[tokio::test]
async fn a_name_is_unique_in_its_project_only() {
    let site = Site::new();
    let taken = site.post("/rest/api/3/version", json!({ "name": "2.14.0", "projectId": 10000 })).await;
    assert_eq!((taken.status, taken.has("/errors/name")), (StatusCode::BAD_REQUEST, true));
    let free = site.post("/rest/api/3/version", json!({ "name": "2.14.0", "project": "LED" })).await;
    assert_eq!(free.status, StatusCode::CREATED);
    let absent = site.get("/rest/api/3/version/404").await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
}
