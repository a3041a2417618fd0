//! What goes wrong only at Prometheus: parts that fail alone, and what its envelope tells.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{GapCode, RecordKind};
use simulators::faults::{Effect, Fault};
use simulators::prometheus::content::{Content, Series};
use simulators::prometheus::{Access, QueryFailure};

use super::bench::{Bench, ago, service};
use crate::contract::Gathered;
use crate::reach::Identification;
use crate::resilience::Secret;

async fn bench() -> Bench {
    let series = vec![Series::constant("build_info", &[("service", "a"), ("version", "1")], ago(60), 1.0)];
    let mut bench = Bench::with(Content { series, ..Content::default() }).await.asking("up{selector}", None);
    bench.patience = Duration::from_millis(700);
    bench
}

fn all_are(gathered: &Gathered, code: GapCode, what: &str) {
    assert!(gathered.records.is_empty() && gathered.complete.is_empty() && gathered.changed.is_empty(), "{what}");
    let mut kinds: Vec<RecordKind> = gathered.gaps.iter().map(|gap| gap.kind).collect();
    kinds.sort();
    assert_eq!(kinds, [RecordKind::Alert, RecordKind::RuntimeObservation, RecordKind::HealthObservation], "{what}");
    for gap in &gathered.gaps {
        assert_eq!(gap.code, code, "{what}: {}", gap.message);
    }
}

fn status(status: u16) -> Effect {
    Effect::Status { status, headers: BTreeMap::new(), body: "Bearer hunter2".to_owned() }
}

#[tokio::test]
async fn kinds_fail_one_by_one() {
    let bench = bench().await;
    bench.server.faults.set(Fault::on("/api/v1/alerts", status(500)));
    let gathered = bench.gather(&[service("a")]).await;
    assert_eq!(gathered.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [RecordKind::Alert]);
    assert_eq!(gathered.complete.len(), 2);
    bench.server.faults.clear();
    bench.server.faults.set(Fault::on("/api/v1/query_range", status(500)));
    let gathered = bench.gather(&[service("a")]).await;
    assert_eq!(gathered.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [RecordKind::RuntimeObservation]);
    assert!(gathered.records.runtime_observations.is_empty());
}

#[tokio::test]
async fn a_refused_question_about_what_runs_leaves_health_as_it_is() {
    let bench = bench().await;
    // That question comes first and tells the time along.
    bench.server.faults.set(Fault::on("/api/v1/query", status(422)).times(1));
    let connector = bench.connector();
    let kinds = [RecordKind::RuntimeObservation, RecordKind::HealthObservation];
    let wanted = kinds.map(|kind| (kind, std::collections::BTreeSet::new())).into();
    let read = crate::contract::Connector::read(&connector, &wanted, super::bench::now()).await;
    assert_eq!(read.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [RecordKind::RuntimeObservation]);
    assert!(read.changed.contains(&RecordKind::HealthObservation), "{read:?}");
}

#[tokio::test]
async fn rules_that_cannot_be_read_leave_the_alerts_in_doubt() {
    let bench = bench().await;
    bench.server.faults.set(Fault::on("/api/v1/rules", status(403)));
    let gathered = bench.gather(&[service("a")]).await;
    assert!(gathered.changed.contains(&RecordKind::Alert));
    assert_eq!(gathered.gaps.iter().map(|gap| gap.code).collect::<Vec<_>>(), [GapCode::SourceDenied]);
}

#[tokio::test]
async fn the_envelopes_error_type_tells_more_than_the_status() {
    let bench = bench().await;
    bench.simulated.fail_queries(Some(QueryFailure::Timeout));
    let codes = |gathered: Gathered| gathered.gaps.iter().map(|gap| gap.code).collect::<Vec<_>>();
    assert_eq!(codes(bench.gather(&[service("a")]).await), [GapCode::SourceTimedOut; 2]);
    bench.simulated.fail_queries(Some(QueryFailure::Execution("many-to-many matching".to_owned())));
    assert_eq!(codes(bench.gather(&[service("a")]).await), [GapCode::SourceMalformed; 2]);
}

#[tokio::test]
async fn an_error_sent_as_a_success_is_no_answer() {
    let bench = bench().await;
    let body = r#"{"status":"error","errorType":"timeout","error":"x","data":{"resultType":"vector","result":[]}}"#;
    let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    let effect = Effect::Status { status: 200, headers, body: body.to_owned() };
    bench.server.faults.set(Fault::on("/api/v1/query", effect));
    let gathered = bench.gather(&[service("a")]).await;
    assert!(gathered.records.is_empty());
    assert_eq!(gathered.gaps.iter().map(|gap| gap.code).collect::<Vec<_>>(), [GapCode::SourceTimedOut; 2]);
}

#[tokio::test]
async fn a_proxys_credentials_are_sent_and_never_told() {
    let mut bench = Bench::guarded(Content::default(), Access::Bearer("hunter2".to_owned())).await;
    all_are(&bench.gather(&[]).await, GapCode::SourceDenied, "no credentials");
    bench.identification = Identification::Token(Secret::new("hunter3"));
    let gathered = bench.gather(&[]).await;
    all_are(&gathered, GapCode::SourceDenied, "wrong credentials");
    assert!(!format!("{gathered:?}").contains("hunter"));
    bench.identification = Identification::Token(Secret::new("hunter2"));
    assert_eq!(bench.gather(&[]).await.complete.len(), 3);
}
