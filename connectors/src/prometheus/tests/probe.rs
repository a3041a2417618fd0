//! What `interlock check` tells, and options that are refused.

use domain::RecordKind;
use jiff::SignedDuration;
use simulators::faults::{Effect, Fault};
use simulators::prometheus::Access;
use simulators::prometheus::content::{Content, Series};

use super::bench::{Bench, ago, now};
use crate::contract::{Connector as _, ProbeAnswer};
use crate::prometheus::Options;

fn words(answer: &ProbeAnswer) -> String {
    match answer {
        ProbeAnswer::Good(remark) => format!("good: {remark}"),
        ProbeAnswer::Warning(remark) => format!("warning: {remark}"),
        ProbeAnswer::Failed(error) => format!("failed: {}", error.kind.name()),
        ProbeAnswer::Skipped => "skipped".to_owned(),
    }
}

async fn check(bench: &Bench, expected: &[&str]) {
    let probe = bench.connector().probe(now()).await;
    let mut told = vec![words(&probe.reachable), words(&probe.authenticated)];
    let kinds: Vec<RecordKind> = probe.permitted.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [RecordKind::RuntimeObservation, RecordKind::HealthObservation, RecordKind::Alert]);
    told.extend(probe.permitted.iter().map(|(_, answer)| words(answer)));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_sound_server_tells_its_version() {
    let series = vec![Series::constant("build_info", &[("service", "a")], ago(60), 1.0)];
    let bench = Bench::with(Content { series, ..Content::default() }).await.asking("up{selector}", None);
    let probe = bench.connector().probe(now()).await;
    assert!(words(&probe.reachable).starts_with("good: Prometheus 2."), "{:?}", probe.reachable);
    assert!(probe.clock_skew.is_some());
}

#[tokio::test]
async fn what_is_missing_is_a_warning() {
    let bench = Bench::with(Content::default()).await;
    let probe = bench.connector().probe(now()).await;
    let told: Vec<String> = probe.permitted.iter().map(|(_, answer)| words(answer)).collect();
    assert_eq!(
        told,
        [
            "warning: the metric build_info has no series",
            "warning: no health query is configured",
            "good: 0 alerting rules"
        ]
    );
}

#[tokio::test]
async fn a_refusal_is_told_apart_from_an_outage() {
    let bench = Bench::guarded(Content::default(), Access::Bearer("x".to_owned())).await;
    let denied = "failed: unauthenticated";
    check(&bench, &["good: it answers", denied, denied, denied, denied]).await;
    let bench = Bench::with(Content::default()).await;
    bench.server.faults.set(Fault::on("/api", Effect::Refuse));
    let down = "failed: unreachable";
    check(&bench, &[down, "skipped", down, down, down]).await;
}

#[test]
fn options_that_make_no_query_are_refused() {
    let refused = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        options.check().is_err()
    };
    assert!(!refused(|_| {}));
    assert!(refused(|options| options.build_info = "up} or {x".to_owned()));
    assert!(refused(|options| options.build_info = String::new()));
    assert!(refused(|options| options.process_labels = vec!["a-b".to_owned()]));
    assert!(refused(|options| options.lookback = SignedDuration::from_secs(-1)));
}
