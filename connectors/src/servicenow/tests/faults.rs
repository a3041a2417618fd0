//! What goes wrong only at ServiceNow: errors beside records, tables that are closed.

use std::collections::BTreeMap;

use domain::{GapCode, RecordKind};
use simulators::faults::{Effect, Fault};

use super::{PASSWORD, World};
use crate::contract::{Connector, ProbeAnswer};
use crate::servicenow::Options;

const NOW: &str = "2026-06-01T12:00:00Z";
const CHANGES: &str = "/api/now/table/change_request";

fn status(status: u16, body: &str) -> Effect {
    let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    Effect::Status { status, headers, body: body.to_owned() }
}

async fn check(effect: Effect, expected: GapCode) {
    let world = World::open(NOW, Options::default()).await;
    world.insert("change_request", &[("start_date", "2026-06-10 18:00:00")]);
    world.insert("incident", &[("short_description", "slow"), ("active", "true")]);
    let told = format!("{effect:?}");
    world.server.faults.set(Fault::on(CHANGES, effect));
    let gathered = world.gather().await;
    let codes: Vec<_> =
        gathered.gaps.iter().filter(|gap| gap.kind == RecordKind::Change).map(|gap| gap.code).collect();
    assert_eq!(codes, [expected], "{told}");
    assert!(!gathered.complete.contains(&RecordKind::Change) && !gathered.changed.contains(&RecordKind::Change));
    assert!(!gathered.watermarks.contains_key(&RecordKind::Change));
    // A failure of one table darkens nothing else.
    assert_eq!(gathered.records.incidents.len(), 1);
    assert!(gathered.complete.contains(&RecordKind::Incident));
    assert!(!format!("{:?}", gathered.gaps).contains(PASSWORD));
    assert!(gathered.gaps.iter().all(|gap| !gap.message.contains("127.0.0.1")));
}

#[tokio::test]
async fn an_error_beside_a_result_with_status_200_is_a_failure() {
    let cancelled = r#"{"result":[],"error":{"message":"Transaction cancelled: maximum execution time exceeded"}}"#;
    check(status(200, cancelled), GapCode::SourceTimedOut).await;
    check(status(200, r#"{"error":{"message":"x"},"status":"failure"}"#), GapCode::SourceIncomplete).await;
    check(status(200, r#"{"result":[],"error":{"message":null}}"#), GapCode::SourceIncomplete).await;
}

#[tokio::test]
async fn a_probe_tells_what_may_be_read() {
    let world = World::open(NOW, Options::default()).await;
    let deny = simulators::servicenow::Restriction::DenyTable { table: "sys_audit".to_owned() };
    world.instance.restrict("svc.interlock", vec![deny]);
    let probe = world.connector.probe(world.now).await;
    assert!(matches!(probe.reachable, ProbeAnswer::Good(_)), "{probe:?}");
    assert!(matches!(probe.authenticated, ProbeAnswer::Good(_)));
    for (kind, answer) in probe.permitted {
        let refused = matches!(answer, ProbeAnswer::Failed(_));
        assert_eq!(refused, kind == RecordKind::FieldHistory, "{kind:?}");
    }
    world.server.faults.set(Fault::on("/", Effect::ExpiredToken));
    let probe = world.connector.probe(world.now).await;
    assert!(matches!(probe.authenticated, ProbeAnswer::Failed(_)));
    assert!(probe.permitted.iter().all(|(_, answer)| matches!(answer, ProbeAnswer::Skipped)));
}
