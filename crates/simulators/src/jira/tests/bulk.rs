//! Bulk fetches of issues and changelogs.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::{Change, ChangelogDates, Quirks};
use super::Site;

const FETCH: &str = "/rest/api/3/issue/bulkfetch";
const CHANGELOGS: &str = "/rest/api/3/changelog/bulkfetch";

#[tokio::test]
async fn order_is_by_id_and_old_keys_come_back_as_new_ones() {
    let body = json!({ "issueIdsOrKeys": ["PAY-3", "pay-1", "PAY-9", "101", "SEC-404"], "fields": ["summary"] });
    let reply = Site::new().post(FETCH, body).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.keys(), ["LED-2", "PAY-1", "PAY-3"]);
    assert_eq!(reply.at("/issueErrors"), &json!([]), "what does not exist is left out silently");
}

#[tokio::test]
async fn at_most_a_hundred_issues() {
    let site = Site::new();
    for count in [0, 101] {
        let keys: Vec<String> = (0..count).map(|number| format!("PAY-{number}")).collect();
        assert_eq!(site.post(FETCH, json!({ "issueIdsOrKeys": keys })).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn expand_is_a_list_here() {
    let site = Site::new();
    let reply = site.post(FETCH, json!({ "issueIdsOrKeys": ["PAY-1"], "expand": "changelog" })).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let reply = site.post(FETCH, json!({ "issueIdsOrKeys": ["PAY-1"], "expand": ["changelog"] })).await;
    assert_eq!(reply.at("/issues/0/changelog/histories/0/items/0/toString"), "Done");
}

#[tokio::test]
async fn changelogs_are_paged_by_entry_and_filtered_by_field() {
    let site = Site::new();
    site.jira.transition("PAY-2", "ada", "In Progress").unwrap();
    site.jira.set_field("PAY-2", "ada", Change::Labels(vec!["x".into()])).unwrap();
    let ask = async |token: Option<&Value>| {
        let body = json!({ "issueIdsOrKeys": ["PAY-2", "PAY-1"], "fieldIds": ["status"], "maxResults": 1, "nextPageToken": token });
        site.post(CHANGELOGS, body).await
    };
    let first = ask(None).await;
    assert_eq!(first.at("/issueChangeLogs/0/issueId"), "101");
    let second = ask(Some(first.at("/nextPageToken"))).await;
    assert_eq!(second.at("/issueChangeLogs/0/issueId"), "102");
    assert_eq!(second.at("/issueChangeLogs/0/changeHistories/0/items/0/toString"), "In Progress");
    assert!(!second.has("/nextPageToken"), "labels are not asked for");
}

#[tokio::test]
async fn changelog_dates_come_as_text_or_as_epoch() {
    let site = Site::new();
    let body = json!({ "issueIdsOrKeys": ["PAY-1"] });
    let created = "/issueChangeLogs/0/changeHistories/0/created";
    assert_eq!(site.post(CHANGELOGS, body.clone()).await.at(created), "2026-01-20T10:00:00.000+0000");
    site.jira.set_quirks(Quirks { changelog_dates: ChangelogDates::EpochSeconds, ..Quirks::default() });
    assert_eq!(site.post(CHANGELOGS, body).await.at(created), 1_768_903_200);
}
