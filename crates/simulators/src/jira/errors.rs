//! Jira's ErrorCollection, and the sentences its clients know.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) messages: Vec<String>,
    pub(super) fields: Map<String, Value>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, messages: vec![message.into()], fields: Map::new() }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn field(name: &str, message: &str) -> Self {
        let mut fields = Map::new();
        fields.insert(name.into(), message.into());
        Self { status: StatusCode::BAD_REQUEST, messages: Vec::new(), fields }
    }

    pub(super) fn no_issue() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Issue does not exist or you do not have permission to see it.")
    }

    pub(super) fn no_project(key: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("No project could be found with key '{key}'."))
    }

    pub(super) fn no_version(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Could not find version for id '{id}'"))
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "You are not authenticated. Authentication required to perform this operation.",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "errorMessages": self.messages, "errors": self.fields }))).into_response()
    }
}
