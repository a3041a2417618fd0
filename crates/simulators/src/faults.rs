//! Switches that make a simulator misbehave the way real systems and the network between do.
//! Set through a `Faults` handle or over HTTP at `/_simulator/faults`; one middleware serves every vendor.

mod bodies;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::clock::SharedClock;

/// The faults that are switched on, shared by a server and whoever controls it.
#[derive(Clone, Debug)]
pub struct Faults {
    clock: SharedClock,
    active: Arc<Mutex<Vec<Fault>>>,
}

/// One fault: which requests it meets, how often, and what it does to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Start of the path and query it applies to; empty for all.
    #[serde(default)]
    pub path: String,
    /// A part that the path and query must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// How many more requests it meets; until cleared when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    #[serde(flatten)]
    pub effect: Effect,
}

/// What happens to a request that meets a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Effect {
    /// Another status, with headers and body as given.
    Status {
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        body: String,
    },
    /// 429, with `Retry-After` in seconds where given.
    TooManyRequests {
        #[serde(default)]
        retry_after_seconds: Option<u64>,
    },
    /// 401 as for a token that ran out.
    ExpiredToken,
    /// The true answer, but its head comes late.
    DelayHeaders { milliseconds: u64 },
    /// The true answer, its body in small pieces with pauses between.
    SlowBody { piece_bytes: usize, milliseconds: u64 },
    /// The true answer, with its full length announced and the connection closed after some bytes.
    CutBody { after_bytes: usize },
    /// JSON that breaks off, announced as complete.
    MalformedJson,
    /// A page for people with status 200, as a proxy or a sleeping instance sends it.
    Html,
    /// Sound JSON of a shape nobody asked for.
    OtherShape,
    /// 200 without a body.
    EmptyBody,
    /// A small compressed body that unpacks to this many mebibytes.
    GzipBomb { mebibytes: u64 },
    /// A body that never ends.
    EndlessBody,
    /// A redirect, usually to another host.
    Redirect {
        location: String,
        #[serde(default = "found")]
        status: u16,
    },
    /// The true answer under another content type.
    ContentType { content_type: String },
    /// The true answer with a `Date` that is off by some minutes.
    SkewedDate { minutes: i64 },
    /// The connection is closed without any answer, and no new one is taken.
    Refuse,
}

fn found() -> u16 {
    302
}

impl Fault {
    /// A fault that meets every request whose path and query start with `path`, until cleared.
    #[must_use]
    pub fn on(path: &str, effect: Effect) -> Self {
        Self { path: path.to_owned(), contains: None, method: None, times: None, effect }
    }

    /// Only for the next `times` requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        let times = Some(times);
        Self { times, ..self }
    }

    /// Only where the path and query contain `part`.
    #[must_use]
    pub fn containing(self, part: &str) -> Self {
        let contains = Some(part.to_owned());
        Self { contains, ..self }
    }

    /// Only for one method.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        let method = Some(method.to_owned());
        Self { method, ..self }
    }

    fn meets(&self, method: &str, target: &str) -> bool {
        target.starts_with(&self.path)
            && self.contains.as_ref().is_none_or(|part| target.contains(part))
            && self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
    }
}

impl Faults {
    /// No faults yet; the clock is needed for skewed dates.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        let active = Arc::default();
        Self { clock, active }
    }

    /// Switches a fault on; faults set earlier are tried first.
    pub fn set(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Switches all faults off.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// What is switched on, with the number of requests still to meet.
    #[must_use]
    pub fn active(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// Whether a new connection is to be refused; counts as one meeting.
    pub(crate) fn take_refusal(&self) -> bool {
        let refuses = |fault: &Fault| fault.effect == Effect::Refuse;
        self.take(refuses).is_some()
    }

    fn take_for(&self, method: &str, target: &str) -> Option<Effect> {
        self.take(|fault| fault.meets(method, target))
    }

    fn take(&self, wanted: impl Fn(&Fault) -> bool) -> Option<Effect> {
        let mut active = self.lock();
        let place = active.iter().position(wanted)?;
        let fault = active.get_mut(place)?;
        let effect = fault.effect.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                active.remove(place);
            }
        }
        Some(effect)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The middleware that lets faults meet requests.
pub(crate) async fn interfere(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let target = request.uri().to_string();
    match faults.take_for(request.method().as_str(), &target) {
        None => next.run(request).await,
        Some(effect) => apply(effect, &faults, request, next).await,
    }
}

async fn apply(effect: Effect, faults: &Faults, request: Request, next: Next) -> Response {
    match effect {
        Effect::DelayHeaders { milliseconds } => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            next.run(request).await
        }
        Effect::SlowBody { piece_bytes, milliseconds } => {
            let pause = Duration::from_millis(milliseconds);
            bodies::trickle(next.run(request).await, piece_bytes, pause).await
        }
        Effect::CutBody { after_bytes } => bodies::cut(next.run(request).await, after_bytes).await,
        Effect::ContentType { content_type } => {
            let mut response = next.run(request).await;
            insert(response.headers_mut(), "content-type", &content_type);
            response
        }
        Effect::SkewedDate { minutes } => {
            let mut response = next.run(request).await;
            insert(response.headers_mut(), "date", &skewed_date(faults, minutes));
            response
        }
        replacing => replace(replacing),
    }
}

/// The answers that never reach the vendor's own routes.
fn replace(effect: Effect) -> Response {
    match effect {
        Effect::Status { status, headers, body } => {
            let mut response = answer(status, "application/json", body);
            for (name, value) in &headers {
                insert(response.headers_mut(), name, value);
            }
            response
        }
        Effect::TooManyRequests { retry_after_seconds } => {
            let mut response = answer(429, "application/json", r#"{"error":"slow down"}"#);
            if let Some(seconds) = retry_after_seconds {
                insert(response.headers_mut(), "retry-after", &seconds.to_string());
            }
            response
        }
        Effect::ExpiredToken => {
            let mut response = answer(401, "application/json", r#"{"error":"invalid_token"}"#);
            let challenge = r#"Bearer error="invalid_token""#;
            insert(response.headers_mut(), "www-authenticate", challenge);
            response
        }
        Effect::MalformedJson => answer(200, "application/json", r#"{"result":[{"name":"pay"#),
        Effect::Html => answer(
            200,
            "text/html; charset=utf-8",
            "<!doctype html><html><head><title>Sleeping</title></head>\
             <body><h1>This instance is waking up</h1></body></html>",
        ),
        Effect::OtherShape => answer(200, "application/json", r#"{"unexpected":{"shape":[1,2]}}"#),
        Effect::EmptyBody => answer(200, "application/json", Body::empty()),
        Effect::GzipBomb { mebibytes } => {
            let body = bodies::gzip_of_zeros(mebibytes.saturating_mul(1024 * 1024));
            let mut response = answer(200, "application/json", body);
            insert(response.headers_mut(), "content-encoding", "gzip");
            response
        }
        Effect::EndlessBody => answer(200, "application/json", bodies::endless()),
        Effect::Redirect { location, status } => {
            let mut response = answer(status, "text/plain", Body::empty());
            insert(response.headers_mut(), "location", &location);
            response
        }
        _ => bodies::dropped(),
    }
}

fn answer(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    insert(response.headers_mut(), header::CONTENT_TYPE.as_str(), content_type);
    response
}

/// A name or value that HTTP cannot carry is left out: a fault file must not bring the simulator down.
fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

fn skewed_date(faults: &Faults, minutes: i64) -> String {
    let skewed = faults.clock.now().saturating_add(SignedDuration::from_mins(minutes));
    let skewed = skewed.unwrap_or(jiff::Timestamp::MAX);
    skewed.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_its_requests_and_ends_by_itself() {
        let clock = Arc::new(crate::clock::Frozen::at(jiff::Timestamp::UNIX_EPOCH));
        let faults = Faults::new(clock);
        let fault = Fault::on("/api/", Effect::EmptyBody).containing("limit=1").method("get");
        faults.set(fault.times(2));
        assert_eq!(faults.take_for("GET", "/other?limit=1"), None);
        assert_eq!(faults.take_for("POST", "/api/x?limit=1"), None);
        assert_eq!(faults.take_for("GET", "/api/x?limit=2"), None);
        assert_eq!(faults.take_for("GET", "/api/x?limit=1"), Some(Effect::EmptyBody));
        assert_eq!(faults.take_for("GET", "/api/x?limit=1"), Some(Effect::EmptyBody));
        assert_eq!(faults.take_for("GET", "/api/x?limit=1"), None);
        assert!(faults.active().is_empty());
    }

    #[test]
    fn faults_are_written_as_flat_json() {
        let text = r#"{"path":"/api","times":1,"fault":"too_many_requests","retry_after_seconds":3}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        let effect = Effect::TooManyRequests { retry_after_seconds: Some(3) };
        assert_eq!(fault, Fault::on("/api", effect).times(1));
        assert_eq!(serde_json::to_string(&fault).unwrap(), text);
    }
}
