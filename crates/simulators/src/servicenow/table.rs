//! The Table API.

use axum::http::Method;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::dictionary::Kind;
use super::limits::Cancelled;
use super::query::evaluate::Plan;
use super::query::{Condition, Operator, Order, Query, parse};
use super::render::View;
use super::reply::{Call, Reply, failure_body};
use super::store::Store;
use super::{Instance, change, display, input, writes};

const DEFAULT_LIMIT: usize = 10_000;

/// A list, or a new record.
pub(super) fn many(instance: &Instance, call: &Call, table: &str) -> Reply {
    if let Err(refusal) = call.may_use(instance, table) {
        return refusal;
    }
    match call.method {
        Method::GET => list(instance, call, table),
        Method::POST => create(instance, call, table),
        _ => Reply::method_not_allowed(),
    }
}

/// One record by its sys_id.
pub(super) fn one(instance: &Instance, call: &Call, (table, id): (&str, &str)) -> Reply {
    if let Err(refusal) = call.may_use(instance, table) {
        return refusal;
    }
    if !matches!(call.method, Method::GET | Method::PUT | Method::PATCH | Method::DELETE) {
        return Reply::method_not_allowed();
    }
    let found = read(instance, call, (table, id));
    match (found, &call.method) {
        (None, _) => Reply::not_found(),
        (Some(record), &Method::GET) => Reply::result(record),
        (Some(_), &Method::DELETE) => {
            writes::delete(&mut instance.write(), (table, id), &call.stamp(instance));
            Reply::empty(204)
        }
        (Some(_), _) => update(instance, call, (table, id)),
    }
}

fn read(instance: &Instance, call: &Call, (table, id): (&str, &str)) -> Option<Value> {
    let store = instance.read();
    let asker = call.asker(instance);
    let view = View::new(&store, call, &asker);
    let row = store.find(table, id).filter(|row| view.may_see(row))?;
    let columns = view.select(table, call.parameter("sysparm_fields"));
    Some(view.record(row, &columns))
}

fn create(instance: &Instance, call: &Call, table: &str) -> Reply {
    let body = match call.object() {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let stamp = call.stamp(instance);
    let mut store = instance.write();
    let (fields, _) = input::read(&store, call, table, &body);
    if let Some(column) = input::wrong_date(&store, table, &fields) {
        return refused_by_policy(column);
    }
    let fields = input::with_defaults(&store, table, fields, &stamp);
    let id = writes::insert(&mut store, table, fields, &stamp);
    drop(store);
    let location = format!("{}/api/now/table/{table}/{id}", call.base);
    let result = read(instance, call, (table, &id)).unwrap_or_else(|| json!({}));
    Reply::json(201, json!({ "result": result })).with("Location", location)
}

fn update(instance: &Instance, call: &Call, (table, id): (&str, &str)) -> Reply {
    let body = match call.object() {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let stamp = call.stamp(instance);
    let mut store = instance.write();
    let class = store.find(table, id).map_or_else(|| table.to_owned(), |row| row.class.to_string());
    let (changes, _) = input::read(&store, call, &class, &body);
    if let Some(column) = input::wrong_date(&store, &class, &changes) {
        return refused_by_policy(column);
    }
    if let Some(refusal) = change::refused(&store, (table, id), &changes) {
        return refusal;
    }
    let changes = input::with_rules(&store, (table, id), changes, &stamp);
    writes::update(&mut store, (table, id), changes, &stamp);
    drop(store);
    let result = read(instance, call, (table, id)).unwrap_or_else(|| json!({}));
    Reply::result(result)
}

fn refused_by_policy(column: &str) -> Reply {
    let detail = format!("Data Policy Exception: {column} is not a valid date");
    Reply::failure(403, "Operation Failed", Some(&detail))
}

fn list(instance: &Instance, call: &Call, table: &str) -> Reply {
    let number = |name: &str| call.parameter(name).filter(|text| !text.is_empty()).map(str::parse::<usize>);
    let (Ok(offset), Ok(limit)) =
        (number("sysparm_offset").unwrap_or(Ok(0)), number("sysparm_limit").unwrap_or(Ok(DEFAULT_LIMIT)))
    else {
        return Reply::failure(
            400,
            "Pagination not supported",
            Some("sysparm_offset and sysparm_limit are numbers"),
        );
    };
    let store = instance.read();
    let asker = call.asker(instance);
    let query = asked(&store, call, table);
    let plan = Plan::new(&store, table, &query, &asker);
    let (mut hits, looked_at) = plan.run();
    if plan.dropped && invalid_returns_nothing(&store) {
        hits.clear();
    }
    let view = View::new(&store, call, &asker);
    let columns = view.select(table, call.parameter("sysparm_fields"));
    let page = hits.iter().skip(offset).take(limit).filter(|row| view.may_see(row));
    let execution = instance.usage().limits.execution;
    if let Some(limit) = execution.filter(|limit| looked_at > limit.rows) {
        let mut body = failure_body(
            "Transaction cancelled: maximum execution time exceeded",
            Some("Transaction cancelled: maximum execution time exceeded Check logs for error trace"),
        );
        if let (Cancelled::ErrorBesidePartialResult, Some(body)) = (limit.answer, body.as_object_mut()) {
            let part = page.take(limit.rows).map(|row| view.record(row, &columns));
            body.insert("result".to_owned(), part.collect());
        }
        return Reply::json(200, body);
    }
    let records: Vec<Value> = page.map(|row| view.record(row, &columns)).collect();
    let mut reply = match (records.is_empty(), call.version()) {
        (true, Some("v1")) => Reply::failure(404, "No Record found", Some("Records matching query not found")),
        _ => Reply::result(records.into()),
    };
    if !call.is_set("sysparm_no_count") {
        reply = reply.with("X-Total-Count", hits.len());
        let links = links(call, (offset, limit, hits.len()));
        if !call.is_set("sysparm_suppress_pagination_header") && !links.is_empty() {
            reply = reply.with("Link", links);
        }
    }
    reply
}

/// The encoded query, or the field=value pairs that may stand instead of it.
pub(super) fn asked(store: &Store, call: &Call, table: &str) -> Query {
    if let Some(text) = call.parameter("sysparm_query") {
        return parse(text);
    }
    let mut query = parse("");
    let pairs = call.query.iter().filter(|(name, _)| !name.starts_with("sysparm_") && name != "x-sn-apikey");
    for (name, value) in pairs {
        let value = match store.dictionary.kind(table, name) {
            Some(Kind::Reference(target)) => input::by_display(store, target, value),
            Some(Kind::Choice) => store.with_value_of_choice(table, name, value),
            _ => None,
        }
        .unwrap_or_else(|| value.clone());
        let condition = Condition { field: name.clone(), operator: Some(Operator::Compare(Order::Equal)), value };
        if let Some(group) = query.groups.last_mut() {
            group.push(vec![condition]);
        }
    }
    query
}

pub(super) fn invalid_returns_nothing(store: &Store) -> bool {
    let rows = store.with_value("sys_properties", "name", "glide.invalid_query.returns_no_rows");
    rows.iter().any(|row| row.get("value") == "true")
}

/// The same request with other offsets.
fn links(call: &Call, (offset, limit, total): (usize, usize, usize)) -> String {
    if limit == 0 {
        return String::new();
    }
    let at = |rel: &str, offset: usize| {
        let kept = call.query.iter().filter(|(name, _)| name != "sysparm_offset");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept).append_pair("sysparm_offset", &offset.to_string());
        format!("<{}{}?{}>;rel=\"{rel}\"", call.base, call.path, query.finish())
    };
    let mut links = vec![at("first", 0)];
    if offset > 0 {
        links.push(at("prev", offset.saturating_sub(limit)));
    }
    if offset + limit < total {
        links.push(at("next", offset + limit));
    }
    links.push(at("last", total.saturating_sub(1) / limit * limit));
    links.join(",")
}

/// What stands for a row in answers that name it.
pub(super) fn display_of(store: &Store, call: &Call, (table, id): (&str, &str)) -> String {
    display::reference(store, table, id, &call.caller.zone)
}
