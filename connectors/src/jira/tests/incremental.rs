//! Reads of what changed end where a full read ends.

use domain::RecordKind;
use simulators::jira::Change;

use super::*;

/// The held records after a full read and one of what changed.
async fn caught_up(world: &World, first: &Gathered) -> Records {
    let mut later = world.jira.gather(&since(first)).await;
    assert_eq!(gaps(&later), [""; 0]);
    let mut held = first.records.clone();
    held.replace(RecordKind::TrackedVersion, &mut later.records);
    for kind in RecordKind::ALL {
        held.upsert(kind, &mut later.records);
    }
    held.sort();
    held
}

async fn check(world: &World, change: impl FnOnce(&simulated::Jira)) {
    let first = world.full().await;
    world.pass(10);
    change(&world.site);
    world.pass(10);
    let held = caught_up(world, &first).await;
    let mut full = world.full().await.records;
    full.sort();
    assert_eq!(held.work_items, full.work_items);
    assert_eq!(held.tracked_versions, full.tracked_versions);
    assert_eq!(held.field_changes, full.field_changes);
}

#[tokio::test]
async fn edits_additions_and_moves_are_seen() {
    let world = World::new().await;
    check(&world, |site| {
        site.transition("PAY-2", "ben", "Done").expect("a transition");
        site.set_field("PAY-1", "ben", Change::FixVersions(vec![1003])).expect("an edit");
        site.move_issue("PAY-4", "ben", "LED").expect("a move");
        let issue = Issue {
            project: 10_001,
            summary: "New".into(),
            issue_type: 10_001,
            status: 10_000,
            ..Issue::default()
        };
        site.add_issue(issue).expect("an issue");
    })
    .await;
}

#[tokio::test]
async fn an_issue_outside_the_projects_that_others_refer_to_is_followed() {
    let world = World::new().await;
    check(&world, |site| site.transition("OPS-1", "ben", "Done").expect("a transition")).await;
    check(&world, |site| site.transition("OPS-1", "ben", "To Do").expect("a transition")).await;
}

#[tokio::test]
async fn a_version_that_comes_into_the_horizon_brings_its_untouched_issues() {
    let world = World::new().await;
    check(&world, |site| {
        site.change_version(1001, |version| version.released = false).expect("a version");
    })
    .await;
}

#[tokio::test]
async fn deletions_are_seen_by_a_full_read() {
    let world = World::new().await;
    let first = world.full().await;
    world.site.delete_issue("PAY-4").expect("an issue");
    world.pass(10);
    assert!(keys(&caught_up(&world, &first).await).contains(&"PAY-4"));
    let full = world.full().await;
    assert!(full.complete.contains(&RecordKind::WorkItem) && !keys(&full.records).contains(&"PAY-4"));
}

#[tokio::test]
async fn the_hour_that_comes_twice_loses_nothing() {
    // The caller's zone goes back an hour at 06:00 UTC.
    let world = World::new().await;
    world.clock.set(moment("2026-11-01T05:50:00Z"));
    let mut first = world.full().await;
    first.watermarks.values_mut().for_each(|mark| *mark = moment("2026-11-01T05:50:00Z"));
    world.pass(5);
    world.site.transition("PAY-2", "ben", "Done").expect("a transition");
    world.pass(20);
    let later = world.jira.gather(&since(&first)).await;
    assert!(keys(&later.records).contains(&"PAY-2"));
}

#[tokio::test]
async fn a_write_that_reaches_the_index_late_is_read_after_all() {
    let world = World::new().await;
    world.site.set_search_lag(SignedDuration::from_mins(2));
    let first = world.full().await;
    world.site.transition("PAY-2", "ben", "Done").expect("a transition");
    world.pass(1);
    let request = since(&first);
    let second = world.jira.gather(&GatherRequest { now: world.clock.now(), ..request }).await;
    assert!(!keys(&second.records).contains(&"PAY-2"), "the index does not know yet");
    world.pass(3);
    let third = world.jira.gather(&since(&second)).await;
    assert!(keys(&third.records).contains(&"PAY-2"));
}

#[tokio::test]
async fn changes_alone_are_asked_for() {
    let world = World::new().await;
    let first = world.full().await;
    world.pass(30);
    world.site.transition("PAY-1", "ben", "Done").expect("a transition");
    let later = world.jira.gather(&since(&first)).await;
    assert_eq!(keys(&later.records), ["OPS-1", "PAY-1", "PAY-5"], "beside what has no search of its own");
    assert!(later.changed.contains(&RecordKind::WorkItem) && !later.complete.contains(&RecordKind::WorkItem));
    assert!(later.complete.contains(&RecordKind::TrackedVersion), "versions bear no date of change");
}

#[tokio::test]
async fn a_history_that_failed_is_read_again_with_its_issues() {
    use simulators::faults::{Effect, Fault};
    let world = World::new().await;
    world.server.faults.set(Fault::on("/rest/api/3/changelog", Effect::Html));
    let first = world.full().await;
    assert_eq!(gaps(&first), ["SOURCE_MALFORMED FieldHistory"]);
    assert!(first.complete.contains(&RecordKind::WorkItem));
    world.server.faults.clear();
    let second = world.jira.gather(&since(&first)).await;
    assert!(second.complete.contains(&RecordKind::FieldHistory));
}
