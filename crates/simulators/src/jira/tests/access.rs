//! Who is let in, and what nobody gets.

use axum::http::StatusCode;

use super::super::{Anonymous, Browse};
use super::{Site, basic};

const PAY_1: &str = "/rest/api/3/issue/PAY-1";

#[tokio::test]
async fn basic_and_bearer_are_taken() {
    let site = Site::new();
    for credentials in [basic("ada"), "Bearer ada-token".into()] {
        let reply = site.get_as(&credentials, "/rest/api/3/myself").await;
        assert_eq!((reply.status, reply.at("/accountId").as_str()), (StatusCode::OK, Some("ada")));
        assert!(!reply.has("/name") && !reply.has("/key"), "Cloud has no user names");
    }
}

#[tokio::test]
async fn bad_credentials_read_200_with_nothing_and_only_myself_tells() {
    let site = Site::new();
    for credentials in ["", "Basic bm9ib2R5Om5vdGhpbmc=", "Bearer stolen", "Basic !!!"] {
        let found = site.get_as(credentials, "/rest/api/3/search/jql?jql=created%3E2020-01-01").await;
        assert_eq!(
            (found.status, found.at("/issues").as_array().unwrap().len()),
            (StatusCode::OK, 0),
            "{credentials}"
        );
        let projects = site.get_as(credentials, "/rest/api/3/project/search").await;
        assert_eq!((projects.status, projects.at("/total").as_u64()), (StatusCode::OK, Some(0)));
        assert_eq!(site.get_as(credentials, PAY_1).await.status, StatusCode::NOT_FOUND);
        assert_eq!(site.get_as(credentials, "/rest/api/3/myself").await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn anonymous_may_see_some_projects_but_writes_nothing() {
    let site = Site::with(|options| options.anonymous = Anonymous::Sees(Browse::Only(vec!["PAY".into()])));
    assert_eq!(site.get_as("", PAY_1).await.status, StatusCode::OK);
    assert_eq!(site.get_as("", "/rest/api/3/issue/LED-1").await.status, StatusCode::NOT_FOUND);
    let deleted = site.send("DELETE", PAY_1, ("", None)).await;
    assert_eq!(deleted.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_closed_site_refuses_every_route_in_plain_text() {
    let site = Site::with(|options| options.anonymous = Anonymous::Refused);
    let reply = site.get_as("Bearer wrong", PAY_1).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(reply.header("content-type").unwrap().starts_with("text/plain"));
    assert_eq!(reply.header("x-seraph-loginreason"), Some("AUTHENTICATED_FAILED"));
    assert_eq!(site.get(PAY_1).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_permission_is_404_like_absence() {
    let site = Site::new();
    let hidden = site.get_as(&basic("ben"), "/rest/api/3/issue/SEC-1").await;
    let absent = site.get_as(&basic("ben"), "/rest/api/3/issue/SEC-999").await;
    assert_eq!((hidden.status, &hidden.body), (StatusCode::NOT_FOUND, &absent.body));
    assert_eq!(hidden.message(), "Issue does not exist or you do not have permission to see it.");
    for path in ["project/SEC", "project/SEC/versions", "version/1201"] {
        assert_eq!(
            site.get_as(&basic("ben"), &format!("/rest/api/3/{path}")).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn links_to_hidden_issues_are_left_out() {
    let site = Site::new();
    let path = "/rest/api/3/issue/PAY-2?fields=issuelinks";
    assert_eq!(site.get(path).await.at("/fields/issuelinks").as_array().unwrap().len(), 2);
    assert_eq!(site.get_as(&basic("ben"), path).await.at("/fields/issuelinks").as_array().unwrap().len(), 1);
}
