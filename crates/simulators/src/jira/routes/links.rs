//! Links between issues and to things elsewhere.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Body, Call, answer, rows};
use super::edits::Edits;
use crate::jira::content::{Issue, RemoteLink};
use crate::jira::errors::Refusal;
use crate::jira::wire::View;

pub(super) async fn types(call: Call) -> Answer {
    let store = call.jira.read();
    let view = call.view(&store);
    let types: Vec<Value> = store.content.link_types.iter().map(|kind| view.link_type(kind)).collect();
    Ok(answer(json!({ "issueLinkTypes": types }), 0))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewLink {
    #[serde(rename = "type")]
    kind: Value,
    inward_issue: Value,
    outward_issue: Value,
    comment: Option<Value>,
}

/// The inward issue is the source: it `outward` ("blocks") the outward issue. 201 without a body, also for a duplicate.
pub(super) async fn create(call: Call, Body(sent): Body<NewLink>) -> Answer {
    let actor = call.actor()?;
    let (source, target, kind, comment) = {
        let store = call.jira.read();
        let source = named(&call, &sent.inward_issue, &store)?;
        let target = named(&call, &sent.outward_issue, &store)?;
        let kind =
            ["id", "name"].iter().find_map(|part| sent.kind.get(*part).and_then(Value::as_str)).unwrap_or_default();
        let known = store
            .content
            .link_types
            .iter()
            .find(|one| one.id.to_string() == kind || one.name.eq_ignore_ascii_case(kind));
        let known = known.ok_or_else(|| {
            Refusal::new(StatusCode::NOT_FOUND, format!("No issue link type with name '{kind}' found."))
        })?;
        let edits = Edits { store: &store, api: call.api, project: source.project };
        let comment = sent
            .comment
            .as_ref()
            .and_then(|comment| comment.get("body"))
            .map(|body| edits.rich_text(body))
            .transpose();
        let comment = comment.map_err(|message| Refusal::field("comment", &message))?;
        (source.key.clone(), target.key.clone(), known.name.clone(), comment)
    };
    call.jira.link(&source, &kind, &target).map_err(|_| Refusal::no_issue())?;
    if let Some(comment) = comment {
        // The description calls the outward issue the one that the comment goes to.
        call.jira.add_comment(&target, actor, &comment).map_err(|_| Refusal::no_issue())?;
    }
    Ok(StatusCode::CREATED.into_response())
}

fn named<'a>(call: &Call, sent: &Value, store: &'a crate::jira::store::Store) -> Result<&'a Issue, Refusal> {
    let name = ["key", "id"].iter().find_map(|part| sent.get(*part).and_then(Value::as_str)).unwrap_or_default();
    call.issue(store, name)
}

/// Not paged. With `globalId`, the one link or 404.
pub(super) async fn remote(call: Call, Path(issue): Path<String>) -> Answer {
    let store = call.jira.read();
    let issue = call.issue(&store, &issue)?;
    let view = call.view(&store);
    let Some(wanted) = call.first("globalId") else {
        return Ok(rows(issue.remote_links.iter().map(|link| shown(&view, issue, link)).collect()));
    };
    let found = issue.remote_links.iter().find(|link| link.global_id.as_deref() == Some(wanted));
    let missing = || {
        Refusal::new(
            StatusCode::NOT_FOUND,
            format!("No remote issue link with the global id '{wanted}' was found."),
        )
    };
    Ok(answer(shown(&view, issue, found.ok_or_else(missing)?), 1))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewRemote {
    global_id: Option<String>,
    relationship: Option<String>,
    application: Option<Value>,
    #[serde(default)]
    object: Value,
}

/// 201 for a new link; 200 when one with this `globalId` was there and has been replaced.
pub(super) async fn put_remote(call: Call, Path(issue): Path<String>, Body(sent): Body<NewRemote>) -> Answer {
    call.actor()?;
    for part in ["url", "title"] {
        if sent.object.get(part).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(Refusal::field(part, &format!("'{part}' is required.")));
        }
    }
    let key = {
        let store = call.jira.read();
        call.issue(&store, &issue)?.key.clone()
    };
    let link = RemoteLink {
        id: 0,
        global_id: sent.global_id,
        relationship: sent.relationship,
        application: sent.application,
        object: sent.object,
    };
    let (id, new) = call.jira.put_remote_link(&key, link).map_err(|_| Refusal::no_issue())?;
    let store = call.jira.read();
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let body = json!({ "id": id, "self": call.view(&store).link(&format!("issue/{key}/remotelink/{id}")) });
    Ok((status, Json(body)).into_response())
}

fn shown(view: &View<'_>, issue: &Issue, link: &RemoteLink) -> Value {
    let mut body =
        json!({ "id": link.id, "self": view.link(&format!("issue/{}/remotelink/{}", issue.key, link.id)) });
    if let Some(parts) = body.as_object_mut() {
        if let Some(global_id) = &link.global_id {
            parts.insert("globalId".into(), global_id.as_str().into());
        }
        parts.insert("application".into(), link.application.clone().unwrap_or_else(|| json!({})));
        if let Some(relationship) = &link.relationship {
            parts.insert("relationship".into(), relationship.as_str().into());
        }
        parts.insert("object".into(), link.object.clone());
    }
    body
}
