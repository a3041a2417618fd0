//! What is scheduled, over plain places: jobs with durations, openings, deadlines and demands; precedences with lags;
//! pools with capacity. The resource-constrained project scheduling problem with calendars, which is NP-hard.

use jiff::{SignedDuration, Timestamp};

use crate::calendar::Intervals;

/// How much of a pool a job takes while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demand {
    /// Place in [`Problem::capacities`].
    pub pool: usize,
    /// How much of its capacity.
    pub amount: u32,
}

/// One thing to do in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// How long it takes; above zero.
    pub duration: SignedDuration,
    /// Place in [`Problem::openings`]: it must lie within one of these windows.
    pub openings: usize,
    /// It starts at this moment or later.
    pub earliest: Timestamp,
    /// It has ended by this moment.
    pub latest: Timestamp,
    /// What it needs while it runs.
    pub demands: Vec<Demand>,
    /// How much is at risk with it; the greater goes first where a rule asks for it.
    pub risk: u32,
}

/// "The one has ended, and then some, before the other starts."
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Precedence {
    /// Place of what ends first.
    pub before: usize,
    /// Place of what starts later.
    pub after: usize,
    /// How long after the end it may start; not negative.
    pub lag: SignedDuration,
}

/// A scheduling problem without circles. Make it with [`Problem::new`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    jobs: Vec<Job>,
    openings: Vec<Intervals>,
    capacities: Vec<u32>,
    before: Vec<Vec<(usize, SignedDuration)>>,
    after: Vec<Vec<(usize, SignedDuration)>>,
    order: Vec<usize>,
}

/// Why something is no problem that can be solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A place that does not exist.
    #[error("job {job} refers to openings, a pool or a job that does not exist")]
    Place {
        /// The job.
        job: usize,
    },
    /// A duration that is not above zero, or a lag below it.
    #[error("job {job} has a duration that is not above zero, or a negative lag")]
    Duration {
        /// The job.
        job: usize,
    },
    /// Jobs that wait for each other.
    #[error("job {job} waits for itself in a circle")]
    Circle {
        /// One of them.
        job: usize,
    },
}

impl Problem {
    /// Checks and arranges a problem. O(V+E).
    ///
    /// # Errors
    /// Places that do not exist, durations that are not above zero, circles.
    pub fn new(
        jobs: Vec<Job>,
        precedences: &[Precedence],
        (openings, capacities): (Vec<Intervals>, Vec<u32>),
    ) -> Result<Self, Malformed> {
        for (place, job) in jobs.iter().enumerate() {
            let pools = job.demands.iter().all(|demand| demand.pool < capacities.len());
            if job.openings >= openings.len() || !pools {
                return Err(Malformed::Place { job: place });
            }
            if !job.duration.is_positive() {
                return Err(Malformed::Duration { job: place });
            }
        }
        let mut before = vec![Vec::new(); jobs.len()];
        let mut after = vec![Vec::new(); jobs.len()];
        for Precedence { before: one, after: other, lag } in precedences {
            if lag.is_negative() {
                return Err(Malformed::Duration { job: *other });
            }
            match (after.get_mut(*one), before.get_mut(*other)) {
                (Some(after), Some(before)) => {
                    after.push((*other, *lag));
                    before.push((*one, *lag));
                }
                _ => return Err(Malformed::Place { job: *one.max(other) }),
            }
        }
        for list in before.iter_mut().chain(&mut after) {
            list.sort_unstable();
            list.dedup();
        }
        let order = order(&before, &after)?;
        Ok(Self { jobs, openings, capacities, before, after, order })
    }

    /// The jobs.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The capacity of each pool.
    pub fn capacities(&self) -> &[u32] {
        &self.capacities
    }

    /// All places, each after those it waits for.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// What a job waits for, with the lag.
    pub fn before(&self, job: usize) -> &[(usize, SignedDuration)] {
        self.before.get(job).map(Vec::as_slice).unwrap_or_default()
    }

    /// What waits for a job, with the lag.
    pub fn after(&self, job: usize) -> &[(usize, SignedDuration)] {
        self.after.get(job).map(Vec::as_slice).unwrap_or_default()
    }

    /// When a job may run.
    pub fn openings(&self, job: usize) -> &Intervals {
        #[expect(clippy::indexing_slicing, reason = "checked when the problem was made")]
        &self.openings[self.jobs[job].openings]
    }

    /// One job.
    pub(super) fn job(&self, job: usize) -> &Job {
        #[expect(clippy::indexing_slicing, reason = "places come from this problem")]
        &self.jobs[job]
    }
}

fn order(
    before: &[Vec<(usize, SignedDuration)>],
    after: &[Vec<(usize, SignedDuration)>],
) -> Result<Vec<usize>, Malformed> {
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut order: Vec<usize> =
        waiting.iter().enumerate().filter(|(_, left)| **left == 0).map(|(at, _)| at).collect();
    let mut next = 0;
    while let Some(job) = order.get(next).copied() {
        next += 1;
        for (later, _) in after.get(job).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(*later) {
                *left -= 1;
                if *left == 0 {
                    order.push(*later);
                }
            }
        }
    }
    match waiting.iter().position(|left| *left > 0) {
        Some(job) => Err(Malformed::Circle { job }),
        None => Ok(order),
    }
}

/// A moment later by a duration; the end of time where it would be beyond.
pub(super) fn later(moment: Timestamp, duration: SignedDuration) -> Timestamp {
    moment.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// A moment earlier by a duration; the beginning of time where it would be before.
pub(super) fn earlier(moment: Timestamp, duration: SignedDuration) -> Timestamp {
    moment.checked_sub(duration).unwrap_or(Timestamp::MIN)
}
