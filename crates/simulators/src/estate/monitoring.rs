//! What Prometheus and Alertmanager know of the estate: `build_info` for what ran where and when, `config_info` for the
//! settings found, request counters, alerts. Prometheus adds its `site` to an alert only on the way to Alertmanager.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::git::Shas;
use super::model::{Alert, Estate, Observation, Text};
use crate::alertmanager::content as manager;
use crate::prometheus::content as prometheus;

const SITE: &str = "london";
/// Requests and errors each second of a healthy service.
const HEALTHY: (f64, f64) = (40.0, 0.02);
const FAILING: (f64, f64) = (40.0, 18.0);

/// Prometheus' content.
pub fn prometheus_content(estate: &Estate, shas: &HashMap<Text, Shas>) -> prometheus::Content {
    let mut series: Vec<prometheus::Series> = Vec::new();
    let revisions = revisions(estate, shas);
    for seen in &estate.observations {
        series.push(build_info(seen, &revisions));
    }
    settings(estate, &mut series);
    traffic(estate, &mut series);
    prometheus::Content {
        series,
        groups: rules(estate),
        external_labels: prometheus::labels(&[("site", SITE)]),
        targets: targets(estate),
        metadata: metadata(),
        warnings: Vec::new(),
    }
}

/// Alertmanager's content: the same alerts, with the server's own label.
pub fn alertmanager_content(estate: &Estate) -> manager::Content {
    let alerts = estate
        .alerts
        .iter()
        .map(|alert| {
            let labels = [
                ("service", &*alert.service),
                ("environment", alert.environment),
                ("severity", alert.severity),
                ("site", SITE),
            ];
            let mut sent = manager::Alert::firing(alert.name, &labels, alert.started);
            sent.annotations = prometheus::labels(&[("summary", &alert.summary)]);
            sent.ends_at = alert.ended;
            sent.generator_url = format!("http://prometheus.bank.example/graph?g0.expr={}", query(alert.name));
            sent
        })
        .collect();
    manager::Content { alerts, ..manager::Content::default() }
}

/// The commit each version was built from.
fn revisions<'a>(estate: &'a Estate, shas: &HashMap<Text, Shas>) -> HashMap<(&'a str, &'a str), String> {
    estate
        .artifacts
        .iter()
        .filter_map(|artifact| {
            let sha = shas.get(&artifact.repository)?.commit(artifact.commit);
            Some(((&*artifact.service, &*artifact.version), sha))
        })
        .collect()
}

fn build_info(seen: &Observation, revisions: &HashMap<(&str, &str), String>) -> prometheus::Series {
    let mut labels =
        vec![("service", &*seen.service), ("environment", seen.environment), ("version", &*seen.version)];
    labels.extend(seen.region.map(|region| ("region", region)));
    labels.extend(seen.digest.as_deref().map(|digest| ("digest", digest)));
    let revision = revisions.get(&(&*seen.service, &*seen.version));
    labels.extend(revision.map(|revision| ("revision", revision.as_str())));
    let series = prometheus::Series::constant("build_info", &labels, seen.from, 1.0);
    match seen.until {
        Some(until) => series.until(until),
        None => series,
    }
}

/// Each setting is a label; a later state of the same place ends the one before.
fn settings(estate: &Estate, series: &mut Vec<prometheus::Series>) {
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for state in &estate.configurations {
        let mut labels = vec![("service", &*state.service), ("environment", state.environment)];
        labels.extend(state.observed.iter().map(|(key, value)| (*key, &**value)));
        let place = series.len();
        series.push(prometheus::Series::constant("config_info", &labels, state.since, 1.0));
        if let Some(before) = places.insert((&state.service, state.environment), place)
            && let Some(held) = series.get_mut(before)
        {
            *held = held.clone().until(state.since);
        }
    }
}

/// Request counters of the last month in production, with errors while a health alert fired.
fn traffic(estate: &Estate, series: &mut Vec<prometheus::Series>) {
    let from = estate.now - SignedDuration::from_hours(24 * 30);
    for service in &estate.services {
        let failing: Vec<&Alert> = estate
            .alerts
            .iter()
            .filter(|alert| alert.service == service.key && alert.name == "HealthCheckFailing")
            .collect();
        for (code, pick) in [("200", 0), ("500", 1)] {
            let rate = |pair: (f64, f64)| if pick == 0 { pair.0 - pair.1 } else { pair.1 };
            let mut turns = vec![(from, rate(HEALTHY))];
            for alert in &failing {
                turns.push((alert.started, rate(FAILING)));
                turns.extend(alert.ended.map(|end| (end, rate(HEALTHY))));
            }
            let labels = [("service", &*service.key), ("environment", "production"), ("code", code)];
            series.push(prometheus::Series {
                labels: prometheus::named("http_requests_total", &labels),
                samples: prometheus::Samples::Scraped {
                    every: prometheus::SCRAPE_INTERVAL,
                    steps: steps(&turns),
                    until: None,
                },
            });
        }
        series.push(prometheus::Series::constant(
            "up",
            &[("job", &service.key), ("service", &service.key), ("environment", "production")],
            from,
            1.0,
        ));
    }
}

/// A counter that goes on from where each step left it.
fn steps(turns: &[(Timestamp, f64)]) -> Vec<prometheus::Step> {
    let mut value = 0.0;
    let mut steps: Vec<prometheus::Step> = Vec::new();
    for (from, per_second) in turns {
        if let Some(last) = steps.last() {
            value += last.per_second * (*from - last.from).total(jiff::Unit::Second).unwrap_or_default();
        }
        steps.push(prometheus::Step { from: *from, value, per_second: *per_second });
    }
    steps
}

fn query(name: &str) -> &'static str {
    match name {
        "IngestLagHigh" => "ingest_lag_seconds > 1800",
        _ => {
            "sum by (service) (rate(http_requests_total{code=\"500\"}[5m])) / sum by (service) (rate(http_requests_total[5m])) > 0.2"
        }
    }
}

fn rules(estate: &Estate) -> Vec<prometheus::RuleGroup> {
    let mut names: Vec<&'static str> = vec!["HealthCheckFailing", "IngestLagHigh"];
    names.extend(estate.alerts.iter().map(|alert| alert.name));
    names.sort_unstable();
    names.dedup();
    let rules = names
        .into_iter()
        .map(|name| {
            prometheus::Rule::Alerting(prometheus::AlertingRule {
                name: name.to_owned(),
                query: query(name).to_owned(),
                hold: Duration::ZERO,
                labels: prometheus::labels(&[("severity", "critical")]),
                annotations: prometheus::labels(&[("summary", "{{ $labels.service }} needs attention")]),
                health: prometheus::RuleHealth::Ok,
                alerts: estate.alerts.iter().filter(|alert| alert.name == name).map(fire).collect(),
            })
        })
        .collect();
    vec![prometheus::RuleGroup {
        name: "services".to_owned(),
        file: "/etc/prometheus/rules/services.yml".to_owned(),
        interval: Duration::from_secs(30),
        rules,
    }]
}

fn fire(alert: &Alert) -> prometheus::Alert {
    prometheus::Alert {
        labels: prometheus::labels(&[("service", &alert.service), ("environment", alert.environment)]),
        annotations: prometheus::labels(&[("summary", &alert.summary)]),
        active_at: alert.started,
        resolved_at: alert.ended,
        value: 1.0,
    }
}

fn targets(estate: &Estate) -> Vec<prometheus::Target> {
    estate
        .services
        .iter()
        .map(|service| prometheus::Target {
            job: service.key.to_string(),
            instance: format!("{}.production.bank.example:9090", service.key),
            labels: prometheus::labels(&[("service", &service.key), ("environment", "production")]),
            failure: None,
        })
        .collect()
}

fn metadata() -> BTreeMap<String, prometheus::Metadata> {
    [
        ("build_info", "gauge", "The build that runs."),
        ("config_info", "gauge", "The settings that are in force."),
        ("http_requests_total", "counter", "Requests answered, by status."),
    ]
    .into_iter()
    .map(|(name, kind, help)| {
        let metadata = prometheus::Metadata { kind: kind.to_owned(), help: help.to_owned(), unit: String::new() };
        (name.to_owned(), metadata)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monitoring_tells_the_stories() {
        let estate = super::super::tests::stories("2026-11-23T00:00:00Z".parse().unwrap());
        let shas = super::super::git::all_shas(&estate);
        let content = prometheus_content(&estate, &shas);
        let running = |service: &str, environment: &str, region: Option<&str>| -> Vec<&prometheus::Labels> {
            content
                .series
                .iter()
                .filter(|series| matches!(series.samples, prometheus::Samples::Scraped { until: None, .. }))
                .map(|series| &series.labels)
                .filter(|labels| labels["__name__"] == "build_info" && labels["service"] == service)
                .filter(|labels| {
                    labels["environment"] == environment && labels.get("region").map(String::as_str) == region
                })
                .collect()
        };
        let version = |service, region| running(service, "production", region)[0]["version"].clone();
        assert_eq!(version("payments-api", Some("uk")), "2.13.1");
        assert_eq!(version("card-gateway", Some("eu")), "3.9.2");
        assert_eq!(version("card-gateway", Some("uk")), "3.9.1");
        assert_eq!(version("kyc-service", None), "2.1.4");
        assert_eq!(version("treasury-suite", None), "2026.2");
        let ledger = running("ledger-core", "staging", None);
        assert_eq!((ledger.len(), ledger[0]["version"].as_str()), (1, "5.3.0"));
        let (here, there) = (running("notification-hub", "production", None), "1.4.0");
        assert_eq!(here[0]["version"], there);
        assert_eq!(here[0]["revision"].len(), 40);
        let drifted = content.series.iter().find(|series| {
            let labels = &series.labels;
            labels["__name__"] == "config_info"
                && labels["service"] == "statement-batch"
                && labels["environment"] == "staging"
                && matches!(series.samples, prometheus::Samples::Scraped { until: None, .. })
        });
        let drifted = &drifted.unwrap().labels;
        assert_eq!((drifted["batch_size"].as_str(), drifted["request_timeout_seconds"].as_str()), ("250", "10"));
        let firing: Vec<manager::Alert> =
            alertmanager_content(&estate).alerts.into_iter().filter(|alert| alert.ends_at.is_none()).collect();
        assert_eq!(firing.len(), 1);
        assert_eq!((firing[0].labels["service"].as_str(), firing[0].labels["site"].as_str()), ("data-lake", SITE));
    }
}
