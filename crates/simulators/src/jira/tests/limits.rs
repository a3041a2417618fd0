//! Rate limits and their headers.

use axum::http::StatusCode;
use jiff::SignedDuration;

use super::super::{Limits, RetryAfter};
use super::{Site, basic};

const MYSELF: &str = "/rest/api/3/myself";

#[tokio::test]
async fn a_burst_is_counted_per_route_and_second() {
    let site = Site::with(|options| options.limits = Limits { burst: Some(2), ..Limits::default() });
    site.get(MYSELF).await;
    site.get(MYSELF).await;
    let reply = site.get(MYSELF).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reply.header("ratelimit-reason"), Some("jira-burst-based"));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("x-ratelimit-remaining"), Some("0"));
    // ISO to the minute, not an epoch; rounded up.
    assert_eq!(reply.header("x-ratelimit-reset"), Some("2026-03-02T12:01Z"));
    assert_eq!(site.get("/rest/api/3/field").await.status, StatusCode::OK);
    site.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(site.get(MYSELF).await.status, StatusCode::OK);
}

#[tokio::test]
async fn points_are_paid_by_oauth_traffic_alone() {
    let site = Site::with(|options| options.limits = Limits { points: Some(10), ..Limits::default() });
    let path = "/rest/api/3/search/jql?jql=project=PAY&fields=summary";
    let reply = site.get_as("Bearer ada-token", path).await;
    // One for the request and one for each of three issues.
    assert_eq!(reply.header("x-ratelimit-remaining"), Some("6"));
    assert_eq!(reply.header("x-ratelimit-nearlimit"), Some("false"));
    site.get_as("Bearer ada-token", path).await;
    site.get_as("Bearer ada-token", path).await;
    let reply = site.get_as("Bearer ada-token", path).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reply.header("ratelimit-reason"), Some("jira-quota-tenant-based"));
    assert_eq!(reply.header("x-ratelimit-reset"), Some("2026-03-02T13:00Z"));
    assert_eq!(reply.header("retry-after"), Some("3570"));
    let exempt = site.get_as(&basic("ada"), path).await;
    assert_eq!((exempt.status, exempt.header("x-ratelimit-limit")), (StatusCode::OK, None));
    site.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(site.get_as("Bearer ada-token", path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_429_may_come_without_retry_after() {
    let site = Site::with(|options| {
        options.limits =
            Limits { burst: Some(0), points: None, issue_writes: None, retry_after: RetryAfter::Missing }
    });
    let reply = site.get(MYSELF).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, None));
}

#[tokio::test]
async fn writes_to_one_issue_are_limited_by_whichever_name() {
    let site = Site::with(|options| {
        options.limits.issue_writes = Some(1);
    });
    let edit = serde_json::json!({ "fields": { "labels": ["x"] } });
    let first = site.put("/rest/api/3/issue/PAY-1", edit.clone()).await;
    assert_eq!(first.status, StatusCode::NO_CONTENT);
    let second = site.put("/rest/api/3/issue/101", edit.clone()).await;
    assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(second.header("ratelimit-reason"), Some("jira-per-issue-on-write"));
    let other = site.put("/rest/api/3/issue/PAY-2", edit).await;
    assert_eq!(other.status, StatusCode::NO_CONTENT);
    assert_eq!(site.get("/rest/api/3/issue/PAY-1").await.status, StatusCode::OK);
}
