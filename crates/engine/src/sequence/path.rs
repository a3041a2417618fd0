//! The critical path under calendars, without regard to capacity: earliest and latest starts, and a lower bound for
//! every schedule. The bound is the greater of the latest earliest finish and, for each pool, the moment before which
//! the work of all that cannot start earlier does not fit into the time that is open.
#![expect(clippy::indexing_slicing, reason = "places come from the problem")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::problem::{Problem, earlier, later};
use crate::calendar::Intervals;

/// The earliest and the latest moment at which a job may start when every pool is boundless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Earliest start.
    pub earliest: Timestamp,
    /// Latest start that delays nobody beyond the end of all, or beyond a deadline.
    pub latest: Timestamp,
}

/// The spans of jobs. `None` for a job that fits nowhere, not even without limits of capacity, and for all that wait
/// for it. O(V+E), and O(log I) for each job.
pub fn spans(problem: &Problem) -> Vec<Option<Span>> {
    let earliest = earliest_starts(problem);
    let finish = |job: usize| earliest[job].map(|start| later(start, problem.job(job).duration));
    let end = (0..earliest.len()).filter_map(finish).max().unwrap_or(Timestamp::MIN);
    let mut latest: Vec<Option<Timestamp>> = vec![None; earliest.len()];
    for job in problem.order().iter().rev() {
        let Some(first) = earliest[*job] else { continue };
        let own = problem.job(*job);
        let followers = problem.after(*job).iter();
        let limit = followers
            .filter_map(|(after, lag)| latest[*after].map(|start| earlier(start, *lag)))
            .fold(end.min(own.latest), Timestamp::min);
        latest[*job] = last_fit(problem.openings(*job), limit, own.duration).map(|start| start.max(first));
    }
    let pairs = earliest.into_iter().zip(latest);
    pairs
        .map(|(earliest, latest)| earliest.zip(latest).map(|(earliest, latest)| Span { earliest, latest }))
        .collect()
}

fn earliest_starts(problem: &Problem) -> Vec<Option<Timestamp>> {
    let mut starts: Vec<Option<Timestamp>> = vec![None; problem.jobs().len()];
    for job in problem.order() {
        let own = problem.job(*job);
        let mut ready = Some(own.earliest);
        for (before, lag) in problem.before(*job) {
            let ends = starts[*before].map(|start| later(later(start, problem.job(*before).duration), *lag));
            ready = ready.zip(ends).map(|(one, two)| one.max(two));
        }
        let start = ready.and_then(|ready| problem.openings(*job).next_fit(ready, own.duration));
        let fits = |demand: &super::problem::Demand| demand.amount <= problem.capacities()[demand.pool];
        let possible = own.demands.iter().all(fits);
        starts[*job] = start.filter(|start| possible && later(*start, own.duration) <= own.latest);
    }
    starts
}

/// The last moment at which something that lasts `duration` fits into one window and ends by `limit`.
fn last_fit(openings: &Intervals, limit: Timestamp, duration: SignedDuration) -> Option<Timestamp> {
    let ends = openings.iter().rev().map(|window| (window.start, earlier(window.end.min(limit), duration)));
    ends.into_iter().find(|(start, last)| start <= last).map(|(_, last)| last)
}

/// The chain that makes the end of all what it is when every pool is boundless, first to last: each starts as soon as
/// the one before allows it.
pub fn critical_path(problem: &Problem, spans: &[Option<Span>]) -> Vec<usize> {
    let finish = |job: usize| spans[job].map(|span| later(span.earliest, problem.job(job).duration));
    let mut path: Vec<usize> = Vec::new();
    // Of several, the first place: `max_by_key` would take the last.
    let mut next = (0..spans.len()).rev().filter(|job| spans[*job].is_some()).max_by_key(|job| finish(*job));
    while let Some(job) = next {
        path.push(job);
        let ready = |(before, lag): &(usize, SignedDuration)| finish(*before).map(|end| later(end, *lag));
        let binding = problem.before(job).iter().rev().filter(|edge| ready(edge) > Some(problem.job(job).earliest));
        next = binding.max_by_key(|edge| ready(edge)).map(|(before, _)| *before);
    }
    path.reverse();
    path
}

/// No schedule of these jobs ends earlier. Jobs that fit nowhere are left out.
pub fn lower_bound(problem: &Problem, spans: &[Option<Span>]) -> Option<Timestamp> {
    let finish =
        |(job, span): (usize, &Option<Span>)| span.map(|span| later(span.earliest, problem.job(job).duration));
    let path = spans.iter().enumerate().filter_map(finish).max()?;
    let pools = (0..problem.capacities().len()).filter_map(|pool| work_bound(problem, spans, pool));
    Some(pools.fold(path, Timestamp::max))
}

/// The latest, over all moments t, of the first moment by which the work that cannot start before t fits into what is
/// open since t.
fn work_bound(problem: &Problem, spans: &[Option<Span>], pool: usize) -> Option<Timestamp> {
    let capacity = i128::from(problem.capacities()[pool].max(1));
    let taken = |job: usize| {
        let amounts = problem.job(job).demands.iter().filter(|demand| demand.pool == pool);
        amounts.map(|demand| i128::from(demand.amount)).sum::<i128>()
    };
    let start = |job: usize| Some((spans[job]?.earliest, job));
    let mut jobs: Vec<(Timestamp, usize)> =
        (0..spans.len()).filter(|job| taken(*job) > 0).filter_map(start).collect();
    jobs.sort_unstable();
    let calendars: BTreeMap<usize, usize> =
        jobs.iter().map(|(_, job)| (problem.job(*job).openings, *job)).collect();
    let open = Intervals::new(calendars.values().flat_map(|job| problem.openings(*job).iter()));
    let windows: Vec<domain::Window> = open.iter().collect();
    // Open time before each window, so that "so much later" is one search.
    let mut before: Vec<i128> = vec![0];
    for window in &windows {
        before
            .push(before.last().copied().unwrap_or_default() + window.end.duration_since(window.start).as_nanos());
    }
    let (mut work, mut bound) = (0_i128, None);
    for (from, job) in jobs.iter().rev() {
        work += taken(*job) * problem.job(*job).duration.as_nanos();
        let needed = (work + capacity - 1) / capacity;
        let first = windows.partition_point(|window| window.end <= *from);
        let Some(window) = windows.get(first) else { continue };
        let gone = from.duration_since(window.start).as_nanos().max(0);
        let goal = before[first] + gone + needed;
        let last = before.partition_point(|open| *open < goal).saturating_sub(1);
        let end = windows.get(last).map(|window| {
            let into = i64::try_from(goal - before[last]).unwrap_or(i64::MAX);
            later(window.start, SignedDuration::from_nanos(into))
        });
        bound = bound.max(end);
    }
    bound
}
