//! What every handler needs of a request: caller, API version, own address, query parameters and the JSON body.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::jira::Jira;
use crate::jira::access::Caller;
use crate::jira::content::{Issue, Project, Version};
use crate::jira::errors::Refusal;
use crate::jira::limits::Read;
use crate::jira::store::Store;
use crate::jira::wire::{Api, View};

pub(super) type Answer = Result<Response, Refusal>;

pub(super) struct Call {
    pub(super) jira: Jira,
    pub(super) caller: Caller,
    pub(super) api: Api,
    base: String,
    path: String,
    query: Vec<(String, String)>,
}

impl FromRequestParts<Jira> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, jira: &Jira) -> Result<Self, Refusal> {
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(Refusal::unauthenticated)?;
        let api = parts.extensions.get::<Api>().copied().unwrap_or(Api::V3);
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let base = jira.inner.base_url.clone().unwrap_or_else(|| format!("http://{host}"));
        let query =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let original =
            parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |original| &original.0);
        Ok(Self { jira: jira.clone(), caller, api, base, path: original.path().to_owned(), query })
    }
}

impl Call {
    pub(super) fn view<'a>(&'a self, store: &'a Store) -> View<'a> {
        View { store, caller: &self.caller, base: &self.base, api: self.api, now: self.jira.now() }
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Repeated parameters and comma lists alike.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let values = self.query.iter().filter(|(key, _)| key == name);
        let parts = values.flat_map(|(_, value)| value.split(','));
        parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    pub(super) fn number(&self, name: &str, default: usize) -> Result<usize, Refusal> {
        match self.first(name) {
            None | Some("") => Ok(default),
            Some(text) => text.parse().map_err(|_| {
                Refusal::bad(format!("The value '{text}' of '{name}' is not a number of zero or more."))
            }),
        }
    }

    /// The acting account; only reading is open to everyone.
    pub(super) fn actor(&self) -> Result<&str, Refusal> {
        self.caller.account_id.as_deref().ok_or_else(Refusal::unauthenticated)
    }

    pub(super) fn issue<'a>(&self, store: &'a Store, id_or_key: &str) -> Result<&'a Issue, Refusal> {
        let found = store.find_issue(id_or_key).filter(|issue| self.caller.sees(issue.project));
        found.map(AsRef::as_ref).ok_or_else(Refusal::no_issue)
    }

    pub(super) fn project<'a>(&self, store: &'a Store, id_or_key: &str) -> Result<&'a Project, Refusal> {
        let found = store.find_project(id_or_key).filter(|project| self.caller.sees(project.id));
        found.ok_or_else(|| Refusal::no_project(id_or_key))
    }

    pub(super) fn version<'a>(&self, store: &'a Store, id: &str) -> Result<&'a Version, Refusal> {
        let found = id.parse().ok().and_then(|id| store.version(id));
        found.filter(|version| self.caller.sees(version.project)).ok_or_else(|| Refusal::no_version(id))
    }

    /// Jira's page with `startAt`, `total` and the address of the next one.
    pub(super) fn page(&self, all: Vec<Value>, (default, most): (usize, usize)) -> Answer {
        let start = self.number("startAt", 0)?;
        let size = self.number("maxResults", default)?.clamp(1, most);
        let total = all.len();
        let values: Vec<Value> = all.into_iter().skip(start).take(size).collect();
        let next = start.saturating_add(values.len());
        let address = |start: usize| {
            let kept = self.query.iter().filter(|(key, _)| !["startAt", "maxResults"].contains(&key.as_str()));
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query
                .extend_pairs(kept)
                .append_pair("startAt", &start.to_string())
                .append_pair("maxResults", &size.to_string());
            format!("{}{}?{}", self.base, self.path, query.finish())
        };
        let read = values.len();
        let mut body = json!({ "self": address(start), "maxResults": size, "startAt": start, "total": total, "isLast": next >= total });
        if let Some(parts) = body.as_object_mut() {
            if next < total {
                parts.insert("nextPage".into(), address(next).into());
            }
            parts.insert("values".into(), values.into());
        }
        Ok(answer(body, read))
    }
}

/// 200 with a body that read so many objects.
pub(super) fn answer(body: Value, read: usize) -> Response {
    let mut response = Json(body).into_response();
    response.extensions_mut().insert(Read(u64::try_from(read).unwrap_or(u64::MAX)));
    response
}

pub(super) fn rows(rows: Vec<Value>) -> Response {
    let read = rows.len();
    answer(Value::Array(rows), read)
}

/// A JSON body of a known shape; anything else in it is refused, as the site does.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Jira> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, jira: &Jira) -> Result<Self, Refusal> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/json") {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The request must have the content type application/json.",
            ));
        }
        let bytes = Bytes::from_request(request, jira)
            .await
            .map_err(|error| Refusal::new(error.status(), error.body_text()))?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|_| Refusal::bad("There was an error parsing JSON. Check that your request body is valid."))?;
        let read = serde_json::from_value(value).map_err(|_| {
            Refusal::bad("Invalid request payload. Refer to the REST API documentation and try again.")
        });
        read.map(Body)
    }
}
