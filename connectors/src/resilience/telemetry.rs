//! What one system's traffic has been like: counters without locks, the rest behind one short lock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::GapCode;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::breaker::CircuitState;
use super::dialect::RateLimitSeen;
use super::histogram::Latencies;
use crate::error::{ConnectorError, FailureKind};

/// How one system has been answering, at one moment.
#[derive(Debug, Clone)]
pub struct TelemetrySnapshot {
    /// Whether the circuit lets traffic pass.
    pub circuit: CircuitState,
    /// Tries sent, first ones and retries.
    pub sent: u64,
    /// Tries that repeated a failed one.
    pub retried: u64,
    /// Tries that we did not send: circuit open, no place or time left, budget used up.
    pub refused: u64,
    /// Answers that cost the system nothing or little.
    pub spared: Spared,
    /// Failed tries by [`FailureKind::name`].
    pub failures: BTreeMap<&'static str, u64>,
    /// Half of the recent answered tries were faster; known after the first.
    pub latency_p50: Option<Duration>,
    /// All but one in a hundred were faster.
    pub latency_p99: Option<Duration>,
    /// When the system last answered well.
    pub last_success_at: Option<Timestamp>,
    /// The latest failed call.
    pub last_error: Option<LastError>,
    /// The rate limit it last told.
    pub rate_limit: Option<RateLimitSeen>,
    /// How far its clock is ahead of ours.
    pub clock_skew: Option<SignedDuration>,
    /// Tries that may be in flight at once at present.
    pub concurrency: usize,
}

/// Answers that cost the system nothing or little.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spared {
    /// Answered from memory.
    pub by_cache: u64,
    /// Answered together with an identical read in flight.
    pub by_coalescing: u64,
    /// Confirmed with a 304 instead of being sent again.
    pub by_revalidation: u64,
}

/// The latest failed call of a system, as clients may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// The stable code.
    pub code: GapCode,
    /// What failed, in our words.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// The running record of one system.
#[derive(Debug, Default)]
pub(super) struct Telemetry {
    sent: AtomicU64,
    retried: AtomicU64,
    refused: AtomicU64,
    by_cache: AtomicU64,
    by_coalescing: AtomicU64,
    by_revalidation: AtomicU64,
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    failures: BTreeMap<&'static str, u64>,
    latencies: Latencies,
    last_success_at: Option<Timestamp>,
    last_error: Option<LastError>,
    rate_limit: Option<RateLimitSeen>,
    clock_skew: Option<SignedDuration>,
}

impl Telemetry {
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn spared_by_cache(&self) {
        self.by_cache.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn spared_by_coalescing(&self) {
        self.by_coalescing.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn spared_by_revalidation(&self) {
        self.by_revalidation.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn try_failed(&self, kind: FailureKind) {
        *self.lock().failures.entry(kind.name()).or_default() += 1;
    }

    /// A try came back after `took`, whatever it said.
    pub(super) fn answered(&self, took: Duration, at: Instant) {
        self.lock().latencies.record(took, at);
    }

    pub(super) fn told(&self, limit: RateLimitSeen, skew: Option<SignedDuration>) {
        let mut rest = self.lock();
        if limit.tells_a_limit() {
            rest.rate_limit = Some(limit);
        }
        if skew.is_some() {
            rest.clock_skew = skew;
        }
    }

    pub(super) fn call_succeeded(&self, at: Timestamp) {
        self.lock().last_success_at = Some(at);
    }

    pub(super) fn call_failed(&self, error: &ConnectorError, at: Timestamp) {
        self.lock().last_error = Some(LastError { code: error.code(), message: error.to_string(), at });
    }

    pub(super) fn snapshot(&self, circuit: CircuitState, concurrency: usize, now: Instant) -> TelemetrySnapshot {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut rest = self.lock();
        let [latency_p50, latency_p99] = rest.latencies.quantiles([0.50, 0.99], now);
        TelemetrySnapshot {
            circuit,
            sent: count(&self.sent),
            retried: count(&self.retried),
            refused: count(&self.refused),
            spared: Spared {
                by_cache: count(&self.by_cache),
                by_coalescing: count(&self.by_coalescing),
                by_revalidation: count(&self.by_revalidation),
            },
            failures: rest.failures.clone(),
            latency_p50,
            latency_p99,
            last_success_at: rest.last_success_at,
            last_error: rest.last_error.clone(),
            rate_limit: rest.rate_limit,
            clock_skew: rest.clock_skew,
            concurrency,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
