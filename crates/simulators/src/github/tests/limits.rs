//! Identity, limits, conditional requests and the other addresses.

use jiff::SignedDuration;
use serde_json::json;

use super::world::{PAYMENTS, World};

#[tokio::test]
async fn an_unchanged_answer_is_a_free_304() {
    let world = World::new();
    let first = world.get(PAYMENTS).await;
    let tag = first.header("etag").to_owned();
    assert_eq!((first.status.as_u16(), first.header("x-ratelimit-used")), (200, "1"));
    let again = world.with(PAYMENTS, &[("authorization", "Bearer reader"), ("if-none-match", &tag)]).await;
    assert_eq!((again.status.as_u16(), again.header("x-ratelimit-used"), again.bytes.len()), (304, "1", 0));
    assert_eq!(again.header("etag"), tag);

    world.github.edit("bank/payments-api", |repository| repository.description = Some("New".into()));
    let changed = world.with(PAYMENTS, &[("authorization", "Bearer reader"), ("if-none-match", &tag)]).await;
    assert_eq!((changed.status.as_u16(), changed.header("x-ratelimit-used")), (200, "2"));
}

#[tokio::test]
async fn a_304_costs_the_anonymous() {
    let world = World::new();
    let first = world.with("/meta", &[]).await;
    let again = world.with("/meta", &[("if-none-match", first.header("etag"))]).await;
    assert_eq!((again.status.as_u16(), again.header("x-ratelimit-used")), (304, "2"));
}

#[tokio::test]
async fn entity_tags_differ_by_token_and_accept() {
    let world = World::new();
    let one = world.get(PAYMENTS).await.header("etag").to_owned();
    let other = world.get_as("admin", PAYMENTS).await.header("etag").to_owned();
    let raw = world
        .with(PAYMENTS, &[("authorization", "Bearer reader"), ("accept", "application/vnd.github.raw+json")])
        .await;
    assert!(one != other && one != raw.header("etag"));
}

#[tokio::test]
async fn an_hour_used_up_is_403_with_a_reset() {
    let world = World::new();
    world.github.edit_limits(|limits| limits.authorized_per_hour = 2);
    for _ in 0..2 {
        assert_eq!(world.get(PAYMENTS).await.status, 200);
    }
    let over = world.get(PAYMENTS).await;
    assert_eq!(
        (over.status.as_u16(), over.header("x-ratelimit-remaining"), over.header("retry-after")),
        (403, "0", "")
    );
    assert_eq!(over.header("x-ratelimit-reset"), "1772456400", "an hour after the first request");
    assert_eq!(world.get("/rate_limit").await.json()["resources"]["core"]["remaining"], 0);
    assert_eq!(world.get_as("admin", PAYMENTS).await.status, 200, "others have their own");
    world.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(world.get(PAYMENTS).await.status, 200);
}

#[tokio::test]
async fn a_hurry_is_refused_for_the_rest_of_the_minute() {
    let world = World::new();
    world.github.edit_limits(|limits| {
        limits.rest_points_per_minute = 1;
        limits.over_limit_status = 429;
    });
    assert_eq!(world.get(PAYMENTS).await.status, 200);
    world.clock.advance(SignedDuration::from_secs(20));
    let over = world.get(PAYMENTS).await;
    assert_eq!((over.status.as_u16(), over.header("retry-after")), (429, "40"));
    assert_eq!(over.header("x-ratelimit-remaining"), "4999", "the hour is not used up");
    world.clock.advance(SignedDuration::from_secs(40));
    assert_eq!(world.get(PAYMENTS).await.status, 200);
}

#[tokio::test]
async fn a_plain_403_is_no_limit() {
    let refused = World::new().get_as("narrow", "/orgs/bank/packages/container/payments-api/versions").await;
    assert_eq!(refused.status, 403);
    assert_ne!(refused.header("x-ratelimit-remaining"), "0");
    assert_eq!(refused.header("retry-after"), "");
}

#[tokio::test]
async fn limits_can_be_off_as_on_an_enterprise_server() {
    let world = World::new();
    world.github.edit_limits(|limits| limits.enabled = false);
    assert_eq!(world.get(PAYMENTS).await.header("x-ratelimit-limit"), "");
    assert_eq!(world.get("/rate_limit").await.status, 404);
    let repository = world.get(&format!("/api/v3{PAYMENTS}")).await.json();
    assert_eq!(repository["url"], json!(format!("http://api.test/api/v3{PAYMENTS}")));
    let page = world.get(&format!("/api/v3{PAYMENTS}/commits")).await;
    assert_eq!(page.link("next").unwrap(), "http://api.test/api/v3/repositories/1/commits?page=2");
}

#[tokio::test]
async fn identity_is_checked_first() {
    let world = World::new();
    assert_eq!(world.get_as("nobody", "/meta").await.status, 401);
    assert_eq!(world.with("/user", &[]).await.status, 401);
    assert_eq!(world.with("/user", &[("authorization", "Basic YWRhOnJlYWRlcg==")]).await.json()["login"], "ada");
    let silent = axum::http::Request::get(PAYMENTS)
        .header("authorization", "Bearer reader")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(world.send(silent).await.status, 403, "no user agent");
}

#[tokio::test]
async fn the_date_is_the_simulated_one() {
    assert_eq!(World::new().get("/meta").await.header("date"), "Mon, 02 Mar 2026 12:00:00 GMT");
}
