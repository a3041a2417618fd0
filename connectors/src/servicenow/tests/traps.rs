//! What is easily got wrong about the wire, one test each.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ApprovalState, ApprovalVia, ChangeClass, ChangeId, ChangeState, GapCode, RecordId, RecordKind, ScheduleKind,
};
use jiff::SignedDuration;
use simulators::servicenow::{Restriction, Stamp};

use super::{World, fields};
use crate::contract::{Connector, Gathered};
use crate::servicenow::Options;

const NOW: &str = "2026-06-01T12:00:00Z";

async fn world() -> World {
    World::open(NOW, Options::default()).await
}

fn codes(gathered: &Gathered, kind: RecordKind) -> Vec<GapCode> {
    gathered.gaps.iter().filter(|gap| gap.kind == kind).map(|gap| gap.code).collect()
}

fn change(world: &World, cells: &[(&str, &str)]) -> String {
    let mut row = fields(&[("start_date", "2026-06-10 18:00:00"), ("end_date", "2026-06-10 20:00:00")]);
    row.extend(fields(cells));
    world.instance.insert("change_request", row)
}

#[tokio::test]
async fn an_empty_instance_is_completely_empty() {
    let gathered = world().await.gather().await;
    assert_eq!(gathered.gaps, []);
    assert!(gathered.records.is_empty());
    for kind in super::super::KINDS {
        assert!(gathered.complete.contains(&kind), "{kind:?}");
    }
}

#[tokio::test]
async fn a_page_of_hidden_rows_is_not_the_end_and_leaves_a_gap() {
    let world = World::open(NOW, Options { page_size: 2, ..Options::default() }).await;
    for number in 0..8 {
        let id = format!("{number:032}");
        let word = if number < 5 { "secret" } else { "shown" };
        change(&world, &[("sys_id", &id), ("short_description", word)]);
    }
    let hidden =
        Restriction::HideRows { table: "change_request".to_owned(), query: "short_description=secret".to_owned() };
    world.instance.restrict("svc.interlock", vec![hidden]);
    let gathered = world.gather().await;
    assert_eq!(gathered.records.changes.len(), 3);
    assert_eq!(codes(&gathered, RecordKind::Change), [GapCode::SourceIncomplete]);
    assert!(!gathered.complete.contains(&RecordKind::Change));
    // The gap stays while only changes are asked for, and goes when everything is shown again.
    let later = world.gather_since(&gathered).await;
    assert_eq!(codes(&later, RecordKind::Change), [GapCode::SourceIncomplete]);
    world.instance.restrict("svc.interlock", Vec::new());
    let sweep = world.gather().await;
    assert!(sweep.gaps.is_empty() && sweep.complete.contains(&RecordKind::Change));
}

#[tokio::test]
async fn a_column_hidden_by_rights_is_not_an_empty_one() {
    let world = world().await;
    change(&world, &[("backout_plan", "restore the snapshot")]);
    let hidden = Restriction::HideField { table: "change_request".to_owned(), field: "backout_plan".to_owned() };
    world.instance.restrict("svc.interlock", vec![hidden]);
    let gathered = world.gather().await;
    assert_eq!(gathered.records.changes[0].backout_plan, None);
    assert_eq!(codes(&gathered, RecordKind::Change), [GapCode::SourceIncomplete]);
    assert!(gathered.gaps[0].message.contains("backout_plan"), "{}", gathered.gaps[0].message);
}

#[tokio::test]
async fn a_closed_dictionary_and_a_closed_history_take_only_the_history_away() {
    let world = world().await;
    change(&world, &[]);
    let deny = |table: &str| Restriction::DenyTable { table: table.to_owned() };
    world
        .instance
        .restrict("svc.interlock", vec![deny("sys_dictionary"), deny("sys_audit"), deny("sys_audit_delete")]);
    let gathered = world.gather().await;
    assert_eq!(gathered.records.changes.len(), 1);
    let told: Vec<_> = gathered.gaps.iter().map(|gap| (gap.kind, gap.code)).collect();
    assert_eq!(told, [(RecordKind::FieldHistory, GapCode::SourceDenied)]);
    // Refused once, it is not asked for again until everything is; nor does it make everything be read again.
    world.server.requests.reset();
    let later = world.gather_since(&gathered).await;
    assert_eq!(codes(&later, RecordKind::FieldHistory), [GapCode::SourceDenied]);
    assert_eq!(world.server.requests.matching("/table/sys_audit?").len(), 0);
    assert!(later.changed.contains(&RecordKind::Change));
}

#[tokio::test]
async fn values_are_utc_and_labels_stand_beside_them() {
    let world = world().await;
    change(&world, &[("state", "-2"), ("type", "emergency"), ("assigned_to", "")]);
    let gathered = world.gather().await;
    let change = &gathered.records.changes[0];
    assert_eq!((change.state, &*change.state_label), (ChangeState::Scheduled, "Scheduled"));
    assert_eq!((change.class, &*change.class_label), (ChangeClass::Emergency, "Emergency"));
    let window = change.window.expect("a window");
    assert_eq!(window.start.to_string(), "2026-06-10T18:00:00Z");
    assert_eq!(change.assigned_to, None);
    let url = change.source.url.as_deref().unwrap_or_default();
    assert!(url.ends_with(&format!("/nav_to.do?uri=change_request.do%3Fsys_id%3D{}", change.id.0.native)));
}

#[tokio::test]
async fn choices_that_nobody_knows_become_other_with_their_label() {
    let world = world().await;
    change(&world, &[("state", "17"), ("type", "model"), ("close_code", "sort of")]);
    let gathered = world.gather().await;
    let change = &gathered.records.changes[0];
    assert_eq!((change.state, change.class), (ChangeState::Other, ChangeClass::Other));
    assert_eq!((&*change.state_label, &*change.class_label), ("17", "Model"));
    assert_eq!(change.close_code, Some(domain::CloseCode::Other));
}

#[tokio::test]
async fn a_change_that_ends_before_it_starts_is_kept_without_a_window() {
    let world = world().await;
    change(&world, &[("start_date", "2026-06-10 18:00:00"), ("end_date", "2026-06-09 18:00:00")]);
    change(&world, &[("start_date", "2026-06-10 18:00:00"), ("end_date", "")]);
    let gathered = world.gather().await;
    let windows: Vec<_> = gathered.records.changes.iter().map(|change| change.window).collect();
    assert_eq!(windows, [None, None]);
}

#[tokio::test]
async fn what_is_closed_before_the_horizon_is_not_asked_for() {
    let world = world().await;
    let old = [
        ("active", "false"),
        ("state", "3"),
        ("start_date", "2025-01-01 10:00:00"),
        ("end_date", "2025-01-01 12:00:00"),
    ];
    change(&world, &old);
    let closed = [("work_end", "2025-01-01 12:00:00"), ("closed_at", "2025-01-02 12:00:00")];
    change(&world, &[&old[..], &closed].concat());
    // Cancelled long ago, planned within the horizon: asked for by id where its approvals are concerned.
    let cancelled = change(
        &world,
        &[
            ("active", "false"),
            ("state", "4"),
            ("closed_at", "2026-01-02 12:00:00"),
            ("end_date", "2026-05-01 12:00:00"),
        ],
    );
    world.insert("sysapproval_approver", &[("sysapproval", &cancelled), ("state", "cancelled")]);
    let gathered = world.gather().await;
    let ids: Vec<_> = gathered.records.changes.iter().map(|change| &*change.id.0.native).collect();
    assert_eq!(ids, [cancelled.as_str()]);
    assert_eq!(gathered.records.approvals.len(), 1);
}

#[tokio::test]
async fn what_is_not_required_is_not_a_yes_and_a_delegate_is_named() {
    let world = world().await;
    let user = |login: &str| world.insert("sys_user", &[("user_name", login), ("name", login), ("active", "true")]);
    let (ada, bob) = (user("ada"), user("bob"));
    let cab = world.insert("sys_user_group", &[("name", "CAB"), ("active", "true")]);
    world.insert("sys_user_grmember", &[("user", &ada), ("group", &cab)]);
    let change = change(&world, &[]);
    let group = world.insert("sysapproval_group", &[("parent", &change), ("assignment_group", &cab)]);
    world.insert(
        "sys_user_delegate",
        &[
            ("user", &ada),
            ("delegate", &bob),
            ("starts", "2026-05-01 00:00:00"),
            ("ends", "2026-07-01 00:00:00"),
            ("approvals", "true"),
        ],
    );
    let ask = |cells: &[(&str, &str)]| {
        let mut row = fields(&[("sysapproval", change.as_str()), ("source_table", "change_request")]);
        row.extend(fields(cells));
        world.instance.insert("sysapproval_approver", row)
    };
    let decided = |by: &str| {
        [
            ("state", "approved"),
            ("sys_updated_by", by),
            ("sys_updated_on", "2026-05-20 09:00:00"),
            ("sys_mod_count", "1"),
        ]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
    };
    let approved = |approver: &str, by: &str, group: &str| {
        let decided = decided(by);
        let mut cells: Vec<(&str, &str)> = decided.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        cells.extend([("approver", approver), ("group", group)]);
        ask(&cells)
    };
    let own = approved(&ada, "ada", "");
    let delegated = approved(&ada, "bob", "");
    let board = approved(&ada, "ada", &group);
    let moot = ask(&[("approver", &bob), ("state", "not_required")]);
    let gathered = world.gather().await;
    let by_id: BTreeMap<_, _> =
        gathered.records.approvals.iter().map(|approval| (approval.id.0.native.to_string(), approval)).collect();
    assert_eq!((by_id[&own].via, by_id[&own].on_behalf_of.clone()), (ApprovalVia::User, None));
    assert_eq!(by_id[&delegated].via, ApprovalVia::Delegate);
    assert_eq!(by_id[&delegated].on_behalf_of.as_ref().map(|id| id.0.native.to_string()), Some(ada.clone()));
    assert!(by_id[&delegated].delegation.is_some());
    assert_eq!(by_id[&delegated].recorded_by.as_deref(), Some("bob"));
    assert_eq!(by_id[&board].via, ApprovalVia::Cab);
    assert_eq!((by_id[&moot].state, by_id[&moot].decided_at), (ApprovalState::NotRequired, None));
    assert_eq!(gathered.records.accounts.len(), 2);
    assert_eq!(gathered.records.groups[0].members.len(), 1);
}

#[tokio::test]
async fn an_incremental_read_ends_where_a_full_one_ends() {
    let world = world().await;
    let first = change(&world, &[("short_description", "first")]);
    let item = world.insert("cmdb_ci_server", &[("name", "db-1")]);
    world.insert("incident", &[("short_description", "slow"), ("active", "true")]);
    let mut held = world.gather().await;
    world.clock.advance(SignedDuration::from_hours(1));
    let by = Stamp { by: "ada".to_owned(), at: "2026-06-01T13:00:00Z".parse().expect("a moment") };
    let moved = fields(&[("start_date", "2026-06-11 18:00:00"), ("end_date", "2026-06-11 20:00:00")]);
    world.instance.update_as(("change_request", &first), moved, &by);
    let second = change(&world, &[("short_description", "second")]);
    world.insert("sysapproval_approver", &[("sysapproval", &second), ("state", "requested")]);
    world.insert("task_ci", &[("task", &first), ("ci_item", &item)]);
    let read = world.gather_since(&held).await;
    assert_eq!(read.gaps, []);
    let mut read = read.records;
    for kind in RecordKind::ALL {
        held.records.upsert(kind, &mut read);
    }
    let mut full = world.gather().await.records;
    held.records.sort();
    full.sort();
    assert_eq!(held.records, full);
    assert_eq!(held.records.changes.len(), 2);
    assert!(held.records.changes.iter().any(|change| change.configuration_items.len() == 1));
    assert!(!held.records.field_changes.is_empty());
}

#[tokio::test]
async fn what_was_deleted_is_told() {
    let world = world().await;
    let gone = change(&world, &[]);
    let held = world.gather().await;
    world.instance.delete("change_request", &gone);
    let read = world.gather_since(&held).await;
    let told = read.deleted.get(&RecordKind::Change).expect("a deletion");
    assert!(told.contains(&RecordId::new(&world.connector.descriptor().id, gone.as_str())));
}

#[tokio::test]
async fn a_row_from_the_future_does_not_hide_what_is_written_before_it() {
    let world = world().await;
    let far = [("sys_updated_on", "2099-01-01 00:00:00"), ("short_description", "imported")];
    change(&world, &far);
    let held = world.gather().await;
    let mark = held.watermarks[&RecordKind::Change];
    assert!(mark < "2098-01-01T00:00:00Z".parse().expect("a moment"), "{mark}");
}

#[tokio::test]
async fn more_rows_cost_no_more_requests_than_their_pages() {
    let mut asked = Vec::new();
    for count in [10, 80] {
        let world = world().await;
        for number in 0..count {
            let change = change(&world, &[("short_description", &format!("change {number}"))]);
            world.insert("sysapproval_approver", &[("sysapproval", &change), ("state", "requested")]);
        }
        assert_eq!(world.gather().await.records.approvals.len(), count);
        asked.push(world.server.requests.total());
    }
    assert_eq!(asked[0], asked[1]);
}

#[tokio::test]
async fn named_records_are_read_by_id_and_approvals_by_their_change() {
    let world = world().await;
    let known = change(&world, &[]);
    let approval = world.insert("sysapproval_approver", &[("sysapproval", &known), ("state", "requested")]);
    let system = world.connector.descriptor().id.clone();
    let id = |native: &str| RecordId::new(&system, native);
    let wanted = BTreeMap::from([
        (RecordKind::Change, BTreeSet::from([id(&known), id("0123^ORactive=true"), id("nobody")])),
        (RecordKind::Approval, BTreeSet::from([id(&known)])),
    ]);
    change(&world, &[("short_description", "not asked for")]);
    let read = world.connector.read(&wanted, world.now).await;
    assert_eq!(read.gaps, []);
    assert_eq!(
        read.records.changes.iter().map(|change| change.id.clone()).collect::<Vec<_>>(),
        [ChangeId(id(&known))]
    );
    assert_eq!(&*read.records.approvals[0].id.0.native, approval);
    assert!(read.complete.is_empty() && read.watermarks.is_empty());
}

#[tokio::test]
async fn schedules_repeat_in_their_own_zone() {
    let world = world().await;
    let schedule = world.insert(
        "cmn_schedule_maintenance",
        &[("name", "Evenings"), ("time_zone", "Europe/London"), ("sys_class_name", "cmn_schedule_maintenance")],
    );
    let freeze = world.insert(
        "cmn_schedule_blackout",
        &[("name", "Freeze"), ("time_zone", ""), ("sys_class_name", "cmn_schedule_blackout")],
    );
    let entry = |schedule: &str, cells: &[(&str, &str)]| {
        let mut row = fields(&[("schedule", schedule)]);
        row.extend(fields(cells));
        world.instance.insert("cmn_schedule_span", row)
    };
    let weekly = entry(
        &schedule,
        &[
            ("start_date_time", "20240101T180000"),
            ("end_date_time", "20240101T230000"),
            ("repeat_type", "weekly"),
            ("repeat_count", "2"),
            ("days_of_week", "1234"),
            ("repeat_until", "20261231"),
        ],
    );
    let summer =
        entry(&schedule, &[("start_date_time", "20260601T180000Z"), ("end_date_time", "20260601T190000Z")]);
    let floating =
        entry(&freeze, &[("start_date_time", "20261224"), ("end_date_time", "20261226"), ("all_day", "true")]);
    let gathered = world.gather().await;
    assert_eq!(gathered.gaps, []);
    let told: BTreeMap<String, String> = gathered
        .records
        .schedules
        .iter()
        .map(|entry| {
            let (zone, rule) =
                (entry.time_zone.as_deref().unwrap_or("-"), entry.rrule.as_deref().unwrap_or("once"));
            (entry.id.0.native.to_string(), format!("{:?} {zone} {} {} {rule}", entry.kind, entry.start, entry.end))
        })
        .collect();
    assert_eq!(
        told[&weekly],
        "Maintenance Europe/London 2024-01-01T18:00:00 2024-01-01T23:00:00 \
         FREQ=WEEKLY;BYDAY=MO,TU,WE,TH;INTERVAL=2;UNTIL=20261231T235959"
    );
    assert_eq!(told[&summer], "Maintenance Europe/London 2026-06-01T19:00:00 2026-06-01T20:00:00 once");
    assert_eq!(
        told[&floating],
        format!("{:?} - 2026-12-24T00:00:00 2026-12-27T00:00:00 once", ScheduleKind::Blackout)
    );
    entry(&freeze, &[("start_date_time", "20261224"), ("end_date_time", "20261226"), ("repeat_type", "lunar")]);
    let gathered = world.gather().await;
    assert_eq!(codes(&gathered, RecordKind::Schedule), [GapCode::SourceIncomplete]);
}

#[tokio::test]
async fn no_query_names_a_column_that_the_instance_lacks() {
    let world = world().await;
    change(&world, &[("short_description", "x")]);
    let gathered = world.gather().await;
    world.clock.advance(SignedDuration::from_hours(1));
    world.gather_since(&gathered).await;
    let mut asked = 0;
    for seen in world.server.requests.matching("/api/now/table/") {
        let url = url::Url::parse(&format!("http://instance{}", seen.target)).expect("an address");
        let table = url.path().rsplit('/').next().unwrap_or_default().to_owned();
        let query =
            url.query_pairs().find(|(name, _)| name == "sysparm_query").map(|(_, query)| query.into_owned());
        for part in query.unwrap_or_default().split('^') {
            let part = part.strip_prefix("ORDERBY").or_else(|| part.strip_prefix("OR")).unwrap_or(part);
            let column: String = part.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            let defined = format!("element={column}");
            assert!(!world.instance.find("sys_dictionary", &defined).is_empty(), "{table}: {part}");
            asked += 1;
        }
    }
    assert!(asked > 40, "{asked} conditions");
}
