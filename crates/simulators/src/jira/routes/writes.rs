//! Creating, editing, moving along and deleting issues.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Body, Call};
use super::edits::Edits;
use super::issues::transition_target;
use crate::jira::Change;
use crate::jira::content::Issue;
use crate::jira::errors::Refusal;
use crate::jira::history;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    update: Map<String, Value>,
    transition: Option<Value>,
}

pub(super) async fn create(call: Call, Body(sent): Body<Sent>) -> Answer {
    let actor = call.actor()?.to_owned();
    let now = call.jira.now();
    let mut issue = Issue { created: now, updated: now, reporter: Some(actor), ..Issue::default() };
    {
        let store = call.jira.read();
        let named = sent
            .fields
            .get("project")
            .and_then(|project| project.get("key").or_else(|| project.get("id")))
            .and_then(Value::as_str);
        let project = named.and_then(|named| call.project(&store, named).ok());
        issue.project = project.ok_or_else(|| Refusal::field("project", "Specify a valid project ID or key"))?.id;
        for (name, message) in
            [("issuetype", "Specify an issue type"), ("summary", "You must specify a summary of the issue.")]
        {
            if !sent.fields.contains_key(name) {
                return Err(Refusal::field(name, message));
            }
        }
        issue.status = store.content.statuses.first().map_or(0, |status| status.id);
        let edits = Edits { store: &store, api: call.api, project: issue.project };
        for change in edits.fields(&sent.fields)? {
            // The first values are no history.
            drop(history::apply(&store, &mut issue, change));
        }
        for change in edits.updates(&issue, &sent.update)? {
            drop(history::apply(&store, &mut issue, change));
        }
    }
    let key = call.jira.add_issue(issue).map_err(|missing| Refusal::bad(missing.to_string()))?;
    let store = call.jira.read();
    let id = call.issue(&store, &key)?.id;
    let body = json!({ "id": id.to_string(), "key": key, "self": call.view(&store).link(&format!("issue/{id}")) });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

pub(super) async fn edit(call: Call, Path(issue): Path<String>, Body(sent): Body<Sent>) -> Answer {
    let actor = call.actor()?;
    let (key, changes) = changes(&call, &issue, &sent)?;
    call.jira.set_fields(&key, actor, changes).map_err(|_| Refusal::no_issue())?;
    add_comments(&call, &key, &sent.update)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Sub-tasks go with their parent when the client says so; children of an epic stay.
pub(super) async fn delete(call: Call, Path(issue): Path<String>) -> Answer {
    call.actor()?;
    let keys = {
        let store = call.jira.read();
        let found = call.issue(&store, &issue)?;
        let is_subtask = |issue: &&Issue| {
            let mut types = store.content.issue_types.iter();
            types.any(|kind| kind.id == issue.issue_type && kind.level < 0)
        };
        let children = store.children(found.id).into_iter().flatten();
        let children = children.filter_map(|id| store.issue(*id)).map(AsRef::as_ref);
        let mut keys: Vec<String> = children.filter(is_subtask).map(|child| child.key.clone()).collect();
        if !keys.is_empty() && call.first("deleteSubtasks") != Some("true") {
            let message = format!(
                "The issue '{}' has subtasks. You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks.",
                found.key
            );
            return Err(Refusal::bad(message));
        }
        keys.push(found.key.clone());
        keys
    };
    for key in keys {
        call.jira.delete_issue(&key).map_err(|_| Refusal::no_issue())?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn transition(call: Call, Path(issue): Path<String>, Body(sent): Body<Sent>) -> Answer {
    let actor = call.actor()?;
    let (key, changes) = changes(&call, &issue, &sent)?;
    let target = {
        let store = call.jira.read();
        let id = sent
            .transition
            .as_ref()
            .and_then(|transition| transition.get("id"))
            .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let id = id.ok_or_else(|| Refusal::bad("Missing 'transition' identifier"))?;
        let current = call.issue(&store, &key)?.status;
        let target = transition_target(&store.content.statuses, &id).filter(|status| status.id != current);
        let invalid = || {
            Refusal::bad(format!(
                "It seems that you have tried to perform a workflow operation ({id}) that is not valid for the current state of this issue."
            ))
        };
        target.ok_or_else(invalid)?.name.clone()
    };
    call.jira.transition(&key, actor, &target).map_err(|_| Refusal::no_issue())?;
    if !changes.is_empty() {
        call.jira.set_fields(&key, actor, changes).map_err(|_| Refusal::no_issue())?;
    }
    add_comments(&call, &key, &sent.update)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn changes(call: &Call, issue: &str, sent: &Sent) -> Result<(String, Vec<Change>), Refusal> {
    let store = call.jira.read();
    let issue = call.issue(&store, issue)?;
    let edits = Edits { store: &store, api: call.api, project: issue.project };
    let mut changes = edits.fields(&sent.fields)?;
    changes.extend(edits.updates(issue, &sent.update)?);
    Ok((issue.key.clone(), changes))
}

/// `update: {comment: [{add: {body}}]}`
fn add_comments(call: &Call, key: &str, update: &Map<String, Value>) -> Result<(), Refusal> {
    let operations = update.get("comment").and_then(Value::as_array).into_iter().flatten();
    let bodies: Vec<&Value> = operations.filter_map(|operation| operation.pointer("/add/body")).collect();
    for body in bodies {
        let text = {
            let store = call.jira.read();
            let project = call.issue(&store, key)?.project;
            let edits = Edits { store: &store, api: call.api, project };
            edits.rich_text(body).map_err(|message| Refusal::field("comment", &message))?
        };
        call.jira.add_comment(key, call.actor()?, &text).map_err(|_| Refusal::no_issue())?;
    }
    Ok(())
}
