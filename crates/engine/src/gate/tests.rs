//! What a gate decides, from evidence, policy, waivers and glass that was broken; and that a record proves itself.

use domain::*;
use jiff::Timestamp;

use super::*;
use crate::checks::CheckCode;
use crate::checks::sound::{DIGEST, KEY, REPO, at, production, proposal, sound};
use crate::correlate::world::{World, moment};

fn judged(world: &World, grants: &Grants) -> GateRecord {
    judged_by(world, &strict(), grants)
}

/// Tests are demanded, too.
fn strict() -> GatePolicy {
    let mut policy = GatePolicy::default();
    policy.rules.push(ClosingRule { tiers: vec![0, 1], checks: vec![CheckCode::Tested], ..ClosingRule::default() });
    policy
}

fn judged_by(world: &World, policy: &GatePolicy, grants: &Grants) -> GateRecord {
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("the release");
    judge((&graph, release), &proposal(), (policy, grants))
}

fn standing(record: &GateRecord) -> Vec<String> {
    let told = record.result.standing.iter();
    told.map(|one| format!("{} {:?}", one.code.as_str(), one.outcome)).collect()
}

fn untested() -> World {
    let mut world = sound();
    world.records.test_reports.clear();
    world
}

#[test]
fn what_is_sound_is_allowed_until_its_window_ends() {
    let record = judged(&sound(), &Grants::default());
    assert_eq!(record.result.decision, GateDecision::Allow, "{:?}", standing(&record));
    assert_eq!(record.result.broken, None);
    assert_eq!(record.inputs.digests, [Text::from(DIGEST)]);
    assert_eq!(record.inputs.scopes.len(), 1);
    // It was decided more than a day before the start: no longer than four hours.
    assert_eq!(record.result.valid_until, Some(moment("2026-06-15T16:00:00Z")));
    let mut soon = sound();
    soon.now = moment("2026-06-16T18:00:00Z");
    assert_eq!(judged(&soon, &Grants::default()).result.valid_until, Some(moment("2026-06-16T19:30:00Z")));
    let short = soon.planned("CHG1", "2026-06-16T18:00:00Z", "2026-06-16T18:50:00Z");
    let until = judged(&short, &Grants::default()).result.valid_until;
    assert_eq!(until, Some(moment("2026-06-16T18:50:00Z")), "no longer than the window");
}

#[test]
fn a_failed_check_denies_and_missing_evidence_is_unknown() {
    let unknown = judged(&untested(), &Grants::default());
    assert_eq!(unknown.result.decision, GateDecision::Unknown);
    assert_eq!(standing(&unknown), ["TESTED Unknown"]);
    assert_eq!(unknown.result.valid_until, None);
    let failed = judged(&sound().missing(&["h1"]), &Grants::default());
    assert_eq!(failed.result.decision, GateDecision::Deny);
    assert_eq!(standing(&failed), ["COMMITS_KEPT Fail"]);
}

#[test]
fn which_checks_close_it_is_policy_and_what_is_not_known_meets_every_rule() {
    let tier = |tier| untested().with_service("payments-api", move |service| service.tier = tier);
    let decision = |world: &World| judged(world, &Grants::default()).result.decision;
    assert_eq!(decision(&tier(Some(3))), GateDecision::Allow, "tests are demanded of tiers 0 and 1");
    assert_eq!(decision(&tier(Some(1))), GateDecision::Unknown);
    assert_eq!(decision(&tier(None)), GateDecision::Unknown);
    let mut policy = GatePolicy::default();
    policy.rules.truncate(1);
    policy.rules.push(ClosingRule {
        tags: vec!["pci".into()],
        checks: vec![CheckCode::Tested],
        ..ClosingRule::default()
    });
    let tagged = |tag: &'static str| {
        untested().with_service("payments-api", move |service| {
            service.tags.insert(tag.into());
        })
    };
    assert_eq!(judged_by(&tagged("icfr"), &policy, &Grants::default()).result.decision, GateDecision::Allow);
    assert_eq!(judged_by(&tagged("pci"), &policy, &Grants::default()).result.decision, GateDecision::Unknown);
    assert_ne!(policy.version(), GatePolicy::default().version());
}

#[test]
fn high_risks_to_core_services_are_reviewed_by_another_person_whatever_the_policy() {
    let graph = sound().with_request(|request| request.reviews.clear()).graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("the release");
    let mut policy = GatePolicy::default();
    policy.rules.truncate(1);
    let told = |review: Option<&str>, target: Target| {
        let proposal = Proposal { review: review.map(Text::from), target, ..proposal() };
        let record = judge((&graph, release), &proposal, (&policy, &Grants::default()));
        let standing = record.result.standing.iter();
        standing.map(|one| format!("{} {}", one.code.as_str(), one.reason)).collect::<Vec<_>>()
    };
    assert_eq!(told(None, production()), Vec::<String>::new());
    let demanded = told(Some("HIGH risk, tier 1"), production());
    assert_eq!(demanded.len(), 1, "each fact is told once: {demanded:?}");
    assert!(demanded[0].starts_with("REVIEWED #1 has no approval"), "{demanded:?}");
    assert!(demanded[0].ends_with("Mandatory: HIGH risk, tier 1."), "{demanded:?}");
    let staging = Target::of(&EnvironmentKey::new("staging"));
    let there = told(Some("HIGH risk, tier 1"), staging);
    assert!(!there.iter().any(|one| one.contains("REVIEWED")), "no customers are there: {there:?}");
}

#[test]
fn a_policy_that_cannot_be_meant_is_refused_with_its_place() {
    let mut policy = GatePolicy::default();
    assert_eq!(policy.mistakes(), Vec::new());
    policy.rules[0].checks.push(CheckCode::HealthyAfter);
    policy.rules[2].tiers.push(9);
    policy.limits.decision_minutes = 900;
    let places: Vec<String> = policy.mistakes().into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["rules[0].checks[11]", "rules[2].tiers[2]", "limits.decision_minutes"]);
}

fn waiver(code: CheckCode) -> Waiver {
    Waiver {
        id: "w1".into(),
        code,
        service: None,
        release: Some(ReleaseKey::new(KEY)),
        target: None,
        reason: "The test machines are being moved.".into(),
        requested_by: PersonKey::new("x"),
        approved_by: PersonKey::new("y"),
        from: moment("2026-06-14T00:00:00Z"),
        until: moment("2026-06-16T19:00:00Z"),
    }
}

fn waived(waiver: Waiver) -> GateRecord {
    let mut soon = untested();
    soon.now = moment("2026-06-16T18:20:00Z");
    judged(&soon, &Grants { waivers: vec![waiver], ..Grants::default() })
}

#[test]
fn a_waiver_lets_off_one_check_while_it_holds_and_no_longer() {
    let record = waived(waiver(CheckCode::Tested));
    assert_eq!(record.result.decision, GateDecision::Allow);
    assert_eq!(record.result.waived.len(), 1);
    assert_eq!(record.result.valid_until, Some(moment("2026-06-16T19:00:00Z")), "no longer than the waiver");
    let check = &record.inputs.checks[record.result.waived[0].check];
    assert_eq!((check.code, check.outcome), (CheckCode::Tested, Outcome::Unknown), "a mark beside the outcome");
    let refused = |shape: fn(&mut Waiver)| {
        let mut one = waiver(CheckCode::Tested);
        shape(&mut one);
        waived(one).result.decision != GateDecision::Allow
    };
    assert!(refused(|one| one.until = at()), "it is over at the start");
    assert!(refused(|one| one.from = moment("2026-06-16T18:31:00Z")));
    assert!(refused(|one| one.approved_by = one.requested_by.clone()));
    assert!(refused(|one| one.reason = " ".into()));
    assert!(refused(|one| one.from = moment("2026-01-01T00:00:00Z")), "it lasts too long");
    assert!(refused(|one| one.release = None), "nobody is let off in general");
    assert!(refused(|one| one.release = Some(ReleaseKey::new("other@1.0.0"))));
    assert!(refused(|one| one.target = Some(Target::of(&EnvironmentKey::new("staging")))));
    assert!(refused(|one| one.code = CheckCode::Reviewed));
}

#[test]
fn nobody_is_let_off_an_approval() {
    for code in [CheckCode::Approved, CheckCode::ApprovalGenuine, CheckCode::Independent] {
        let mut world = sound();
        world.records.approvals.clear();
        let waivers = vec![waiver(code)];
        let record = judged(&world, &Grants { waivers, ..Grants::default() });
        assert!(record.result.waived.is_empty(), "{}", code.as_str());
    }
}

fn glass(minutes: i64) -> BreakGlass {
    BreakGlass {
        id: "b1".into(),
        release: ReleaseKey::new(KEY),
        target: production(),
        reason: "Payments are down and the ticket system, too.".into(),
        requested_by: PersonKey::new("x"),
        approved_by: PersonKey::new("y"),
        from: moment("2026-06-16T18:15:00Z"),
        until: moment("2026-06-16T18:15:00Z") + jiff::SignedDuration::from_mins(minutes),
    }
}

/// Without a ticket system.
fn blind(now: &str) -> World {
    let mut world = sound();
    world.now = moment(now);
    world.records.changes.clear();
    world.records.approvals.clear();
    for kind in [RecordKind::Change, RecordKind::Approval, RecordKind::ChangeTask, RecordKind::Schedule] {
        world = world.dark("servicenow", kind);
    }
    world
}

#[test]
fn broken_glass_works_while_the_ticket_system_is_down_and_is_told() {
    let broken = |now: &str, glass: BreakGlass| {
        let record = judged(&blind(now), &Grants { break_glass: vec![glass], ..Grants::default() });
        (record.result.decision, record.result.broken.clone(), record.result.standing.is_empty())
    };
    let now = "2026-06-16T18:20:00Z";
    assert_eq!(judged(&blind(now), &Grants::default()).result.decision, GateDecision::Unknown);
    assert_eq!(broken(now, glass(60)), (GateDecision::Allow, Some("b1".into()), false), "what stood is still told");
    let closed = |shape: fn(&mut BreakGlass)| {
        let mut one = glass(60);
        shape(&mut one);
        broken(now, one).0 != GateDecision::Allow
    };
    assert!(closed(|one| one.until = at()));
    assert!(closed(|one| one.approved_by = one.requested_by.clone()));
    assert!(closed(|one| one.reason = "".into()));
    assert!(closed(|one| one.target = Target { region: Some("eu".into()), ..production() }));
    assert_ne!(broken(now, glass(24 * 60)).0, GateDecision::Allow, "open for too long");
    let sound = judged(&sound(), &Grants { break_glass: vec![glass(60)], ..Grants::default() });
    assert_eq!(sound.result.broken, None, "what is allowed breaks nothing");
}

#[test]
fn a_record_decides_again_to_the_same_bytes_and_forgeries_are_found() {
    let record = judged(&untested(), &Grants::default());
    let text = record.text().expect("a text");
    assert_eq!(GateRecord::verify(&text).expect("it holds"), record);
    let forged = text.replace("\"decision\": \"UNKNOWN\"", "\"decision\": \"ALLOW\"");
    assert!(matches!(GateRecord::verify(&forged), Err(Forged::Differs { .. })));
    let mended = text.replacen("\"outcome\": \"UNKNOWN\"", "\"outcome\": \"PASS\"", 40);
    assert!(GateRecord::verify(&mended).is_err());
    assert!(matches!(GateRecord::verify("{}"), Err(Forged::Malformed(_))));
    let spaced = text.replace("\n}\n", "\n} \n");
    assert!(matches!(GateRecord::verify(&spaced), Err(Forged::Bytes)));
}

#[test]
fn a_check_that_was_left_out_does_not_open_it() {
    let mut record = judged(&sound(), &Grants::default());
    record.inputs.checks.retain(|check| check.code != CheckCode::Approved);
    let again = GateRecord::decide(record.inputs);
    assert_eq!(again.result.decision, GateDecision::Unknown);
    assert_eq!(standing(&again), ["APPROVED Unknown"]);
}

#[test]
fn a_scope_that_changes_is_seen_to_change() {
    let scope = |world: &World| judged(world, &Grants::default()).inputs.scopes[0].scope_hash.clone();
    let before = scope(&sound());
    assert_eq!(scope(&sound()), before);
    assert_ne!(scope(&sound().planned("CHG1", "2026-06-16T18:00:00Z", "2026-06-16T20:30:00Z")), before);
    assert_ne!(scope(&sound().with_change("CHG1", |change| change.backout_plan = Some("Pray.".into()))), before);
    let known: Timestamp = moment("2026-06-15T12:00:00Z");
    assert_eq!(judged(&sound(), &Grants::default()).inputs.known_at, known);
    assert!(REPO.starts_with("bank"));
}
