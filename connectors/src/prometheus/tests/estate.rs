//! The demonstration estate, read whole.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::RecordKind;
use simulators::estate::{self, git::all_shas, monitoring::prometheus_content};

use super::bench::{Bench, now, service};

#[tokio::test]
async fn the_bank_is_read_whole() {
    let estate = estate::generate(&estate::Options::new(1, now())).expect("an estate");
    let content = prometheus_content(&estate, &all_shas(&estate));
    let ratio = "sum by ({labels}) (rate(http_requests_total{code=~\"5..\",{selector}}[5m])) \
        / sum by ({labels}) (rate(http_requests_total{selector}[5m]))";
    let count = "sum by ({labels}) (increase(http_requests_total{selector}[5m]))";
    let mut bench = Bench::with(content).await.asking(ratio, Some(count));
    // A machine that is busy with other tests evaluates slowly.
    bench.patience = Duration::from_secs(300);
    let selectors: Vec<_> = estate.services.iter().map(|known| service(&known.key)).collect();
    let gathered = bench.gather(&selectors).await;
    assert!(gathered.gaps.is_empty(), "{:?}", gathered.gaps);
    let current: BTreeMap<String, &str> = gathered
        .records
        .runtime_observations
        .iter()
        .filter(|seen| seen.current && &*seen.labels["environment"] == "production")
        .map(|seen| {
            let region = seen.labels.get("region").map_or("", |region| region);
            (format!("{} {region}", seen.labels["service"]), &*seen.labels["version"])
        })
        .collect();
    assert_eq!(current["card-gateway eu"], "3.9.2");
    assert_eq!(current["card-gateway uk"], "3.9.1");
    assert_eq!(current["kyc-service "], "2.1.4");
    assert!(gathered.records.runtime_observations.iter().any(|seen| !seen.current));
    let health = &gathered.records.health_observations;
    assert_eq!(health.len(), selectors.len());
    assert!(health.iter().all(|seen| seen.value.is_some() && seen.samples.is_some_and(|count| count > 1000)));
    let firing = &gathered.records.alerts;
    assert_eq!(firing.iter().map(|alert| &*alert.labels["service"]).collect::<Vec<_>>(), ["data-lake"]);
    assert_eq!(gathered.complete.len(), 3);
    assert_eq!(gathered.records.count(RecordKind::Alert), 1);
}
