//! Through the router: the shapes, and the traps that clients fall into.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::content::*;
use super::{Access, Options, Prometheus, QueryFailure};
use crate::clock::Frozen;

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn rule(name: &str, health: RuleHealth) -> Rule {
    Rule::Alerting(AlertingRule {
        name: name.to_owned(),
        query: "up == 0".to_owned(),
        hold: Duration::from_secs(300),
        labels: labels(&[("severity", "critical")]),
        annotations: labels(&[("summary", "{{ $labels.service }} is down")]),
        health,
        alerts: vec![Alert {
            labels: labels(&[("service", "data-lake")]),
            annotations: labels(&[("summary", "data-lake is down")]),
            active_at: noon() - SignedDuration::from_secs(60),
            resolved_at: None,
            value: 0.0,
        }],
    })
}

fn server(access: Access) -> (Prometheus, Arc<Frozen>) {
    let clock = Arc::new(Frozen::at(noon()));
    let early = noon() - SignedDuration::from_hours(24);
    let content = Content {
        series: vec![
            Series::constant("up", &[("service", "payments-api")], early, 1.0),
            Series::constant("build_info", &[("service", "payments-api"), ("version", "2.13.1")], early, 1.0),
            Series::constant("good", &[], early, 0.0),
        ],
        groups: vec![RuleGroup {
            name: "services".to_owned(),
            file: "/etc/prometheus/services.yml".to_owned(),
            interval: Duration::from_secs(60),
            rules: vec![
                rule("Down", RuleHealth::Ok),
                rule("Broken", RuleHealth::Failing("no such function".to_owned())),
            ],
        }],
        external_labels: labels(&[("site", "bank")]),
        ..Content::default()
    };
    (Prometheus::new(Options { clock: Arc::<Frozen>::clone(&clock), content, access }), clock)
}

async fn send(server: &Prometheus, request: Request<Body>) -> (StatusCode, Value) {
    let response = server.router().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = || json!(String::from_utf8_lossy(&bytes));
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
}

async fn get(server: &Prometheus, path: &str) -> (StatusCode, Value) {
    send(server, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn query(server: &Prometheus, query: &str) -> Value {
    let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let (status, body) = get(server, &format!("/api/v1/query?query={encoded}")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["data"].clone()
}

#[tokio::test]
async fn values_are_strings_and_moments_seconds() {
    let (server, _) = server(Access::Open);
    let seconds = noon().as_second();
    assert_eq!(
        query(&server, "time()").await,
        json!({ "resultType": "scalar", "result": [seconds, seconds.to_string()] })
    );
    assert_eq!(
        query(&server, "up").await["result"][0],
        json!({ "metric": { "__name__": "up", "service": "payments-api" }, "value": [seconds, "1"] })
    );
    let (_, body) = get(&server, "/api/v1/query?query=vector(1)&time=1772452800.125").await;
    assert_eq!(body["data"]["result"][0]["value"], json!([1_772_452_800.125, "1"]));
}

#[tokio::test]
async fn ratio_of_nothing_is_nan_and_missing_series_is_empty() {
    let (server, _) = server(Access::Open);
    assert_eq!(query(&server, "good / good").await["result"][0]["value"][1], "NaN");
    assert_eq!(query(&server, "1 / good").await["result"][0]["value"][1], "+Inf");
    assert_eq!(query(&server, "absent_metric").await, json!({ "resultType": "vector", "result": [] }));
}

#[tokio::test]
async fn long_queries_go_in_a_form() {
    let (server, _) = server(Access::Open);
    let form = format!("query=up&start={0}&end={0}&step=1m", noon().as_second());
    let request = Request::post("/api/v1/query_range")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let (status, body) = send(&server, request).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["data"]["resultType"], "matrix");
    assert_eq!(body["data"]["result"][0]["values"], json!([[noon().as_second(), "1"]]));
}

#[tokio::test]
async fn more_than_11000_points_are_refused() {
    let (server, _) = server(Access::Open);
    let (status, _) = get(&server, "/api/v1/query_range?query=up&start=0&end=11000&step=1").await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = get(&server, "/api/v1/query_range?query=up&start=0&end=11001&step=1").await;
    assert_eq!((status, &body["errorType"]), (StatusCode::BAD_REQUEST, &json!("bad_data")));
    assert!(body["error"].as_str().unwrap().starts_with("exceeded maximum resolution of 11,000 points"));
}

#[tokio::test]
async fn errors_have_the_status_of_their_kind() {
    let (server, _) = server(Access::Open);
    let many = "up%20*%20on()%20%7B__name__%3D~%22up|good%22%7D";
    for (path, status, kind) in [
        ("/api/v1/query?query=up%7B".to_owned(), 400, "bad_data"),
        ("/api/v1/query?query=up&time=soon".to_owned(), 400, "bad_data"),
        ("/api/v1/query".to_owned(), 400, "bad_data"),
        ("/api/v1/series".to_owned(), 400, "bad_data"),
        ("/api/v1/rules?type=other".to_owned(), 400, "bad_data"),
        (format!("/api/v1/query?query={many}"), 422, "execution"),
        ("/api/v1/query?query=up&timeout=0".to_owned(), 503, "timeout"),
    ] {
        let (seen, body) = get(&server, &path).await;
        assert_eq!(
            (seen.as_u16(), &body["status"], &body["errorType"]),
            (status, &json!("error"), &json!(kind)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn unknown_path_is_plain_text() {
    let (server, _) = server(Access::Open);
    for path in ["/api/v1/nope", "/nope"] {
        assert_eq!(get(&server, path).await, (StatusCode::NOT_FOUND, json!("404 page not found\n")));
    }
}

#[tokio::test]
async fn failures_and_warnings_can_be_switched() {
    let (server, _) = server(Access::Open);
    server.set_warnings(vec!["remote store: connection refused".to_owned()]);
    let (_, body) = get(&server, "/api/v1/query?query=up").await;
    assert_eq!(
        (&body["status"], &body["warnings"][0]),
        (&json!("success"), &json!("remote store: connection refused"))
    );
    server.fail_queries(Some(QueryFailure::Timeout));
    assert_eq!(get(&server, "/api/v1/query?query=up").await.0, StatusCode::SERVICE_UNAVAILABLE);
    server.fail_queries(Some(QueryFailure::Execution("too much".to_owned())));
    assert_eq!(get(&server, "/api/v1/query?query=up").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    server.fail_queries(None);
    server.set_warnings(Vec::new());
    assert!(get(&server, "/api/v1/query?query=up").await.1.get("warnings").is_none());
}

#[tokio::test]
async fn alert_is_pending_then_firing_then_gone() {
    let (server, clock) = server(Access::Open);
    let alerts = async |server: &Prometheus| get(server, "/api/v1/alerts").await.1["data"]["alerts"].clone();
    let seen = alerts(&server).await;
    assert_eq!(seen.as_array().unwrap().len(), 1, "a rule that cannot be evaluated never fires");
    assert_eq!(seen[0]["state"], "pending");
    assert_eq!(seen[0]["value"], "0e+00");
    assert_eq!(seen[0]["activeAt"], "2026-03-02T11:59:00Z");
    assert_eq!(seen[0]["annotations"]["summary"], "data-lake is down");
    let expected = json!({ "alertname": "Down", "service": "data-lake", "severity": "critical" });
    assert_eq!(seen[0]["labels"], expected, "external labels are not shown here");
    assert_eq!(query(&server, "ALERTS").await["result"][0]["metric"]["alertstate"], "pending");
    clock.advance(SignedDuration::from_mins(4));
    assert_eq!(alerts(&server).await[0]["state"], "firing");
    assert_eq!(query(&server, "ALERTS").await["result"][0]["metric"]["alertstate"], "firing");
    assert!(server.resolve("Down", &Labels::new()));
    assert_eq!(alerts(&server).await, json!([]));
    assert!(server.fire("Down", labels(&[("service", "ledger-core")])));
    assert_eq!(alerts(&server).await[0]["state"], "firing");
    assert!(!server.fire("NoSuchRule", Labels::new()));
}

#[tokio::test]
async fn rules_show_health_templates_and_seconds() {
    let (server, _) = server(Access::Open);
    let (_, body) = get(&server, "/api/v1/rules").await;
    let group = &body["data"]["groups"][0];
    let (down, broken) = (&group["rules"][0], &group["rules"][1]);
    assert_eq!(
        (&down["health"], &down["state"], &down["type"]),
        (&json!("ok"), &json!("pending"), &json!("alerting"))
    );
    assert_eq!(down["duration"], json!(300.0));
    assert_eq!(down["annotations"]["summary"], "{{ $labels.service }} is down");
    assert_eq!((&broken["health"], &broken["state"]), (&json!("err"), &json!("inactive")));
    assert_eq!(broken["lastError"], "no such function");
    let (_, body) = get(&server, "/api/v1/rules?rule_name[]=Broken&exclude_alerts=true").await;
    assert_eq!(body["data"]["groups"][0]["rules"].as_array().unwrap().len(), 1);
    assert!(body["data"]["groups"][0]["rules"][0].get("alerts").is_none());
    assert_eq!(get(&server, "/api/v1/rules?type=record").await.1["data"]["groups"][0]["rules"], json!([]));
}

#[tokio::test]
async fn a_deployment_changes_the_version_and_ends_the_old_series() {
    let (server, clock) = server(Access::Open);
    let old = named("build_info", &[("service", "payments-api"), ("version", "2.13.1")]);
    let new = named("build_info", &[("service", "payments-api"), ("version", "2.14.0")]);
    clock.advance(SignedDuration::from_secs(30));
    server.end_series(&old);
    server.set_sample(&new, 1.0);
    let seen = query(&server, "count by (version) (build_info)").await;
    assert_eq!(
        seen["result"],
        json!([{ "metric": { "version": "2.14.0" }, "value": [noon().as_second() + 30, "1"] }])
    );
    let (_, values) = get(&server, "/api/v1/label/version/values").await;
    assert_eq!(values["data"], json!(["2.13.1", "2.14.0"]));
    let (_, series) =
        get(&server, "/api/v1/series?match[]=good&match[]=build_info%7Bversion=%222.14.0%22%7D").await;
    assert_eq!(series["data"], json!([new, { "__name__": "good" }]));
    let (_, names) = get(&server, "/api/v1/labels?match[]=up").await;
    assert_eq!(names["data"], json!(["__name__", "service"]));
}

#[tokio::test]
async fn the_future_is_not_visible() {
    let (server, _) = server(Access::Open);
    let later = noon() + SignedDuration::from_hours(1);
    server.edit(|content| content.series.push(Series::constant("later", &[], later, 1.0)));
    let (_, body) = get(&server, &format!("/api/v1/query?query=later&time={later}")).await;
    assert_eq!(body["data"]["result"], json!([]));
    let (_, body) = get(&server, &format!("/api/v1/query?query=up&time={later}")).await;
    assert_eq!(body["data"]["result"], json!([]), "the newest sample is an hour old then");
}

#[tokio::test]
async fn a_proxy_asks_for_credentials() {
    let basic = Access::Basic { username: "ada".to_owned(), password: "s:cret".to_owned() };
    for (access, right) in [(Access::Bearer("t0ken".to_owned()), "Bearer t0ken"), (basic, "Basic YWRhOnM6Y3JldA==")]
    {
        let (server, _) = server(access);
        for (given, status) in [(None, 401), (Some("Bearer wrong"), 401), (Some(right), 200)] {
            let mut request = Request::get("/api/v1/query?query=up");
            if let Some(given) = given {
                request = request.header(header::AUTHORIZATION, given);
            }
            let response = server.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
        }
    }
}

#[tokio::test]
async fn the_page_for_people_is_html_with_200() {
    let (server, _) = server(Access::Open);
    assert_eq!(get(&server, "/").await.0, StatusCode::FOUND);
    let (status, body) = get(&server, "/graph").await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.as_str().unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn the_server_tells_of_itself() {
    let (server, _) = server(Access::Open);
    server.edit(|content| {
        content.targets.push(Target {
            job: "pay".to_owned(),
            instance: "pay-1:8080".to_owned(),
            labels: Labels::new(),
            failure: Some("connection refused".to_owned()),
        });
        let kind = Metadata { kind: "gauge".to_owned(), help: "Scrape health.".to_owned(), unit: String::new() };
        content.metadata.insert("up".to_owned(), kind);
    });
    assert_eq!(get(&server, "/-/healthy").await.1, "Prometheus Server is Healthy.\n");
    assert_eq!(get(&server, "/-/ready").await.1, "Prometheus Server is Ready.\n");
    assert_eq!(get(&server, "/api/v1/status/buildinfo").await.1["data"]["version"], "2.42.0");
    assert_eq!(get(&server, "/api/v1/status/runtimeinfo").await.1["data"]["startTime"], noon().to_string());
    let (_, targets) = get(&server, "/api/v1/targets?state=active").await;
    assert_eq!(targets["data"]["activeTargets"][0]["health"], "down");
    assert_eq!(get(&server, "/api/v1/metadata?metric=up").await.1["data"]["up"][0]["type"], "gauge");
}
