//! The way in: routes, authentication, limits, and the hand-over to the API that was asked for.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use url::form_urlencoded;

use super::access::{Restriction, credentials};
use super::query::dates::Asker;
use super::reply::{Call, Reply};
use super::store::Stamp;
use super::{Instance, aggregate, batch, change, cmdb, import_set, table};

const LARGEST_BODY: usize = 50 * 1024 * 1024;

/// Paths that are counted under their pattern; any other is answered too, and counted as it is.
const PATTERNS: [&str; 14] = [
    "/oauth_token.do",
    "/api/now/table/{table}",
    "/api/now/table/{table}/{sys_id}",
    "/api/now/{version}/table/{table}",
    "/api/now/{version}/table/{table}/{sys_id}",
    "/api/now/stats/{table}",
    "/api/now/{version}/stats/{table}",
    "/api/now/{version}/batch",
    "/api/now/cmdb/instance/{class}",
    "/api/now/cmdb/instance/{class}/{sys_id}",
    "/api/now/cmdb/meta/{class}",
    "/api/sn_chg_rest/{version}/change",
    "/api/sn_chg_rest/{version}/change/{sys_id}",
    "/api/sn_chg_rest/{version}/change/{sys_id}/{part}",
];

pub(super) fn router(instance: Arc<Instance>) -> Router {
    let mut router = Router::new();
    for pattern in PATTERNS {
        router = router.route(pattern, any(handle));
    }
    router.fallback(handle).with_state(instance)
}

async fn handle(State(instance): State<Arc<Instance>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = head.uri.path().to_owned();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let query = head.uri.query().unwrap_or_default();
    let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let now = instance.clock.now();
    if path == "/oauth_token.do" {
        let mut form = form_of(header("content-type"), &body);
        if let Some((id, secret)) = header("authorization").and_then(credentials) {
            form.entry("client_id".to_owned()).or_insert(id);
            form.entry("client_secret".to_owned()).or_insert(secret);
        }
        let reply = match head.method {
            Method::POST => instance.access().token(&form, now),
            _ => Reply::method_not_allowed(),
        };
        return reply.into_response();
    }
    let key = query.iter().find(|(name, _)| name == "x-sn-apikey").map(|(_, value)| value.as_str());
    let key = header("x-sn-apikey").or(key);
    let caller = instance.access().caller(header("authorization"), key, now);
    let Some(caller) = caller else {
        return Reply::unauthenticated().into_response();
    };
    let gate = instance.usage().gate();
    let _place = match &gate {
        None => None,
        Some(gate) => match gate.enter().await {
            Ok(permit) => Some(permit),
            Err(reply) => return reply.into_response(),
        },
    };
    let counted = instance.usage().count(&caller, &path, now);
    let mut rate = match counted {
        Ok(headers) => headers,
        Err(reply) => return reply.into_response(),
    };
    let work = instance.usage().limits.work;
    if !work.is_zero() {
        tokio::time::sleep(work).await;
    }
    if let Some(refusal) = refused_accept(header("accept")) {
        return refusal.into_response();
    }
    let scheme = header("x-forwarded-proto").unwrap_or("http");
    let base = format!("{scheme}://{}", header("host").unwrap_or("localhost"));
    let overriding = header("x-http-method-override").and_then(|name| name.to_ascii_uppercase().parse().ok());
    let is_head = head.method == Method::HEAD;
    let method = match overriding {
        Some(method) if head.method == Method::POST => method,
        _ if is_head => Method::GET,
        _ => head.method,
    };
    let call = Call { method, path, query, headers: head.headers, body, caller, base };
    let mut reply = dispatch(&instance, &call);
    reply.headers.append(&mut rate);
    let silent = call.is_quiet() && (200..300).contains(&reply.status);
    let mut response = reply.into_response();
    if is_head || silent {
        *response.body_mut() = axum::body::Body::empty();
    }
    response
}

/// A body that is no form has none of the fields, so it is refused like a wrong secret.
fn form_of(kind: Option<&str>, body: &[u8]) -> HashMap<String, String> {
    let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let body = if is_form { body } else { &[] };
    form_urlencoded::parse(body).into_owned().collect()
}

fn refused_accept(accept: Option<&str>) -> Option<Reply> {
    let Some(accept) = accept else {
        return Some(Reply::failure(400, "Bad Request", Some("Accept is missing")));
    };
    let fits = ["json", "*/*", "application/*"].iter().any(|kind| accept.contains(kind));
    let detail = format!("Accept {accept} is not supported");
    (!fits).then(|| Reply::failure(406, "Not acceptable", Some(&detail)))
}

/// Answers a call whose caller is known; a batch comes here once for every item.
pub(super) fn dispatch(instance: &Instance, call: &Call) -> Reply {
    match call.segments().as_slice() {
        ["api", "now", "table", table] => table::many(instance, call, table),
        ["api", "now", "table", table, id] => table::one(instance, call, (table, id)),
        ["api", "now", "stats", table] => aggregate::stats(instance, call, table),
        ["api", "now", "batch"] => batch::run(instance, call),
        ["api", "now", "import", staging, rest @ ..] => import_set::load(instance, call, (staging, rest)),
        ["api", "now", "cmdb", rest @ ..] => cmdb::answer(instance, call, rest),
        ["api", "sn_chg_rest", "change", rest @ ..] => change::answer(instance, call, rest),
        _ => Reply::no_such_resource(),
    }
}

impl Call {
    fn is_quiet(&self) -> bool {
        let quiet = self.header("x-no-response-body").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        quiet && matches!(self.method, Method::POST | Method::PUT | Method::PATCH)
    }

    /// The caller as queries with scripts see them.
    pub(super) fn asker(&self, instance: &Instance) -> Asker {
        Asker {
            now: instance.clock.now(),
            zone: self.caller.zone.clone(),
            user_id: self.caller.user_id.clone(),
            user_name: self.caller.user_name.clone(),
        }
    }

    pub(super) fn stamp(&self, instance: &Instance) -> Stamp {
        Stamp { by: self.caller.user_name.clone(), at: instance.clock.now() }
    }

    /// Refuses a table the caller may not touch this way, or that does not exist.
    pub(super) fn may_use(&self, instance: &Instance, table: &str) -> Result<(), Reply> {
        let store = instance.read();
        if store.dictionary.table(table).is_none() {
            return Err(Reply::invalid_table(table));
        }
        let covers = |other: &str| store.dictionary.extends(table, other);
        let denied = self.caller.restrictions.iter().any(|restriction| match restriction {
            Restriction::DenyTable { table } => covers(table),
            Restriction::DenyWrites { table } => self.method != Method::GET && covers(table),
            _ => false,
        });
        if denied { Err(Reply::forbidden()) } else { Ok(()) }
    }
}
