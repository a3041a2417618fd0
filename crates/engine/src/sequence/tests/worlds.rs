//! Sequences of small worlds, from records to answers.

use std::collections::BTreeSet;

use domain::{
    AllowedWindow, ConfiguredCompatibility, ConfiguredDependency, DependencyKind, Environment, EnvironmentKey,
    Pool, Scope, ServiceKey, Target, TeamKey, Text, VersionRange,
};
use jiff::SignedDuration;

use crate::ReleaseGraph;
use crate::correlate::world::{World, moment};
use crate::sequence::{Sequence, SequenceError, SequencePolicy, SequenceRequest, WhatIf, sequence_releases};

const SINCE: &str = "2026-06-01T00:00:00Z";

/// Two services at 1.0.0 in production, each with 2.0.0 to come.
pub(super) fn two() -> World {
    World::new()
        .service("loans", "LOAN")
        .service("kyc", "KYC")
        .tracked("1", "LOAN", "2.0.0")
        .tracked("2", "KYC", "2.0.0")
        .seen("loans", "1.0.0", "production", SINCE, None)
        .seen("kyc", "1.0.0", "production", SINCE, None)
}

pub(super) fn depends(
    mut world: World,
    (from, to): (&str, &str),
    kind: DependencyKind,
    constraint: Option<&str>,
) -> World {
    world.landscape.dependencies.push(ConfiguredDependency {
        from: ServiceKey::new(from),
        to: ServiceKey::new(to),
        kind,
        constraint: constraint.map(Into::into),
        lag: SignedDuration::ZERO,
        reason: None,
    });
    world
}

pub(super) fn works(mut world: World, rows: &[(&str, &str, Option<bool>)]) -> World {
    for (loans, kyc, works) in rows {
        let range = |service: &str, version: &str| VersionRange {
            service: ServiceKey::new(service),
            version: version.into(),
        };
        world.landscape.compatibilities.push(ConfiguredCompatibility {
            one: range("loans", loans),
            other: range("kyc", kyc),
            works: *works,
            reason: None,
        });
    }
    world
}

pub(super) fn request(keys: &[&str]) -> SequenceRequest {
    SequenceRequest {
        releases: Some(keys.iter().map(|key| Text::from(*key)).collect()),
        filter: None,
        target: Target::of(&EnvironmentKey::new("production")),
        from: moment("2026-06-15T12:00:00Z"),
        to: moment("2026-06-22T12:00:00Z"),
        what_if: WhatIf::default(),
    }
}

pub(super) fn ask(graph: &ReleaseGraph, request: &SequenceRequest) -> Result<Sequence, SequenceError> {
    sequence_releases(graph, request, (&Scope::All, &SequencePolicy::default()))
}

pub(super) const BOTH: [&str; 2] = ["loans@2.0.0", "kyc@2.0.0"];

/// `wave: units | … ; start key`, circles and blockers.
pub(super) fn told(graph: &ReleaseGraph, found: &Sequence) -> String {
    let key = |index| graph.releases.get(index).key.to_string();
    let waves: Vec<String> = found
        .waves
        .iter()
        .map(|units| units.iter().map(|unit| found.units[*unit].id.to_string()).collect::<Vec<_>>().join(", "))
        .collect();
    let mut lines = vec![waves.join(" | ")];
    for row in &found.schedule {
        lines.push(format!("{} {} {:?}", row.window.start.strftime("%dT%H:%M"), key(row.release), row.bound));
    }
    for cycle in &found.cycles {
        let keys: Vec<String> = cycle.releases.iter().map(|index| key(*index)).collect();
        let drop: Vec<String> =
            cycle.break_by.iter().map(|one| format!("{} > {}", key(one.from), key(one.to))).collect();
        lines.push(format!("circle {} drop {}", keys.join(" > "), drop.join(", ")));
    }
    for pair in &found.wrong_targets {
        lines.push(format!("wrong {} with {}", key(pair.from), key(pair.to)));
    }
    for row in &found.unschedulable {
        let codes: Vec<String> = row.blockers.iter().map(|blocker| format!("{:?}", blocker.code)).collect();
        lines.push(format!("not {} {}", key(row.release), codes.join(" ")));
    }
    lines.join("; ")
}

#[track_caller]
pub(super) fn check(world: &World, keys: &[&str], expected: &str) {
    let graph = world.graph();
    assert_eq!(told(&graph, &ask(&graph, &request(keys)).unwrap()), expected);
}

#[test]
fn what_is_needed_goes_first_and_what_runs_is_met() {
    use DependencyKind::{Hard, Soft};
    let hard = |constraint| depends(two(), ("loans", "kyc"), Hard, constraint);
    let after = "kyc@2.0.0 | loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T13:00 loans@2.0.0 Dependency";
    let beside = "kyc@2.0.0, loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T12:00 loans@2.0.0 EarliestStart";
    check(&hard(Some(">=2.0.0")), &BOTH, after);
    check(&hard(Some(">=1.0.0")), &BOTH, beside);
    check(&hard(None), &BOTH, beside);
    // Services that move together: the CMDB's word is an order, though anything runs.
    check(&two().depends("loans", "kyc"), &BOTH, after);
    check(&depends(two(), ("loans", "kyc"), Soft, Some(">=2.0.0")), &BOTH, after);
}

#[test]
fn what_is_missing_stands_in_the_way_and_a_wish_does_not() {
    let hard = depends(two(), ("loans", "kyc"), DependencyKind::Hard, Some(">=2.0.0"));
    check(&hard, &["loans@2.0.0"], "loans@2.0.0; not loans@2.0.0 DependencyMissing");
    let graph = hard.graph();
    let found = ask(&graph, &request(&["loans@2.0.0"])).unwrap();
    let blocker = &found.unschedulable[0].blockers[0];
    assert_eq!(
        &*blocker.detail,
        "It needs kyc >=2.0.0, which does not run at production; kyc@2.0.0 would bring it and is not among those that \
         go (loans needs kyc)"
    );
    assert_eq!(
        blocker.release.map(|index| graph.releases.get(index).key.to_string()),
        Some("kyc@2.0.0".to_owned())
    );
    let soft = depends(two(), ("loans", "kyc"), DependencyKind::Soft, Some(">=2.0.0"));
    check(&soft, &["loans@2.0.0"], "loans@2.0.0; 15T12:00 loans@2.0.0 EarliestStart");
    let never = depends(two(), ("loans", "kyc"), DependencyKind::Hard, Some(">=9.0.0"));
    let chain = "kyc@2.0.0, loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; not loans@2.0.0 DependencyMissing";
    check(&never, &BOTH, chain);
}

#[test]
fn a_hidden_release_is_neither_named_nor_taken_as_there() {
    let graph = depends(two(), ("loans", "kyc"), DependencyKind::Hard, Some(">=2.0.0")).graph();
    let scope = Scope::Services(BTreeSet::from([ServiceKey::new("loans")]));
    let found =
        sequence_releases(&graph, &request(&["loans@2.0.0"]), (&scope, &SequencePolicy::default())).unwrap();
    assert_eq!(told(&graph, &found), "loans@2.0.0; not loans@2.0.0 DependencyMissing");
    assert_eq!(found.unschedulable[0].blockers[0].release, None);
    assert!(!format!("{:?}", found.unschedulable[0].blockers).contains("kyc"));
    let error = sequence_releases(&graph, &request(&BOTH), (&scope, &SequencePolicy::default())).unwrap_err();
    assert!(matches!(error, SequenceError::UnknownRelease { .. }), "{error}");
}

#[test]
fn a_hidden_partner_is_not_named() {
    let graph = works(two(), &[("2.0.0", "1.0.0", Some(false))]).graph();
    let scope = Scope::Services(BTreeSet::from([ServiceKey::new("loans")]));
    let found =
        sequence_releases(&graph, &request(&["loans@2.0.0"]), (&scope, &SequencePolicy::default())).unwrap();
    assert_eq!(told(&graph, &found), "loans@2.0.0; not loans@2.0.0 IncompatibleWithRunning");
    assert!(!format!("{found:?}").contains("kyc"));
}

#[test]
fn the_soft_side_of_a_circle_is_dropped_and_a_hard_circle_stands() {
    use DependencyKind::{Hard, Soft};
    let circle = |kind| {
        let world = depends(two(), ("loans", "kyc"), Hard, Some(">=2.0.0"));
        depends(world, ("kyc", "loans"), kind, Some(">=2.0.0"))
    };
    check(
        &circle(Soft),
        &BOTH,
        "kyc@2.0.0 | loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T13:00 loans@2.0.0 Dependency; \
         circle loans@2.0.0 > kyc@2.0.0 drop kyc@2.0.0 > loans@2.0.0",
    );
    check(
        &circle(Hard),
        &BOTH,
        "; circle loans@2.0.0 > kyc@2.0.0 drop ; not kyc@2.0.0 DependencyCycle; not loans@2.0.0 DependencyCycle",
    );
}

#[test]
fn versions_that_fail_both_ways_go_together() {
    let facts = [("2.0.0", "1.0.0", Some(false)), ("1.0.0", "2.0.0", Some(false)), ("2.0.0", "2.0.0", Some(true))];
    let world = works(two(), &facts);
    check(
        &world,
        &BOTH,
        "kyc@2.0.0+loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T12:00 loans@2.0.0 EarliestStart",
    );
    let graph = world.graph();
    let found = ask(&graph, &request(&BOTH)).unwrap();
    assert!(found.units[0].verified && found.verifications_to_split.is_empty());
    let reasons: Vec<&str> = found.units[0].because.iter().map(|one| &*one.reason).collect();
    assert_eq!(reasons, ["kyc 1.0.0 with loans 2.0.0 fails", "kyc 2.0.0 with loans 1.0.0 fails"]);
    // Alone, one fails beside what runs of the other.
    check(&world, &["kyc@2.0.0"], "kyc@2.0.0; not kyc@2.0.0 IncompatibleWithRunning");
    let alone = ask(&graph, &request(&["kyc@2.0.0"])).unwrap();
    assert_eq!(
        &*alone.unschedulable[0].blockers[0].detail,
        "kyc@2.0.0 fails together with loans 1.0.0, which runs at production; it works with loans@2.0.0, which would \
         have to go too"
    );
}

#[test]
fn versions_that_fail_one_way_go_one_after_the_other() {
    let facts = [("2.0.0", "1.0.0", Some(false)), ("1.0.0", "2.0.0", Some(true)), ("2.0.0", "2.0.0", Some(true))];
    check(
        &works(two(), &facts),
        &BOTH,
        "kyc@2.0.0 | loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T13:00 loans@2.0.0 Dependency",
    );
}

#[test]
fn versions_that_fail_at_the_end_make_no_plan() {
    let world = works(two(), &[("2.0.0", "2.0.0", Some(false))]);
    check(
        &world,
        &BOTH,
        "; wrong kyc@2.0.0 with loans@2.0.0; not kyc@2.0.0 WrongTarget; not loans@2.0.0 WrongTarget",
    );
}

#[test]
fn what_nobody_verified_is_assumed_to_fail_and_told() {
    let world = works(two(), &[("2.0.0", "1.0.0", Some(false)), ("2.0.0", "2.0.0", Some(true))]);
    let graph = world.graph();
    let found = ask(&graph, &request(&BOTH)).unwrap();
    assert_eq!(&*found.units[0].id, "kyc@2.0.0+loans@2.0.0");
    assert!(!found.units[0].verified);
    let verify: Vec<&str> = found.verifications_to_split.iter().map(|one| &*one.detail).collect();
    assert_eq!(verify, ["kyc 2.0.0 with loans 1.0.0"]);
    // What ends beside something unverified is not verified either, though it goes.
    let open = works(two(), &[("1.0.0", "1.0.0", Some(true))]).graph();
    let found = ask(&open, &request(&["kyc@2.0.0"])).unwrap();
    assert!(!found.units[0].verified && found.unschedulable.is_empty());
    let both = ask(&open, &request(&BOTH)).unwrap();
    assert_eq!(both.unverified.len(), 1);
}

#[test]
fn versions_of_one_service_go_in_their_order() {
    let world = two().tracked("3", "KYC", "1.10.0").tracked("4", "KYC", "1.9.0");
    check(
        &world,
        &["kyc@2.0.0", "kyc@1.9.0", "kyc@1.10.0"],
        "kyc@1.9.0 | kyc@1.10.0 | kyc@2.0.0; 15T12:00 kyc@1.9.0 EarliestStart; 15T13:00 kyc@1.10.0 Dependency; \
         15T14:00 kyc@2.0.0 Dependency",
    );
}

#[test]
fn what_runs_or_was_overtaken_does_not_move() {
    let world = two().tracked("3", "KYC", "0.9.0");
    check(&world, &["kyc@1.0.0", "kyc@0.9.0"], "; not kyc@0.9.0 OlderThanRunning; not kyc@1.0.0 AlreadyRunning");
}

fn evenings(world: World) -> World {
    with_production(world, |production| {
        production.windows = vec![AllowedWindow {
            rrule: "FREQ=WEEKLY;BYDAY=MO,TU".into(),
            start: jiff::civil::time(18, 0, 0, 0),
            end: jiff::civil::time(19, 30, 0, 0),
        }];
    })
}

pub(super) fn with_production(mut world: World, shape: impl Fn(&mut Environment)) -> World {
    let production = world.landscape.environments.iter_mut().find(|one| one.key.as_str() == "production");
    shape(production.unwrap());
    world
}

#[test]
fn a_schedule_keeps_to_windows_and_exclusive_environments() {
    check(
        &evenings(two()),
        &BOTH,
        "kyc@2.0.0, loans@2.0.0; 15T17:00 kyc@2.0.0 Window; 15T17:00 loans@2.0.0 Window",
    );
    let exclusive = with_production(evenings(two()), |production| production.exclusive = true);
    check(&exclusive, &BOTH, "kyc@2.0.0, loans@2.0.0; 15T17:00 kyc@2.0.0 Window; 16T17:00 loans@2.0.0 Window");
    let free = with_production(two(), |production| production.exclusive = true);
    check(
        &free,
        &BOTH,
        "kyc@2.0.0, loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T13:00 loans@2.0.0 ExclusiveEnvironment",
    );
    let graph = exclusive.graph();
    let found = ask(&graph, &request(&BOTH)).unwrap();
    let quality = found.quality.unwrap();
    assert_eq!((quality.makespan.as_hours(), quality.lower_bound <= quality.makespan), (30, true));
    assert_eq!(found.schedule[0].slack, SignedDuration::from_mins(30));
    let mut short = request(&BOTH);
    short.to = moment("2026-06-15T20:00:00Z");
    let found = ask(&graph, &short).unwrap();
    assert_eq!(told(&graph, &found), "kyc@2.0.0, loans@2.0.0; 15T17:00 kyc@2.0.0 Window; not loans@2.0.0 NoPlace");
}

#[test]
fn a_wish_gives_way_where_it_would_keep_a_release_from_going() {
    let world = depends(two(), ("loans", "kyc"), DependencyKind::Soft, Some(">=2.0.0"));
    let graph = evenings(world).graph();
    let mut short = request(&BOTH);
    short.to = moment("2026-06-15T18:30:00Z");
    let found = ask(&graph, &short).unwrap();
    assert_eq!(
        told(&graph, &found),
        "kyc@2.0.0 | loans@2.0.0; 15T17:00 kyc@2.0.0 Window; 15T17:00 loans@2.0.0 Window"
    );
    // What it wishes for may not go at all.
    short.what_if.durations = vec![("kyc@2.0.0".into(), SignedDuration::from_hours(9))];
    let found = ask(&graph, &short).unwrap();
    assert_eq!(
        told(&graph, &found),
        "kyc@2.0.0 | loans@2.0.0; 15T17:00 loans@2.0.0 Window; not kyc@2.0.0 NoWindow"
    );
}

#[test]
fn teams_and_pools_limit_how_many_go_at_once() {
    let mut world = two();
    for service in &mut world.landscape.services {
        service.owner = Some(TeamKey::new("lending"));
    }
    world.landscape.teams.push(domain::Team {
        key: TeamKey::new("lending"),
        name: "Lending".into(),
        email: None,
        groups: Vec::new(),
    });
    let apart = "kyc@2.0.0, loans@2.0.0; 15T12:00 kyc@2.0.0 EarliestStart; 15T13:00 loans@2.0.0 Capacity";
    let mut limited = world.clone();
    limited.landscape.pools.push(Pool { key: "managers".into(), capacity: 1, teams: Vec::new() });
    check(&limited, &BOTH, apart);
    let graph = world.graph();
    let mut what_if = request(&BOTH);
    what_if.what_if.capacities = vec![("lending".into(), 1)];
    let found = ask(&graph, &what_if).unwrap();
    assert_eq!(told(&graph, &found), apart);
    let difference = found.difference.unwrap();
    assert_eq!(difference.makespan, Some(SignedDuration::from_hours(1)));
    assert_eq!(difference.shifted.len(), 1);
    what_if.what_if.capacities = vec![("nobody".into(), 1)];
    assert_eq!(
        ask(&graph, &what_if).unwrap_err().to_string(),
        "whatIf.capacity: there is no pool or team \"nobody\"; there are: lending"
    );
}

#[test]
fn an_empty_what_if_changes_nothing_and_others_tell_what_they_change() {
    let world = depends(two(), ("loans", "kyc"), DependencyKind::Hard, Some(">=2.0.0"));
    let graph = world.graph();
    let plan = ask(&graph, &request(&BOTH)).unwrap();
    assert_eq!(plan.difference, None);
    let with = |what_if: WhatIf| ask(&graph, &SequenceRequest { what_if, ..request(&BOTH) });
    // Asking for what is so already differs in nothing.
    let same = with(WhatIf { add: vec!["kyc@2.0.0".into()], ..WhatIf::default() }).unwrap();
    let difference = same.difference.clone().unwrap();
    assert!(difference.shifted.is_empty() && difference.waves_changed.is_empty());
    assert_eq!(Sequence { difference: None, ..same }, plan);
    let longer =
        with(WhatIf { durations: vec![("kyc@2.0.0".into(), SignedDuration::from_hours(3))], ..WhatIf::default() });
    assert_eq!(longer.unwrap().difference.unwrap().makespan, Some(SignedDuration::from_hours(2)));
    let moved =
        with(WhatIf { moves: vec![("kyc@2.0.0".into(), moment("2026-06-16T08:00:00Z"))], ..WhatIf::default() });
    let told_moved = told(&graph, &moved.unwrap());
    assert!(told_moved.contains("16T08:00 kyc@2.0.0 EarliestStart; 16T09:00 loans@2.0.0"), "{told_moved}");
    let removed = with(WhatIf { remove: vec!["kyc@2.0.0".into()], ..WhatIf::default() }).unwrap();
    assert_eq!(told(&graph, &removed), "loans@2.0.0; not loans@2.0.0 DependencyMissing");
    let early = with(WhatIf { moves: vec![("kyc@2.0.0".into(), moment(SINCE))], ..WhatIf::default() });
    assert!(matches!(early.unwrap_err(), SequenceError::MovedOutside { .. }));
}

#[test]
fn bad_questions_are_told_with_their_remedy() {
    let graph = evenings(two()).graph();
    let check = |shape: &dyn Fn(&mut SequenceRequest), expected: &str| {
        let mut request = request(&BOTH);
        shape(&mut request);
        let error = ask(&graph, &request).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&|request| request.to = request.from, "must be before to");
    check(&|request| request.to = moment("2029-06-15T12:00:00Z"), "the limit of 366 days");
    let far = |request: &mut SequenceRequest| {
        request.from = moment("2029-06-15T12:00:00Z");
        request.to = moment("2029-07-15T12:00:00Z");
    };
    check(&far, "blackouts are known from");
    check(&|request| request.releases = None, "say which releases");
    check(&|request| request.releases = Some(vec!["kyc@7".into()]), "there is no release \"kyc@7\"");
    check(
        &|request| request.target = Target::of(&EnvironmentKey::new("moon")),
        "no environment 'moon'; there are: ",
    );
    check(&|request| request.target.region = Some("mars".into()), "has no region \"mars\"; it has: eu, uk");
    check(&|request| request.to = moment("2026-06-15T13:00:00Z"), "production does not open between");
    check(
        &|request| request.what_if.remove = vec!["loans@1.0.0".into()],
        "whatIf.remove: loans@1.0.0 is not among the releases that go",
    );
    let policy = SequencePolicy { most_releases: 1, ..SequencePolicy::default() };
    let error = sequence_releases(&graph, &request(&BOTH), (&Scope::All, &policy)).unwrap_err();
    assert!(error.is_limit() && error.to_string().contains("2 releases are more than the limit of 1"), "{error}");
    let policy = SequencePolicy { steps: 1, ..SequencePolicy::default() };
    let error = sequence_releases(&graph, &request(&BOTH), (&Scope::All, &policy)).unwrap_err();
    assert!(error.to_string().contains("the limit of 1 steps"), "{error}");
}

#[test]
fn the_way_back_is_told_with_what_cannot_be_undone() {
    let world = depends(two(), ("loans", "kyc"), DependencyKind::Hard, Some(">=2.0.0"));
    let graph = world.graph();
    let found = ask(&graph, &request(&BOTH)).unwrap();
    let keys: Vec<&str> =
        found.rollback_order.iter().map(|index| graph.releases.get(*index).key.as_str()).collect();
    assert_eq!(keys, ["loans@2.0.0", "kyc@2.0.0"]);
    assert!(found.irreversible.is_empty());
}

#[test]
fn a_schema_of_which_nobody_says_that_it_can_be_undone_ends_the_way_back() {
    let world = depends(two(), ("loans", "kyc"), DependencyKind::Hard, Some(">=2.0.0"));
    let mut graph = world.graph();
    let find = |graph: &ReleaseGraph, key: &str| graph.releases.find(&domain::ReleaseKey::new(key)).unwrap();
    let loans = find(&graph, "loans@2.0.0");
    let schema = domain::Step { kind: domain::StepKind::Schema, digest: None, reversible: None };
    graph.releases.get_mut(loans).steps.push(schema);
    let found = ask(&graph, &request(&BOTH)).unwrap();
    assert!(found.rollback_order.is_empty());
    let told: Vec<&str> = found.irreversible.iter().map(|row| &*row.reason).collect();
    assert_eq!(
        told,
        ["loans@2.0.0 needs it and stays", "loans@2.0.0 changes a schema, and nobody says that this can be undone"]
    );
    // What does not go need not be taken back.
    let alone = ask(&graph, &request(&["loans@2.0.0"])).unwrap();
    assert!(alone.irreversible.is_empty() && alone.rollback_order.is_empty());
}

#[test]
fn the_order_of_records_and_keys_does_not_matter() {
    let world = depends(two(), ("loans", "kyc"), DependencyKind::Hard, Some(">=2.0.0"));
    let mut turned = world.clone();
    turned.records.tracked_versions.reverse();
    turned.landscape.services.reverse();
    let (one, other) = (world.graph(), turned.graph());
    let reversed: Vec<&str> = BOTH.iter().rev().copied().collect();
    assert_eq!(ask(&one, &request(&BOTH)).unwrap(), ask(&other, &request(&reversed)).unwrap());
}
