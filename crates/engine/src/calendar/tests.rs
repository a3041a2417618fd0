//! Openings against a scan of every minute, across clock changes of four zones.

use std::collections::BTreeSet;

use domain::*;
use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;

use super::*;
use crate::correlate::world::{World, connector, moment, source};
use crate::graph::Table;

const ZONES: [(&str, [&str; 2]); 4] = [
    ("Europe/London", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]),
    ("America/New_York", ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"]),
    ("Australia/Lord_Howe", ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]),
    ("Asia/Tokyo", ["2026-05-05T00:00:00Z", "2026-10-25T00:00:00Z"]),
];
const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// Weekly windows at local times, and one blackout in local time.
#[derive(Debug, Clone)]
struct Plan {
    zone: usize,
    change: usize,
    windows: Vec<(Vec<usize>, i64, i64)>,
    closed: (i64, i64),
}

fn plans() -> impl Strategy<Value = Plan> {
    let window = (prop::collection::vec(0..7_usize, 1..5), 0..288_i64, 0..288_i64);
    (0..4_usize, 0..2_usize, prop::collection::vec(window, 1..3), (0..700_i64, 1..400_i64))
        .prop_map(|(zone, change, windows, closed)| Plan { zone, change, windows, closed })
}

fn time(five_minutes: i64) -> Time {
    Time::midnight() + SignedDuration::from_mins(five_minutes * 5)
}

impl Plan {
    fn zone(&self) -> TimeZone {
        TimeZone::get(ZONES[self.zone].0).unwrap()
    }

    /// Three days around a clock change.
    fn range(&self) -> Window {
        let change = moment(ZONES[self.zone].1[self.change]);
        let half = SignedDuration::from_hours(36);
        Window { start: change - half, end: change + half }
    }

    /// Five minutes steps after the local midnight on which the range begins.
    fn closed(&self) -> (DateTime, DateTime) {
        let day = self.zone().to_datetime(self.range().start).date().at(0, 0, 0, 0);
        let start = day + SignedDuration::from_mins(5 * self.closed.0);
        (start, start + SignedDuration::from_mins(5 * self.closed.1))
    }

    fn world(&self) -> World {
        let mut world = World::new().service("payments-api", "PAY").tag("bank/payments-api", "v1.0.0", "c1");
        let production = world.landscape.environments.last_mut().unwrap();
        production.time_zone = ZONES[self.zone].0.into();
        let windows = self.windows.iter().map(|(days, start, end)| AllowedWindow {
            rrule: format!(
                "FREQ=WEEKLY;BYDAY={}",
                days.iter().map(|day| DAYS[*day].0).collect::<Vec<_>>().join(",")
            )
            .into(),
            start: time(*start),
            end: time(*end),
        });
        production.windows = windows.collect();
        let (start, end) = self.closed();
        world.now = self.range().start;
        world.records.schedules.push(schedule("1", (start, end), Some(ZONES[self.zone].0)));
        world
    }

    /// The instant of a local time, found by looking at the clock minute by minute.
    fn instant(&self, local: DateTime) -> Timestamp {
        let zone = self.zone();
        let around = TimeZone::UTC.to_timestamp(local).unwrap() - SignedDuration::from_hours(26);
        let clock = |minute: i64| zone.to_datetime(around + SignedDuration::from_mins(minute));
        let shown = (0..52 * 60).find(|minute| clock(*minute) == local);
        let minute = shown.unwrap_or_else(|| {
            // The clock jumps over it: as if it had not been changed yet.
            let last = (0..52 * 60).take_while(|minute| clock(*minute) < local).last().unwrap();
            last + (local.duration_since(clock(last)).as_mins())
        });
        around + SignedDuration::from_mins(minute)
    }

    /// The open minutes of the range, by what is said of each local day.
    fn open_minutes(&self) -> BTreeSet<Timestamp> {
        let range = self.range();
        let first = self.zone().to_datetime(range.start).date().checked_sub(3.days()).unwrap();
        let mut open = BTreeSet::new();
        for offset in 0..9 {
            let day = first.checked_add(offset.days()).unwrap();
            for (days, start, end) in &self.windows {
                if days.iter().any(|at| DAYS[*at].1 == day.weekday()) {
                    let last = if end <= start { day.tomorrow().unwrap() } else { day };
                    let until = self.instant(last.to_datetime(time(*end)));
                    let mut minute = self.instant(day.to_datetime(time(*start)));
                    while minute < until {
                        open.insert(minute);
                        minute += SignedDuration::from_mins(1);
                    }
                }
            }
        }
        let (start, end) = self.closed();
        let (start, end) = (self.instant(start), self.instant(end));
        open.retain(|minute| range.contains(*minute) && !(start <= *minute && *minute < end));
        open
    }
}

fn schedule(native: &str, (start, end): (DateTime, DateTime), zone: Option<&str>) -> ScheduleRecord {
    ScheduleRecord {
        id: WindowId::new(&connector("servicenow"), native),
        schedule: RecordId::new(&connector("servicenow"), format!("schedule {native}")),
        kind: ScheduleKind::Blackout,
        schedule_name: "Freeze".into(),
        name: "".into(),
        time_zone: zone.map(Text::from),
        start,
        end,
        rrule: None,
        condition: None,
        configuration_items: Vec::new(),
        item_names: Vec::new(),
        inventory: connector("cmdb"),
        source: source("servicenow", native),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn next_fit_agrees_with_a_scan_of_every_minute(plan in plans(), length in 1..400_i64) {
        let graph = plan.world().graph();
        let (release, _) = graph.releases.iter().next().unwrap();
        let target = Target::of(&EnvironmentKey::new("production"));
        let found = openings(&graph, Subject::Release(release), &target, plan.range()).unwrap();
        let open = plan.open_minutes();
        let duration = SignedDuration::from_mins(length);
        let minute = SignedDuration::from_mins(1);
        let mut last = None;
        let mut at = plan.range().start;
        // How many open minutes follow each minute without a break.
        while at < plan.range().end {
            prop_assert_eq!(found.contains(at), open.contains(&at), "{} of {:?}", at, plan);
            let fit = found.next_fit(at, duration);
            let monotone = last.is_none_or(|last| fit.is_none() || fit >= Some(last));
            prop_assert!(monotone, "at {}", at);
            if let Some(fit) = fit {
                prop_assert_eq!(found.next_fit(fit, duration), Some(fit));
                let whole = Window { start: fit, end: fit + duration };
                prop_assert!(found.covers(&whole), "inside");
                last = Some(fit);
            }
            at += minute;
        }
        let scanned = {
            let (mut run, mut start) = (0, None);
            let mut at = plan.range().start;
            while at < plan.range().end && run < length {
                if open.contains(&at) { start = start.or(Some(at)); run += 1; } else { (run, start) = (0, None); }
                at += minute;
            }
            start.filter(|_| run == length)
        };
        prop_assert_eq!(found.next_fit(plan.range().start, duration), scanned);
    }
}

fn april() -> Window {
    Window { start: moment("2026-04-01T00:00:00Z"), end: moment("2026-05-01T00:00:00Z") }
}

fn local(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn pay() -> World {
    World::new()
        .service("payments-api", "PAY")
        .service("ledger-core", "LED")
        .tag("bank/payments-api", "v1.0.0", "c1")
        .tag("bank/ledger-core", "v1.0.0", "c2")
}

fn closed_days(world: &World, key: &str, target: &str) -> (usize, bool) {
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new(key)).unwrap();
    let found = closings(&graph, Subject::Release(release), &Target::of(&EnvironmentKey::new(target)));
    let minutes: i64 =
        found.iter().flat_map(|one| one.closed.iter()).map(|w| w.end.duration_since(w.start).as_mins()).sum();
    ((minutes / 1440) as usize, found.iter().all(|one| one.certain))
}

fn freeze() -> ScheduleRecord {
    schedule("1", (local("2026-04-10T00:00:00"), local("2026-04-12T00:00:00")), Some("UTC"))
}

fn with(freeze: ScheduleRecord) -> World {
    let mut world = pay();
    world.records.schedules.push(freeze);
    world
}

#[test]
fn a_schedule_closes_what_its_condition_names() {
    let named = ScheduleRecord {
        condition: Some("nameINPayments-API".into()),
        item_names: vec!["Payments-API".into()],
        ..freeze()
    };
    assert_eq!(closed_days(&with(named.clone()), "payments-api@1.0.0", "production"), (2, true));
    assert_eq!(closed_days(&with(named.clone()), "ledger-core@1.0.0", "production"), (0, true));
    let stranger = ScheduleRecord { item_names: vec!["mainframe".into()], ..named.clone() };
    assert_eq!(closed_days(&with(stranger), "payments-api@1.0.0", "production"), (0, true));
    let mut in_production = with(named);
    in_production.records.configuration_items[0].environment = Some("Prod".into());
    assert_eq!(closed_days(&in_production, "payments-api@1.0.0", "production"), (2, true));
    assert_eq!(closed_days(&in_production, "payments-api@1.0.0", "staging"), (0, true));
}

#[test]
fn what_is_not_understood_closes_and_says_so() {
    let riddle = ScheduleRecord { condition: Some("u_colour=red^ORu_mood=blue".into()), ..freeze() };
    assert_eq!(closed_days(&with(riddle), "payments-api@1.0.0", "production"), (2, false));
    let lost = ScheduleRecord { time_zone: Some("Europe/Lundon".into()), ..freeze() };
    let (days, certain) = closed_days(&with(lost), "payments-api@1.0.0", "production");
    assert!(days > 300 && !certain, "{days}");
}

fn configured(scope: BlackoutScope, exceptions: Vec<ConfiguredException>) -> World {
    let mut world = pay().change("CHG1", "Deploy payments-api 1.0.0", None).planned(
        "CHG1",
        "2026-04-10T18:00:00Z",
        "2026-04-11T18:00:00Z",
    );
    world.landscape.blackouts = vec![ConfiguredBlackout {
        name: "Quarter end".into(),
        time_zone: "UTC".into(),
        start: local("2026-04-10T00:00:00"),
        end: local("2026-04-12T00:00:00"),
        rrule: None,
        scope,
        exceptions,
    }];
    world
}

#[test]
fn tags_tiers_and_targets_decide_whom_a_blackout_closes() {
    let days = |world: World| closed_days(&world, "payments-api@1.0.0", "production");
    let scope =
        |tag: &str, tier| BlackoutScope { tags: vec![tag.into()], tiers: vec![tier], ..BlackoutScope::default() };
    assert_eq!(days(configured(BlackoutScope::default(), Vec::new())), (2, true));
    assert_eq!(days(configured(scope("icfr", 0), Vec::new())), (0, true));
    assert_eq!(days(configured(scope("icfr", 1), Vec::new())), (2, true), "tier 1");
    let tagged = configured(scope("icfr", 0), Vec::new())
        .with_service("payments-api", |service| service.tags = BTreeSet::from(["icfr".into()]));
    assert_eq!(days(tagged), (2, true), "tag");
    let nobody_said =
        configured(scope("icfr", 0), Vec::new()).with_service("payments-api", |service| service.tier = None);
    assert_eq!(days(nobody_said), (2, false), "a tier that nobody knows");
    let eu = Target { region: Some("eu".into()), ..Target::of(&EnvironmentKey::new("production")) };
    let regional = BlackoutScope { targets: vec![eu], ..BlackoutScope::default() };
    assert_eq!(days(configured(regional, Vec::new())), (2, true), "production holds eu");
    let staging = vec![Target::of(&EnvironmentKey::new("staging"))];
    assert_eq!(
        days(configured(BlackoutScope { targets: staging, ..BlackoutScope::default() }, Vec::new())),
        (0, true)
    );
}

#[test]
fn an_exception_lets_its_own_change_through_and_nothing_else() {
    let exception = |change: &str| ConfiguredException {
        change: change.into(),
        targets: Vec::new(),
        window: None,
        approver: "cio".into(),
        reason: None,
    };
    let scope = BlackoutScope::default;
    let days = |world: &World, key| closed_days(world, key, "production");
    let lifted = configured(scope(), vec![exception("chg1")]);
    assert_eq!(days(&lifted, "payments-api@1.0.0"), (1, true), "the change's own window is let through");
    assert_eq!(days(&lifted, "ledger-core@1.0.0"), (2, true));
    assert_eq!(days(&configured(scope(), vec![exception("CHG9")]), "payments-api@1.0.0"), (2, true));
    let mut emergency = configured(scope(), Vec::new());
    emergency.records.changes[0].class = ChangeClass::Emergency;
    assert_eq!(days(&emergency, "payments-api@1.0.0"), (2, true), "EMERGENCY alone lifts no freeze");
    let mut ungranted = lifted.graph();
    let mut blackout = ungranted.blackouts.iter().next().unwrap().1.clone();
    blackout.exceptions[0].approver = None;
    ungranted.blackouts = Table::new(vec![blackout]);
    let release = ungranted.releases.find(&ReleaseKey::new("payments-api@1.0.0")).unwrap();
    let target = Target::of(&EnvironmentKey::new("production"));
    let closed = closings(&ungranted, Subject::Release(release), &target);
    assert_eq!(closed[0].closed.iter().next().unwrap().end, moment("2026-04-12T00:00:00Z"));
}

#[test]
fn what_has_no_answer_is_an_error_that_names_the_place() {
    let world = configured(BlackoutScope::default(), Vec::new());
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new("payments-api@1.0.0")).unwrap();
    let target = Target::of(&EnvironmentKey::new("production"));
    let blackout = Window { start: moment("2026-04-10T00:00:00Z"), end: moment("2026-04-12T00:00:00Z") };
    let hour = SignedDuration::from_hours(1);
    let error = first_opening(&graph, (Subject::Release(release), &target), blackout, hour).unwrap_err();
    assert!(error.to_string().starts_with("production: no opening of at least 60 minutes"), "{error}");
    let open = first_opening(&graph, (Subject::Release(release), &target), april(), hour).unwrap();
    assert_eq!(open, april().start);
    let turned = Window { start: april().end, end: april().start };
    let error = openings(&graph, Subject::Release(release), &target, turned).unwrap_err();
    assert_eq!(error, CalendarError::TurnedAround { from: april().end, to: april().start });
    let nowhere = Target::of(&EnvironmentKey::new("moon"));
    let error = openings(&graph, Subject::Release(release), &nowhere, april()).unwrap_err();
    assert!(error.to_string().contains("no environment 'moon'; there are: "), "{error}");
}
