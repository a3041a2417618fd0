//! Schedules, spans and bounds, against trying every start on a small grid.

use domain::Window;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::calendar::Intervals;
use crate::sequence::{
    Demand, Effort, Job, Precedence, Problem, Schedule, Steps, critical_path, lower_bound, schedule, slacks, spans,
};

const END: i64 = 16;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(hour * 3600).unwrap()
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

#[derive(Debug, Clone)]
struct Small {
    /// Duration, calendar, amount of the pool, deadline.
    jobs: Vec<(i64, usize, u32, i64)>,
    edges: Vec<(usize, usize)>,
    /// Hours in which each calendar is open.
    open: Vec<Vec<bool>>,
    capacity: u32,
}

impl Small {
    fn problem(&self) -> Problem {
        let jobs = self.jobs.iter().map(|(duration, openings, amount, latest)| Job {
            duration: hours(*duration),
            openings: *openings,
            earliest: at(0),
            latest: at(*latest),
            demands: vec![Demand { pool: 0, amount: *amount }],
            risk: 0,
        });
        let precedence =
            |(before, after): &(usize, usize)| Precedence { before: *before, after: *after, lag: hours(0) };
        let precedences: Vec<Precedence> = self.edges.iter().map(precedence).collect();
        let open = self.open.iter().map(|hours| {
            let windows = (0..).zip(hours).filter(|(_, open)| **open);
            Intervals::new(windows.filter_map(|(hour, _)| Window::new(at(hour), at(hour + 1))))
        });
        Problem::new(jobs.collect(), &precedences, (open.collect(), vec![self.capacity])).unwrap()
    }

    fn is_open(&self, job: usize, start: i64) -> bool {
        let (duration, calendar, _, latest) = self.jobs[job];
        let within = (start..start + duration).all(|hour| self.open[calendar].get(hour as usize) == Some(&true));
        within && start + duration <= latest
    }

    /// The earliest end of all, over every start of every job.
    fn best(&self, starts: &mut Vec<i64>) -> Option<i64> {
        let job = starts.len();
        if job == self.jobs.len() {
            return starts.iter().zip(&self.jobs).map(|(start, job)| start + job.0).max();
        }
        let mut best: Option<i64> = None;
        for start in 0..END {
            if !self.is_open(job, start) {
                continue;
            }
            starts.push(start);
            if self.is_right(starts) {
                let found = self.best(starts);
                best = best.into_iter().chain(found).min();
            }
            starts.pop();
        }
        best
    }

    /// Do the starts so far respect edges and capacity?
    fn is_right(&self, starts: &[i64]) -> bool {
        let known = |job: usize| starts.get(job).map(|start| (*start, start + self.jobs[job].0));
        let ordered = self.edges.iter().all(|(before, after)| match (known(*before), known(*after)) {
            (Some((_, end)), Some((start, _))) => end <= start,
            _ => true,
        });
        let taken = |hour: i64| -> u32 {
            let running =
                (0..starts.len()).filter(|job| known(*job).is_some_and(|(start, end)| start <= hour && hour < end));
            running.map(|job| self.jobs[job].2).sum()
        };
        ordered && (0..END).all(|hour| taken(hour) <= self.capacity)
    }

    fn starts(&self, schedule: &Schedule) -> Option<Vec<i64>> {
        schedule.jobs.iter().map(|job| Some(job.as_ref()?.start.as_second() / 3600)).collect()
    }
}

fn small(jobs: usize) -> impl Strategy<Value = Small> {
    let job = (1..4_i64, 0..2_usize, 1..3_u32, 8..=END);
    let edge = (0..jobs, 0..jobs).prop_filter_map("no circle", |(a, b)| (a != b).then_some((a.min(b), a.max(b))));
    let open = proptest::collection::vec(proptest::bool::weighted(0.8), END as usize);
    (
        proptest::collection::vec(job, jobs),
        proptest::collection::vec(edge, 0..4),
        proptest::collection::vec(open, 2),
        2..4_u32,
    )
        .prop_map(|(jobs, edges, open, capacity)| Small { jobs, edges, open, capacity })
}

/// Without calendars, deadlines and limits.
fn free(jobs: usize) -> impl Strategy<Value = Small> {
    small(jobs).prop_map(|small| Small {
        jobs: small.jobs.into_iter().map(|(duration, _, _, _)| (duration, 0, 1, END)).collect(),
        open: vec![vec![true; END as usize]],
        capacity: 100,
        ..small
    })
}

fn solve(small: &Small, exact_jobs: usize) -> Schedule {
    let effort = Effort { restarts: 4, seed: 7, exact_jobs, ..Effort::default() };
    schedule(&small.problem(), effort, &mut Steps::new(1 << 24)).unwrap()
}

fn end(small: &Small, starts: &[i64]) -> i64 {
    starts.iter().zip(&small.jobs).map(|(start, job)| start + job.0).max().unwrap()
}

fn bound(small: &Small) -> Option<i64> {
    let problem = small.problem();
    let end = lower_bound(&problem, &spans(&problem))?;
    Some(end.as_second().div_euclid(3600) + i64::from(end.as_second() % 3600 > 0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_bound_is_at_most_the_best_and_the_best_at_most_what_is_found(small in small(4)) {
        let best = small.best(&mut Vec::new());
        let exact = small.starts(&solve(&small, 4));
        prop_assert_eq!(exact.as_ref().map(|starts| end(&small, starts)), best);
        if let Some(best) = best {
            prop_assert!(bound(&small).is_some_and(|bound| bound <= best));
            if let Some(found) = small.starts(&solve(&small, 0)) {
                prop_assert!(end(&small, &found) >= best);
            }
        }
    }

    #[test]
    fn no_schedule_breaks_a_rule(small in small(6)) {
        let schedule = solve(&small, 0);
        let placed: Vec<usize> = (0..6).filter(|job| schedule.jobs[*job].is_some()).collect();
        // What found no place is taken out; nothing that waits for it has one.
        for (before, after) in &small.edges {
            prop_assert!(placed.contains(before) || !placed.contains(after));
        }
        let again = Small {
            jobs: placed.iter().map(|job| small.jobs[*job]).collect(),
            edges: small
                .edges
                .iter()
                .filter_map(|(a, b)| Some((placed.iter().position(|job| job == a)?, placed.iter().position(|job| job == b)?)))
                .collect(),
            ..small.clone()
        };
        let starts: Vec<i64> = placed.iter().map(|job| schedule.jobs[*job].unwrap().start.as_second() / 3600).collect();
        prop_assert!(again.is_right(&starts));
        prop_assert!((0..starts.len()).all(|job| again.is_open(job, starts[job])));
    }

    #[test]
    fn on_a_chain_bound_best_and_found_are_one(small in small(5)) {
        let chain = Small { edges: (0..4).map(|job| (job, job + 1)).collect(), ..small };
        if let Some(found) = chain.starts(&solve(&chain, 0)) {
            prop_assert_eq!(bound(&chain), Some(end(&chain, &found)));
            prop_assert_eq!(chain.best(&mut Vec::new()), Some(end(&chain, &found)));
        }
    }

    #[test]
    fn without_limits_a_path_without_slack_leads_to_the_end(small in free(6)) {
        let problem = small.problem();
        let spans = spans(&problem);
        let spans: Vec<_> = spans.into_iter().map(|span| span.unwrap()).collect();
        prop_assert!(spans.iter().all(|span| span.earliest <= span.latest));
        let path = critical_path(&problem, &spans.iter().copied().map(Some).collect::<Vec<_>>());
        prop_assert!(path.iter().all(|job| spans[*job].earliest == spans[*job].latest));
        let length: i64 = path.iter().map(|job| small.jobs[*job].0).sum();
        let starts: Vec<i64> = spans.iter().map(|span| span.earliest.as_second() / 3600).collect();
        prop_assert_eq!(length, end(&small, &starts));
    }

    #[test]
    fn starting_a_job_as_late_as_may_be_delays_no_end(small in small(5)) {
        let problem = small.problem();
        let all = spans(&problem);
        let ends = |spans: &[Option<crate::sequence::Span>]| {
            (0..5).filter_map(|job| Some(spans[job]?.earliest + hours(small.jobs[job].0))).max()
        };
        for (job, span) in all.iter().enumerate() {
            let Some(span) = span else { continue };
            prop_assert!(span.earliest <= span.latest);
            let mut jobs: Vec<Job> = problem.jobs().to_vec();
            jobs[job].earliest = span.latest;
            let precedences: Vec<Precedence> =
                small.edges.iter().map(|(a, b)| Precedence { before: *a, after: *b, lag: hours(0) }).collect();
            let openings = (0..5).map(|job| problem.openings(job).clone()).collect();
            for (place, job) in jobs.iter_mut().enumerate() {
                job.openings = place;
            }
            let later = Problem::new(jobs, &precedences, (openings, vec![small.capacity])).unwrap();
            prop_assert_eq!(ends(&spans(&later)), ends(&all));
        }
    }

    #[test]
    fn a_job_may_be_late_by_its_slack_and_nothing_else_moves(small in small(5)) {
        let schedule = solve(&small, 0);
        let Some(starts) = small.starts(&schedule) else { return Ok(()) };
        for (job, slack) in slacks(&small.problem(), &schedule).into_iter().enumerate() {
            let slack = slack.unwrap().as_hours();
            for late in 0..=slack {
                let mut moved = starts.clone();
                moved[job] += late;
                prop_assert!(small.is_open(job, moved[job]) && small.is_right(&moved), "{} by {}", job, late);
            }
        }
    }

    #[test]
    fn one_more_edge_shortens_neither_critical_path_nor_bound_nor_best(small in small(4), a in 0..4_usize, b in 0..4_usize) {
        prop_assume!(a != b);
        let mut more = small.clone();
        more.edges.push((a.min(b), a.max(b)));
        // A job that fits nowhere any more has no bound to compare.
        let all = |small: &Small| spans(&small.problem()).iter().all(Option::is_some);
        if all(&more) {
            prop_assert!(all(&small));
            prop_assert!(bound(&more) >= bound(&small));
            let last = |small: &Small| {
                let found = spans(&small.problem());
                (0..4).map(|job| found[job].unwrap().earliest + hours(small.jobs[job].0)).max()
            };
            prop_assert!(last(&more) >= last(&small));
        }
        if let (Some(longer), Some(shorter)) = (more.best(&mut Vec::new()), small.best(&mut Vec::new())) {
            prop_assert!(longer >= shorter);
        }
    }

    #[test]
    fn the_order_of_precedences_does_not_matter(small in small(6)) {
        let mut turned = small.clone();
        turned.edges.reverse();
        prop_assert_eq!(solve(&small, 0), solve(&turned, 0));
    }
}

#[test]
fn what_is_no_problem_is_told() {
    let job = Job { duration: hours(1), openings: 0, earliest: at(0), latest: at(9), demands: Vec::new(), risk: 0 };
    let open = || (vec![Intervals::new(Window::new(at(0), at(9)))], Vec::new());
    let check = |jobs: Vec<Job>, precedences: &[Precedence], expected: &str| {
        assert_eq!(Problem::new(jobs, precedences, open()).unwrap_err().to_string(), expected);
    };
    let tie = |before, after| Precedence { before, after, lag: hours(0) };
    check(
        vec![Job { openings: 1, ..job.clone() }],
        &[],
        "job 0 refers to openings, a pool or a job that does not exist",
    );
    check(
        vec![Job { duration: hours(0), ..job.clone() }],
        &[],
        "job 0 has a duration that is not above zero, or a negative lag",
    );
    check(vec![job.clone(), job], &[tie(0, 1), tie(1, 0)], "job 0 waits for itself in a circle");
}
