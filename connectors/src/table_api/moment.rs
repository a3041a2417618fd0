//! How the Table API writes moments: UTC without saying so, and compact ones in schedule entries.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A moment as it stands in a query or a value: `2026-06-01 18:30:00`, UTC.
pub(crate) fn write_moment(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Reads a value of a date-time column (UTC), or of a date column (its first moment in UTC).
pub(crate) fn read_moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let civil = match DateTime::strptime("%Y-%m-%d %H:%M:%S", text) {
        Ok(civil) => civil,
        Err(_) => Date::strptime("%Y-%m-%d", text).ok()?.to_datetime(jiff::civil::Time::midnight()),
    };
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// A moment of a schedule entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanMoment {
    /// A moment in the schedule's own zone.
    Local(DateTime),
    /// A moment of the world.
    Absolute(Timestamp),
    /// A day in the schedule's own zone.
    Day(Date),
}

/// Reads `20260601T183000`, `20260601T183000Z` or `20260601`; the plain date-time form is taken as UTC.
pub(crate) fn read_span_moment(text: &str) -> Option<SpanMoment> {
    let text = text.trim();
    if let Some(absolute) = text.strip_suffix('Z') {
        let civil = DateTime::strptime("%Y%m%dT%H%M%S", absolute).ok()?;
        return TimeZone::UTC.to_timestamp(civil).ok().map(SpanMoment::Absolute);
    }
    if let Ok(local) = DateTime::strptime("%Y%m%dT%H%M%S", text) {
        return Some(SpanMoment::Local(local));
    }
    if text.len() == 8 {
        return Date::strptime("%Y%m%d", text).ok().map(SpanMoment::Day);
    }
    read_moment(text).map(SpanMoment::Absolute)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_utc_whatever_the_zone_of_the_user() {
        let moment: Timestamp = "2026-03-29T01:30:00Z".parse().expect("a moment");
        assert_eq!(write_moment(moment), "2026-03-29 01:30:00");
        assert_eq!(read_moment("2026-03-29 01:30:00"), Some(moment));
        let day = "2026-03-29T00:00:00Z".parse().expect("a moment");
        assert_eq!(read_moment("2026-03-29"), Some(day));
        for broken in ["", "soon", "2026-02-30 00:00:00", "29/03/2026 01:30"] {
            assert_eq!(read_moment(broken), None, "{broken}");
        }
    }

    #[test]
    fn schedule_entries_have_three_forms() {
        let local = jiff::civil::datetime(2026, 6, 1, 18, 30, 0, 0);
        assert_eq!(read_span_moment("20260601T183000"), Some(SpanMoment::Local(local)));
        let absolute = "2026-06-01T18:30:00Z".parse().expect("a moment");
        assert_eq!(read_span_moment("20260601T183000Z"), Some(SpanMoment::Absolute(absolute)));
        assert_eq!(read_span_moment("20260601"), Some(SpanMoment::Day(local.date())));
        assert_eq!(read_span_moment("0"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _moments = (read_moment(&text), read_span_moment(&text));
        }
    }
}
