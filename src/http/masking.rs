//! What an executor's errors become before a client sees them. Errors with a code were meant for clients and pass;
//! the engine's own words about a request are the client's mistake; all else is ours and is told in general.

use async_graphql::{Response, ServerError, Value};
use axum::http::StatusCode;
use tracing::error;

use super::{
    limits::Limits,
    observe::TraceId,
    problem::{Code, mark},
};

const LOGGED_CAUSES: usize = 5;

/// Marks every error with a code and the trace id.
pub(super) fn mask(response: &mut Response, limits: &Limits, trace: TraceId) {
    let mut causes: Vec<String> = Vec::new();
    for error in &mut response.errors {
        let code = match code_of(error) {
            Some(_) => {
                let extensions = error.extensions.get_or_insert_default();
                extensions.set("traceId", trace.to_string());
                continue;
            }
            None if error.path.is_empty() => match limit_refusal(&error.message, limits) {
                Some(message) => {
                    error.message = message;
                    Code::LimitExceeded
                }
                None => Code::BadInput,
            },
            None if is_rejected_argument(error) => Code::BadInput,
            None => {
                let cause = std::mem::replace(
                    &mut error.message,
                    "Something went wrong inside the gateway; its operators find the cause by the trace id."
                        .to_owned(),
                );
                if causes.len() < LOGGED_CAUSES && !causes.contains(&cause) {
                    causes.push(cause);
                }
                Code::Internal
            }
        };
        mark(error, code, trace);
    }
    if !causes.is_empty() {
        error!(%trace, ?causes, "A resolver failed without saying how; its clients were told INTERNAL");
    }
}

/// The status for a response whose execution never began: no data, and no error that belongs to a field.
pub(super) fn refusal_status(response: &Response) -> Option<StatusCode> {
    let first = response.errors.first()?;
    let refused = response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty());
    refused.then(|| match code_of(first) {
        Some("UNAUTHENTICATED") => StatusCode::UNAUTHORIZED,
        Some("FORBIDDEN") => StatusCode::FORBIDDEN,
        Some("NOT_READY") => StatusCode::SERVICE_UNAVAILABLE,
        Some("INTERNAL") => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    })
}

fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// The executor's library refuses what is over its limits without saying what they are.
fn limit_refusal(message: &str, limits: &Limits) -> Option<String> {
    match message {
        "Query is too complex." => Some(format!(
            "The limit for complexity is {}; ask for fewer fields or smaller pages.",
            limits.complexity
        )),
        "Query is nested too deep." => Some(format!("The limit for depth is {}.", limits.depth)),
        _ if message.starts_with("The recursion depth of the query cannot be greater") => {
            Some(format!("The limit for nesting of selections is reached. {message}."))
        }
        _ => None,
    }
}

/// Arguments that only the resolver's types can check (numbers out of range, instants, ids) fail beside the field;
/// the library words them this way, and errors that carry a cause are never its own.
fn is_rejected_argument(error: &ServerError) -> bool {
    error.source.is_none() && error.message.starts_with("Failed to parse \"")
}
