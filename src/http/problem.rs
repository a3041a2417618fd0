//! Refusals: what a client did wrong or may not do, with a stable code, told as a GraphQL error body.
//! Knows how a refusal becomes a response; who refuses what stands where it is decided.

use async_graphql::{ErrorExtensionValues, Pos, ServerError};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use serde::Serialize;

use super::{negotiation::AnswerType, observe::TraceId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Unauthenticated,
    Forbidden,
    BadInput,
    LimitExceeded,
    Internal,
}

impl Code {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Code::Unauthenticated => "UNAUTHENTICATED",
            Code::Forbidden => "FORBIDDEN",
            Code::BadInput => "BAD_INPUT",
            Code::LimitExceeded => "LIMIT_EXCEEDED",
            Code::Internal => "INTERNAL",
        }
    }
}

/// Which status a refusal is told with.
#[derive(Debug, Clone, Copy)]
enum Status {
    /// The HTTP request itself is at fault: the same status for every media type.
    Fixed(StatusCode),
    /// The HTTP request is well-formed, the GraphQL inside is not accepted. `application/json` then answers 200,
    /// since its readers cannot tell our error bodies from those of a proxy.
    WellFormed(StatusCode),
}

/// A refusal on its way to the client. Boxed: it travels through every `Result` here, and is rare.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", .0.code.as_str(), .0.message)]
pub(super) struct Problem(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    status: Status,
    code: Code,
    message: String,
    positions: Vec<Pos>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// The HTTP request is at fault.
    pub(super) fn of_http(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self::new(Status::Fixed(status), code, message.into())
    }

    /// The parameters of a request are missing or of the wrong type.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::of_http(StatusCode::BAD_REQUEST, Code::BadInput, message)
    }

    /// The HTTP request is fine, the GraphQL document, its variables or what it asks for are not.
    pub(super) fn of_document(code: Code, message: impl Into<String>) -> Self {
        let status = match code {
            Code::Forbidden => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(Status::WellFormed(status), code, message.into())
    }

    /// Execution ran out of time.
    pub(super) fn out_of_time(message: impl Into<String>) -> Self {
        Self::new(Status::WellFormed(StatusCode::GATEWAY_TIMEOUT), Code::LimitExceeded, message.into())
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    pub(super) fn with_positions(mut self, positions: Vec<Pos>) -> Self {
        self.0.positions = positions;
        self
    }

    pub(super) fn into_response(self, answer: AnswerType, trace: TraceId) -> Response<Body> {
        let Refusal { status, code, message, positions, header } = *self.0;
        let status = match (status, answer) {
            (Status::WellFormed(_), AnswerType::Json) => StatusCode::OK,
            (Status::Fixed(status) | Status::WellFormed(status), _) => status,
        };
        let mut error = ServerError::new(message, None);
        error.locations = positions;
        mark(&mut error, code, trace);
        let mut response = respond(status, answer, &ErrorsOnly { errors: vec![error] });
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn new(status: Status, code: Code, message: String) -> Self {
        Problem(Box::new(Refusal { status, code, message, positions: Vec::new(), header: None }))
    }
}

/// A GraphQL response without the `data` entry: execution never began.
#[derive(Serialize)]
pub(super) struct ErrorsOnly {
    pub(super) errors: Vec<ServerError>,
}

pub(super) fn mark(error: &mut ServerError, code: Code, trace: TraceId) {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    extensions.set("code", code.as_str());
    extensions.set("traceId", trace.to_string());
}

pub(super) fn respond(status: StatusCode, answer: AnswerType, body: &impl Serialize) -> Response<Body> {
    let (status, bytes) = match serde_json::to_vec(body) {
        Ok(bytes) => (status, bytes),
        Err(error) => {
            tracing::error!(%error, "An answer could not be written as JSON");
            (StatusCode::INTERNAL_SERVER_ERROR, b"{\"errors\":[{\"message\":\"The answer could not be written.\",\"extensions\":{\"code\":\"INTERNAL\"}}]}".to_vec())
        }
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type()));
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What else than its address decides an answer.
pub(super) const VARY: &str = "Accept, Authorization";
