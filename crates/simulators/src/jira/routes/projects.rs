//! Projects and components. A project the caller may not browse does not exist.

use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::call::{Answer, Call, answer, rows};
use crate::jira::content::Project;
use crate::jira::errors::Refusal;

pub(super) async fn search(call: Call) -> Answer {
    let store = call.jira.read();
    let (ids, keys) = (call.list("id"), call.list("keys"));
    let text = call.first("query").unwrap_or_default().to_lowercase();
    let kind = call.first("typeKey");
    let wanted = |project: &&Project| {
        let named = project.key.to_lowercase().contains(&text) || project.name.to_lowercase().contains(&text);
        call.caller.sees(project.id)
            && named
            && (ids.is_empty() || ids.contains(&project.id.to_string()))
            && (keys.is_empty() || keys.iter().any(|key| key.eq_ignore_ascii_case(&project.key)))
            && kind.is_none_or(|kind| kind == project.kind.wire())
    };
    let mut found: Vec<&Project> = store.content.projects.iter().filter(wanted).collect();
    let order = call.first("orderBy").unwrap_or("key");
    match order.trim_start_matches(['-', '+', ' ']) {
        "name" => found.sort_by(|one, two| one.name.cmp(&two.name)),
        _ => found.sort_by(|one, two| one.key.cmp(&two.key)),
    }
    if order.starts_with('-') {
        found.reverse();
    }
    let expand = call.list("expand");
    let view = call.view(&store);
    let rows = found.into_iter().map(|project| {
        let mut row = view.project_row(project);
        let full = view.project(project);
        if let (Some(row), Some(full)) = (row.as_object_mut(), full.as_object()) {
            let asked = full.iter().filter(|(name, _)| expand.contains(name));
            row.extend(asked.map(|(name, value)| (name.clone(), value.clone())));
        }
        row
    });
    call.page(rows.collect(), (50, 100))
}

/// The old list: a plain array of everything.
pub(super) async fn all(call: Call) -> Answer {
    let store = call.jira.read();
    let view = call.view(&store);
    let seen = store.content.projects.iter().filter(|project| call.caller.sees(project.id));
    Ok(rows(seen.map(|project| view.project_row(project)).collect()))
}

pub(super) async fn one(call: Call, Path(project): Path<String>) -> Answer {
    let store = call.jira.read();
    let project = call.project(&store, &project)?;
    Ok(answer(call.view(&store).project(project), 1))
}

pub(super) async fn components(call: Call, Path(project): Path<String>) -> Answer {
    let store = call.jira.read();
    let project = call.project(&store, &project)?.id;
    let view = call.view(&store);
    let own = store.content.components.iter().filter(|component| component.project == project);
    Ok(rows(own.map(|component| view.component(component)).collect()))
}

pub(super) async fn component(call: Call, Path(id): Path<String>) -> Answer {
    let store = call.jira.read();
    let found =
        id.parse().ok().and_then(|id| store.component(id)).filter(|component| call.caller.sees(component.project));
    let found = found.ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, format!("The component with id {id} does not exist."))
    })?;
    Ok(answer(call.view(&store).component(found), 1))
}

/// Statuses by issue type; every type has the same workflow here.
pub(super) async fn statuses(call: Call, Path(project): Path<String>) -> Answer {
    let store = call.jira.read();
    call.project(&store, &project)?;
    let view = call.view(&store);
    let statuses: Vec<Value> = store.content.statuses.iter().map(|status| view.status(status)).collect();
    let types = store.content.issue_types.iter().map(|kind| {
        json!({
            "self": view.link(&format!("issuetype/{}", kind.id)),
            "id": kind.id.to_string(),
            "name": kind.name,
            "subtask": kind.level < 0,
            "statuses": statuses,
        })
    });
    Ok(rows(types.collect()))
}
