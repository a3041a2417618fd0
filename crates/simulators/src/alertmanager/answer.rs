//! How answers are written: bare JSON, moments with milliseconds, and errors in two forms.
//! What the server decides is a JSON string; what the request decoder refuses is an object with code and message.

use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 400 or 404 with a JSON string.
    Said(StatusCode, String),
    /// The decoder's: status, its own code, message.
    Decoding(StatusCode, u16, String),
    /// 404 with nothing in it.
    Absent,
}

impl Refusal {
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::Said(StatusCode::BAD_REQUEST, message.into())
    }

    pub(super) fn invalid(code: u16, message: impl Into<String>) -> Self {
        Self::Decoding(StatusCode::UNPROCESSABLE_ENTITY, code, message.into())
    }

    pub(super) fn undecodable(message: impl Into<String>) -> Self {
        Self::Decoding(StatusCode::BAD_REQUEST, 400, message.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Said(status, message) => (status, Json(json!(message))).into_response(),
            Self::Decoding(status, code, message) => {
                (status, Json(json!({ "code": code, "message": message }))).into_response()
            }
            Self::Absent => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

pub(super) type Answer = Result<Json<serde_json::Value>, Refusal>;

pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// `1`, `yes`, `on` and the like are true, everything else that is given is false.
pub(super) fn flag(parameters: &[(String, String)], name: &str) -> bool {
    const TRUE: [&str; 10] = ["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"];
    let given = parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.to_ascii_lowercase());
    given.is_none_or(|value| value.is_empty() || TRUE.contains(&value.as_str()))
}

pub(super) fn parameters(uri: &Uri) -> Vec<(String, String)> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

pub(super) async fn unknown_path(uri: axum::extract::OriginalUri) -> Refusal {
    Refusal::Decoding(StatusCode::NOT_FOUND, 404, format!("path {} was not found", uri.path()))
}

pub(super) async fn method_not_allowed(request: Request) -> Refusal {
    let message = format!("method {} is not allowed", request.method());
    Refusal::Decoding(StatusCode::METHOD_NOT_ALLOWED, 405, message)
}

pub(super) async fn not_found() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (StatusCode::NOT_FOUND, kind, "404 page not found\n").into_response()
}

/// API v1 was removed in version 0.27.
pub(super) async fn gone() -> Response {
    let told = json!({ "status": "deprecated", "error": "API v1 is removed as of version 0.27.0; use the route of API v2" });
    (StatusCode::GONE, Json(told)).into_response()
}
