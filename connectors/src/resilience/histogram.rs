//! Recent latencies in 80 buckets that widen by a quarter each: a quantile is at most 25 % too high.

use std::time::Duration;

use tokio::time::Instant;

const BUCKETS: usize = 80;
const GROWTH: f64 = 1.25;
/// Upper edge of the first bucket, in seconds; the last one ends at about twelve hours.
const FIRST: f64 = 0.001;
/// Latencies count for one to two of these.
const WINDOW: Duration = Duration::from_secs(300);

/// The latencies of the present and the previous window.
#[derive(Debug)]
pub(super) struct Latencies {
    present: [u32; BUCKETS],
    previous: [u32; BUCKETS],
    began: Option<Instant>,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { present: [0; BUCKETS], previous: [0; BUCKETS], began: None }
    }
}

impl Latencies {
    pub(super) fn record(&mut self, took: Duration, now: Instant) {
        self.turn(now);
        if let Some(count) = self.present.get_mut(bucket(took)) {
            *count = count.saturating_add(1);
        }
    }

    /// The upper edges of the buckets in which the quantiles lie.
    pub(super) fn quantiles<const N: usize>(&mut self, quantiles: [f64; N], now: Instant) -> [Option<Duration>; N] {
        self.turn(now);
        let counts = || self.present.iter().zip(&self.previous);
        let total: u64 = counts().map(|(a, b)| u64::from(*a) + u64::from(*b)).sum();
        quantiles.map(|quantile| {
            #[expect(clippy::cast_precision_loss, reason = "a count of requests within minutes")]
            let rank = quantile * total as f64;
            let mut seen = 0.0;
            let reached = counts().position(|(a, b)| {
                seen += f64::from(*a) + f64::from(*b);
                seen >= rank
            });
            reached.filter(|_| total > 0).map(upper_edge)
        })
    }

    fn turn(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let age = now.saturating_duration_since(began);
        if age < WINDOW {
            return;
        }
        let present = std::mem::replace(&mut self.present, [0; BUCKETS]);
        self.previous = if age < WINDOW * 2 { present } else { [0; BUCKETS] };
        self.began = Some(now);
    }
}

fn bucket(took: Duration) -> usize {
    let steps = (took.as_secs_f64() / FIRST).max(1.0).log(GROWTH).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the logarithm of at least one, cut to the last bucket"
    )]
    let index = steps as usize;
    index.min(BUCKETS - 1)
}

fn upper_edge(bucket: usize) -> Duration {
    let steps = i32::try_from(bucket).unwrap_or(i32::MAX);
    Duration::try_from_secs_f64(FIRST * GROWTH.powi(steps)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::instant;

    #[test]
    fn quantiles_are_close_and_never_too_low() {
        let now = instant();
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantiles([0.5], now), [None]);
        for ms in 1..=1000 {
            latencies.record(Duration::from_millis(ms), now);
        }
        let [p50, p99] = latencies.quantiles([0.5, 0.99], now).map(Option::unwrap_or_default);
        assert!((500..=625).contains(&p50.as_millis()), "{p50:?}");
        assert!((990..=1240).contains(&p99.as_millis()), "{p99:?}");
    }

    #[test]
    fn old_latencies_are_forgotten() {
        let start = instant();
        let mut latencies = Latencies::default();
        latencies.record(Duration::from_secs(9), start);
        assert_ne!(latencies.quantiles([0.5], start + WINDOW), [None]);
        assert_eq!(latencies.quantiles([0.5], start + WINDOW * 2), [None]);
    }

    #[test]
    fn extreme_latencies_have_a_bucket() {
        let now = instant();
        let mut latencies = Latencies::default();
        latencies.record(Duration::ZERO, now);
        latencies.record(Duration::MAX, now);
        assert!(latencies.quantiles([1.0], now) != [None]);
    }
}
