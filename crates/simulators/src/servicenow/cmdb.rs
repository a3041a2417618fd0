//! The CMDB read calls: instances with their relations, the metadata of a class, a service with its parts.

use std::collections::{BTreeSet, VecDeque};

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::query::evaluate::Plan;
use super::render::{Form, View};
use super::reply::{Call, Reply};
use super::store::{Row, Store};
use super::table::{asked, display_of};
use super::{Instance, seed};

pub(super) fn answer(instance: &Instance, call: &Call, rest: &[&str]) -> Reply {
    let class = match rest {
        ["instance" | "meta", class, ..] => class,
        ["app_service", ..] => "cmdb_ci_service",
        _ => return Reply::no_such_resource(),
    };
    if let Err(refusal) = call.may_use(instance, class) {
        return refusal;
    }
    if call.method != Method::GET {
        return Reply::method_not_allowed();
    }
    let store = instance.read();
    match rest {
        ["instance", class] => list(instance, call, (&store, class)),
        ["instance", class, id] => one(instance, call, (&store, class, id)),
        ["meta", class] => meta(&store, class),
        ["app_service", id, "getContent"] => content(call, &store, id),
        _ => Reply::no_such_resource(),
    }
}

/// Only two columns, whatever is asked for.
fn list(instance: &Instance, call: &Call, (store, class): (&Store, &str)) -> Reply {
    let number = |name: &str| call.parameter(name).and_then(|text| text.parse::<usize>().ok());
    let asker = call.asker(instance);
    let query = asked(store, call, class);
    let plan = Plan::new(store, class, &query, &asker);
    let view = View::new(store, call, &asker);
    let (hits, _) = plan.run();
    let page = hits.into_iter().skip(number("sysparm_offset").unwrap_or(0));
    let page = page.take(number("sysparm_limit").unwrap_or(1_000)).filter(|row| view.may_see(row));
    Reply::result(page.map(|row| json!({ "sys_id": &*row.id, "name": row.get("name") })).collect())
}

fn one(instance: &Instance, call: &Call, (store, class, id): (&Store, &str, &str)) -> Reply {
    let asker = call.asker(instance);
    let view = View::new(store, call, &asker).with_form(Form::Both);
    let Some(row) = store.find(class, id).filter(|row| view.may_see(row)) else {
        return Reply::not_found();
    };
    // All columns as bare strings here, except that references keep their three parts.
    let columns = view.select(&row.class, None);
    let mut attributes = Map::new();
    if let Value::Object(cells) = view.record(row, &columns) {
        for (name, cell) in cells {
            let is_reference = cell.get("link").is_some();
            let value = if is_reference { cell } else { cell.get("value").cloned().unwrap_or_default() };
            attributes.insert(name, value);
        }
    }
    let relations = |near: &str, far: &str| -> Value {
        let rows = store.with_value("cmdb_rel_ci", near, id);
        let told = rows.into_iter().filter(|row| view.may_see(row)).map(
            |row| json!({ "sys_id": &*row.id, "type": view.cell(row, "type"), "target": view.cell(row, far) }),
        );
        told.collect()
    };
    Reply::result(json!({
        "attributes": attributes,
        "outbound_relations": relations("parent", "child"),
        "inbound_relations": relations("child", "parent"),
    }))
}

fn meta(store: &Store, class: &str) -> Reply {
    let dictionary = &store.dictionary;
    let (Some(entry), Some(columns)) = (dictionary.table(class), dictionary.columns(class)) else {
        return Reply::invalid_table(class);
    };
    let attributes = columns.iter().map(|(name, kind)| {
        json!({
            "element": &**name,
            "label": seed::label(name),
            "type": kind.internal_type(),
            "is_mandatory": "false",
            "is_read_only": "false",
            "max_length": "40",
            "is_display": (entry.display == **name).to_string(),
            "reference": kind.target().unwrap_or_default(),
        })
    });
    let children = dictionary.tables().filter(|(_, other)| other.parent.as_deref() == Some(class));
    let children = children.map(|(name, _)| name.to_string());
    Reply::result(json!({
        "name": class,
        "label": entry.label,
        "parent": entry.parent.as_deref().unwrap_or_default(),
        "children": children.collect::<Vec<_>>(),
        "is_extendable": "true",
        "attributes": attributes.collect::<Vec<_>>(),
        "relationship_rules": [],
    }))
}

/// A whole service: everything that can be reached from it as from parent to child.
fn content(call: &Call, store: &Store, id: &str) -> Reply {
    let Some(service) = store.find("cmdb_ci_service", id) else {
        return Reply::not_found();
    };
    let mut seen = BTreeSet::from([id.to_owned()]);
    let mut open = VecDeque::from([id.to_owned()]);
    let mut relations = Vec::new();
    while let Some(parent) = open.pop_front() {
        for relation in store.with_value("cmdb_rel_ci", "parent", &parent) {
            let child = relation.get("child");
            relations.push(json!({ "parent": parent, "child": child }));
            if seen.insert(child.to_owned()) {
                open.push_back(child.to_owned());
            }
        }
    }
    let shallow = call.parameter("mode") == Some("shallow");
    let item = |row: &Row| {
        let values: Map<String, Value> = match shallow {
            true => Map::from_iter([
                ("sys_id".to_owned(), (*row.id).into()),
                ("name".to_owned(), row.get("name").into()),
            ]),
            false => row.fields().map(|(name, value)| (name.to_owned(), value.into())).collect(),
        };
        json!({ "className": &*row.class, "values": values })
    };
    let items: Vec<Value> = seen.iter().filter_map(|id| store.find("cmdb_ci", id)).map(item).collect();
    Reply::result(json!({
        "service": {
            "sys_id": id,
            "name": display_of(store, call, ("cmdb_ci_service", id)),
            "class_name": &*service.class,
            "service_relations": relations,
        },
        "cmdb": { "items": items },
    }))
}
