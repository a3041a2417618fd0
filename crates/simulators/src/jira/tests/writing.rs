//! Writes: what they answer, what they log, and what a client may not send.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::Change;
use super::super::content::{CustomValue, Issue};
use super::{Site, basic};

fn doc(text: &str) -> Value {
    json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": text }] }] })
}

#[tokio::test]
async fn create_edit_and_read_back() {
    let site = Site::new();
    let fields = json!({
        "project": { "key": "PAY" }, "issuetype": { "name": "Task" }, "summary": "New", "description": doc("Why"),
        "fixVersions": [{ "name": "2.14.0" }], "labels": ["a"], "customfield_10011": 3, "customfield_10010": { "value": "Low" },
    });
    let created = site.post("/rest/api/3/issue", json!({ "fields": fields })).await;
    assert_eq!((created.status, created.at("/key")), (StatusCode::CREATED, &json!("PAY-4")));
    site.clock.advance(SignedDuration::from_mins(1));
    let edit = json!({ "fields": { "priority": { "name": "High" } }, "update": { "labels": [{ "add": "b" }], "fixVersions": [{ "remove": { "id": "1002" } }] } });
    let edited = site.put("/rest/api/3/issue/PAY-4", edit).await;
    assert_eq!((edited.status, &edited.body), (StatusCode::NO_CONTENT, &json!("")));
    let read = site.get("/rest/api/3/issue/PAY-4?expand=changelog").await;
    assert_eq!(read.at("/fields/labels"), &json!(["a", "b"]));
    assert_eq!(read.at("/fields/fixVersions"), &json!([]));
    assert_eq!(read.at("/fields/updated"), "2026-03-02T12:01:30.000+0000");
    assert_eq!(read.at("/changelog/total"), 1);
    assert_eq!(read.at("/changelog/histories/0/author/accountId"), "ada");
    let gone = json!({ "field": "Fix Version", "fieldtype": "jira", "fieldId": "fixVersions", "from": "1002", "fromString": "2.14.0", "to": null, "toString": null });
    assert!(read.at("/changelog/histories/0/items").as_array().unwrap().contains(&gone), "{}", read.body);
}

#[tokio::test]
async fn mistakes_are_told_under_their_field() {
    let site = Site::new();
    for (fields, wrong) in [
        (json!({ "issuetype": { "name": "Task" }, "summary": "x" }), "project"),
        (json!({ "project": { "key": "PAY" }, "summary": "x" }), "issuetype"),
        (json!({ "project": { "key": "PAY" }, "issuetype": { "name": "Task" }, "summary": " " }), "summary"),
        (
            json!({ "project": { "key": "PAY" }, "issuetype": { "name": "Task" }, "summary": "x", "labels": ["a b"] }),
            "labels",
        ),
        (
            json!({ "project": { "key": "PAY" }, "issuetype": { "name": "Task" }, "summary": "x", "fixVersions": [{ "id": "1101" }] }),
            "fixVersions",
        ),
        (
            json!({ "project": { "key": "PAY" }, "issuetype": { "name": "Task" }, "summary": "x", "nope": 1 }),
            "nope",
        ),
    ] {
        let reply = site.post("/rest/api/3/issue", json!({ "fields": fields })).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert!(reply.at("/errors").get(wrong).is_some(), "{wrong}: {}", reply.body);
    }
}

#[tokio::test]
async fn an_operation_that_is_no_object_is_refused() {
    let site = Site::new();
    let reply = site.put("/rest/api/3/issue/PAY-1", json!({ "update": { "labels": ["bare"] } })).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.at("/errors").get("labels").is_some(), "{}", reply.body);
}

#[tokio::test]
async fn each_version_refuses_the_others_rich_text() {
    let site = Site::new();
    let v3 = site.put("/rest/api/3/issue/PAY-1", json!({ "fields": { "description": "text" } })).await;
    assert!(v3.at("/errors/description").as_str().unwrap().contains("Atlassian Document"));
    let v2 = site.put("/rest/api/2/issue/PAY-1", json!({ "fields": { "description": doc("text") } })).await;
    assert_eq!(v2.at("/errors/description"), "Operation value must be a string");
    assert_eq!(
        site.post("/rest/api/3/issue/PAY-1/comment", json!({ "body": doc("Hello") })).await.status,
        StatusCode::CREATED
    );
    let comments = site.get("/rest/api/2/issue/PAY-1/comment").await;
    assert_eq!((comments.at("/comments/0/body"), comments.at("/total")), (&json!("Hello"), &json!(1)));
}

#[tokio::test]
async fn a_transition_sets_the_resolution_and_is_named_by_its_own_id() {
    let site = Site::new();
    let ways = site.get("/rest/api/3/issue/PAY-2/transitions").await;
    let done =
        ways.at("/transitions").as_array().unwrap().iter().find(|way| way["name"] == "Done").unwrap().clone();
    assert_ne!(done["id"], done["to"]["id"]);
    let body = json!({ "transition": { "id": done["id"] }, "fields": { "resolution": { "name": "Won't Do" } } });
    assert_eq!(site.post("/rest/api/3/issue/PAY-2/transitions", body.clone()).await.status, StatusCode::NO_CONTENT);
    let read = site.get("/rest/api/3/issue/PAY-2").await;
    assert_eq!(read.at("/fields/status/statusCategory/key"), "done");
    assert_eq!(read.at("/fields/resolution/name"), "Won't Do");
    assert_eq!(read.at("/fields/resolutiondate"), "2026-03-02T12:00:30.000+0000");
    assert_eq!(site.post("/rest/api/3/issue/PAY-2/transitions", body).await.status, StatusCode::BAD_REQUEST);
    site.jira.transition("PAY-2", "ada", "In Progress").unwrap();
    assert!(site.get("/rest/api/3/issue/PAY-2").await.at("/fields/resolution").is_null());
}

#[tokio::test]
async fn the_inward_issue_of_a_new_link_is_its_source() {
    let site = Site::new();
    let body = json!({ "type": { "name": "Blocks" }, "inwardIssue": { "key": "PAY-1" }, "outwardIssue": { "key": "LED-2" } });
    for _duplicate in 0..2 {
        let reply = site.post("/rest/api/3/issueLink", body.clone()).await;
        assert_eq!((reply.status, &reply.body), (StatusCode::CREATED, &json!("")));
    }
    let source = site.get("/rest/api/3/issue/PAY-1").await;
    assert_eq!(source.at("/fields/issuelinks").as_array().unwrap().len(), 1);
    assert_eq!(source.at("/fields/issuelinks/0/outwardIssue/key"), "LED-2");
    let log = site.get("/rest/api/3/issue/LED-2/changelog").await;
    assert_eq!(log.at("/values/0/items/0/toString"), "This issue is blocked by PAY-1");
    let changed = site.search("updated >= -1m order by key").await;
    assert_eq!(changed.keys(), ["LED-2", "PAY-1"]);
}

#[tokio::test]
async fn a_remote_link_is_replaced_by_its_global_id() {
    let site = Site::new();
    let path = "/rest/api/3/issue/PAY-1/remotelink";
    let link = |title: &str| json!({ "globalId": "system=change&id=1", "object": { "url": "https://change.example/1", "title": title } });
    let first = site.post(path, link("CHG1")).await;
    let second = site.post(path, link("CHG0000001")).await;
    assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(first.at("/id"), second.at("/id"));
    assert!(first.at("/id").is_u64());
    let all = site.get(path).await;
    assert_eq!((all.body.as_array().unwrap().len(), all.at("/0/object/title")), (1, &json!("CHG0000001")));
    assert_eq!(
        site.get(&format!("{path}?globalId=system%3Dchange%26id%3D1")).await.at("/globalId"),
        "system=change&id=1"
    );
    assert_eq!(site.post(path, json!({ "object": { "title": "no url" } })).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_move_changes_the_key_and_keeps_the_id() {
    let site = Site::new();
    let key = site.jira.move_issue("PAY-2", "ada", "LED").unwrap();
    assert_eq!(key, "LED-3");
    let read = site.get("/rest/api/3/issue/PAY-2").await;
    assert_eq!(
        (read.at("/id"), read.at("/key"), read.at("/fields/fixVersions")),
        (&json!("102"), &json!("LED-3"), &json!([]))
    );
    assert_eq!(site.search("project = LED and key = PAY-2").await.keys(), ["LED-3"]);
    assert_eq!(site.search("project = PAY order by key").await.keys(), ["PAY-1", "PAY-3"]);
}

#[tokio::test]
async fn a_deleted_issue_leaves_no_link_behind() {
    let site = Site::new();
    assert_eq!(
        site.send("DELETE", "/rest/api/3/issue/PAY-2", (&basic("ada"), None)).await.status,
        StatusCode::BAD_REQUEST
    );
    let path = "/rest/api/3/issue/PAY-2?deleteSubtasks=true";
    assert_eq!(site.send("DELETE", path, (&basic("ada"), None)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.get("/rest/api/3/issue/PAY-2").await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/rest/api/3/issue/LED-1").await.at("/fields/issuelinks"), &json!([]));
    assert_eq!(site.get("/rest/api/3/issue/PAY-3").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn mutations_number_log_and_refuse() {
    let site = Site::new();
    let key = site
        .jira
        .add_issue(Issue { project: 10001, issue_type: 10001, status: 10000, ..Issue::default() })
        .unwrap();
    assert_eq!(key, "LED-3");
    site.jira.set_field(&key, "ben", Change::Custom(10011, Some(CustomValue::Number(8.0)))).unwrap();
    site.jira.set_field(&key, "ben", Change::Custom(10011, Some(CustomValue::Number(8.0)))).unwrap();
    let log = site.get(&format!("/rest/api/3/issue/{key}/changelog")).await;
    assert_eq!(log.at("/total"), 1);
    assert_eq!(
        (log.at("/values/0/items/0/fieldtype"), log.at("/values/0/items/0/toString")),
        (&json!("custom"), &json!("8"))
    );
    assert!(site.jira.transition(&key, "ben", "Nowhere").is_err());
    assert!(site.jira.set_field("NO-1", "ben", Change::Summary("x".into())).is_err());
    site.jira.release_version(1101, None).unwrap();
    assert!(site.jira.snapshot().versions.iter().any(|version| version.id == 1101 && version.released));
}

#[tokio::test]
async fn bodies_must_be_json() {
    let site = Site::new();
    let reply = site.send("POST", "/rest/api/3/search/jql", (&basic("ada"), None)).await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
