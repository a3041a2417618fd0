//! Moments as Jira writes and reads them: milliseconds and an offset without a colon.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// `2026-10-15T14:00:00.000+0000`, in UTC.
pub(in crate::jira) fn instant(moment: Timestamp) -> String {
    in_zone(moment, &TimeZone::UTC)
}

/// The same in the caller's time zone, as issue fields show it.
pub(in crate::jira) fn in_zone(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S.%3f%z").to_string()
}

/// `6/Jul/10`-like text in the user's format, which no program should read.
pub(in crate::jira) fn spoken(date: Date) -> String {
    date.strftime("%-d/%b/%Y").to_string()
}

/// A moment as clients send it: offset with or without a colon, or `Z`.
pub(in crate::jira) fn read_instant(text: &str) -> Option<Timestamp> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M:%S%.f%:z"];
    text.parse().ok().or_else(|| formats.iter().find_map(|format| Timestamp::strptime(format, text).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datetimes_have_an_offset_without_colon() {
        let moment: Timestamp = "2026-10-15T14:00:00.25Z".parse().unwrap();
        assert_eq!(instant(moment), "2026-10-15T14:00:00.250+0000");
        let zone = TimeZone::get("Europe/London").unwrap();
        assert_eq!(in_zone(moment, &zone), "2026-10-15T15:00:00.250+0100");
    }

    #[test]
    fn sent_datetimes_are_read_in_both_spellings() {
        let expected: Timestamp = "2026-10-15T13:00:00Z".parse().unwrap();
        for text in ["2026-10-15T14:00:00.000+0100", "2026-10-15T14:00:00+01:00", "2026-10-15T13:00:00Z"] {
            assert_eq!(read_instant(text), Some(expected), "{text}");
        }
        assert_eq!(read_instant("tomorrow"), None);
    }
}
