//! Every false PASS to refuse and every false FAIL to avoid, of what a deployment owes while it runs and afterwards.

use domain::*;

use super::PredicateId;
use super::sound::*;
use crate::correlate::world::{World, connector, moment};

use PredicateId::{P1A, P1B, P1C, P4, P7, P8, P10, P11, P12, P13, P14};

/// The sound release, deployed in its window; now is the next day.
fn deployed() -> World {
    deployed_at("2026-06-16T18:30:00Z")
}

fn deployed_at(start: &str) -> World {
    let mut world = sound().deployed(REPO, "v2.14.0", "production", start, "success");
    world.now = moment("2026-06-17T18:00:00Z");
    // What ran before is gone since.
    let before = &mut world.records.runtime_observations[0];
    before.current = false;
    before.observed_at = moment(start);
    world.seen("payments-api", "2.14.0", "production", start, None).digest(DIGEST)
}

fn says(world: &World, id: PredicateId, expected: &str) {
    check(&says_after(world, id), expected);
}

#[test]
fn what_must_hold_before_holds_of_a_deployment_that_was_done_with_changes_that_are_over() {
    let closed = deployed().with_change("CHG1", |change| {
        change.state = ChangeState::Closed;
        change.close_code = Some(CloseCode::Successful);
    });
    says(&closed, P1A, "Pass");
    says(&closed, P4, "Pass");
    let cancelled = deployed().state("CHG1", ChangeState::Canceled);
    says(&cancelled, P1A, "Fail");
}

#[test]
fn p1b_starts_within_the_window_with_a_minute_of_skew() {
    says(&deployed(), P1B, "Pass");
    says(&deployed_at("2026-06-16T17:59:10Z"), P1B, "Pass");
    says(&deployed_at("2026-06-16T17:50:00Z"), P1B, "Fail: outside its window");
}

#[test]
fn p1c_an_overrun_is_its_own_finding_and_an_approved_extension_holds() {
    let late = deployed_at("2026-06-16T19:58:00Z");
    says(&late, P1C, "Fail: over the end of its window");
    says(&late, P1A, "Pass");
    says(&late, P1B, "Pass");
    let longer = late.planned("CHG1", "2026-06-16T18:00:00Z", "2026-06-16T21:00:00Z");
    says(&longer, P1C, "Pass");
}

#[test]
fn p7_what_no_deployment_explains_fails_and_silence_is_unknown() {
    says(&deployed(), P7, "Pass");
    let stray = deployed().tag(REPO, "v9.9.9", "c9").seen(
        "payments-api",
        "9.9.9",
        "production/uk",
        "2026-06-17T10:00:00Z",
        None,
    );
    says(&stray, P7, "Fail: No deployment explains");
    let mut silent = deployed();
    silent.records.runtime_observations.retain(|seen| &*seen.labels["environment"] != "production");
    says(&silent, P7, "Unknown: Nobody observes");
}

fn emergency(opened: Option<&str>, approved: Option<&str>) -> World {
    let mut world = deployed().with_change("CHG1", |change| {
        change.class = ChangeClass::Emergency;
        change.work_ended_at = Some(moment("2026-06-16T18:40:00Z"));
    });
    world.records.approvals.clear();
    if let Some(at) = approved {
        world = world.approval("CHG1", ApprovalState::Approved, Some(at));
    }
    if let Some(at) = opened {
        world = world.incident("INC1", Some("payments-api"), at, None);
        let incident = world.records.incidents.last_mut().expect("an incident");
        incident.fixed_by = Some(ChangeId::new(&connector("servicenow"), "CHG1"));
    }
    world
}

#[test]
fn p8_an_emergency_answers_an_incident_that_came_before_and_is_approved_soon() {
    let approved = Some("2026-06-17T10:00:00Z");
    says(&emergency(Some("2026-06-08T10:00:00Z"), approved), P8, "Pass");
    says(&emergency(Some("2026-06-09T10:00:00Z"), approved), P8, "Fail: was opened after it");
    says(&emergency(None, approved), P8, "Fail: names no incident");
    says(&emergency(Some("2026-06-08T10:00:00Z"), None), P8, "NotDue: is to be approved by");
    let mut late = emergency(Some("2026-06-08T10:00:00Z"), None);
    late.now = moment("2026-06-20T00:00:00Z");
    says(&late, P8, "Fail: was not approved by");
    says(&deployed(), P8, "NotApplicable");
}

#[test]
fn p8_a_retroactive_change_dressed_as_an_emergency_is_told() {
    let world = emergency(Some("2026-06-08T10:00:00Z"), Some("2026-06-17T10:00:00Z"))
        .with_change("CHG1", |change| change.created_at = Some(moment("2026-06-16T19:00:00Z")));
    says(&world, P8, "Fail: RETROACTIVE");
}

#[test]
fn p10_and_p11_what_nobody_keeps_is_unknown_and_named() {
    says(&deployed(), P10, "Unknown: No snapshot");
    says(&deployed(), P11, "Unknown: No audit trail");
}

fn blamed(shape: impl Fn(&mut Incident)) -> World {
    let mut world = deployed().incident("INC1", Some("payments-api"), "2026-06-16T19:00:00Z", Some("CHG1"));
    shape(world.records.incidents.last_mut().expect("an incident"));
    world
}

#[test]
fn p12_a_grave_incident_is_with_a_group_solved_and_reviewed_in_time() {
    says(&deployed(), P12, "Pass: No grave incident");
    let group = || Some(GroupId::new(&connector("servicenow"), "payments"));
    says(&blamed(|_| {}), P12, "Fail: was not with a group");
    says(&blamed(|incident| incident.assignment_group = group()), P12, "NotDue: is to be solved");
    let solved = |incident: &mut Incident| {
        incident.assignment_group = group();
        incident.resolved_at = Some(moment("2026-06-16T20:00:00Z"));
    };
    says(&blamed(solved), P12, "NotDue: is to be reviewed");
    let reviewed = blamed(|incident| {
        solved(incident);
        incident.cause = Some("A limit.".into());
    });
    says(&reviewed, P12, "Pass");
    says(&blamed(|incident| incident.priority = Some(4)), P12, "Pass: No grave incident");
}

#[test]
fn p13_the_cmdb_tells_the_version_and_our_own_write_is_not_read_back() {
    let told = |version: Option<&str>| {
        let mut world = deployed();
        world.records.configuration_items[0].version = version.map(Into::into);
        world
    };
    says(&told(Some("2.13.0")), P13, "NotDue: is to tell it by");
    let mut late = told(Some("2.13.0"));
    late.now = moment("2026-06-19T00:00:00Z");
    says(&late, P13, "Fail: tells version 2.13.0");
    says(&told(None), P13, "Unknown: tells no version");
    says(&told(Some("2.14.0")), P13, "Unknown: who wrote it there is not known");
    let mut written = told(Some("2.14.0"));
    written.records.field_changes.push(FieldChange {
        record: RecordId::new(&connector("cmdb"), "payments-api"),
        field: "version".into(),
        before: "2.13.0".into(),
        after: "2.14.0".into(),
        at: moment("2026-06-16T19:00:00Z"),
        by: Some("dave".into()),
    });
    says(&written, P13, "Pass");
}

#[test]
fn p14_no_traffic_is_not_health() {
    says(&deployed(), P14, "Unknown: Nothing with enough samples");
    let healthy = |value| deployed().health("payments-api", value, "2026-06-16T19:00:00Z");
    says(&healthy(Some(0.001)), P14, "Pass");
    says(&healthy(Some(0.2)), P14, "Fail");
    says(&healthy(None), P14, "Unknown");
    let mut few = healthy(Some(0.001));
    few.records.health_observations[0].samples = Some(0);
    says(&few, P14, "Unknown");
    let mut soon = deployed();
    soon.now = moment("2026-06-16T18:50:00Z");
    says(&soon, P14, "NotDue");
}
