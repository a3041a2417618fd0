//! Plans beside what stands in the calendar already, and with gaps between releases.

use domain::{
    ChangeId, ChangeState, ChangeTask, ChangeTaskId, ChangeTaskState, ConfigurationItemId, DependencyKind, Scope,
    ServiceKey, Window,
};
use jiff::SignedDuration;

use super::worlds::{BOTH, ask, check, depends, request, told, two, with_production, works};
use crate::correlate::world::{World, connector, moment, source};
use crate::sequence::{BlockerCode, SequencePolicy, sequence_releases};

const HARD: DependencyKind = DependencyKind::Hard;

fn lagging(hours: i64, constraint: &str) -> World {
    let mut world = depends(two(), ("loans", "kyc"), HARD, Some(constraint));
    world.landscape.dependencies[0].lag = SignedDuration::from_hours(hours);
    world
}

fn booked(world: World, number: &str, (start, end): (&str, &str)) -> World {
    let mut world = world.item("production-item", "production");
    world.records.change_tasks.push(ChangeTask {
        id: ChangeTaskId::new(&connector("servicenow"), format!("task of {number}")),
        number: format!("TASK{number}").into(),
        change: Some(ChangeId::new(&connector("servicenow"), number)),
        short_description: None,
        kind: None,
        state: ChangeTaskState::Open,
        state_label: "Open".into(),
        window: Window::new(moment(start), moment(end)),
        assigned_to: None,
        configuration_item: Some(ConfigurationItemId::new(&connector("cmdb"), "production-item")),
        closed_at: None,
        close_code: None,
        source: source("servicenow", number),
    });
    world
}

fn exclusive(world: World) -> World {
    with_production(world, |production| production.exclusive = true)
}

/// A change that works on an item, from noon on for so many hours.
fn working(world: World, (number, title, item): (&str, &str, &str), hours: i8) -> World {
    let end = format!("2026-06-15T{:02}:00:00Z", 12 + hours);
    world.change(number, title, None).about(number, item).state(number, ChangeState::Scheduled).planned(
        number,
        "2026-06-15T12:00:00Z",
        &end,
    )
}

#[test]
fn what_is_needed_has_to_have_been_there_for_a_while() {
    check(
        &lagging(24, ">=2.0.0"),
        &BOTH,
        "kyc@2.0.0 | loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 16T13:00 loans@2.0.0 Dependency",
    );
    // What runs since the first of June will have run for 15 days on the sixteenth.
    let long = lagging(15 * 24, ">=1.0.0");
    check(&long, &["loans@2.0.0"], "loans@2.0.0; 16T00:00 loans@2.0.0 EarliestStart");
    check(&lagging(13 * 24, ">=1.0.0"), &["loans@2.0.0"], "loans@2.0.0; 15T12:00 loans@2.0.0 EarliestStart");
    check(&lagging(90 * 24, ">=1.0.0"), &["loans@2.0.0"], "loans@2.0.0; not loans@2.0.0 Deadline");
    let mut graph = long.graph();
    for placement in graph.placements.get_mut(&ServiceKey::new("kyc")).unwrap() {
        placement.since = None;
    }
    let found = ask(&graph, &request(&["loans@2.0.0"])).unwrap();
    assert_eq!(told(&graph, &found), "loans@2.0.0; not loans@2.0.0 DependencyUnknown");
}

#[test]
fn what_goes_together_cannot_wait_for_itself() {
    let facts = [("2.0.0", "1.0.0", Some(false)), ("1.0.0", "2.0.0", Some(false)), ("2.0.0", "2.0.0", Some(true))];
    check(
        &works(lagging(2, ">=2.0.0"), &facts),
        &BOTH,
        "kyc@2.0.0+loans@2.0.0; not kyc@2.0.0 DependencyBlocked; not loans@2.0.0 DependencyCycle",
    );
}

#[test]
fn an_exclusive_environment_that_others_booked_is_taken() {
    let world = booked(
        exclusive(two()).change("CHG9", "Test of the fail-over", None),
        "CHG9",
        ("2026-06-15T12:00:00Z", "2026-06-15T15:00:00Z"),
    );
    check(
        &world,
        &BOTH,
        "kyc@2.0.0, loans@2.0.0; 15T15:00 kyc@2.0.0 ExclusiveEnvironment; 15T16:00 loans@2.0.0 ExclusiveEnvironment",
    );
    let graph = world.graph();
    let mut short = request(&["kyc@2.0.0"]);
    let found = ask(&graph, &short).unwrap();
    assert_eq!(&*found.schedule[0].detail, "production is taken until 2026-06-15T15:00:00Z: by a booking of CHG9");
    short.to = moment("2026-06-15T15:30:00Z");
    let blocker = &ask(&graph, &short).unwrap().unschedulable[0].blockers[0];
    assert_eq!(blocker.code, BlockerCode::ExclusiveEnvironment);
    assert_eq!(&*blocker.detail, "Whenever production is open for 60 minutes, it is taken: by a booking of CHG9");
    let scope = Scope::Services([ServiceKey::new("kyc")].into());
    let found = sequence_releases(&graph, &short, (&scope, &SequencePolicy::default())).unwrap();
    assert!(!format!("{found:?}").contains("CHG9"), "what the caller may not see is not named");
    // Where more than one may be there, a booking keeps nobody out.
    let shared = with_production(world, |production| production.exclusive = false);
    check(&shared, &["kyc@2.0.0"], "kyc@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart");
}

#[test]
fn a_plan_does_not_stand_in_its_own_way() {
    let world = working(exclusive(two()), ("CHG1", "Deploy loans 2.0.0", "loans"), 3);
    // Its own window at noon is planned anew.
    check(&world, &["loans@2.0.0"], "loans@2.0.0; 15T12:00 loans@2.0.0 EarliestStart");
    check(
        &world,
        &BOTH,
        "kyc@2.0.0, loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T13:00 loans@2.0.0 ExclusiveEnvironment",
    );
    check(&world, &["kyc@2.0.0"], "kyc@2.0.0; 15T15:00 kyc@2.0.0 ExclusiveEnvironment");
    // What cannot go keeps what it has booked.
    let stuck = depends(world, ("loans", "kyc"), HARD, Some(">=9.0.0"));
    check(
        &stuck,
        &BOTH,
        "kyc@2.0.0, loans@2.0.0; 15T15:00 kyc@2.0.0 ExclusiveEnvironment; not loans@2.0.0 DependencyMissing",
    );
}

#[test]
fn two_changes_do_not_work_on_one_item_at_once() {
    let one = working(two(), ("CHG1", "Deploy kyc 2.0.0", "kyc"), 1);
    let patched = working(one.clone(), ("CHG2", "Patch", "kyc"), 2);
    check(&patched, &["kyc@2.0.0"], "kyc@2.0.0; 15T14:00 kyc@2.0.0 CalendarConflict");
    let over = patched.state("CHG2", ChangeState::Closed);
    check(&over, &["kyc@2.0.0"], "kyc@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart");
    let shared = working(one, ("CHG2", "Deploy loans 2.0.0", "kyc"), 1);
    check(
        &shared,
        &BOTH,
        "kyc@2.0.0, loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T13:00 loans@2.0.0 CalendarConflict",
    );
    let by_one = working(two(), ("CHG1", "Deploy kyc 2.0.0 and loans 2.0.0", "kyc"), 1);
    check(
        &by_one,
        &BOTH,
        "kyc@2.0.0, loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T12:00 loans@2.0.0 EarliestStart",
    );
}
