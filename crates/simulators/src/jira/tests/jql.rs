//! A table of queries. The site is described in the parent module; results are by key.

use super::{Site, basic};
use axum::http::StatusCode;

async fn check(jql: &str, expected: &str) {
    let ordered =
        if jql.to_lowercase().contains("order by") { jql.to_owned() } else { format!("{jql} order by key") };
    let reply = Site::new().search(&ordered).await;
    assert_eq!(reply.status, StatusCode::OK, "{jql}: {}", reply.body);
    assert_eq!(reply.keys().join(" "), expected, "{jql}");
}

async fn refused(jql: &str, expected: &str) {
    let reply = Site::new().search(jql).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{jql}: {}", reply.body);
    assert!(reply.body["errorMessages"].to_string().contains(expected), "{jql}: {}", reply.body);
}

#[tokio::test]
async fn fields_by_name_and_id() {
    check("project = PAY", "PAY-1 PAY-2 PAY-3").await;
    check("project = \"payments api\"", "PAY-1 PAY-2 PAY-3").await;
    check("project = 10001", "LED-1 LED-2").await;
    check("key = PAY-9", "LED-2").await;
    check("id in (101, 103)", "PAY-1 PAY-3").await;
    check("key > PAY-1", "PAY-2 PAY-3").await;
    check("issuetype = bug", "PAY-2").await;
    check("type in subTaskIssueTypes()", "PAY-3").await;
    check("status = \"In Progress\"", "PAY-3").await;
    check("statusCategory = Done", "PAY-1").await;
    check("statusCategory != done and project = PAY", "PAY-2 PAY-3").await;
    check("component = api", "PAY-2").await;
    check("parent = PAY-2", "PAY-3").await;
    check("labels = urgent", "PAY-1").await;
    check("labels in (nothing, api)", "PAY-1").await;
    check("affectedVersion = 1101", "LED-2").await;
}

#[tokio::test]
async fn versions() {
    check("fixVersion = 2.13.0", "PAY-1 PAY-3").await;
    check("fixVersion = 1002", "PAY-2 PAY-3").await;
    check("project = PAY and fixVersion > \"2.13.0\"", "PAY-2 PAY-3").await;
    check("fixVersion in releasedVersions()", "PAY-1 PAY-3").await;
    check("fixVersion in unreleasedVersions(PAY)", "PAY-2 PAY-3").await;
    check("fixVersion = earliestUnreleasedVersion(LED)", "LED-1").await;
    // The name exists in two projects.
    check("fixVersion = \"1.0\"", "LED-1").await;
}

#[tokio::test]
async fn negations_drop_empty_fields() {
    check("project = PAY and assignee != ada", "PAY-3").await;
    check("project = PAY and not assignee = ada", "PAY-3").await;
    check("project = PAY and assignee not in (ada)", "PAY-3").await;
    check("project = PAY and (assignee != ada or assignee is EMPTY)", "PAY-2 PAY-3").await;
    check("project = PAY and priority not in (High, EMPTY)", "PAY-3").await;
    check("project = PAY and fixVersion != 2.14.0", "PAY-1").await;
    check("project = PAY and Risk != Low", "PAY-3").await;
}

#[tokio::test]
async fn emptiness() {
    check("project = PAY and priority is empty", "PAY-2").await;
    check("project = PAY and assignee is not NULL", "PAY-1 PAY-3").await;
    check("project = PAY and resolution = EMPTY", "PAY-2 PAY-3").await;
    check("project = PAY and resolution = Unresolved", "PAY-2 PAY-3").await;
    check("project = PAY and resolution != \"unresolved\"", "PAY-1").await;
    check("project = PAY and resolution in (Unresolved, Done)", "PAY-1 PAY-2 PAY-3").await;
    check("project = PAY and assignee in (ada, empty)", "PAY-1 PAY-2").await;
    check("project in (PAY, LED) and fixVersion is EMPTY", "LED-2").await;
}

#[tokio::test]
async fn logic() {
    check("project = LED or key = PAY-1 and status = Done", "LED-1 LED-2 PAY-1").await;
    check("(project = LED or key = PAY-1) && status = Done", "PAY-1").await;
    check("project = PAY and not (key = PAY-1 or key = PAY-2)", "PAY-3").await;
    check("project = PAY and not not key = PAY-1", "PAY-1").await;
    check("! project = PAY and key != SEC-1", "LED-1 LED-2").await;
}

#[tokio::test]
async fn people() {
    check("assignee = currentUser()", "PAY-1").await;
    check("assignee = \"Ben Example\"", "PAY-3").await;
    check("assignee in (\"ada@bank.example\", ben)", "PAY-1 PAY-3").await;
}

#[tokio::test]
async fn dates() {
    check("updated >= -15m", "PAY-3").await;
    check("updated >= \"2026-03-02 11:50\"", "PAY-3").await;
    check("updated > \"2026-03-02 11:50\"", "").await;
    check("updated = \"2026-01-20 10:00\"", "PAY-1").await;
    check("resolved < startOfMonth()", "PAY-1").await;
    check("created <= \"2026/01/02\" and key = PAY-1", "PAY-1").await;
    check("due = 2026-03-10", "PAY-2").await;
    check("due <= 2w", "PAY-2").await;
    check("due < now()", "").await;
    check("cf[10013] > endOfDay()", "PAY-3").await;
}

#[tokio::test]
async fn dates_are_read_in_the_callers_time_zone() {
    let body = |jql: &str| serde_json::json!({ "jql": jql, "fields": ["key"] });
    let site = Site::new();
    // 06:50 in New York is 11:50 in UTC.
    let reply = site
        .send("POST", "/rest/api/3/search/jql", (&basic("ben"), Some(body("updated >= \"2026-03-02 06:50\""))))
        .await;
    assert_eq!(reply.keys(), ["PAY-3"]);
    let reply = site
        .send("POST", "/rest/api/3/search/jql", (&basic("ben"), Some(body("updated >= \"2026-03-02 11:50\""))))
        .await;
    assert!(reply.keys().is_empty());
}

#[tokio::test]
async fn text() {
    check("summary ~ refund", "PAY-1 PAY-3").await;
    check("summary ~ \"refund call\"", "PAY-3").await;
    check("summary ~ \"post*\"", "LED-1 PAY-2").await;
    check("description ~ paragraph", "PAY-2").await;
    check("text ~ roll", "PAY-3").await;
    check("project = PAY and summary !~ refund", "PAY-2").await;
    check("\"Backout plan\" ~ back", "PAY-3").await;
}

#[tokio::test]
async fn custom_fields_by_number_and_shared_name() {
    check("cf[10010] = High", "PAY-3").await;
    check("\"Story Points\" >= 5", "PAY-3").await;
    check("cf[10014] >= 5", "").await;
    check("Risk in (Low, High)", "PAY-3").await;
}

#[tokio::test]
async fn the_past() {
    check("status was \"To Do\" and key = PAY-1", "PAY-1").await;
    check("status changed", "PAY-1").await;
    check("status changed to Done after 2026-01-01 by ben", "PAY-1").await;
    check("status changed after 2026-02-01", "").await;
    check("status changed from Done", "").await;
    check("project = PAY and status was not Done", "PAY-2 PAY-3").await;
}

#[tokio::test]
async fn links() {
    check("issue in linkedIssues(PAY-2)", "LED-1 SEC-1").await;
    check("issue in linkedIssues(PAY-2, \"is blocked by\")", "LED-1").await;
    check("issue in linkedIssues(PAY-2, blocks)", "").await;
}

#[tokio::test]
async fn order() {
    check("project = PAY order by key desc", "PAY-3 PAY-2 PAY-1").await;
    check("project = PAY order by priority desc, key", "PAY-2 PAY-1 PAY-3").await;
    check("project = PAY order by updated asc", "PAY-1 PAY-2 PAY-3").await;
    check("project in (LED, PAY) order by project, created, id asc", "LED-1 LED-2 PAY-1 PAY-2 PAY-3").await;
    refused("project = PAY order by a, b, c, d, e, f, g, h", "maximum number of fields").await;
    refused("project = PAY order by nonsense", "Field 'nonsense' does not exist").await;
}

#[tokio::test]
async fn one_unknown_name_refuses_the_whole_query() {
    refused("nonsense = 1", "Field 'nonsense' does not exist or you do not have permission to view it.").await;
    refused("project = NOPE", "The value 'NOPE' does not exist for the field 'project'.").await;
    refused(
        "project = PAY and fixVersion in (2.13.0, \"7.7\")",
        "The value '7.7' does not exist for the field 'fixVersion'.",
    )
    .await;
    refused("fixVersion = 77", "A value with ID '77' does not exist for the field 'fixVersion'.").await;
    refused("key = PAY-77", "An issue with key 'PAY-77' does not exist for field 'key'.").await;
    refused("key = nothing", "The issue key 'nothing' for field 'key' is invalid.").await;
    refused("assignee = nobody", "The value 'nobody' does not exist for the field 'assignee'.").await;
    refused("created > sometimes()", "Unable to find JQL function 'sometimes()'.").await;
    refused("Risk = Medium", "The option 'Medium' for field 'Risk' does not exist.").await;
}

#[tokio::test]
async fn every_mistake_is_told() {
    let reply = Site::new().search("project = NOPE and status = Gone or created = x").await;
    assert_eq!(reply.at("/errorMessages").as_array().unwrap().len(), 3, "{}", reply.body);
}

#[tokio::test]
async fn syntax() {
    refused(
        "project = ",
        "Expecting either a value, list or function before the end of the query. (line 1, character 11)",
    )
    .await;
    refused("project PAY", "Expecting operator").await;
    refused(
        "project = PAY status = Done",
        "Expecting either 'OR' or 'AND' but got 'status'. (line 1, character 15)",
    )
    .await;
    refused("project = order", "'order' is a reserved JQL word").await;
    refused("(project = PAY", "Expecting ')'").await;
    refused("summary = refund", "The operator '=' is not supported by the 'summary' field.").await;
    refused("project ~ PAY", "The operator '~' is not supported by the 'project' field.").await;
    refused("status > Done", "The operator '>' is not supported by the 'status' field.").await;
    refused("project is PAY", "EMPTY or NULL").await;
    refused("updated > \"2026-03-02 11:50:00\"", "Date value '2026-03-02 11:50:00' for field 'updated' is invalid")
        .await;
    refused("summary ~ \"*x\"", "not allowed to start with character '*'").await;
}

#[tokio::test]
async fn an_unbounded_query_is_refused() {
    for jql in ["", "   ", "order by created"] {
        refused(jql, "Unbounded JQL queries are not allowed here").await;
    }
}
