//! The Import Set API: a row goes into a staging table and is transformed from there by the instance's maps
//! (`sys_transform_map`: source_table, target_table; `sys_transform_entry`: map, source_field, target_field, coalesce).

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::reply::{Call, Reply};
use super::store::{Fields, Store};
use super::table::display_of;
use super::writes::{self, fields};
use super::{Instance, input};

pub(super) fn load(instance: &Instance, call: &Call, (staging, rest): (&str, &[&str])) -> Reply {
    if let Err(refusal) = call.may_use(instance, staging) {
        return refusal;
    }
    if call.method != Method::POST {
        return Reply::method_not_allowed();
    }
    let body = match call.object() {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let records: Vec<Map<String, Value>> = match (rest, body.get("records").and_then(Value::as_array)) {
        ([], _) => vec![body],
        (["insertMultiple"], Some(records)) => records.iter().filter_map(Value::as_object).cloned().collect(),
        _ => return Reply::no_such_resource(),
    };
    let stamp = call.stamp(instance);
    let mut store = instance.write();
    let set = fields(&[("table_name", staging), ("state", "loaded")]);
    let set = writes::insert(&mut store, "sys_import_set", set, &stamp);
    let set = store.find("sys_import_set", &set).map(|row| row.get("number").to_owned()).unwrap_or_default();
    let mut results = Vec::new();
    for record in &records {
        let (row, _) = input::read(&store, call, staging, record);
        writes::insert(&mut store, staging, row.clone(), &stamp);
        results.extend(transform(&mut store, call, (instance, staging), &row));
    }
    Reply::json(201, json!({ "import_set": set, "staging_table": staging, "result": results }))
}

fn transform(store: &mut Store, call: &Call, (instance, staging): (&Instance, &str), row: &Fields) -> Vec<Value> {
    let stamp = call.stamp(instance);
    let family = store.dictionary.family("sys_transform_map");
    let maps = store.scan(&family).filter(|map| map.get("source_table") == staging);
    let maps: Vec<(String, String, String)> = maps
        .map(|map| (map.id.to_string(), map.get("name").to_owned(), map.get("target_table").to_owned()))
        .collect();
    let mut results = Vec::new();
    for (map, name, target) in maps {
        let (values, coalesce) = mapped(store, &map, row);
        let existing = coalesced(store, &target, &coalesce);
        let (id, status) = match existing {
            Some(id) => {
                writes::update(store, (&target, &id), values, &stamp);
                (id, "updated")
            }
            None => (writes::insert(store, &target, values, &stamp), "inserted"),
        };
        let display = store.dictionary.table(&target).map(|entry| entry.display.clone()).unwrap_or_default();
        results.push(json!({
            "transform_map": name,
            "table": target,
            "display_name": display,
            "display_value": display_of(store, call, (&target, &id)),
            "record_link": format!("{}/api/now/table/{target}/{id}", call.base),
            "status": status,
            "sys_id": id,
        }));
    }
    results
}

/// The target's values, and those among them that decide whether the row is already there.
fn mapped(store: &Store, map: &str, row: &Fields) -> (Fields, Fields) {
    let (mut values, mut coalesce) = (Fields::new(), Fields::new());
    let family = store.dictionary.family("sys_transform_entry");
    for entry in store.scan(&family).filter(|entry| entry.get("map") == map) {
        let value = row.get(entry.get("source_field")).cloned().unwrap_or_default();
        let target = entry.get("target_field").to_owned();
        if entry.get("coalesce") == "true" {
            coalesce.insert(target.clone(), value.clone());
        }
        values.insert(target, value);
    }
    (values, coalesce)
}

fn coalesced(store: &Store, table: &str, wanted: &Fields) -> Option<String> {
    if wanted.is_empty() {
        return None;
    }
    let family = store.dictionary.family(table);
    let mut rows = store.scan(&family);
    rows.find(|row| wanted.iter().all(|(column, value)| row.get(column) == value)).map(|row| row.id.to_string())
}
