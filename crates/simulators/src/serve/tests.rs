//! Every fault as a client meets it, through a real socket.

use std::sync::Arc;

use super::*;
use crate::clock::Frozen;
use crate::faults::Effect;

async fn serving() -> (Server, reqwest::Client) {
    // A second installation is refused, which is fine: the first one serves all tests.
    drop(rustls::crypto::ring::default_provider().install_default());
    let clock = Arc::new(Frozen::at("2026-03-02T12:00:00Z".parse().unwrap()));
    let router = Router::new().route("/list", get(|| async { Json(vec!["one", "two", "three"]) }));
    let server = Server::start(router, 0, clock).await.unwrap();
    let client = reqwest::Client::builder().no_proxy();
    let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
    (server, client)
}

async fn get_list(server: &Server, client: &reqwest::Client) -> reqwest::Result<reqwest::Response> {
    client.get(format!("{}/list?page=1", server.url())).send().await
}

/// Sets one fault for one request and tells how the answer looked; the next one must be sound again.
async fn check(effect: Effect, expected: &str) {
    let (server, client) = serving().await;
    server.faults.set(Fault::on("/list", effect).times(1));
    let seen = match get_list(&server, &client).await {
        Err(_) => "no answer".to_owned(),
        Ok(answer) => {
            let status = answer.status().as_u16();
            let headers = answer.headers().clone();
            let header = |name: &str| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
            let extra = header("retry-after").or(header("location"));
            let kind = header("content-type").unwrap_or_default();
            let body = match answer.text().await {
                Ok(text) if text.len() > 99 => format!("{} bytes", text.len()),
                Ok(text) => text,
                Err(_) => "broken".to_owned(),
            };
            format!("{status} {kind} {} {body}", extra.unwrap_or_default())
        }
    };
    assert_eq!(seen, expected);
    let sound = get_list(&server, &client).await.unwrap();
    assert_eq!(sound.text().await.unwrap(), r#"["one","two","three"]"#);
}

#[tokio::test]
async fn statuses_carry_headers_and_body() {
    let headers = [("location".to_owned(), "x".to_owned())].into();
    let body = r#"{"error":"gone"}"#.to_owned();
    let effect = Effect::Status { status: 410, headers, body };
    check(effect, r#"410 application/json x {"error":"gone"}"#).await;
    let effect = Effect::TooManyRequests { retry_after_seconds: Some(7) };
    check(effect, r#"429 application/json 7 {"error":"slow down"}"#).await;
    let effect = Effect::TooManyRequests { retry_after_seconds: None };
    check(effect, r#"429 application/json  {"error":"slow down"}"#).await;
    check(Effect::ExpiredToken, r#"401 application/json  {"error":"invalid_token"}"#).await;
}

#[tokio::test]
async fn bodies_lie_in_many_ways() {
    check(Effect::MalformedJson, r#"200 application/json  {"result":[{"name":"pay"#).await;
    check(Effect::Html, "200 text/html; charset=utf-8  112 bytes").await;
    check(Effect::OtherShape, r#"200 application/json  {"unexpected":{"shape":[1,2]}}"#).await;
    check(Effect::EmptyBody, "200 application/json  ").await;
    let content_type = "text/plain".to_owned();
    check(Effect::ContentType { content_type }, r#"200 text/plain  ["one","two","three"]"#).await;
    let effect = Effect::Redirect { location: "http://elsewhere.example/".to_owned(), status: 302 };
    check(effect, "302 text/plain http://elsewhere.example/ ").await;
}

#[tokio::test]
async fn connections_break() {
    check(Effect::CutBody { after_bytes: 5 }, "200 application/json  broken").await;
    check(Effect::Refuse, "no answer").await;
}

#[tokio::test]
async fn slow_answers_still_arrive_whole() {
    check(Effect::DelayHeaders { milliseconds: 2 }, r#"200 application/json  ["one","two","three"]"#).await;
    let effect = Effect::SlowBody { piece_bytes: 4, milliseconds: 1 };
    check(effect, r#"200 application/json  ["one","two","three"]"#).await;
}

#[tokio::test]
async fn a_gzip_bomb_unpacks_to_what_it_promises() {
    check(Effect::GzipBomb { mebibytes: 2 }, "200 application/json  2097025 bytes").await;
}

#[tokio::test]
async fn an_endless_body_goes_on_until_the_client_leaves() {
    let (server, client) = serving().await;
    server.faults.set(Fault::on("/list", Effect::EndlessBody));
    let mut answer = get_list(&server, &client).await.unwrap();
    let mut read = 0;
    while read < 200_000 {
        read += answer.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn a_skewed_date_is_off_by_the_minutes_asked_for() {
    let (server, client) = serving().await;
    server.faults.set(Fault::on("/", Effect::SkewedDate { minutes: -10 }));
    let answer = get_list(&server, &client).await.unwrap();
    assert_eq!(answer.headers()["date"], "Mon, 02 Mar 2026 11:50:00 GMT");
}

#[tokio::test]
async fn stopping_breaks_open_connections_and_frees_the_port() {
    let (server, client) = serving().await;
    server.faults.set(Fault::on("/list", Effect::EndlessBody).times(1));
    let mut answer = get_list(&server, &client).await.unwrap();
    let url = server.url();
    server.stop().await;
    while let Ok(Some(_)) = answer.chunk().await {}
    assert!(client.get(url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn controls_work_over_http_and_are_not_counted() {
    let (server, client) = serving().await;
    let faults = format!("{}/_simulator/faults", server.url());
    let fault = r#"{"path":"/list","times":1,"fault":"status","status":503}"#;
    let put = client.put(&faults).header("content-type", "application/json");
    assert_eq!(put.body(fault).send().await.unwrap().status(), 204);
    assert_eq!(get_list(&server, &client).await.unwrap().status(), 503);
    assert_eq!(get_list(&server, &client).await.unwrap().status(), 200);
    assert_eq!(client.delete(&faults).send().await.unwrap().status(), 204);
    let counted = client.get(format!("{}/_simulator/requests", server.url()));
    let counted: serde_json::Value = counted.send().await.unwrap().json().await.unwrap();
    assert_eq!(counted["total"], 2);
    assert_eq!(counted["counts"][0]["route"], "/list");
    assert_eq!(server.requests.matching("page=1").len(), 2);
}
