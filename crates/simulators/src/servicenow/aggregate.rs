//! The Aggregate API: counts and sums over a query, grouped or not.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::path::Path;
use super::query::evaluate::Plan;
use super::reply::{Call, Reply};
use super::store::{Row, Store};
use super::{Instance, display, table};

const FUNCTIONS: [&str; 4] = ["avg", "min", "max", "sum"];

/// One group: the stored and shown values it is grouped by, and its rows.
struct Group<'a> {
    keys: Vec<(String, String, String)>,
    rows: Vec<&'a Row>,
}

pub(super) fn stats(instance: &Instance, call: &Call, table: &str) -> Reply {
    if let Err(refusal) = call.may_use(instance, table) {
        return refusal;
    }
    if call.method != Method::GET {
        return Reply::method_not_allowed();
    }
    let store = instance.read();
    let asker = call.asker(instance);
    let query = table::asked(&store, call, table);
    let plan = Plan::new(&store, table, &query, &asker);
    let (mut rows, _) = plan.run();
    if plan.dropped && table::invalid_returns_nothing(&store) {
        rows.clear();
    }
    let by = paths(&store, call, (table, "sysparm_group_by"));
    if by.is_empty() {
        return Reply::result(json!({ "stats": figures(&store, call, (table, &rows)) }));
    }
    let mut groups: BTreeMap<Vec<String>, Group<'_>> = BTreeMap::new();
    for row in rows {
        let values: Vec<String> = by.iter().map(|(_, path)| path.value(&store, row).to_owned()).collect();
        let group = groups
            .entry(values)
            .or_insert_with(|| Group { keys: keys(&store, call, (&by, row)), rows: Vec::new() });
        group.rows.push(row);
    }
    let mut told: Vec<Value> = Vec::new();
    for group in groups.values() {
        let stats = figures(&store, call, (table, &group.rows));
        if !having(call, &stats, group.rows.len()) {
            continue;
        }
        let fields = group.keys.iter().map(|(field, value, shown)| match call.parameter("sysparm_display_value") {
            Some("true") => json!({ "field": field, "value": shown }),
            Some("all") => json!({ "field": field, "value": value, "display_value": shown }),
            _ => json!({ "field": field, "value": value }),
        });
        let fields: Vec<Value> = fields.collect();
        told.push(json!({ "stats": stats, "groupby_fields": fields }));
    }
    order(call, &mut told);
    Reply::result(told.into())
}

fn keys(store: &Store, call: &Call, (by, row): (&[(String, Path)], &Row)) -> Vec<(String, String, String)> {
    let key = |(written, path): &(String, Path)| {
        let end = path.walk(store, row);
        let shown = end.map(|end| display::column(store, end, &path.column, &call.caller.zone));
        (written.clone(), path.value(store, row).to_owned(), shown.unwrap_or_default())
    };
    by.iter().map(key).collect()
}

fn paths(store: &Store, call: &Call, (table, parameter): (&str, &str)) -> Vec<(String, Path)> {
    let written = call.parameter(parameter).unwrap_or_default();
    let names = written.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.filter_map(|name| Some((name.to_owned(), Path::resolve(&store.dictionary, table, name)?))).collect()
}

fn figures(store: &Store, call: &Call, (table, rows): (&str, &[&Row])) -> Value {
    let mut stats = Map::new();
    if call.is_set("sysparm_count") {
        stats.insert("count".to_owned(), rows.len().to_string().into());
    }
    for function in FUNCTIONS {
        let wanted = paths(store, call, (table, &format!("sysparm_{function}_fields")));
        if wanted.is_empty() {
            continue;
        }
        let figures = wanted.iter().map(|(name, path)| {
            let values = rows.iter().map(|row| path.value(store, row)).filter(|value| !value.is_empty());
            (name.clone(), Value::from(figure(function, values.collect())))
        });
        stats.insert(function.to_owned(), Value::Object(figures.collect()));
    }
    Value::Object(stats)
}

/// Smallest and largest also work on dates and texts; sums and means only on numbers.
fn figure(function: &str, values: Vec<&str>) -> String {
    let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
        let found = match function {
            "min" => values.into_iter().min(),
            "max" => values.into_iter().max(),
            _ => None,
        };
        return found.unwrap_or_default().to_owned();
    };
    let sum: f64 = numbers.iter().sum();
    match function {
        "min" => numbers.into_iter().fold(f64::INFINITY, f64::min).to_string(),
        "max" => numbers.into_iter().fold(f64::NEG_INFINITY, f64::max).to_string(),
        "sum" => sum.to_string(),
        _ => {
            let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            format!("{:.4}", sum / f64::from(count))
        }
    }
}

/// `count^priority^>^3`: the function, its field, how, and against what.
fn having(call: &Call, stats: &Value, count: usize) -> bool {
    let Some(text) = call.parameter("sysparm_having").filter(|text| !text.is_empty()) else {
        return true;
    };
    let parts: Vec<&str> = text.split('^').collect();
    let [function, field, operator, wanted] = parts.as_slice() else {
        return true;
    };
    let value = match *function {
        "count" => Some(count.to_string()),
        function => stats.get(function).and_then(|all| all.get(*field)?.as_str().map(str::to_owned)),
    };
    let (Some(Ok(value)), Ok(wanted)) = (value.map(|text| text.parse::<f64>()), wanted.parse::<f64>()) else {
        return true;
    };
    match *operator {
        ">" => value > wanted,
        ">=" => value >= wanted,
        "<" => value < wanted,
        "<=" => value <= wanted,
        "!=" => value.total_cmp(&wanted).is_ne(),
        _ => value.total_cmp(&wanted).is_eq(),
    }
}

/// `state^DESC`, or a figure as `AVG^field^DESC`.
fn order(call: &Call, groups: &mut [Value]) {
    let Some(text) = call.parameter("sysparm_order_by").filter(|text| !text.is_empty()) else {
        return;
    };
    let (field, descending) = match text.strip_suffix("^DESC") {
        Some(field) => (field, true),
        None => (text.strip_suffix("^ASC").unwrap_or(text), false),
    };
    let key = |group: &Value| -> String {
        let fields = group.get("groupby_fields").and_then(Value::as_array);
        let found =
            fields.and_then(|all| all.iter().find(|entry| entry.get("field").is_some_and(|name| name == field)));
        let value = found.and_then(|entry| entry.get("value")).or_else(|| group.get("stats")?.get("count"));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    groups.sort_by(|left, right| {
        let (left, right) = (key(left), key(right));
        let numbers = (left.parse::<f64>(), right.parse::<f64>());
        let order = match numbers {
            (Ok(left), Ok(right)) => left.total_cmp(&right),
            _ => left.cmp(&right),
        };
        if descending { order.reverse() } else { order }
    });
}
