//! One configured system as its vendor's client sees it: send a request, get an answer or a named
//! failure. Reads are remembered and shared; writes go straight out.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ConnectorId;
use http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::{Answer, Freshness};
use super::breaker::Breaker;
use super::cache::{Entry, Memory};
use super::call::Core;
use super::coalesce::{Flight, Flights, Role};
use super::credentials::{Credentials, FixedCredentials};
use super::dialect::{Dialect, StandardDialect};
use super::limits::Limits;
use super::prepare::base_url;
use super::request::{Request, RequestKey};
use super::retry::Retry;
use super::settings::Settings;
use super::telemetry::{Telemetry, TelemetrySnapshot};
use super::transport::{HttpTransport, SetupError, SharedTransport};
use crate::clock::{Clock, instant};
use crate::error::{ConnectorError, Failure, FailureKind};
use crate::json;

/// Everything that makes one system what it is.
pub struct UpstreamConfig {
    /// Its name in the configuration.
    pub system: ConnectorId,
    /// Where it is; requests go below this.
    pub base_url: String,
    /// Limits and patience.
    pub settings: Settings,
    /// Who we are to it.
    pub credentials: Arc<dyn Credentials>,
    /// How it says no.
    pub dialect: Arc<dyn Dialect>,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Certificates (PEM) to trust beside the machine's own.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Where the pauses' randomness starts: by default elsewhere in each process, so that replicas
    /// do not come back at one moment.
    pub seed: u64,
}

impl UpstreamConfig {
    /// A system without credentials, with default settings and the standard reading of answers.
    pub fn new(system: ConnectorId, base_url: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            system,
            base_url: base_url.into(),
            settings: Settings::default(),
            credentials: Arc::new(FixedCredentials::None),
            dialect: Arc::new(StandardDialect),
            clock,
            extra_ca_pem: None,
            seed: RandomState::new().build_hasher().finish(),
        }
    }
}

/// One configured system. Cloning gives another handle on the same limits, memory and circuit.
#[derive(Clone)]
pub struct Upstream {
    shared: Arc<Shared>,
}

struct Shared {
    core: Core,
    memory: Memory,
    flights: Flights<FlightKey, Result<Answer, ConnectorError>>,
    /// Writes that have ended; a read that began before one may not speak for the time after it.
    writes: AtomicU64,
    background: TaskTracker,
}

/// A read in flight, and how many writes came before it.
type FlightKey = (RequestKey, u64);

impl Upstream {
    /// Sets a system up; nothing is sent yet.
    ///
    /// # Errors
    /// If the URL, a setting or the certificates are not usable.
    pub fn new(config: UpstreamConfig) -> Result<Self, SetupError> {
        let base = base_url(&config.base_url)?;
        let extra_ca = config.extra_ca_pem.as_deref();
        let transport = HttpTransport::new(&base, &config.settings, extra_ca)?;
        Self::over(Arc::new(transport), config)
    }

    /// Sets a system up over another way of carrying requests.
    pub(super) fn over(transport: SharedTransport, config: UpstreamConfig) -> Result<Self, SetupError> {
        let settings = config.settings;
        if let Some(rule) = settings.out_of_bounds().into_iter().next() {
            return Err(SetupError::Setting { path: rule.path, bounds: rule.bounds });
        }
        let core = Core {
            base: base_url(&config.base_url)?,
            system: config.system,
            credentials: config.credentials,
            dialect: config.dialect,
            clock: config.clock,
            transport,
            breaker: Breaker::new(settings.breaker.clone()),
            limits: Limits::new(&settings.limits),
            retry: Retry::new(settings.retry.clone(), config.seed),
            telemetry: Telemetry::default(),
            shutdown: CancellationToken::new(),
            settings,
        };
        let shared = Shared {
            memory: Memory::new(core.settings.cache.max_bytes),
            core,
            flights: Flights::new(),
            writes: AtomicU64::new(0),
            background: TaskTracker::new(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The system's name in the configuration.
    #[must_use]
    pub fn system(&self) -> &ConnectorId {
        &self.shared.core.system
    }

    /// How many requests it has a point to send at once; more would only stand in line, and those
    /// at its end would run out of time.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        self.shared.core.limits.concurrency()
    }

    /// The clock that dates this system's answers.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.core.clock
    }

    /// Sends a request. Status 404 is an answer; see [`Answer::found`].
    ///
    /// # Errors
    /// Every other way of not getting what was asked, by [`FailureKind`].
    pub async fn send(&self, request: Request) -> Result<Answer, ConnectorError> {
        if request.is_read() {
            return self.read(request).await;
        }
        // Counted when it ends, in whatever way: a write given up halfway may have happened.
        let _ended = WriteEnds(&self.shared.writes);
        self.shared.core.call(&request, &Vec::new()).await
    }

    /// Decodes an answer of this system; another shape than agreed counts as its failure.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`], telling the place but not the values.
    pub fn decode<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        answer: &Answer,
    ) -> Result<T, ConnectorError> {
        json::decode(answer).map_err(|failure| {
            let core = &self.shared.core;
            let error = failure.of(&core.system, operation);
            core.telemetry.try_failed(error.kind);
            core.telemetry.call_failed(&error, core.clock.now());
            error
        })
    }

    /// How the system has been answering.
    #[must_use]
    pub fn telemetry(&self) -> TelemetrySnapshot {
        let core = &self.shared.core;
        let now = instant();
        let circuit = core.breaker.state(now);
        core.telemetry.snapshot(circuit, core.limits.concurrency(), now)
    }

    /// Ends all calls with [`FailureKind::Cancelled`] and waits for background refreshes to stop.
    pub async fn shut_down(&self) {
        self.shared.core.shutdown.cancel();
        self.shared.background.close();
        self.shared.background.wait().await;
    }

    async fn read(&self, request: Request) -> Result<Answer, ConnectorError> {
        let shared = &self.shared;
        let key = request.key();
        let writes = shared.writes.load(Ordering::Acquire);
        let remembered = match request.cache {
            Some(_) => shared.memory.get(&key).await,
            None => None,
        };
        if let Some(answer) = self.answer_from_memory(&request, remembered.as_ref(), writes) {
            shared.core.telemetry.spared_by_cache();
            return Ok(answer);
        }
        let fetched = self.fetch(&request, &key, remembered.as_ref()).await;
        let error = match fetched {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let stand_in = remembered.filter(|entry| may_stand_in(&request, entry, &error));
        match stand_in {
            Some(entry) => Ok(entry.marked(Freshness::Stale { failure: Some(error) })),
            None => Err(error),
        }
    }

    /// The remembered answer, if it is fresh, or stale but being refreshed from now on.
    fn answer_from_memory(&self, request: &Request, remembered: Option<&Entry>, writes: u64) -> Option<Answer> {
        let (policy, entry) = (request.cache?, remembered?);
        if entry.writes != writes {
            return None;
        }
        let age = entry.asked_at.elapsed();
        if age < policy.fresh_for {
            return Some(entry.marked(Freshness::Cached));
        }
        if age < policy.usable_while_refreshed() {
            let (role, flight) = self.flight(request, &request.key(), Some(entry));
            if role == Role::Leader {
                self.shared.background.spawn(flight);
            }
            return Some(entry.marked(Freshness::Stale { failure: None }));
        }
        None
    }

    /// Joins or starts the flight of this read and waits no longer than its own deadline.
    async fn fetch(
        &self,
        request: &Request,
        key: &RequestKey,
        remembered: Option<&Entry>,
    ) -> Result<Answer, ConnectorError> {
        let core = &self.shared.core;
        let deadline = core.deadline(request);
        let (role, flight) = self.flight(request, key, remembered);
        if role == Role::Leader {
            return flight.await;
        }
        core.telemetry.spared_by_coalescing();
        let result = timeout_at(deadline, flight).await;
        match result {
            Ok(Err(error)) if is_leaders_own(error.kind) => {}
            Ok(result) => return result,
            Err(_) => return Err(self.out_of_time(request)),
        }
        let (_, flight) = self.flight(request, key, remembered);
        timeout_at(deadline, flight).await.unwrap_or_else(|_| Err(self.out_of_time(request)))
    }

    fn out_of_time(&self, request: &Request) -> ConnectorError {
        let failure = Failure::new(FailureKind::TimedOut, "the deadline of the call passed");
        failure.of(self.system(), request.operation)
    }

    fn flight(
        &self,
        request: &Request,
        key: &RequestKey,
        remembered: Option<&Entry>,
    ) -> (Role, Flight<Result<Answer, ConnectorError>>) {
        let writes = self.shared.writes.load(Ordering::Acquire);
        let flight_key = (key.clone(), writes);
        let work = refresh(Arc::clone(&self.shared), request.clone(), flight_key.clone(), remembered.cloned());
        self.shared.flights.join(flight_key, work)
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upstream({})", self.system())
    }
}

/// Counts a write when it ends.
struct WriteEnds<'a>(&'a AtomicU64);

impl Drop for WriteEnds<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Reads from the system, conditionally if something is remembered, and remembers the answer.
async fn refresh(
    shared: Arc<Shared>,
    request: Request,
    (key, writes): FlightKey,
    remembered: Option<Entry>,
) -> Result<Answer, ConnectorError> {
    let asked_at = instant();
    let conditions = remembered.as_ref().map(Entry::conditions).unwrap_or_default();
    let result = shared.core.call(&request, &conditions).await;
    let answer = match result {
        Ok(answer) if answer.status == StatusCode::NOT_MODIFIED => {
            match remembered {
                Some(entry) if !conditions.is_empty() => {
                    shared.core.telemetry.spared_by_revalidation();
                    confirm(&entry, &answer)
                }
                // The vendor's client asked with a condition of its own and knows what this means.
                _ => return Ok(answer),
            }
        }
        Ok(answer) => answer,
        Err(error) => {
            if matches!(error.kind, FailureKind::Denied | FailureKind::Unauthenticated | FailureKind::Gone) {
                shared.memory.forget(&key).await;
            }
            return Err(error);
        }
    };
    match request.cache {
        Some(policy) if answer.status == StatusCode::OK => {
            let entry = Entry::new(answer.clone(), asked_at, writes);
            shared.memory.put(key, entry, &policy).await;
        }
        _ => shared.memory.forget(&key).await,
    }
    Ok(answer)
}

/// The remembered answer, confirmed by a 304.
fn confirm(entry: &Entry, not_modified: &Answer) -> Answer {
    Answer {
        received_at: not_modified.received_at,
        date_skew: not_modified.date_skew,
        ..entry.marked(Freshness::Revalidated)
    }
}

fn may_stand_in(request: &Request, entry: &Entry, error: &ConnectorError) -> bool {
    let Some(policy) = request.cache else {
        return false;
    };
    let age = entry.asked_at.elapsed();
    error.kind.permits_older_answer() && age < policy.usable_after_failure()
}

/// Failures of the call that leads, which say nothing about a follower's own time and budget.
fn is_leaders_own(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::TimedOut | FailureKind::BudgetExhausted)
}
