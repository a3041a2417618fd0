//! Releases that fail with what runs of another: which goes first, and which go together.

use domain::*;

use super::basic_tests::{KEY, at, blocked, production, ready, reason, unblocking};
use super::*;
use crate::correlate::world::{World, moment};

/// payments-api 2.14.0 and fraud-engine 2.0.0 work together; each fails with what runs of the other.
fn pair() -> World {
    let mut world = ready()
        .service("fraud-engine", "FRD")
        .tag("bank/fraud-engine", "v1.0.0", "f1")
        .tag("bank/fraud-engine", "v2.0.0", "f2")
        .range("bank/fraud-engine", Some("v1.0.0"), "v2.0.0", &["f2"])
        .seen("fraud-engine", "1.0.0", "production", "2026-06-01T18:06:00Z", None)
        .change("CHG2", "Deploy fraud-engine 2.0.0", None)
        .about("CHG2", "fraud-engine")
        .planned("CHG2", "2026-06-16T18:15:00Z", "2026-06-16T19:00:00Z")
        .state("CHG2", ChangeState::Scheduled)
        .approval("CHG2", ApprovalState::Approved, Some("2026-06-10T14:00:00Z"));
    let range =
        |service: &str, version: &str| VersionRange { service: ServiceKey::new(service), version: version.into() };
    let facts = [("2.14.0", "1.0.0", false), ("2.13.0", "2.0.0", false), ("2.14.0", "2.0.0", true)];
    world.landscape.compatibilities.extend(facts.map(|(one, other, works)| ConfiguredCompatibility {
        one: range("payments-api", one),
        other: range("fraud-engine", other),
        works: Some(works),
        reason: None,
    }));
    world
}

#[test]
fn two_that_only_go_together_go_when_both_can() {
    assert_eq!(blocked(&pair()), Vec::<String>::new(), "{}", reason(&pair(), CheckCode::CompatibleWithRunning));
    let told = reason(&pair(), CheckCode::CompatibleWithRunning);
    assert!(told.ends_with("It goes together with fraud-engine@2.0.0, which can go then, too."), "{told}");
    let mut unapproved = pair();
    unapproved.records.approvals.last_mut().expect("of CHG2").state = ApprovalState::Requested;
    assert_eq!(blocked(&unapproved), ["COMPATIBLE_WITH_RUNNING Fail"]);
    let told = reason(&unapproved, CheckCode::CompatibleWithRunning);
    assert!(told.ends_with("fraud-engine@2.0.0, which cannot go then: APPROVED."), "{told}");
    let later = pair().planned("CHG2", "2026-06-16T19:00:00Z", "2026-06-16T20:00:00Z");
    assert!(reason(&later, CheckCode::CompatibleWithRunning).ends_with("CHANGE_WINDOW."));
    let graph = later.graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).unwrap();
    let way = what_would_unblock(&graph, release, &Proposal::new(production(), at()));
    assert_eq!(
        way.earliest.map(|window| window.start),
        Some(moment("2026-06-16T19:00:00Z")),
        "when both are planned"
    );
    assert_eq!(
        &*way.acts[0].detail,
        "Let fraud-engine@2.0.0 go to production together with payments-api@2.14.0: mend its CHANGE_WINDOW"
    );
}

#[test]
fn what_can_go_before_it_goes_before_it() {
    let mut world = pair();
    world.landscape.compatibilities.remove(1);
    let told = reason(&world, CheckCode::CompatibleWithRunning);
    assert!(told.starts_with("Fail") && !told.contains("together with fraud-engine@2.0.0"), "{told}");
    assert_eq!(unblocking(&world).0, ["DEPLOY_DEPENDENCY"]);
    world.landscape.compatibilities.clear();
    assert!(reason(&world, CheckCode::CompatibleWithRunning).starts_with("NotApplicable"));
}
