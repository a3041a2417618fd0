//! Recorded answers in, domain values out.

use serde_json::json;

use super::*;
use crate::jira::wire::{Changelogs, Issues};

fn vocabulary() -> Vocabulary {
    Vocabulary {
        connector: ConnectorId::new("jira"),
        site: "https://bank.example".to_owned(),
        fetched_at: "2026-03-02T12:00:00Z".parse().expect("a moment"),
        projects: [(Id(10_000), Text::from("PAY"))].into(),
        blocks: vec!["10000".to_owned()],
        causes: vec!["problem/incident".to_owned()],
        custom: vec![
            ("Risk".into(), vec!["customfield_10010".to_owned()]),
            ("Story Points".into(), vec!["customfield_10011".to_owned(), "customfield_10014".to_owned()]),
            ("Backout plan".into(), vec!["customfield_10012".to_owned()]),
            ("Approvers".into(), vec!["customfield_10020".to_owned()]),
            ("Missing".into(), Vec::new()),
        ],
    }
}

fn recorded() -> wire::Issue {
    let issues: Issues = serde_json::from_str(include_str!("../fixtures/issues.json")).expect("a recorded answer");
    issues.issues.into_iter().next().expect("an issue")
}

fn histories() -> Vec<wire::History> {
    let logs: Changelogs =
        serde_json::from_str(include_str!("../fixtures/changelogs.json")).expect("a recorded answer");
    let mut histories: Vec<_> = logs.issue_change_logs.into_iter().flat_map(|log| log.change_histories).collect();
    histories.sort_by_key(|history| history.created.0);
    histories
}

#[test]
fn an_issue_becomes_a_work_item() {
    let item = vocabulary().work_item(&recorded(), Vec::new());
    assert_eq!(item.id.to_string(), "jira:10402");
    assert_eq!((&*item.key, &*item.project), ("PAY-17", "PAY"), "a renamed project keeps the key that maps it");
    assert_eq!((item.kind, item.state), (WorkItemType::Bug, WorkItemState::InProgress));
    assert_eq!(&*item.state_label, "In Prüfung");
    assert_eq!(&*item.summary, "Refund twice 🚀 بنك");
    assert_eq!(item.description.as_deref(), Some("Customers are refunded twice."));
    assert_eq!(item.resolution, None);
    assert_eq!(item.created_at.map(|at| at.to_string()).as_deref(), Some("2026-01-05T09:00:00Z"));
    assert_eq!(item.updated_at.map(|at| at.to_string()).as_deref(), Some("2026-03-01T23:30:12.345Z"));
    assert_eq!(item.fix_versions, [TrackedVersionId::new(&ConnectorId::new("jira"), "10001")]);
    assert!(item.affects_versions.is_empty());
    assert_eq!(item.parent.map(|parent| parent.to_string()).as_deref(), Some("jira:10300"));
    assert_eq!(item.source.url.as_deref(), Some("https://bank.example/browse/PAY-17"));
}

#[test]
fn the_end_that_a_link_carries_tells_its_direction() {
    let item = vocabulary().work_item(&recorded(), Vec::new());
    let links: Vec<_> =
        item.links.iter().map(|link| format!("{:?} {} ({})", link.kind, link.other_key, link.label)).collect();
    let expected = [
        "Blocks LED-4 (blockiert)",
        "IsBlockedBy LED-5 (wird blockiert von)",
        "RelatesTo LED-6 (relates to)",
        "IsCausedBy OPS-1 (is caused by)",
        // Its words say "blocks", but nobody configured this type to mean it.
        "Other OPS-2 (blocks)",
    ];
    assert_eq!(links, expected);
}

#[test]
fn custom_fields_are_told_by_name_as_text() {
    let item = vocabulary().work_item(&recorded(), Vec::new());
    let fields: Vec<_> = item.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(fields, ["Approvers: Ada, team", "Backout plan: Roll back", "Risk: High", "Story Points: 5"]);
}

#[test]
fn accounts_may_lack_an_address() {
    let fields = recorded().fields;
    let ben = vocabulary().account(&fields.assignee.expect("an assignee"));
    assert_eq!((ben.email.as_deref(), ben.active, ben.kind), (None, Some(false), AccountKind::Human));
    let bot = vocabulary().account(&fields.reporter.expect("a reporter"));
    assert_eq!((bot.email.as_deref(), bot.kind), (Some("bot@bank.example"), AccountKind::Machine));
    assert_eq!(bot.id.to_string(), "jira:557058:f58131cb");
}

#[test]
fn the_changelog_tells_former_keys_and_what_an_edit_did() {
    let histories = histories();
    let histories: Vec<_> = histories.iter().collect();
    assert_eq!(former_keys("PAY-17", &histories), [Text::from("OLD-7")]);
    let changes = vocabulary().field_changes(Id(10_402), &histories);
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            format!("{} {}: {} -> {} by {:?}", change.at, change.field, change.before, change.after, change.by)
        })
        .collect();
    let expected = [
        "2026-02-01T10:00:00Z project: Old -> Payments by None",
        "2026-02-03T09:00:00Z fixVersions: 9999 -> 10001 by Some(\"ada\")",
        "2026-02-03T09:00:00Z status: Open -> In Prüfung by Some(\"ada\")",
    ];
    assert_eq!(told, expected);
}

fn version(json: serde_json::Value) -> TrackedVersion {
    let version: wire::Version = serde_json::from_value(json).expect("a version");
    vocabulary().version(&version, &wire::Project { id: Id(10_000), key: "PAYM".to_owned() })
}

#[test]
fn version_dates_have_no_zone_and_a_locale_is_never_read() {
    let read = version(json!({
        "id": "10001", "name": "2.14.0", "description": " ", "released": false, "archived": false,
        "releaseDate": "2026-03-10", "userReleaseDate": "10/Mar/26", "projectId": 10000,
    }));
    assert_eq!(read.release_date, Some(jiff::civil::date(2026, 3, 10)));
    assert_eq!((read.start_date, read.description), (None, None));
    assert_eq!(&*read.project, "PAY");
    assert_eq!(read.source.url.as_deref(), Some("https://bank.example/projects/PAYM/versions/10001"));
    let null = version(json!({ "id": "1", "name": "x", "releaseDate": null, "startDate": "soon" }));
    assert_eq!((null.release_date, null.start_date, null.released), (None, None, false));
}

#[test]
fn an_issue_without_what_we_rely_on_is_refused() {
    let mut sent: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/issues.json")).expect("a recorded answer");
    let fields = sent.pointer_mut("/issues/0/fields").and_then(|fields| fields.as_object_mut()).expect("fields");
    fields.remove("status");
    assert!(serde_json::from_value::<Issues>(sent).is_err());
}
