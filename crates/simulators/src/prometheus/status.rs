//! Targets, metadata, and what the server says of itself.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::Html;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::Prometheus;
use super::answer::{Answer, Refusal, success};
use super::content::Target;
use super::parameters::Parameters;

pub(super) async fn metadata(State(server): State<Prometheus>, parameters: Parameters) -> Answer {
    let limit = match parameters.get("limit").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => return Err(Refusal::BadData("limit must be a number".to_owned())),
    };
    let state = server.state();
    let wanted = parameters.get("metric");
    let found: Map<String, Value> = state
        .content
        .metadata
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name.as_str()))
        .take(limit)
        .map(|(name, known)| {
            (name.clone(), json!([{ "type": known.kind, "help": known.help, "unit": known.unit }]))
        })
        .collect();
    Ok(success(Value::Object(found), &[]))
}

pub(super) async fn targets(State(server): State<Prometheus>, parameters: Parameters) -> Answer {
    let now = server.clock.now();
    let state = server.state();
    let asked = parameters.get("state").unwrap_or("any").to_ascii_lowercase();
    let pool = parameters.get("scrapePool");
    let in_pool = |target: &&Target| pool.is_none_or(|pool| pool == target.job);
    let active: Vec<Value> = if matches!(asked.as_str(), "any" | "active") {
        state.content.targets.iter().filter(in_pool).map(|target| shown(target, now)).collect()
    } else {
        Vec::new()
    };
    Ok(success(json!({ "activeTargets": active, "droppedTargets": [] }), &[]))
}

fn shown(target: &Target, now: Timestamp) -> Value {
    let mut labels = target.labels.clone();
    labels.insert("instance".to_owned(), target.instance.clone());
    labels.insert("job".to_owned(), target.job.clone());
    let url = format!("http://{}/metrics", target.instance);
    let scraped = now.saturating_sub(SignedDuration::from_secs(10)).unwrap_or(now);
    json!({
        "discoveredLabels": {
            "__address__": target.instance,
            "__metrics_path__": "/metrics",
            "__scheme__": "http",
            "__scrape_interval__": "1m",
            "__scrape_timeout__": "10s",
            "job": target.job,
        },
        "labels": labels,
        "scrapePool": target.job,
        "scrapeUrl": url,
        "globalUrl": url,
        "lastError": target.failure.clone().unwrap_or_default(),
        "lastScrape": scraped.to_string(),
        "lastScrapeDuration": 0.004_217,
        "health": if target.failure.is_some() { "down" } else { "up" },
        "scrapeInterval": "1m",
        "scrapeTimeout": "10s",
    })
}

pub(super) async fn build() -> Answer {
    Ok(success(
        json!({
            "version": "2.42.0",
            "revision": "simulated",
            "branch": "HEAD",
            "buildUser": "simulator",
            "buildDate": "20230131-00:00:00",
            "goVersion": "go1.19.5",
        }),
        &[],
    ))
}

pub(super) async fn runtime(State(server): State<Prometheus>) -> Answer {
    let state = server.state();
    Ok(success(
        json!({
            "startTime": state.started.to_string(),
            "CWD": "/",
            "reloadConfigSuccess": true,
            "lastConfigTime": state.started.to_string(),
            "corruptionCount": 0,
            "goroutineCount": 42,
            "GOMAXPROCS": 2,
            "GOMEMLIMIT": i64::MAX,
            "GOGC": "",
            "GODEBUG": "",
            "storageRetention": "90d",
        }),
        &[],
    ))
}

/// People are sent to the page for people.
pub(super) async fn home() -> (StatusCode, [(HeaderName, &'static str); 1]) {
    (StatusCode::FOUND, [(header::LOCATION, "/graph")])
}

/// HTML with 200: what a client meets that was given an address without the API's path.
pub(super) async fn page() -> Html<&'static str> {
    Html("<!DOCTYPE html><html><head><title>Prometheus (simulated)</title></head><body></body></html>\n")
}

pub(super) async fn healthy() -> &'static str {
    "Prometheus Server is Healthy.\n"
}

pub(super) async fn ready() -> &'static str {
    "Prometheus Server is Ready.\n"
}
