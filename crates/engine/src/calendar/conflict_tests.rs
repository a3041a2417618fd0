//! Conflicts of a whole graph: each kind, and that every resolution leaves what it moves without any conflict.

use domain::*;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::correlate::world::{World, connector, moment, source};

fn week() -> Window {
    Window { start: moment("2026-06-15T00:00:00Z"), end: moment("2026-06-29T00:00:00Z") }
}

/// Three services; ledger-core is what payments-api rests on. Staging is exclusive.
fn bank() -> World {
    let mut world = World::new();
    for key in ["payments-api", "ledger-core", "fraud-engine"] {
        world = world.service(key, "PRJ");
    }
    let mut world = world.depends("payments-api", "ledger-core").item("staging-item", "staging");
    world.landscape.environments[0].exclusive = true;
    world
}

fn planned(world: World, number: &str, key: &str, (start, end): (&str, &str)) -> World {
    world
        .change(number, &format!("Deploy {key} 1.0.0"), None)
        .about(number, key)
        .state(number, ChangeState::Scheduled)
        .planned(number, start, end)
}

fn booked(mut world: World, number: &str, (start, end): (Timestamp, Timestamp)) -> World {
    world.records.change_tasks.push(ChangeTask {
        id: ChangeTaskId::new(&connector("servicenow"), format!("task of {number}")),
        number: format!("TASK{number}").into(),
        change: Some(ChangeId::new(&connector("servicenow"), number)),
        short_description: None,
        kind: None,
        state: ChangeTaskState::Open,
        state_label: "Open".into(),
        window: Window::new(start, end),
        assigned_to: None,
        configuration_item: Some(ConfigurationItemId::new(&connector("cmdb"), "staging-item")),
        closed_at: None,
        close_code: None,
        source: source("servicenow", number),
    });
    world
}

fn kinds(world: &World) -> Vec<String> {
    let found = conflicts(&world.graph(), week()).unwrap();
    found.iter().map(|conflict| format!("{:?} {}", conflict.kind, conflict.explanation)).collect()
}

const EVENING: (&str, &str) = ("2026-06-16T18:00:00Z", "2026-06-16T20:00:00Z");
const LATER: (&str, &str) = ("2026-06-16T19:00:00Z", "2026-06-16T21:00:00Z");
const NEXT: (&str, &str) = ("2026-06-16T20:00:00Z", "2026-06-16T21:00:00Z");

#[test]
fn items_and_their_parents_get_in_each_other_s_way() {
    let alone = planned(bank(), "CHG1", "payments-api", EVENING);
    assert_eq!(kinds(&alone), Vec::<String>::new());
    let same = alone.clone().change("CHG2", "Patch", None).about("CHG2", "payments-api");
    let same = same.planned("CHG2", LATER.0, LATER.1);
    assert_eq!(kinds(&same), ["SameItem payments-api@1.0.0 (CHG1) and CHG2 both work on payments-api."]);
    assert_eq!(kinds(&same.clone().planned("CHG2", NEXT.0, NEXT.1)), Vec::<String>::new(), "half-open");
    assert_eq!(kinds(&same.state("CHG2", ChangeState::Canceled)), Vec::<String>::new());
    let parent = planned(alone.clone(), "CHG2", "ledger-core", LATER);
    assert!(kinds(&parent)[0].starts_with("RelatedItem"), "{:?}", kinds(&parent));
    assert_eq!(kinds(&planned(alone, "CHG2", "fraud-engine", LATER)), Vec::<String>::new());
}

#[test]
fn one_person_cannot_be_at_two_changes() {
    let by = |world: World, number: &str| {
        world.with_change(number, |change| {
            change.assigned_to = Some(AccountId::new(&connector("servicenow"), "ada"))
        })
    };
    let two = planned(planned(bank(), "CHG1", "payments-api", EVENING), "CHG2", "fraud-engine", LATER);
    let two = by(by(two, "CHG1"), "CHG2");
    assert!(kinds(&two)[0].starts_with("SameImplementer"), "{:?}", kinds(&two));
}

#[test]
fn an_exclusive_environment_is_booked_once() {
    let at = |hour: &str| moment(&format!("2026-06-16T{hour}:00Z"));
    let two = planned(bank(), "CHG1", "payments-api", NEXT).change("CHG2", "Something", None);
    let two = booked(booked(two, "CHG1", (at("08:00"), at("10:00"))), "CHG2", (at("09:00"), at("11:00")));
    let graph = two.graph();
    let found = conflicts(&graph, week()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, ConflictKind::ExclusiveEnvironment);
    assert_eq!(found[0].window, Window { start: at("09:00"), end: at("10:00") });
    let moves: Vec<Timestamp> = found[0].resolutions.iter().map(|way| way.window.start).collect();
    assert_eq!(moves, [at("07:00"), at("10:00")], "the nearest free place of each");
}

#[test]
fn a_pool_serves_only_so_many_at_once() {
    let mut two = planned(planned(bank(), "CHG1", "payments-api", EVENING), "CHG2", "fraud-engine", LATER);
    let pool = |capacity| vec![Pool { key: "managers".into(), capacity, teams: Vec::new() }];
    two.landscape.pools = pool(2);
    assert_eq!(kinds(&two), Vec::<String>::new());
    two.landscape.pools = pool(1);
    let found = conflicts(&two.graph(), week()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, ConflictKind::CapacityExceeded);
    assert_eq!(found[0].window, Window { start: moment(LATER.0), end: moment(EVENING.1) });
    assert_eq!(
        &*found[0].explanation,
        "managers serves 1 at once, and fraud-engine@1.0.0, payments-api@1.0.0 need it."
    );
    let moves: Vec<String> = found[0].resolutions.iter().map(|way| way.window.start.to_string()).collect();
    assert_eq!(moves, ["2026-06-16T17:00:00Z", "2026-06-16T20:00:00Z"]);
}

#[test]
fn windows_and_blackouts_are_kept() {
    let mut world = planned(bank(), "CHG1", "payments-api", EVENING);
    let environment = world.landscape.environments.last_mut().unwrap();
    environment.windows = vec![AllowedWindow {
        rrule: "FREQ=WEEKLY;BYDAY=SA".into(),
        start: "06:00".parse().unwrap(),
        end: "12:00".parse().unwrap(),
    }];
    let found = conflicts(&world.graph(), week()).unwrap();
    assert_eq!(found[0].kind, ConflictKind::OutsideWindow);
    assert_eq!(found[0].resolutions[0].window.start, moment("2026-06-20T05:00:00Z"));
    let mut frozen = planned(bank(), "CHG1", "payments-api", EVENING);
    frozen.landscape.blackouts = vec![ConfiguredBlackout {
        name: "Freeze".into(),
        time_zone: "UTC".into(),
        start: "2026-06-16T00:00:00".parse().unwrap(),
        end: "2026-06-18T00:00:00".parse().unwrap(),
        rrule: None,
        scope: BlackoutScope::default(),
        exceptions: Vec::new(),
    }];
    let found = conflicts(&frozen.graph(), week()).unwrap();
    assert_eq!(found[0].kind, ConflictKind::Blackout);
    assert_eq!(found[0].resolutions[0].window.end, moment("2026-06-16T00:00:00Z"), "earlier is nearer");
}

/// payments-api is promised in production on weekdays from nine to five in New York: 13:00 to 21:00 UTC in June.
fn promised(mut world: World) -> World {
    world.landscape.service_hours = vec![ServiceHours {
        name: "Gold".into(),
        services: vec![ServiceKey::new("payments-api")],
        environments: vec![EnvironmentKey::new("production")],
        time_zone: "America/New_York".into(),
        windows: vec![AllowedWindow {
            rrule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR".into(),
            start: "09:00".parse().unwrap(),
            end: "17:00".parse().unwrap(),
        }],
    }];
    world
}

#[test]
fn work_on_a_promised_service_belongs_outside_its_hours() {
    let world = promised(planned(bank(), "CHG1", "payments-api", EVENING));
    let found = conflicts(&world.graph(), week()).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].kind, found[0].kind.severity()), (ConflictKind::ServiceHours, FindingSeverity::Warning));
    assert_eq!(&*found[0].explanation, "payments-api@1.0.0 (CHG1) is planned in the service hours of 'Gold'.");
    assert_eq!(found[0].window, Window { start: moment(EVENING.0), end: moment(EVENING.1) });
    assert_eq!(found[0].resolutions[0].window.start, moment("2026-06-16T21:00:00Z"), "the hours are over");
    let other = promised(planned(bank(), "CHG1", "fraud-engine", EVENING));
    assert_eq!(kinds(&other), Vec::<String>::new(), "nobody promised it");
    let mut saturday = ("2026-06-20T15:00:00Z", "2026-06-20T16:00:00Z");
    assert_eq!(kinds(&promised(planned(bank(), "CHG1", "payments-api", saturday))), Vec::<String>::new());
    saturday = ("2026-06-16T20:59:00Z", "2026-06-16T23:00:00Z");
    assert_eq!(kinds(&promised(planned(bank(), "CHG1", "payments-api", saturday))).len(), 1, "its last minute");
}

#[test]
fn a_calendar_has_bounds() {
    let graph = bank().graph();
    let ask = |from: &str, to: &str, environments: &[EnvironmentKey]| {
        calendar(&graph, (moment(from), moment(to)), environments).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(ask("2026-01-01T00:00:00Z", "2027-02-05T00:00:00Z", &[]), Ok(()), "400 days");
    assert!(ask("2026-01-01T00:00:00Z", "2027-02-05T00:00:01Z", &[]).unwrap_err().contains("400 days"));
    assert!(ask("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", &[]).unwrap_err().contains("must be before"));
    let gaps = |from: &str, to: &str| calendar(&graph, (moment(from), moment(to)), &[]).unwrap().gaps.len();
    assert_eq!(gaps("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"), 0);
    assert_eq!(gaps("2029-06-01T00:00:00Z", "2029-07-01T00:00:00Z"), 1, "no blackouts are known so far ahead");
    let moon = [EnvironmentKey::new("moon")];
    assert!(ask("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", &moon).unwrap_err().contains("moon"));
}

/// Changes and bookings at random hours of a week, by few people on few items.
#[derive(Debug, Clone)]
struct Plan {
    service: usize,
    start: i64,
    length: i64,
    person: u8,
    booking: Option<i64>,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let one = (0..3_usize, 12..100_i64, 1..5_i64, 0..3_u8, prop::option::of(12..60_i64))
        .prop_map(|(service, start, length, person, booking)| Plan { service, start, length, person, booking });
    prop::collection::vec(one, 1..7)
}

fn hour(count: i64) -> Timestamp {
    week().start + SignedDuration::from_hours(count)
}

fn world_of(plans: &[Plan]) -> World {
    let mut world = promised(bank());
    world.landscape.environments.last_mut().unwrap().windows = vec![AllowedWindow {
        rrule: "FREQ=DAILY".into(),
        start: "06:00".parse().unwrap(),
        end: "22:00".parse().unwrap(),
    }];
    for (place, plan) in plans.iter().enumerate() {
        let number = format!("CHG{place}");
        let key = ["payments-api", "ledger-core", "fraud-engine"][plan.service];
        world = world
            .change(&number, &format!("Deploy {key} 1.{place}.0"), None)
            .about(&number, key)
            .state(&number, ChangeState::Scheduled)
            .with_change(&number, |change| {
                change.window = Window::new(hour(plan.start), hour(plan.start + plan.length));
                change.assigned_to =
                    Some(AccountId::new(&connector("servicenow"), format!("person {}", plan.person)));
            });
        if let Some(start) = plan.booking {
            world = booked(world, &number, (hour(start), hour(start + 2)));
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_planned_at_a_wrong_time_is_found_as_looking_at_every_hour_finds_it(plans in plans()) {
        let found = conflicts(&world_of(&plans).graph(), week()).unwrap();
        let told = |kind: ConflictKind, place: usize| {
            let number = format!("(CHG{place}) is planned");
            found.iter().any(|conflict| conflict.kind == kind && conflict.explanation.contains(&number))
        };
        for (place, plan) in plans.iter().enumerate() {
            let hours = || (plan.start..plan.start + plan.length).map(|count| (count / 24, count % 24));
            // The windows are London's, in summer.
            let closed = hours().any(|(_, hour)| !(5..21).contains(&hour));
            prop_assert_eq!(told(ConflictKind::OutsideWindow, place), closed);
            // The week starts on a Monday.
            let promised = plan.service == 0 && hours().any(|(day, hour)| day % 7 < 5 && (13..21).contains(&hour));
            prop_assert_eq!(told(ConflictKind::ServiceHours, place), promised);
        }
    }

    #[test]
    fn every_resolution_leaves_what_it_moves_without_conflict(plans in plans()) {
        let world = world_of(&plans);
        let found = conflicts(&world.graph(), week()).unwrap();
        for way in found.iter().flat_map(|conflict| &conflict.resolutions).take(6) {
            let graph = world.graph();
            let change = graph.changes.get(way.entry.change.unwrap()).id.clone();
            let mut moved = world.clone();
            if way.entry.kind == EntryKind::Booking {
                let task = moved.records.change_tasks.iter_mut().find(|task| task.change.as_ref() == Some(&change));
                task.unwrap().window = Some(way.window);
            } else {
                let row = moved.records.changes.iter_mut().find(|row| row.id == change);
                row.unwrap().window = Some(way.window);
            }
            let all = Window { start: week().start, end: week().end + SignedDuration::from_hours(24 * 120) };
            let after = conflicts(&moved.graph(), all).unwrap();
            let key = &way.entry.key;
            let still = after.iter().find(|conflict| conflict.sides.iter().any(|side| side.key == *key));
            prop_assert!(still.is_none(), "{:?} after {}", still, way.explanation);
        }
    }
}
