//! The moment, as an argument of everything that waits or dates something.
//! Wall time is injected; waiting uses tokio's time, so that tests can pause it.

use jiff::Timestamp;
use tokio::time::Instant;

/// Tells the wall time.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock others take")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The monotonic moment by which waiting is measured.
#[expect(clippy::disallowed_methods, reason = "tokio's clock is the one that can be paused")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Wall time that starts at a fixed moment and follows tokio's (paused) time.
    #[derive(Debug)]
    pub(crate) struct FollowsTokio {
        start: Timestamp,
        since: Instant,
    }

    impl FollowsTokio {
        pub(crate) fn from(start: &str) -> Self {
            Self { start: start.parse().expect("a timestamp"), since: instant() }
        }
    }

    impl Clock for FollowsTokio {
        fn now(&self) -> Timestamp {
            self.start + self.since.elapsed()
        }
    }
}
