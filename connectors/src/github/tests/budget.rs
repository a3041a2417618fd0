//! How many requests a read costs, and that they do not grow with rows.

use super::world::{World, day, merged, payments, tag};

#[tokio::test]
async fn an_unchanged_estate_costs_two_requests() {
    let world = World::of(vec![payments()]).await;
    let first = world.sweep().await;
    let full = world.requests();
    let second = world.refresh(&first).await;
    let unchanged = world.requests();
    println!("a full gather costs {full} requests, an unchanged refresh {unchanged}");
    assert!(full <= 21, "{full}");
    // The look at the repositories, and the organisation's list of images.
    assert_eq!(unchanged, 2);
    let (mut one, mut two) = (first.records, second.records);
    one.sort();
    two.sort();
    assert_eq!(one, two);
    assert_eq!(second.watermarks, first.watermarks);
}

#[tokio::test]
async fn requests_do_not_grow_with_pull_requests_and_commits() {
    let few = World::of(vec![payments()]).await;
    few.sweep().await;
    let mut repository = payments();
    repository.pull_requests = (0..25).map(|number| merged(100 + number, 45 + number as usize)).collect();
    let many = World::of(vec![repository]).await;
    let gathered = many.sweep().await;
    assert_eq!(gathered.records.pull_requests.len(), 25);
    assert_eq!(many.requests(), few.requests());
}

#[tokio::test]
async fn fifty_repositories_are_looked_at_in_one_request() {
    let repositories = (0..50).map(|number| {
        let name = format!("service-{number}");
        simulators::github::Repository::new(100 + number, "bank", &name)
    });
    let world = World::of(repositories.collect()).await;
    let first = world.sweep().await;
    assert_eq!(first.records.repositories.len(), 50);
    world.requests();
    world.refresh(&first).await;
    assert_eq!(world.requests(), 2);
}

#[tokio::test]
async fn a_new_release_reads_its_repository_alone() {
    let other = simulators::github::Repository { id: 8, name: "ledger".into(), ..payments() };
    let world = World::of(vec![payments(), other]).await;
    let first = world.sweep().await;
    world.requests();
    world.hub.edit("bank/payments-api", |repository| {
        repository.tags.push(tag("v2.15.0", 95));
        repository.pushed_at = day(99);
    });
    let second = world.refresh(&first).await;
    assert_eq!(second.records.tags.len(), first.records.tags.len() + 1);
    assert!(world.server.requests.matching("/repos/bank/ledger").is_empty());
    // Ranges that were read are not read again.
    assert_eq!(world.server.requests.matching("/compare/").len(), 1);
}
