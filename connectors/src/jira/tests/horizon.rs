//! What a full read holds, and what it makes of a site's names.

use std::collections::BTreeSet;

use domain::{RecordId, RecordKind, WorkItemLinkKind};

use super::*;
use crate::contract::{ProbeAnswer, Wanted};
use crate::jira::KINDS;

#[tokio::test]
async fn a_full_read_holds_the_horizon_and_what_it_refers_to() {
    let world = World::new().await;
    let read = world.full().await;
    assert_eq!(gaps(&read), [""; 0]);
    assert_eq!(read.complete, BTreeSet::from(KINDS));
    assert_eq!(versions(&read.records), ["LED 5.3", "PAY 2.13.0", "PAY 2.14.0"]);
    // PAY-5 is a parent and OPS-1 is linked; PAY-3 belongs to an old version, OPS-2 to nobody's project.
    assert_eq!(keys(&read.records), ["LED-1", "OPS-1", "PAY-1", "PAY-2", "PAY-4", "PAY-5"]);
    let mut people: Vec<_> = read.records.accounts.iter().map(|account| account.id.to_string()).collect();
    people.sort();
    assert_eq!(people, ["jira:ben", "jira:cleo"]);
    assert_eq!(read.watermarks.values().collect::<BTreeSet<_>>(), BTreeSet::from([&now()]));
}

#[tokio::test]
async fn an_archived_version_of_long_ago_is_left_out() {
    let world = World::with(
        |options| {
            for version in &mut options.content.versions {
                version.archived = version.id == 1001 || version.id == 1003;
            }
        },
        Options::default(),
    )
    .await;
    assert_eq!(versions(&world.full().await.records), ["LED 5.3", "PAY 2.13.0", "PAY 2.14.0"]);
}

#[tokio::test]
async fn links_have_a_direction_and_types_may_be_renamed() {
    let world = World::with(
        |options| {
            for kind in options.content.link_types.iter_mut().filter(|kind| kind.name == "Blocks") {
                (kind.name, kind.inward, kind.outward) =
                    ("Sperrt".into(), "wird gesperrt von".into(), "sperrt".into());
            }
        },
        Options { blocks: vec!["10000".to_owned()], ..Options::default() },
    )
    .await;
    let read = world.full().await;
    let kinds = |key: &str| -> Vec<(WorkItemLinkKind, String)> {
        let item = read.records.work_items.iter().find(|item| &*item.key == key).expect("an item");
        item.links.iter().map(|link| (link.kind, link.other_key.to_string())).collect()
    };
    assert_eq!(kinds("LED-1"), [(WorkItemLinkKind::Blocks, "PAY-2".to_owned())]);
    assert!(kinds("PAY-2").contains(&(WorkItemLinkKind::IsBlockedBy, "LED-1".to_owned())));
    assert!(kinds("PAY-2").contains(&(WorkItemLinkKind::RelatesTo, "OPS-1".to_owned())));
}

#[tokio::test]
async fn of_two_fields_with_one_name_the_filled_one_speaks() {
    let options = Options { fields: vec!["Story Points".to_owned()], ..Options::default() };
    let world = World::with(|_| {}, options).await;
    let read = world.full().await;
    let item = read.records.work_items.iter().find(|item| &*item.key == "PAY-2").expect("an item");
    assert_eq!(item.fields.get("Story Points").map(|value| value.parse()), Some(Ok(5.0)));
}

#[tokio::test]
async fn a_moved_issue_keeps_its_id_and_its_former_keys() {
    let world = World::new().await;
    world.site.move_issue("PAY-4", "ada", "LED").expect("a move");
    let read = world.full().await;
    let item = read.records.work_items.iter().find(|item| item.id.0.native.as_str() == "104").expect("an item");
    assert_eq!((&*item.project, &*item.former_keys), ("LED", &["PAY-4".into()][..]));
    let wanted: Wanted =
        [(RecordKind::WorkItem, [RecordId::new(&ConnectorId::new("jira"), "PAY-4")].into())].into();
    let named = world.jira.read(&wanted, now()).await;
    assert_eq!(keys(&named.records), [&*item.key]);
}

#[tokio::test]
async fn a_project_that_was_renamed_still_answers_to_the_key_that_maps_it() {
    let world = World::with(
        |options| {
            for project in options.content.projects.iter_mut().filter(|project| project.key == "PAY") {
                project.old_keys.push("PAY".into());
                project.key = "PAYM".into();
            }
        },
        Options::default(),
    )
    .await;
    let read = world.full().await;
    assert_eq!(gaps(&read), [""; 0]);
    assert!(versions(&read.records).contains(&"PAY 2.14.0".to_owned()));
}

#[tokio::test]
async fn named_records_are_read_in_batches_and_what_does_not_exist_is_absent() {
    let world = World::new().await;
    world.full().await;
    let ids = |names: &[&str]| names.iter().map(|name| RecordId::new(&ConnectorId::new("jira"), *name)).collect();
    let wanted: Wanted = [
        (RecordKind::WorkItem, ids(&["101", "LED-1", "424242"])),
        (RecordKind::TrackedVersion, ids(&["1003", "1201", "1", "nonsense"])),
        (RecordKind::Account, ids(&["ada", "nobody"])),
    ]
    .into();
    let read = world.jira.read(&wanted, now()).await;
    assert_eq!(gaps(&read), [""; 0]);
    assert_eq!(keys(&read.records), ["LED-1", "PAY-1"]);
    assert_eq!(versions(&read.records), ["OPS 9.9", "PAY 2.14.0"]);
    assert!(read.records.accounts.iter().any(|account| account.email.as_deref() == Some("ada@bank.example")));
    assert_eq!(read.changed, wanted.keys().copied().collect());
    assert!(read.watermarks.is_empty(), "a named read tells nothing about the rest");
}

#[tokio::test]
async fn nothing_mapped_is_nothing_to_read() {
    let world = World::new().await;
    let read = world.jira.gather(&GatherRequest { interest: Interest::default(), ..request() }).await;
    assert_eq!((read.records.len(), read.gaps.len(), read.complete.len()), (0, 0, 4));
    assert_eq!(world.server.requests.total(), 1, "only who we are");
}

#[tokio::test]
async fn all_projects_are_read_where_nothing_is_mapped() {
    let world = World::new().await;
    let interest = Interest { breadth: crate::contract::Breadth::All, ..Interest::default() };
    let read = world.jira.gather(&GatherRequest { interest, ..request() }).await;
    let mapped = world.full().await;
    assert!(read.gaps.is_empty() && read.records.work_items.len() >= mapped.records.work_items.len());
    assert!(!mapped.records.work_items.is_empty());
}

#[tokio::test]
async fn history_may_be_left_out() {
    let options = Options { history: false, ..Options::default() };
    let world = World::with(|_| {}, options).await;
    let read = world.full().await;
    assert!(!read.complete.contains(&RecordKind::FieldHistory) && read.gaps.is_empty());
    assert_eq!(world.server.requests.matching("changelog"), []);
}

#[tokio::test]
async fn a_probe_names_what_would_silently_read_nothing() {
    let options = Options { blocks: vec!["Holds up".to_owned()], ..Options::default() };
    let world = World::with(|_| {}, options).await;
    let probe = world.jira.probe(now()).await;
    assert!(matches!(probe.reachable, ProbeAnswer::Good(_)));
    let work = probe.permitted.iter().find(|(kind, _)| *kind == RecordKind::WorkItem).expect("asked");
    assert!(matches!(&work.1, ProbeAnswer::Warning(text) if text.contains("Blocks, Cloners")), "{work:?}");
    let probe = World::new().await;
    let probe = probe.jira.probe(now()).await;
    assert!(probe.permitted.iter().all(|(_, answer)| matches!(answer, ProbeAnswer::Good(_))), "{probe:?}");
}

#[tokio::test]
async fn requests_do_not_grow_with_rows_beyond_pages() {
    let mut counts = Vec::new();
    for rows in [50_u64, 95, 190] {
        let world = World::with(
            |options| {
                let template =
                    options.content.issues.iter().find(|issue| issue.id == 104).expect("an issue").clone();
                let more = (0..rows).map(|at| Issue {
                    id: 5_000 + at,
                    key: format!("PAY-{}", 500 + at),
                    ..template.clone()
                });
                options.content.issues.extend(more);
            },
            Options::default(),
        )
        .await;
        let read = world.full().await;
        assert_eq!(read.records.work_items.len() as u64, rows + 6);
        counts.push(world.server.requests.total());
    }
    // Ourselves, projects, two lists of versions, two searches, issues, what they refer to, history.
    assert_eq!(counts, [9, 9, 10]);
}
