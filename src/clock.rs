//! The gateway's clocks: the machine's own, one that starts at a given moment and runs on, and one that stands still.

use connectors::Clock;
use jiff::Timestamp;
use tokio::time::Instant;

pub use connectors::SystemClock;

/// Starts at a given moment and runs on (`--now T`).
#[derive(Debug)]
pub struct StartedClock {
    start: Timestamp,
    since: Instant,
}

impl StartedClock {
    /// Starts now, by calling this moment `start`.
    #[expect(clippy::disallowed_methods, reason = "this is a clock; others take it")]
    pub fn at(start: Timestamp) -> Self {
        Self { start, since: Instant::now() }
    }
}

impl Clock for StartedClock {
    fn now(&self) -> Timestamp {
        self.start.checked_add(self.since.elapsed()).unwrap_or(Timestamp::MAX)
    }
}

/// Stands still: scenario tests.
#[derive(Debug, Clone, Copy)]
pub struct FrozenClock(pub Timestamp);

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
