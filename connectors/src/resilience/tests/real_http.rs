//! Real HTTP against a server that misbehaves. Small limits and tries stand in for waiting.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body as HttpBody;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use domain::ConnectorId;
use futures::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::SystemClock;
use crate::error::Failure;

/// A server on a free port; it ends when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _task: AbortOnDropHandle<()>,
}

impl Server {
    pub(super) fn running(address: SocketAddr, serving: impl Future<Output = ()> + Send + 'static) -> Self {
        let runtime = tokio::runtime::Handle::current();
        Self { address, _task: AbortOnDropHandle::new(runtime.spawn(serving)) }
    }

    async fn of(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving = async move { axum::serve(listener, router).await.expect("it serves") };
        Self::running(address, serving)
    }

    /// A server that answers each connection with these bytes and hangs up.
    pub(super) async fn raw(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving = async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let read = socket.read(&mut request).await.unwrap_or(0);
                if read > 0 {
                    socket.write_all(answer).await.ok();
                }
            }
        };
        Self::running(address, serving)
    }

    fn system(&self) -> Upstream {
        self.system_with(|_| {})
    }

    pub(super) fn system_with(&self, tune: impl FnOnce(&mut UpstreamConfig)) -> Upstream {
        let id = ConnectorId::new("fake");
        let mut config = UpstreamConfig::new(id, format!("http://{}", self.address), Arc::new(SystemClock));
        config.settings.retry.retries = 0;
        config.settings.try_timeout = millis(400);
        config.settings.max_body_bytes = 100_000;
        tune(&mut config);
        Upstream::new(config).expect("a system")
    }
}

fn routed(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Router {
    Router::new().route("/rows", get(move || async move { answer }))
}

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

async fn failure(router: Router) -> Failure {
    let server = Server::of(router).await;
    let error = server.system().send(read()).await.expect_err("a failure");
    Failure { kind: error.kind, cause: error.cause }
}

async fn check(router: Router, expected: FailureKind, cause: &str) {
    let failure = failure(router).await;
    assert_eq!(failure.kind, expected);
    assert_eq!(failure.cause.expect("a cause").as_str(), cause);
}

#[tokio::test]
async fn a_good_answer_arrives_whole_and_we_say_who_we_are() {
    let router = Router::new().route(
        "/base/rows/{name}",
        get(|headers: HeaderMap, uri: axum::http::Uri| async move {
            let agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let seen = serde_json::json!({
                "agent": agent, "uri": uri.to_string(), "gzip": headers.contains_key("accept-encoding"),
                "cookie": headers.contains_key("cookie"),
            });
            ([(header::SET_COOKIE, "session=1")], axum::Json(seen))
        }),
    );
    let server = Server::of(router).await;
    let system = server.system_with(|config| config.base_url.push_str("/base"));
    let request = || read().segment("a/b").query("q", "x y");
    for _ in 0..2 {
        let answer = system.send(request()).await.expect("an answer");
        let seen: serde_json::Value = crate::json::decode(&answer).expect("JSON");
        assert_eq!(seen["agent"], concat!("interlock/", env!("CARGO_PKG_VERSION")));
        assert_eq!(seen["uri"], "/base/rows/a%2Fb?q=x+y");
        assert_eq!((&seen["gzip"], &seen["cookie"]), (&true.into(), &false.into()));
    }
}

#[tokio::test]
async fn a_web_page_with_status_200_is_malformed() {
    let page = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], "<html>Log in</html>");
    check(routed(page), FailureKind::Malformed, "it sent a web page instead of JSON").await;
}

#[tokio::test]
async fn another_content_type_is_malformed() {
    check(routed("{}"), FailureKind::Malformed, "it sent another content type instead of JSON").await;
}

#[tokio::test]
async fn broken_and_empty_json_are_malformed() {
    check(routed((JSON, "{\"rows\": [")), FailureKind::Malformed, "the JSON ends too early at line 1, column 10")
        .await;
    check(routed((JSON, "{rows}")), FailureKind::Malformed, "the JSON is broken at line 1, column 2").await;
    assert_eq!(failure(routed((JSON, ""))).await.kind, FailureKind::Malformed);
}

#[tokio::test]
async fn a_cut_body_is_a_broken_connection() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"rows\":";
    let server = Server::raw(cut).await;
    let error = server.system().send(read()).await.expect_err("a failure");
    assert_eq!(error.kind, FailureKind::Unreachable);

    let chunked =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"row";
    let server = Server::raw(chunked).await;
    let error = server.system().send(read()).await.expect_err("a failure");
    assert_eq!(error.kind, FailureKind::Unreachable);
}

#[tokio::test]
async fn what_is_no_http_is_a_broken_connection() {
    let server = Server::raw(b"220 mail.example ESMTP\r\n").await;
    let error = server.system().send(read()).await.expect_err("a failure");
    assert_eq!(error.kind, FailureKind::Unreachable);
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let closed = Server::running(listener.local_addr().expect("an address"), async {});
    drop(listener);
    let error = closed.system().send(read()).await.expect_err("a failure");
    assert_eq!(error.kind, FailureKind::Unreachable);
    assert_eq!(error.cause.expect("a cause").as_str(), "the connection was refused");
}

fn endless(sent: Arc<AtomicUsize>) -> Response {
    let chunks = futures::stream::repeat_with(move || {
        sent.fetch_add(16_384, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from_static(&[b' '; 16_384]))
    });
    (JSON, HttpBody::from_stream(chunks)).into_response()
}

#[tokio::test]
async fn an_endless_body_is_left_when_it_is_too_large() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let router = Router::new().route("/rows", get(move || async move { endless(counted) }));
    assert_eq!(failure(router).await.kind, FailureKind::TooLarge);
    // The kernel's buffers take some; a hundred megabytes would mean that we went on reading.
    assert!(sent.load(Ordering::Relaxed) < 100_000_000);
}

#[tokio::test]
async fn a_body_announced_too_large_is_not_read() {
    let huge = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1073741824\r\n\r\n";
    let server = Server::raw(huge).await;
    assert_eq!(kind(server.system().send(read()).await), FailureKind::TooLarge);
}

#[tokio::test]
async fn a_small_body_that_unpacks_to_a_huge_one_is_too_large() {
    let packed = gzip_of_spaces(100);
    assert!(packed.len() < 100_000, "{}", packed.len());
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_ENCODING, "gzip")];
    assert_eq!(failure(routed((headers.clone(), packed))).await.kind, FailureKind::TooLarge);

    let wrong_sum = gzip_of_spaces(0);
    assert_eq!(failure(routed((headers.clone(), wrong_sum))).await.kind, FailureKind::Malformed);

    let server = Server::of(routed((headers, EMPTY_ROWS))).await;
    let answer = server.system().send(read()).await.expect("an answer");
    assert_eq!(answer.body, r#"{"rows":[]}"#);
}

#[tokio::test]
async fn a_broken_gzip_body_is_malformed() {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_ENCODING, "gzip")];
    let failed = failure(routed((headers, "this is not gzip at all"))).await;
    assert_eq!(failed.kind, FailureKind::Malformed);
}

#[tokio::test]
async fn slow_headers_and_slow_bodies_end_with_the_try() {
    let never = Router::new().route("/rows", get(std::future::pending::<()>));
    check(never, FailureKind::TimedOut, "one try took too long").await;

    let drip = Router::new().route(
        "/rows",
        get(|| async {
            let first = futures::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{"))]);
            (JSON, HttpBody::from_stream(first.chain(futures::stream::pending())))
        }),
    );
    check(drip, FailureKind::TimedOut, "one try took too long").await;
}

#[tokio::test]
async fn redirects_are_followed_on_the_host_only() {
    let router = Router::new()
        .route("/rows", get(|| async { Redirect::temporary("/moved") }))
        .route("/moved", get(|| async { (JSON, "{}") }));
    let server = Server::of(router).await;
    assert!(server.system().send(read()).await.is_ok());

    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let elsewhere = Router::new().fallback(move || async move {
        counted.fetch_add(1, Ordering::Relaxed);
        (JSON, "{}")
    });
    let other = Server::of(elsewhere).await;
    let away = format!("http://{}/rows", other.address);
    let router = Router::new().route("/rows", get(move || async move { Redirect::temporary(&away) }));
    check(router, FailureKind::RedirectRefused, "it redirected to another host, often a login page").await;
    assert_eq!(seen.load(Ordering::Relaxed), 0, "our credentials did not go there");

    let circle = Router::new().route("/rows", get(|| async { Redirect::temporary("/rows") }));
    check(circle, FailureKind::RedirectRefused, "it redirected more than five times").await;
}

#[tokio::test]
async fn an_error_with_an_endless_body_is_still_that_error() {
    let router = Router::new().route(
        "/rows",
        get(|| async {
            let mut response = endless(Arc::default());
            *response.status_mut() = axum::http::StatusCode::SERVICE_UNAVAILABLE;
            response
        }),
    );
    assert_eq!(failure(router).await.kind, FailureKind::Unavailable { status: 503 });
}

#[tokio::test]
async fn a_token_is_fetched_with_the_clients_secret_and_used() {
    use axum::routing::post;
    let router = Router::new()
        .route(
            "/oauth_token.do",
            post(|body: String| async move {
                let good = body == "grant_type=client_credentials&client_id=interlock&client_secret=s%26cret";
                let token = if good { "good" } else { "bad" };
                axum::Json(serde_json::json!({"access_token": token, "expires_in": 1800}))
            }),
        )
        .route(
            "/rows",
            get(|headers: HeaderMap| async move {
                let good = headers.get("authorization").is_some_and(|value| value == "Bearer good");
                let status = if good { 200 } else { 401 };
                (axum::http::StatusCode::from_u16(status).expect("a status"), JSON, "{}")
            }),
        );
    let server = Server::of(router).await;
    let source = ClientCredentials {
        upstream: server.system(),
        path: "oauth_token.do".to_owned(),
        client_id: "interlock".to_owned(),
        client_secret: Secret::new("s&cret"),
        scope: String::new(),
    };
    let system = server.system_with(|config| config.credentials = Arc::new(RenewedToken::new(Arc::new(source))));
    assert!(system.send(read()).await.is_ok());
}

/// Gzip of so many times 65 535 spaces, built by hand: fixed Huffman codes, one space, then
/// repetitions of 258 at distance one.
fn gzip_of_spaces(times: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(1, 1); // the last block
    bits.push(0b01, 2); // fixed codes
    bits.push_code(0x30 + 0x20, 8); // a space
    for _ in 0..times * 254 {
        bits.push_code(0b1100_0101, 8); // length 258
        bits.push_code(0, 5); // distance 1
    }
    bits.push_code(0, 7); // the end
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    packed.extend(bits.bytes);
    // The checksum is not right; the reader must have given up before it gets here.
    packed.extend([0; 8]);
    packed
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for index in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = u8::from(value >> index & 1 == 1);
            *self.bytes.last_mut().expect("a byte") |= bit << (self.used % 8);
            self.used += 1;
        }
    }

    /// Huffman codes stand with their highest bit first.
    fn push_code(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }
}

/// `{"rows":[]}`, packed.
const EMPTY_ROWS: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\xca\x2f\x2f\x56\xb2\x8a\x8e\xad\x05\x00\x50\xf4\x14\xeb\x0b\x00\x00\x00";
