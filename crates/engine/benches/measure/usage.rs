//! What a process has used, as Linux tells it, and how long something took.

use std::time::{Duration, Instant};

/// CPU time and memory of a process so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// In user and kernel mode.
    pub(crate) cpu: Duration,
    /// Bytes of memory now.
    pub(crate) resident: u64,
    /// Most bytes of memory so far.
    pub(crate) peak: u64,
}

impl Usage {
    /// Of a process by its id, or `self`; nothing where it cannot be told.
    pub(crate) fn of(process: &str) -> Self {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
        let status = read("status");
        let kibibytes = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
        };
        // The name of the program stands in brackets and may hold anything; fields are counted behind it.
        let stat = read("stat");
        let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
        let ticks: u64 =
            behind.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
        Self {
            cpu: Duration::from_millis(ticks * MILLISECONDS_OF_A_TICK),
            resident: kibibytes("VmRSS:") * 1024,
            peak: kibibytes("VmHWM:") * 1024,
        }
    }
}

/// Linux tells CPU time in hundredths of a second on every usual machine.
const MILLISECONDS_OF_A_TICK: u64 = 10;

/// How long something takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a measurement is no moment of the model's time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
