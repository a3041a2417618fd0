//! Many issues, and many changelogs, in one request.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Body, Call, answer};
use crate::jira::ChangelogDates;
use crate::jira::content::History;
use crate::jira::errors::Refusal;
use crate::jira::wire::fields::Selection;
use crate::jira::wire::issues::{Expand, Shown};

/// `expand` is a list here, unlike in the search.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Fetch {
    issue_ids_or_keys: Vec<String>,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    expand: Vec<String>,
    #[serde(default, rename = "properties")]
    _properties: Vec<String>,
    #[serde(default, rename = "fieldsByKeys")]
    _fields_by_keys: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Changelogs {
    issue_ids_or_keys: Vec<String>,
    #[serde(default)]
    field_ids: Vec<String>,
    max_results: Option<usize>,
    next_page_token: Option<String>,
}

const MOST_ISSUES: usize = 100;
const MOST_CHANGELOGS: usize = 1000;
const MOST_FIELDS: usize = 10;
const MOST_HISTORIES: usize = 10_000;
const NEWEST: usize = 20;

/// Ascending by id whatever the request's order; a former key comes back under the new one. Issues that do not exist or
/// are hidden are left out silently: `issueErrors` is for those that Jira could not give just now.
pub(super) async fn fetch(call: Call, Body(request): Body<Fetch>) -> Answer {
    let asked = &request.issue_ids_or_keys;
    if asked.is_empty() || asked.len() > MOST_ISSUES {
        return Err(Refusal::bad(format!(
            "Between 1 and {MOST_ISSUES} issue ids or keys must be given, not {}.",
            asked.len()
        )));
    }
    let store = call.jira.read();
    let selection = Selection::new(&store, &request.fields, "*navigable");
    let expand = Expand { comments: Some(NEWEST), ..Expand::new(&request.expand, NEWEST) };
    let view = call.view(&store);
    let mut found = BTreeMap::new();
    for issue in asked.iter().filter_map(|name| call.issue(&store, name).ok()) {
        found.entry(issue.id).or_insert_with(|| view.issue(issue, &selection, &expand));
    }
    if expand.names == Shown::Yes || expand.schema == Shown::Yes {
        for issue in found.values_mut().filter_map(Value::as_object_mut) {
            if expand.names == Shown::Yes {
                issue.insert("names".into(), selection.names(&store).into());
            }
            if expand.schema == Shown::Yes {
                issue.insert("schema".into(), selection.schemas(&store).into());
            }
        }
    }
    let issues: Vec<Value> = found.into_values().collect();
    let read = issues.len();
    Ok(answer(json!({ "issues": issues, "issueErrors": [] }), read))
}

/// Entries by date and issue, grouped by issue within the page; issues that cannot be seen are left out silently.
pub(super) async fn changelogs(call: Call, Body(request): Body<Changelogs>) -> Answer {
    let asked = &request.issue_ids_or_keys;
    if asked.is_empty() || asked.len() > MOST_CHANGELOGS {
        return Err(Refusal::bad(format!(
            "Between 1 and {MOST_CHANGELOGS} issue ids or keys must be given, not {}.",
            asked.len()
        )));
    }
    if request.field_ids.len() > MOST_FIELDS {
        return Err(Refusal::bad(format!(
            "At most {MOST_FIELDS} field ids may be given, not {}.",
            request.field_ids.len()
        )));
    }
    let size = request.max_results.unwrap_or(1000);
    if size == 0 || size > MOST_HISTORIES {
        return Err(Refusal::bad(format!("'maxResults' must be between 1 and {MOST_HISTORIES}.")));
    }
    let start = match &request.next_page_token {
        None => 0,
        Some(token) => {
            read_token(token).ok_or_else(|| Refusal::bad("The provided next page token is invalid or expired."))?
        }
    };
    let store = call.jira.read();
    let ids: BTreeSet<u64> =
        asked.iter().filter_map(|name| call.issue(&store, name).ok()).map(|issue| issue.id).collect();
    let issues = ids.iter().filter_map(|id| store.issue(*id));
    let mut entries: Vec<(u64, History)> = issues
        .flat_map(|issue| issue.changelog.iter().map(|history| (issue.id, history.clone())))
        .filter_map(|(id, history)| about(history, &request.field_ids).map(|history| (id, history)))
        .collect();
    entries.sort_by_key(|(id, history)| (history.created, *id, history.id));
    let total = entries.len();
    let next = start.saturating_add(size);
    let mut groups: Vec<(u64, Vec<Value>)> = Vec::new();
    let dates = call.jira.quirks().changelog_dates;
    let view = call.view(&store);
    for (id, history) in entries.into_iter().skip(start).take(size) {
        let mut shown = view.history(&history);
        if let (ChangelogDates::EpochSeconds, Some(parts)) = (dates, shown.as_object_mut()) {
            parts.insert("created".into(), history.created.as_second().into());
        }
        match groups.iter_mut().find(|(known, _)| *known == id) {
            Some((_, histories)) => histories.push(shown),
            None => groups.push((id, vec![shown])),
        }
    }
    let read = groups.len();
    let groups: Vec<Value> = groups
        .into_iter()
        .map(|(id, histories)| json!({ "issueId": id.to_string(), "changeHistories": histories }))
        .collect();
    let mut body = json!({ "issueChangeLogs": groups });
    if let (true, Some(parts)) = (next < total, body.as_object_mut()) {
        parts.insert("nextPageToken".into(), token(next).into());
    }
    Ok(answer(body, read))
}

/// The entry with only the asked fields in it, or nothing when none is.
fn about(mut history: History, fields: &[String]) -> Option<History> {
    if !fields.is_empty() {
        history.items.retain(|item| fields.contains(&item.field_id));
    }
    (!history.items.is_empty()).then_some(history)
}

fn token(at: usize) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("changelogs:{at}"))
}

fn read_token(token: &str) -> Option<usize> {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix("changelogs:")?.parse().ok()
}
