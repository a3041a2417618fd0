//! Leaves a system alone that keeps failing, and lets one probe at a time find out whether it is back.
//! The state machine is pure: the moment is an argument. Busy (429) and unwilling (4xx) are not ill.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::settings::BreakerSettings;

/// Whether a system's circuit lets traffic pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CircuitState {
    /// Traffic passes.
    Closed,
    /// The system is left alone.
    Open,
    /// One probe may pass.
    HalfOpen,
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "CLOSED",
            Self::Open => "OPEN",
            Self::HalfOpen => "HALF_OPEN",
        })
    }
}

/// What one try told about the system's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// It answered as it should.
    Well,
    /// It is alive, but the answer says nothing about its health.
    Alive,
    /// It failed.
    Ill,
}

/// The circuit of one system.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// What the latest tries told; judged only while closed.
    window: VecDeque<Health>,
    open_for: Duration,
    /// Tries that started under an earlier epoch must not judge this one.
    epoch: u64,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open { until: Instant },
    Probing,
}

impl Breaker {
    pub(super) fn new(settings: BreakerSettings) -> Self {
        let state = State {
            phase: Phase::Closed,
            window: VecDeque::with_capacity(settings.window),
            open_for: settings.open_for,
            epoch: 0,
        };
        Self { settings, state: Mutex::new(state) }
    }

    /// The state as it would meet a request at this moment.
    pub(super) fn state(&self, now: Instant) -> CircuitState {
        match self.lock().phase {
            Phase::Closed => CircuitState::Closed,
            Phase::Open { until } if now < until => CircuitState::Open,
            Phase::Open { .. } | Phase::Probing => CircuitState::HalfOpen,
        }
    }

    /// Lets one try pass, or says how long the system is left alone.
    pub(super) fn pass(&self, now: Instant) -> Result<Pass<'_>, Duration> {
        let mut state = self.lock();
        match state.phase {
            Phase::Closed => {}
            Phase::Open { until } if now < until => return Err(until - now),
            Phase::Open { .. } => {
                state.phase = Phase::Probing;
                state.epoch += 1;
            }
            // The probe's own end decides; until then nobody knows better than this.
            Phase::Probing => return Err(self.settings.open_for),
        }
        Ok(Pass { breaker: self, epoch: state.epoch, settled: false })
    }

    fn settle(&self, epoch: u64, health: Option<Health>, now: Instant) {
        let mut state = self.lock();
        if state.epoch != epoch {
            return;
        }
        match (state.phase, health) {
            (Phase::Closed, Some(told @ (Health::Well | Health::Ill))) => self.remember(&mut state, told, now),
            (Phase::Probing, Some(Health::Well | Health::Alive)) => {
                state.phase = Phase::Closed;
                state.window.clear();
                state.open_for = self.settings.open_for;
            }
            (Phase::Probing, Some(Health::Ill)) => {
                let doubled = state.open_for.saturating_mul(2);
                state.open_for = doubled.min(self.settings.longest_open);
                self.open(&mut state, now);
            }
            // The probe was dropped before it told anything: the next request probes.
            (Phase::Probing, None) => state.phase = Phase::Open { until: now },
            (Phase::Closed, Some(Health::Alive) | None) | (Phase::Open { .. }, _) => {}
        }
    }

    fn remember(&self, state: &mut State, told: Health, now: Instant) {
        if state.window.len() >= self.settings.window {
            state.window.pop_front();
        }
        state.window.push_back(told);
        let failures = state.window.iter().filter(|told| **told == Health::Ill).count();
        #[expect(clippy::cast_precision_loss, reason = "a window of at most 1000")]
        let share = failures as f64 / state.window.len() as f64;
        if failures >= self.settings.min_failures && share >= self.settings.failure_share {
            self.open(state, now);
        }
    }

    fn open(&self, state: &mut State, now: Instant) {
        state.phase = Phase::Open { until: now + state.open_for };
        state.window.clear();
        state.epoch += 1;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make one try. Dropped without a verdict, it frees the probe's place.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    epoch: u64,
    settled: bool,
}

impl Pass<'_> {
    /// Whether the circuit has not opened since this try was let through.
    pub(super) fn still_holds(&self) -> bool {
        self.breaker.lock().epoch == self.epoch
    }

    pub(super) fn settle(mut self, health: Health, now: Instant) {
        self.settled = true;
        self.breaker.settle(self.epoch, Some(health), now);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.settle(self.epoch, None, crate::clock::instant());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replays `event`s (`ok`, `ill`, `busy`, `wait`, `refused`, `probe-dropped`) and checks the state after each.
    fn check(script: &[(&str, CircuitState)]) {
        let breaker = Breaker::new(BreakerSettings {
            window: 4,
            min_failures: 2,
            failure_share: 0.5,
            open_for: Duration::from_secs(5),
            longest_open: Duration::from_secs(8),
        });
        let mut now = crate::clock::instant();
        for (step, (event, expected)) in script.iter().enumerate() {
            match *event {
                "ok" => breaker.pass(now).expect("passes").settle(Health::Well, now),
                "ill" => breaker.pass(now).expect("passes").settle(Health::Ill, now),
                "busy" => breaker.pass(now).expect("passes").settle(Health::Alive, now),
                "refused" => assert!(breaker.pass(now).is_err(), "step {step}"),
                "probe-dropped" => drop(breaker.pass(now).expect("passes")),
                wait => now += Duration::from_secs(wait.parse().expect("seconds")),
            }
            assert_eq!(breaker.state(now), *expected, "step {step}: {event}");
        }
    }

    use CircuitState::{Closed, HalfOpen, Open};

    #[test]
    fn outages_open_it_and_a_good_probe_closes_it() {
        check(&[
            ("ok", Closed),
            ("ill", Closed),
            ("ill", Open),
            ("refused", Open),
            ("4", Open),
            ("1", HalfOpen),
            ("ok", Closed),
            ("ill", Closed),
        ]);
    }

    #[test]
    fn a_failed_probe_opens_it_for_longer_up_to_the_limit() {
        check(&[
            ("ill", Closed),
            ("ill", Open),
            ("5", HalfOpen),
            ("ill", Open),
            ("7", Open),
            ("1", HalfOpen),
            ("ill", Open),
            ("8", HalfOpen),
            ("busy", Closed),
        ]);
    }

    #[test]
    fn few_outages_among_good_answers_keep_it_closed() {
        check(&[("ok", Closed), ("ok", Closed), ("ok", Closed), ("ill", Closed), ("ok", Closed), ("ok", Closed)]);
    }

    #[test]
    fn being_busy_never_opens_it() {
        check(&[("busy", Closed); 50]);
    }

    #[test]
    fn one_probe_at_a_time() {
        let breaker = Breaker::new(BreakerSettings { min_failures: 1, ..BreakerSettings::default() });
        let now = crate::clock::instant();
        breaker.pass(now).expect("passes").settle(Health::Ill, now);
        let later = now + Duration::from_secs(5);
        let probe = breaker.pass(later).expect("the probe passes");
        assert!(breaker.pass(later).is_err(), "a second one has to wait");
        probe.settle(Health::Well, later);
        assert!(breaker.pass(later).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_probe_frees_its_place() {
        check(&[("ill", Closed), ("ill", Open), ("5", HalfOpen), ("probe-dropped", HalfOpen)]);
    }

    #[test]
    fn a_try_from_before_the_opening_does_not_judge_the_probe() {
        let breaker = Breaker::new(BreakerSettings { min_failures: 1, ..BreakerSettings::default() });
        let now = crate::clock::instant();
        let slow = breaker.pass(now).expect("passes");
        breaker.pass(now).expect("passes").settle(Health::Ill, now);
        let later = now + Duration::from_secs(5);
        let probe = breaker.pass(later).expect("the probe passes");
        slow.settle(Health::Well, later);
        assert_eq!(breaker.state(later), HalfOpen);
        probe.settle(Health::Ill, later);
        assert_eq!(breaker.state(later), Open);
    }
}
