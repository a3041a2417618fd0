//! The Change Management API: the same rows as the Table API, told as typed values, with states, conflicts,
//! tasks, affected CIs and approvals as resources of their own.

mod conflicts;
mod schedule;
mod states;

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::dictionary::Kind;
use super::query::evaluate::Plan;
use super::query::{OrderBy, parse};
use super::render::View;
use super::reply::{Call, Reply};
use super::store::{Fields, Row, Store};
use super::writes::{self, fields};
use super::{Instance, display, input};

pub(super) use states::refused;

const DEFAULT_LIMIT: usize = 500;
const TYPES: [&str; 3] = ["normal", "standard", "emergency"];

pub(super) fn answer(instance: &Instance, call: &Call, rest: &[&str]) -> Reply {
    let table = match rest {
        ["standard", "template", ..] => "std_change_record_producer",
        ["model", ..] => "chg_model",
        [_, "task", ..] => "change_task",
        _ => "change_request",
    };
    if let Err(refusal) = call.may_use(instance, table) {
        return refusal;
    }
    let get = call.method == Method::GET;
    let post = call.method == Method::POST;
    match rest {
        ["standard", "template"] | ["model"] if get => list(instance, call, (table, "")),
        ["standard", "template", id] | ["model", id] if get => one(instance, call, (table, id)),
        ["ci", ci, "schedule"] if get => schedule::of_item(instance, call, ci),
        ["worker", id] if get => schedule::worker(instance, call, id),
        [] if get => list(instance, call, (table, "")),
        [kind] if get && TYPES.contains(kind) => list(instance, call, (table, &format!("type={kind}"))),
        [] if post => create(instance, call, fields(&[("type", "normal")])),
        [kind @ ("normal" | "emergency")] if post => create(instance, call, fields(&[("type", kind)])),
        ["standard", template] if post => from_template(instance, call, template),
        [kind, id] if TYPES.contains(kind) => single(instance, call, id),
        [id] => single(instance, call, id),
        [id, ..] if instance.read().find("change_request", id).is_none() => Reply::not_found(),
        [id, "nextstates"] if get => states::next(instance, id),
        [id, "conflict", ..] => conflicts::answer(instance, call, id),
        [id, "schedule"] => schedule::of_change(instance, call, id),
        [id, "schedule", "first_available"] => schedule::first_available(instance, call, id),
        [id, "task"] if get => list(instance, call, (table, &format!("change_request={id}"))),
        [id, "task"] if post => {
            add(instance, call, ("change_task", fields(&[("change_request", id), ("parent", id)])))
        }
        [_, "task", task] => single_of(instance, call, ("change_task", task)),
        [id, "ci"] => associated(instance, call, id),
        [id, "approvals"] if call.method == Method::PATCH => approve(instance, call, id),
        _ => Reply::method_not_allowed(),
    }
}

/// Every value beside what is shown; numbers, booleans and texts keep their own types here.
pub(super) fn told(store: &Store, call: &Call, row: &Row) -> Value {
    let columns = store.dictionary.columns(&row.class);
    let seen = |column: &str| call.caller.may_see_field(store, &row.class, column);
    let cells = columns.into_iter().flat_map(|columns| columns.iter()).filter(|(name, _)| seen(name)).map(
        |(name, kind)| {
            let value = if *kind == Kind::Journal { "" } else { row.get(name) };
            let shown = display::column(store, row, name, &call.caller.zone);
            let mut cell = json!({ "display_value": shown, "value": typed(kind, value) });
            if let (Kind::DateTime, Some(cell)) = (kind, cell.as_object_mut()) {
                cell.insert(
                    "display_value_internal".to_owned(),
                    cell.get("display_value").cloned().unwrap_or_default(),
                );
            }
            (name.to_string(), cell)
        },
    );
    Value::Object(cells.collect())
}

fn typed(kind: &Kind, value: &str) -> Value {
    let number = || value.parse::<f64>().ok().map(Value::from);
    match kind {
        Kind::Boolean => (value == "true").into(),
        Kind::Integer | Kind::Decimal | Kind::Choice => number().unwrap_or_else(|| value.into()),
        _ => value.into(),
    }
}

fn list(instance: &Instance, call: &Call, (table, fixed): (&str, &str)) -> Reply {
    let store = instance.read();
    let asker = call.asker(instance);
    let mut query = parse(call.parameter("sysparm_query").unwrap_or_default());
    for group in &mut query.groups {
        group.extend(parse(fixed).groups.into_iter().flatten());
    }
    if let Some(field) = call.parameter("order") {
        let (field, descending) = (field.to_owned(), false);
        query.order.push(OrderBy { field, descending });
    }
    let number = |name: &str| call.parameter(name).and_then(|text| text.parse::<usize>().ok());
    let plan = Plan::new(&store, table, &query, &asker);
    let view = View::new(&store, call, &asker);
    let text = call.parameter("textSearch").unwrap_or_default().to_lowercase();
    let fits = |row: &&&Row| text.is_empty() || row.fields().any(|(_, value)| value.to_lowercase().contains(&text));
    let (hits, _) = plan.run();
    let hits = hits.iter().filter(fits).skip(number("sysparm_offset").unwrap_or(0));
    let page = hits.take(number("sysparm_limit").unwrap_or(DEFAULT_LIMIT)).filter(|row| view.may_see(row));
    Reply::result(page.map(|row| told(&store, call, row)).collect())
}

fn one(instance: &Instance, call: &Call, (table, id): (&str, &str)) -> Reply {
    let store = instance.read();
    let asker = call.asker(instance);
    let view = View::new(&store, call, &asker);
    match store.find(table, id).filter(|row| view.may_see(row)) {
        Some(row) => Reply::result(told(&store, call, row)),
        None => Reply::not_found(),
    }
}

fn single(instance: &Instance, call: &Call, id: &str) -> Reply {
    single_of(instance, call, ("change_request", id))
}

fn single_of(instance: &Instance, call: &Call, (table, id): (&str, &str)) -> Reply {
    if instance.read().find(table, id).is_none() {
        return Reply::not_found();
    }
    match call.method {
        Method::GET => one(instance, call, (table, id)),
        Method::PATCH => {
            let body = match given(call) {
                Ok(body) => body,
                Err(refusal) => return refusal,
            };
            let stamp = call.stamp(instance);
            let mut store = instance.write();
            let (changes, ignored) = input::read(&store, call, table, &body);
            if let Some(refusal) = refused(&store, (table, id), &changes) {
                return refusal;
            }
            let changes = input::with_rules(&store, (table, id), changes, &stamp);
            writes::update(&mut store, (table, id), changes, &stamp);
            with_meta(&store, call, (table, id), ignored)
        }
        Method::DELETE => {
            writes::delete(&mut instance.write(), (table, id), &call.stamp(instance));
            Reply::empty(204)
        }
        _ => Reply::method_not_allowed(),
    }
}

/// Fields come as pairs of the query string or of the body.
fn given(call: &Call) -> Result<Map<String, Value>, Reply> {
    let mut all = call.object()?;
    let pairs = call.query.iter().filter(|(name, _)| !name.starts_with("sysparm_"));
    all.extend(pairs.map(|(name, value)| (name.clone(), value.as_str().into())));
    Ok(all)
}

fn create(instance: &Instance, call: &Call, fixed: Fields) -> Reply {
    add(instance, call, ("change_request", fixed))
}

fn from_template(instance: &Instance, call: &Call, template: &str) -> Reply {
    let store = instance.read();
    let Some(row) = store.find("std_change_record_producer", template) else {
        return Reply::not_found();
    };
    let version = row.get("current_version").to_owned();
    let description = row.get("short_description").to_owned();
    drop(store);
    let fixed = [
        ("type", "standard"),
        ("std_change_producer_version", version.as_str()),
        ("short_description", &description),
    ];
    create(instance, call, fields(&fixed))
}

fn add(instance: &Instance, call: &Call, (table, fixed): (&str, Fields)) -> Reply {
    let body = match given(call) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let stamp = call.stamp(instance);
    let mut store = instance.write();
    let (mut row, ignored) = input::read(&store, call, table, &body);
    let described = row.get("short_description").cloned();
    row.extend(fixed);
    if let Some(text) = described {
        row.insert("short_description".to_owned(), text);
    }
    let row = input::with_defaults(&store, table, row, &stamp);
    let id = writes::insert(&mut store, table, row, &stamp);
    with_meta(&store, call, (table, &id), ignored)
}

fn with_meta(store: &Store, call: &Call, (table, id): (&str, &str), ignored: Vec<String>) -> Reply {
    let Some(row) = store.find(table, id) else {
        return Reply::not_found();
    };
    let mut result = told(store, call, row);
    if let Some(result) = result.as_object_mut() {
        result.insert("__meta".to_owned(), json!({ "ignoredFields": ignored }));
    }
    Reply::result(result)
}

fn associated(instance: &Instance, call: &Call, id: &str) -> Reply {
    let body = match given(call) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let (table, column) = match body.get("association_type").and_then(Value::as_str) {
        Some("affected") => ("task_ci", "ci_item"),
        Some("impacted") => ("task_cmdb_ci_service", "cmdb_ci_service"),
        Some("offering") => ("task_service_offering", "service_offering"),
        _ => {
            return Reply::failure(400, "Bad Request", Some("association_type is affected, impacted or offering"));
        }
    };
    if call.method == Method::POST {
        let listed = body.get("cmdb_ci_sys_ids");
        let ids: Vec<String> = match listed {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(ids)) => ids.split(',').map(|id| id.trim().to_owned()).collect(),
            _ => return Reply::failure(400, "Bad Request", Some("cmdb_ci_sys_ids is missing")),
        };
        let stamp = call.stamp(instance);
        let mut store = instance.write();
        for ci in ids {
            writes::insert(&mut store, table, fields(&[("task", id), (column, &ci)]), &stamp);
        }
    }
    let store = instance.read();
    let rows = store.with_value(table, "task", id);
    Reply::result(rows.into_iter().map(|row| told(&store, call, row)).collect())
}

/// Decides for the calling user alone.
fn approve(instance: &Instance, call: &Call, id: &str) -> Reply {
    let body = match given(call) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (state, comments) = (text("state"), text("comments"));
    let bad = |detail: &str| Reply::failure(400, "Bad Request", Some(detail));
    match state.as_str() {
        "approved" => {}
        "rejected" if comments.is_empty() => return bad("comments are needed to reject"),
        "rejected" => {}
        _ => return bad("state is approved or rejected"),
    }
    let stamp = call.stamp(instance);
    let mut store = instance.write();
    let open = store
        .with_value("sysapproval_approver", "sysapproval", id)
        .into_iter()
        .find(|row| row.get("approver") == call.caller.user_id && row.get("state") == "requested");
    let Some(approval) = open.map(|row| row.id.to_string()) else {
        return bad("the user has no approval to give on this change");
    };
    let decision = fields(&[("state", &state), ("comments", &comments)]);
    writes::update(&mut store, ("sysapproval_approver", &approval), decision, &stamp);
    match store.find("change_request", id) {
        Some(row) => Reply::result(json!([told(&store, call, row)])),
        None => Reply::not_found(),
    }
}
