//! Windows of time.

use async_graphql::SimpleObject;
use jiff::Timestamp;

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
