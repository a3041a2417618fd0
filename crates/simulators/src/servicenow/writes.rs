//! Writes with everything that hangs on them: numbers, counters, audit trail, journals, approval roll-up.

use super::dictionary::Kind;
use super::seed;
use super::store::{Fields, Stamp, Store, stored_time};

/// The trees of tables whose updates are audited.
const AUDITED: [&str; 5] = ["task", "cmdb", "sysapproval_approver", "std_change_record_producer", "cmn_schedule"];

/// Puts a row in and fills what the platform fills; gives its sys_id. Unknown columns become text columns.
pub(super) fn insert(store: &mut Store, table: &str, mut row: Fields, stamp: &Stamp) -> String {
    let class = match row.get("sys_class_name") {
        Some(class) if store.dictionary.extends(class, table) => class.clone(),
        _ => table.to_owned(),
    };
    let known = store.dictionary.columns(&class).cloned().unwrap_or_default();
    for column in row.keys().filter(|column| !known.contains_key(column.as_str())) {
        store.dictionary.define(&class, column, Kind::Text);
        seed::describe(store, (&class, column, &Kind::Text), stamp);
    }
    if known.contains_key("sys_class_name") {
        row.insert("sys_class_name".to_owned(), class.clone());
    }
    let id = match row.get("sys_id") {
        Some(id) if !id.is_empty() => id.clone(),
        _ => store.mint(&class),
    };
    row.insert("sys_id".to_owned(), id.clone());
    let prefix = store.dictionary.table(&class).and_then(|entry| entry.prefix.clone());
    if let (Some(prefix), None) = (prefix, row.get("number")) {
        row.insert("number".to_owned(), store.next_number(&prefix));
    }
    let at = stored_time(stamp.at);
    let created = row.entry("sys_created_on".to_owned()).or_insert(at).clone();
    let creator = row.entry("sys_created_by".to_owned()).or_insert_with(|| stamp.by.clone()).clone();
    row.entry("sys_updated_on".to_owned()).or_insert(created);
    row.entry("sys_updated_by".to_owned()).or_insert(creator);
    row.entry("sys_mod_count".to_owned()).or_insert_with(|| "0".to_owned());
    take_journals(store, (&class, &id), &mut row, stamp);
    store.put(&class, &id, &row);
    id
}

/// Changes a row. Nothing happens, not even to the counters, where every value is as it was.
/// False when there is no such row.
pub(super) fn update(store: &mut Store, (table, id): (&str, &str), mut changes: Fields, stamp: &Stamp) -> bool {
    let Some(row) = store.find(table, id) else {
        return false;
    };
    let class = row.class.to_string();
    let before: Fields = changes.keys().map(|column| (column.clone(), row.get(column).to_owned())).collect();
    let count = row.get("sys_mod_count").parse::<u64>().unwrap_or_default() + 1;
    let journals = take_journals(store, (&class, id), &mut changes, stamp);
    changes.retain(|column, value| before.get(column) != Some(value));
    if changes.is_empty() && journals == 0 {
        return true;
    }
    if AUDITED.iter().any(|root| store.dictionary.extends(&class, root)) {
        let count = count.to_string();
        for (column, value) in changes.iter().filter(|(column, _)| !column.starts_with("sys_")) {
            let old = before.get(column).map_or("", String::as_str);
            audit(
                store,
                &[
                    ("tablename", &class),
                    ("documentkey", id),
                    ("fieldname", column),
                    ("oldvalue", old),
                    ("newvalue", value),
                    ("user", &stamp.by),
                    ("record_checkpoint", &count),
                ],
                stamp,
            );
        }
    }
    let decided = class == "sysapproval_approver" && changes.contains_key("state");
    for (column, value) in [
        ("sys_mod_count", count.to_string()),
        ("sys_updated_on", stored_time(stamp.at)),
        ("sys_updated_by", stamp.by.clone()),
    ] {
        changes.entry(column.to_owned()).or_insert(value);
    }
    store.change(&class, id, &changes);
    if decided {
        roll_up(store, id, stamp);
    }
    true
}

/// Takes a row out and leaves a trace of it. False when there is no such row.
pub(super) fn delete(store: &mut Store, (table, id): (&str, &str), stamp: &Stamp) -> bool {
    let Some(row) = store.find(table, id) else {
        return false;
    };
    let class = row.class.to_string();
    let Some(row) = store.remove(&class, id) else {
        return false;
    };
    let payload: serde_json::Map<_, _> =
        row.fields().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let display = store.dictionary.table(&class).map_or("", |entry| row.get(&entry.display));
    let trace = [
        ("tablename", class.as_str()),
        ("documentkey", id),
        ("display_value", display),
        ("deleted_by", &stamp.by),
        ("payload", &serde_json::Value::from(payload).to_string()),
    ];
    insert(store, "sys_audit_delete", fields(&trace), stamp);
    true
}

fn audit(store: &mut Store, entry: &[(&str, &str)], stamp: &Stamp) {
    insert(store, "sys_audit", fields(entry), stamp);
}

pub(super) fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Journal entries live in a table of their own; the column itself stays empty.
fn take_journals(store: &mut Store, (class, id): (&str, &str), row: &mut Fields, stamp: &Stamp) -> usize {
    let Some(known) = store.dictionary.columns(class) else {
        return 0;
    };
    let is_journal = |column: &str| matches!(known.get(column), Some(Kind::Journal));
    let columns: Vec<String> = row.keys().filter(|column| is_journal(column)).cloned().collect();
    let mut taken = 0;
    for column in columns {
        let Some(text) = row.remove(&column).filter(|text| !text.is_empty()) else {
            continue;
        };
        let entry = [("name", class), ("element", &column), ("element_id", id), ("value", &text)];
        insert(store, "sys_journal_field", fields(&entry), stamp);
        taken += 1;
    }
    taken
}

/// The task's own approval follows from those of its approvers; an approved change moves on by itself.
fn roll_up(store: &mut Store, approval: &str, stamp: &Stamp) {
    let Some(row) = store.find("sysapproval_approver", approval) else {
        return;
    };
    let task = row.get("sysapproval").to_owned();
    let states = store.with_value("sysapproval_approver", "sysapproval", &task);
    let states: Vec<&str> = states.iter().map(|row| row.get("state")).collect();
    let counted = || states.iter().filter(|state| !matches!(**state, "not_required" | "cancelled" | "duplicate"));
    let verdict = if states.contains(&"rejected") {
        "rejected"
    } else if counted().all(|state| matches!(*state, "not requested" | "")) {
        "not requested"
    } else if counted().all(|state| *state == "approved") {
        "approved"
    } else {
        "requested"
    };
    let mut changes = fields(&[("approval", verdict)]);
    let change = store.find("change_request", &task);
    match (verdict, change.map(|row| row.get("state"))) {
        ("approved", Some("-3")) => drop(changes.insert("state".to_owned(), "-2".to_owned())),
        ("rejected", Some("-4" | "-3")) => drop(changes.insert("state".to_owned(), "-5".to_owned())),
        _ => {}
    }
    update(store, ("task", &task), changes, stamp);
}
