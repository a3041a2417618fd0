//! What runs now and what ran before, by the labels of one metric. The past is asked for as the steps at which series
//! appear and disappear: two short answers instead of every point of every series.

use std::collections::BTreeSet;

use domain::{RecordKind, RuntimeObservation};
use futures::future::try_join3;
use jiff::{SignedDuration, Timestamp};

use super::client::{Range, Told};
use super::convert::{Place, fingerprint, moment};
use super::intervals::{Grid, Past, Stretch, Traces, stretches};
use super::wire::{Labels, Sample, Series};
use super::{Depth, Options, Prometheus, Read};
use crate::error::ConnectorError;

/// A sample is good for so long, so that looking more often would not see more.
const STEP_SECONDS: i64 = 300;
/// Points per range. The server refuses more than 11,000; fewer keep each answer quick.
const MOST_POINTS: i64 = 600;
/// Ranges per question; beyond, the step grows.
const MOST_RANGES: i64 = 24;
/// Steps that are asked for point by point: one short answer instead of three.
const MOST_RECENT_STEPS: i64 = 12;
/// Steps that an incremental read looks at again.
const OVERLAP_STEPS: i64 = 2;
const DAY_SECONDS: i64 = 24 * 3600;

impl Prometheus {
    /// What runs now, and what now is by the vendor's clock.
    pub(super) async fn running(&self) -> Result<(Timestamp, Told<Vec<Sample>>), ConnectorError> {
        self.client.query_now("read what runs", &what_runs(&self.options)).await
    }

    /// Reads what ran before beside what runs. The past is read whole, or from where the last read ended.
    pub(super) async fn runtime(
        &self,
        depth: Depth,
        (at, running): (Timestamp, Told<Vec<Sample>>),
        now: Timestamp,
    ) -> Result<Read, ConnectorError> {
        let grid = grid(at, self.options.lookback);
        let questions = Questions::new(&self.options, grid.step);
        let client = &self.client;
        let known =
            self.remembered().past.clone().filter(|past| depth == Depth::Incremental && past.goes_on_in(grid));
        let unread = match &known {
            Some(past) => Grid { first: back(past.grid.last, grid.step, OVERLAP_STEPS).max(grid.first), ..grid },
            None => grid,
        };
        let steps = unread.last.duration_since(unread.first).as_secs() / grid.step.as_secs();
        let is_recent = known.is_some() && steps <= MOST_RECENT_STEPS;
        let mut traces = known.map(|past| past.trimmed(grid.first)).unwrap_or_default();
        let warnings = match is_recent {
            true => self.points(&questions, unread, &mut traces).await?,
            false => self.edges(&questions, unread, &mut traces).await?,
        };
        let warnings = running.warnings + warnings;
        for sample in running.data {
            traces.entry(sample.metric).or_default().now = true;
        }
        let mut read = Read::default();
        for (labels, trace) in &traces {
            let seen = stretches(trace, grid, at).into_iter();
            let observed = seen.map(|stretch| observation(labels, stretch, &questions.now, self.place(now)));
            read.records.runtime_observations.extend(observed);
        }
        if warnings == 0 {
            self.remembered().past = Some(Past { grid, traces });
        }
        read.gaps.extend(client.partial(RecordKind::RuntimeObservation, warnings));
        Ok(read)
    }

    /// A long past as its edges: steps at which series appear and disappear, and what is there at the last one.
    async fn edges(&self, questions: &Questions, grid: Grid, traces: &mut Traces) -> Result<usize, ConnectorError> {
        let (last, appearing, disappearing) = try_join3(
            self.client.query("read what ran just before", questions.now.clone(), grid.last),
            self.over(questions.appearing.clone(), grid),
            self.over(questions.disappearing.clone(), grid),
        )
        .await?;
        for sample in last.data {
            traces.entry(sample.metric).or_default().at_last_step = true;
        }
        for series in appearing.data {
            let moments = moments(&series);
            traces.entry(series.metric).or_default().appears.extend(moments);
        }
        for series in disappearing.data {
            let moments = moments(&series);
            traces.entry(series.metric).or_default().disappears.extend(moments);
        }
        Ok(last.warnings + appearing.warnings + disappearing.warnings)
    }

    /// A short past, point by point, and the step before it.
    async fn points(
        &self,
        questions: &Questions,
        grid: Grid,
        traces: &mut Traces,
    ) -> Result<usize, ConnectorError> {
        let seen = Grid { first: back(grid.first, grid.step, 1), ..grid };
        let told = self.over(questions.now.clone(), seen).await?;
        for series in told.data {
            let there: BTreeSet<Timestamp> = moments(&series).into_iter().collect();
            let trace = traces.entry(series.metric).or_default();
            let mut step = grid.first;
            while step <= grid.last {
                match (there.contains(&back(step, grid.step, 1)), there.contains(&step)) {
                    (false, true) => {
                        trace.appears.insert(step);
                    }
                    (true, false) => {
                        trace.disappears.insert(step);
                    }
                    _ => {}
                }
                step = back(step, grid.step, -1);
            }
            trace.at_last_step = there.contains(&grid.last);
        }
        Ok(told.warnings)
    }

    /// One range after the other: none of them waits for the others while its own time runs.
    async fn over(&self, query: String, grid: Grid) -> Result<Told<Vec<Series>>, ConnectorError> {
        let mut all = Told { data: Vec::new(), warnings: 0 };
        for range in ranges(grid) {
            let told = self.client.query_range("read what ran before", query.clone(), range).await?;
            all.warnings += told.warnings;
            all.data.extend(told.data);
        }
        Ok(all)
    }

    /// Does anything tell what runs?
    pub(super) async fn running_now(&self) -> Result<usize, ConnectorError> {
        let at = self.client.moment().await?;
        let query = format!("count({})", self.options.build_info);
        let told = self.client.query("count what runs", query, at).await?;
        Ok(told.data.len())
    }
}

/// What runs keeps one id; what ran is told apart by when it was last seen.
fn observation(labels: &Labels, seen: Stretch, query: &str, place: Place<'_>) -> RuntimeObservation {
    let print = fingerprint(labels);
    let native = if seen.current { print } else { format!("{print}@{}", seen.until.as_second()) };
    RuntimeObservation {
        labels: labels.clone(),
        since: Some(seen.since),
        observed_at: seen.until,
        current: seen.current,
        source: place.queried(native, query),
    }
}

struct Questions {
    now: String,
    appearing: String,
    disappearing: String,
}

impl Questions {
    fn new(options: &Options, step: SignedDuration) -> Self {
        let without = options.process_labels.join(", ");
        let metric = &options.build_info;
        let now = what_runs(options);
        let before = format!("max without ({without}) ({metric} offset {}s)", step.as_secs());
        Self { appearing: format!("{now} unless {before}"), disappearing: format!("{before} unless {now}"), now }
    }
}

fn what_runs(options: &Options) -> String {
    format!("max without ({}) ({})", options.process_labels.join(", "), options.build_info)
}

/// The steps up to a moment. They lie on whole steps and begin with a day, so that repeated reads tell the same.
fn grid(at: Timestamp, lookback: SignedDuration) -> Grid {
    let wanted = lookback.as_secs() + DAY_SECONDS;
    let step = STEP_SECONDS * (wanted / (STEP_SECONDS * MOST_POINTS * MOST_RANGES) + 1);
    let last = at.as_second().div_euclid(step) * step;
    let day = (at.as_second() - lookback.as_secs()).div_euclid(DAY_SECONDS) * DAY_SECONDS;
    let first = (day.div_euclid(step) * step).min(last);
    let moment = |second| Timestamp::from_second(second).unwrap_or(at);
    Grid { first: moment(first), last: moment(last), step: SignedDuration::from_secs(step) }
}

impl Past {
    /// Can a later read go on from here?
    fn goes_on_in(&self, grid: Grid) -> bool {
        self.grid.step == grid.step
            && self.grid.first <= grid.first
            && (grid.first..=grid.last).contains(&self.grid.last)
    }
}

fn ranges(grid: Grid) -> Vec<Range> {
    let length = SignedDuration::from_secs(grid.step.as_secs() * (MOST_POINTS - 1));
    let mut found = Vec::new();
    let mut start = grid.first;
    while start <= grid.last {
        let end = start.checked_add(length).unwrap_or(grid.last).min(grid.last);
        found.push(Range { start, end, step: grid.step });
        let Ok(next) = end.checked_add(grid.step) else { break };
        start = next;
    }
    found
}

fn back(at: Timestamp, step: SignedDuration, steps: i64) -> Timestamp {
    Timestamp::from_second(at.as_second() - steps * step.as_secs()).unwrap_or(at)
}

fn moments(series: &Series) -> Vec<Timestamp> {
    series.values.iter().filter_map(|(at, _)| moment(*at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lookback_days: i64, expected: &str) {
        let at: Timestamp = "2026-11-23T12:03:20Z".parse().expect("a moment");
        let grid = grid(at, SignedDuration::from_hours(24 * lookback_days));
        let ranges = ranges(grid);
        for range in &ranges {
            let points = (range.end.as_second() - range.start.as_second()) / range.step.as_secs() + 1;
            assert!(points <= 11_000, "{points}");
        }
        for pair in ranges.windows(2) {
            assert_eq!(pair[0].end + grid.step, pair[1].start);
        }
        assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (grid.first, grid.last));
        assert!(ranges.len() <= 26);
        let told = format!("{} to {} by {}s in {}", grid.first, grid.last, grid.step.as_secs(), ranges.len());
        assert_eq!(told, expected);
    }

    #[test]
    fn no_range_has_more_than_11000_points() {
        check(14, "2026-11-09T00:00:00Z to 2026-11-23T12:00:00Z by 300s in 7");
        check(90, "2026-08-25T00:00:00Z to 2026-11-23T12:00:00Z by 600s in 22");
        check(400, "2025-10-19T00:00:00Z to 2026-11-23T12:00:00Z by 2700s in 22");
    }
}
