//! Histories of a change, and what of them was known on the way.

use domain::{ApprovalState, ChangeState, RecordKind};
use jiff::Timestamp;

use super::rewind;
use crate::correlate::world::World;

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// Approved for the 18th, moved to the 20th a day later.
fn moved() -> World {
    World::new()
        .service("payments-api", "PAY")
        .change("CHG1", "Deploy payments-api 2.14.0", None)
        .planned("CHG1", "2026-06-20T18:00:00Z", "2026-06-20T20:00:00Z")
        .with_change("CHG1", |change| {
            change.created_at = Some(moment("2026-06-01T09:00:00Z"));
            change.state = ChangeState::Scheduled;
        })
        .approval("CHG1", ApprovalState::Approved, Some("2026-06-10T14:00:00Z"))
        .audited("CHG1", "state", ("-3", "-2"), "2026-06-10T14:00:00Z")
        .audited("CHG1", "start_date", ("2026-06-18 18:00:00", "2026-06-20 18:00:00"), "2026-06-11T09:00:00Z")
        .audited("CHG1", "end_date", ("2026-06-18 20:00:00", "2026-06-20 20:00:00"), "2026-06-11T09:00:00Z")
}

fn check(at: &str, expected: &str) {
    let records = rewind(moved().records, moment(at)).records;
    let told = records.changes.iter().map(|change| {
        let start = change.window.map(|window| window.start.to_string()).unwrap_or_default();
        let approvals: Vec<String> =
            records.approvals.iter().map(|approval| format!("{:?}", approval.state)).collect();
        format!("{:?} {start} {}", change.state, approvals.join(" "))
    });
    assert_eq!(told.collect::<Vec<_>>().join("; "), expected, "as of {at}");
}

#[test]
fn a_change_is_as_its_history_says_it_was() {
    check("2026-05-31T00:00:00Z", "");
    check("2026-06-09T00:00:00Z", "Authorize 2026-06-18T18:00:00Z Requested");
    check("2026-06-10T14:00:00Z", "Scheduled 2026-06-18T18:00:00Z Approved");
    check("2026-06-11T08:59:59Z", "Scheduled 2026-06-18T18:00:00Z Approved");
    check("2026-06-11T09:00:00Z", "Scheduled 2026-06-20T18:00:00Z Approved");
}

#[test]
fn what_nobody_kept_is_named() {
    let unproven = rewind(moved().records, moment("2026-06-09T00:00:00Z")).unproven;
    assert!(unproven.contains(&RecordKind::ConfigurationItem) && !unproven.contains(&RecordKind::Change));
}

#[test]
fn rewinding_twice_is_rewinding_once() {
    let at = moment("2026-06-10T20:00:00Z");
    let once = rewind(moved().records, at);
    assert_eq!(rewind(once.records.clone(), at), once);
    let over = rewind(rewind(moved().records, moment("2026-06-12T00:00:00Z")).records, at);
    assert_eq!(over, once);
}
