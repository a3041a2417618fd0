//! Repositories, refs, releases, commits, comparisons.

use serde_json::json;

use super::world::{PAYMENTS, World, sha, texts};

#[tokio::test]
async fn following_next_reads_every_commit_once() {
    let world = World::new();
    let mut next = Some(format!("{PAYMENTS}/commits?per_page=100"));
    let (mut shas, mut pages) = (Vec::new(), 0);
    while let Some(path) = next {
        let page = world.get(&path).await;
        shas.extend(texts(&page.json(), "/sha"));
        next = page.link("next");
        pages += 1;
    }
    assert_eq!((shas.len(), pages), (301, 4));
    assert_eq!((shas.first(), shas.last()), (Some(&sha(300)), Some(&sha(0))));
}

#[tokio::test]
async fn links_name_the_repository_by_id() {
    let page = World::new().get(&format!("{PAYMENTS}/commits?per_page=50&page=2")).await;
    assert_eq!(page.link("next").unwrap(), "http://api.test/repositories/1/commits?per_page=50&page=3");
    assert_eq!(page.link("prev").unwrap(), "http://api.test/repositories/1/commits?per_page=50&page=1");
    assert_eq!(page.link("last").unwrap(), "http://api.test/repositories/1/commits?per_page=50&page=7");
    assert!(page.link("first").is_some());
}

#[tokio::test]
async fn a_page_holds_a_hundred_at_most_and_thirty_by_default() {
    let world = World::new();
    assert_eq!(world.get(&format!("{PAYMENTS}/commits?per_page=1000")).await.json().as_array().unwrap().len(), 100);
    assert_eq!(world.get(&format!("{PAYMENTS}/commits")).await.json().as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn a_renamed_repository_answers_301_to_its_id() {
    let world = World::new();
    let moved = world.get("/repos/bank/payments/releases?per_page=1").await;
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), "http://api.test/repositories/1/releases?per_page=1");
    let there = world.get(moved.header("location")).await;
    assert_eq!(texts(&there.json(), "/tag_name"), ["v2.14.0"]);

    assert!(world.github.edit("bank/payments-api", |repository| repository.name = "payments-service".into()));
    assert_eq!(world.get(PAYMENTS).await.status, 301);
    assert_eq!(world.get("/repositories/1").await.json()["full_name"], "bank/payments-service");
}

#[tokio::test]
async fn what_a_token_may_not_see_is_not_found() {
    let world = World::new();
    assert_eq!(world.get_as("narrow", PAYMENTS).await.status, 404);
    assert_eq!(world.get_as("narrow", "/repos/bank/ledger-core").await.status, 200);
    assert_eq!(world.with(PAYMENTS, &[]).await.status, 404);
    assert_eq!(world.get_as("narrow", "/orgs/bank/packages/container/payments-api/versions").await.status, 403);
}

#[tokio::test]
async fn the_latest_release_is_by_the_date_of_the_commit() {
    let latest = World::new().get(&format!("{PAYMENTS}/releases/latest")).await.json();
    assert_eq!(latest["tag_name"], "v2.14.0", "v2.13.1 was published later, of an older commit");
}

#[tokio::test]
async fn drafts_are_for_those_who_may_push() {
    let world = World::new();
    let path = format!("{PAYMENTS}/releases");
    assert_eq!(world.get(&path).await.json().as_array().unwrap().len(), 3);
    assert_eq!(world.get_as("writer", &path).await.json()[0]["draft"], true);
    assert_eq!(world.get_as("writer", &format!("{path}/tags/v2.15.0")).await.status, 404);
}

#[tokio::test]
async fn an_asset_may_have_no_digest() {
    let latest = World::new().get(&format!("{PAYMENTS}/releases/latest")).await.json();
    assert_eq!(texts(&latest["assets"], "/digest"), ["sha256:00", "null"]);
}

#[tokio::test]
async fn tags_are_peeled_in_the_list_and_not_in_the_ref() {
    let world = World::new();
    let tags = world.get(&format!("{PAYMENTS}/tags")).await.json();
    assert_eq!(texts(&tags, "/name"), ["v2.14.0", "v2.13.1", "v2.13.0", "v2.9.0"]);
    assert_eq!(tags[0]["commit"]["sha"], sha(300));
    let annotated = world.get(&format!("{PAYMENTS}/git/ref/tags/v2.14.0")).await.json();
    assert_eq!(annotated["object"]["type"], "tag");
    let object = annotated["object"]["sha"].as_str().unwrap().to_owned();
    let tag = world.get(&format!("{PAYMENTS}/git/tags/{object}")).await.json();
    assert_eq!(tag["object"]["sha"], sha(300));
    let light = world.get(&format!("{PAYMENTS}/git/ref/tags/v2.13.0")).await.json();
    assert_eq!(
        light["object"],
        json!({ "sha": sha(100), "type": "commit", "url": format!("http://api.test{PAYMENTS}/git/commits/{}", sha(100)) })
    );
}

#[tokio::test]
async fn a_tag_can_move() {
    let world = World::new();
    world.github.edit("bank/payments-api", |repository| repository.tags[0].commit = sha(101));
    assert_eq!(world.get(&format!("{PAYMENTS}/git/ref/tags/v2.13.0")).await.json()["object"]["sha"], sha(101));
}

#[tokio::test]
async fn matching_refs_may_be_empty_and_never_404() {
    let world = World::new();
    let found = world.get(&format!("{PAYMENTS}/git/matching-refs/tags/v2.13")).await.json();
    assert_eq!(texts(&found, "/ref"), ["refs/tags/v2.13.0", "refs/tags/v2.13.1"]);
    assert_eq!(world.get(&format!("{PAYMENTS}/git/matching-refs/tags/v9")).await.json(), json!([]));
    assert_eq!(world.get(&format!("{PAYMENTS}/git/ref/tags/v2.13")).await.status, 404);
}

#[tokio::test]
async fn a_comparison_without_paging_stops_at_250_and_ends_with_the_newest() {
    let body = World::new().get(&format!("{PAYMENTS}/compare/v2.9.0...v2.14.0")).await.json();
    let commits = body["commits"].as_array().unwrap();
    assert_eq!((body["total_commits"].as_u64(), commits.len()), (Some(290), 250));
    assert_eq!((&commits[0]["sha"], &commits[249]["sha"]), (&json!(sha(51)), &json!(sha(300))));
    assert_eq!((&body["status"], &body["ahead_by"], &body["behind_by"]), (&json!("ahead"), &json!(290), &json!(0)));
}

#[tokio::test]
async fn paging_a_comparison_gives_all_commits_and_files_once() {
    let world = World::new();
    let first = world.get(&format!("{PAYMENTS}/compare/v2.9.0...v2.14.0?per_page=100")).await;
    let mut shas = texts(&first.json()["commits"], "/sha");
    assert_eq!(first.json()["files"].as_array().unwrap().len(), 291);
    let mut next = first.link("next");
    while let Some(path) = next {
        let page = world.get(&path).await;
        assert_eq!(page.json()["files"], json!([]));
        shas.extend(texts(&page.json()["commits"], "/sha"));
        next = page.link("next");
    }
    assert_eq!(shas, (11..=300).map(sha).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_comparison_shows_300_files_at_most() {
    let world = World::new();
    world.github.edit("bank/payments-api", |repository| {
        let file = repository.commits[300].files[0].clone();
        repository.commits[300]
            .files
            .extend((0..400).map(|n| crate::github::FileChange { path: format!("many/{n}"), ..file.clone() }));
    });
    let body = world.get(&format!("{PAYMENTS}/compare/v2.13.0...main")).await.json();
    assert_eq!(body["files"].as_array().unwrap().len(), 300);
}

#[tokio::test]
async fn a_hotfix_makes_a_comparison_diverge() {
    let world = World::new();
    let body = world.get(&format!("{PAYMENTS}/compare/hotfix%2F2.13...main")).await.json();
    assert_eq!(
        (&body["status"], &body["ahead_by"], &body["behind_by"]),
        (&json!("diverged"), &json!(200), &json!(1))
    );
    assert_eq!(body["merge_base_commit"]["sha"], sha(100));
    let behind = world.get(&format!("{PAYMENTS}/compare/main...v2.13.0")).await.json();
    assert_eq!((&behind["status"], &behind["total_commits"]), (&json!("behind"), &json!(0)));
    let same = world.get(&format!("{PAYMENTS}/compare/main...v2.14.0")).await.json();
    assert_eq!(same["status"], "identical");
    assert_eq!(world.get(&format!("{PAYMENTS}/compare/main...nowhere")).await.status, 404);
    assert_eq!(world.get(&format!("{PAYMENTS}/compare/main..v2.14.0")).await.status, 404);
}

#[tokio::test]
async fn commits_are_found_by_time_path_and_ref() {
    let world = World::new();
    let since = world.get(&format!("{PAYMENTS}/commits?since=2025-10-25T00:00:00Z")).await.json();
    assert_eq!(since.as_array().unwrap().len(), 4);
    let path = world.get(&format!("{PAYMENTS}/commits?path=src/file7.rs&sha=v2.13.0")).await.json();
    assert_eq!(texts(&path, "/sha"), [sha(7)]);
    let one = world.get(&format!("{PAYMENTS}/commits/hotfix/2.13")).await.json();
    assert_eq!((&one["sha"], &one["stats"]["total"]), (&json!(sha(9_000)), &json!(6)));
    assert_eq!(world.get(&format!("{PAYMENTS}/commits/deadbeef")).await.status, 422);
    assert_eq!(world.get("/repos/bank/ledger-core/commits").await.status, 409);
}

#[tokio::test]
async fn a_file_is_read_as_it_was_at_the_tag() {
    let world = World::new();
    let read = async |reference: &str| {
        let body = world.get(&format!("{PAYMENTS}/contents/config/release.toml?ref={reference}")).await.json();
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body["content"].as_str().unwrap().trim())
            .unwrap()
    };
    assert_eq!(read("v2.14.0").await, b"number = 300\n");
    assert_eq!(read("v2.13.0").await, b"number = 100\n");
    let folder = world.get(&format!("{PAYMENTS}/contents/?ref=v2.14.0")).await.json();
    assert_eq!(
        (texts(&folder, "/path"), texts(&folder, "/type")),
        (vec!["config".to_owned()], vec!["dir".to_owned()])
    );
    assert_eq!(world.get(&format!("{PAYMENTS}/contents/nothing")).await.status, 404);
}

#[tokio::test]
async fn the_hash_of_a_file_is_gits() {
    let body = World::new().get(&format!("{PAYMENTS}/contents/config/release.toml")).await.json();
    assert_eq!(body["sha"], "4561f8745fdec32578203d406efcf3e162cbe5e5");
}

#[tokio::test]
async fn the_address_in_a_team_leads_to_its_members() {
    let world = World::new();
    let teams = world.get("/orgs/bank/teams").await.json();
    let members = teams[0]["members_url"].as_str().unwrap().replace("{/member}", "");
    assert_eq!(texts(&world.get(&members).await.json(), "/login"), ["ada"]);
}
