//! How much we ask of one system: tries per second (governor), tries at once (adaptive), and the
//! pause that a system asked for. A 429 halves what is asked at once; good answers win it back.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::settings::LimitSettings;
use crate::clock::instant;

/// Why a try may not start in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The next free moment lies behind the deadline, this far from now.
    TooBusy(Duration),
    /// Waiting for others took until the deadline.
    OutOfTime,
}

/// Everything that holds tries to one system back.
pub(super) struct Limits {
    rate: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    concurrency: Arc<Concurrency>,
    hold_until: Mutex<Option<Instant>>,
    longest_hold: Duration,
}

impl Limits {
    pub(super) fn new(settings: &LimitSettings) -> Self {
        let burst = NonZeroU32::new(settings.burst).unwrap_or(NonZeroU32::MIN);
        let period = Duration::try_from_secs_f64(1.0 / settings.requests_per_second)
            .unwrap_or(Duration::from_secs(1))
            .max(Duration::from_nanos(1));
        let quota =
            Quota::with_period(period).unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN)).allow_burst(burst);
        Self {
            rate: RateLimiter::direct_with_clock(quota, TokioClock { start: instant() }),
            concurrency: Arc::new(Concurrency::new(settings.concurrency.max(1))),
            hold_until: Mutex::new(None),
            longest_hold: settings.longest_hold,
        }
    }

    /// Waits for a free place, for the end of a pause, and for the next moment of the rate.
    pub(super) async fn admit(&self, deadline: Instant) -> Result<Place, Refused> {
        self.wait_for_hold(deadline).await?;
        let permit =
            tokio::time::timeout_at(deadline, self.concurrency.enter()).await.map_err(|_| Refused::OutOfTime)?;
        // A pause may have been asked for while this try stood in line.
        self.wait_for_hold(deadline).await?;
        while let Err(not_yet) = self.rate.check() {
            let wait = not_yet.wait_time_from(self.rate.clock().now());
            wait_within(wait, deadline).await?;
        }
        Ok(permit)
    }

    /// The system asked us to slow down, perhaps saying for how long.
    pub(super) fn slow_down(&self, retry_after: Option<Duration>) {
        self.concurrency.shrink(instant());
        if let Some(wait) = retry_after {
            let until = instant() + wait.min(self.longest_hold);
            let mut hold = lock(&self.hold_until);
            *hold = Some(hold.map_or(until, |earlier| earlier.max(until)));
        }
    }

    /// The system answered well.
    pub(super) fn went_well(&self) {
        self.concurrency.grow();
    }

    /// How many tries may be in flight at once at present.
    pub(super) fn concurrency(&self) -> usize {
        lock(&self.concurrency.adaptive).allowed
    }

    async fn wait_for_hold(&self, deadline: Instant) -> Result<(), Refused> {
        loop {
            let until = *lock(&self.hold_until);
            let wait = until.map_or(Duration::ZERO, |until| until.saturating_duration_since(instant()));
            if wait.is_zero() {
                return Ok(());
            }
            wait_within(wait, deadline).await?;
        }
    }
}

/// A try's place among those in flight; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    concurrency: Arc<Concurrency>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.concurrency.leave(permit);
        }
    }
}

#[derive(Debug)]
struct Concurrency {
    places: Arc<Semaphore>,
    adaptive: Mutex<Adaptive>,
    most: usize,
}

#[derive(Debug)]
struct Adaptive {
    allowed: usize,
    /// Places that are to vanish when the tries that hold them end.
    surplus: usize,
    good_answers: usize,
    shrunk_at: Option<Instant>,
}

/// Several 429s of one burst are one piece of news.
const ONE_BURST: Duration = Duration::from_secs(1);

impl Concurrency {
    fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most)),
            adaptive: Mutex::new(Adaptive { allowed: most, surplus: 0, good_answers: 0, shrunk_at: None }),
            most,
        }
    }

    async fn enter(self: &Arc<Self>) -> Place {
        let permit = Arc::clone(&self.places).acquire_owned().await;
        Place {
            // The semaphore is never closed, so there always is a permit.
            permit: permit.ok(),
            concurrency: Arc::clone(self),
        }
    }

    fn leave(&self, permit: OwnedSemaphorePermit) {
        let mut adaptive = lock(&self.adaptive);
        if adaptive.surplus > 0 {
            adaptive.surplus -= 1;
            permit.forget();
        }
    }

    fn shrink(&self, now: Instant) {
        let mut adaptive = lock(&self.adaptive);
        adaptive.good_answers = 0;
        let same_burst = adaptive.shrunk_at.is_some_and(|at| now.saturating_duration_since(at) < ONE_BURST);
        if same_burst {
            return;
        }
        adaptive.shrunk_at = Some(now);
        let fewer = (adaptive.allowed / 2).max(1);
        let unwanted = adaptive.allowed - fewer;
        adaptive.allowed = fewer;
        let gone_now = self.places.forget_permits(unwanted);
        adaptive.surplus += unwanted - gone_now;
    }

    fn grow(&self) {
        let mut adaptive = lock(&self.adaptive);
        if adaptive.allowed >= self.most {
            return;
        }
        adaptive.good_answers += 1;
        // As many good answers as ten rounds of the present width: slower than it was lost.
        if adaptive.good_answers < adaptive.allowed * 10 {
            return;
        }
        adaptive.good_answers = 0;
        adaptive.allowed += 1;
        if adaptive.surplus > 0 {
            adaptive.surplus -= 1;
        } else {
            self.places.add_permits(1);
        }
    }
}

async fn wait_within(wait: Duration, deadline: Instant) -> Result<(), Refused> {
    if instant() + wait > deadline {
        return Err(Refused::TooBusy(wait));
    }
    tokio::time::sleep(wait).await;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Governor's view of tokio's time, so that paused time pauses the rate too.
#[derive(Debug, Clone)]
struct TokioClock {
    start: Instant,
}

impl governor::clock::Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        instant().saturating_duration_since(self.start)
    }
}

/// The number of upstream requests that one operation may cause, shared by all its calls.
#[derive(Debug)]
pub struct RequestBudget {
    left: AtomicU64,
}

impl RequestBudget {
    /// A budget of so many requests, retries included.
    #[must_use]
    pub fn of(requests: u64) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(requests) })
    }

    /// How many requests are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    pub(super) fn spend(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(concurrency: usize, requests_per_second: f64, burst: u32) -> Limits {
        Limits::new(&LimitSettings { concurrency, requests_per_second, burst, ..LimitSettings::default() })
    }

    fn far() -> Instant {
        instant() + Duration::from_secs(600)
    }

    #[tokio::test(start_paused = true)]
    async fn tries_beyond_the_burst_are_spread_evenly() {
        let limits = limits(100, 2.0, 3);
        let start = instant();
        for _ in 0..7 {
            limits.admit(far()).await.expect("admitted");
        }
        let took = start.elapsed();
        assert!((1990..=2010).contains(&took.as_millis()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_cannot_start_in_time_is_refused_at_once() {
        let limits = limits(100, 0.1, 1);
        limits.admit(far()).await.expect("admitted");
        let start = instant();
        let refused = limits.admit(start + Duration::from_secs(2)).await;
        assert!(matches!(refused, Err(Refused::TooBusy(wait)) if wait > Duration::from_secs(9)));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_are_in_flight() {
        let limits = limits(2, 1000.0, 1000);
        let first = limits.admit(far()).await.expect("admitted");
        let _second = limits.admit(far()).await.expect("admitted");
        let soon = instant() + Duration::from_millis(50);
        assert_eq!(limits.admit(soon).await.err(), Some(Refused::OutOfTime));
        drop(first);
        assert!(limits.admit(far()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_halves_the_width_once_per_burst_and_good_answers_win_it_back() {
        let limits = limits(8, 1000.0, 1000);
        let mut places = Vec::new();
        for _ in 0..8 {
            places.push(limits.admit(far()).await.expect("admitted"));
        }
        limits.slow_down(None);
        limits.slow_down(None);
        assert_eq!(limits.concurrency(), 4);
        places.truncate(4);
        let soon = instant() + Duration::from_millis(50);
        assert!(limits.admit(soon).await.is_err(), "four are still in flight");
        places.clear();
        for _ in 0..(40 + 50 + 60 + 70) {
            limits.went_well();
        }
        assert_eq!(limits.concurrency(), 8);
        for _ in 0..8 {
            places.push(limits.admit(far()).await.expect("all places are back"));
        }
        assert!(limits.admit(instant() + Duration::from_millis(50)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn everyone_holds_back_as_long_as_the_system_asked() {
        let limits = limits(8, 1000.0, 1000);
        limits.slow_down(Some(Duration::from_secs(7)));
        let start = instant();
        limits.admit(far()).await.expect("admitted");
        assert!(start.elapsed() >= Duration::from_secs(7));
    }

    #[test]
    fn a_budget_is_spent_once() {
        let budget = RequestBudget::of(2);
        assert_eq!([budget.spend(), budget.spend(), budget.spend()], [true, true, false]);
        assert_eq!(budget.left(), 0);
    }
}
