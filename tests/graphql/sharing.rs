//! Answers of the real graph over HTTP: what is kept, for whom, and until when.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request},
};
use domain::{Actor, RecordKind, Scope, ServiceKey};
use interlock::federation::Extent;
use interlock::http::{
    Access, Basis, Caller, Executor, HostPolicy, HttpState, Limits, Metrics, Readiness, StaticToken, router,
};
use tower::ServiceExt;

use super::bank::{full_bank, small_bank};
use super::world::Asked;

/// The bank's API over HTTP, with a token for all of it and one for each of its services.
fn served(bank: &Asked) -> Router {
    let token = |name: &str, scope| StaticToken::new(name, name, Actor::anonymous(), scope);
    let only = |service: &str| Scope::Services([ServiceKey::new(service)].into());
    router(HttpState {
        executor: bank.api.clone(),
        readiness: Arc::new(|| Readiness::Ready),
        access: Access::new(vec![
            token("all", Scope::All),
            token("payments", only("payments-api")),
            token("cards", only("card-gateway")),
        ]),
        hosts: HostPolicy::new("127.0.0.1:4000".parse().unwrap(), &[]),
        limits: Limits::default(),
        metrics: Metrics::default(),
    })
    .unwrap()
}

async fn get(router: &Router, token: &str, path: &str) -> (HeaderMap, String) {
    let mut request = Request::get(path)
        .header("host", "localhost:4000")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    request.extensions_mut().insert(ConnectInfo("127.0.0.1:50000".parse::<SocketAddr>().unwrap()));
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let text = to_bytes(body, usize::MAX).await.unwrap();
    (parts.headers, String::from_utf8(text.to_vec()).unwrap())
}

async fn ask(router: &Router, token: &str, query: &str) -> (HeaderMap, String) {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    get(router, token, &format!("/graphql?query={query}")).await
}

/// How many answers came from where, so far.
async fn answers(router: &Router, origin: &str) -> String {
    let (_, page) = get(router, "all", "/metrics").await;
    let name = format!("interlock_answers_total{{origin=\"{origin}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_answer_says_what_it_was_made_from() {
    let bank = small_bank().await;
    let cases = [
        (r#"{ release(key: "payments-api@2.14.0") { key status sources { fetchedAt stale } } }"#, Basis::Graph(1)),
        ("{ graph { version } releases(first: 9) { totalCount } __typename }", Basis::Graph(1)),
        (r#"{ release(key: "payments-api@2.14.0", maxAge: null) { key } }"#, Basis::Graph(1)),
        (r#"{ release(key: "payments-api@2.14.0", maxAge: 3600) { key } }"#, Basis::Live),
        ("{ graph { version } connectors { id } }", Basis::Live),
        (r#"{ release(key: "payments-api@2.14.0", asOf: "2001-01-01T00:00:00Z") { key } }"#, Basis::Live),
        (r#"{ services(first: 1, asOf: "2001-01-01T00:00:00Z") { totalCount } }"#, Basis::Live),
    ];
    for (query, basis) in cases {
        assert_eq!(bank.api.execute(query.into(), Caller::anonymous()).await.basis, basis, "{query}");
    }
}

#[tokio::test]
async fn reading_through_is_never_kept() {
    let bank = small_bank().await;
    let router = served(&bank);
    let query = r#"{ release(key: "payments-api@2.14.0", maxAge: 3600) { key } }"#;
    for _ in 0..3 {
        let (headers, text) = ask(&router, "all", query).await;
        assert_eq!(text, r#"{"data":{"release":{"key":"payments-api@2.14.0"}}}"#);
        assert_eq!((headers.get("etag"), &headers["cache-control"]), (None, &"no-store".parse().unwrap()));
    }
    assert_eq!(answers(&router, "executed").await, "3");
    assert_eq!(answers(&router, "kept").await, "0");
}

#[tokio::test]
async fn scopes_do_not_cross() {
    let bank = small_bank().await;
    let router = served(&bank);
    let query = "{ releases(first: 9) { totalCount edges { node { key } } } }";
    for _ in 0..2 {
        let mut counts = Vec::new();
        for token in ["all", "payments", "cards"] {
            let (_, text) = ask(&router, token, query).await;
            assert_eq!(text.contains("card-gateway"), token != "payments", "{text}");
            assert_eq!(text.contains("payments-api"), token != "cards", "{text}");
            counts.push(text);
        }
        assert!(counts[0] != counts[1] && counts[1] != counts[2]);
    }
    assert_eq!((answers(&router, "executed").await, answers(&router, "kept").await), ("3".into(), "3".into()));
}

#[tokio::test]
async fn a_new_graph_is_answered_from_and_tagged_anew() {
    let world = full_bank();
    let jira = world.system("jira").clone();
    let bank = world.read().await;
    let router = served(&bank);
    let (version, count) = ("{ graph { version } }", "{ releases(first: 9) { totalCount } }");
    let (first_version, first_count) = (ask(&router, "all", version).await, ask(&router, "all", count).await);
    // Nothing new: the same graph, and the same answers.
    bank.federation.gather(Extent::Sweep).await;
    assert_eq!(ask(&router, "all", version).await.1, first_version.1);
    jira.fails_for(&[RecordKind::WorkItem]);
    bank.federation.gather(Extent::Sweep).await;
    let (next_version, next_count) = (ask(&router, "all", version).await, ask(&router, "all", count).await);
    assert_eq!(next_version.1, r#"{"data":{"graph":{"version":2}}}"#);
    assert_ne!(next_version.0["etag"], first_version.0["etag"]);
    // Executed again, with the same result: clients need not fetch it again.
    assert_eq!(answers(&router, "executed").await, "4");
    assert_eq!(next_count.0["etag"], first_count.0["etag"]);
}

#[tokio::test]
async fn an_outage_that_is_told_as_an_error_is_told_to_each() {
    let bank = full_bank();
    bank.system("jira").fails_for(&[RecordKind::WorkItem]);
    let bank = bank.read().await;
    let router = served(&bank);
    let query = r#"{ release(key: "payments-api@2.14.0") { workItems(first: 5) { totalCount } } }"#;
    for _ in 0..2 {
        let (headers, text) = ask(&router, "all", query).await;
        let trace = headers["x-trace-id"].to_str().unwrap();
        assert!(text.contains("SOURCE_TIMED_OUT") && text.contains(trace), "{text}");
        assert_eq!(headers.get("etag"), None);
    }
}
