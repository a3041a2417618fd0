//! The bank's calendar: production windows, blackouts, CAB meetings, and the offsets that place the stories in it.
//! Local times are expanded in Europe/London and converted once, so a window keeps its hours across daylight saving.

use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _};

use super::EstateError;
use super::model::{Blackout, Closes, Interval, Service, Text};

pub(super) const ZONE: &str = "Europe/London";

pub(super) struct Calendar {
    pub(super) now: Timestamp,
    zone: TimeZone,
    pub(super) windows: Vec<Interval>,
    pub(super) blackouts: Vec<Blackout>,
    /// Oldest first.
    pub(super) meetings: Vec<Timestamp>,
}

impl Calendar {
    pub(super) fn new(now: Timestamp) -> Result<Self, EstateError> {
        let zone = TimeZone::get(ZONE)?;
        let today = now.to_zoned(zone.clone()).date();
        let mut calendar = Self { now, zone, windows: Vec::new(), blackouts: Vec::new(), meetings: Vec::new() };
        for day in days(today, -35, 200)? {
            calendar.windows.extend(calendar.window_of(day)?);
        }
        for day in days(today, -75, 200)? {
            if matches!(day.weekday(), Weekday::Tuesday | Weekday::Thursday) {
                let at = day.at(14, 0, 0, 0).to_zoned(TimeZone::UTC)?;
                calendar.meetings.push(at.timestamp());
            }
        }
        calendar.add_quarter_closes(today)?;
        calendar.blackouts.push(Blackout {
            key: "card-scheme-cutover".into(),
            name: "Card scheme cutover freeze".into(),
            span: Interval {
                start: calendar.midnight(today.checked_add(20.days())?)?,
                end: calendar.midnight(today.checked_add(25.days())?)?,
            },
            closes: Closes::TierUpTo(1),
        });
        Ok(calendar)
    }

    /// The `n`-th production window after now which no blackout closes for `service`.
    pub(super) fn window(&self, n: usize, service: &Service) -> Result<Interval, EstateError> {
        self.windows
            .iter()
            .filter(|window| window.start > self.now && !self.is_closed(window, service))
            .nth(n.saturating_sub(1))
            .copied()
            .ok_or_else(|| EstateError::no_window(&service.key))
    }

    /// A part of that window: `(minutes after its start, length in minutes)`.
    pub(super) fn slot(
        &self,
        n: usize,
        service: &Service,
        (after, length): (i64, i64),
    ) -> Result<Interval, EstateError> {
        let window = self.window(n, service)?;
        let start = window.start + SignedDuration::from_mins(after);
        Ok(Interval { start, end: start + SignedDuration::from_mins(length) })
    }

    pub(super) fn is_closed(&self, span: &Interval, service: &Service) -> bool {
        self.blackouts.iter().any(|blackout| blackout.span.overlaps(span) && blackout.closes(service))
    }

    /// The first window inside the next quarter-end close that begins after now.
    pub(super) fn window_in_next_close(&self) -> Result<Interval, EstateError> {
        let close = self
            .blackouts
            .iter()
            .filter(|blackout| blackout.closes == Closes::Tag("icfr"))
            .find(|blackout| blackout.span.start > self.now)
            .ok_or_else(|| EstateError::no_window("quarter-end close"))?;
        self.windows
            .iter()
            .find(|window| close.span.contains(window))
            .copied()
            .ok_or_else(|| EstateError::no_window(&close.key))
    }

    /// The evening `days` days ago, at a local hour and minute.
    pub(super) fn ago(&self, days: i64, (hour, minute): (i8, i8)) -> Result<Timestamp, EstateError> {
        let day = (self.now - SignedDuration::from_hours(24 * days)).to_zoned(self.zone.clone()).date();
        self.local(day.at(hour, minute, 0, 0))
    }

    /// The CAB meeting that serves a window: the last one at least a day before it. It has passed already where
    /// `decided_by` says that the story needs its decision by then.
    pub(super) fn meeting_before(&self, window: Timestamp, decided_by: Timestamp) -> Timestamp {
        let latest = (window - SignedDuration::from_hours(24)).min(decided_by);
        self.meetings.iter().rev().find(|meeting| **meeting <= latest).copied().unwrap_or(latest)
    }

    /// The meeting at which a change that is still open for `window` will be heard.
    pub(super) fn meeting_ahead(&self, window: Timestamp) -> Timestamp {
        let serving =
            self.meetings.iter().rev().find(|meeting| **meeting < window).filter(|meeting| **meeting > self.now);
        serving.or_else(|| self.meetings.iter().find(|meeting| **meeting > self.now)).copied().unwrap_or(window)
    }

    pub(super) fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    pub(super) fn local(&self, at: DateTime) -> Result<Timestamp, EstateError> {
        Ok(at.to_zoned(self.zone.clone())?.timestamp())
    }

    fn midnight(&self, day: Date) -> Result<Timestamp, EstateError> {
        self.local(day.at(0, 0, 0, 0))
    }

    /// Monday to Thursday 18:00–23:00, Saturday 06:00–12:00.
    pub(super) fn window_of(&self, day: Date) -> Result<Option<Interval>, EstateError> {
        let (from, to) = match day.weekday() {
            Weekday::Friday | Weekday::Sunday => return Ok(None),
            Weekday::Saturday => (6, 12),
            _ => (18, 23),
        };
        Ok(Some(Interval { start: self.local(day.at(from, 0, 0, 0))?, end: self.local(day.at(to, 0, 0, 0))? }))
    }

    /// The last three and the first two days around each quarter's end, from two years back to one ahead.
    fn add_quarter_closes(&mut self, today: Date) -> Result<(), EstateError> {
        for year in today.year().saturating_sub(2)..=today.year().saturating_add(1) {
            for (quarter, month) in [(4, 1), (1, 4), (2, 7), (3, 10)] {
                let first = date(year, month, 1);
                let closed = if quarter == 4 { year - 1 } else { year };
                let span = Interval {
                    start: self.midnight(first.checked_sub(3.days())?)?,
                    end: self.midnight(first.checked_add(2.days())?)?,
                };
                let key: Text = format!("close-{closed}-q{quarter}").into();
                self.blackouts.push(Blackout {
                    key,
                    name: format!("Quarter-end close Q{quarter} {closed}").into(),
                    span,
                    closes: Closes::Tag("icfr"),
                });
            }
        }
        Ok(())
    }
}

/// The days from `today + from` to `today + to`.
fn days(today: Date, from: i64, to: i64) -> Result<Vec<Date>, EstateError> {
    (from..=to).map(|offset| Ok(today.checked_add(Span::new().try_days(offset)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn windows_keep_local_hours_across_daylight_saving() {
        let calendar = Calendar::new(at("2026-10-20T00:00:00Z")).unwrap();
        let starts: Vec<String> = calendar
            .windows
            .iter()
            .filter(|window| window.start > calendar.now)
            .take(7)
            .map(|window| window.start.to_string())
            .collect();
        assert_eq!(
            starts,
            [
                "2026-10-20T17:00:00Z",
                "2026-10-21T17:00:00Z",
                "2026-10-22T17:00:00Z",
                "2026-10-24T05:00:00Z",
                "2026-10-26T18:00:00Z",
                "2026-10-27T18:00:00Z",
                "2026-10-28T18:00:00Z"
            ]
        );
    }

    #[test]
    fn a_quarter_end_close_is_five_local_days() {
        let calendar = Calendar::new(at("2026-09-01T00:00:00Z")).unwrap();
        let close = calendar.blackouts.iter().find(|blackout| &*blackout.key == "close-2026-q3").unwrap();
        assert_eq!(close.span.start, at("2026-09-27T23:00:00Z"));
        assert_eq!(close.span.end, at("2026-10-02T23:00:00Z"));
        let inside = calendar.window_in_next_close().unwrap();
        assert!(close.span.contains(&inside));
    }
}
