//! Pull requests, reviews, protection, search.

use serde_json::{Value, json};

use super::world::{PAYMENTS, World, sha, texts};

#[tokio::test]
async fn merged_is_a_date_in_lists_and_a_flag_alone() {
    let world = World::new();
    let closed = world.get(&format!("{PAYMENTS}/pulls?state=closed")).await.json();
    assert_eq!((&closed[0]["state"], closed[0].get("merged")), (&json!("closed"), None));
    assert!(closed[0]["merged_at"].is_string());
    let one = world.get(&format!("{PAYMENTS}/pulls/7")).await.json();
    assert_eq!((&one["merged"], &one["commits"], &one["changed_files"]), (&json!(true), &json!(2), &json!(3)));
    let open = world.get(&format!("{PAYMENTS}/pulls/8")).await.json();
    assert_eq!(
        (&open["mergeable"], &open["merge_commit_sha"]),
        (&Value::Null, &json!("e".repeat(40))),
        "a test merge, mergeable unknown"
    );
    assert_eq!(world.get(&format!("{PAYMENTS}/commits/{}", "e".repeat(40))).await.status, 422);
    assert_eq!(
        texts(&world.get(&format!("{PAYMENTS}/pulls")).await.json(), "/number"),
        ["8"],
        "open ones by default"
    );
}

#[tokio::test]
async fn a_number_may_be_an_issue() {
    let world = World::new();
    assert_eq!(world.get(&format!("{PAYMENTS}/pulls/9")).await.status, 404);
    assert_eq!(world.get(&format!("{PAYMENTS}/issues/9")).await.json().get("pull_request"), None);
}

#[tokio::test]
async fn a_commit_leads_to_its_pull_request() {
    let world = World::new();
    for commit in [sha(297), sha(299)] {
        let found = world.get(&format!("{PAYMENTS}/commits/{commit}/pulls")).await.json();
        assert!(texts(&found, "/number").contains(&"7".to_owned()));
    }
    assert_eq!(world.get(&format!("{PAYMENTS}/commits/{}/pulls", sha(5))).await.json(), json!([]));
}

#[tokio::test]
async fn reviews_are_oldest_first_and_bound_to_a_commit() {
    let world = World::new();
    let path = format!("{PAYMENTS}/pulls/7/reviews");
    let reviews = world.get(&path).await.json();
    assert_eq!(texts(&reviews, "/state"), ["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]);
    assert_eq!(reviews[0]["commit_id"], sha(297), "the head was 298: a stale approval");
    let own = world.get_as("admin", &path).await.json();
    assert_eq!((own.as_array().unwrap().len(), own[3].get("submitted_at")), (4, None), "pending has no date");
    world.github.forget_user("bob");
    assert_eq!(world.get(&path).await.json()[0]["user"], Value::Null);
}

#[tokio::test]
async fn protection_stands_in_two_places() {
    let world = World::new();
    let classic = format!("{PAYMENTS}/branches/main/protection");
    assert_eq!(world.get_as("writer", &classic).await.status, 404);
    assert_eq!(
        world.get_as("admin", &classic).await.json()["required_pull_request_reviews"]["required_approving_review_count"],
        1
    );
    assert_eq!(world.get(&format!("{PAYMENTS}/rules/branches/main")).await.json(), json!([]));
    assert_eq!(
        texts(&world.get(&format!("{PAYMENTS}/rules/branches/hotfix/2.13")).await.json(), "/type"),
        ["deletion"]
    );
    assert_eq!(world.get(&format!("{PAYMENTS}/branches/hotfix%2F2.13")).await.json()["protected"], true);
}

#[tokio::test]
async fn search_finds_merged_pull_requests() {
    let world = World::new();
    let query = |q: &str| {
        format!("/search/issues?q={}", url::form_urlencoded::byte_serialize(q.as_bytes()).collect::<String>())
    };
    let found =
        world.get(&query("repo:bank/payments-api is:pr is:merged PAY-298 merged:>=2025-10-01")).await.json();
    assert_eq!((&found["total_count"], &found["items"][0]["number"]), (&json!(1), &json!(7)));
    assert_eq!(world.get(&query("repo:bank/payments-api is:pr merged:<2025-10-01")).await.json()["total_count"], 0);
}
