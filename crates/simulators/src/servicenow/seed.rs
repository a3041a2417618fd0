//! What every instance has from the start: its dictionary, tables and choices as rows of their own.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};

use super::dictionary::{Kind, Name, TableEntry};
use super::store::{Stamp, Store};
use super::writes::{fields, insert};

/// The base system, older than anything a customer writes. Its sys_ids are the same in every instance.
pub(super) static BASE: LazyLock<Store> = LazyLock::new(|| {
    let mut store = Store::new("base".to_owned());
    let stamp =
        Stamp { by: "system".to_owned(), at: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(50 * 365 * 24) };
    fill(&mut store, &stamp);
    store
});

/// Fills `sys_db_object`, `sys_dictionary`, `sys_choice` and the relation types.
fn fill(store: &mut Store, stamp: &Stamp) {
    let tables: Vec<(Name, TableEntry)> =
        store.dictionary.tables().map(|(name, entry)| (name.clone(), entry.clone())).collect();
    for (name, entry) in &tables {
        let id = table_id(name);
        let parent = entry.parent.as_deref().map(table_id).unwrap_or_default();
        let row = [("sys_id", id.as_str()), ("name", name), ("label", &entry.label), ("super_class", &parent)];
        insert(store, "sys_db_object", fields(&row), stamp);
        for (column, kind) in &entry.own {
            describe(store, (name, column, kind), stamp);
        }
    }
    for (table, element, value, label) in store.dictionary.choices().to_vec() {
        let row = [
            ("name", table.as_str()),
            ("element", &element),
            ("value", &value),
            ("label", &label),
            ("language", "en"),
            ("inactive", "false"),
        ];
        insert(store, "sys_choice", fields(&row), stamp);
    }
    let relations = [
        ("1a9cb166f1571100a92eb60da2bce5c5", "Depends on::Used by"),
        ("60bc4e22c0a8010e01f074cbe6bd73c3", "Runs on::Runs"),
        ("", "Hosted on::Hosts"),
        ("", "Contains::Contained by"),
        ("", "Members::Member of"),
        ("", "Connects to::Connected by"),
        ("", "Manages::Managed by"),
        ("", "Owns::Owned by"),
        ("", "Exchanges data with::Exchanges data with"),
    ];
    for (id, name) in relations {
        let (parent, child) = name.split_once("::").unwrap_or((name, name));
        let row = [("sys_id", id), ("name", name), ("parent_descriptor", parent), ("child_descriptor", child)];
        insert(store, "cmdb_rel_type", fields(&row), stamp);
    }
}

/// Writes the `sys_dictionary` row of a column.
pub(super) fn describe(store: &mut Store, (table, column, kind): (&str, &str, &Kind), stamp: &Stamp) {
    let is_choice = matches!(kind, Kind::Choice);
    let display = store.dictionary.table(table).is_some_and(|entry| entry.display == column);
    let row = [
        ("name", table),
        ("element", column),
        ("column_label", &label(column)),
        ("internal_type", kind.internal_type()),
        ("reference", kind.target().unwrap_or_default()),
        ("choice", if is_choice { "1" } else { "0" }),
        ("display", if display { "true" } else { "false" }),
        ("active", "true"),
        ("mandatory", "false"),
        ("max_length", if matches!(kind, Kind::Text) { "4000" } else { "40" }),
    ];
    insert(store, "sys_dictionary", fields(&row), stamp);
}

/// The sys_id of a table's own row: a function of its name, so that parents can be named before they exist.
fn table_id(name: &str) -> String {
    let mut id = blake3::hash(name.as_bytes()).to_hex().to_string();
    id.truncate(32);
    id
}

/// `assigned_to` reads as `Assigned to`.
pub(super) fn label(column: &str) -> String {
    let words = column.replace('_', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}
