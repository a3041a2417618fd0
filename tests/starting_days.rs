//! The stories are told alike on every day that the demonstration may start: through the simulators, the connectors and
//! the engine. A sample of two years by default; `INTERLOCK_DAYS_APART=1` walks them all, 7 one of each week.

use std::collections::BTreeSet;

use domain::ReleaseStatus::{AwaitingApproval, PartiallyDeployed, RolledBack, Scheduled, Transitioned, Validated};
use domain::{FindingCode, LinkOrigin, ReleaseKey, ReleaseStatus};
use engine::graph::{Index, ReleaseGraph};
use jiff::{SignedDuration, Timestamp};
use simulators::estate::Contents;

use crate::scenarios::World;

const FIRST: &str = "2026-01-01T00:00:00Z";
const DAYS: usize = 731;
/// Of no length that weeks, months or quarters share. A day takes some ten seconds of computing.
const STRIDE: usize = 4 * 61;

const STORIES: [(&str, ReleaseStatus); 22] = [
    ("ledger-core@5.3.0", Scheduled),
    ("payments-api@2.14.0", AwaitingApproval),
    ("customer-portal@8.1.0", Scheduled),
    ("notification-hub@1.5.0", Scheduled),
    ("fraud-engine@3.7.0", AwaitingApproval),
    ("card-gateway@4.0.0", AwaitingApproval),
    ("loan-origination@7.6.0", AwaitingApproval),
    ("kyc-service@3.0.0", AwaitingApproval),
    ("mobile-app@12.0.0", AwaitingApproval),
    ("reporting-warehouse@1.9.0", Scheduled),
    ("auth-service@6.2.1", Validated),
    ("auth-service@6.2.0", Transitioned),
    ("statement-batch@2.0.0", AwaitingApproval),
    ("notification-hub@1.4.0", Validated),
    ("loan-origination@7.5.0", Scheduled),
    ("kyc-service@2.2.0", RolledBack),
    ("kyc-service@2.2.1", AwaitingApproval),
    ("card-gateway@3.9.2", PartiallyDeployed),
    ("payments-api@2.13.1", Transitioned),
    ("data-lake@0.9.0", Scheduled),
    ("treasury-suite@2026.3", Scheduled),
    ("payments-api@2.13.0", Transitioned),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_stories_hold_whenever_the_bank_opens() {
    // Another test of this process may have installed it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let apart = std::env::var("INTERLOCK_DAYS_APART").ok();
    let apart: usize = apart.map_or(STRIDE, |days| days.parse().expect("INTERLOCK_DAYS_APART is a number of days"));
    let first: Timestamp = FIRST.parse().expect("a moment");
    let mut wrong = Vec::new();
    for day in (0..DAYS).step_by(apart) {
        let now = first + SignedDuration::from_hours(24 * day as i64);
        let world = World::open(now, Contents::Stories).await;
        let gateway = world.gateway().await;
        let graph = gateway.federation().graph().expect("a graph");
        let differences = differences(&graph);
        println!("{now}: {} differences", differences.len());
        wrong.extend(differences.into_iter().map(|difference| format!("{now}: {difference}")));
        gateway.stop().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where a graph does not tell the stories.
fn differences(graph: &ReleaseGraph) -> Vec<String> {
    let mut wrong: Vec<String> = graph.gaps.iter().map(|gap| format!("a gap: {gap:?}")).collect();
    for (key, status) in STORIES {
        match graph.releases.by_id(&ReleaseKey::new(key)) {
            None => wrong.push(format!("{key} is missing")),
            Some(release) if release.status != status => {
                wrong.push(format!("{key} is {:?}, not {status:?}", release.status));
            }
            Some(_) => {}
        }
    }
    for (code, count) in [
        (FindingCode::CommitsLost, 1),
        (FindingCode::DependencyCycle, 1),
        (FindingCode::DigestMismatch, 1),
        (FindingCode::ScopeChangedAfterApproval, 2),
        (FindingCode::DanglingKey, 0),
    ] {
        let found = graph.findings.iter().filter(|(_, finding)| finding.code == code).count();
        if found != count {
            wrong.push(format!("{found} findings {code:?}, not {count}"));
        }
    }
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("not so: {what}"));
        }
    };
    let release = |key: &str| graph.releases.find(&ReleaseKey::new(key));
    let incident = |number: &str| graph.incidents.iter().find(|(_, row)| &*row.number == number).map(|(at, _)| at);
    let link = |key: &str, number: &str| graph.release_incidents.between(release(key)?, incident(number)?);
    let caused = link("kyc-service@2.2.0", "INC0010002");
    expect(caused.is_some_and(|link| link.origin == LinkOrigin::Explicit), "the incident names kyc-service 2.2.0");
    let answered = release("auth-service@6.2.1").zip(incident("INC0010001"));
    let answered = answered.and_then(|(release, at)| graph.release_answered_incidents.between(release, at));
    expect(answered.is_some_and(|link| link.origin == LinkOrigin::Explicit), "the emergency answers its incident");
    let blamed: f64 = link("card-gateway@3.9.2", "INC0010003").map_or(0.0, |link| link.confidence)
        + incident("INC0010003").map_or(0.0, |at| infrastructure_blamed(graph, at));
    let suspected = link("card-gateway@3.9.2", "INC0010003").is_some_and(|link| blamed > link.confidence);
    expect(suspected && blamed < 1.0, "release and firewall share the blame and leave a rest");
    let inherits = release("kyc-service@2.2.1").is_some_and(|at| graph.release_known_errors.from(at).len() == 1);
    expect(inherits, "kyc-service 2.2.1 lists the known error");
    let shared: BTreeSet<_> = ["ledger-core@5.3.0", "payments-api@2.14.0", "statement-batch@2.0.0"]
        .into_iter()
        .filter_map(release)
        .collect();
    let carries_all = |change| {
        let carried = graph.release_changes.to(change).filter(|related| related.link.supports());
        carried.map(|related| related.index).collect::<BTreeSet<_>>() == shared
    };
    let one = graph.changes.iter().find(|(at, _)| carries_all(*at)).map(|(_, change)| &change.id);
    let rows = graph.authorisations.iter().filter(|row| Some(&row.change) == one).count();
    expect(rows == 4, "one change authorises three releases at four targets apart");
    wrong
}

/// What changes without a release are blamed for.
fn infrastructure_blamed(graph: &ReleaseGraph, incident: Index<domain::Incident>) -> f64 {
    let related = graph.change_incidents.to(incident);
    let bare = related.filter(|related| graph.release_changes.to(related.index).len() == 0);
    bare.map(|related| related.link.confidence).sum()
}
