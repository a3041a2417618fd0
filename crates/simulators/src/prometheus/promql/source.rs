//! The samples that a query can see: those of the content up to now, and the `ALERTS` series that follow from its alerts.

use std::borrow::Cow;

use jiff::Timestamp;

use super::syntax::Matcher;
use crate::prometheus::content::{Content, Labels, Rule, RuleHealth, Samples, Series, Step};

/// A sample is seen for this long after its moment.
const LOOKBACK: i64 = 5 * 60_000;

/// Moment in Unix milliseconds, and value.
pub(in crate::prometheus) type Point = (i64, f64);

pub(in crate::prometheus) struct Source<'a> {
    series: Vec<Cow<'a, Series>>,
    now: i64,
}

impl<'a> Source<'a> {
    pub(in crate::prometheus) fn new(content: &'a Content, now: Timestamp) -> Self {
        let own = content.series.iter().map(Cow::Borrowed);
        Self {
            series: own.chain(alert_series(content).into_iter().map(Cow::Owned)).collect(),
            now: now.as_millisecond(),
        }
    }

    pub(in crate::prometheus) fn now(&self) -> i64 {
        self.now
    }

    pub(in crate::prometheus) fn select(&self, matchers: &[Matcher]) -> Vec<&Series> {
        let accepted = |series: &&Series| matchers.iter().all(|matcher| matcher.accepts(&series.labels));
        let mut found: Vec<&Series> = self.series.iter().map(AsRef::as_ref).filter(accepted).collect();
        found.sort_by(|left, right| left.labels.cmp(&right.labels));
        found
    }

    pub(in crate::prometheus) fn all(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().map(AsRef::as_ref)
    }

    /// The sample that an instant selector sees at `at`.
    pub(super) fn latest(&self, series: &Series, at: i64) -> Option<Point> {
        let visible = at.min(self.now);
        if let Samples::Scraped { until: Some(until), .. } = &series.samples
            && visible >= until.as_millisecond()
        {
            return None;
        }
        self.last_until(series, visible).filter(|(moment, _)| *moment >= at.saturating_sub(LOOKBACK))
    }

    /// The last sample not after `visible`, however old.
    fn last_until(&self, series: &Series, visible: i64) -> Option<Point> {
        match &series.samples {
            Samples::Points(points) => {
                let past = points.partition_point(|point| point.at.as_millisecond() <= visible);
                points.get(past.checked_sub(1)?).map(|point| (point.at.as_millisecond(), point.value))
            }
            Samples::Scraped { every, steps, until } => {
                let last = until.map_or(visible, |until| visible.min(until.as_millisecond() - 1));
                let past = steps.partition_point(|step| step.from.as_millisecond() <= last);
                let step = steps.get(past.checked_sub(1)?)?;
                let (from, every) = (step.from.as_millisecond(), interval(*every));
                Some(on_line(step, from + (last - from) / every * every))
            }
        }
    }

    /// Whether the series has a sample in the span.
    pub(in crate::prometheus) fn exists(&self, series: &Series, (from, to): (i64, i64)) -> bool {
        let to = to.min(self.now);
        self.last_until(series, to).is_some_and(|(moment, _)| moment >= from)
    }

    /// The samples of both bounds and between.
    pub(in crate::prometheus) fn within(&self, series: &Series, from: i64, to: i64) -> Vec<Point> {
        let to = to.min(self.now);
        match &series.samples {
            Samples::Points(points) => points
                .iter()
                .map(|point| (point.at.as_millisecond(), point.value))
                .filter(|(moment, _)| (from..=to).contains(moment))
                .collect(),
            Samples::Scraped { every, steps, until } => {
                let every = interval(*every);
                let end = until.map_or(i64::MAX, |until| until.as_millisecond());
                let ends = steps.iter().skip(1).map(|next| next.from.as_millisecond()).chain([i64::MAX]);
                let mut found = Vec::new();
                for (step, step_end) in steps.iter().zip(ends) {
                    let start = step.from.as_millisecond();
                    let skipped = from.saturating_sub(start).max(0).saturating_add(every - 1) / every;
                    let mut moment = start.saturating_add(skipped.saturating_mul(every));
                    while moment <= to && moment < step_end && moment < end {
                        found.push(on_line(step, moment));
                        moment = moment.saturating_add(every);
                    }
                }
                found
            }
        }
    }
}

fn interval(every: std::time::Duration) -> i64 {
    i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds between two moments of a story are far below 2^53")]
fn on_line(step: &Step, moment: i64) -> Point {
    let seconds = (moment - step.from.as_millisecond()) as f64 / 1000.0;
    let value = if step.per_second == 0.0 { step.value } else { step.value + step.per_second * seconds };
    (moment, value)
}

/// `ALERTS` is 1 while an alert is pending, and, as another series, while it fires.
fn alert_series(content: &Content) -> Vec<Series> {
    let mut found = Vec::new();
    for group in &content.groups {
        for rule in &group.rules {
            let Rule::Alerting(rule) = rule else { continue };
            if rule.health != RuleHealth::Ok {
                continue;
            }
            for alert in &rule.alerts {
                let fires_at = alert.active_at.checked_add(rule.hold).unwrap_or(Timestamp::MAX);
                let mut part = |state: &str, from: Timestamp, until: Option<Timestamp>| {
                    let mut labels: Labels = rule.labels.clone();
                    labels.extend(alert.labels.clone());
                    for (name, value) in
                        [("__name__", "ALERTS"), ("alertname", rule.name.as_str()), ("alertstate", state)]
                    {
                        labels.insert(name.to_owned(), value.to_owned());
                    }
                    let steps = vec![Step { from, value: 1.0, per_second: 0.0 }];
                    found
                        .push(Series { labels, samples: Samples::Scraped { every: group.interval, steps, until } });
                };
                let resolved_before_firing = alert.resolved_at.is_some_and(|end| end <= fires_at);
                if !rule.hold.is_zero() {
                    part(
                        "pending",
                        alert.active_at,
                        Some(alert.resolved_at.map_or(fires_at, |end| end.min(fires_at))),
                    );
                }
                if !resolved_before_firing {
                    part("firing", fires_at, alert.resolved_at);
                }
            }
        }
    }
    found
}
