//! Dates in queries: `2026-01-02 03:04` (never with seconds), `2026-01-02`, `-15m`, `4w 2d`, all in the caller's zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan, Zoned};

/// A moment as written, or `None` when the text is none of the formats.
pub(super) fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(milliseconds) = text.parse::<i64>() {
        return Timestamp::from_millisecond(milliseconds).ok();
    }
    if let Some(span) = period(text) {
        return now.to_zoned(zone.clone()).checked_add(span).ok().map(|moment| moment.timestamp());
    }
    let formats = ["%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M"];
    let moment = formats.iter().find_map(|format| DateTime::strptime(format, text).ok());
    let days = ["%Y-%m-%d", "%Y/%m/%d"];
    let day = || days.iter().find_map(|format| Date::strptime(format, text).ok()).map(|day| day.at(0, 0, 0, 0));
    moment.or_else(day)?.to_zoned(zone.clone()).ok().map(|moment| moment.timestamp())
}

/// `-15m`, `4w 2d`, `+1h`: weeks, days, hours, minutes.
fn period(text: &str) -> Option<Span> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut span = Span::new();
    for part in rest.split_whitespace() {
        let (amount, unit) = amount(part)?;
        span = added(span, sign * amount, unit)?;
    }
    (!rest.trim().is_empty()).then_some(span)
}

fn added(span: Span, amount: i64, unit: &str) -> Option<Span> {
    match unit {
        "w" => span.try_weeks(amount.checked_add(i64::from(span.get_weeks()))?).ok(),
        "d" => span.try_days(amount.checked_add(i64::from(span.get_days()))?).ok(),
        "h" => span.try_hours(amount.checked_add(i64::from(span.get_hours()))?).ok(),
        "m" => span.try_minutes(amount.checked_add(span.get_minutes())?).ok(),
        _ => None,
    }
}

fn amount(part: &str) -> Option<(i64, &str)> {
    let digits = part.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = part.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit))
}

/// `startOfDay`, `endOfWeek` and their like; `None` when the name or the increment is not one.
pub(super) fn boundary(
    name: &str,
    increment: Option<&str>,
    (now, zone): (Timestamp, &TimeZone),
) -> Option<Timestamp> {
    let (edge, unit) = match name.strip_prefix("startof") {
        Some(unit) => (Edge::Start, unit),
        None => (Edge::End, name.strip_prefix("endof")?),
    };
    let step: Span = match unit {
        "day" => 1.day(),
        "week" => 1.week(),
        "month" => 1.month(),
        "year" => 1.year(),
        _ => return None,
    };
    let shifted = now
        .to_zoned(zone.clone())
        .checked_add(increment.map_or(Some(Span::new()), |text| shift(text, unit))?)
        .ok()?;
    let start = start_of(&shifted, unit)?;
    match edge {
        Edge::Start => Some(start.timestamp()),
        // The last millisecond before the next one starts.
        Edge::End => start.checked_add(step).ok()?.timestamp().checked_sub(SignedDuration::from_millis(1)).ok(),
    }
}

enum Edge {
    Start,
    End,
}

fn start_of(moment: &Zoned, unit: &str) -> Option<Zoned> {
    let date = moment.date();
    let first = match unit {
        "week" => {
            date.checked_sub(Span::new().try_days(i64::from(date.weekday().to_sunday_zero_offset())).ok()?).ok()?
        }
        "month" => date.first_of_month(),
        "year" => date.first_of_year(),
        _ => date,
    };
    first.to_zoned(moment.time_zone().clone()).ok()
}

/// `-1`, `+2w`, `1M`: without a unit, the function's own.
fn shift(text: &str, unit: &str) -> Option<Span> {
    let text = text.trim();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if let Ok(number) = rest.parse::<i64>() {
        let number = number.checked_mul(sign)?;
        return match unit {
            "day" => Span::new().try_days(number).ok(),
            "week" => Span::new().try_weeks(number).ok(),
            "month" => Span::new().try_months(number).ok(),
            _ => Span::new().try_years(number).ok(),
        };
    }
    let (number, unit) = amount(rest)?;
    let number = number.checked_mul(sign)?;
    match unit {
        "y" => Span::new().try_years(number).ok(),
        "M" => Span::new().try_months(number).ok(),
        _ => added(Span::new(), number, unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        // A Wednesday, in British summer time.
        let now: Timestamp = "2026-07-15T10:30:45Z".parse().unwrap();
        let zone = TimeZone::get("Europe/London").unwrap();
        let found = match text.split_once('(') {
            Some((name, increment)) => {
                let increment = increment.trim_end_matches(')');
                boundary(name, (!increment.is_empty()).then_some(increment), (now, &zone))
            }
            None => read(text, now, &zone),
        };
        assert_eq!(found.map_or("none".into(), |moment| moment.to_string()), expected, "{text}");
    }

    #[test]
    fn dates_are_in_the_callers_zone() {
        check("2026-07-01 09:15", "2026-07-01T08:15:00Z");
        check("2026/01/02 03:04", "2026-01-02T03:04:00Z");
        check("2026-07-01", "2026-06-30T23:00:00Z");
    }

    #[test]
    fn seconds_and_other_formats_are_refused() {
        check("2026-07-01 09:15:30", "none");
        check("2026-07-01T09:15", "none");
        check("yesterday", "none");
        check("-", "none");
    }

    #[test]
    fn periods_run_from_now() {
        check("-15m", "2026-07-15T10:15:45Z");
        check("4w 2d", "2026-08-14T10:30:45Z");
        check("-1h", "2026-07-15T09:30:45Z");
    }

    #[test]
    fn boundaries() {
        check("startofday()", "2026-07-14T23:00:00Z");
        check("endofday()", "2026-07-15T22:59:59.999Z");
        check("startofday(-1)", "2026-07-13T23:00:00Z");
        check("startofweek()", "2026-07-11T23:00:00Z");
        check("endofmonth(+1)", "2026-08-31T22:59:59.999Z");
        check("startofyear(-6M)", "2026-01-01T00:00:00Z");
        check("startofday(x)", "none");
    }
}
