//! Reading one issue and the ways out of its status.

use axum::extract::Path;
use serde_json::{Value, json};

use super::call::{Answer, Call, answer};
use crate::jira::content::Status;
use crate::jira::wire::fields::Selection;
use crate::jira::wire::issues::{Expand, Shown};

/// The old limit of the expanded changelog; the rest is on the changelog route.
const NEWEST: usize = 100;

pub(super) async fn one(call: Call, Path(issue): Path<String>) -> Answer {
    let store = call.jira.read();
    let issue = call.issue(&store, &issue)?;
    let selection = Selection::new(&store, &call.list("fields"), "*all");
    let expand = Expand::new(&call.list("expand"), NEWEST);
    let mut body = call.view(&store).issue(issue, &selection, &expand);
    if let Some(parts) = body.as_object_mut() {
        if expand.names == Shown::Yes {
            parts.insert("names".into(), selection.names(&store).into());
        }
        if expand.schema == Shown::Yes {
            parts.insert("schema".into(), selection.schemas(&store).into());
        }
    }
    Ok(answer(body, 1))
}

pub(super) async fn transitions(call: Call, Path(issue): Path<String>) -> Answer {
    let store = call.jira.read();
    let issue = call.issue(&store, &issue)?;
    let view = call.view(&store);
    let wanted = call.first("transitionId");
    let all = store.content.statuses.iter().enumerate().filter(|(_, status)| status.id != issue.status);
    let shown = all.filter(|(at, _)| wanted.is_none_or(|wanted| wanted == transition_id(*at).to_string())).map(
        |(at, status)| {
            json!({
                "id": transition_id(at).to_string(),
                "name": status.name,
                "to": view.status(status),
                "hasScreen": false,
                "isGlobal": true,
                "isInitial": false,
                "isAvailable": true,
                "isConditional": false,
                "looped": false,
            })
        },
    );
    let shown: Vec<Value> = shown.collect();
    let read = shown.len();
    Ok(answer(json!({ "expand": "transitions", "transitions": shown }), read))
}

/// Ids of transitions are not ids of statuses, as on a real site.
fn transition_id(at: usize) -> usize {
    at.saturating_mul(10).saturating_add(11)
}

pub(super) fn transition_target<'a>(statuses: &'a [Status], id: &str) -> Option<&'a Status> {
    statuses.iter().enumerate().find(|(at, _)| transition_id(*at).to_string() == id).map(|(_, status)| status)
}
