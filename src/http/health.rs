//! Whether the process lives and whether it can answer. Tells no details beyond one sentence: these two
//! routes are open to whoever can reach the port.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde_json::json;

/// What `/health/ready` answers. Ready means that a first graph is assembled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// In one sentence, without names of systems or addresses.
    NotReady(String),
}

pub(super) fn live() -> Response<Body> {
    answer(StatusCode::OK, &json!({ "status": "live" }))
}

pub(super) fn ready(readiness: &Readiness) -> Response<Body> {
    match readiness {
        Readiness::Ready => answer(StatusCode::OK, &json!({ "status": "ready" })),
        Readiness::NotReady(reason) => {
            answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "not ready", "reason": reason }))
        }
    }
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
