//! The site's small lists, and what it says about itself.

use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::call::{Answer, Call, answer, rows};
use crate::jira::content::Category;
use crate::jira::errors::Refusal;
use crate::jira::wire::{fields as wire_fields, times};

pub(super) async fn fields(call: Call) -> Answer {
    let store = call.jira.read();
    Ok(answer(wire_fields::list(&store), 0))
}

pub(super) async fn statuses(call: Call) -> Answer {
    let store = call.jira.read();
    Ok(rows(store.content.statuses.iter().map(|status| call.view(&store).status(status)).collect()))
}

pub(super) async fn status(call: Call, Path(id): Path<String>) -> Answer {
    let store = call.jira.read();
    let found = store
        .content
        .statuses
        .iter()
        .find(|status| status.id.to_string() == id || status.name.eq_ignore_ascii_case(&id));
    let found =
        found.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("The status '{id}' does not exist.")))?;
    Ok(answer(call.view(&store).status(found), 1))
}

pub(super) async fn status_search(call: Call) -> Answer {
    let store = call.jira.read();
    let category = call.first("statusCategory");
    let text = call.first("searchString").unwrap_or_default().to_lowercase();
    let rows = store.content.statuses.iter().filter_map(|status| {
        let name = match status.category {
            Category::New => "TODO",
            Category::Indeterminate => "IN_PROGRESS",
            Category::Done => "DONE",
        };
        let wanted = category.is_none_or(|wanted| wanted == name) && status.name.to_lowercase().contains(&text);
        let shown = json!({
            "id": status.id.to_string(), "name": status.name, "statusCategory": name, "description": "", "scope": { "type": "GLOBAL" },
        });
        wanted.then_some(shown)
    });
    call.page(rows.collect(), (200, 200))
}

pub(super) async fn categories(call: Call) -> Answer {
    let store = call.jira.read();
    let all = [Category::New, Category::Indeterminate, Category::Done];
    Ok(rows(all.into_iter().map(|category| call.view(&store).category(category)).collect()))
}

pub(super) async fn priorities(call: Call) -> Answer {
    let store = call.jira.read();
    Ok(rows(store.content.priorities.iter().map(|priority| call.view(&store).priority(priority)).collect()))
}

pub(super) async fn resolutions(call: Call) -> Answer {
    let store = call.jira.read();
    Ok(rows(store.content.resolutions.iter().map(|resolution| call.view(&store).resolution(resolution)).collect()))
}

pub(super) async fn issue_types(call: Call) -> Answer {
    let store = call.jira.read();
    Ok(rows(store.content.issue_types.iter().map(|kind| call.view(&store).issue_type(kind)).collect()))
}

pub(super) async fn server(call: Call) -> Answer {
    let store = call.jira.read();
    let base = call.view(&store).base.to_owned();
    let body: Value = json!({
        "baseUrl": base,
        "displayUrl": base,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100_290,
        "buildDate": "2026-10-01T00:00:00.000+0000",
        "serverTime": times::instant(call.jira.now()),
        "serverTimeZone": "Etc/UTC",
        "scmInfo": "simulated",
        "serverTitle": "Jira",
    });
    Ok(answer(body, 0))
}
