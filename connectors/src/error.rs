//! What can go wrong between us and a system of record, in words that callers can match.
//! Causes are sentences of our own: no URL, body, header or token of a system ever enters an error.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::{ConnectorId, Gap, GapCode, RecordKind};
use jiff::Timestamp;

/// One failed operation of one system. Cheap to clone, because coalesced callers share it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{system}: {operation} failed: {kind}")]
pub struct ConnectorError {
    /// The system that failed.
    pub system: ConnectorId,
    /// What was asked of it, as a fixed name such as `search issues`.
    pub operation: &'static str,
    /// How it failed.
    pub kind: FailureKind,
    /// The reason behind the kind, where one is known.
    #[source]
    pub cause: Option<Cause>,
}

impl ConnectorError {
    /// A failure whose kind says everything.
    pub fn new(system: ConnectorId, operation: &'static str, kind: FailureKind) -> Self {
        Self { system, operation, kind, cause: None }
    }

    /// Adds the reason. The sentence must be ours: never an upstream's text.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cow<'static, str>>) -> Self {
        self.cause = Some(Cause::new(cause));
        self
    }

    /// Whether the same request may succeed when it is sent again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }

    /// The stable code that clients see.
    #[must_use]
    pub fn code(&self) -> GapCode {
        self.kind.code()
    }

    /// What is missing because of this: records of one kind, last read well at `since`.
    #[must_use]
    pub fn gap(&self, kind: RecordKind, since: Option<Timestamp>) -> Gap {
        Gap {
            code: self.code(),
            connector: Some(self.system.clone()),
            kind,
            message: self.to_string().into(),
            since,
            // Whoever asks later may find the circuit closed and the limit lifted.
            retryable: self.is_retryable() || matches!(self.kind, FailureKind::CircuitOpen { .. }),
        }
    }
}

/// Why a failure happened, in our own words.
#[derive(Clone, PartialEq, Eq)]
pub struct Cause(Arc<str>);

impl Cause {
    /// Takes a sentence of ours.
    pub fn new(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::from(sentence.into().as_ref()))
    }

    /// The sentence.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

/// A kind with its reason, before anyone has said which system and operation it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How it failed.
    pub kind: FailureKind,
    /// The reason, where one is known.
    pub cause: Option<Cause>,
}

impl Failure {
    /// A failure with its reason in our own words.
    pub fn new(kind: FailureKind, cause: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, cause: Some(Cause::new(cause)) }
    }

    /// Names the system and the operation that failed.
    #[must_use]
    pub fn of(self, system: &ConnectorId, operation: &'static str) -> ConnectorError {
        ConnectorError { system: system.clone(), operation, kind: self.kind, cause: self.cause }
    }
}

impl From<FailureKind> for Failure {
    fn from(kind: FailureKind) -> Self {
        Self { kind, cause: None }
    }
}

/// The ways in which a system fails us. A record that does not exist is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// It asked us to slow down (429, or 403 where a vendor means that), or we hold back ourselves.
    RateLimited {
        /// How long to wait, if it is known.
        retry_after: Option<Duration>,
    },
    /// It did not answer within the time of one try or of the whole call.
    TimedOut,
    /// The name did not resolve, or the connection was refused, reset or cut.
    Unreachable,
    /// It knows who we are and says no (403).
    Denied,
    /// It does not accept our credentials (401), or we could not obtain any.
    Unauthenticated,
    /// What we ask for was there once and has been removed (410).
    Gone,
    /// It does not accept the request (any other 4xx).
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// It failed itself (5xx).
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// It sent something else than was agreed: HTML, broken JSON, JSON of another shape.
    Malformed,
    /// The answer is larger than we are willing to hold.
    TooLarge,
    /// It sent less than it announced: a short page, a page token that repeats.
    Incomplete,
    /// It sent us elsewhere, and we do not take our credentials there.
    RedirectRefused,
    /// No trusted connection could be made.
    TlsFailed,
    /// It failed so often lately that we leave it alone for a while.
    CircuitOpen {
        /// When it will be tried again, seen from now.
        retry_after: Option<Duration>,
    },
    /// We are shutting down.
    Cancelled,
    /// The operation has used up the number of upstream requests that it was given.
    BudgetExhausted,
    /// The request contradicts itself and never left.
    Unsendable,
}

impl FailureKind {
    /// Whether the same request may succeed when it is sent again soon. Nothing else decides this.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::TimedOut | Self::Unreachable => true,
            // "Not implemented" and "version not supported" will be the same next time.
            Self::Unavailable { status } => !matches!(status, 501 | 505),
            Self::Denied
            | Self::Unauthenticated
            | Self::Gone
            | Self::Rejected { .. }
            | Self::Malformed
            | Self::TooLarge
            | Self::Incomplete
            | Self::RedirectRefused
            | Self::TlsFailed
            | Self::CircuitOpen { .. }
            | Self::Cancelled
            | Self::BudgetExhausted
            | Self::Unsendable => false,
        }
    }

    /// Whether it shows that the system is ill, as opposed to busy or unwilling.
    #[must_use]
    pub fn is_outage(self) -> bool {
        matches!(self, Self::TimedOut | Self::Unreachable | Self::Unavailable { .. } | Self::TlsFailed)
    }

    /// Whether an older answer may stand in. Never after a refusal: rights may have been withdrawn.
    #[must_use]
    pub fn permits_older_answer(self) -> bool {
        self.is_outage() || matches!(self, Self::RateLimited { .. } | Self::CircuitOpen { .. } | Self::Malformed)
    }

    /// How long to wait before the next try, where that is known.
    #[must_use]
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::CircuitOpen { retry_after } => retry_after,
            _ => None,
        }
    }

    /// The stable code that clients see.
    #[must_use]
    pub fn code(self) -> GapCode {
        match self {
            Self::RateLimited { .. } => GapCode::SourceRateLimited,
            Self::TimedOut => GapCode::SourceTimedOut,
            Self::Denied | Self::Unauthenticated => GapCode::SourceDenied,
            Self::Malformed | Self::Rejected { .. } | Self::Unsendable => GapCode::SourceMalformed,
            Self::TooLarge | Self::Incomplete | Self::BudgetExhausted => GapCode::SourceIncomplete,
            Self::Unreachable
            | Self::Gone
            | Self::Unavailable { .. }
            | Self::RedirectRefused
            | Self::TlsFailed
            | Self::CircuitOpen { .. }
            | Self::Cancelled => GapCode::SourceUnavailable,
        }
    }

    /// A fixed name for counters and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::Gone => "gone",
            Self::Rejected { .. } => "rejected",
            Self::Unavailable { .. } => "unavailable",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Incomplete => "incomplete",
            Self::RedirectRefused => "redirect_refused",
            Self::TlsFailed => "tls_failed",
            Self::CircuitOpen { .. } => "circuit_open",
            Self::Cancelled => "cancelled",
            Self::BudgetExhausted => "budget_exhausted",
            Self::Unsendable => "unsendable",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited { .. } => f.write_str("it asked us to slow down"),
            Self::TimedOut => f.write_str("it did not answer in time"),
            Self::Unreachable => f.write_str("it could not be reached"),
            Self::Denied => f.write_str("it denied access"),
            Self::Unauthenticated => f.write_str("it did not accept the credentials"),
            Self::Gone => f.write_str("it has removed what was asked for"),
            Self::Rejected { status } => write!(f, "it rejected the request with status {status}"),
            Self::Unavailable { status } => write!(f, "it failed with status {status}"),
            Self::Malformed => f.write_str("its answer was not as agreed"),
            Self::TooLarge => f.write_str("its answer was too large"),
            Self::Incomplete => f.write_str("its answer was incomplete"),
            Self::RedirectRefused => f.write_str("it redirected to a place we do not follow to"),
            Self::TlsFailed => f.write_str("no trusted connection could be made"),
            Self::CircuitOpen { .. } => f.write_str("it failed too often and is left alone"),
            Self::Cancelled => f.write_str("the call was cancelled"),
            Self::BudgetExhausted => f.write_str("the operation's request budget is used up"),
            Self::Unsendable => f.write_str("the request contradicts itself"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passing_troubles_are_retryable() {
        let yes = [
            FailureKind::RateLimited { retry_after: None },
            FailureKind::TimedOut,
            FailureKind::Unreachable,
            FailureKind::Unavailable { status: 503 },
        ];
        let no = [
            FailureKind::Unavailable { status: 501 },
            FailureKind::Denied,
            FailureKind::Unauthenticated,
            FailureKind::Rejected { status: 400 },
            FailureKind::Malformed,
            FailureKind::RedirectRefused,
            FailureKind::CircuitOpen { retry_after: None },
        ];
        assert!(yes.into_iter().all(FailureKind::is_retryable));
        assert!(!no.into_iter().any(FailureKind::is_retryable));
    }

    #[test]
    fn a_refusal_never_lets_an_older_answer_stand_in() {
        assert!(!FailureKind::Denied.permits_older_answer());
        assert!(!FailureKind::Unauthenticated.permits_older_answer());
        assert!(FailureKind::Unavailable { status: 500 }.permits_older_answer());
    }

    #[test]
    fn the_message_names_system_operation_and_kind() {
        let error = ConnectorError::new(
            ConnectorId::new("jira"),
            "search issues",
            FailureKind::Unavailable { status: 503 },
        )
        .because("the proxy says so");
        assert_eq!(error.to_string(), "jira: search issues failed: it failed with status 503");
        assert_eq!(error.code().as_str(), "SOURCE_UNAVAILABLE");
    }
}
