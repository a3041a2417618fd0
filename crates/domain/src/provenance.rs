//! Where a value comes from, what supports a statement, and what is missing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ConnectorId, RecordId, RecordKind, Text};

/// Where a record was read. Whether it is stale is judged when it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// Connector and the vendor's id.
    pub record: RecordId,
    /// Where a person can open it in the vendor's own pages.
    pub url: Option<Text>,
    /// When we last read it, by our clock.
    pub fetched_at: Timestamp,
}

/// What kind of thing a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EvidenceKind {
    /// A field of a record says so.
    Field,
    /// A text mentions it.
    Mention,
    /// A commit or tag in a repository.
    Commit,
    /// An observation of what runs.
    Observation,
    /// Neighbourhood in the CMDB.
    Topology,
    /// Closeness in time.
    Timing,
    /// The configuration says so.
    Configuration,
}

/// One piece of evidence: what was seen, where, when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind of thing it is.
    pub kind: EvidenceKind,
    /// One sentence a person can read alone.
    pub summary: Text,
    /// The record that carries it, where there is one.
    pub record: Option<RecordId>,
    /// Where a person can open it.
    pub url: Option<Text>,
    /// When it was true or seen, as far as known.
    pub observed_at: Option<Timestamp>,
}

/// Why something is missing. The codes are stable, like field names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GapCode {
    /// The system cannot be reached or answers 5xx.
    SourceUnavailable,
    /// The system did not answer in time.
    SourceTimedOut,
    /// The system asks us to slow down.
    SourceRateLimited,
    /// The system refuses our credentials or rights.
    SourceDenied,
    /// The answer could not be understood.
    SourceMalformed,
    /// The answer was cut short or contradicts itself.
    SourceIncomplete,
    /// What we hold is older than it should be.
    SourceStale,
    /// No such system is configured.
    SourceNotConfigured,
}

impl GapCode {
    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SourceUnavailable => "SOURCE_UNAVAILABLE",
            Self::SourceTimedOut => "SOURCE_TIMED_OUT",
            Self::SourceRateLimited => "SOURCE_RATE_LIMITED",
            Self::SourceDenied => "SOURCE_DENIED",
            Self::SourceMalformed => "SOURCE_MALFORMED",
            Self::SourceIncomplete => "SOURCE_INCOMPLETE",
            Self::SourceStale => "SOURCE_STALE",
            Self::SourceNotConfigured => "SOURCE_NOT_CONFIGURED",
        }
    }
}

/// Something that should be known and is not. Never carries upstream URLs, keys or bodies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gap {
    /// Why it is missing.
    pub code: GapCode,
    /// Whose answer is missing; `None` when no system is configured for it, or none was asked.
    pub connector: Option<ConnectorId>,
    /// Which records are missing or stale.
    pub kind: RecordKind,
    /// One sentence a person can read alone.
    pub message: Text,
    /// Last good read of it; `None` when there never was one.
    pub since: Option<Timestamp>,
    /// May asking again later help without anybody doing something?
    pub retryable: bool,
}

/// What was found, and what is missing from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial<T> {
    /// What was found.
    pub found: T,
    /// What is missing; empty when `found` is complete.
    pub gaps: Vec<Gap>,
}

impl<T> Partial<T> {
    /// Nothing is missing.
    pub fn complete(found: T) -> Self {
        Self { found, gaps: Vec::new() }
    }

    /// Is nothing missing?
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}
