//! The Batch API: several requests in one, each with its own answer, one after the other.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Instance;
use super::entry::dispatch;
use super::reply::{Call, Reply};

/// The largest decoded body of one item.
const LARGEST_INPUT: usize = 5 * 1024 * 1024;
const LARGEST_OUTPUT: usize = 10 * 1024 * 1024;

pub(super) fn run(instance: &Instance, call: &Call) -> Reply {
    if call.version().is_none() {
        return Reply::no_such_resource();
    }
    if call.method != Method::POST {
        return Reply::method_not_allowed();
    }
    let body = match call.object() {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let Some(items) = body.get("rest_requests").and_then(Value::as_array) else {
        return Reply::failure(400, "Bad Request", Some("rest_requests is missing"));
    };
    let most = instance.usage().limits.batch_items.unwrap_or(usize::MAX);
    let output = call.header("x-batchrequest-max-output-size").and_then(|text| text.parse().ok());
    let output = output.unwrap_or(LARGEST_OUTPUT).min(LARGEST_OUTPUT);
    let (mut serviced, mut unserviced) = (Vec::new(), Vec::new());
    for item in items {
        let answer = if serviced.len() < most { serve(instance, call, item, output) } else { None };
        match answer {
            Some(answer) => serviced.push(answer),
            None => unserviced.push(id(item)),
        }
    }
    // The order is no promise: a client that matches by place must not get away with it.
    serviced.reverse();
    Reply::json(
        200,
        json!({
            "batch_request_id": text(body.get("batch_request_id")),
            "serviced_requests": serviced,
            "unserviced_requests": unserviced,
        }),
    )
}

/// Ids come as texts or numbers and go back as texts.
fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn id(item: &Value) -> String {
    text(item.get("id"))
}

/// Nothing where the item is too large to be served.
fn serve(instance: &Instance, outer: &Call, item: &Value, most: usize) -> Option<Value> {
    let inner = inner_call(outer, item);
    let reply = match inner {
        Err(reply) => reply,
        Ok(inner) if inner.body.len() > LARGEST_INPUT => return None,
        Ok(inner) => dispatch(instance, &inner),
    };
    let body = reply.body.as_ref().map(Value::to_string).unwrap_or_default();
    if body.len() > most {
        return None;
    }
    let hides = item.get("exclude_response_headers").is_some_and(|flag| text(Some(flag)) == "true");
    let mut headers = vec![json!({ "name": "Content-Type", "value": "application/json;charset=UTF-8" })];
    headers.extend(reply.headers.iter().map(|(name, value)| json!({ "name": name, "value": value })));
    if hides {
        headers.clear();
    }
    let status = StatusCode::from_u16(reply.status).ok();
    Some(json!({
        "id": id(item),
        "body": STANDARD.encode(body),
        "status_code": reply.status,
        "status_text": status.and_then(|status| status.canonical_reason()).unwrap_or_default(),
        "headers": headers,
        "execution_time": 1,
    }))
}

fn inner_call(outer: &Call, item: &Value) -> Result<Call, Reply> {
    let bad = |detail: &str| Reply::failure(400, "Bad Request", Some(detail));
    let url = item.get("url").and_then(Value::as_str).ok_or_else(|| bad("url is missing"))?;
    let method = item.get("method").and_then(Value::as_str).unwrap_or("GET");
    let method = method.to_ascii_uppercase().parse().map_err(|_| bad("method is unknown"))?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let body = text(item.get("body"));
    let body = STANDARD.decode(body).map_err(|_| bad("body is not base64"))?;
    let mut headers = HeaderMap::new();
    for header in item.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let name = text(header.get("name")).parse::<HeaderName>();
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&text(header.get("value")))) {
            headers.insert(name, value);
        }
    }
    let path = path.split('/').map(decoded).collect::<Vec<_>>().join("/");
    Ok(Call {
        method,
        path,
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers,
        body: Bytes::from(body),
        caller: outer.caller.clone(),
        base: outer.base.clone(),
    })
}

/// Only the name of a path segment: nothing in our paths needs more than its plus kept.
fn decoded(segment: &str) -> String {
    let guarded = segment.replace('+', "%2B");
    form_urlencoded::parse(guarded.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
