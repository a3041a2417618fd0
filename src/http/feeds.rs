//! `/calendar/{team|environment|service}/KEY.ics`. Calendar programs often cannot send a bearer token, so here it may
//! also come as the password of Basic authentication or as the query parameter `token`.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, Response, StatusCode, header, request::Parts},
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{
    Gateway,
    negotiation::AnswerType,
    observe::TraceId,
    problem::{Code, Problem},
};

/// What a feed is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedOf {
    Team,
    Environment,
    Service,
}

pub(super) async fn feed(
    State(gateway): State<Arc<Gateway>>,
    Path((kind, file)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let (mut parts, _) = request.into_parts();
    let trace = TraceId::of(&parts.extensions);
    match answer(&gateway, &kind, &file, &mut parts) {
        Ok(text) => calendar(text),
        Err(problem) => problem.into_response(AnswerType::Json, trace),
    }
}

fn answer(gateway: &Gateway, kind: &str, file: &str, parts: &mut Parts) -> Result<String, Problem> {
    accept_other_tokens(parts);
    let caller = gateway
        .access
        .authenticate(parts, &gateway.hosts)
        .map_err(|problem| problem.with_header(header::WWW_AUTHENTICATE, "Basic realm=\"interlock\""))?;
    let nothing = || {
        let message = "There is no such calendar: ask for /calendar/team/KEY.ics, /calendar/environment/KEY.ics or \
                       /calendar/service/KEY.ics.";
        Problem::of_http(StatusCode::NOT_FOUND, Code::BadInput, message)
    };
    let of = match kind {
        "team" => FeedOf::Team,
        "environment" => FeedOf::Environment,
        "service" => FeedOf::Service,
        _ => return Err(nothing()),
    };
    let key = file.strip_suffix(".ics").ok_or_else(nothing)?;
    gateway.executor.feed(of, key, &caller).ok_or_else(nothing)
}

/// A token that did not come as a bearer token becomes one. A header beats the query.
fn accept_other_tokens(parts: &mut Parts) {
    let token = match parts.headers.get(header::AUTHORIZATION) {
        Some(value) => password(value),
        None => in_query(parts.uri.query().unwrap_or_default()),
    };
    let bearer = token.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
    if let Some(bearer) = bearer {
        parts.headers.insert(header::AUTHORIZATION, bearer);
    }
}

fn password(value: &HeaderValue) -> Option<String> {
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

fn in_query(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "token").map(|(_, token)| token.into_owned())
}

fn calendar(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(query: &str, authorization: Option<&str>) -> Option<String> {
        let mut request = axum::http::Request::builder().uri(format!("/calendar/team/a.ics{query}"));
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        accept_other_tokens(&mut parts);
        parts.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_token_comes_in_any_of_three_ways() {
        assert_eq!(bearer("", Some("Bearer one")).as_deref(), Some("Bearer one"));
        assert_eq!(bearer("", Some("Basic YW55OnR3bw==")).as_deref(), Some("Bearer two"));
        assert_eq!(bearer("?token=th%72ee", None).as_deref(), Some("Bearer three"));
        assert_eq!(bearer("?token=four", Some("Bearer one")).as_deref(), Some("Bearer one"));
        assert_eq!(bearer("", None), None);
        assert_eq!(bearer("", Some("Basic ???")).as_deref(), Some("Basic ???"), "refused as it is");
    }
}
