//! Who calls and what they may see: Basic `email:token`, Bearer, or nobody. Hidden projects make rows fewer and single
//! records 404, never 403. Wrong credentials count as anonymous where anonymous is let in, as on a real site.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use jiff::tz::TimeZone;

use super::Jira;

/// An account with an API token. The same token is taken as Basic password and as Bearer (OAuth) token.
#[derive(Clone, Debug)]
pub struct Account {
    /// `accountId` of a user of the content.
    pub account_id: String,
    pub email: String,
    pub token: String,
    pub browse: Browse,
}

/// The projects someone may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Browse {
    All,
    /// By project key.
    Only(Vec<String>),
}

/// What a call without (valid) credentials gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// 401 on every route.
    Refused,
    /// 200 with what everyone may see, which may be nothing at all.
    Sees(Browse),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Basic,
    Bearer,
}

#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) account_id: Option<String>,
    pub(super) zone: TimeZone,
    /// Bearer traffic is measured in points; API tokens are not.
    pub(super) metered: bool,
    /// `None`: all.
    pub(super) projects: Option<Vec<u64>>,
}

impl Caller {
    pub(super) fn sees(&self, project: u64) -> bool {
        self.projects.as_ref().is_none_or(|projects| projects.contains(&project))
    }
}

pub(super) async fn identify(State(jira): State<Jira>, mut request: Request, next: Next) -> Response {
    let sent = request.headers().contains_key(header::AUTHORIZATION);
    let failed = sent.then_some("AUTHENTICATED_FAILED");
    let found = account_of(&jira.inner.accounts, request.headers());
    let (caller, reason) = match (found, &jira.inner.anonymous) {
        (Some((account, scheme)), _) => (caller_of(&jira, account, scheme), Some("OK")),
        (None, Anonymous::Refused) => return refused(failed.unwrap_or("AUTHENTICATION_DENIED")),
        (None, Anonymous::Sees(browse)) => {
            let caller = Caller {
                account_id: None,
                zone: TimeZone::UTC,
                metered: false,
                projects: project_ids(&jira, browse),
            };
            (caller, failed)
        }
    };
    let account_id = caller.account_id.clone();
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    if let Some(reason) = reason {
        let headers = response.headers_mut();
        headers.insert("x-seraph-loginreason", HeaderValue::from_static(reason));
    }
    if let Some(id) = account_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        response.headers_mut().insert("x-aaccountid", id);
    }
    response
}

fn refused(reason: &'static str) -> Response {
    let headers = [("www-authenticate", "OAuth realm=\"jira\""), ("x-seraph-loginreason", reason)];
    (StatusCode::UNAUTHORIZED, headers, "Client must be authenticated to access this resource.").into_response()
}

fn account_of<'a>(accounts: &'a [Account], headers: &HeaderMap) -> Option<(&'a Account, Scheme)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return accounts
            .iter()
            .find(|account| account.token == credentials.trim())
            .map(|account| (account, Scheme::Bearer));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (email, token) = text.split_once(':')?;
    let found =
        accounts.iter().find(|account| account.email.eq_ignore_ascii_case(email) && account.token == token)?;
    Some((found, Scheme::Basic))
}

fn caller_of(jira: &Jira, account: &Account, scheme: Scheme) -> Caller {
    let store = jira.read();
    let zone = store
        .user(&account.account_id)
        .and_then(|user| TimeZone::get(&user.time_zone).ok())
        .unwrap_or(TimeZone::UTC);
    drop(store);
    Caller {
        account_id: Some(account.account_id.clone()),
        zone,
        metered: scheme == Scheme::Bearer,
        projects: project_ids(jira, &account.browse),
    }
}

fn project_ids(jira: &Jira, browse: &Browse) -> Option<Vec<u64>> {
    match browse {
        Browse::All => None,
        Browse::Only(keys) => {
            let store = jira.read();
            Some(keys.iter().filter_map(|key| store.find_project(key).map(|project| project.id)).collect())
        }
    }
}
