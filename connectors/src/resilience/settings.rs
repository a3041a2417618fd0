//! How patient, how eager and how large: the knobs of one system's resilience layer.
//! Every knob has a default that is gentle enough for a shared production instance.

use std::time::Duration;

/// The limits that all traffic to one system obeys.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Time for a whole call with all its waiting and tries. 100 ms to 10 min; 30 s.
    pub deadline: Duration,
    /// Time for one try, from sending to the last byte. 10 ms to the deadline; 10 s.
    pub try_timeout: Duration,
    /// Time to open a connection. 10 ms to 60 s; 5 s.
    pub connect_timeout: Duration,
    /// How often and when a failed try is repeated.
    pub retry: RetrySettings,
    /// When a failing system is left alone.
    pub breaker: BreakerSettings,
    /// How much we ask at once and per second.
    pub limits: LimitSettings,
    /// How much is remembered.
    pub cache: CacheSettings,
    /// Largest body held, in bytes after decompression. 1 KiB to 256 MiB; 16 MiB.
    pub max_body_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            try_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            retry: RetrySettings::default(),
            breaker: BreakerSettings::default(),
            limits: LimitSettings::default(),
            cache: CacheSettings::default(),
            max_body_bytes: 16 * 1024 * 1024,
        }
    }
}

/// Repeating a failed try.
#[derive(Debug, Clone, PartialEq)]
pub struct RetrySettings {
    /// Tries after the first one. 0 to 10; 3.
    pub retries: u32,
    /// Retries allowed as a fraction of requests, over time. 0.0 to 1.0; 0.1.
    pub budget: f64,
    /// Retries that are allowed at once before the fraction counts. 0 to 1000; 10.
    pub reserve: u32,
    /// The first pause, doubled for each further try, shortened at random. 1 ms to 60 s; 200 ms.
    pub first_pause: Duration,
    /// The longest pause that we choose ourselves. Up to 10 min; 5 s.
    pub longest_pause: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            retries: 3,
            budget: 0.1,
            reserve: 10,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
        }
    }
}

/// Leaving a failing system alone.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakerSettings {
    /// The latest tries that are judged. 1 to 1000; 20.
    pub window: usize,
    /// Outages among them before anything is concluded. 1 to the window; 5.
    pub min_failures: usize,
    /// Share of outages among them that opens the circuit. Above 0.0, up to 1.0; 0.5.
    pub failure_share: f64,
    /// How long it is left alone the first time; doubled after each failed probe. 10 ms to 10 min; 5 s.
    pub open_for: Duration,
    /// The longest it is left alone. From `open_for` to 1 h; 60 s.
    pub longest_open: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            window: 20,
            min_failures: 5,
            failure_share: 0.5,
            open_for: Duration::from_secs(5),
            longest_open: Duration::from_secs(60),
        }
    }
}

/// How much is asked at once and per second.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitSettings {
    /// Tries in flight at once, at most; fewer after a 429. 1 to 1000; 4.
    pub concurrency: usize,
    /// Tries started per second, evenly. Above 0, up to 10 000; 10.
    pub requests_per_second: f64,
    /// Tries that may start at once after a quiet time. 1 to 10 000; 10.
    pub burst: u32,
    /// Longest time that we hold back after a 429, whatever the system says. Up to 1 h; 5 min.
    pub longest_hold: Duration,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { concurrency: 4, requests_per_second: 10.0, burst: 10, longest_hold: Duration::from_secs(300) }
    }
}

/// How much is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheSettings {
    /// Memory for answers, in bytes; 0 remembers nothing. Up to 8 GiB; 32 MiB.
    pub max_bytes: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { max_bytes: 32 * 1024 * 1024 }
    }
}

/// One knob that is out of its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfBounds {
    /// Where it stands, for example `retry.budget`.
    pub path: &'static str,
    /// The bounds it has to keep.
    pub bounds: &'static str,
}

impl Settings {
    /// All knobs that are out of their bounds, in the order of the fields.
    #[must_use]
    pub fn out_of_bounds(&self) -> Vec<OutOfBounds> {
        const MIN: Duration = Duration::from_millis(10);
        const HOUR: Duration = Duration::from_secs(3600);
        let between = |value: Duration, low: Duration, high: Duration| low <= value && value <= high;
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let (retry, breaker, limits) = (&self.retry, &self.breaker, &self.limits);
        let rules = [
            (between(self.deadline, Duration::from_millis(100), HOUR / 6), "deadline", "100 ms to 10 min"),
            (between(self.try_timeout, MIN, self.deadline), "try_timeout", "10 ms to the deadline"),
            (between(self.connect_timeout, MIN, HOUR / 60), "connect_timeout", "10 ms to 60 s"),
            (retry.retries <= 10, "retry.retries", "0 to 10"),
            (share(retry.budget), "retry.budget", "0 % to 100 %"),
            (retry.reserve <= 1000, "retry.reserve", "0 to 1000"),
            (between(retry.first_pause, Duration::from_millis(1), HOUR / 60), "retry.first_pause", "1 ms to 60 s"),
            (
                between(retry.longest_pause, retry.first_pause, HOUR / 6),
                "retry.longest_pause",
                "the first pause to 10 min",
            ),
            ((1..=1000).contains(&breaker.window), "breaker.window", "1 to 1000"),
            ((1..=breaker.window).contains(&breaker.min_failures), "breaker.min_failures", "1 to the window"),
            (
                share(breaker.failure_share) && breaker.failure_share > 0.0,
                "breaker.failure_share",
                "above 0 %, up to 100 %",
            ),
            (between(breaker.open_for, MIN, HOUR / 6), "breaker.open_for", "10 ms to 10 min"),
            (between(breaker.longest_open, breaker.open_for, HOUR), "breaker.longest_open", "open_for to 1 h"),
            ((1..=1000).contains(&limits.concurrency), "limits.concurrency", "1 to 1000"),
            (
                limits.requests_per_second > 0.0 && limits.requests_per_second <= 10_000.0,
                "limits.requests_per_second",
                "above 0, up to 10000",
            ),
            ((1..=10_000).contains(&limits.burst), "limits.burst", "1 to 10000"),
            (limits.longest_hold <= HOUR, "limits.longest_hold", "up to 1 h"),
            (self.cache.max_bytes <= 8 << 30, "cache.max_bytes", "up to 8 GiB"),
            ((1024..=256 << 20).contains(&self.max_body_bytes), "max_body_bytes", "1 KiB to 256 MiB"),
        ];
        let broken = rules.into_iter().filter(|(holds, ..)| !holds);
        broken.map(|(_, path, bounds)| OutOfBounds { path, bounds }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_keep_their_bounds() {
        assert_eq!(Settings::default().out_of_bounds(), []);
    }

    #[test]
    fn every_broken_knob_is_named() {
        let mut settings = Settings::default();
        settings.retry.budget = 1.4;
        settings.limits.concurrency = 0;
        settings.limits.requests_per_second = f64::NAN;
        let paths: Vec<_> = settings.out_of_bounds().iter().map(|rule| rule.path).collect();
        assert_eq!(paths, ["retry.budget", "limits.concurrency", "limits.requests_per_second"]);
    }
}
