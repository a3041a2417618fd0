//! What a system answered, and how far the answer can be trusted to be current.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};

use crate::error::ConnectorError;

/// One whole answer.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status: a success, 404, or one that the request accepts.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body, decompressed.
    pub body: Bytes,
    /// When the system last said or confirmed this, by our clock.
    pub received_at: Timestamp,
    /// How far the system's clock is ahead of ours, by its `Date` header (whole seconds).
    pub date_skew: Option<SignedDuration>,
    /// Where this answer comes from.
    pub freshness: Freshness,
}

impl Answer {
    /// The answer, or `None` if the system says that there is no such thing.
    #[must_use]
    pub fn found(self) -> Option<Self> {
        (self.status != StatusCode::NOT_FOUND).then_some(self)
    }

    /// Whether it is older than its caller asked for.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        matches!(self.freshness, Freshness::Stale { .. })
    }
}

// Headers and body may hold personal data, so neither is ever printed.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, size) = (self.status, self.body.len());
        write!(f, "Answer({status}, {size} bytes, {:?})", self.freshness)
    }
}

/// Where an answer comes from.
#[derive(Debug, Clone)]
pub enum Freshness {
    /// The system sent it just now.
    Fresh,
    /// It was remembered, and is young enough not to ask again.
    Cached,
    /// It was remembered, and the system confirmed it just now.
    Revalidated,
    /// It is older than asked for: being refreshed, or standing in for a failing system.
    Stale {
        /// Why there is no newer one; `None` while one is being fetched.
        failure: Option<ConnectorError>,
    },
}
