//! Single records: issues with their links, dates and rich text, and the lists of the site.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::content::{Approval, ApprovalDecision, Issue};
use super::{Site, basic, moment};

#[tokio::test]
async fn rich_text_is_a_document_in_v3_and_text_in_v2() {
    let site = Site::new();
    let v3 = site.get("/rest/api/3/issue/PAY-2").await;
    assert_eq!(v3.at("/fields/description/type"), "doc");
    assert_eq!(v3.at("/fields/description/content/0/content/1/type"), "hardBreak");
    let v2 = site.get("/rest/api/2/issue/PAY-2").await;
    assert_eq!(v2.at("/fields/description"), "First line\nsecond\n\nNext paragraph");
    assert_eq!(site.get("/rest/api/3/issue/PAY-3").await.at("/fields/customfield_10012/type"), "doc");
}

#[tokio::test]
async fn dates_have_an_offset_without_colon_in_the_callers_zone() {
    let site = Site::new();
    assert_eq!(site.get("/rest/api/3/issue/PAY-3").await.at("/fields/updated"), "2026-03-02T11:50:00.000+0000");
    let ben = site.get_as(&basic("ben"), "/rest/api/3/issue/PAY-3").await;
    assert_eq!(ben.at("/fields/updated"), "2026-03-02T06:50:00.000-0500");
    assert_eq!(site.get("/rest/api/3/issue/PAY-2").await.at("/fields/duedate"), "2026-03-10");
}

#[tokio::test]
async fn ids_are_strings_and_absent_parents_are_absent() {
    let site = Site::new();
    let reply = site.get("/rest/api/3/issue/PAY-2").await;
    assert_eq!(reply.at("/id"), "102");
    assert!(!reply.has("/fields/parent"));
    assert_eq!(reply.body.pointer("/fields/resolution"), Some(&Value::Null));
    assert_eq!(reply.at("/fields/status/statusCategory/key"), "new");
    assert_eq!(reply.at("/fields/subtasks/0/key"), "PAY-3");
    assert_eq!(site.get("/rest/api/3/issue/PAY-3").await.at("/fields/parent/key"), "PAY-2");
}

#[tokio::test]
async fn a_link_has_exactly_one_end_and_is_seen_from_both() {
    let site = Site::new();
    let blocker = site.get("/rest/api/3/issue/LED-1").await;
    let link = blocker.at("/fields/issuelinks/0");
    assert_eq!((link.pointer("/outwardIssue/key"), link.get("inwardIssue")), (Some(&json!("PAY-2")), None));
    let blocked = site.get("/rest/api/3/issue/PAY-2").await;
    let link = blocked.at("/fields/issuelinks/0");
    assert_eq!((link.pointer("/inwardIssue/key"), link.get("outwardIssue")), (Some(&json!("LED-1")), None));
    assert_eq!(link.pointer("/type/inward"), Some(&json!("is blocked by")));
}

#[tokio::test]
async fn an_issue_that_moved_answers_to_its_old_key() {
    let reply = Site::new().get("/rest/api/3/issue/PAY-9").await;
    assert_eq!((reply.at("/key"), reply.at("/id")), (&json!("LED-2"), &json!("99")));
}

#[tokio::test]
async fn hidden_mail_addresses_are_absent() {
    let site = Site::new();
    let users = site.get("/rest/api/3/users/search").await;
    let cleo = users.body.as_array().unwrap().iter().find(|user| user["accountId"] == "cleo").unwrap();
    assert!(cleo.get("emailAddress").is_none());
    assert_eq!(site.get("/rest/api/3/user/search?query=ben").await.at("/0/accountId"), "ben");
}

#[tokio::test]
async fn two_fields_may_share_a_name() {
    let reply = Site::new().get("/rest/api/3/field").await;
    let points: Vec<&Value> =
        reply.body.as_array().unwrap().iter().filter(|field| field["name"] == "Story Points").collect();
    assert_eq!(points.len(), 2);
    assert_eq!(points[0]["schema"]["customId"], 10011);
    assert_eq!(points[0]["id"], "customfield_10011");
}

#[tokio::test]
async fn the_changelog_is_values_on_its_own_and_histories_inside() {
    let site = Site::new();
    let own = site.get("/rest/api/3/issue/PAY-1/changelog").await;
    assert_eq!((own.at("/total"), own.at("/isLast")), (&json!(1), &json!(true)));
    assert!(own.has("/values/0") && !own.has("/histories"));
    let inside = site.get("/rest/api/3/issue/PAY-1?expand=changelog,names").await;
    assert!(inside.has("/changelog/histories/0") && !inside.has("/changelog/values"));
    assert_eq!(inside.at("/names/fixVersions"), "Fix versions");
}

#[tokio::test]
async fn projects_are_paged_and_found_by_key() {
    let site = Site::new();
    let reply = site.get("/rest/api/3/project/search?maxResults=1&keys=PAY&keys=LED&orderBy=-key").await;
    assert_eq!(
        (reply.at("/values/0/key"), reply.at("/total"), reply.at("/isLast")),
        (&json!("PAY"), &json!(2), &json!(false))
    );
    let next = reply.at("/nextPage").as_str().unwrap().strip_prefix("http://site.example").unwrap();
    let reply = site.get(next).await;
    assert_eq!((reply.at("/values/0/key"), reply.at("/isLast")), (&json!("LED"), &json!(true)));
    assert_eq!(site.get("/rest/api/3/project/led").await.at("/id"), "10001");
    assert_eq!(site.get("/rest/api/3/project/PAY/components").await.at("/0/name"), "api");
}

#[tokio::test]
async fn the_lists_of_the_site() {
    let site = Site::new();
    for (path, pointer, expected) in [
        ("issueLinkType", "/issueLinkTypes/0/outward", "blocks"),
        ("status", "/0/statusCategory/key", "new"),
        ("statuses/search", "/values/0/statusCategory", "TODO"),
        ("priority", "/0/name", "Highest"),
        ("resolution", "/0/name", "Done"),
        ("issuetype", "/0/name", "Story"),
        ("serverInfo", "/deploymentType", "Cloud"),
    ] {
        let reply = site.get(&format!("/rest/api/3/{path}")).await;
        assert_eq!((reply.status, reply.at(pointer).as_str()), (StatusCode::OK, Some(expected)), "{path}");
    }
}

#[tokio::test]
async fn approvals_have_their_own_paging_verbs_and_errors() {
    let site = Site::new();
    let approval = Approval {
        id: 1,
        name: "CAB".into(),
        decision: ApprovalDecision::Pending,
        approvers: vec![("ada".into(), ApprovalDecision::Pending)],
        created: moment("2026-03-01T09:00:00Z"),
        completed: None,
    };
    let issue =
        Issue { project: 10003, issue_type: 10005, status: 10003, approvals: vec![approval], ..Issue::default() };
    let key = site.jira.add_issue(issue).unwrap();
    let path = format!("/rest/servicedeskapi/request/{key}/approval");
    let list = site.get(&path).await;
    assert_eq!((list.at("/isLastPage"), list.at("/size")), (&json!(true), &json!(1)));
    assert_eq!(
        (list.at("/values/0/finalDecision"), list.at("/values/0/canAnswerApproval")),
        (&json!("pending"), &json!(true))
    );
    let other = site.post(&format!("{path}/1"), json!({ "decision": "approved" })).await;
    assert_eq!((other.status, other.has("/errorMessage")), (StatusCode::BAD_REQUEST, true));
    let done = site.post(&format!("{path}/1"), json!({ "decision": "approve" })).await;
    assert_eq!((done.at("/finalDecision"), done.at("/canAnswerApproval")), (&json!("approved"), &json!(false)));
    let not_a_request = site.get("/rest/servicedeskapi/request/PAY-1/approval").await;
    assert_eq!(not_a_request.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn unknown_routes_are_404_with_a_collection_of_errors() {
    let reply = Site::new().get("/rest/api/3/nonsense").await;
    assert_eq!((reply.status, reply.has("/errorMessages/0")), (StatusCode::NOT_FOUND, true));
}
