//! One trace id, one log line and one count per request, also when the client leaves before the answer.
//! Never logs tokens, bodies, variables or query strings.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{Extensions, HeaderName, HeaderValue, Method, Response},
    middleware::Next,
};
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::{Gateway, metrics::HttpLabels};

pub(super) const TRACE_HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// Names one request in errors, logs and the header `x-trace-id`. Executors find it in the request's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(Uuid);

impl TraceId {
    fn mint() -> Self {
        TraceId(Uuid::now_v7())
    }

    /// The id that `observe` gave the request.
    pub(super) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_else(TraceId::mint)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a handler knows about its request and the log line should say.
#[derive(Debug, Clone, Default)]
pub(super) struct Handled {
    /// The token's name.
    pub(super) caller: Option<Arc<str>>,
    pub(super) operation: Option<String>,
}

pub(super) async fn observe(
    State(gateway): State<Arc<Gateway>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let trace = TraceId::mint();
    request.extensions_mut().insert(trace);
    let mut watch = Watch {
        method: method_label(request.method()),
        route: request.extensions().get::<MatchedPath>().map_or_else(|| "none".into(), |path| path.as_str().into()),
        since: Stopwatch::start(),
        gateway,
        trace,
        answered: false,
    };
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&trace.to_string()) {
        response.headers_mut().insert(TRACE_HEADER, value);
    }
    watch.answered(&response);
    response
}

struct Watch {
    method: &'static str,
    route: Arc<str>,
    since: Stopwatch,
    gateway: Arc<Gateway>,
    trace: TraceId,
    answered: bool,
}

impl Watch {
    fn answered(&mut self, response: &Response<Body>) {
        self.answered = true;
        let status = response.status();
        let handled = response.extensions().get::<Handled>().cloned().unwrap_or_default();
        let (caller, operation) = (handled.caller.as_deref(), handled.operation.as_deref());
        let took = self.count(status.as_u16());
        let (trace, method, route, status) = (&self.trace, self.method, &*self.route, status.as_u16());
        let milliseconds = took.as_millis();
        if status >= 500 {
            warn!(%trace, method, route, status, milliseconds, caller, operation, "Answered a request with a failure");
        } else if self.route.starts_with("/graphql") {
            info!(%trace, method, route, status, milliseconds, caller, operation, "Answered a request");
        } else {
            debug!(%trace, method, route, status, milliseconds, "Answered a request");
        }
    }

    fn count(&self, status: u16) -> Duration {
        let took = self.since.elapsed();
        let labels = HttpLabels { method: self.method, route: Arc::clone(&self.route), status };
        self.gateway.metrics.count_request(labels, took);
        took
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.answered {
            // 499 is what log readers know for a client that closed its connection.
            let milliseconds = self.count(499).as_millis();
            let (trace, method, route) = (&self.trace, self.method, &*self.route);
            info!(%trace, method, route, milliseconds, "The client left before the answer");
        }
    }
}

/// Labels must stay few, and a method is any word the client likes.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "how long an answer took is no moment of the model's time")]
    fn start() -> Self {
        Stopwatch(std::time::Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
