//! Health queries.

use domain::{HealthObservation, RecordKind};
use simulators::prometheus::content::{Content, Series};

use super::bench::{Bench, ago, gaps, labels, service};

const RATIO: &str = "sum by ({labels}) (errors{{selector}}) / sum by ({labels}) (requests{{selector}})";
const COUNT: &str = "sum by ({labels}) (requests{{selector}})";

fn pair(key: &str, errors: f64, requests: f64) -> Vec<Series> {
    vec![
        Series::constant("errors", &[("service", key)], ago(60), errors),
        Series::constant("requests", &[("service", key)], ago(60), requests),
    ]
}

fn content(services: &[(&str, f64, f64)]) -> Content {
    let series = services.iter().flat_map(|(key, errors, requests)| pair(key, *errors, *requests)).collect();
    Content { series, ..Content::default() }
}

fn told(found: &[HealthObservation]) -> Vec<String> {
    let one =
        |seen: &HealthObservation| format!("{} {:?} of {:?}", seen.labels["service"], seen.value, seen.samples);
    let mut told: Vec<String> = found.iter().map(one).collect();
    told.sort();
    told
}

#[tokio::test]
async fn nan_infinity_and_an_empty_result_are_unknown_not_healthy() {
    let bench = Bench::with(content(&[("good", 1.0, 100.0), ("idle", 0.0, 0.0), ("odd", 1.0, 0.0)])).await;
    let bench = bench.asking(RATIO, Some(COUNT));
    let selectors = ["good", "idle", "odd", "silent"].map(service);
    let gathered = bench.gather(&selectors).await;
    assert_eq!(
        told(&gathered.records.health_observations),
        ["good Some(0.01) of Some(100)", "idle None of Some(0)", "odd None of Some(0)", "silent None of Some(0)"]
    );
    assert!(gathered.complete.contains(&RecordKind::HealthObservation));
    let seen = &gathered.records.health_observations[0];
    assert_eq!((&*seen.query, seen.threshold), ("errors", 0.05));
    assert_eq!(seen.observed_at, super::bench::now());
}

#[tokio::test]
async fn samples_are_not_told_where_they_are_not_counted() {
    let bench = Bench::with(content(&[("good", 1.0, 100.0)])).await.asking(RATIO, None);
    let gathered = bench.gather(&[service("good")]).await;
    assert_eq!(told(&gathered.records.health_observations), ["good Some(0.01) of None"]);
}

#[tokio::test]
async fn results_by_environment_are_one_observation_each() {
    let mut series = Vec::new();
    for (environment, value) in [("production", 0.5), ("staging", 0.0)] {
        series.push(Series::constant("ratio", &[("service", "a"), ("environment", environment)], ago(60), value));
    }
    let bench = Bench::with(Content { series, ..Content::default() }).await.asking("ratio{selector}", None);
    let gathered = bench.gather(&[service("a")]).await;
    let mut found: Vec<_> = gathered
        .records
        .health_observations
        .iter()
        .map(|seen| (&*seen.labels["environment"], seen.value, seen.labels.contains_key("__name__")))
        .collect();
    found.sort_by_key(|(environment, ..)| *environment);
    assert_eq!(found, [("production", Some(0.5), false), ("staging", Some(0.0), false)]);
}

#[tokio::test]
async fn label_values_cannot_break_out_of_their_query() {
    let hostile = r#"a"} or up{x=~".*"#;
    let bench = Bench::with(content(&[(hostile, 1.0, 10.0), ("b", 0.0, 10.0), (r"c\|.", 2.0, 10.0)])).await;
    let bench = bench.asking(RATIO, None);
    let gathered = bench.gather(&[service(hostile), service(r"c\|.")]).await;
    assert_eq!(
        told(&gathered.records.health_observations),
        [format!("{hostile} Some(0.1) of None"), r"c\|. Some(0.2) of None".to_owned()]
    );
}

#[tokio::test]
async fn the_number_of_requests_does_not_grow_with_services() {
    let mut counts = Vec::new();
    for services in [1, 3, 300] {
        let keys: Vec<String> = (0..services).map(|number| format!("s{number}")).collect();
        let rows: Vec<(&str, f64, f64)> = keys.iter().map(|key| (key.as_str(), 1.0, 100.0)).collect();
        let bench = Bench::with(content(&rows)).await.asking(RATIO, Some(COUNT));
        let selectors: Vec<_> = keys.iter().map(|key| service(key)).collect();
        let gathered = bench.gather(&selectors).await;
        assert_eq!(gathered.records.health_observations.len(), services);
        assert!(gathered.gaps.is_empty(), "{:?}", gathered.gaps);
        counts.push(bench.server.requests.total());
    }
    assert!(counts.iter().all(|count| *count == counts[0] && *count < 25), "{counts:?}");
}

#[tokio::test]
async fn a_result_that_does_not_tell_services_apart_is_a_gap() {
    let bench = Bench::with(content(&[("a", 1.0, 10.0), ("b", 0.0, 10.0)])).await;
    let bench = bench.asking("sum(errors{selector})", None);
    let gathered = bench.gather(&[service("a"), service("b")]).await;
    assert!(gathered.records.health_observations.is_empty());
    assert_eq!(
        gaps(&gathered, RecordKind::HealthObservation),
        ["SOURCE_INCOMPLETE prometheus: the result of the health query errors does not tell services apart"]
    );
    // For a lone service the same query is clear.
    let gathered = bench.gather(&[service("a")]).await;
    assert_eq!(told(&gathered.records.health_observations), ["a Some(1.0) of None"]);
}

#[tokio::test]
async fn a_query_that_cannot_be_executed_leaves_the_others() {
    let bench = Bench::with(content(&[("a", 1.0, 10.0)])).await.asking(RATIO, None);
    let mut bench = bench;
    let broken = crate::prometheus::HealthQuery { query: "sum by (".to_owned(), at_most: 1.0, samples: None };
    bench.options.health.insert("broken".to_owned(), broken);
    let gathered = bench.gather(&[service("a")]).await;
    assert_eq!(told(&gathered.records.health_observations), ["a Some(0.1) of None"]);
    let gaps = gaps(&gathered, RecordKind::HealthObservation);
    assert_eq!(gaps.len(), 1);
    assert!(gaps[0].starts_with("SOURCE_MALFORMED"), "{gaps:?}");
    assert!(gathered.changed.contains(&RecordKind::HealthObservation));
    assert!(gathered.complete.contains(&RecordKind::RuntimeObservation));
}

#[tokio::test]
async fn a_scalar_is_the_value_of_a_lone_service() {
    let bench = Bench::with(content(&[("a", 1.0, 10.0)])).await.asking("scalar(errors{selector})", None);
    let gathered = bench.gather(&[service("a")]).await;
    assert_eq!(told(&gathered.records.health_observations), ["a Some(1.0) of None"]);
}

#[tokio::test]
async fn a_mapping_that_no_query_can_hold_is_a_gap() {
    let bench = Bench::with(content(&[("a", 1.0, 10.0)])).await.asking(RATIO, None);
    let gathered = bench.gather(&[service("a"), labels(&[("bad name", "x")])]).await;
    assert_eq!(gathered.records.health_observations.len(), 1);
    assert_eq!(gaps(&gathered, RecordKind::HealthObservation).len(), 1);
}

#[tokio::test]
async fn named_results_are_read_again_by_their_ids() {
    use crate::contract::{Connector as _, Wanted};
    let bench = Bench::with(content(&[("a", 1.0, 10.0), ("b", 0.0, 10.0)])).await.asking(RATIO, None);
    let connector = bench.connector();
    let gathered = connector.gather(&bench.request(&[service("a"), service("b")])).await;
    let first = &gathered.records.health_observations[0];
    let wanted = Wanted::from([(RecordKind::HealthObservation, [first.source.record.clone()].into())]);
    let again = connector.read(&wanted, super::bench::now()).await;
    assert_eq!(again.records.health_observations, std::slice::from_ref(first));
    assert!(again.complete.is_empty() && again.changed.contains(&RecordKind::HealthObservation));
}
