//! Entries of blackout and maintenance schedules, with their repetition as an RFC 5545 rule. What cannot be said
//! is told, because a blackout that is read as shorter than it is opens a gate.

use std::collections::BTreeMap;

use domain::{ConfigurationItemId, ScheduleKind, ScheduleRecord, Text, WindowId};
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::Origin;
use crate::servicenow::wire::SCHEDULE;
use crate::table_api::{Row, SpanMoment, read_span_moment};

/// The entries that were understood, and how many were not.
#[derive(Debug, Default, PartialEq)]
pub(in crate::servicenow) struct Schedules {
    pub(in crate::servicenow) records: Vec<ScheduleRecord>,
    pub(in crate::servicenow) not_understood: usize,
}

/// Joins schedules and their entries.
pub(in crate::servicenow) fn schedules(origin: &Origin, schedules: &[Row], entries: &[Row]) -> Schedules {
    let by_id: BTreeMap<&str, &Row> =
        schedules.iter().filter_map(|schedule| Some((schedule.id()?, schedule))).collect();
    let mut found = Schedules::default();
    for entry in entries {
        let Some(schedule) = entry.value("schedule").and_then(|id| by_id.get(id)) else { continue };
        if schedule.flag("active") == Some(false) {
            continue;
        }
        match record(origin, schedule, entry) {
            Some(record) => found.records.push(record),
            None => found.not_understood += 1,
        }
    }
    found
}

fn record(origin: &Origin, schedule: &Row, entry: &Row) -> Option<ScheduleRecord> {
    let kind = match schedule.value("sys_class_name")? {
        "cmn_schedule_blackout" => ScheduleKind::Blackout,
        _ => ScheduleKind::Maintenance,
    };
    let excludes = entry.value("type").is_some_and(|kind| kind.eq_ignore_ascii_case("exclude"));
    if excludes {
        return None;
    }
    let zone = schedule.value("time_zone").filter(|zone| !zone.eq_ignore_ascii_case("floating"));
    let start = read_span_moment(entry.value("start_date_time")?)?;
    let end = read_span_moment(entry.value("end_date_time")?)?;
    let absolute = [start, end].iter().any(|moment| matches!(moment, SpanMoment::Absolute(_)));
    // A moment of the world in a floating schedule floats no more.
    let zone = zone.or(absolute.then_some("UTC"));
    let source = origin.source(&SCHEDULE, schedule);
    Some(ScheduleRecord {
        id: WindowId(origin.record(entry.id()?)),
        schedule: source.record.clone(),
        kind,
        schedule_name: schedule.text("name").unwrap_or_default(),
        name: entry.text("name").or(schedule.text("name")).unwrap_or_default(),
        time_zone: zone.map(Text::from),
        start: local(start, zone)?,
        end: local_end(entry, end, zone)?,
        rrule: rule(entry)?,
        condition: schedule.text("condition"),
        configuration_items: among(schedule, "sys_id")
            .map(|id| ConfigurationItemId::new(&origin.cmdb, id))
            .collect(),
        item_names: among(schedule, "name").map(Text::from).collect(),
        inventory: origin.cmdb.clone(),
        source,
    })
}

fn local(moment: SpanMoment, zone: Option<&str>) -> Option<DateTime> {
    Some(match moment {
        SpanMoment::Local(local) => local,
        SpanMoment::Day(day) => day.to_datetime(Time::midnight()),
        SpanMoment::Absolute(moment) => {
            let zone = TimeZone::get(zone.unwrap_or("UTC")).ok()?;
            moment.to_zoned(zone).datetime()
        }
    })
}

/// The last day of an entry that lasts all day belongs to it.
fn local_end(entry: &Row, moment: SpanMoment, zone: Option<&str>) -> Option<DateTime> {
    match moment {
        SpanMoment::Day(day) if entry.flag("all_day") == Some(true) => {
            Some(day.tomorrow().ok()?.to_datetime(Time::midnight()))
        }
        other => local(other, zone),
    }
}

/// The rule of an entry that repeats, nothing for one that does not; `None` for one that we cannot put into words.
fn rule(entry: &Row) -> Option<Option<Text>> {
    let Some(repeat) = entry.value("repeat_type") else { return Some(None) };
    let frequency = match repeat.to_ascii_lowercase().as_str() {
        "none" | "does_not_repeat" => return Some(None),
        "daily" => "DAILY".to_owned(),
        "weekly" => match days(entry.value("days_of_week").unwrap_or_default())? {
            days if days.is_empty() => "WEEKLY".to_owned(),
            days => format!("WEEKLY;BYDAY={days}"),
        },
        "weekdays" => "WEEKLY;BYDAY=MO,TU,WE,TH,FR".to_owned(),
        "weekends" => "WEEKLY;BYDAY=SA,SU".to_owned(),
        "weekmwf" => "WEEKLY;BYDAY=MO,WE,FR".to_owned(),
        "weektt" => "WEEKLY;BYDAY=TU,TH".to_owned(),
        "monthly" => "MONTHLY".to_owned(),
        "yearly" => "YEARLY".to_owned(),
        _ => return None,
    };
    let every: u32 = entry.number("repeat_count").filter(|every| *every > 1).unwrap_or(1);
    let mut rule = format!("FREQ={frequency}");
    if every > 1 {
        rule.push_str(&format!(";INTERVAL={every}"));
    }
    if let Some(until) = entry.value("repeat_until").filter(|until| !until.trim_matches('0').is_empty()) {
        let day = match read_span_moment(until)? {
            SpanMoment::Day(day) => day,
            SpanMoment::Local(local) => local.date(),
            SpanMoment::Absolute(moment) => moment.to_zoned(TimeZone::UTC).date(),
        };
        rule.push_str(&format!(";UNTIL={}T235959", day.strftime("%Y%m%d")));
    }
    Some(Some(rule.into()))
}

/// `1234` are Monday to Thursday.
fn days(digits: &str) -> Option<String> {
    let day = |digit: char| {
        Some(match digit {
            '1' => "MO",
            '2' => "TU",
            '3' => "WE",
            '4' => "TH",
            '5' => "FR",
            '6' => "SA",
            '7' => "SU",
            _ => return None,
        })
    };
    let digits = digits.chars().filter(|letter| !matches!(letter, ',' | ' '));
    Some(digits.map(day).collect::<Option<Vec<_>>>()?.join(","))
}

/// The values that a condition wants a field to have, in order; none where it says anything else.
fn among<'a>(schedule: &'a Row, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let condition = schedule.value("condition").filter(|condition| !condition.contains('^')).unwrap_or_default();
    let wanted = condition.strip_prefix(field).unwrap_or_default();
    let wanted = wanted.strip_prefix("IN").or_else(|| wanted.strip_prefix('=')).unwrap_or_default();
    let values: std::collections::BTreeSet<&str> = wanted.split(',').filter(|value| !value.is_empty()).collect();
    values.into_iter()
}
