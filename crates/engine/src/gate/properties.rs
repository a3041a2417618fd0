//! Taking away evidence that supports, or a source, or making it stale, never turns FAIL or UNKNOWN into PASS, nor a
//! gate open; the order of records changes nothing; ALLOW exactly when no blocker stands.
//!
//! `INTERLOCK_GATE_CASES`, when the tests are built, sets how many random worlds are tried; the suite tries few.

use std::collections::BTreeMap;

use domain::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::checks::CheckCode;
use crate::checks::sound::{KEY, proposal, sound};
use crate::correlate::world::{World, connector, moment};

/// What speaks against a release, each alone or with others.
const TROUBLES: usize = 18;
/// What supports it and can be taken away.
const SUPPORTS: usize = 15;

/// Records that are the trouble itself: taking those away is no loss of support, and is caught by how sources are read.
const ADVERSE: [(usize, usize); 3] = [(12, 9), (13, 11), (17, 8)];

fn troubled(world: World, trouble: usize) -> World {
    let itsm = connector("servicenow");
    let ada = || Some(AccountId::new(&connector("git"), "ada"));
    match trouble {
        0 => world.missing(&["h1"]),
        1 => world.state("CHG1", ChangeState::New),
        2 => world.planned("CHG1", "2026-06-17T18:00:00Z", "2026-06-17T20:00:00Z"),
        3 => world.with_change("CHG1", |change| change.on_hold = None),
        4 => world.with_change("CHG1", |change| change.on_hold = Some(true)),
        5 => world.with_approval(|approval| approval.state = ApprovalState::Requested),
        6 => world.with_approval(|approval| approval.recorded_by = Some("dave".into())),
        7 => world.with_change("CHG1", |change| change.requested_by = Some(AccountId::new(&itsm, "carol"))),
        8 => world.tests(("unit", 2), (120, 3)),
        9 => world.with_request(|request| request.reviews[0].author = ada()),
        10 => world.with_change("CHG1", |change| change.backout_plan = Some("n/a".into())),
        11 => world.with_change("CHG1", |change| change.risk_impact_analysis = None),
        12 => {
            let mut world = world;
            let seen = world.records.runtime_observations.last_mut().expect("an observation");
            seen.labels.insert("digest".into(), "sha256:bb".into());
            world
        }
        13 => world.audited(
            "CHG1",
            "end_date",
            ("2026-06-16 19:00:00", "2026-06-16 20:00:00"),
            "2026-06-11T09:00:00Z",
        ),
        14 => world.account(("servicenow", "svc"), None, AccountKind::Machine).with_change("CHG1", |change| {
            change.assigned_to = Some(AccountId::new(&connector("servicenow"), "svc"));
        }),
        15 => {
            let mut world = world;
            world.records.commit_ranges[0].complete = false;
            world
        }
        16 => world.with_request(|request| request.reviews[0].submitted_at = None),
        _ => world.deployed(crate::checks::sound::REPO, "v2.14.0", "staging", "2026-06-14T09:00:00Z", "failure"),
    }
}

fn without(mut world: World, support: usize) -> World {
    let records = &mut world.records;
    match support {
        0 => records.approvals.clear(),
        1 => records.test_reports.clear(),
        2 => records.pull_requests.clear(),
        3 => records.commits.clear(),
        4 => records.commit_ranges.clear(),
        5 => records.artifacts.clear(),
        6 => records.change_tasks.clear(),
        7 => records.changes.clear(),
        8 => records.deployments.clear(),
        9 => records.runtime_observations.retain(|seen| &*seen.labels["environment"] != "staging"),
        10 => records.accounts.clear(),
        11 => records.field_changes.clear(),
        12 => records.pipeline_runs.clear(),
        13 => records.pull_requests.iter_mut().for_each(|request| request.reviews.clear()),
        _ => records.approvals.iter_mut().for_each(|approval| approval.recorded_by = None),
    }
    world
}

/// Every kind of every system of the world.
fn sources(world: &World) -> Vec<(ConnectorId, RecordKind)> {
    let systems = world.connectors.iter();
    systems.flat_map(|system| system.kinds.iter().map(|kind| (system.id.clone(), *kind))).collect()
}

fn gap(world: &World, place: usize, code: GapCode) -> Gap {
    let sources = sources(world);
    let (connector, kind) = sources[place % sources.len()].clone();
    Gap { code, connector: Some(connector), kind, message: "Not now.".into(), since: None, retryable: true }
}

fn judged(world: &World) -> Option<GateRecord> {
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY))?;
    Some(judge((&graph, release), &proposal(), (&GatePolicy::default(), &Grants::default())))
}

fn outcomes(record: &GateRecord) -> BTreeMap<CheckCode, Outcome> {
    let mut all = BTreeMap::new();
    for check in record.inputs.checks.iter().filter(|check| check.phase == Phase::Before) {
        let entry = all.entry(check.code).or_insert(Outcome::NotApplicable);
        *entry = entry.and(check.outcome);
    }
    all
}

#[derive(Debug, Clone)]
struct Case {
    troubles: Vec<usize>,
    removed: Vec<usize>,
    dark: Option<usize>,
    stale: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let troubles = prop::collection::vec(0..TROUBLES, 0..4);
    let removed = prop::collection::vec(0..SUPPORTS, 0..3);
    (troubles, removed, prop::option::of(0..64_usize), any::<bool>()).prop_map(
        |(troubles, mut removed, dark, stale)| {
            let adverse = |support: usize| troubles.iter().any(|trouble| ADVERSE.contains(&(*trouble, support)));
            removed.retain(|support| !adverse(*support));
            Case { troubles, removed, dark, stale }
        },
    )
}

fn try_case(case: &Case) -> Result<(), TestCaseError> {
    let full = case.troubles.iter().fold(sound(), |world, trouble| troubled(world, *trouble));
    let mut less = case.removed.iter().fold(full.clone(), |world, support| without(world, *support));
    if let Some(place) = case.dark {
        let code = if case.stale { GapCode::SourceStale } else { GapCode::SourceUnavailable };
        let gap = gap(&less, place, code);
        less.gaps.push(gap);
    }
    let (Some(before), Some(after)) = (judged(&full), judged(&less)) else { return Ok(()) };
    for (code, outcome) in outcomes(&after) {
        let stood = outcomes(&before).get(&code).copied();
        let stood = matches!(stood, Some(Outcome::Fail | Outcome::Unknown));
        prop_assert!(!(stood && outcome == Outcome::Pass), "{} passes with less", code.as_str());
    }
    let opened = before.result.decision != GateDecision::Allow && after.result.decision == GateDecision::Allow;
    prop_assert!(!opened, "the gate opens with less");
    for record in [&before, &after] {
        let allows = record.result.decision == GateDecision::Allow;
        prop_assert_eq!(allows, record.blockers().next().is_none());
        prop_assert_eq!(allows, record.result.standing.is_empty());
    }
    Ok(())
}

fn runner() -> TestRunner {
    let cases = option_env!("INTERLOCK_GATE_CASES").and_then(|count| count.parse().ok()).unwrap_or(300);
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[test]
fn less_evidence_never_opens_a_gate() {
    runner().run(&cases(), |case| try_case(&case)).expect("it holds");
}

fn rotate<T>(rows: &mut [T], turn: usize) {
    let places = turn % rows.len().max(1);
    rows.rotate_left(places);
}

#[test]
fn the_order_of_records_changes_nothing() {
    let shuffled = |world: &World, turn: usize| {
        let mut world = world.clone();
        let records = &mut world.records;
        rotate(&mut records.approvals, turn);
        rotate(&mut records.accounts, turn);
        rotate(&mut records.test_reports, turn);
        rotate(&mut records.runtime_observations, turn);
        records.tags.reverse();
        records.change_tasks.reverse();
        records.field_changes.reverse();
        world
    };
    for trouble in 0..TROUBLES {
        let world = troubled(sound(), trouble);
        for turn in 1..4 {
            assert_eq!(judged(&world), judged(&shuffled(&world, turn)), "trouble {trouble}, turn {turn}");
        }
    }
    assert!(moment("2026-06-16T18:30:00Z") == proposal().at);
}
