//! From the moments at which series appear and disappear to the stretches of time over which they were seen.
//! A series that is missing at a single step was not seen without a break.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::wire::Labels;

/// The steps at which the past is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) step: SignedDuration,
}

/// What is known of one series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trace {
    /// Steps at which it is there and was not at the step before.
    pub(super) appears: BTreeSet<Timestamp>,
    /// Steps at which it is not there and was at the step before.
    pub(super) disappears: BTreeSet<Timestamp>,
    /// Is it there at the grid's last step?
    pub(super) at_last_step: bool,
    /// Is it there now?
    pub(super) now: bool,
}

/// All series.
pub(super) type Traces = BTreeMap<Labels, Trace>;

/// The past as far as it was read: it is not asked for again before the next full read.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub(super) grid: Grid,
    pub(super) traces: Traces,
}

impl Past {
    /// Forgets what lies before a moment, and what was there only lately: that is asked anew each time.
    pub(super) fn trimmed(mut self, first: Timestamp) -> Traces {
        for trace in self.traces.values_mut() {
            trace.appears.retain(|at| *at >= first);
            trace.disappears.retain(|at| *at > first);
            (trace.at_last_step, trace.now) = (false, false);
        }
        self.traces.retain(|_, trace| !trace.appears.is_empty() || !trace.disappears.is_empty());
        self.traces
    }
}

/// A stretch over which a series was seen without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    pub(super) current: bool,
}

/// The stretches of one series, oldest first.
pub(super) fn stretches(trace: &Trace, grid: Grid, now: Timestamp) -> Vec<Stretch> {
    let appears = trace.appears.iter().map(|at| (*at, true));
    // What was gone at the first step ended before the past that is read.
    let disappears = trace.disappears.iter().filter(|at| **at > grid.first).map(|at| (*at, false));
    let mut events: Vec<(Timestamp, bool)> = appears.chain(disappears).collect();
    events.sort_unstable();
    let mut found = Vec::new();
    // A series that never appears within the past that is read was there from its start.
    let mut open = match events.first() {
        Some((_, appears)) => (!appears).then_some(grid.first),
        None => trace.at_last_step.then_some(grid.first),
    };
    for (at, appears) in events {
        match (appears, open) {
            (true, None) => open = Some(at),
            (false, Some(since)) => {
                let until = at.checked_sub(grid.step).unwrap_or(at).max(since);
                found.push(Stretch { since, until, current: false });
                open = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    if trace.at_last_step && open.is_none() {
        open = Some(grid.last);
    }
    match (open, trace.now) {
        (Some(since), true) => found.push(Stretch { since, until: now.max(since), current: true }),
        (None, true) => found.push(Stretch { since: now, until: now, current: true }),
        (Some(since), false) => found.push(Stretch { since, until: grid.last.max(since), current: false }),
        (None, false) => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes 0, 5, … 60; now is minute 63.
    fn check(appears: &[i64], disappears: &[i64], there: (bool, bool), expected: &str) {
        let minute = |minute: &i64| Timestamp::from_second(minute * 60).expect("in range");
        let trace = Trace {
            appears: appears.iter().map(minute).collect(),
            disappears: disappears.iter().map(minute).collect(),
            at_last_step: there.0,
            now: there.1,
        };
        let grid = Grid { first: minute(&0), last: minute(&60), step: SignedDuration::from_mins(5) };
        let told: Vec<String> = stretches(&trace, grid, minute(&63))
            .iter()
            .map(|stretch| {
                let (since, until) = (stretch.since.as_second() / 60, stretch.until.as_second() / 60);
                format!("{since}-{until}{}", if stretch.current { "!" } else { "" })
            })
            .collect();
        assert_eq!(told.join(" "), expected);
    }

    #[test]
    fn stretches_follow_from_appearing_and_disappearing() {
        check(&[], &[], (true, true), "0-63!");
        check(&[20], &[], (true, true), "20-63!");
        check(&[], &[20], (false, false), "0-15");
        check(&[10, 40], &[20], (true, true), "10-15 40-63!");
        check(&[10], &[15], (false, false), "10-10");
    }

    #[test]
    fn what_happened_after_the_last_step_is_seen() {
        check(&[], &[], (false, true), "63-63!");
        check(&[30], &[], (true, false), "30-60");
        check(&[], &[20], (false, true), "0-15 63-63!");
    }

    #[test]
    fn what_ended_before_the_first_step_is_not_told() {
        check(&[], &[0], (false, false), "");
    }

    #[test]
    fn answers_that_contradict_each_other_lose_nothing_current() {
        check(&[10, 20], &[], (false, true), "10-63!");
        check(&[10], &[20], (true, true), "10-15 60-63!");
    }
}
