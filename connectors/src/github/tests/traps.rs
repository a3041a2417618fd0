//! The facts about GitHub that are most often got wrong.

use domain::{DeploymentOutcome, RecordKind, ReviewState};
use simulators::faults::{Effect, Fault};
use simulators::github as hub;

use super::world::{World, day, line, merged, payments, said, sha, status, tag};
use crate::github::Options;

#[tokio::test]
async fn ranges_beyond_250_commits_are_read_to_their_end() {
    let mut repository = payments();
    repository.commits = line(700);
    repository.branches = vec![hub::Branch { name: "main".into(), sha: sha(700) }];
    repository.tags = vec![tag("v1.0.0", 50), tag("v2.0.0", 690)];
    let world = World::of(vec![repository]).await;
    let gathered = world.sweep().await;
    let range = gathered.records.commit_ranges.iter().find(|range| range.base.is_some()).expect("a range");
    assert_eq!((range.commits.len(), range.complete), (640, true));
    assert_eq!(range.commits.first().map(|commit| &**commit), Some(sha(690).as_str()));
}

#[tokio::test]
async fn a_hotfix_that_the_next_release_lacks_is_missing() {
    let mut repository = payments();
    let fix = hub::Commit { sha: sha(9_000), parents: vec![sha(40)], ..line(40).pop().expect("a commit") };
    repository.commits.push(fix);
    repository.branches.push(hub::Branch { name: "hotfix".into(), sha: sha(9_000) });
    repository.tags.push(tag("v2.13.1", 9_000));
    let world = World::of(vec![repository]).await;
    let gathered = world.sweep().await;
    let range = gathered.records.commit_ranges.iter().find(|range| &*range.head == "v2.14.0").expect("a range");
    assert_eq!(range.base.as_deref(), Some("v2.13.1"));
    assert_eq!(range.missing.iter().map(|commit| &**commit).collect::<Vec<_>>(), [sha(9_000)]);
}

#[tokio::test]
async fn a_renamed_repository_is_followed_and_remembers_its_name() {
    let mut world = World::of(vec![payments()]).await;
    world.hub.edit("bank/payments-api", |repository| repository.name = "payments".into());
    let gathered = world.sweep().await;
    assert_eq!(gathered.gaps, []);
    let repository = gathered.records.repositories.first().expect("a repository");
    assert_eq!(&*repository.name, "bank/payments");
    assert_eq!(repository.former_names.iter().map(|name| &**name).collect::<Vec<_>>(), ["bank/payments-api"]);
    world.interest.repositories.clear();
}

#[tokio::test]
async fn a_repository_hidden_from_us_is_a_gap_beside_the_others() {
    let mut world = World::of(vec![payments()]).await;
    world.interest.repositories.insert("bank/secret".into(), Default::default());
    let gathered = world.sweep().await;
    assert_eq!(said(&gathered, RecordKind::PullRequest), "SOURCE_DENIED");
    assert!(gathered.changed.contains(&RecordKind::PullRequest));
    assert_eq!(gathered.records.pull_requests.len(), 2);
}

#[tokio::test]
async fn inactive_means_superseded_and_not_failed() {
    let mut repository = payments();
    let deployment = repository.deployments.first().cloned().expect("a deployment");
    let with =
        |id: u64, statuses: Vec<hub::DeploymentStatus>| hub::Deployment { id, statuses, ..deployment.clone() };
    repository.deployments = vec![
        with(1, vec![status(1, "success", day(80)), status(2, "inactive", day(90))]),
        with(2, vec![status(3, "failure", day(80)), status(4, "inactive", day(90))]),
        with(3, vec![status(5, "in_progress", day(80)), status(6, "error", day(81))]),
        with(4, vec![status(7, "queued", day(80))]),
        with(5, vec![]),
        with(6, vec![status(8, "inactive", day(80))]),
    ];
    let world = World::of(vec![repository]).await;
    let mut gathered = world.sweep().await;
    gathered.records.sort();
    let outcomes: Vec<_> = gathered.records.deployments.iter().map(|held| held.outcome).collect();
    use DeploymentOutcome::{Failed, Pending, Succeeded, Unknown};
    assert_eq!(outcomes, [Succeeded, Failed, Failed, Pending, Pending, Unknown]);
}

#[tokio::test]
async fn an_open_deployment_is_read_until_it_ends() {
    let mut repository = payments();
    repository.deployments.iter_mut().for_each(|held| held.statuses.truncate(1));
    let world = World::of(vec![repository]).await;
    let first = world.sweep().await;
    assert_eq!(first.records.deployments.first().map(|held| held.outcome), Some(DeploymentOutcome::InProgress));
    world.hub.edit("bank/payments-api", |repository| {
        repository.report_deployment(300, status(2, "success", day(94)));
    });
    let second = world.refresh(&first).await;
    assert_eq!(second.records.deployments.first().map(|held| held.outcome), Some(DeploymentOutcome::Succeeded));
}

#[tokio::test]
async fn a_batch_that_is_too_much_is_split() {
    let mut repository = payments();
    repository.pull_requests = (0..40).map(|number| merged(100 + number, 45 + number as usize)).collect();
    let options = Options { pull_requests_per_request: 40, ..Options::default() };
    let world = World::with(vec![repository], options).await;
    world.hub.edit_limits(|limits| limits.graphql_resources = Some(600));
    let gathered = world.sweep().await;
    assert_eq!(said(&gathered, RecordKind::PullRequest), "complete");
    assert_eq!(gathered.records.pull_requests.len(), 40);
}

#[tokio::test]
async fn reviews_beyond_one_page_are_read_too() {
    let mut repository = payments();
    let pull = repository.pull_requests.first_mut().expect("a pull request");
    let review = pull.reviews.first().cloned().expect("a review");
    pull.reviews = (0..130).map(|id| hub::Review { id, ..review.clone() }).collect();
    let world = World::of(vec![repository]).await;
    let gathered = world.sweep().await;
    let pull = gathered.records.pull_requests.iter().find(|pull| pull.number == 8).expect("a pull request");
    assert_eq!((pull.reviews.len(), pull.reviews_complete), (130, true));
}

#[tokio::test]
async fn a_deleted_reviewer_is_nobody_and_still_a_review() {
    let world = World::of(vec![payments()]).await;
    world.hub.forget_user("bob");
    let gathered = world.sweep().await;
    let pull = gathered.records.pull_requests.first().expect("a pull request");
    let review = pull.reviews.first().expect("a review");
    assert_eq!((review.state, &review.author), (ReviewState::Approved, &None));
    assert!(pull.reviews_complete);
}

#[tokio::test]
async fn an_archive_is_fetched_from_where_github_keeps_it() {
    let (world, store) = (World::of(vec![payments()]).await, World::of(vec![payments()]).await);
    // The store knows no token of ours, and must not be shown it.
    store.server.faults.set(Fault::on("", Effect::Html));
    let location = format!("{}/signed/archive", store.server.url());
    let redirect = Effect::Redirect { location, status: 302 };
    world.server.faults.set(Fault::on("/repos", redirect).containing("/zip"));
    let gathered = world.sweep().await;
    assert_eq!(store.server.requests.matching("/signed/archive").len(), 2);
    // It was asked, and what it sent was no archive.
    assert_eq!(said(&gathered, RecordKind::TestReport), "SOURCE_MALFORMED");
}

#[tokio::test]
async fn a_tag_that_moved_is_seen_at_its_new_commit() {
    let world = World::of(vec![payments()]).await;
    let first = world.sweep().await;
    world.hub.edit("bank/payments-api", |repository| {
        repository.tags.retain(|held| held.name != "v2.14.0");
        repository.tags.push(tag("v2.14.0", 92));
        repository.pushed_at = day(99);
    });
    let second = world.refresh(&first).await;
    let moved = second.records.tags.iter().find(|held| &*held.name == "v2.14.0").expect("the tag");
    assert_eq!(*moved.commit, *sha(92));
}
