//! A small bank: payments-api 2.13.0 runs, 2.14.0 is planned with a change, work, code and an open incident before it;
//! card-gateway 4.0.0 belongs to others.

use std::collections::BTreeMap;

use domain::*;
use interlock::http::Limits;
use jiff::SignedDuration;

use super::records::*;
use super::world::{Asked, System, World};

const ITSM: &[RecordKind] = &[
    RecordKind::Change,
    RecordKind::Approval,
    RecordKind::Incident,
    RecordKind::Problem,
    RecordKind::Train,
    RecordKind::Account,
    RecordKind::ServiceOffering,
];
const SECOND_ITSM: &[RecordKind] = &[RecordKind::Change, RecordKind::Incident];
const TRACKER: &[RecordKind] = &[RecordKind::WorkItem, RecordKind::TrackedVersion];
const CODE: &[RecordKind] = &[
    RecordKind::Repository,
    RecordKind::Tag,
    RecordKind::Commit,
    RecordKind::PullRequest,
    RecordKind::PipelineRun,
    RecordKind::Artifact,
    RecordKind::Deployment,
];
const CMDB: &[RecordKind] = &[RecordKind::ConfigurationItem, RecordKind::CiRelation];
const MONITORING: &[RecordKind] = &[RecordKind::RuntimeObservation];

/// The systems, empty, and the landscape.
pub(crate) fn empty_bank() -> World {
    let systems = BTreeMap::from([
        ("servicenow", System::new("servicenow", Family::Itsm, ITSM)),
        ("legacy", System::new("legacy", Family::Itsm, SECOND_ITSM)),
        ("jira", System::new("jira", Family::WorkTracking, TRACKER)),
        ("git", System::new("git", Family::Code, CODE)),
        ("cmdb", System::new("cmdb", Family::Cmdb, CMDB)),
        ("prometheus", System::new("prometheus", Family::Monitoring, MONITORING)),
    ]);
    let team = Team { key: TeamKey::new("payments"), name: "Payments".into(), email: None, groups: Vec::new() };
    let landscape = Landscape {
        services: vec![service("payments-api", "PAY"), service("card-gateway", "CARD")],
        environments: vec![environment("staging", Stage::Staging), environment("production", Stage::Production)],
        teams: vec![team],
        dependencies: vec![ConfiguredDependency {
            from: ServiceKey::new("card-gateway"),
            to: ServiceKey::new("payments-api"),
            kind: DependencyKind::Hard,
            constraint: Some(">=2.14.0".into()),
            lag: SignedDuration::ZERO,
            reason: None,
        }],
        ..Landscape::default()
    };
    World { landscape, systems, limits: Limits::default() }
}

/// The bank with its records, not yet read.
pub(crate) fn full_bank() -> World {
    let bank = empty_bank();
    let (payments, cards) = ("bank/payments-api", "bank/card-gateway");
    bank.system("git").holds(|records| {
        records.repositories = vec![repository(payments), repository(cards)];
        records.tags = vec![
            tag(payments, "v2.13.0", "a000001"),
            tag(payments, "v2.14.0", "a000002"),
            tag(cards, "v4.0.0", "c000001"),
        ];
        records.commits =
            vec![commit(payments, "a000002", "PAY-7 pay faster"), commit(cards, "c000001", "CARD-1 hidden work")];
        records.commit_ranges = vec![
            range(payments, Some("v2.13.0"), "v2.14.0", &["a000002"]),
            range(cards, None, "v4.0.0", &["c000001"]),
        ];
        records.pull_requests = vec![pull_request(payments, 12, "PAY-7: pay faster", "a000002")];
        records.artifacts = vec![artifact(payments, "sha256:14", "a000002")];
        records.deployments = vec![deployment("d1", payments, "v2.13.0")];
    });
    bank.system("jira").holds(|records| {
        records.tracked_versions = vec![tracked("10", "PAY", "2.14.0"), tracked("11", "CARD", "4.0.0")];
        records.work_items = vec![work_item("1", "PAY-7", "10"), work_item("2", "CARD-1", "11")];
    });
    bank.system("cmdb").holds(|records| {
        records.configuration_items = vec![item("payments-api"), item("card-gateway")];
    });
    bank.system("servicenow").holds(|records| {
        let own = change("servicenow", "CHG1", "payments-api", "payments-api@2.14.0");
        records.approvals = vec![approval(&own, "grace")];
        records.changes = vec![own, change("servicenow", "CHG2", "card-gateway", "card-gateway@4.0.0")];
        let problem = problem("PRB1", "payments-api");
        let cause = ChangeId::new(&connector("servicenow"), "servicenow-CHG2");
        records.incidents = vec![
            Incident { problem: Some(problem.id.clone()), ..incident("INC1", "payments-api") },
            Incident { caused_by: Some(cause), ..incident("INC2", "card-gateway") },
        ];
        records.known_errors = vec![known_error(&problem)];
        records.problems = vec![problem];
        records.trains = vec![train("RLSE1")];
        records.accounts = vec![account("servicenow", "ada"), account("servicenow", "grace")];
    });
    bank.system("legacy").holds(|records| {
        records.changes = vec![change("legacy", "CHG1", "card-gateway", "card-gateway@4.0.0")];
    });
    bank.system("prometheus").holds(|records| {
        records.runtime_observations = vec![running("payments-api", "2.13.0", "sha256:13")];
    });
    bank
}

/// The bank, read.
pub(crate) async fn small_bank() -> Asked {
    full_bank().read().await
}
