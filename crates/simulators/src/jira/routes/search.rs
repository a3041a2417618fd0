//! `search/jql`, its count, and the removed `search`.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Body, Call, answer};
use super::cursors::Cursor;
use crate::jira::LastPage;
use crate::jira::errors::Refusal;
use crate::jira::jql::{self, Context};
use crate::jira::wire::fields::Selection;
use crate::jira::wire::issues::{Expand, Shown};

/// `expand` is one comma-separated string here, unlike in bulk fetch.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Request {
    #[serde(default)]
    jql: String,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    expand: String,
    #[serde(default)]
    properties: Vec<String>,
    #[serde(default)]
    reconcile_issues: Vec<u64>,
    fields_by_keys: Option<bool>,
    max_results: Option<i64>,
    next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Count {
    #[serde(default)]
    jql: String,
}

const DEFAULT_PAGE: usize = 50;
/// With fields a page is cut; ids and keys alone come by the thousand.
const MOST_WITH_FIELDS: usize = 100;
const MOST_BARE: usize = 5000;
const MOST_RECONCILED: usize = 50;
const NEWEST: usize = 20;

pub(super) async fn by_query(call: Call) -> Answer {
    let mut reconcile_issues = Vec::new();
    for id in call.list("reconcileIssues") {
        reconcile_issues
            .push(id.parse().map_err(|_| Refusal::bad(format!("The issue id '{id}' is not a number.")))?);
    }
    let max_results = match call.first("maxResults") {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Refusal::bad(format!("The value '{text}' of 'maxResults' is not a number.")))?,
        ),
    };
    let request = Request {
        jql: call.first("jql").unwrap_or_default().to_owned(),
        fields: call.list("fields"),
        expand: call.list("expand").join(","),
        properties: call.list("properties"),
        reconcile_issues,
        fields_by_keys: None,
        max_results,
        next_page_token: call.first("nextPageToken").filter(|token| !token.is_empty()).map(str::to_owned),
    };
    search(&call, &request)
}

pub(super) async fn by_body(call: Call, Body(request): Body<Request>) -> Answer {
    search(&call, &request)
}

pub(super) async fn count(call: Call, Body(Count { jql }): Body<Count>) -> Answer {
    let store = call.jira.read();
    let context = Context { store: &store, caller: &call.caller, now: call.jira.now(), reconcile: &[] };
    let found = jql::search(context, &jql)?;
    Ok(answer(json!({ "count": found.len() }), 0))
}

pub(super) async fn removed() -> impl IntoResponse {
    let message = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. \
                   A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046";
    Refusal::new(StatusCode::GONE, message)
}

fn search(call: &Call, request: &Request) -> Answer {
    let wanted = match request.max_results {
        None => DEFAULT_PAGE,
        Some(wanted) => {
            usize::try_from(wanted).map_err(|_| Refusal::bad("The value of 'maxResults' must not be negative."))?
        }
    };
    if request.reconcile_issues.len() > MOST_RECONCILED {
        return Err(Refusal::bad(format!("'reconcileIssues' takes at most {MOST_RECONCILED} ids.")));
    }
    if request.properties.len() > 5 {
        return Err(Refusal::bad("At most 5 properties may be asked for."));
    }
    let cursor = start(call, request)?;
    let store = call.jira.read();
    let by_keys = request.fields_by_keys.unwrap_or(false);
    let selection = Selection::new(&store, &request.fields, if by_keys { "key" } else { "id" });
    let expands: Vec<String> = request.expand.split(',').map(str::to_owned).collect();
    let expand = Expand { comments: Some(NEWEST), ..Expand::new(&expands, NEWEST) };
    let bare = selection.wanted.is_empty() && expand.changelog.is_none();
    let quirks = call.jira.quirks();
    let most = quirks.page_cap.unwrap_or(if bare { MOST_BARE } else { MOST_WITH_FIELDS });
    let size = wanted.min(most).max(1);

    let view = call.view(&store);
    let now = call.jira.now();
    let current = |id: &u64| {
        let known =
            if request.reconcile_issues.contains(id) { store.issue(*id) } else { store.searchable(*id, now) };
        known.filter(|issue| call.caller.sees(issue.project))
    };
    let page = cursor.ids.iter().skip(cursor.at).take(size).filter_map(current);
    let issues: Vec<Value> = page
        .map(|issue| {
            let bare_id = selection.only_id && expand.changelog.is_none();
            if bare_id { json!({ "id": issue.id.to_string() }) } else { view.issue(issue, &selection, &expand) }
        })
        .collect();
    let next = cursor.at.saturating_add(size);
    let is_last = next >= cursor.ids.len();
    let read = issues.len();
    let mut body = json!({ "issues": issues });
    if let Some(parts) = body.as_object_mut() {
        if expand.names == Shown::Yes {
            parts.insert("names".into(), selection.names(&store).into());
        }
        if expand.schema == Shown::Yes {
            parts.insert("schema".into(), selection.schemas(&store).into());
        }
        let token = match quirks.last_page {
            LastPage::TokenRepeats => {
                Some(request.next_page_token.clone().unwrap_or_else(|| keep(call, cursor.clone(), cursor.at)))
            }
            _ => (!is_last).then(|| keep(call, cursor.clone(), next)),
        };
        let ends = match quirks.last_page {
            LastPage::TokenRepeats | LastPage::IsLastWrong => false,
            LastPage::TokenAbsent | LastPage::TokenNull => is_last,
        };
        match token {
            Some(token) => {
                parts.insert("nextPageToken".into(), token.into());
            }
            None if quirks.last_page == LastPage::TokenNull => {
                parts.insert("nextPageToken".into(), Value::Null);
            }
            None => {}
        }
        parts.insert("isLast".into(), ends.into());
    }
    Ok(answer(body, read))
}

fn keep(call: &Call, cursor: Cursor, at: usize) -> String {
    call.jira.cursors(|cursors| cursors.keep(Cursor { at, ..cursor }))
}

/// Evaluates the query for a first page, or goes on where the token stands.
fn start(call: &Call, request: &Request) -> Result<Cursor, Refusal> {
    let now = call.jira.now();
    if let Some(token) = &request.next_page_token {
        let found = call.jira.cursors(|cursors| cursors.find(token, now));
        let same = |cursor: &Cursor| cursor.jql == request.jql && cursor.account == call.caller.account_id;
        return found
            .filter(same)
            .ok_or_else(|| Refusal::bad("The provided next page token is invalid or expired."));
    }
    let store = call.jira.read();
    let context = Context { store: &store, caller: &call.caller, now, reconcile: &request.reconcile_issues };
    let ids = jql::search(context, &request.jql)?;
    Ok(Cursor {
        jql: request.jql.clone(),
        account: call.caller.account_id.clone(),
        ids: Arc::new(ids),
        at: 0,
        made: now,
    })
}
