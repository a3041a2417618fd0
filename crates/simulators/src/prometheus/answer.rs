//! The envelope of every answer, and how moments and numbers are written in it.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::promql::{Failure, RangeSeries};

/// A refusal, in the words of the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    BadData(String),
    Execution(String),
    Timeout,
}

impl Refusal {
    /// A parameter that cannot be understood.
    pub(super) fn parameter(name: &str, problem: impl std::fmt::Display) -> Self {
        Self::BadData(format!("invalid parameter {name:?}: {problem}"))
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Execution(failure.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, kind, error) = match self {
            Self::BadData(error) => (StatusCode::BAD_REQUEST, "bad_data", error),
            Self::Execution(error) => (StatusCode::UNPROCESSABLE_ENTITY, "execution", error),
            Self::Timeout => {
                (StatusCode::SERVICE_UNAVAILABLE, "timeout", "query timed out in expression evaluation".to_owned())
            }
        };
        (status, Json(json!({ "status": "error", "errorType": kind, "error": error }))).into_response()
    }
}

pub(super) type Answer = Result<Json<Value>, Refusal>;

pub(super) fn success(data: Value, warnings: &[String]) -> Json<Value> {
    let mut envelope = json!({ "status": "success", "data": data });
    if let (false, Some(fields)) = (warnings.is_empty(), envelope.as_object_mut()) {
        fields.insert("warnings".to_owned(), json!(warnings));
    }
    Json(envelope)
}

pub(super) async fn not_found() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (StatusCode::NOT_FOUND, kind, "404 page not found\n").into_response()
}

/// Numbers are strings, since JSON has neither NaN nor infinities.
pub(super) fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

/// As the value of an alert is written: `1.5e+01`.
pub(super) fn scientific(value: f64) -> String {
    if !value.is_finite() {
        return number(value);
    }
    let written = format!("{value:e}");
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// Unix seconds, with decimals only where there are any.
pub(super) fn moment(milliseconds: i64) -> Value {
    if milliseconds % 1000 == 0 {
        return json!(milliseconds / 1000);
    }
    #[expect(clippy::cast_precision_loss, reason = "moments in milliseconds are far below 2^53")]
    let seconds = milliseconds as f64 / 1000.0;
    json!(seconds)
}

pub(super) fn point((at, value): (i64, f64)) -> Value {
    json!([moment(at), number(value)])
}

pub(super) fn matrix(series: &[RangeSeries]) -> Value {
    let one = |series: &RangeSeries| {
        let values: Vec<Value> = series.points.iter().copied().map(point).collect();
        json!({ "metric": series.labels, "values": values })
    };
    json!({ "resultType": "matrix", "result": series.iter().map(one).collect::<Vec<_>>() })
}
