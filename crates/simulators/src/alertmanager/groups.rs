//! `GET /alerts/groups`: the alerts as they would be notified together.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::Uri;
use serde_json::{Value, json};

use super::Alertmanager;
use super::alerts::{Seen, Selection, seen};
use super::answer::{Answer, flag, parameters};
use super::content::Labels;

pub(super) async fn list(Shared(server): Shared<Alertmanager>, uri: Uri) -> Answer {
    let parameters = parameters(&uri);
    let selection = Selection::read(&parameters)?;
    let with_muted = flag(&parameters, "muted");
    let now = server.clock.now();
    let state = server.state();
    let mut groups: BTreeMap<(Labels, String), Vec<Seen<'_>>> = BTreeMap::new();
    for seen in seen(&state.content, now) {
        groups.entry((group_labels(&seen), seen.receiver.to_owned())).or_default().push(seen);
    }
    let mut found = Vec::new();
    for ((labels, receiver), members) in groups {
        if !with_muted && members.iter().all(Seen::is_muted) {
            continue;
        }
        let alerts: Vec<Value> =
            members.iter().filter(|seen| selection.takes(seen)).map(|seen| seen.shown(now)).collect();
        if !alerts.is_empty() {
            found.push(json!({ "alerts": alerts, "labels": labels, "receiver": { "name": receiver } }));
        }
    }
    Ok(Json(json!(found)))
}

fn group_labels(seen: &Seen<'_>) -> Labels {
    let everything = seen.group_by.iter().any(|name| name == "...");
    let kept = seen.alert.labels.iter().filter(|(name, _)| everything || seen.group_by.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
