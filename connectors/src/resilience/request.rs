//! What a vendor asks of its system, as plain values: no HTTP library shows here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};

use super::limits::RequestBudget;

/// One request to one system, built by a vendor's client.
#[derive(Clone)]
pub struct Request {
    pub(super) operation: &'static str,
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Body,
    pub(super) idempotency: Idempotency,
    pub(super) scope: Scope,
    pub(super) cache: Option<CachePolicy>,
    pub(super) expects: Expects,
    pub(super) redirects: Redirects,
    pub(super) accepted: &'static [u16],
    pub(super) max_body_bytes: Option<usize>,
    pub(super) deadline: Option<Duration>,
    pub(super) budget: Option<Arc<RequestBudget>>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// Segments below the system's base URL, not yet encoded.
    Segments(Vec<String>),
    /// A URL that the system itself gave, such as the next page.
    Link(String),
}

/// What a request carries.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// JSON text.
    Json(Bytes),
    /// URL-encoded pairs.
    Form(Vec<(String, String)>),
    /// Bytes of the given content type.
    Bytes(&'static str, Bytes),
}

/// Whether a request may be sent twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Idempotency {
    /// It changes nothing.
    Read,
    /// It changes something, and the system recognises a repetition (a correlation id, a PUT).
    Keyed,
    /// It changes something each time that it arrives: it is sent at most once.
    Once,
}

/// What the body of a good answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expects {
    /// JSON by content type and by syntax, or nothing at all.
    Json,
    /// Anything; the vendor looks at it.
    Anything,
}

/// Where a redirect may lead a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Redirects {
    /// To another path of the same host.
    SameHost,
    /// Also to another host, which gets no header of ours and so no credentials.
    AnyHost,
}

/// The circle of callers who may share an answer. Reads of different scopes never meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Scope(Arc<str>);

impl Scope {
    /// The scope of a caller, under any name that two different rights never share.
    pub fn new(key: impl AsRef<str>) -> Self {
        Self(Arc::from(key.as_ref()))
    }
}

/// How long an answer may be used again. Ages count from when the system last confirmed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePolicy {
    /// Younger than this, it is used without asking.
    pub fresh_for: Duration,
    /// For so long after that, it is used at once and refreshed in the background.
    pub stale_while_revalidate: Duration,
    /// For so long after being fresh, it stands in when the system is out of order.
    pub stale_if_error: Duration,
}

impl CachePolicy {
    /// Used without asking for this long, and never when older.
    #[must_use]
    pub fn fresh_for(fresh_for: Duration) -> Self {
        Self { fresh_for, stale_while_revalidate: Duration::ZERO, stale_if_error: Duration::ZERO }
    }

    /// Asks each time, but cheaply where the system knows conditional requests.
    #[must_use]
    pub fn revalidate() -> Self {
        Self::fresh_for(Duration::ZERO)
    }

    /// Lets a stale answer be used while a new one is fetched.
    #[must_use]
    pub fn stale_while_revalidate(mut self, extra: Duration) -> Self {
        self.stale_while_revalidate = extra;
        self
    }

    /// Lets a stale answer stand in for a failing system.
    #[must_use]
    pub fn stale_if_error(mut self, extra: Duration) -> Self {
        self.stale_if_error = extra;
        self
    }

    pub(super) fn usable_while_refreshed(&self) -> Duration {
        self.fresh_for.saturating_add(self.stale_while_revalidate)
    }

    pub(super) fn usable_after_failure(&self) -> Duration {
        self.fresh_for.saturating_add(self.stale_if_error)
    }

    /// After this age nobody with this policy wants the answer any more.
    pub(super) fn longest(&self) -> Duration {
        self.fresh_for.saturating_add(self.stale_while_revalidate.max(self.stale_if_error))
    }
}

impl Request {
    /// Reads below a fixed path such as `api/now/table/change_request`.
    #[must_use]
    pub fn get(operation: &'static str, path: &str) -> Self {
        Self::new(operation, Method::GET, path, Idempotency::Read)
    }

    /// Sends with any method; the idempotency says whether it may be sent twice.
    #[must_use]
    pub fn new(operation: &'static str, method: Method, path: &str, idempotency: Idempotency) -> Self {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        Self {
            operation,
            method,
            target: Target::Segments(segments.map(str::to_owned).collect()),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Empty,
            idempotency,
            scope: Scope::default(),
            cache: None,
            expects: Expects::Json,
            redirects: Redirects::SameHost,
            accepted: &[],
            max_body_bytes: None,
            deadline: None,
            budget: None,
        }
    }

    /// Reads a URL that the system gave in an answer. It is refused if it leads to another host.
    #[must_use]
    pub fn link(operation: &'static str, url: impl Into<String>) -> Self {
        let mut request = Self::get(operation, "");
        request.target = Target::Link(url.into());
        request
    }

    /// Adds one segment to the path; it is encoded, so it may hold anything.
    #[must_use]
    pub fn segment(mut self, segment: impl Into<String>) -> Self {
        if let Target::Segments(segments) = &mut self.target {
            segments.push(segment.into());
        }
        self
    }

    /// Adds one pair to the query.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header. Credentials do not belong here: they are applied per try.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, value: &serde_json::Value) -> Self {
        self.body(Body::Json(Bytes::from(value.to_string())))
    }

    /// Names the circle of callers who may share the answer.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Lets the answer be used again. Has no effect on writes.
    #[must_use]
    pub fn cache(mut self, policy: CachePolicy) -> Self {
        self.cache = Some(policy);
        self
    }

    /// Takes any body, not only JSON.
    #[must_use]
    pub fn expects_anything(mut self) -> Self {
        self.expects = Expects::Anything;
        self
    }

    /// Lets the system send us to the store that holds the file, on whatever host; credentials stay behind.
    #[must_use]
    pub fn stored_elsewhere(mut self) -> Self {
        self.redirects = Redirects::AnyHost;
        self
    }

    /// Error statuses that this request understands: they come back as answers, with their bodies.
    #[must_use]
    pub fn accepting(mut self, statuses: &'static [u16]) -> Self {
        self.accepted = statuses;
        self
    }

    /// Narrows (or widens) the largest body held, in bytes after decompression.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = Some(bytes);
        self
    }

    /// Time for the whole call, where it differs from the system's.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Charges every try to this budget.
    #[must_use]
    pub fn budget(mut self, budget: Arc<RequestBudget>) -> Self {
        self.budget = Some(budget);
        self
    }

    pub(super) fn is_read(&self) -> bool {
        self.idempotency == Idempotency::Read
    }

    pub(super) fn may_repeat(&self) -> bool {
        self.idempotency != Idempotency::Once
    }

    /// Two reads with the same key may share one answer.
    pub(super) fn key(&self) -> RequestKey {
        RequestKey {
            scope: self.scope.clone(),
            method: self.method.clone(),
            target: self.target.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            expects: self.expects,
            redirects: self.redirects,
            accepted: self.accepted,
            max_body_bytes: self.max_body_bytes,
        }
    }
}

// Queries and bodies may hold personal data or a secret, so neither is ever printed.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}: {})", self.operation, self.method)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(bytes) => write!(f, "Json({} bytes)", bytes.len()),
            Self::Form(pairs) => write!(f, "Form({} pairs)", pairs.len()),
            Self::Bytes(content_type, bytes) => write!(f, "{content_type}({} bytes)", bytes.len()),
        }
    }
}

/// Everything about a read that its answer depends on, but for the system and its credentials:
/// those are one per `Upstream`, and so are the cache and the calls in flight.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct RequestKey {
    scope: Scope,
    method: Method,
    target: Target,
    query: Vec<(String, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Body,
    expects: Expects,
    redirects: Redirects,
    accepted: &'static [u16],
    max_body_bytes: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_and_body_keep_reads_apart() {
        let request = Request::get("read", "a/b").query("x", "1");
        let key = request.key();
        assert!(key == request.clone().deadline(Duration::from_secs(1)).key());
        assert!(key != request.clone().scope(Scope::new("ada")).key());
        assert!(key != request.clone().json(&serde_json::json!({})).key());
        assert!(key != request.query("x", "2").key());
    }
}
