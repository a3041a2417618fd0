//! Conflict detection of a change: other changes on its CI in the same time, and blackouts.
//! Repeating schedule entries are not expanded.

use axum::http::Method;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::{schedule, told};
use crate::servicenow::Instance;
use crate::servicenow::query::dates::parse_stored;
use crate::servicenow::reply::{Call, Reply};
use crate::servicenow::store::{Fields, Row, Stamp, Store, stored_time};
use crate::servicenow::writes::{self, fields};

pub(super) fn answer(instance: &Instance, call: &Call, id: &str) -> Reply {
    match call.method {
        Method::GET => poll(instance, call, id),
        Method::POST => {
            let stamp = call.stamp(instance);
            let mut store = instance.write();
            detect(&mut store, id, &stamp);
            let job = fields(&[("name", "Conflict Detection"), ("state", "3"), ("source", id)]);
            let worker = writes::insert(&mut store, "sys_execution_tracker", job, &stamp);
            let link = schedule::link(call, &worker);
            Reply::result(json!({ "worker": { "sysId": worker, "link": link } }))
        }
        Method::DELETE => Reply::empty(204),
        _ => Reply::method_not_allowed(),
    }
}

fn poll(instance: &Instance, call: &Call, id: &str) -> Reply {
    let store = instance.read();
    let last_run = store.find("change_request", id).map(|row| row.get("conflict_last_run").to_owned());
    let rows = store.with_value("conflict", "change", id);
    let conflicts: Vec<Value> = rows.into_iter().map(|row| told(&store, call, row)).collect();
    // The status says so whether or not there are any: only the list tells.
    Reply::result(json!({
        "status": "Conflict",
        "job_status": "Complete",
        "last_run": last_run,
        "record_count": conflicts.len().to_string(),
        "conflicts": conflicts,
    }))
}

fn detect(store: &mut Store, id: &str, stamp: &Stamp) {
    let old: Vec<String> =
        store.with_value("conflict", "change", id).iter().map(|row| row.id.to_string()).collect();
    for conflict in old {
        writes::delete(store, ("conflict", &conflict), stamp);
    }
    let Some(change) = store.find("change_request", id) else {
        return;
    };
    let found = [on_the_same_ci(store, change), in_a_blackout(store, change)].concat();
    let status = if found.is_empty() { "No Conflict" } else { "Conflict" };
    let at = stored_time(stamp.at);
    for mut conflict in found {
        conflict.insert("last_checked".to_owned(), at.clone());
        writes::insert(store, "conflict", conflict, stamp);
    }
    let done = fields(&[("conflict_status", status), ("conflict_last_run", &at)]);
    writes::update(store, ("change_request", id), done, stamp);
}

fn on_the_same_ci(store: &Store, change: &Row) -> Vec<Fields> {
    let (start, end, ci) = (change.get("start_date"), change.get("end_date"), change.get("cmdb_ci"));
    if start.is_empty() || end.is_empty() || ci.is_empty() {
        return Vec::new();
    }
    let others = store.with_value("change_request", "cmdb_ci", ci).into_iter();
    let clashing = others.filter(|other| {
        other.id != change.id
            && !matches!(other.get("state"), "3" | "4")
            && !other.get("start_date").is_empty()
            && other.get("start_date") < end
            && start < other.get("end_date")
    });
    let told = clashing.map(|other| {
        fields(&[
            ("change", &change.id),
            ("configuration_item", ci),
            ("conflicting_change", &other.id),
            ("type", "ci_already_scheduled"),
        ])
    });
    told.collect()
}

fn in_a_blackout(store: &Store, change: &Row) -> Vec<Fields> {
    let moments = (parse_stored(change.get("start_date")), parse_stored(change.get("end_date")));
    let (Some(start), Some(end)) = moments else {
        return Vec::new();
    };
    let all = blackouts(store).into_iter();
    let inside = all.filter(|(_, (from, to))| *from < end && start < *to);
    let told = inside.map(|(schedule, _)| {
        fields(&[
            ("change", &change.id),
            ("configuration_item", change.get("cmdb_ci")),
            ("schedule", &schedule),
            ("type", "blackout"),
        ])
    });
    told.collect()
}

/// Every blackout's schedule, start and end.
pub(super) fn blackouts(store: &Store) -> Vec<(String, (Timestamp, Timestamp))> {
    let family = store.dictionary.family("cmn_schedule_blackout");
    let spans = store.scan(&family).flat_map(|schedule| {
        let spans = store.with_value("cmn_schedule_span", "schedule", &schedule.id).into_iter();
        spans.filter_map(move |span| {
            let bounds = (compact(span.get("start_date_time"))?, compact(span.get("end_date_time"))?);
            Some((schedule.id.to_string(), bounds))
        })
    });
    spans.collect()
}

/// Schedule entries write `20260401T000000Z`.
fn compact(text: &str) -> Option<Timestamp> {
    let local = DateTime::strptime("%Y%m%dT%H%M%S", text.trim_end_matches('Z')).ok()?;
    Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}
