//! Free time for a change: asked for, worked out by a worker, and fetched from there.

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::conflicts::blackouts;
use super::told;
use crate::servicenow::Instance;
use crate::servicenow::query::dates::parse_stored;
use crate::servicenow::reply::{Call, Reply};
use crate::servicenow::store::{Store, stored_time};
use crate::servicenow::writes::{self, fields};

/// How far ahead the product looks.
const HORIZON: SignedDuration = SignedDuration::from_hours(90 * 24);

type Span = (Timestamp, Timestamp);

/// `GET /change/{id}/schedule`: as long as the change is planned to take.
pub(super) fn of_change(instance: &Instance, call: &Call, id: &str) -> Reply {
    if call.method != Method::GET {
        return Reply::method_not_allowed();
    }
    let (ci, duration) = planned(instance, id);
    start(instance, call, (&ci, id, duration))
}

/// `GET /change/ci/{ci}/schedule?duration_in_seconds=`.
pub(super) fn of_item(instance: &Instance, call: &Call, ci: &str) -> Reply {
    let seconds = call.parameter("duration_in_seconds").and_then(|text| text.parse().ok());
    match seconds {
        Some(seconds) => start(instance, call, (ci, "", SignedDuration::from_secs(seconds))),
        None => Reply::failure(400, "Bad Request", Some("duration_in_seconds is missing")),
    }
}

/// `PATCH /change/{id}/schedule/first_available`: moves the change to the first free time.
pub(super) fn first_available(instance: &Instance, call: &Call, id: &str) -> Reply {
    if call.method != Method::PATCH {
        return Reply::method_not_allowed();
    }
    let (ci, duration) = planned(instance, id);
    let stamp = call.stamp(instance);
    let mut store = instance.write();
    let Some((start, _)) = free(&store, (&ci, id, duration), stamp.at).into_iter().next() else {
        return Reply::failure(400, "Bad Request", Some("no free time within the horizon"));
    };
    let end = start.saturating_add(duration).unwrap_or(Timestamp::MAX);
    let dates = [("start_date", stored_time(start)), ("end_date", stored_time(end))];
    let dates = dates.map(|(name, value)| (name.to_owned(), value));
    writes::update(&mut store, ("change_request", id), dates.into(), &stamp);
    match store.find("change_request", id) {
        Some(row) => Reply::result(told(&store, call, row)),
        None => Reply::not_found(),
    }
}

/// `GET /change/worker/{id}`: whoever asks for free time at once is told to wait.
pub(super) fn worker(instance: &Instance, call: &Call, id: &str) -> Reply {
    let mut store = instance.write();
    let Some(row) = store.find("sys_execution_tracker", id) else {
        return Reply::not_found();
    };
    let waiting = row.get("state") == "1";
    let (state, label) = if waiting { (1, "Waiting") } else { (3, "Complete") };
    let mut result = json!({
        "worker": { "sysId": id, "link": link(call, id) },
        "state": { "value": state, "display_value": label },
        "request": { "changeSysId": row.get("source") },
        "messages": { "errorMessages": [], "warningMessages": [], "infoMessages": [] },
    });
    let payload = serde_json::from_str::<Value>(row.get("payload")).ok();
    if let (false, Some(payload), Some(result)) = (waiting, payload, result.as_object_mut()) {
        result.insert("payload".to_owned(), payload);
    }
    if waiting {
        let done = fields(&[("state", "3")]);
        writes::update(&mut store, ("sys_execution_tracker", id), done, &call.stamp(instance));
    }
    Reply::result(result)
}

pub(super) fn link(call: &Call, worker: &str) -> String {
    format!("{}/api/sn_chg_rest/change/worker/{worker}", call.base)
}

fn planned(instance: &Instance, id: &str) -> (String, SignedDuration) {
    let store = instance.read();
    let row = store.find("change_request", id);
    let moment = |column: &str| row.and_then(|row| parse_stored(row.get(column)));
    let duration = match (moment("start_date"), moment("end_date")) {
        (Some(start), Some(end)) => end.duration_since(start),
        _ => SignedDuration::from_hours(1),
    };
    (row.map_or("", |row| row.get("cmdb_ci")).to_owned(), duration)
}

fn start(instance: &Instance, call: &Call, wanted: (&str, &str, SignedDuration)) -> Reply {
    let stamp = call.stamp(instance);
    let mut store = instance.write();
    let spans = free(&store, wanted, stamp.at);
    let shown = |moment: Timestamp| {
        let local = moment.to_zoned(call.caller.zone.clone()).datetime();
        let local = local.strftime("%Y-%m-%d %H:%M:%S").to_string();
        json!({ "value": stored_time(moment), "display_value": local })
    };
    let spans = spans.into_iter().map(|(start, end)| json!({ "start": shown(start), "end": shown(end) }));
    let payload = json!({ "spans": spans.collect::<Vec<_>>() }).to_string();
    let job = [("name", "Change Schedule"), ("state", "1"), ("source", wanted.1), ("payload", &payload)];
    let worker = writes::insert(&mut store, "sys_execution_tracker", fields(&job), &stamp);
    let told = json!({ "worker": { "sysId": worker, "link": link(call, &worker) } });
    Reply::json(202, json!({ "result": told }))
}

/// The gaps between what is planned on the item and the blackouts, long enough for the duration.
fn free(store: &Store, (ci, id, duration): (&str, &str, SignedDuration), now: Timestamp) -> Vec<Span> {
    let horizon = now.saturating_add(HORIZON).unwrap_or(Timestamp::MAX);
    let planned = store.with_value("change_request", "cmdb_ci", ci).into_iter();
    let planned = planned.filter(|row| *row.id != *id && !matches!(row.get("state"), "3" | "4"));
    let planned =
        planned.filter_map(|row| Some((parse_stored(row.get("start_date"))?, parse_stored(row.get("end_date"))?)));
    let mut busy: Vec<Span> = planned.chain(blackouts(store).into_iter().map(|(_, span)| span)).collect();
    busy.sort_unstable();
    let mut spans = Vec::new();
    let mut from = now;
    for (start, end) in busy.into_iter().chain([(horizon, horizon)]) {
        let start = start.min(horizon);
        if start.duration_since(from) >= duration {
            spans.push((from, start));
        }
        from = from.max(end);
    }
    spans
}
