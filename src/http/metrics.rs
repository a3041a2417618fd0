//! `/metrics` in OpenMetrics text: requests by route and status, their durations, and whatever other parts
//! register (requests to upstream systems, refreshes, graph versions).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

/// A cheap handle on the process's metrics.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<HttpLabels, Counter>,
    durations: Family<RouteLabel, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct HttpLabels {
    pub(super) method: &'static str,
    pub(super) route: Arc<str>,
    pub(super) status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: Arc<str>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("interlock");
        let requests = Family::default();
        registry.register("http_requests", "Requests answered, by method, route and status", requests.clone());
        let durations = Family::new_with_constructor(duration_buckets as fn() -> Histogram);
        registry.register(
            "http_request_duration_seconds",
            "Time from the request's head to the answer's head",
            durations.clone(),
        );
        Metrics { registry: Arc::new(Mutex::new(registry)), requests, durations }
    }
}

impl Metrics {
    /// Adds metrics of another part; names get the prefix `interlock_`.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn count_request(&self, labels: HttpLabels, took: Duration) {
        let route = RouteLabel { route: Arc::clone(&labels.route) };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&route).observe(took.as_secs_f64());
    }

    pub(super) fn page(&self) -> Response<Body> {
        let mut text = String::new();
        let written = encode(&mut text, &self.registry.lock().unwrap_or_else(PoisonError::into_inner));
        let mut response = Response::new(Body::from(text));
        if let Err(error) = written {
            tracing::error!(%error, "The metrics could not be written");
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }
}

/// From an answer out of memory to the time limit.
fn duration_buckets() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}
