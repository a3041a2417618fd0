//! The state model of the base system: which state may follow which, by type of change.

use serde_json::{Map, Value, json};

use crate::servicenow::Instance;
use crate::servicenow::reply::Reply;
use crate::servicenow::store::{Fields, Row, Store};

/// The states that may follow, for changes without a model of their own.
fn following(kind: &str, from: &str) -> &'static [&'static str] {
    match (kind, from) {
        ("standard", "-5") => &["-2", "4"],
        ("emergency", "-5") => &["-3", "4"],
        (_, "-5") => &["-4", "4"],
        (_, "-4") => &["-3", "-5", "4"],
        (_, "-3") => &["-2", "-5", "4"],
        (_, "-2") => &["-1", "4"],
        (_, "-1") => &["0", "4"],
        (_, "0") => &["3"],
        _ => &[],
    }
}

/// Nobody schedules a change that is not approved; standard changes are approved by their template.
fn is_available(row: &Row, to: &str) -> bool {
    to != "-2" || row.get("type") == "standard" || row.get("approval") == "approved"
}

/// Answers `nextstates`.
pub(super) fn next(instance: &Instance, id: &str) -> Reply {
    let store = instance.read();
    let Some(row) = store.find("change_request", id) else {
        return Reply::not_found();
    };
    let from = row.get("state");
    let possible = following(row.get("type"), from);
    let available: Vec<&str> = possible.iter().copied().filter(|to| is_available(row, to)).collect();
    let label = |state: &str| store.label("change_request", "state", state).unwrap_or(state).to_owned();
    let transitions: Vec<Value> = possible
        .iter()
        .map(|to| {
            let passed = is_available(row, to);
            let conditions = if *to == "-2" {
                json!([{ "passed": passed, "condition": { "name": "Approved" } }])
            } else {
                json!([])
            };
            json!([{
                "display_value": format!("{} to {}", label(from), label(to)),
                "from_state": from,
                "to_state": to,
                "transition_available": passed,
                "automatic_transition": *to == "-2" && row.get("type") != "standard",
                "conditions": conditions,
            }])
        })
        .collect();
    let labels = possible.iter().chain([&from]).map(|state| ((*state).to_owned(), Value::from(label(state))));
    Reply::result(json!({
        "available_states": available,
        "state_transitions": transitions,
        "state_label": labels.collect::<Map<_, _>>(),
    }))
}

/// The refusal of a business rule or data policy, where an update asks for what the model forbids.
pub(in super::super) fn refused(store: &Store, (table, id): (&str, &str), changes: &Fields) -> Option<Reply> {
    let row = store.find(table, id).filter(|row| &*row.class == "change_request")?;
    let by_rule = |rule: &str| {
        let detail = format!("Operation against file 'change_request' was aborted by Business Rule '{rule}'");
        Some(Reply::failure(403, "Operation Failed", Some(&detail)))
    };
    let from = row.get("state");
    let changed = |column: &str| changes.get(column).filter(|value| *value != row.get(column));
    if changed("type").is_some() && from != "-5" {
        return by_rule("Change Model: Check Type");
    }
    let to = changed("state")?;
    let kind = changes.get("type").map_or_else(|| row.get("type"), String::as_str);
    if row.get("chg_model").is_empty() && !(following(kind, from).contains(&to.as_str()) && is_available(row, to)) {
        return by_rule("Change Model: Check State Transition");
    }
    let after = |column: &str| changes.get(column).map_or_else(|| row.get(column), String::as_str);
    if to == "3" && (after("close_code").is_empty() || after("close_notes").is_empty()) {
        let detail = "Data Policy Exception: The following fields are mandatory: Close code, Close notes";
        return Some(Reply::failure(403, "Operation Failed", Some(detail)));
    }
    None
}
