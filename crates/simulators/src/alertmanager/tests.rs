//! Through the router: the shapes, and the traps that clients fall into.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::content::*;
use super::matching::fingerprint;
use super::{Alertmanager, Options};
use crate::clock::Frozen;

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn server() -> (Alertmanager, Arc<Frozen>) {
    let clock = Arc::new(Frozen::at(noon()));
    let early = noon() - SignedDuration::from_secs(90);
    let content = Content {
        alerts: vec![
            Alert::firing("Down", &[("service", "data-lake"), ("severity", "critical"), ("site", "bank")], early),
            Alert::firing("Slow", &[("service", "data-lake"), ("severity", "warning"), ("team", "data")], early),
            Alert::firing("Slow", &[("service", "kyc-service"), ("severity", "warning")], early),
        ],
        inhibitions: vec![Inhibition {
            source: vec![Matcher::equal("severity", "critical")],
            target: vec![Matcher::equal("severity", "warning")],
            equal: vec!["service".to_owned()],
        }],
        routes: vec![Route {
            matchers: vec![Matcher::equal("team", "data")],
            receiver: "data-team".to_owned(),
            group_by: vec!["service".to_owned()],
        }],
        ..Content::default()
    };
    (Alertmanager::new(Options { clock: Arc::<Frozen>::clone(&clock), content }), clock)
}

async fn send(server: &Alertmanager, method: &str, (path, body): (&str, String)) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    let response = server.router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = || json!(String::from_utf8_lossy(&bytes));
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
}

async fn get(server: &Alertmanager, path: &str) -> (u16, Value) {
    send(server, "GET", (path, String::new())).await
}

async fn post(server: &Alertmanager, path: &str, body: &Value) -> (u16, Value) {
    send(server, "POST", (path, body.to_string())).await
}

/// The alerts of a query as `alertname service state`.
async fn alerts(server: &Alertmanager, query: &str) -> Vec<String> {
    let (status, body) = get(server, &format!("/api/v2/alerts{query}")).await;
    assert_eq!(status, 200, "{body}");
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |alert: &Value| {
        let labels = &alert["labels"];
        format!("{} {} {}", word(&labels["alertname"]), word(&labels["service"]), word(&alert["status"]["state"]))
    };
    let mut lines: Vec<String> = body.as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

fn silence() -> Value {
    json!({
        "matchers": [{ "name": "service", "value": "data-lake", "isRegex": false }],
        "startsAt": "2026-03-02T11:00:00Z",
        "endsAt": "2026-03-02T14:00:00Z",
        "createdBy": "interlock",
        "comment": "CHG0030001",
    })
}

fn with(mut silence: Value, field: &str, value: Value) -> Value {
    silence[field] = value;
    silence
}

#[test]
fn fingerprints_are_those_of_the_real_server() {
    let labels = |pairs: &[(&str, &str)]| Alert::firing("Down", pairs, noon()).labels;
    assert_eq!(fingerprint(&labels(&[("service", "a"), ("severity", "critical")])), "ffca0d5c1a2a372e");
}

#[tokio::test]
async fn the_default_list_holds_suppressed_alerts_too() {
    let (server, _) = server();
    let id = server.silence(vec![Matcher::equal("service", "kyc-service")], noon() + SignedDuration::from_hours(1));
    let all = ["Down data-lake active", "Slow data-lake suppressed", "Slow kyc-service suppressed"];
    assert_eq!(alerts(&server, "").await, all);
    assert_eq!(alerts(&server, "?silenced=false").await, all[..2]);
    assert_eq!(alerts(&server, "?inhibited=false").await, [all[0], all[2]]);
    assert_eq!(alerts(&server, "?active=false").await, all[1..]);
    assert_eq!(alerts(&server, "?unprocessed=false").await, all);
    let (_, body) = get(&server, "/api/v2/alerts?filter=service=kyc-service").await;
    assert_eq!(
        body[0]["status"],
        json!({ "inhibitedBy": [], "mutedBy": [], "silencedBy": [id], "state": "suppressed" })
    );
}

#[tokio::test]
async fn filters_are_matchers_that_must_all_hold() {
    let (server, _) = server();
    assert_eq!(
        alerts(&server, "?filter=severity=%22warning%22&filter=team!=%22data%22").await,
        ["Slow kyc-service active"]
    );
    assert_eq!(alerts(&server, "?filter=service=~%22data|kyc%22").await, [""; 0], "regexes are anchored");
    assert_eq!(alerts(&server, "?filter=service=~%22kyc.*%22").await, ["Slow kyc-service active"]);
    assert_eq!(alerts(&server, "?receiver=data-team").await, ["Slow data-lake suppressed"]);
    assert_eq!(alerts(&server, "?receiver=data").await, [""; 0]);
    assert_eq!(get(&server, "/api/v2/alerts?filter=bad").await, (400, json!("bad matcher format: bad")));
    assert_eq!(get(&server, "/api/v2/alerts?receiver=%5B").await.0, 400);
}

#[tokio::test]
async fn the_end_of_a_firing_alert_rolls_on() {
    let (server, clock) = server();
    let end = async || get(&server, "/api/v2/alerts?filter=alertname=Down").await.1[0]["endsAt"].clone();
    assert_eq!(end().await, "2026-03-02T12:03:30.000Z");
    clock.advance(SignedDuration::from_mins(10));
    assert_eq!(end().await, "2026-03-02T12:13:30.000Z");
}

#[tokio::test]
async fn resolved_alerts_vanish() {
    let (server, clock) = server();
    server.resolve(&Alert::firing("Down", &[], noon()).labels);
    assert_eq!(
        alerts(&server, "").await,
        ["Slow data-lake active", "Slow kyc-service active"],
        "nothing inhibits now"
    );
    let posted = json!([{ "labels": { "alertname": "Hot", "service": "auth-service" }, "endsAt": "0001-01-01T00:00:00.000Z" }]);
    assert_eq!(post(&server, "/api/v2/alerts", &posted).await.0, 200);
    assert_eq!(alerts(&server, "?filter=alertname=Hot").await, ["Hot auth-service active"]);
    clock.advance(SignedDuration::from_mins(5));
    assert_eq!(alerts(&server, "?filter=alertname=Hot").await, [""; 0], "nobody sent it again");
}

#[tokio::test]
async fn posted_alerts_are_checked() {
    let (server, _) = server();
    let refused = [
        (json!({}), 400, json!(400)),
        (json!([{}]), 422, json!(602)),
        (json!([{ "labels": {} }]), 400, json!("at least one label pair required")),
        (json!([{ "labels": { "a-b": "x" } }]), 400, json!("invalid label set: invalid name \"a-b\"")),
        (
            json!([{ "labels": { "a": "x" }, "startsAt": "2030-01-01T00:00:00Z", "endsAt": "2020-01-01T00:00:00Z" }]),
            400,
            json!("start time must be before end time"),
        ),
    ];
    for (body, status, told) in refused {
        let (seen, answer) = post(&server, "/api/v2/alerts", &body).await;
        let answer = answer.get("code").cloned().unwrap_or(answer);
        assert_eq!((seen, answer), (status, told), "{body}");
    }
}

#[tokio::test]
async fn a_silence_from_the_past_starts_now_and_suppresses() {
    let (server, _) = server();
    let (status, body) = post(&server, "/api/v2/silences", &silence()).await;
    assert_eq!(status, 200);
    let id = body["silenceID"].as_str().unwrap();
    let (_, seen) = get(&server, &format!("/api/v2/silence/{id}")).await;
    assert_eq!(seen["startsAt"], "2026-03-02T12:00:00.000Z");
    assert_eq!(seen["status"]["state"], "active");
    assert_eq!(seen["matchers"][0]["isEqual"], true, "absent means equal");
    assert_eq!(alerts(&server, "?silenced=false").await, ["Slow kyc-service active"]);
    assert_eq!(get(&server, "/api/v2/silences?filter=service=data-lake").await.1[0]["comment"], "CHG0030001");
    assert_eq!(get(&server, "/api/v2/silences?active=false").await.1, json!([]));
}

#[tokio::test]
async fn errors_come_as_a_string_or_as_an_object_or_empty() {
    let (server, _) = server();
    let matcher = |value: &str, regex: bool| json!([{ "name": "a", "value": value, "isRegex": regex }]);
    let told = [
        (
            with(silence(), "endsAt", json!("2026-03-02T11:30:00Z")),
            400,
            json!("Failed to create silence: end time can't be in the past"),
        ),
        (
            with(silence(), "endsAt", json!("2026-03-02T10:00:00Z")),
            400,
            json!("Failed to create silence: start time must be before end time"),
        ),
        (
            with(silence(), "matchers", matcher("", false)),
            400,
            json!("silence invalid: at least one matcher must not match the empty string"),
        ),
        (
            with(silence(), "matchers", matcher(".*", true)),
            400,
            json!("silence invalid: at least one matcher must not match the empty string"),
        ),
        (with(silence(), "id", json!("3c0be1a4-0000-4000-8000-000000000000")), 404, json!("silence not found")),
        (
            with(silence(), "matchers", json!([])),
            422,
            json!({ "code": 612, "message": "matchers in body should have at least 1 items" }),
        ),
        (json!({}), 422, json!({ "code": 602, "message": "comment in body is required" })),
    ];
    for (body, status, answer) in told {
        assert_eq!(post(&server, "/api/v2/silences", &body).await, (status, answer), "{body}");
    }
    assert_eq!(post(&server, "/api/v2/silences", &with(silence(), "matchers", matcher("(", true))).await.0, 400);
    for method in ["GET", "DELETE"] {
        let unknown = "/api/v2/silence/3c0be1a4-0000-4000-8000-000000000000";
        assert_eq!(send(&server, method, (unknown, String::new())).await, (404, json!("")));
        let (status, body) = send(&server, method, ("/api/v2/silence/nope", String::new())).await;
        assert_eq!((status, &body["code"]), (422, &json!(601)));
    }
}

#[tokio::test]
async fn a_change_keeps_the_id_only_where_it_does_not_rewrite_the_past() {
    let (server, clock) = server();
    let save = async |body: Value| {
        let (status, answer) = post(&server, "/api/v2/silences", &body).await;
        assert_eq!(status, 200, "{answer}");
        answer["silenceID"].as_str().unwrap().to_owned()
    };
    let state = async |id: &str| get(&server, &format!("/api/v2/silence/{id}")).await.1["status"]["state"].clone();
    let first = save(silence()).await;
    clock.advance(SignedDuration::from_mins(1));
    let same = with(with(silence(), "id", json!(first)), "startsAt", json!("2026-03-02T12:00:00.000Z"));
    assert_eq!(save(with(same.clone(), "comment", json!("longer"))).await, first);
    assert_eq!(save(with(same.clone(), "endsAt", json!("2026-03-02T16:00:00Z"))).await, first);
    let matchers = json!([{ "name": "service", "value": "kyc-service", "isRegex": false }]);
    let second = save(with(same.clone(), "matchers", matchers)).await;
    assert_ne!(second, first);
    assert_eq!((state(&first).await, state(&second).await), (json!("expired"), json!("active")));
    // Another start is another silence too, even a past one that would be moved to now.
    let third = save(with(with(silence(), "id", json!(second)), "startsAt", json!("2026-03-02T11:00:00Z"))).await;
    assert_ne!(third, second);
    assert_eq!(state(&second).await, "expired");
    let revived = save(with(same, "id", json!(second))).await;
    assert!(![first, second, third].contains(&revived), "an expired silence is never revived");
}

#[tokio::test]
async fn deleting_expires_and_twice_is_fine() {
    let (server, clock) = server();
    let pending = with(silence(), "startsAt", json!("2026-03-02T13:00:00Z"));
    for body in [silence(), pending] {
        let (_, answer) = post(&server, "/api/v2/silences", &body).await;
        let path = format!("/api/v2/silence/{}", answer["silenceID"].as_str().unwrap());
        for _ in 0..2 {
            assert_eq!(send(&server, "DELETE", (&path, String::new())).await.0, 200);
        }
        assert_eq!(get(&server, &path).await.1["status"]["state"], "expired");
    }
    assert_eq!(get(&server, "/api/v2/silences").await.1.as_array().unwrap().len(), 2);
    assert_eq!(get(&server, "/api/v2/silences?expired=false").await.1, json!([]));
    clock.advance(SignedDuration::from_hours(121));
    assert_eq!(get(&server, "/api/v2/silences").await.1, json!([]), "kept for 120 hours");
}

#[tokio::test]
async fn alerts_are_grouped_as_they_are_notified() {
    let (server, _) = server();
    let (_, groups) = get(&server, "/api/v2/alerts/groups").await;
    let line = |group: &Value| (group["receiver"]["name"].clone(), group["labels"].clone());
    let mut seen: Vec<(Value, Value)> = groups.as_array().unwrap().iter().map(line).collect();
    seen.sort_by_key(|(receiver, labels)| format!("{receiver}{labels}"));
    let expected = [
        ("data-team", json!({ "service": "data-lake" })),
        ("default", json!({ "alertname": "Down" })),
        ("default", json!({ "alertname": "Slow" })),
    ];
    assert_eq!(seen, expected.map(|(receiver, labels)| (json!(receiver), labels)));
    assert_eq!(get(&server, "/api/v2/alerts/groups?muted=false").await.1.as_array().unwrap().len(), 2);
    assert_eq!(get(&server, "/api/v2/receivers").await.1, json!([{ "name": "data-team" }, { "name": "default" }]));
}

#[tokio::test]
async fn api_v1_is_gone_and_unknown_paths_differ_inside_and_outside() {
    let (server, _) = server();
    for path in ["/api/v1/alerts", "/api/v1/silences", "/api/v1"] {
        assert_eq!(get(&server, path).await.0, StatusCode::GONE.as_u16());
    }
    let told = json!({ "code": 404, "message": "path /api/v2/nope was not found" });
    assert_eq!(get(&server, "/api/v2/nope").await, (404, told));
    assert_eq!(get(&server, "/nope").await, (404, json!("404 page not found\n")));
    assert_eq!(send(&server, "PUT", ("/api/v2/alerts", String::new())).await.0, 405);
    let (_, status) = get(&server, "/api/v2/status").await;
    assert_eq!(
        (&status["cluster"]["status"], &status["versionInfo"]["version"]),
        (&json!("disabled"), &json!("0.28.0"))
    );
}
