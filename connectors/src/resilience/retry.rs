//! Whether and when a failed try is repeated: a budget that keeps retries a small share of all
//! traffic (so that an outage is not made worse), and pauses that differ between callers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::settings::RetrySettings;

/// The retries of one system.
#[derive(Debug)]
pub(super) struct Retry {
    settings: RetrySettings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many retries may be made now; each request adds its share.
    balance: f64,
    random: StdRng,
}

impl Retry {
    pub(super) fn new(settings: RetrySettings, seed: u64) -> Self {
        let state = State { balance: f64::from(settings.reserve), random: StdRng::seed_from_u64(seed) };
        Self { settings, state: Mutex::new(state) }
    }

    /// A first try is about to be made; it earns its share of a retry.
    pub(super) fn earn(&self) {
        let mut state = self.lock();
        let most = f64::from(self.settings.reserve.max(1));
        state.balance = (state.balance + self.settings.budget).min(most);
    }

    /// The pause before the next try, or `None` if there must not be one or no time is left for it.
    pub(super) fn next_pause(&self, tries: u32, asked: Option<Duration>, time_left: Duration) -> Option<Duration> {
        if tries > self.settings.retries {
            return None;
        }
        let mut state = self.lock();
        if state.balance < 1.0 {
            return None;
        }
        let doublings = tries.saturating_sub(1).min(20);
        let widest = self.settings.first_pause.saturating_mul(1 << doublings).min(self.settings.longest_pause);
        let pause = match asked {
            // All callers were told the same moment; they should not all come at it.
            Some(asked) => asked.saturating_add(widest.mul_f64(state.random.random_range(0.0..0.5))),
            None => widest.mul_f64(state.random.random_range(0.5..=1.0)),
        };
        if pause >= time_left {
            return None;
        }
        state.balance -= 1.0;
        Some(pause)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn retry(reserve: u32, budget: f64) -> Retry {
        let settings = RetrySettings { reserve, budget, ..RetrySettings::default() };
        Retry::new(settings, 7)
    }

    #[test]
    fn pauses_grow_and_stay_under_their_ceiling() {
        let retry = retry(100, 0.1);
        for (tries, ceiling) in [(1, 200), (2, 400), (3, 800)] {
            let pause = retry.next_pause(tries, None, LONG).expect("a retry");
            assert!(pause.as_millis() >= ceiling / 2 && pause.as_millis() <= ceiling);
        }
        assert_eq!(retry.next_pause(4, None, LONG), None, "three retries are the limit");
    }

    #[test]
    fn the_asked_wait_is_never_cut_short() {
        let retry = retry(100, 0.1);
        let asked = Duration::from_secs(9);
        let pause = retry.next_pause(1, Some(asked), LONG).expect("a retry");
        assert!(pause >= asked && pause < asked + Duration::from_millis(100));
        assert_eq!(retry.next_pause(1, Some(asked), asked), None, "it does not fit");
    }

    #[test]
    fn in_a_long_outage_retries_are_a_tenth_of_the_requests() {
        let retry = retry(10, 0.1);
        let mut retries = 0;
        for _ in 0..1000 {
            retry.earn();
            retries += u32::from(retry.next_pause(1, None, LONG).is_some());
        }
        assert!((100..=111).contains(&retries), "{retries}");
    }

    #[test]
    fn the_same_seed_gives_the_same_pauses() {
        let pauses = |seed| {
            let retry = Retry::new(RetrySettings::default(), seed);
            [1, 2, 3].map(|tries| retry.next_pause(tries, None, LONG))
        };
        assert_eq!(pauses(3), pauses(3));
        assert_ne!(pauses(3), pauses(4));
    }
}
