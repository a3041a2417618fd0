//! RFC 5545 rules become windows of UTC. The rule is expanded in local time and each end is converted once, with one
//! zone library: a local time that a clock change skips counts with the offset before it, one that comes twice is the
//! first of the two (RFC 5545, 3.3.5).

use domain::{Text, Window};
use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _};
use rrule::RRuleSet;

use super::CalendarError;

/// The most occurrences that one rule is expanded into.
pub const OCCURRENCE_LIMIT: usize = 20_000;

/// The day from which rules without a start of their own count: a Monday, the first of a month and of a year.
pub const WINDOW_ANCHOR: jiff::civil::Date = date(2001, 1, 1);

/// What recurs: the first occurrence in local time, and how it repeats.
#[derive(Debug, Clone, Copy)]
pub struct Recurrence<'a> {
    /// Whose it is, for errors.
    pub place: &'a str,
    /// RFC 5545 rule without `RRULE:`; `None` = once.
    pub rule: Option<&'a str>,
    /// Local start of the first.
    pub start: DateTime,
    /// Local end of the first. Each occurrence ends after as many days at that time of day.
    pub end: DateTime,
    /// IANA name of the zone.
    pub zone: &'a str,
}

/// The occurrences that share a moment with the range, whole, sorted by start.
///
/// # Errors
/// A rule or zone that cannot be read, a rule that never recurs, more than [`OCCURRENCE_LIMIT`] occurrences.
pub(crate) fn expand(what: &Recurrence<'_>, range: Window) -> Result<Vec<Window>, CalendarError> {
    let zone = TimeZone::get(what.zone)
        .map_err(|_| CalendarError::Zone { place: what.place.into(), zone: what.zone.into() })?;
    let length = what.end.duration_since(what.start);
    // Local days are up to a clock change longer or shorter than those of UTC.
    let slack = SignedDuration::from_hours(48);
    let earliest = local(range.start, &zone).saturating_sub(length).saturating_sub(slack);
    let latest = local(range.end, &zone).saturating_add(slack);
    let starts = match what.rule {
        None => vec![what.start],
        Some(rule) => occurrences(what, rule, (earliest, latest), &zone)?,
    };
    let mut windows = Vec::new();
    for start in starts {
        let end = start.saturating_add(length);
        let (Some(start), Some(end)) = (instant(start, &zone), instant(end, &zone)) else { continue };
        windows.extend(Window::new(start, end).filter(|window| window.overlaps(&range)));
    }
    windows.sort_unstable();
    Ok(windows)
}

/// Can it be expanded? Looks at the first ten years.
///
/// # Errors
/// As [`expand`].
pub fn check_recurrence(what: &Recurrence<'_>) -> Result<(), CalendarError> {
    let start = TimeZone::UTC.to_timestamp(what.start).unwrap_or(Timestamp::MIN);
    let end = start.saturating_add(SignedDuration::from_hours(24 * 3_650)).unwrap_or(start);
    match Window::new(start, end) {
        Some(range) => expand(what, range).map(drop),
        None => Ok(()),
    }
}

/// Is it a rule that a window of an environment can have?
///
/// # Errors
/// As [`expand`].
pub fn check_rule(place: &str, rule: &str) -> Result<(), CalendarError> {
    let (start, end) = (WINDOW_ANCHOR.at(0, 0, 0, 0), WINDOW_ANCHOR.at(1, 0, 0, 0));
    check_recurrence(&Recurrence { place, rule: Some(rule), start, end, zone: "UTC" })
}

fn local(moment: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(moment)
}

fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

/// The parts of a rule that we must know ourselves; the library reads the rest.
struct Rule {
    frequency: String,
    interval: i64,
    until: Option<DateTime>,
    counts: bool,
    /// Everything but UNTIL.
    rest: String,
}

fn occurrences(
    what: &Recurrence<'_>,
    rule: &str,
    (earliest, latest): (DateTime, DateTime),
    zone: &TimeZone,
) -> Result<Vec<DateTime>, CalendarError> {
    let read = read(rule, zone).map_err(|reason| CalendarError::Rule {
        place: what.place.into(),
        rule: rule.into(),
        reason,
    })?;
    let never = || CalendarError::NeverRecurs { place: what.place.into(), rule: rule.into() };
    if read.until.is_some_and(|until| until < what.start) {
        return Err(never());
    }
    let from = skip_ahead(&read, what.start, earliest);
    if read.until.is_some_and(|until| until < from) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for start in &set(what, &read, from)? {
        let Ok(moment) = Timestamp::from_second(start.timestamp()) else { break };
        let start = local(moment, &TimeZone::UTC);
        if start > latest {
            break;
        }
        if start < earliest {
            continue;
        }
        if found.len() == OCCURRENCE_LIMIT {
            return Err(CalendarError::TooOften { place: what.place.into(), limit: OCCURRENCE_LIMIT });
        }
        found.push(start);
    }
    if found.is_empty() && (&set(what, &read, what.start)?).into_iter().next().is_none() {
        return Err(never());
    }
    Ok(found)
}

/// The library's own set. It expands local times as if they were UTC, so that it never converts any.
fn set(what: &Recurrence<'_>, rule: &Rule, from: DateTime) -> Result<RRuleSet, CalendarError> {
    let until = rule.until.map(|until| format!(";UNTIL={}Z", until.strftime("%Y%m%dT%H%M%S"))).unwrap_or_default();
    let text = format!("DTSTART:{}Z\nRRULE:{}{until}", from.strftime("%Y%m%dT%H%M%S"), rule.rest);
    let refused = |error: rrule::RRuleError| CalendarError::Rule {
        place: what.place.into(),
        rule: rule.rest.as_str().into(),
        reason: error.to_string().into(),
    };
    Ok(text.parse::<RRuleSet>().map_err(refused)?.limit())
}

fn read(rule: &str, zone: &TimeZone) -> Result<Rule, Text> {
    let mut read = Rule { frequency: String::new(), interval: 1, until: None, counts: false, rest: String::new() };
    let mut rest: Vec<String> = Vec::new();
    for part in rule.trim().split(';').filter(|part| !part.trim().is_empty()) {
        let part = part.trim().to_ascii_uppercase();
        let (name, value) = part.split_once('=').ok_or_else(|| format!("'{part}' has no value"))?;
        match name {
            "FREQ" => value.clone_into(&mut read.frequency),
            "INTERVAL" => {
                read.interval = value.parse().map_err(|_| "INTERVAL is no whole number")?;
            }
            "COUNT" => read.counts = true,
            "UNTIL" => {
                read.until = Some(until(value, zone).ok_or("UNTIL is neither a date nor a date with a time")?);
                continue;
            }
            _ => {}
        }
        rest.push(part);
    }
    match read.frequency.as_str() {
        "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY" if read.interval > 0 => {}
        "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY" => return Err("INTERVAL must be at least 1".into()),
        "" => return Err("FREQ is missing".into()),
        _ => return Err("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY".into()),
    }
    if read.counts && read.until.is_some() {
        return Err("COUNT and UNTIL exclude each other".into());
    }
    read.rest = rest.join(";");
    Ok(read)
}

/// The last local moment: a date means all of that day, a moment of UTC is brought into the zone.
fn until(value: &str, zone: &TimeZone) -> Option<DateTime> {
    if let Some(utc) = value.strip_suffix('Z') {
        let moment = TimeZone::UTC.to_timestamp(DateTime::strptime("%Y%m%dT%H%M%S", utc).ok()?).ok()?;
        return Some(local(moment, zone));
    }
    match value.contains('T') {
        true => DateTime::strptime("%Y%m%dT%H%M%S", value).ok(),
        false => Some(jiff::civil::Date::strptime("%Y%m%d", value).ok()?.at(23, 59, 59, 0)),
    }
}

/// A later start of the same series, at most one repetition before `earliest`: years of days need not be walked.
/// A rule that counts its occurrences, or goes by months, starts where it starts.
fn skip_ahead(rule: &Rule, start: DateTime, earliest: DateTime) -> DateTime {
    let days = match rule.frequency.as_str() {
        "DAILY" => rule.interval,
        "WEEKLY" => rule.interval.saturating_mul(7),
        _ => return start,
    };
    if rule.counts || earliest <= start {
        return start;
    }
    let between = earliest.duration_since(start).as_hours() / 24;
    let repetitions = (between / days.max(1)).saturating_sub(1).max(0);
    start.checked_add((repetitions.saturating_mul(days)).days()).unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn year() -> Window {
        Window { start: at("2026-01-01T00:00:00Z"), end: at("2027-01-01T00:00:00Z") }
    }

    fn evenings(rule: &str) -> Result<Vec<Window>, CalendarError> {
        let (start, end) = (WINDOW_ANCHOR.at(18, 0, 0, 0), WINDOW_ANCHOR.at(23, 0, 0, 0));
        expand(&Recurrence { place: "production", rule: Some(rule), start, end, zone: "Europe/London" }, year())
    }

    #[test]
    fn windows_keep_local_hours_across_clock_changes() {
        let windows = evenings("FREQ=WEEKLY;BYDAY=MO").unwrap();
        let starts: Vec<String> = windows.iter().map(|window| window.start.to_string()).collect();
        assert!(starts.contains(&"2026-03-23T18:00:00Z".to_owned()), "{starts:?}");
        assert!(starts.contains(&"2026-03-30T17:00:00Z".to_owned()), "{starts:?}");
        assert_eq!(starts.len(), 52);
    }

    #[test]
    fn every_other_week_counts_from_the_anchor_however_far_away() {
        let windows = evenings("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU").unwrap();
        let anchor = at("2001-01-02T18:00:00Z");
        for window in windows {
            let days = (window.start.duration_since(anchor).as_hours() + 1) / 24;
            assert_eq!(days % 14, 0, "{window:?}");
        }
    }

    #[test]
    fn until_is_read_as_a_day_a_local_time_or_a_moment() {
        for (until, count) in [("20260103", 3), ("20260103T180000", 3), ("20260103T175959Z", 2)] {
            assert_eq!(evenings(&format!("FREQ=DAILY;UNTIL={until}")).unwrap().len(), count, "{until}");
        }
        assert!(evenings("FREQ=DAILY;UNTIL=20250103").unwrap().is_empty());
    }

    #[test]
    fn what_cannot_recur_is_an_error_that_names_the_place() {
        let text = |rule| evenings(rule).unwrap_err().to_string();
        assert!(text("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30").starts_with("production: the rule"));
        assert!(text("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30").contains("never recurs"));
        assert!(text("FREQ=DAILY;UNTIL=19991231").contains("never recurs"));
        assert!(text("FREQ=HOURLY").contains("FREQ must be DAILY"));
        assert!(text("BYDAY=MO").contains("FREQ is missing"));
        assert!(text("FREQ=WEEKLY;BYDAY=XX").contains("cannot be read"));
        assert!(text("FREQ=DAILY;COUNT=3;UNTIL=20260103").contains("exclude each other"));
        let place = Recurrence {
            place: "x",
            rule: Some("FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9"),
            start: WINDOW_ANCHOR.at(0, 0, 0, 0),
            end: WINDOW_ANCHOR.at(0, 1, 0, 0),
            zone: "UTC",
        };
        let error = expand(&place, year()).unwrap_err();
        assert_eq!(error, CalendarError::TooOften { place: "x".into(), limit: OCCURRENCE_LIMIT });
        let nowhere = Recurrence { zone: "Europe/Lundon", ..place };
        assert!(expand(&nowhere, year()).unwrap_err().to_string().contains("Europe/Lundon"));
    }
}
