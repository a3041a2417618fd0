//! Each check in its ways to pass, fail and be unknown; that taking evidence away never lets anything pass; and that
//! the set of acts is the smallest.

use domain::*;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::correlate::world::{World, connector, moment, source};

pub(super) const KEY: &str = "payments-api@2.14.0";
const REPO: &str = "bank/payments-api";

/// A release with everything in its favour at `at()`.
pub(super) fn ready() -> World {
    let mut world = World::new()
        .service("payments-api", "PAY")
        .service("ledger-core", "LED")
        .tag(REPO, "v2.13.0", "c1")
        .tag(REPO, "v2.14.0", "c2")
        .tag("bank/ledger-core", "v5.3.0", "d1")
        .range(REPO, Some("v2.13.0"), "v2.14.0", &["c2"])
        .seen("payments-api", "2.13.0", "production", "2026-06-01T18:06:00Z", None)
        .seen("ledger-core", "5.3.1", "production", "2026-06-01T18:06:00Z", None)
        .change("CHG1", "Deploy payments-api 2.14.0", None)
        .about("CHG1", "payments-api")
        .planned("CHG1", "2026-06-16T18:00:00Z", "2026-06-16T20:00:00Z")
        .state("CHG1", ChangeState::Scheduled)
        .approval("CHG1", ApprovalState::Approved, Some("2026-06-10T14:00:00Z"));
    world.landscape.dependencies = vec![ConfiguredDependency {
        from: ServiceKey::new("payments-api"),
        to: ServiceKey::new("ledger-core"),
        kind: DependencyKind::Hard,
        constraint: Some(">=5.3.0".into()),
        lag: SignedDuration::ZERO,
        reason: None,
    }];
    for system in &mut world.connectors {
        match system.id.as_str() {
            "servicenow" => system.kinds.extend([
                RecordKind::ChangeTask,
                RecordKind::ChangeTemplate,
                RecordKind::Schedule,
                RecordKind::ConfigurationItem,
            ]),
            "prometheus" => system.kinds.push(RecordKind::Alert),
            "git" => system.kinds.push(RecordKind::File),
            _ => {}
        }
    }
    world
}

pub(super) fn at() -> Timestamp {
    moment("2026-06-16T18:30:00Z")
}

pub(super) fn production() -> Target {
    Target::of(&EnvironmentKey::new("production"))
}

fn look(world: &World, target: &Target, at: Timestamp) -> Vec<Check> {
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("the release");
    checks(&graph, release, &Proposal::new(target.clone(), at))
}

/// The blockers in words: code, outcome, and who can resolve it.
pub(super) fn blocked(world: &World) -> Vec<String> {
    let all = look(world, &production(), at());
    blockers(&all).map(|check| format!("{} {:?}", check.code.as_str(), check.outcome)).collect()
}

pub(super) fn reason(world: &World, code: CheckCode) -> String {
    let all = look(world, &production(), at());
    let found = all.iter().find(|check| check.code == code).expect("a check");
    format!("{:?}: {}", found.outcome, found.reason)
}

#[test]
fn nothing_blocks_what_is_ready_and_every_code_is_there() {
    let all = look(&ready(), &production(), at());
    assert_eq!(blocked(&ready()), Vec::<String>::new(), "{all:#?}");
    for code in CheckCode::BASIC {
        assert!(all.iter().any(|check| check.code == code), "{}", code.as_str());
    }
    assert!(all.iter().all(|check| !check.reason.is_empty() && check.phase == Phase::Before));
}

#[test]
fn only_a_hard_dependency_that_does_not_run_blocks() {
    let with = |kind, constraint: &str| {
        let mut world = ready();
        world.landscape.dependencies[0].kind = kind;
        world.landscape.dependencies[0].constraint = Some(constraint.into());
        world
    };
    assert_eq!(blocked(&with(DependencyKind::Hard, ">=5.4.0")), ["DEPENDENCY_RUNNING Fail"]);
    assert_eq!(blocked(&with(DependencyKind::Soft, ">=5.4.0")), Vec::<String>::new());
    assert_eq!(blocked(&with(DependencyKind::Assumed, ">=5.4.0")), Vec::<String>::new());
    assert_eq!(blocked(&with(DependencyKind::Hard, "the blue one")), ["DEPENDENCY_RUNNING Unknown"]);
    let nowhere = ready().service("fraud-engine", "FRD");
    let mut nowhere = nowhere;
    nowhere.landscape.dependencies[0].to = ServiceKey::new("fraud-engine");
    assert_eq!(blocked(&nowhere), ["DEPENDENCY_RUNNING Fail"]);
    let dark = nowhere.dark("prometheus", RecordKind::RuntimeObservation);
    assert!(blocked(&dark).contains(&"DEPENDENCY_RUNNING Unknown".to_owned()), "{:?}", blocked(&dark));
}

#[test]
fn what_is_needed_must_have_run_for_a_while() {
    let mut world = ready();
    // It runs since the first of June, 18:06.
    world.landscape.dependencies[0].lag = SignedDuration::from_hours(24);
    assert_eq!(blocked(&world), Vec::<String>::new());
    world.landscape.dependencies[0].lag = SignedDuration::from_hours(24 * 16);
    assert_eq!(blocked(&world), ["DEPENDENCY_RUNNING Fail"]);
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new("payments-api@2.14.0")).unwrap();
    let found = checks(&graph, release, &Proposal::new(production(), at()));
    let check = found.iter().find(|check| check.blocks()).unwrap();
    assert_eq!(check.resolves_at, Some(moment("2026-06-17T18:06:00Z")));
    let later = look(&world, &production(), moment("2026-06-17T18:06:00Z"));
    let dependency = later.iter().find(|check| check.code == CheckCode::DependencyRunning).unwrap();
    assert_eq!(dependency.outcome, Outcome::Pass);
}

#[test]
fn blackouts_so_far_away_that_nobody_knows_them_are_unknown() {
    let told = |at: &str| {
        let all = look(&ready(), &production(), moment(at));
        let found = all.into_iter().find(|check| check.code == CheckCode::NoBlackout).expect("a check");
        (found.outcome, found.reason.contains("is not known"))
    };
    assert_eq!(told("2026-06-16T18:30:00Z"), (Outcome::Pass, false));
    assert_eq!(told("2029-06-16T18:30:00Z"), (Outcome::Unknown, true));
    assert_eq!(told("2024-06-16T18:30:00Z"), (Outcome::Unknown, true));
}

#[test]
fn a_manifest_that_nobody_understands_is_unknown() {
    let mut world = ready();
    world.records.files.push(FileAtTag {
        repository: RepositoryId::new(&connector("git"), REPO),
        tag: "v2.14.0".into(),
        path: "release-manifest.toml".into(),
        content: "[[requires]".into(),
        source: source("git", "file"),
    });
    assert_eq!(blocked(&world), ["DEPENDENCY_RUNNING Unknown"]);
    assert_eq!(unblocking(&world).0, ["RECORD"]);
}

fn closed_at(world: &mut World, rule: &str, start: &str, end: &str) {
    let environment = world.landscape.environments.last_mut().expect("production");
    environment.windows = vec![AllowedWindow {
        rrule: rule.into(),
        start: start.parse().expect("a time"),
        end: end.parse().expect("a time"),
    }];
}

#[test]
fn the_time_must_be_right() {
    let mut shut = ready();
    closed_at(&mut shut, "FREQ=WEEKLY;BYDAY=SA", "06:00", "12:00");
    assert_eq!(blocked(&shut), ["WINDOW_OPEN Fail"]);
    assert!(reason(&shut, CheckCode::WindowOpen).contains("opens at 2026-06-20T05:00:00Z"));
    let late = ready().planned("CHG1", "2026-06-17T18:00:00Z", "2026-06-17T20:00:00Z");
    assert_eq!(blocked(&late), ["CHANGE_WINDOW Fail"]);
    let mut frozen = ready();
    frozen.landscape.blackouts = vec![ConfiguredBlackout {
        name: "Freeze".into(),
        time_zone: "UTC".into(),
        start: "2026-06-16T00:00:00".parse().expect("a time"),
        end: "2026-06-18T00:00:00".parse().expect("a time"),
        rrule: None,
        scope: BlackoutScope { tiers: vec![1], ..BlackoutScope::default() },
        exceptions: Vec::new(),
    }];
    assert_eq!(blocked(&frozen), ["NO_BLACKOUT Fail"]);
    let nobody_said = frozen.clone().with_service("payments-api", |service| service.tier = None);
    assert_eq!(blocked(&nobody_said), ["NO_BLACKOUT Unknown"]);
    assert_eq!(blocked(&ready().dark("servicenow", RecordKind::Schedule)), ["NO_BLACKOUT Unknown"]);
}

fn booked(change: &str) -> World {
    let mut world = ready().item("staging-item", "staging").change("CHG2", "Something else", None);
    world.landscape.environments[0].exclusive = true;
    world.records.change_tasks.push(ChangeTask {
        id: ChangeTaskId::new(&connector("servicenow"), "t1"),
        number: "CTASK1".into(),
        change: Some(ChangeId::new(&connector("servicenow"), change)),
        short_description: None,
        kind: None,
        state: ChangeTaskState::Open,
        state_label: "Open".into(),
        window: Window::new(moment("2026-06-16T18:00:00Z"), moment("2026-06-16T19:00:00Z")),
        assigned_to: None,
        configuration_item: Some(ConfigurationItemId::new(&connector("cmdb"), "staging-item")),
        closed_at: None,
        close_code: None,
        source: source("servicenow", "t1"),
    });
    world
}

#[test]
fn an_exclusive_environment_belongs_to_who_booked_it() {
    let staging = Target::of(&EnvironmentKey::new("staging"));
    let free = |world: &World| {
        let all = look(world, &staging, at());
        let found = all.iter().find(|check| check.code == CheckCode::EnvironmentFree).expect("a check").clone();
        (found.outcome, found.resolves_at)
    };
    assert_eq!(free(&booked("CHG2")), (Outcome::Fail, Some(moment("2026-06-16T19:00:00Z"))));
    assert_eq!(free(&booked("CHG1")), (Outcome::Pass, None), "its own booking");
    assert_eq!(free(&booked("CHG2").state("CHG2", ChangeState::Canceled)), (Outcome::Pass, None));
    assert_eq!(free(&ready()).0, Outcome::NotApplicable);
    let dark = booked("CHG1").dark("servicenow", RecordKind::ChangeTask);
    assert_eq!(free(&dark).0, Outcome::Unknown);
}

#[test]
fn two_changes_on_one_item_get_in_each_other_s_way() {
    let other = ready().change("CHG2", "Patch the servers", None).about("CHG2", "payments-api").planned(
        "CHG2",
        "2026-06-16T18:20:00Z",
        "2026-06-16T19:00:00Z",
    );
    assert_eq!(blocked(&other), ["NO_CALENDAR_CONFLICT Fail"]);
    assert!(reason(&other, CheckCode::NoCalendarConflict).contains("CHG2 both work on payments-api"));
    let later = other.planned("CHG2", "2026-06-16T20:20:00Z", "2026-06-16T21:00:00Z");
    assert_eq!(blocked(&later), Vec::<String>::new());
}

#[test]
fn every_carrying_change_must_be_approved_as_it_is_planned_now() {
    let decided = |state| {
        let mut world = ready();
        world.records.approvals.clear();
        world.approval("CHG1", state, Some("2026-06-10T14:00:00Z"))
    };
    for state in [ApprovalState::Requested, ApprovalState::Rejected, ApprovalState::NotRequired] {
        assert_eq!(blocked(&decided(state)), ["APPROVED Fail"], "{state:?}");
    }
    assert_eq!(blocked(&decided(ApprovalState::Other)), ["APPROVED Unknown"]);
    let moved =
        ready().audited("CHG1", "end_date", ("2026-06-16 19:00:00", "2026-06-16 20:00:00"), "2026-06-11T09:00:00Z");
    assert_eq!(blocked(&moved), ["APPROVED Fail"]);
    assert!(reason(&moved, CheckCode::Approved).contains("does not cover it"));
    assert_eq!(blocked(&ready().state("CHG1", ChangeState::New)), ["APPROVED Fail"]);
    assert_eq!(blocked(&ready().with_change("CHG1", |change| change.on_hold = Some(true))), ["APPROVED Fail"]);
    assert_eq!(blocked(&ready().with_change("CHG1", |change| change.on_hold = None)), ["APPROVED Unknown"]);
    assert_eq!(blocked(&ready().state("CHG1", ChangeState::Canceled)), ["APPROVED Fail"], "nothing carries it");
}

#[test]
fn a_standard_change_needs_a_live_template_that_allows_its_item() {
    let with = |items: Option<&[&str]>, active| {
        let mut world = ready();
        world.records.approvals.clear();
        world.records.change_templates.push(ChangeTemplate {
            id: ChangeTemplateId::new(&connector("servicenow"), "tpl"),
            name: "Routine".into(),
            version: None,
            active,
            allowed_configuration_items: items.map(|items| {
                items.iter().map(|item| ConfigurationItemId::new(&connector("cmdb"), *item)).collect()
            }),
            allowed_steps: None,
            valid_from: None,
            valid_to: None,
            revoked_at: None,
            source: source("servicenow", "tpl"),
        });
        world.with_change("CHG1", |change| {
            change.class = ChangeClass::Standard;
            change.template = Some(ChangeTemplateId::new(&connector("servicenow"), "tpl"));
        })
    };
    assert_eq!(blocked(&with(Some(&["payments-api"]), true)), Vec::<String>::new());
    assert_eq!(blocked(&with(Some(&["ledger-core"]), true)), ["TEMPLATE_FITS Fail"]);
    assert_eq!(blocked(&with(None, true)), ["TEMPLATE_FITS Unknown"]);
    assert_eq!(blocked(&with(Some(&["payments-api"]), false)), ["APPROVED Fail", "TEMPLATE_FITS Fail"]);
}

fn alert(state: AlertState, environment: &str) -> World {
    let mut world = ready();
    world.records.alerts.push(Alert {
        id: AlertId::new(&connector("prometheus"), "a1"),
        name: "ErrorRate".into(),
        state,
        severity: None,
        labels: [("service", "payments-api"), ("environment", environment)]
            .into_iter()
            .map(|(label, value)| (label.into(), value.into()))
            .collect(),
        summary: None,
        started_at: None,
        ended_at: None,
        silenced_by: Vec::new(),
        source: source("prometheus", "a1"),
    });
    world
}

#[test]
fn an_alert_that_fires_there_says_that_it_is_not_healthy() {
    assert_eq!(blocked(&alert(AlertState::Firing, "prod")), ["ENVIRONMENT_HEALTHY Fail"]);
    assert_eq!(blocked(&alert(AlertState::Firing, "staging")), Vec::<String>::new());
    assert_eq!(blocked(&alert(AlertState::Firing, "the moon")), ["ENVIRONMENT_HEALTHY Fail"]);
    assert_eq!(blocked(&alert(AlertState::Suppressed, "prod")), ["ENVIRONMENT_HEALTHY Unknown"]);
    assert_eq!(blocked(&alert(AlertState::Resolved, "prod")), Vec::<String>::new());
    let mut unwatched = ready();
    unwatched.connectors.retain(|system| system.id.as_str() != "prometheus");
    assert_eq!(blocked(&unwatched), ["ENVIRONMENT_HEALTHY Unknown"], "nobody is asked");
}

#[test]
fn commits_of_what_runs_must_not_be_lost() {
    assert_eq!(blocked(&ready().missing(&["c9"])), ["COMMITS_KEPT Fail"]);
    let mut half = ready();
    half.records.commit_ranges[0].complete = false;
    assert_eq!(blocked(&half), ["COMMITS_KEPT Unknown"]);
    let step = ready().tag(REPO, "v2.13.5", "c15");
    let mut steps = step.clone();
    steps.records.commit_ranges.clear();
    assert_eq!(blocked(&steps), ["COMMITS_KEPT Unknown"]);
    let steps =
        steps.range(REPO, Some("v2.13.0"), "v2.13.5", &["c15"]).range(REPO, Some("v2.13.5"), "v2.14.0", &["c2"]);
    assert_eq!(blocked(&steps), Vec::<String>::new(), "over a release between");
}

pub(super) fn unblocking(world: &World) -> (Vec<String>, Option<Window>) {
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("the release");
    let found = what_would_unblock(&graph, release, &Proposal::new(production(), at()));
    assert!(found.exact);
    (found.acts.iter().map(|act| act.code.as_str().to_owned()).collect(), found.earliest)
}

#[test]
fn what_must_be_done_and_the_earliest_window_after_it() {
    let window = |from: &str, to: &str| Window::new(moment(from), moment(to));
    assert_eq!(unblocking(&ready()), (Vec::new(), window("2026-06-16T18:30:00Z", "2026-06-16T20:00:00Z")));
    let mut waiting = ready();
    waiting.records.approvals.clear();
    let waiting = waiting.approval("CHG1", ApprovalState::Requested, None);
    assert_eq!(unblocking(&waiting).0, ["APPROVE"]);
    let mut both = waiting.clone();
    both.landscape.dependencies[0].constraint = Some(">=5.4.0".into());
    assert_eq!(unblocking(&both).0, ["DEPLOY_DEPENDENCY", "APPROVE"]);
    let mut shut = ready();
    closed_at(&mut shut, "FREQ=WEEKLY;BYDAY=SA", "06:00", "12:00");
    assert_eq!(
        unblocking(&shut),
        (vec!["MOVE_CHANGE".to_owned()], window("2026-06-20T05:00:00Z", "2026-06-20T07:00:00Z"))
    );
    let later = ready().planned("CHG1", "2026-06-17T18:00:00Z", "2026-06-17T20:00:00Z");
    assert_eq!(
        unblocking(&later),
        (Vec::new(), window("2026-06-17T18:00:00Z", "2026-06-17T20:00:00Z")),
        "only time must pass"
    );
}

/// One thing that speaks against the release, and one source that may be missing.
#[derive(Debug, Clone, Copy)]
struct Case {
    trouble: usize,
    dark: usize,
    removed: usize,
}

const SOURCES: [(&str, RecordKind); 13] = [
    ("servicenow", RecordKind::Change),
    ("servicenow", RecordKind::Approval),
    ("servicenow", RecordKind::ChangeTask),
    ("servicenow", RecordKind::ChangeTemplate),
    ("servicenow", RecordKind::Schedule),
    ("servicenow", RecordKind::FieldHistory),
    ("servicenow", RecordKind::ConfigurationItem),
    ("jira", RecordKind::WorkItem),
    ("git", RecordKind::Tag),
    ("git", RecordKind::Commit),
    ("git", RecordKind::File),
    ("prometheus", RecordKind::RuntimeObservation),
    ("prometheus", RecordKind::Alert),
];

fn troubled(trouble: usize) -> World {
    match trouble {
        0 => ready(),
        1 => alert(AlertState::Firing, "prod"),
        2 => ready().missing(&["c9"]),
        3 => ready().state("CHG1", ChangeState::New),
        4 => {
            let mut world = ready();
            world.landscape.dependencies[0].constraint = Some(">=5.4.0".into());
            world
        }
        5 => ready().planned("CHG1", "2026-06-17T18:00:00Z", "2026-06-17T20:00:00Z"),
        6 => {
            let mut world = ready();
            world.records.approvals.clear();
            world.approval("CHG1", ApprovalState::Requested, None)
        }
        _ => ready().with_change("CHG1", |change| change.on_hold = None),
    }
}

/// Takes records away that speak in favour.
fn without(mut world: World, removed: usize) -> World {
    match removed {
        0 => {}
        1 => world.records.approvals.clear(),
        2 => world.records.commit_ranges.clear(),
        3 => world
            .records
            .runtime_observations
            .retain(|row| row.labels.get("service").is_none_or(|service| &**service != "ledger-core")),
        4 => world.records.field_changes.clear(),
        _ => world.records.changes.clear(),
    }
    world
}

fn worst(world: &World) -> std::collections::BTreeMap<CheckCode, Outcome> {
    let mut worst = std::collections::BTreeMap::new();
    let graph = world.graph();
    let Some(release) = graph.releases.find(&ReleaseKey::new(KEY)) else { return worst };
    for check in checks(&graph, release, &Proposal::new(production(), at())) {
        let entry = worst.entry(check.code).or_insert(Outcome::NotApplicable);
        *entry = entry.and(check.outcome);
    }
    worst
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn less_evidence_never_lets_anything_pass(
        case in (0..8_usize, 0..13_usize, 0..6_usize)
            .prop_map(|(trouble, dark, removed)| Case { trouble, dark, removed })
    ) {
        let full = troubled(case.trouble);
        let before = worst(&full);
        let (system, kind) = SOURCES[case.dark];
        for less in [
            full.clone().dark(system, kind),
            without(full.clone(), case.removed),
            without(full.clone(), case.removed).dark(system, kind),
        ] {
            for (code, after) in worst(&less) {
                let stood = matches!(before.get(&code), Some(Outcome::Fail | Outcome::Unknown));
                prop_assert!(!(stood && after == Outcome::Pass), "{} of {:?}", code.as_str(), case);
            }
        }
    }

    #[test]
    fn the_acts_are_a_smallest_set(needs in prop::collection::vec(prop::collection::btree_set(0..7_u8, 1..4), 0..6)) {
        let act = |number: &u8| Act::new(ActCode::Approve, format!("act {number}"), None);
        let standing: Vec<Check> = needs
            .iter()
            .map(|need| {
                let check = Check::before(CheckCode::Approved, Outcome::Fail, "no");
                check.resolved_by(need.iter().map(act).collect())
            })
            .collect();
        let (chosen, exact) = unblock::smallest(&standing.iter().collect::<Vec<_>>());
        prop_assert!(exact);
        prop_assert!(standing.iter().all(|check| check.acts.iter().any(|act| chosen.contains(act))));
        let smallest = (0..128_u32)
            .filter(|set| needs.iter().all(|need| need.iter().any(|number| set & (1 << number) != 0)))
            .map(u32::count_ones)
            .min();
        prop_assert_eq!(Some(chosen.len() as u32), smallest);
    }
}
