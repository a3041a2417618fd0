//! Errors as clients see them: a stable code, and who can do something about it. An upstream's failure is told once
//! per connector and code, not once per row, and never with its address, keys or body.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use async_graphql::{Context, Error, ErrorExtensions};
use domain::{ConnectorId, Gap, GapCode};

/// An error with a code.
pub(crate) fn coded(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// The client's mistake: the message names the place and the remedy.
pub(crate) fn bad_input(message: impl Into<String>) -> Error {
    coded("BAD_INPUT", message)
}

/// More than is allowed: the message names the limit.
pub(crate) fn limit_exceeded(message: impl Into<String>) -> Error {
    coded("LIMIT_EXCEEDED", message)
}

/// A human's key that several systems know.
pub(crate) fn ambiguous_key(key: &str, connectors: &[&ConnectorId]) -> Error {
    let names: Vec<&str> = connectors.iter().map(|id| id.as_str()).collect();
    coded(
        "AMBIGUOUS_KEY",
        format!("{key:?} is known to several systems: {}. Say which one with `connector`.", names.join(", ")),
    )
    .extend_with(|_, extensions| extensions.set("connectors", names.clone()))
}

/// A release's key that several releases may mean.
pub(crate) fn ambiguous_release(key: &str, keys: &[&str]) -> Error {
    coded("AMBIGUOUS_KEY", format!("{key:?} may mean {}. Ask for one of these.", keys.join(" or ")))
        .extend_with(|_, extensions| extensions.set("keys", keys))
}

/// Our own failure.
pub(crate) fn internal() -> Error {
    coded("INTERNAL", "Something went wrong inside the gateway; its operators find the cause by the trace id.")
}

/// The first graph is not there yet.
pub(crate) fn not_ready() -> Error {
    coded("NOT_READY", "The first graph is being assembled; ask again shortly.")
        .extend_with(|_, extensions| extensions.set("retryable", true))
}

/// Failures of systems that were already told in this request.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<BTreeSet<(Option<ConnectorId>, GapCode)>>);

/// Tells that a field is dark, once per connector and code in a request. The field itself becomes null.
pub(crate) fn tell_dark(context: &Context<'_>, gaps: &[Gap]) {
    let Some(told) = context.data_opt::<Told>() else { return };
    for gap in gaps.iter().filter(|gap| gap.code != GapCode::SourceNotConfigured) {
        let fresh = told.0.lock().unwrap_or_else(PoisonError::into_inner).insert((gap.connector.clone(), gap.code));
        if fresh {
            let error = as_error(gap).into_server_error(context.item.pos);
            context.add_error(context.set_error_path(error));
        }
    }
}

/// Tells which systems did not answer in time, so that what is shown of them may be older than was asked for. No field
/// fails by that, so the errors stand at none.
pub(crate) fn tell_late(context: &Context<'_>, late: &[ConnectorId]) {
    for connector in late {
        let message = format!("{connector} did not answer in time; what is shown of it is as it was held.");
        let error = coded(GapCode::SourceTimedOut.as_str(), message).extend_with(|_, extensions| {
            extensions.set("connector", connector.as_str());
            extensions.set("retryable", true);
        });
        context.add_error(error.into_server_error(context.item.pos));
    }
}

fn as_error(gap: &Gap) -> Error {
    Error::new(gap.message.to_string()).extend_with(|_, extensions| {
        extensions.set("code", gap.code.as_str());
        extensions.set("retryable", gap.retryable);
        if let Some(connector) = &gap.connector {
            extensions.set("connector", connector.as_str());
        }
        if let Some(since) = gap.since {
            extensions.set("lastGoodAt", since.to_string());
        }
    })
}
