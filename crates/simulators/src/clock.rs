//! The time the simulators believe in: running on from a chosen start, or standing still.
//! Nothing else in this crate may ask the machine what time it is.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the present moment of the simulated world.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A clock as the simulators pass it around.
pub type SharedClock = Arc<dyn Clock>;

/// Starts at a given moment and runs on at the speed of tokio's time, so a paused runtime pauses it too.
#[derive(Debug)]
pub struct Running {
    start: Timestamp,
    since: Instant,
}

impl Running {
    /// A clock that shows `start` now and runs on from there.
    #[must_use]
    pub fn from(start: Timestamp) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
        let since = Instant::now();
        Self { start, since }
    }
}

impl Clock for Running {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.since.elapsed()).unwrap_or(SignedDuration::MAX);
        self.start.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }
}

/// Shows the same moment until it is moved by hand.
#[derive(Debug)]
pub struct Frozen {
    moment: Mutex<Timestamp>,
}

impl Frozen {
    /// A clock that stands at `moment`.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self { moment: Mutex::new(moment) }
    }

    /// Moves the clock on (or back, with a negative duration).
    pub fn advance(&self, by: SignedDuration) {
        let mut moment = self.moment.lock().unwrap_or_else(PoisonError::into_inner);
        *moment = moment.saturating_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Puts the clock to another moment.
    pub fn set(&self, to: Timestamp) {
        *self.moment.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        *self.moment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn frozen_moves_only_by_hand() {
        let clock = Frozen::at(noon());
        assert_eq!(clock.now(), noon());
        clock.advance(SignedDuration::from_mins(5));
        assert_eq!(clock.now().to_string(), "2026-03-02T12:05:00Z");
        clock.set(noon());
        assert_eq!(clock.now(), noon());
    }

    #[tokio::test]
    async fn running_starts_where_told_and_never_goes_back() {
        let clock = Running::from(noon());
        let first = clock.now();
        while clock.now() == first {
            tokio::task::yield_now().await;
        }
        assert!(first >= noon());
        assert!(clock.now() > first);
    }
}
