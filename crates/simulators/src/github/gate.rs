//! What every request passes before and after its handler: address, identity, limits, conditional answers.

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CACHE_CONTROL, DATE, ETAG, HOST, IF_NONE_MATCH, RETRY_AFTER, USER_AGENT, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use tower::ServiceExt;

use super::Github;
use super::call::{Caller, Refusal, Reply};
use super::meter::{Charge, Resource, Standing, Verdict};

/// Answers are small; this only keeps a mistake from eating the memory.
const LARGEST_BODY: usize = 256 * 1024 * 1024;

static NO_AGENT: LazyLock<String> = LazyLock::new(|| {
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.\n".to_owned()
});

/// Puts the gate before the routes, and the other addresses of the same routes before the gate.
pub(super) fn router(github: &Github, routes: Router) -> Router {
    let admitted =
        routes.fallback(async || Refusal::NotFound).layer(middleware::from_fn_with_state(github.clone(), admit));
    let github = github.clone();
    Router::new().fallback(move |request: Request| {
        let (admitted, request) = (admitted.clone(), readdress(&github, request));
        async move {
            match admitted.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    })
}

/// `/api/v3/…` and `/api/graphql` are Enterprise Server's prefix; `/repositories/{id}/…` is a repository by number.
fn readdress(github: &Github, mut request: Request) -> Request {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str)).unwrap_or("localhost");
    let mut base = format!("http://{host}");
    let path = request.uri().path().to_owned();
    let mut target = path.clone();
    if let Some(rest) = path.strip_prefix("/api/v3") {
        base.push_str("/api/v3");
        target = rest.to_owned();
    } else if path == "/api/graphql" {
        base.push_str("/api/v3");
        target = "/graphql".to_owned();
    }
    if let Some(rest) = target.strip_prefix("/repositories/") {
        let (id, below) =
            rest.split_once('/').map_or((rest, String::new()), |(id, below)| (id, format!("/{below}")));
        let shelf = id.parse().ok().and_then(|id| github.read().by_id(id));
        if let Some(shelf) = shelf {
            target = format!("/repos/{}{below}", shelf.data.full_name());
        }
    }
    let caller = Caller { token: None, base, path: target.clone() };
    if target != path {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("{target}{query}").parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request.extensions_mut().insert(caller);
    request
}

async fn admit(State(github): State<Github>, mut request: Request, next: Next) -> Response {
    let now = github.now();
    let path = request.uri().path().to_owned();
    if path.starts_with("/_storage/") {
        return next.run(request).await;
    }
    if request.headers().get(USER_AGENT).is_none_or(HeaderValue::is_empty) {
        return stamp((StatusCode::FORBIDDEN, NO_AGENT.as_str()).into_response(), now);
    }
    let Ok(token) = identify(&github, request.headers()) else {
        return stamp(Refusal::BadCredentials.into_response(), now);
    };
    let account = token.as_ref().map(|token| token.login.clone());
    if let Some(caller) = request.extensions_mut().get_mut::<Caller>() {
        caller.token = token;
    }
    let limits = github.limits();
    let charge = Charge { resource: resource(&path), points: 1, now };
    let counted = limits.enabled && path != "/rate_limit" && charge.resource != Resource::Graphql;
    let mut standing = None;
    if counted {
        let verdict = github.meters().charge(&account, charge, &limits);
        match verdict {
            Verdict::Served(count) => standing = Some(count),
            refused => return stamp(over_limit(refused, &account, limits.over_limit_status), now),
        }
    }
    let known = if request.method() == Method::GET { Some(request.headers().clone()) } else { None };
    let response = stamp(next.run(request).await, now);
    let Some(asked) = known.filter(|_| response.status() == StatusCode::OK) else {
        return with_standing(response, standing);
    };
    let (response, fresh) = conditional(response, &asked, account.as_deref()).await;
    if fresh && counted && account.is_some() {
        standing = Some(github.meters().refund(&account, charge, &limits));
    }
    with_standing(response, standing)
}

fn resource(path: &str) -> Resource {
    match path {
        "/graphql" => Resource::Graphql,
        _ if path.starts_with("/search/") => Resource::Search,
        _ => Resource::Core,
    }
}

/// The token behind `Bearer`, `token` or the password of `Basic`; an error if it is not one of ours.
fn identify(github: &Github, headers: &HeaderMap) -> Result<Option<super::Token>, Refusal> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Refusal::BadCredentials)?;
    let (scheme, rest) = text.split_once(' ').ok_or(Refusal::BadCredentials)?;
    let secret = match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => rest.trim().to_owned(),
        "basic" => {
            let bytes = STANDARD.decode(rest.trim()).map_err(|_| Refusal::BadCredentials)?;
            let pair = String::from_utf8(bytes).map_err(|_| Refusal::BadCredentials)?;
            pair.split_once(':').map(|(_, password)| password.to_owned()).ok_or(Refusal::BadCredentials)?
        }
        _ => return Err(Refusal::BadCredentials),
    };
    github.token(&secret).map(Some).ok_or(Refusal::BadCredentials)
}

/// The refusal of either limit: the status is the same, the headers tell which one it was.
pub(super) fn over_limit(verdict: Verdict, account: &Option<String>, status: u16) -> Response {
    let who = account.as_deref().unwrap_or("an anonymous caller");
    let (message, standing, wait) = match verdict {
        Verdict::Served(standing) | Verdict::Primary(standing) => {
            (format!("API rate limit exceeded for {who}."), standing, None)
        }
        Verdict::Secondary(standing, wait) => (
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.".to_owned(),
            standing,
            Some(wait),
        ),
    };
    let documentation = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";
    let mut response =
        Reply::json(json!({ "message": message, "documentation_url": documentation })).into_response();
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    with_standing(response, Some(standing))
}

pub(super) fn with_standing(mut response: Response, standing: Option<Standing>) -> Response {
    let Some(standing) = standing else {
        return response;
    };
    let numbers = [
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.remaining().to_string()),
        ("x-ratelimit-used", standing.used.to_string()),
        ("x-ratelimit-reset", standing.reset.as_second().to_string()),
        ("x-ratelimit-resource", standing.resource.name().to_owned()),
    ];
    for (name, value) in numbers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Headers of every answer; the date is the simulated one.
fn stamp(mut response: Response, now: Timestamp) -> Response {
    let date = now.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let headers = response.headers_mut();
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(DATE, date);
    }
    headers.insert(VARY, HeaderValue::from_static("Accept, Authorization, Cookie, X-GitHub-OTP"));
    headers
        .insert(HeaderName::from_static("x-github-media-type"), HeaderValue::from_static("github.v3; format=json"));
    headers
        .insert(HeaderName::from_static("x-github-api-version-selected"), HeaderValue::from_static("2022-11-28"));
    response
}

/// Adds the entity tag (another one for every caller and Accept), and makes the answer a 304 where the client has it.
async fn conditional(response: Response, asked: &HeaderMap, login: Option<&str>) -> (Response, bool) {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST_BODY).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR.into_response(), false);
    };
    let tag = entity_tag(&bytes, asked, login);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, value);
    }
    let scope =
        if login.is_some() { "private, max-age=60, s-maxage=60" } else { "public, max-age=60, s-maxage=60" };
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static(scope));
    let known = asked.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let opaque = tag.trim_start_matches("W/");
    let fresh = known.split(',').any(|one| one.trim().trim_start_matches("W/") == opaque);
    if !fresh {
        return (Response::from_parts(parts, Body::from(bytes)), false);
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(http::header::CONTENT_TYPE);
    (Response::from_parts(parts, Body::empty()), true)
}

fn entity_tag(bytes: &Bytes, asked: &HeaderMap, login: Option<&str>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(login.unwrap_or_default().as_bytes());
    hasher.update(asked.get(http::header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default());
    hasher.update(bytes);
    format!("W/\"{}\"", hasher.finalize().to_hex())
}
