//! What goes wrong only at Jira: strangers, projects that are hidden, lists that end oddly.

use std::collections::BTreeMap;

use domain::RecordKind;
use simulators::faults::{Effect, Fault};
use simulators::jira::{LastPage, Quirks};

use super::*;
use crate::contract::ProbeAnswer;

const ALL_DARK: [&str; 4] = ["TrackedVersion", "WorkItem", "FieldHistory", "Account"];
const WORK_DARK: [&str; 3] = ["WorkItem", "FieldHistory", "Account"];

async fn check(path: &str, effect: Effect, code: &str, dark: &[&str]) {
    let world = World::new().await;
    world.server.faults.set(Fault::on(path, effect.clone()));
    let read = world.full().await;
    let expected: Vec<String> = dark.iter().map(|kind| format!("{code} {kind}")).collect();
    assert_eq!(gaps(&read), expected, "{path} {effect:?}");
    for gap in &read.gaps {
        assert!(
            !read.complete.contains(&gap.kind) && !read.watermarks.contains_key(&gap.kind),
            "{path} {effect:?}"
        );
    }
    let told = format!("{:?} {:?}", read.gaps, world.jira.telemetry());
    assert!(!told.contains(TOKEN) && !told.contains("ada@bank.example") && !told.contains("PAY-"), "{told}");
}

fn status(status: u16, body: &str) -> Effect {
    Effect::Status { status, headers: BTreeMap::new(), body: body.to_owned() }
}

#[tokio::test]
async fn a_failure_darkens_only_what_rests_on_it() {
    let gone = status(503, "");
    check("/rest/api/3/changelog", gone.clone(), "SOURCE_UNAVAILABLE", &["FieldHistory"]).await;
    check("/rest/api/3/search", gone.clone(), "SOURCE_UNAVAILABLE", &WORK_DARK).await;
    // Without its versions, nobody can say which issues belong to the horizon.
    check("/rest/api/3/project/10000/version", gone, "SOURCE_UNAVAILABLE", &ALL_DARK).await;
}

#[tokio::test]
async fn a_wrong_token_that_is_answered_as_a_stranger_is_denied() {
    let world = World::with(open_to_strangers, Options::default()).await;
    let jira = world.as_caller("ada@bank.example", "expired");
    let read = jira.gather(&request()).await;
    assert_eq!(gaps(&read).len(), 4);
    assert!(gaps(&read).iter().all(|gap| gap.starts_with("SOURCE_DENIED")));
    assert!(read.complete.is_empty() && read.records.is_empty());
    let probe = jira.probe(now()).await;
    assert!(matches!(probe.authenticated, ProbeAnswer::Failed(_)), "{probe:?}");
}

#[tokio::test]
async fn a_project_that_we_may_not_see_is_not_an_empty_project() {
    let world = World::new().await;
    let read = world.as_caller("ben@bank.example", "ben-token-7f3a").gather(&request()).await;
    let expected = ALL_DARK.map(|kind| format!("SOURCE_DENIED {kind}"));
    assert_eq!(gaps(&read), expected);
    assert_eq!(keys(&read.records), ["PAY-1", "PAY-2", "PAY-4", "PAY-5"], "the other project is read all the same");
    assert!(read.complete.is_empty() && read.changed.contains(&RecordKind::WorkItem));
}

#[tokio::test]
async fn ways_to_end_a_list_are_understood_and_a_circle_is_a_gap() {
    for (quirk, dark) in [
        (LastPage::TokenAbsent, 0),
        (LastPage::TokenNull, 0),
        (LastPage::IsLastWrong, 0),
        (LastPage::TokenRepeats, 3),
    ] {
        let world = World::new().await;
        world.site.set_quirks(Quirks { last_page: quirk, ..Quirks::default() });
        let read = world.full().await;
        assert_eq!(read.gaps.len(), dark, "{quirk:?}: {:?}", gaps(&read));
        assert!(gaps(&read).iter().all(|gap| gap.starts_with("SOURCE_INCOMPLETE")));
        assert!(read.complete.contains(&RecordKind::TrackedVersion));
    }
}

#[tokio::test]
async fn changelog_dates_may_be_numbers() {
    let world = World::new().await;
    world.site.transition("PAY-1", "ben", "Done").expect("a transition");
    let text = world.full().await;
    let quirks = Quirks { changelog_dates: simulated::ChangelogDates::EpochSeconds, ..Quirks::default() };
    world.site.set_quirks(quirks);
    let number = world.full().await;
    assert!(!text.records.field_changes.is_empty());
    assert_eq!(number.records.field_changes, text.records.field_changes);
}

#[tokio::test]
async fn a_failed_read_does_not_forget_what_was_known() {
    let world = World::new().await;
    let first = world.full().await;
    world.server.faults.set(Fault::on("/rest/api/3/issue/bulkfetch", status(503, "")));
    world.site.change_version(1001, |version| version.released = false).expect("a version");
    world.jira.gather(&since(&first)).await;
    world.server.faults.clear();
    let later = world.jira.gather(&since(&first)).await;
    assert!(keys(&later.records).contains(&"PAY-3"), "its version still counts as new");
}
