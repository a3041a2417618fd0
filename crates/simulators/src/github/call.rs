//! One request as handlers see it, and what they may answer: a page, a document, a refusal.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LINK, LOCATION};
use http::request::Parts;
use http::{Extensions, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Github;
use super::access::{Right, Token};
use super::shape::Shape;
use super::shelf::Shelf;
use super::store::Found;
use super::store::People;

const DEFAULT_PAGE: usize = 30;
const LARGEST_PAGE: usize = 100;

/// Who asks, and under which address; put beside the request when it is admitted.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) token: Option<Token>,
    /// `http://host` and, for GitHub Enterprise Server, `/api/v3`.
    pub(super) base: String,
    /// The path below it, with the repository by name.
    pub(super) path: String,
}

impl Caller {
    pub(super) fn has(&self, right: Right) -> bool {
        self.token.as_ref().is_some_and(|token| token.right >= right)
    }

    /// Public repositories are seen by everybody.
    pub(super) fn sees(&self, shelf: &Shelf) -> bool {
        let Some(token) = &self.token else {
            return !shelf.data.private;
        };
        match &token.repositories {
            None => true,
            Some(names) => {
                !shelf.data.private || names.iter().any(|name| name.eq_ignore_ascii_case(&shelf.data.full_name()))
            }
        }
    }
}

pub(super) struct Call {
    pub(super) github: Github,
    pub(super) caller: Caller,
    pub(super) people: Arc<People>,
    pub(super) now: Timestamp,
    query: Vec<(String, String)>,
}

impl Call {
    pub(super) fn new(github: &Github, extensions: &Extensions, uri: &http::Uri) -> Self {
        let caller = extensions.get::<Caller>().cloned();
        let query = uri.query().unwrap_or_default();
        Self {
            github: github.clone(),
            caller: caller.unwrap_or_else(|| Caller {
                token: None,
                base: String::new(),
                path: uri.path().to_owned(),
            }),
            people: Arc::clone(&github.read().people),
            now: github.now(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        }
    }

    pub(super) fn shape(&self) -> Shape<'_> {
        Shape { base: &self.caller.base, pages: &self.github.shared.pages, people: &self.people, now: self.now }
    }

    /// A query parameter that is given and not empty.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn has_paging(&self) -> bool {
        self.query("page").is_some() || self.query("per_page").is_some()
    }

    pub(super) fn moment(&self, name: &str) -> Option<Timestamp> {
        self.query(name)?.parse().ok()
    }

    /// `(page, per_page)`: nonsense means the default, too much means the most, as on GitHub.
    pub(super) fn paging(&self) -> (usize, usize) {
        let number =
            |name: &str| self.query(name).and_then(|text| text.parse::<usize>().ok()).filter(|&number| number > 0);
        (number("page").unwrap_or(1), number("per_page").unwrap_or(DEFAULT_PAGE).min(LARGEST_PAGE))
    }

    /// The asked page of a list.
    pub(super) fn slice<'a, T>(&self, items: &'a [T]) -> &'a [T] {
        let (page, size) = self.paging();
        let start = (page - 1).saturating_mul(size).min(items.len());
        let end = start.saturating_add(size).min(items.len());
        items.get(start..end).unwrap_or_default()
    }

    /// `next`, `prev`, `first` and `last` for a list of `total` items; below a repository they name it by id.
    pub(super) fn links(&self, total: usize, repository: Option<&Shelf>) -> Option<String> {
        let (page, size) = self.paging();
        let last = total.div_ceil(size).max(1);
        let mut links = Vec::new();
        if page > 1 {
            links.push(self.link((page - 1).min(last), "prev", repository));
        }
        if page < last {
            links.push(self.link(page + 1, "next", repository));
            links.push(self.link(last, "last", repository));
        }
        if page > 1 {
            links.push(self.link(1, "first", repository));
        }
        if links.is_empty() { None } else { Some(links.join(", ")) }
    }

    fn link(&self, page: usize, relation: &str, repository: Option<&Shelf>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.query.iter().filter(|(key, _)| key != "page") {
            query.append_pair(key, value);
        }
        let query = query.append_pair("page", &page.to_string()).finish();
        format!("<{}{}?{query}>; rel=\"{relation}\"", self.caller.base, self.stable_path(repository))
    }

    fn stable_path(&self, repository: Option<&Shelf>) -> String {
        let below = self.caller.path.strip_prefix("/repos/").and_then(|rest| rest.splitn(3, '/').nth(2));
        match (repository, below) {
            (Some(shelf), Some(below)) => format!("/repositories/{}/{below}", shelf.data.id),
            (Some(shelf), None) => format!("/repositories/{}", shelf.data.id),
            (None, _) => self.caller.path.clone(),
        }
    }

    /// One page of a list that is the whole body.
    pub(super) fn page<T>(&self, items: &[T], write: impl FnMut(&T) -> Value) -> Reply {
        self.page_of(items, None, write)
    }

    pub(super) fn page_of<T>(
        &self,
        items: &[T],
        repository: Option<&Shelf>,
        write: impl FnMut(&T) -> Value,
    ) -> Reply {
        let body: Vec<Value> = self.slice(items).iter().map(write).collect();
        Reply::json(Value::Array(body)).link(self.links(items.len(), repository))
    }
}

/// A call below `/repos/{owner}/{repo}`, with the repository found and allowed.
pub(super) struct Within {
    pub(super) call: Call,
    pub(super) shelf: Arc<Shelf>,
    parameters: Vec<(String, String)>,
}

impl Within {
    /// A part of the path, decoded; empty if the route has none of that name.
    pub(super) fn part(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.part(name).parse().map_err(|_| Refusal::NotFound)
    }

    pub(super) fn shape(&self) -> Shape<'_> {
        self.call.shape()
    }

    pub(super) fn page<T>(&self, items: &[T], write: impl FnMut(&T) -> Value) -> Reply {
        self.call.page_of(items, Some(&self.shelf), write)
    }

    /// One page of a list inside an object with the total beside it.
    pub(super) fn counted<T>(&self, name: &str, items: &[T], write: impl FnMut(&T) -> Value) -> Reply {
        let page: Vec<Value> = self.call.slice(items).iter().map(write).collect();
        let mut body = serde_json::Map::new();
        body.insert("total_count".to_owned(), json!(items.len()));
        body.insert(name.to_owned(), Value::Array(page));
        Reply::json(Value::Object(body)).link(self.call.links(items.len(), Some(&self.shelf)))
    }
}

impl FromRequestParts<Github> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, github: &Github) -> Result<Self, Refusal> {
        Ok(Self::new(github, &parts.extensions, &parts.uri))
    }
}

impl FromRequestParts<Github> for Within {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, github: &Github) -> Result<Self, Refusal> {
        let call = Call::new(github, &parts.extensions, &parts.uri);
        let raw = RawPathParams::from_request_parts(parts, github).await.map_err(|_| Refusal::NotFound)?;
        let parameters: Vec<(String, String)> =
            raw.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let part = |name: &str| {
            parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let found = github.read().find(part("owner"), part("repo"));
        match found {
            Found::Here(shelf) if call.caller.sees(&shelf) => Ok(Self { call, shelf, parameters }),
            Found::Here(_) | Found::Nowhere => Err(Refusal::NotFound),
            Found::Moved(id) => {
                let shelf =
                    github.read().by_id(id).filter(|shelf| call.caller.sees(shelf)).ok_or(Refusal::NotFound)?;
                let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
                Err(Refusal::Moved(format!("{}{}{query}", call.caller.base, call.stable_path(Some(&shelf)))))
            }
        }
    }
}

/// A JSON document and the headers that belong to it.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Value,
    headers: Vec<(HeaderName, String)>,
}

impl Reply {
    pub(super) fn json(body: Value) -> Self {
        Self { status: StatusCode::OK, body, headers: Vec::new() }
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(super) fn link(mut self, links: Option<String>) -> Self {
        self.headers.extend(links.map(|links| (LINK, links)));
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// Why there is no document.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Also the answer where the right is missing: GitHub does not tell what it hides.
    NotFound,
    /// The same, where GitHub says what is missing.
    Missing(&'static str),
    /// The same path below the repository's id.
    Moved(String),
    Gone,
    BadCredentials,
    RequiresAuthentication,
    Forbidden(String),
    Unprocessable(String),
    /// The repository has no commits.
    Empty,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, message) = match &self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found".to_owned()),
            Self::Missing(message) => (StatusCode::NOT_FOUND, (*message).to_owned()),
            Self::Moved(_) => (StatusCode::MOVED_PERMANENTLY, "Moved Permanently".to_owned()),
            Self::Gone => (StatusCode::GONE, "Artifact has expired".to_owned()),
            Self::BadCredentials => (StatusCode::UNAUTHORIZED, "Bad credentials".to_owned()),
            Self::RequiresAuthentication => (StatusCode::UNAUTHORIZED, "Requires authentication".to_owned()),
            Self::Forbidden(message) => (StatusCode::FORBIDDEN, message.clone()),
            Self::Empty => (StatusCode::CONFLICT, "Git Repository is empty.".to_owned()),
            Self::Unprocessable(message) => (StatusCode::UNPROCESSABLE_ENTITY, message.clone()),
        };
        let mut body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest" });
        let mut location = None;
        if let (Self::Moved(url), Some(fields)) = (self, body.as_object_mut()) {
            fields.insert("url".to_owned(), json!(url));
            location = Some((LOCATION, url));
        } else if let Some(fields) = body.as_object_mut() {
            fields.insert("status".to_owned(), json!(status.as_u16().to_string()));
        }
        let mut reply = Reply::json(body);
        reply.headers.extend(location);
        let mut response = reply.into_response();
        *response.status_mut() = status;
        response
    }
}

pub(super) type Answer = Result<Reply, Refusal>;
