//! One call of one system, with everything that may go wrong on the way: the deadline of the whole
//! call, then retries, then for each try the circuit, the limits and the try's own time.

use std::sync::Arc;
use std::time::Duration;

use domain::ConnectorId;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use url::Url;

use super::answer::{Answer, Freshness};
use super::breaker::{Breaker, Health};
use super::credentials::{Credentials, Grant, Retake};
use super::dialect::{Dialect, read_http_date, vendor_now};
use super::limits::{Limits, Refused};
use super::prepare::prepare;
use super::request::{Expects, Request};
use super::retry::Retry;
use super::settings::Settings;
use super::telemetry::Telemetry;
use super::transport::{SharedTransport, Wire, WireAnswer};
use crate::clock::{Clock, instant};
use crate::error::{ConnectorError, Failure, FailureKind};
use crate::json;

/// What all calls of one system share.
pub(super) struct Core {
    pub(super) system: ConnectorId,
    pub(super) base: Url,
    pub(super) settings: Settings,
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) transport: SharedTransport,
    pub(super) breaker: Breaker,
    pub(super) limits: Limits,
    pub(super) retry: Retry,
    pub(super) telemetry: Telemetry,
    pub(super) shutdown: CancellationToken,
}

/// Headers that ask whether a remembered answer still holds.
pub(super) type Conditions = Vec<(HeaderName, HeaderValue)>;

/// Nobody waits longer, whatever a request says.
const LONGEST_CALL: Duration = Duration::from_secs(3600);

/// How a try ended that did not bring an answer.
enum Tried {
    /// It never left: a retry cannot help before something else changes.
    Unsent(Failure),
    /// It left and failed.
    Failed {
        failure: Failure,
        /// How long the system asked us to wait.
        asked: Option<Duration>,
        /// Whether other credentials can be had.
        retake: Retake,
    },
}

impl Core {
    /// Sends a request until it is answered, hopeless, or out of time.
    pub(super) async fn call(&self, request: &Request, conditions: &Conditions) -> Result<Answer, ConnectorError> {
        let deadline = self.deadline(request);
        let result = tokio::select! {
            biased;
            () = self.shutdown.cancelled() => Err(FailureKind::Cancelled.into()),
            ended = timeout_at(deadline, self.tries(request, conditions, deadline)) => {
                ended.unwrap_or_else(|_| Err(out_of_time()))
            }
        };
        let now = self.clock.now();
        match result {
            Ok(answer) => {
                self.telemetry.call_succeeded(now);
                Ok(answer)
            }
            Err(failure) => {
                let error = failure.of(&self.system, request.operation);
                self.telemetry.call_failed(&error, now);
                Err(error)
            }
        }
    }

    /// When a call that begins now has to be over.
    pub(super) fn deadline(&self, request: &Request) -> Instant {
        instant() + request.deadline.unwrap_or(self.settings.deadline).min(LONGEST_CALL)
    }

    async fn tries(
        &self,
        request: &Request,
        conditions: &Conditions,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let mut wire = prepare(request, &self.base, self.settings.max_body_bytes)?;
        wire.headers.extend(conditions.iter().cloned());
        self.retry.earn();
        let mut tries = 0;
        let mut retaken = Retake::Pointless;
        let mut earlier: Option<Failure> = None;
        loop {
            let tried = self.one_try(request, wire.clone(), deadline).await;
            let (failure, asked, retake) = match tried {
                Ok(answer) => return Ok(answer),
                Err(Tried::Unsent(failure)) => {
                    self.telemetry.refused();
                    // What the system itself said before is better news than our own refusal.
                    return Err(earlier.unwrap_or(failure));
                }
                Err(Tried::Failed { failure, asked, retake }) => (failure, asked, retake),
            };
            self.telemetry.try_failed(failure.kind);
            if !request.may_repeat() {
                return Err(failure);
            }
            if retake == Retake::Possible && retaken == Retake::Pointless {
                retaken = Retake::Possible;
            } else {
                tries += 1;
                let time_left = deadline.saturating_duration_since(instant());
                let pause =
                    if failure.kind.is_retryable() { self.retry.next_pause(tries, asked, time_left) } else { None };
                let Some(pause) = pause else {
                    return Err(failure);
                };
                debug!(system = %self.system, operation = request.operation, tries,
                    reason = failure.kind.name(), "A try failed; trying again after a pause");
                tokio::time::sleep(pause).await;
            }
            self.telemetry.retried();
            earlier = Some(failure);
        }
    }

    async fn one_try(&self, request: &Request, mut wire: Wire, deadline: Instant) -> Result<Answer, Tried> {
        let grant = self.credentials.grant().await.map_err(Tried::Unsent)?;
        wire.headers.extend(grant.headers().iter().cloned());

        let circuit_open = |retry_after| {
            let kind = FailureKind::CircuitOpen { retry_after };
            Tried::Unsent(kind.into())
        };
        let pass = self.breaker.pass(instant()).map_err(|wait| circuit_open(Some(wait)))?;
        let _place = self.limits.admit(deadline).await.map_err(not_admitted)?;
        if !pass.still_holds() {
            return Err(circuit_open(None));
        }
        if request.budget.as_ref().is_some_and(|budget| !budget.spend()) {
            return Err(Tried::Unsent(FailureKind::BudgetExhausted.into()));
        }

        self.telemetry.sent();
        let started = instant();
        let own_end = started + self.settings.try_timeout;
        let exchange = timeout_at(own_end.min(deadline), self.transport.exchange(wire)).await;
        let now = instant();
        let came_back = match exchange {
            Ok(came_back) => came_back,
            // The caller was in a hurry: that does not make the system ill.
            Err(_) if deadline < own_end => return Err(failed(out_of_time())),
            Err(_) => Err(Failure::new(FailureKind::TimedOut, "one try took too long")),
        };
        let judged = match came_back {
            Ok(answer) => {
                self.telemetry.answered(now - started, now);
                self.judge(request, answer)
            }
            Err(failure) => Err((failure, None)),
        };
        match judged {
            Ok(answer) => {
                pass.settle(Health::Well, now);
                self.limits.went_well();
                Ok(answer)
            }
            Err((failure, asked)) => {
                let health = match failure.kind.is_outage() {
                    true => Health::Ill,
                    false => Health::Alive,
                };
                pass.settle(health, now);
                Err(self.take_note(failure, asked, &grant).await)
            }
        }
    }

    async fn take_note(&self, failure: Failure, asked: Option<Duration>, grant: &Grant) -> Tried {
        let mut retake = Retake::Pointless;
        match failure.kind {
            FailureKind::RateLimited { retry_after } => {
                warn!(system = %self.system, "The system asked us to slow down");
                self.limits.slow_down(retry_after);
            }
            FailureKind::Unauthenticated => retake = self.credentials.rejected(grant).await,
            _ => {}
        }
        Tried::Failed { failure, asked, retake }
    }

    /// Decides whether what came back is an answer, and reads what it tells about limits and time.
    fn judge(&self, request: &Request, came_back: WireAnswer) -> Result<Answer, (Failure, Option<Duration>)> {
        let received_at = self.clock.now();
        let date_skew = clock_skew(&came_back, received_at);
        let answer = Answer {
            status: came_back.status,
            headers: came_back.headers,
            body: came_back.body,
            received_at,
            date_skew,
            freshness: Freshness::Fresh,
        };
        let limit = self.dialect.rate_limit(&answer.headers, vendor_now(&answer));
        self.telemetry.told(limit, date_skew);
        if request.accepted.contains(&answer.status.as_u16()) {
            return Ok(answer);
        }
        if let Some(failure) = self.dialect.judge(&answer) {
            let asked = match failure.kind {
                FailureKind::RateLimited { retry_after } => retry_after,
                FailureKind::Unavailable { .. } => limit.retry_after,
                _ => None,
            };
            return Err((failure, asked));
        }
        check_body(request, &answer).map_err(|failure| (failure, None))?;
        Ok(answer)
    }
}

/// JSON was agreed: a login page with status 200 must not pass for an answer, nor be remembered.
fn check_body(request: &Request, answer: &Answer) -> Result<(), Failure> {
    let status = answer.status;
    let may_be_empty = matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT)
        || request.method == Method::HEAD
        || !request.is_read();
    let nothing_to_check =
        request.expects == Expects::Anything || !status.is_success() || (may_be_empty && answer.body.is_empty());
    if nothing_to_check {
        return Ok(());
    }
    json::check_syntax(answer)
}

fn clock_skew(came_back: &WireAnswer, received_at: Timestamp) -> Option<SignedDuration> {
    let date = came_back.headers.get(header::DATE)?.to_str().ok()?;
    let skew = read_http_date(date)?.duration_since(received_at);
    // The header has whole seconds only: less than one is no difference.
    Some(SignedDuration::from_secs(skew.as_secs()))
}

fn not_admitted(refused: Refused) -> Tried {
    Tried::Unsent(match refused {
        Refused::TooBusy(wait) => Failure::new(
            FailureKind::RateLimited { retry_after: Some(wait) },
            "our own rate or a pause that it asked for leaves no time before the deadline",
        ),
        Refused::OutOfTime => Failure::new(FailureKind::TimedOut, "others were in line until the deadline"),
    })
}

fn failed(failure: Failure) -> Tried {
    Tried::Failed { failure, asked: None, retake: Retake::Pointless }
}

fn out_of_time() -> Failure {
    Failure::new(FailureKind::TimedOut, "the deadline of the call passed")
}
