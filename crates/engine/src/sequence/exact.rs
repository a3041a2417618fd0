//! The best schedule of few jobs: every order in which serial generation can place them. One of these orders gives an
//! optimal schedule, because every active schedule comes from the order of its starts.
#![expect(clippy::indexing_slicing, reason = "places come from the problem")]

use jiff::Timestamp;

use super::path::{Span, lower_bound};
use super::problem::{Problem, later};
use super::schedule::{Best, Board, keep};
use super::steps::{OutOfSteps, Steps};

/// A search through all orders.
pub(super) struct Search<'p> {
    problem: &'p Problem,
    bound: Option<Timestamp>,
    waiting: Vec<usize>,
    placed: Vec<bool>,
}

impl<'p> Search<'p> {
    pub(super) fn new(problem: &'p Problem, spans: &[Option<Span>]) -> Self {
        let jobs = problem.jobs().len();
        Self {
            problem,
            bound: lower_bound(problem, spans),
            waiting: (0..jobs).map(|job| problem.before(job).len()).collect(),
            placed: vec![false; jobs],
        }
    }

    /// Leaves the best schedule in `best`.
    pub(super) fn run(&mut self, best: &mut Best, steps: &mut Steps) -> Result<(), OutOfSteps> {
        let board = Board::new(self.problem);
        self.extend(&board, 0, (best, steps))
    }

    fn extend(
        &mut self,
        board: &Board<'p>,
        depth: usize,
        (best, steps): (&mut Best, &mut Steps),
    ) -> Result<(), OutOfSteps> {
        if depth == self.placed.len() {
            keep(best, self.problem, board.jobs.clone());
            return Ok(());
        }
        for job in 0..self.placed.len() {
            if self.placed[job] || self.waiting[job] > 0 {
                continue;
            }
            let mut next = board.clone();
            next.place(job, steps)?;
            if self.is_hopeless(&next, best) {
                continue;
            }
            self.placed[job] = true;
            for (after, _) in self.problem.after(job) {
                self.waiting[*after] -= 1;
            }
            let done = self.extend(&next, depth + 1, (best, steps));
            self.placed[job] = false;
            for (after, _) in self.problem.after(job) {
                self.waiting[*after] += 1;
            }
            done?;
        }
        Ok(())
    }

    /// Can what is placed so far, however it goes on, not be better than the best?
    fn is_hopeless(&self, board: &Board<'p>, best: &Best) -> bool {
        let Some(((missing, end, _), _)) = best else { return false };
        if *missing > 0 {
            return false;
        }
        // Nothing ends before the bound: a schedule that reaches it is kept, whatever its starts.
        if self.bound.is_some_and(|bound| *end <= bound) {
            return true;
        }
        let ends = board.jobs.iter().enumerate().filter_map(|(job, placed)| {
            let placed = (*placed)?;
            Some(later(placed.start, self.problem.job(job).duration))
        });
        ends.max().is_some_and(|own| own >= *end)
    }
}
