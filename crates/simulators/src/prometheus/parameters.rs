//! Parameters of a request, from the query and, where posted as a form, from the body.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use jiff::Timestamp;
use url::form_urlencoded;

use super::answer::Refusal;
use super::promql::{Matcher, parse_selector};

const LARGEST_FORM_BYTES: usize = 10 << 20;

#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let read = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().collect::<Vec<_>>();
        let in_query = read(request.uri().query().unwrap_or_default().as_bytes());
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body = to_bytes(request.into_body(), LARGEST_FORM_BYTES).await;
        let body = body.map_err(|error| Refusal::BadData(format!("error parsing form values: {error}")))?;
        let mut found = if is_form { read(&body) } else { Vec::new() };
        found.extend(in_query);
        Ok(Self(found))
    }
}

impl Parameters {
    /// The value, or nothing where it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Unix seconds or RFC 3339, as Unix milliseconds.
    pub(super) fn moment(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(written) = self.get(name) else {
            return Ok(None);
        };
        if let Some(milliseconds) = written.parse::<f64>().ok().and_then(milliseconds) {
            return Ok(Some(milliseconds));
        }
        match written.parse::<Timestamp>() {
            Ok(moment) => Ok(Some(moment.as_millisecond())),
            Err(_) => Err(Refusal::parameter(name, format!("cannot parse {written:?} to a valid timestamp"))),
        }
    }

    pub(super) fn required_moment(&self, name: &str) -> Result<i64, Refusal> {
        let missing = || Refusal::parameter(name, "cannot parse \"\" to a valid timestamp");
        self.moment(name)?.ok_or_else(missing)
    }

    /// Seconds or a duration such as `5m`, as milliseconds.
    pub(super) fn duration(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(written) = self.get(name) else {
            return Ok(None);
        };
        let seconds = written.parse::<f64>().ok().and_then(milliseconds);
        match seconds.or_else(|| super::promql::duration(written)) {
            Some(milliseconds) => Ok(Some(milliseconds)),
            None => Err(Refusal::parameter(name, format!("cannot parse {written:?} to a valid duration"))),
        }
    }

    /// How many results at most; zero and absent are no limit.
    pub(super) fn limit(&self) -> Result<usize, Refusal> {
        let Some(written) = self.get("limit") else {
            return Ok(usize::MAX);
        };
        match written.parse::<usize>() {
            Ok(0) => Ok(usize::MAX),
            Ok(limit) => Ok(limit),
            Err(_) => Err(Refusal::parameter("limit", "limit must be non-negative")),
        }
    }

    /// One list of matchers for each `match[]`.
    pub(super) fn selectors(&self) -> Result<Vec<Vec<Matcher>>, Refusal> {
        let selectors = self.all("match[]").map(parse_selector);
        selectors.map(|parsed| parsed.map_err(|error| Refusal::parameter("match[]", error))).collect()
    }
}

fn milliseconds(seconds: f64) -> Option<i64> {
    let milliseconds = (seconds * 1000.0).round();
    // Outside of this no calendar has a moment, and the server refuses it as well.
    if milliseconds.is_nan() || milliseconds.abs() >= 9e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    Some(milliseconds as i64)
}
