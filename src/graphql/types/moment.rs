//! Windows and lengths of time.

use async_graphql::SimpleObject;
use jiff::{SignedDuration, Span, Timestamp};

/// A half-open window of time: the start is inside, the end is not.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub(crate) struct Window {
    /// First moment inside (UTC).
    start: Timestamp,
    /// First moment after it (UTC).
    end: Timestamp,
}

impl From<domain::Window> for Window {
    fn from(window: domain::Window) -> Self {
        Self { start: window.start, end: window.end }
    }
}

/// A duration as clients read it, in hours, minutes and seconds: ISO 8601, for example `PT26H30M`.
pub(crate) fn span(duration: SignedDuration) -> Span {
    let seconds = duration.as_secs();
    let parts = Span::new().try_hours(seconds / 3600).and_then(|span| span.try_minutes(seconds / 60 % 60));
    parts.and_then(|span| span.try_seconds(seconds % 60)).unwrap_or_default()
}
