//! One request and one answer as the APIs see them, apart from any HTTP library, and the failure bodies.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::access::Caller;

/// A request whose caller is known.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) caller: Caller,
    /// Scheme and host as the client wrote them, for links.
    pub(super) base: String,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Clients write booleans in their own language's spelling.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The path in pieces, without the version where one is written.
    pub(super) fn segments(&self) -> Vec<&str> {
        let all = self.path.split('/').filter(|part| !part.is_empty());
        let mut all: Vec<&str> = all.collect();
        if all.get(2).is_some_and(|part| is_version(part)) {
            all.remove(2);
        }
        all
    }

    pub(super) fn version(&self) -> Option<&str> {
        let part = self.path.split('/').filter(|part| !part.is_empty()).nth(2)?;
        is_version(part).then_some(part)
    }

    /// The body as a JSON object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Reply> {
        let kind = self.header("content-type").unwrap_or_default();
        if kind.is_empty() && !self.body.is_empty() {
            return Err(Reply::failure(400, "Bad Request", Some("Content-Type is missing")));
        }
        if !kind.is_empty() && !kind.to_ascii_lowercase().contains("json") {
            let detail = format!("Content-Type {kind} is not supported");
            return Err(Reply::failure(415, "Unsupported media type", Some(&detail)));
        }
        if self.body.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            // Only one record can be written at a time; what follows it is not looked at.
            Ok(Value::Array(rows)) => match rows.into_iter().next() {
                Some(Value::Object(object)) => Ok(object),
                _ => Err(unreadable("the body holds no record")),
            },
            Ok(_) => Err(unreadable("the body is not an object")),
            Err(error) => Err(unreadable(&error.to_string())),
        }
    }
}

fn unreadable(detail: &str) -> Reply {
    let message = "Exception while reading request";
    Reply::failure(400, message, Some(detail))
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Self {
        let body = Some(body);
        let headers = Vec::new();
        Self { status, headers, body }
    }

    pub(super) fn result(result: Value) -> Self {
        Self::json(200, json!({ "result": result }))
    }

    pub(super) fn empty(status: u16) -> Self {
        let (headers, body) = (Vec::new(), None);
        Self { status, headers, body }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(super) fn failure(status: u16, message: &str, detail: Option<&str>) -> Self {
        Self::json(status, failure_body(message, detail))
    }

    pub(super) fn unauthenticated() -> Self {
        let detail = Some("Required to provide Auth information");
        let reply = Self::failure(401, "User Not Authenticated", detail);
        reply.with("WWW-Authenticate", r#"BASIC realm="Service-now""#)
    }

    pub(super) fn forbidden() -> Self {
        Self::failure(403, "User Not Authorized", Some("Failed API level ACL Validation"))
    }

    /// Absent and hidden look the same.
    pub(super) fn not_found() -> Self {
        let detail = "Record doesn't exist or ACL restricts the record retrieval";
        Self::failure(404, "No Record found", Some(detail))
    }

    pub(super) fn invalid_table(table: &str) -> Self {
        Self::failure(400, &format!("Invalid table {table}"), None)
    }

    pub(super) fn no_such_resource() -> Self {
        Self::failure(400, "Requested URI does not represent any resource", None)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::failure(405, "Method Not Allowed", Some("The resource does not support this method"))
    }

    pub(super) fn into_response(self) -> Response {
        let body = match &self.body {
            Some(body) => Body::from(body.to_string()),
            None => Body::empty(),
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if self.body.is_some() {
            let json = HeaderValue::from_static("application/json;charset=UTF-8");
            headers.insert(header::CONTENT_TYPE, json);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

pub(super) fn failure_body(message: &str, detail: Option<&str>) -> Value {
    json!({ "error": { "message": message, "detail": detail }, "status": "failure" })
}
