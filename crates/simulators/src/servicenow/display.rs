//! Display values: what a person reads instead of a stored value.

use jiff::tz::TimeZone;

use super::dictionary::Kind;
use super::query::dates::parse_stored;
use super::store::{Row, Store};

/// References shown through references end somewhere.
const DEEPEST: u8 = 4;

/// The display value of a column of `row` for a reader in `zone`.
pub(super) fn column(store: &Store, row: &Row, name: &str, zone: &TimeZone) -> String {
    at_depth(store, (row, name), zone, 0)
}

/// What stands for the row with this sys_id; empty where there is none.
pub(super) fn reference(store: &Store, table: &str, id: &str, zone: &TimeZone) -> String {
    shown(store, (table, id), zone, 0)
}

fn at_depth(store: &Store, (row, name): (&Row, &str), zone: &TimeZone, depth: u8) -> String {
    let value = row.get(name);
    let kind = store.dictionary.kind(&row.class, name);
    match kind {
        Some(Kind::Choice) => {
            let label = store.label(&row.class, name, value);
            label.unwrap_or(value).to_owned()
        }
        Some(Kind::Reference(table)) => shown(store, (table, value), zone, depth),
        Some(Kind::List(table)) => {
            let ids = value.split(',').filter(|id| !id.is_empty());
            let names = ids.map(|id| shown(store, (table, id.trim()), zone, depth));
            names.collect::<Vec<_>>().join(", ")
        }
        Some(Kind::Class) => {
            let entry = store.dictionary.table(value);
            entry.map_or(value, |entry| &entry.label).to_owned()
        }
        Some(Kind::DateTime) => match parse_stored(value) {
            None => value.to_owned(),
            Some(moment) => {
                let local = moment.to_zoned(zone.clone()).datetime();
                local.strftime("%Y-%m-%d %H:%M:%S").to_string()
            }
        },
        Some(Kind::Duration) => duration(value),
        Some(Kind::Journal) => String::new(),
        _ => value.to_owned(),
    }
}

fn shown(store: &Store, (table, id): (&str, &str), zone: &TimeZone, depth: u8) -> String {
    let Some(row) = store.find(table, id) else {
        // Some references hold a word instead of a sys_id, and show it.
        return if matches!(id, "global" | "glide.maint") { id.to_owned() } else { String::new() };
    };
    let entry = store.dictionary.table(&row.class);
    match entry.map(|entry| entry.display.as_str()) {
        Some(display) if display != "sys_id" && depth < DEEPEST => at_depth(store, (row, display), zone, depth + 1),
        _ => format!("Created {}", row.get("sys_created_on")),
    }
}

/// Durations are stored as a moment after the epoch and read as words.
fn duration(value: &str) -> String {
    let Some(moment) = parse_stored(value) else {
        return value.to_owned();
    };
    let seconds = moment.as_second();
    let parts = [
        (seconds / 86_400, "Day"),
        (seconds / 3_600 % 24, "Hour"),
        (seconds / 60 % 60, "Minute"),
        (seconds % 60, "Second"),
    ];
    let words = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| match count {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    });
    let words = words.collect::<Vec<_>>().join(" ");
    if words.is_empty() { "0 Seconds".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_count_from_the_epoch() {
        assert_eq!(duration("1970-01-01 00:02:17"), "2 Minutes 17 Seconds");
        assert_eq!(duration("1970-01-02 01:00:00"), "1 Day 1 Hour");
        assert_eq!(duration("1970-01-01 00:00:00"), "0 Seconds");
    }
}
