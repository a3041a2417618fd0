//! People: the caller, one by account id, and searches by name or e-mail.

use axum::http::StatusCode;
use serde_json::Value;

use super::call::{Answer, Call, answer, rows};
use crate::jira::content::User;
use crate::jira::errors::Refusal;

/// The honest test of credentials: everything else may answer 200 to nobody.
pub(super) async fn myself(call: Call) -> Answer {
    let actor = call.actor()?;
    let store = call.jira.read();
    let mut body = call.view(&store).person(Some(actor));
    if let Some(parts) = body.as_object_mut() {
        parts.insert("locale".into(), "en_GB".into());
    }
    Ok(answer(body, 1))
}

pub(super) async fn one(call: Call) -> Answer {
    call.actor()?;
    let store = call.jira.read();
    let id = call.first("accountId").unwrap_or_default();
    let found = store.user(id).ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, "Specified user does not exist or you do not have required permissions")
    })?;
    Ok(answer(call.view(&store).user(found), 1))
}

pub(super) async fn search(call: Call) -> Answer {
    call.actor()?;
    let account = call.first("accountId");
    let Some(query) = call.first("query").or_else(|| account.map(|_| "")) else {
        return Err(Refusal::bad("The query parameter 'query' or 'accountId' must be given."));
    };
    let query = query.to_lowercase();
    let starts = |text: &str| {
        text.to_lowercase()
            .split(|character: char| !character.is_alphanumeric())
            .any(|word| word.starts_with(&query))
    };
    listed(&call, |user| {
        let email = user.email.as_deref().is_some_and(|email| email.to_lowercase().starts_with(&query));
        let named = user.display_name.to_lowercase().starts_with(&query) || starts(&user.display_name) || email;
        account.is_none_or(|id| user.account_id == id) && named
    })
}

/// Up to 200 by account id, as a page; ids that nobody has are left out.
pub(super) async fn bulk(call: Call) -> Answer {
    call.actor()?;
    let wanted = call.list("accountId");
    if wanted.is_empty() || wanted.len() > 200 {
        return Err(Refusal::bad("Between 1 and 200 values of 'accountId' must be given."));
    }
    let store = call.jira.read();
    let view = call.view(&store);
    let users = store.content.users.iter().filter(|user| wanted.contains(&user.account_id));
    call.page(users.map(|user| view.user(user)).collect(), (10, 200))
}

pub(super) async fn all(call: Call) -> Answer {
    call.actor()?;
    listed(&call, |_| true)
}

/// A plain array, cut by `startAt` and `maxResults`: nothing tells whether more follow but the next call.
fn listed(call: &Call, keep: impl Fn(&User) -> bool) -> Answer {
    let (start, size) = (call.number("startAt", 0)?, call.number("maxResults", 50)?.min(1000));
    let store = call.jira.read();
    let view = call.view(&store);
    let users = store.content.users.iter().filter(|user| keep(user)).skip(start).take(size);
    let users: Vec<Value> = users.map(|user| view.user(user)).collect();
    Ok(rows(users))
}
