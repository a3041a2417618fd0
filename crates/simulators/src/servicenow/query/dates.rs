//! The `javascript:gs.…` calls that queries carry, and moments some units from now.
//! Only the calls the filter builder writes are known; anything else makes its condition invalid.

use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// What a script can see: the moment, and who asks.
#[derive(Clone, Debug)]
pub(in super::super) struct Asker {
    pub(in super::super) now: Timestamp,
    pub(in super::super) zone: TimeZone,
    pub(in super::super) user_id: String,
    pub(in super::super) user_name: String,
}

impl Asker {
    /// The instance itself asking.
    pub(in super::super) fn system(now: Timestamp) -> Self {
        Self { now, zone: TimeZone::UTC, user_id: String::new(), user_name: "system".to_owned() }
    }

    fn local(&self) -> DateTime {
        self.now.to_zoned(self.zone.clone()).datetime()
    }

    /// A local time as the database holds it.
    fn stored(&self, local: DateTime) -> Option<String> {
        let moment = self.zone.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(super::super::store::stored_time(moment))
    }

    /// The value with a leading script replaced by its result; nothing when the script is unknown.
    pub(super) fn resolve(&self, value: &str) -> Option<String> {
        match value.strip_prefix("javascript:") {
            None => Some(value.to_owned()),
            Some(script) => self.call(script.trim().trim_end_matches(';')),
        }
    }

    fn call(&self, script: &str) -> Option<String> {
        let (name, arguments) = script.strip_prefix("gs.")?.strip_suffix(')')?.split_once('(')?;
        let mut arguments = arguments.split(',').map(|text| text.trim().trim_matches(['\'', '"']));
        match name {
            "getUserID" => return Some(self.user_id.clone()),
            "getUserName" => return Some(self.user_name.clone()),
            "now" | "nowDateTime" => return self.stored(self.local()),
            "dateGenerate" => {
                let date: jiff::civil::Date = arguments.next()?.parse().ok()?;
                let time = match arguments.next()? {
                    "start" => Time::midnight(),
                    "end" => Time::constant(23, 59, 59, 0),
                    text => text.parse().ok()?,
                };
                return self.stored(date.to_datetime(time));
            }
            _ => {}
        }
        if let Some((unit, edge)) = name.split_once("sAgo") {
            let count: i64 = arguments.next()?.parse().ok()?;
            let moment = shifted(self.local(), &unit.to_ascii_lowercase(), -count)?;
            return match edge {
                "" => self.stored(moment),
                "Start" => self.stored(start(moment, unit)?),
                "End" => self.stored(end(moment, unit)?),
                _ => None,
            };
        }
        let (edge, period) = name.split_once("Of")?;
        let (unit, shift) = period_named(period)?;
        let moment = shifted(self.local(), unit, shift)?;
        match edge {
            "beginning" => self.stored(start(moment, unit)?),
            "end" => self.stored(end(moment, unit)?),
            _ => None,
        }
    }

    /// The moment `hour@ago@3` means.
    pub(super) fn relative(&self, unit: &str, direction: &str, count: i64) -> Option<String> {
        let count = match direction {
            "ago" | "before" => -count,
            "ahead" | "after" => count,
            _ => return None,
        };
        self.stored(shifted(self.local(), unit_word(unit), count)?)
    }

    /// First and last second of the unit around a stored moment.
    pub(super) fn around(&self, stored: &str, unit: &str) -> Option<(String, String)> {
        let local = self.parse(stored)?;
        let unit = unit_word(unit);
        Some((self.stored(start(local, unit)?)?, self.stored(end(local, unit)?)?))
    }

    fn parse(&self, stored: &str) -> Option<DateTime> {
        let moment = parse_stored(stored)?;
        Some(moment.to_zoned(self.zone.clone()).datetime())
    }

    /// Whether a stored moment falls on the part `gs.datePart('dayofweek','monday','EE')` names.
    pub(super) fn is_part(&self, stored: &str, script: &str) -> Option<bool> {
        let arguments = script.strip_prefix("javascript:gs.datePart(")?.strip_suffix(')')?;
        let mut arguments = arguments.split(',').map(|text| text.trim().trim_matches(['\'', '"']));
        let (part, wanted) = (arguments.next()?, arguments.next()?.to_ascii_lowercase());
        if arguments.next()? != "EE" {
            return None;
        }
        let Some(local) = self.parse(stored) else {
            return Some(false);
        };
        let month = || local.strftime("%B").to_string().to_ascii_lowercase();
        Some(match part {
            "dayofweek" => local.strftime("%A").to_string().to_ascii_lowercase() == wanted,
            "month" => month().starts_with(&wanted) && wanted.len() >= 3,
            "quarter" => wanted == ((local.month() + 2) / 3).to_string(),
            "year" => wanted == local.year().to_string(),
            "hour" => wanted == local.hour().to_string(),
            _ => return None,
        })
    }
}

/// A stored date-time, or a date at midnight.
pub(in super::super) fn parse_stored(text: &str) -> Option<Timestamp> {
    let local = match text.parse::<DateTime>() {
        Ok(local) => local,
        Err(_) => text.parse::<jiff::civil::Date>().ok()?.to_datetime(Time::midnight()),
    };
    TimeZone::UTC.to_ambiguous_timestamp(local).compatible().ok()
}

/// `dayofweek` is how relative queries say day.
pub(super) fn unit_word(unit: &str) -> &str {
    match unit {
        "dayofweek" | "days" => "day",
        "hours" => "hour",
        "minutes" => "minute",
        "weeks" => "week",
        "months" => "month",
        "quarters" => "quarter",
        "years" => "year",
        other => other,
    }
}

fn period_named(period: &str) -> Option<(&'static str, i64)> {
    match period {
        "Today" => return Some(("day", 0)),
        "Yesterday" => return Some(("day", -1)),
        "Tomorrow" => return Some(("day", 1)),
        _ => {}
    }
    let shifts = [("This", 0), ("Last", -1), ("Next", 1)];
    let (unit, shift) = shifts.iter().find_map(|(word, shift)| {
        let unit = period.strip_prefix(word)?;
        Some((unit, *shift))
    })?;
    let units = ["minute", "hour", "day", "week", "month", "quarter", "year"];
    let unit = units.into_iter().find(|known| known.eq_ignore_ascii_case(unit))?;
    Some((unit, shift))
}

fn shifted(moment: DateTime, unit: &str, count: i64) -> Option<DateTime> {
    let span = Span::new();
    let span = match unit {
        "minute" => span.try_minutes(count),
        "hour" => span.try_hours(count),
        "day" => span.try_days(count),
        "week" => span.try_weeks(count),
        "month" => span.try_months(count),
        "quarter" => span.try_months(count.checked_mul(3)?),
        "year" => span.try_years(count),
        _ => return None,
    };
    moment.checked_add(span.ok()?).ok()
}

fn start(moment: DateTime, unit: &str) -> Option<DateTime> {
    let midnight = Time::midnight();
    let date = moment.date();
    let date = match unit {
        "minute" => return moment.with().second(0).subsec_nanosecond(0).build().ok(),
        "hour" => {
            return moment.with().minute(0).second(0).subsec_nanosecond(0).build().ok();
        }
        "day" => date,
        "week" => {
            let past = i64::from(date.weekday().since(Weekday::Monday));
            date.checked_sub(Span::new().try_days(past).ok()?).ok()?
        }
        "month" => date.first_of_month(),
        "quarter" => {
            let month = (date.month() - 1) / 3 * 3 + 1;
            date.with().month(month).day(1).build().ok()?
        }
        "year" => date.first_of_year(),
        _ => return None,
    };
    Some(date.to_datetime(midnight))
}

fn end(moment: DateTime, unit: &str) -> Option<DateTime> {
    let next = shifted(start(moment, unit)?, unit, 1)?;
    next.checked_sub(Span::new().seconds(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(zone: &str) -> Asker {
        Asker {
            now: "2026-03-04T10:20:30Z".parse().unwrap(),
            zone: TimeZone::get(zone).unwrap(),
            user_id: "u1".to_owned(),
            user_name: "ada".to_owned(),
        }
    }

    #[test]
    fn scripts_give_the_moments_the_filter_builder_means() {
        let asker = asker("UTC");
        for (script, expected) in [
            ("gs.daysAgoStart(0)", Some("2026-03-04 00:00:00")),
            ("gs.daysAgoEnd(1)", Some("2026-03-03 23:59:59")),
            ("gs.hoursAgo(2)", Some("2026-03-04 08:20:30")),
            ("gs.hoursAgoStart(2)", Some("2026-03-04 08:00:00")),
            ("gs.monthsAgoStart(1)", Some("2026-02-01 00:00:00")),
            ("gs.quartersAgoEnd(1)", Some("2025-12-31 23:59:59")),
            ("gs.beginningOfThisWeek()", Some("2026-03-02 00:00:00")),
            ("gs.endOfLastMonth()", Some("2026-02-28 23:59:59")),
            ("gs.beginningOfNextYear()", Some("2027-01-01 00:00:00")),
            ("gs.endOfToday()", Some("2026-03-04 23:59:59")),
            ("gs.dateGenerate('2026-01-05','12:30:00')", Some("2026-01-05 12:30:00")),
            ("gs.dateGenerate('2026-01-05','end')", Some("2026-01-05 23:59:59")),
            ("gs.getUserID()", Some("u1")),
            ("gs.eval('x')", None),
            ("gs.daysAgo(999999999999999)", None),
        ] {
            let value = asker.resolve(&format!("javascript:{script}"));
            assert_eq!(value.as_deref(), expected, "{script}");
        }
    }

    #[test]
    fn days_begin_where_the_user_lives() {
        let value = asker("America/New_York").resolve("javascript:gs.beginningOfToday()");
        assert_eq!(value.as_deref(), Some("2026-03-04 05:00:00"));
    }
}
