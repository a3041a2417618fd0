//! Schedules by serial generation: job after job in the order of a rule, each at the first moment at which it is ready,
//! its calendar is open and its pools have room (Kolisch, "Serial and parallel resource-constrained project scheduling
//! methods revisited", 1996). Several rules, seeded restarts, then a left shift; the best is kept.
#![expect(clippy::indexing_slicing, reason = "places come from the problem")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::{SignedDuration, Timestamp};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::exact;
use super::path::{Span, spans};
use super::pools::Pool;
use super::problem::{Job, Problem, earlier, later};
use super::steps::{OutOfSteps, Steps};

/// What keeps a job from starting earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// It may not start before.
    Earliest,
    /// It waits for this job.
    After(usize),
    /// Its calendar opens then.
    Opening,
    /// This pool has room then.
    Pool(usize),
}

/// Where a job stands in a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// When it starts.
    pub start: Timestamp,
    /// What keeps it from starting earlier.
    pub bound: Bound,
}

/// A schedule; `None` stands for a job that found no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Where each job stands.
    pub jobs: Vec<Option<Placed>>,
    /// Was every order tried, so that no schedule can be shorter?
    pub optimal: bool,
}

/// How hard to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Restarts beside the rules.
    pub restarts: u32,
    /// Seed of the restarts.
    pub seed: u64,
    /// After so many steps no further restart begins.
    pub restart_steps: u64,
    /// Up to so many jobs every order is tried.
    pub exact_jobs: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { restarts: 24, seed: 1, restart_steps: 1_000_000, exact_jobs: 6 }
    }
}

/// A good schedule. Restarts end early when their steps do.
///
/// # Errors
/// When the steps do not suffice for one schedule.
pub fn schedule(problem: &Problem, effort: Effort, steps: &mut Steps) -> Result<Schedule, OutOfSteps> {
    let spans = spans(problem);
    let begun = steps.left();
    let mut best: Option<(Rank, Vec<Option<Placed>>)> = None;
    for keys in rules(problem, &spans) {
        let jobs = generate(problem, &keys, steps)?;
        keep(&mut best, problem, jobs);
    }
    if problem.jobs().len() <= effort.exact_jobs {
        let mut search = exact::Search::new(problem, &spans);
        if search.run(&mut best, steps).is_ok() {
            let jobs = best.map(|(_, jobs)| jobs).unwrap_or_default();
            return Ok(Schedule { jobs, optimal: true });
        }
    }
    let mut random = ChaCha8Rng::seed_from_u64(effort.seed);
    for restart in 0..effort.restarts {
        if begun - steps.left() > effort.restart_steps {
            break;
        }
        let keys = shaken(&spans, restart, &mut random);
        match generate(problem, &keys, steps) {
            Ok(jobs) => keep(&mut best, problem, jobs),
            Err(_) => break,
        }
    }
    let mut jobs = best.map(|(_, jobs)| jobs).unwrap_or_default();
    left_shift(problem, &mut jobs, steps);
    Ok(Schedule { jobs, optimal: false })
}

/// What makes a schedule good: few jobs without a place, an early end, early starts.
type Rank = (usize, Timestamp, i128);

fn rank(problem: &Problem, jobs: &[Option<Placed>]) -> Rank {
    let missing = jobs.iter().filter(|job| job.is_none()).count();
    let placed = || jobs.iter().enumerate().filter_map(|(job, placed)| Some((job, (*placed)?)));
    let end = placed().map(|(job, placed)| later(placed.start, problem.job(job).duration)).max();
    let starts = placed().map(|(_, placed)| i128::from(placed.start.as_second())).sum();
    (missing, end.unwrap_or(Timestamp::MIN), starts)
}

pub(super) type Best = Option<(Rank, Vec<Option<Placed>>)>;

/// Keeps a schedule where it is better than the best.
pub(super) fn keep(best: &mut Best, problem: &Problem, jobs: Vec<Option<Placed>>) {
    let rank = rank(problem, &jobs);
    if best.as_ref().is_none_or(|(held, _)| rank < *held) {
        *best = Some((rank, jobs));
    }
}

/// A key for each job: the smaller goes first.
type Keys = Vec<(i64, i64)>;

/// Latest finish first, least slack first, greatest risk first.
fn rules(problem: &Problem, spans: &[Option<Span>]) -> [Keys; 3] {
    let of = |key: &dyn Fn(&Job, Span) -> (i64, i64)| {
        let all = problem.jobs().iter().zip(spans);
        all.map(|(job, span)| span.map_or((i64::MAX, 0), |span| key(job, span))).collect::<Keys>()
    };
    let finish = |job: &Job, span: Span| later(span.latest, job.duration).as_second();
    [
        of(&|job, span| (finish(job, span), span.earliest.as_second())),
        of(&|job, span| (span.latest.as_second() - span.earliest.as_second(), finish(job, span))),
        of(&|job, span| (-i64::from(job.risk), finish(job, span))),
    ]
}

/// Latest start first, shaken: a little in the first restart, thoroughly in the eighth, and then anew.
fn shaken(spans: &[Option<Span>], restart: u32, random: &mut ChaCha8Rng) -> Keys {
    let seconds = || spans.iter().flatten().map(|span| span.latest.as_second());
    let width = seconds().max().unwrap_or_default() - seconds().min().unwrap_or_default();
    let reach = (width / 16 * i64::from(restart % 8 + 1)).max(1);
    let key = |span: &Option<Span>| {
        let shake = random.random_range(0..=reach);
        span.map_or((i64::MAX, 0), |span| (span.latest.as_second().saturating_add(shake), shake))
    };
    spans.iter().map(key).collect()
}

/// Places one job after the other; each when all it waits for are placed, in the order of the keys.
fn generate(problem: &Problem, keys: &Keys, steps: &mut Steps) -> Result<Vec<Option<Placed>>, OutOfSteps> {
    let mut board = Board::new(problem);
    let mut waiting: Vec<usize> = (0..keys.len()).map(|job| problem.before(job).len()).collect();
    let free = |job: &usize| waiting[*job] == 0;
    let mut ready: BinaryHeap<Reverse<((i64, i64), usize)>> =
        (0..keys.len()).filter(free).map(|job| Reverse((keys[job], job))).collect();
    while let Some(Reverse((_, job))) = ready.pop() {
        board.place(job, steps)?;
        for (after, _) in problem.after(job) {
            waiting[*after] -= 1;
            if waiting[*after] == 0 {
                ready.push(Reverse((keys[*after], *after)));
            }
        }
    }
    Ok(board.jobs)
}

/// Takes jobs out in the order of their starts and puts each back as early as it can; until nothing moves.
fn left_shift(problem: &Problem, jobs: &mut [Option<Placed>], steps: &mut Steps) {
    let mut board = Board::new(problem);
    for (job, placed) in jobs.iter().enumerate() {
        if let Some(placed) = placed {
            board.put(job, *placed);
        }
    }
    loop {
        let mut order: Vec<(Timestamp, usize)> =
            board.jobs.iter().enumerate().filter_map(|(job, placed)| Some(((*placed)?.start, job))).collect();
        order.sort_unstable();
        let mut moved = false;
        for (start, job) in order {
            board.take_out(job);
            let before = board.jobs[job];
            if board.place(job, steps).is_err() {
                // What is there is good as it is.
                board.restore(job, before, start);
                jobs.clone_from_slice(&board.jobs);
                return;
            }
            moved |= board.jobs[job].is_some_and(|placed| placed.start < start);
        }
        if !moved {
            jobs.clone_from_slice(&board.jobs);
            return;
        }
    }
}

/// A schedule in the making.
#[derive(Clone)]
pub(super) struct Board<'p> {
    problem: &'p Problem,
    pools: Vec<Pool>,
    pub(super) jobs: Vec<Option<Placed>>,
}

impl<'p> Board<'p> {
    pub(super) fn new(problem: &'p Problem) -> Self {
        let pools = problem.capacities().iter().map(|capacity| Pool::new(*capacity)).collect();
        Self { problem, pools, jobs: vec![None; problem.jobs().len()] }
    }

    /// Places a job at the first moment that suits, where there is one in time.
    pub(super) fn place(&mut self, job: usize, steps: &mut Steps) -> Result<(), OutOfSteps> {
        if let Some(placed) = self.first_fit(job, steps)? {
            self.put(job, placed);
        }
        Ok(())
    }

    fn first_fit(&self, job: usize, steps: &mut Steps) -> Result<Option<Placed>, OutOfSteps> {
        let own = self.problem.job(job);
        let mut at = Placed { start: own.earliest, bound: Bound::Earliest };
        steps.spend(1 + self.problem.before(job).len() as u64)?;
        for (before, lag) in self.problem.before(job) {
            let Some(placed) = self.jobs[*before] else { return Ok(None) };
            let ready = later(later(placed.start, self.problem.job(*before).duration), *lag);
            if ready > at.start {
                at = Placed { start: ready, bound: Bound::After(*before) };
            }
        }
        loop {
            steps.spend(1)?;
            match self.problem.openings(job).next_fit(at.start, own.duration) {
                None => return Ok(None),
                Some(start) if start > at.start => at = Placed { start, bound: Bound::Opening },
                Some(_) => {}
            }
            let end = later(at.start, own.duration);
            if end > own.latest {
                return Ok(None);
            }
            let blocks = own.demands.iter().filter_map(|demand| {
                let until = self.pools[demand.pool].blocked_until((at.start, end), demand.amount)?;
                Some((until, Reverse(demand.pool)))
            });
            match blocks.max() {
                None => return Ok(Some(at)),
                Some((start, Reverse(pool))) => at = Placed { start, bound: Bound::Pool(pool) },
            }
        }
    }

    fn put(&mut self, job: usize, placed: Placed) {
        let own = self.problem.job(job);
        for demand in &own.demands {
            self.pools[demand.pool].take((placed.start, later(placed.start, own.duration)), demand.amount);
        }
        self.jobs[job] = Some(placed);
    }

    /// Frees what a job takes; where it stood stays noted.
    pub(super) fn take_out(&mut self, job: usize) {
        let own = self.problem.job(job);
        let Some(placed) = self.jobs[job] else { return };
        for demand in &own.demands {
            self.pools[demand.pool].give_back((placed.start, later(placed.start, own.duration)), demand.amount);
        }
    }

    /// Puts a job back where it was.
    fn restore(&mut self, job: usize, before: Option<Placed>, start: Timestamp) {
        if let Some(before) = before {
            self.put(job, Placed { start, ..before });
        }
    }
}

/// How much later each job of a schedule may start while every other one stays where it is: within its window, before
/// what waits for it, and while its pools have room.
pub fn slacks(problem: &Problem, schedule: &Schedule) -> Vec<Option<SignedDuration>> {
    let mut board = Board::new(problem);
    for (job, placed) in schedule.jobs.iter().enumerate() {
        if let Some(placed) = placed {
            board.put(job, *placed);
        }
    }
    let slack = |(job, placed): (usize, &Option<Placed>)| {
        let start = (*placed)?.start;
        let own = problem.job(job);
        let end = later(start, own.duration);
        let window = problem.openings(job).around(start).map_or(end, |window| window.end);
        let followers = problem.after(job).iter();
        let next = followers.filter_map(|(after, lag)| Some(earlier(schedule.jobs[*after]?.start, *lag)));
        let full = own.demands.iter().filter_map(|demand| board.pools[demand.pool].next_block(end, demand.amount));
        let limit = next.chain(full).fold(window.min(own.latest), Timestamp::min);
        Some(limit.duration_since(end).max(SignedDuration::ZERO))
    };
    schedule.jobs.iter().enumerate().map(slack).collect()
}
