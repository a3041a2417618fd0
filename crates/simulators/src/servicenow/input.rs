//! What a client sends becomes column values: any JSON scalar, display values where asked for, and the
//! business rules of the base system that fill other columns in.

use serde_json::{Map, Value};

use super::dictionary::Kind;
use super::query::dates::parse_stored;
use super::reply::Call;
use super::store::{Fields, Stamp, Store, stored_time};

/// Reads the columns of a body; names the table does not have are ignored without a word.
pub(super) fn read(store: &Store, call: &Call, table: &str, body: &Map<String, Value>) -> (Fields, Vec<String>) {
    let shown = call.is_set("sysparm_input_display_value");
    let mut fields = Fields::new();
    let mut ignored = Vec::new();
    for (column, value) in body {
        let (Some(kind), false) = (store.dictionary.kind(table, column), is_fixed(column)) else {
            ignored.push(column.clone());
            continue;
        };
        let mut text = scalar(value);
        if shown {
            text = from_display(store, call, (table, column, kind), text);
        }
        fields.insert(column.clone(), text);
    }
    (fields, ignored)
}

/// Columns only the platform writes.
fn is_fixed(column: &str) -> bool {
    matches!(column, "sys_mod_count" | "sys_created_on" | "sys_created_by" | "sys_updated_on" | "sys_updated_by")
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(object) => match object.get("value").or_else(|| object.get("display_value")) {
            Some(value) if !value.is_object() => scalar(value),
            _ => String::new(),
        },
        other => other.to_string(),
    }
}

fn from_display(store: &Store, call: &Call, (table, column, kind): (&str, &str, &Kind), text: String) -> String {
    match kind {
        Kind::Reference(target) => by_display(store, target, &text).unwrap_or(text),
        Kind::Choice => {
            let values = store.with_value_of_choice(table, column, &text);
            values.unwrap_or(text)
        }
        Kind::DateTime => {
            let local = text.parse::<jiff::civil::DateTime>().ok();
            let moment = local.and_then(|local| local.to_zoned(call.caller.zone.clone()).ok());
            moment.map_or(text, |moment| stored_time(moment.timestamp()))
        }
        _ => text,
    }
}

/// The sys_id of the row a display value stands for.
pub(super) fn by_display(store: &Store, table: &str, shown: &str) -> Option<String> {
    if store.find(table, shown).is_some() {
        return Some(shown.to_owned());
    }
    let family = store.dictionary.family(table);
    family.iter().find_map(|class| {
        let display = &store.dictionary.table(class)?.display;
        store.with_value(class, display, shown).first().map(|row| row.id.to_string())
    })
}

/// Defaults of a new record.
pub(super) fn with_defaults(store: &Store, table: &str, mut fields: Fields, stamp: &Stamp) -> Fields {
    for (column, value) in store.dictionary.defaults(table) {
        fields.entry(column.clone()).or_insert_with(|| value.clone());
    }
    if store.dictionary.extends(table, "task") {
        fields.entry("opened_at".to_owned()).or_insert_with(|| stored_time(stamp.at));
        let opener = store.with_value("sys_user", "user_name", &stamp.by);
        if let Some(user) = opener.first() {
            fields.entry("opened_by".to_owned()).or_insert_with(|| user.id.to_string());
        }
    }
    fields
}

/// What the base system's rules add to an update: a closed task is no longer active.
pub(super) fn with_rules(store: &Store, (table, id): (&str, &str), mut changes: Fields, stamp: &Stamp) -> Fields {
    let Some(row) = store.find(table, id) else {
        return changes;
    };
    let closing: &[&str] = match &*row.class {
        "change_request" | "change_task" => &["3", "4"],
        "incident" => &["7", "8"],
        "problem" => &["107"],
        class if store.dictionary.extends(class, "task") => &["3", "4", "7"],
        _ => return changes,
    };
    let Some(state) = changes.get("state").filter(|state| *state != row.get("state")) else {
        return changes;
    };
    let closes = closing.contains(&state.as_str());
    changes.entry("active".to_owned()).or_insert_with(|| if closes { "false" } else { "true" }.to_owned());
    if closes {
        changes.entry("closed_at".to_owned()).or_insert_with(|| stored_time(stamp.at));
    }
    changes
}

/// A date-time that is none is refused by the platform's own data policy.
pub(super) fn wrong_date<'a>(store: &Store, table: &str, fields: &'a Fields) -> Option<&'a str> {
    let wrong = fields.iter().find(|(column, value)| {
        let kind = store.dictionary.kind(table, column);
        matches!(kind, Some(Kind::DateTime)) && !value.is_empty() && parse_stored(value).is_none()
    });
    wrong.map(|(column, _)| column.as_str())
}
