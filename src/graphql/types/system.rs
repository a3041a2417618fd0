//! How the graph and the systems behind it do.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use connectors::resilience::{LastError, RateLimitSeen};
use domain::Scope;
use engine::graph::ReleaseGraph;
use jiff::Timestamp;

use super::Gap;
use super::enums::{CircuitState, ConnectorFamily, ConnectorHealth, GapCode};
use crate::federation::ConnectorStatus;
use crate::graphql::session::Session;

/// The graph that a request reads.
pub(crate) struct Graph(pub(crate) Arc<ReleaseGraph>);

/// The version of the graph that this answer was made from. All of an answer's fields read the same one.
#[Object]
impl Graph {
    /// Its number: grows by one with each version.
    async fn version(&self) -> u64 {
        self.0.version
    }

    /// The moment whose knowledge it is (UTC): when it was assembled, or when the systems last told nothing else.
    async fn assembled_at(&self, ctx: &Context<'_>) -> Result<Timestamp> {
        let as_of = Session::of(ctx)?.as_of();
        Ok(as_of.map_or(self.0.assembled_at, |as_of| as_of.max(self.0.assembled_at)))
    }

    /// How many releases it holds that the caller may see.
    async fn release_count(&self, ctx: &Context<'_>) -> Result<usize> {
        let scope = Session::of(ctx)?.scope();
        Ok(self.0.releases.iter().filter(|(_, release)| scope.allows(&release.service)).count())
    }

    /// How many links explain its edges; null for a caller who may not see everything.
    async fn link_count(&self, ctx: &Context<'_>) -> Result<Option<usize>> {
        Ok((*Session::of(ctx)?.scope() == Scope::All).then(|| self.0.link_count()))
    }

    /// What is missing from it.
    async fn gaps(&self) -> Vec<Gap> {
        Gap::told_once(self.0.gaps.iter().cloned())
    }
}

/// A system.
pub(crate) struct Connector(pub(crate) ConnectorStatus);

/// A configured system: whether it answers, and how fresh what is held of it is.
#[Object]
impl Connector {
    /// Its id, as configured.
    async fn id(&self) -> &str {
        self.0.id.as_str()
    }

    /// Its family.
    async fn family(&self) -> ConnectorFamily {
        self.0.family.into()
    }

    /// Its vendor, for example `servicenow`.
    async fn vendor(&self) -> &str {
        self.0.vendor
    }

    /// How it does, in one word.
    async fn health(&self) -> ConnectorHealth {
        self.0.health.into()
    }

    /// Does its circuit breaker let traffic pass?
    async fn circuit(&self) -> CircuitState {
        self.0.telemetry.circuit.into()
    }

    /// Was everything read well the last time?
    async fn complete(&self) -> bool {
        self.0.complete
    }

    /// Where the next reads of changes start, by the system's own clock (UTC).
    async fn watermark(&self) -> Option<Timestamp> {
        self.0.watermark
    }

    /// When everything was last read, so that deletions were seen (UTC).
    async fn last_sweep_at(&self) -> Option<Timestamp> {
        self.0.last_sweep_at
    }

    /// How fast it answered recently; null before the first answer.
    async fn latency(&self) -> Option<Latency> {
        let millis = |time: std::time::Duration| time.as_secs_f64() * 1_000.0;
        let telemetry = &self.0.telemetry;
        Some(Latency { p50_ms: millis(telemetry.latency_p50?), p99_ms: millis(telemetry.latency_p99?) })
    }

    /// When it last answered well (UTC).
    async fn last_success_at(&self) -> Option<Timestamp> {
        self.0.telemetry.last_success_at
    }

    /// The latest failed call.
    async fn last_error(&self) -> Option<ConnectorError> {
        self.0.telemetry.last_error.as_ref().map(ConnectorError::from)
    }

    /// The rate limit that it last told.
    async fn rate_limit(&self) -> Option<RateLimit> {
        self.0.telemetry.rate_limit.as_ref().map(RateLimit::from)
    }

    /// Tries sent to it since the gateway started, repeats included.
    async fn requests_sent(&self) -> u64 {
        self.0.telemetry.sent
    }

    /// What is missing of its records.
    async fn gaps(&self) -> Vec<Gap> {
        Gap::told_once(self.0.gaps.iter().cloned())
    }
}

/// How fast a system answered recently.
#[derive(SimpleObject)]
pub(crate) struct Latency {
    /// Half of the answers were faster, in milliseconds.
    #[graphql(name = "p50Ms")]
    p50_ms: f64,
    /// All but one in a hundred were faster, in milliseconds.
    #[graphql(name = "p99Ms")]
    p99_ms: f64,
}

/// A failed call of a system.
#[derive(SimpleObject)]
pub(crate) struct ConnectorError {
    /// The stable code.
    code: GapCode,
    /// What failed, in our words.
    message: String,
    /// When (UTC).
    at: Timestamp,
}

impl From<&LastError> for ConnectorError {
    fn from(error: &LastError) -> Self {
        Self { code: error.code.into(), message: error.message.clone(), at: error.at }
    }
}

/// A rate limit as a system tells it.
#[derive(SimpleObject)]
pub(crate) struct RateLimit {
    /// Requests allowed in its period.
    limit: Option<u64>,
    /// Requests left in it.
    remaining: Option<u64>,
    /// When the period ends, by the system's clock (UTC).
    resets_at: Option<Timestamp>,
}

impl From<&RateLimitSeen> for RateLimit {
    fn from(seen: &RateLimitSeen) -> Self {
        Self { limit: seen.limit, remaining: seen.remaining, resets_at: seen.resets_at }
    }
}
