//! Paging, default fields, expands, consistency and limits of the search.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::content::{Comment, History, HistoryItem, Issue};
use super::super::{Change, LastPage, Quirks};
use super::{Site, basic, moment};

const SEARCH: &str = "/rest/api/3/search/jql";

#[tokio::test]
async fn default_fields_are_the_id_alone() {
    let reply = Site::new().get("/rest/api/3/search/jql?jql=key=PAY-1").await;
    assert_eq!(reply.body, json!({ "issues": [{ "id": "101" }], "isLast": true }));
}

#[tokio::test]
async fn key_brings_no_fields() {
    let reply = Site::new().search("key = PAY-1").await;
    assert_eq!(reply.at("/issues/0/key"), "PAY-1");
    assert!(!reply.has("/issues/0/fields"));
}

#[tokio::test]
async fn pages_follow_an_opaque_token() {
    let site = Site::new();
    let (mut token, mut seen) = (None, Vec::new());
    loop {
        let reply =
            site.post(SEARCH, json!({ "jql": "project = PAY", "maxResults": 2, "nextPageToken": token })).await;
        assert!(!reply.has("/total") && !reply.has("/startAt"));
        seen.extend(
            reply.at("/issues").as_array().unwrap().iter().map(|issue| issue["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = reply.body.get("nextPageToken").and_then(Value::as_str) else {
            assert_eq!(reply.at("/isLast"), true);
            break;
        };
        assert_eq!(reply.at("/isLast"), false);
        assert_ne!(Some(next), token.as_deref());
        token = Some(next.to_owned());
    }
    assert_eq!(seen, ["103", "102", "101"]);
}

#[tokio::test]
async fn a_token_belongs_to_its_query_and_lives_seven_days() {
    let site = Site::new();
    let token =
        site.post(SEARCH, json!({ "jql": "project = PAY", "maxResults": 1 })).await.at("/nextPageToken").clone();
    let other = site.post(SEARCH, json!({ "jql": "project = LED", "nextPageToken": token })).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
    site.clock.advance(SignedDuration::from_hours(7 * 24 + 1));
    let late = site.post(SEARCH, json!({ "jql": "project = PAY", "nextPageToken": token })).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(late.message().contains("invalid or expired"));
}

#[tokio::test]
async fn a_short_page_is_not_the_last_page() {
    let site = Site::new();
    let first = site.post(SEARCH, json!({ "jql": "project = PAY", "maxResults": 1 })).await;
    site.jira.delete_issue("PAY-2").unwrap();
    let second = site
        .post(
            SEARCH,
            json!({ "jql": "project = PAY", "maxResults": 1, "nextPageToken": first.at("/nextPageToken") }),
        )
        .await;
    assert_eq!(second.at("/issues").as_array().unwrap().len(), 0);
    assert!(second.has("/nextPageToken"));
}

#[tokio::test]
async fn pages_with_fields_are_smaller_than_asked() {
    let site = Site::new();
    for _ in 0..150 {
        let issue =
            Issue { project: 10001, issue_type: 10001, status: 10000, summary: "More".into(), ..Issue::default() };
        site.jira.add_issue(issue).unwrap();
    }
    let count = async |fields: Value| {
        let reply =
            site.post(SEARCH, json!({ "jql": "project = LED", "maxResults": 5000, "fields": fields })).await;
        reply.at("/issues").as_array().unwrap().len()
    };
    assert_eq!(count(json!(["key"])).await, 152);
    assert_eq!(count(json!(["summary"])).await, 100);
}

#[tokio::test]
async fn the_end_of_a_search_comes_in_several_spellings() {
    let site = Site::new();
    let body = json!({ "jql": "key = PAY-1" });
    let quirk = |last_page| site.jira.set_quirks(Quirks { last_page, ..Quirks::default() });
    quirk(LastPage::TokenNull);
    assert_eq!(site.post(SEARCH, body.clone()).await.body.get("nextPageToken"), Some(&Value::Null));
    quirk(LastPage::IsLastWrong);
    let reply = site.post(SEARCH, body.clone()).await;
    assert!(!reply.has("/nextPageToken") && reply.at("/isLast") == false);
    quirk(LastPage::TokenRepeats);
    let first = site.post(SEARCH, body.clone()).await.at("/nextPageToken").clone();
    let second = site.post(SEARCH, json!({ "jql": "key = PAY-1", "nextPageToken": first })).await;
    assert_eq!(second.at("/nextPageToken"), &first);
}

#[tokio::test]
async fn the_old_search_is_gone() {
    let site = Site::new();
    for path in ["/rest/api/3/search?jql=project=PAY", "/rest/api/2/search"] {
        let reply = site.get(path).await;
        assert_eq!(reply.status, StatusCode::GONE);
        assert!(
            reply.message().starts_with("The requested API has been removed.")
                && reply.message().contains("CHANGE-2046")
        );
        assert_eq!(reply.at("/errors"), &json!({}));
    }
}

#[tokio::test]
async fn the_count_is_apart() {
    let site = Site::new();
    let reply = site.post("/rest/api/3/search/approximate-count", json!({ "jql": "project = PAY" })).await;
    assert_eq!(reply.body, json!({ "count": 3 }));
    let unbounded = site.post("/rest/api/3/search/approximate-count", json!({ "jql": "" })).await;
    assert_eq!(unbounded.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn expand_is_a_string_in_the_body_and_unknown_parts_are_refused() {
    let site = Site::new();
    for wrong in [json!({ "expand": ["names"] }), json!({ "startAt": 0 }), json!({ "fields": "summary" })] {
        let mut body = json!({ "jql": "key = PAY-1" });
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let reply = site.post(SEARCH, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert!(reply.message().starts_with("Invalid request payload."));
    }
    let body =
        json!({ "jql": "key = PAY-1", "fields": ["summary", "customfield_10010"], "expand": "names,schema" });
    let reply = site.post(SEARCH, body).await;
    assert_eq!(reply.at("/names"), &json!({ "summary": "Summary", "customfield_10010": "Risk" }));
    assert_eq!(reply.at("/schema/customfield_10010/customId"), 10010);
}

#[tokio::test]
async fn expands_bring_twenty_comments_and_twenty_changelog_entries() {
    let site = Site::new();
    let at = moment("2026-01-01T10:00:00Z");
    let item = HistoryItem {
        field: "labels".into(),
        field_id: "labels".into(),
        from: None,
        from_string: None,
        to: None,
        to_string: None,
    };
    let issue = Issue {
        project: 10000,
        issue_type: 10001,
        status: 10000,
        comments: (0..30)
            .map(|id| Comment { id, author: None, created: at, updated: at, body: format!("Comment {id}") })
            .collect(),
        changelog: (0..30).map(|id| History { id, author: None, created: at, items: vec![item.clone()] }).collect(),
        ..Issue::default()
    };
    let key = site.jira.add_issue(issue).unwrap();
    let body = json!({ "jql": format!("key = {key}"), "fields": ["comment"], "expand": "changelog" });
    let reply = site.post(SEARCH, body).await;
    assert_eq!(reply.at("/issues/0/fields/comment/comments").as_array().unwrap().len(), 20);
    assert_eq!(reply.at("/issues/0/fields/comment/total"), 30);
    assert_eq!(reply.at("/issues/0/changelog/histories").as_array().unwrap().len(), 20);
    assert_eq!(reply.at("/issues/0/changelog/total"), 30);
    // Newest first here, oldest first on the changelog's own route.
    assert_eq!(reply.at("/issues/0/changelog/histories/0/id"), "29");
    let own = site.get(&format!("/rest/api/3/issue/{key}/changelog")).await;
    assert_eq!(own.at("/values/0/id"), "0");
}

#[tokio::test]
async fn search_lags_behind_writes_unless_reconciled() {
    let site = Site::with(|options| options.search_lag = SignedDuration::from_secs(10));
    site.jira.set_field("PAY-2", "ada", Change::Labels(vec!["fresh".into()])).unwrap();
    site.jira.delete_issue("PAY-1").unwrap();
    assert!(site.search("labels = fresh").await.keys().is_empty());
    assert_eq!(site.search("labels = api").await.keys(), ["PAY-1"]);
    let reconciled = json!({ "jql": "labels = fresh", "fields": ["key"], "reconcileIssues": [102] });
    assert_eq!(site.post(SEARCH, reconciled).await.keys(), ["PAY-2"]);
    assert_eq!(site.get("/rest/api/3/issue/PAY-2?fields=labels").await.at("/fields/labels/0"), "fresh");
    site.clock.advance(SignedDuration::from_secs(11));
    assert_eq!(site.search("labels = fresh").await.keys(), ["PAY-2"]);
    assert!(site.search("labels = api").await.keys().is_empty());
}

#[tokio::test]
async fn at_most_fifty_issues_are_reconciled() {
    let ids: Vec<u64> = (0..51).collect();
    let reply = Site::new().post(SEARCH, json!({ "jql": "project = PAY", "reconcileIssues": ids })).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn hidden_projects_make_fewer_rows() {
    let site = Site::new();
    let ask = async |who: &str, jql: &str| {
        site.send("POST", SEARCH, (who, Some(json!({ "jql": jql, "fields": ["key"] })))).await
    };
    assert_eq!(ask(&basic("ada"), "summary ~ hidden").await.keys(), ["SEC-1"]);
    assert!(ask(&basic("ben"), "summary ~ hidden").await.keys().is_empty());
    let named = ask(&basic("ben"), "project = SEC").await;
    assert_eq!(named.status, StatusCode::BAD_REQUEST);
    assert_eq!(named.message(), "The value 'SEC' does not exist for the field 'project'.");
}

#[tokio::test]
async fn a_hundred_thousand_issues_are_searched_through_indexes() {
    let site = Site::with(|options| {
        let one = |number: u64| Issue {
            id: 1_000_000 + number,
            key: format!("LED-{}", 1000 + number),
            project: 10001,
            issue_type: 10001,
            status: 10000,
            fix_versions: if number.is_multiple_of(1000) { vec![1101] } else { vec![] },
            ..Issue::default()
        };
        options.content.issues.extend((0..100_000).map(one));
    });
    let reply = site
        .post("/rest/api/3/search/approximate-count", json!({ "jql": "fixVersion = 1101 and project = LED" }))
        .await;
    assert_eq!(reply.at("/count"), 101);
    let reply =
        site.post("/rest/api/3/search/approximate-count", json!({ "jql": "project = LED order by updated" })).await;
    assert_eq!(reply.at("/count"), 100_002);
}
