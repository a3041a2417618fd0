//! Comments of one issue.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Body, Call, answer};
use super::edits::Edits;
use crate::jira::errors::Refusal;

#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    body: Value,
}

/// Paged, but under `comments` and without `isLast`.
pub(super) async fn page(call: Call, Path(issue): Path<String>) -> Answer {
    let (start, size) = (call.number("startAt", 0)?, call.number("maxResults", 100)?.min(5000));
    let store = call.jira.read();
    let issue = call.issue(&store, &issue)?;
    let view = call.view(&store);
    let mut all: Vec<Value> = issue.comments.iter().map(|comment| view.comment(issue.id, comment)).collect();
    if call.first("orderBy") == Some("-created") {
        all.reverse();
    }
    let total = all.len();
    let comments: Vec<Value> = all.into_iter().skip(start).take(size).collect();
    let read = comments.len();
    Ok(answer(json!({ "startAt": start, "maxResults": size, "total": total, "comments": comments }), read))
}

pub(super) async fn add(call: Call, Path(issue): Path<String>, Body(sent): Body<Sent>) -> Answer {
    let actor = call.actor()?;
    let (key, text) = {
        let store = call.jira.read();
        let issue = call.issue(&store, &issue)?;
        let edits = Edits { store: &store, api: call.api, project: issue.project };
        let text = edits.rich_text(&sent.body).map_err(|message| Refusal::field("comment", &message))?;
        if text.trim().is_empty() {
            return Err(Refusal::field("comment", "Comment body can not be empty!"));
        }
        (issue.key.clone(), text)
    };
    let id = call.jira.add_comment(&key, actor, &text).map_err(|_| Refusal::no_issue())?;
    let store = call.jira.read();
    let issue = call.issue(&store, &key)?;
    let comment = issue.comments.iter().find(|comment| comment.id == id).ok_or_else(Refusal::no_issue)?;
    Ok((StatusCode::CREATED, Json(call.view(&store).comment(issue.id, comment))).into_response())
}
