//! Requests to Prometheus' HTTP API, and the envelope around its answers. Queries go as forms, so that their length
//! does not matter.

use domain::{Gap, GapCode, RecordKind};
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::convert::moment;
use super::wire::{
    AlertList, BuildInformation, Envelope, QueryResult, RefusalWire, RuleList, Sample, Series, Status,
};
use crate::error::{ConnectorError, Failure, FailureKind};
use crate::resilience::{
    Answer, Body, Dialect, Idempotency, Request, TelemetrySnapshot, Upstream, standard_failure, vendor_now,
};

/// How Prometheus says no: the envelope's error type tells more than the status.
pub(super) struct Refusals;

impl Dialect for Refusals {
    fn judge(&self, answer: &Answer) -> Option<Failure> {
        let now = vendor_now(answer);
        let standard = standard_failure(answer.status, self.rate_limit(&answer.headers, now).wait(now))?;
        let told: Option<RefusalWire> = serde_json::from_slice(&answer.body).ok();
        Some(told.and_then(|told| refusal(&told.error_type, answer.status)).unwrap_or(standard))
    }
}

/// The failure that an error type means; `None` where the status says as much.
fn refusal(error_type: &str, status: StatusCode) -> Option<Failure> {
    let rejected = FailureKind::Rejected { status: status.as_u16() };
    Some(match error_type {
        "timeout" => Failure::new(FailureKind::TimedOut, "the query took too long"),
        "canceled" => Failure::new(FailureKind::Unavailable { status: status.as_u16() }, "the query was cancelled"),
        "bad_data" => Failure::new(rejected, "it does not understand the query or a parameter"),
        "execution" => Failure::new(rejected, "it cannot execute the query"),
        _ => return None,
    })
}

/// Data with the number of warnings that came with it.
#[derive(Debug)]
pub(super) struct Told<T> {
    pub(super) data: T,
    pub(super) warnings: usize,
}

impl<T> Told<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Told<U> {
        Told { data: change(self.data), warnings: self.warnings }
    }
}

/// One Prometheus.
pub(super) struct Client {
    upstream: Upstream,
}

/// Moments at which a range is evaluated, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) step: SignedDuration,
}

impl Client {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self { upstream }
    }

    pub(super) fn telemetry(&self) -> TelemetrySnapshot {
        self.upstream.telemetry()
    }

    /// Its own time: what is current is judged by the clock that dates its samples.
    pub(super) async fn moment(&self) -> Result<Timestamp, ConnectorError> {
        const OPERATION: &str = "ask the time";
        let request = post(OPERATION, "api/v1/query").body(form([("query", "time()".to_owned())]));
        match self.ask(OPERATION, request).await?.data {
            QueryResult::Scalar((at, _)) => {
                moment(at).ok_or_else(|| self.malformed(OPERATION, "the time is no moment"))
            }
            _ => Err(self.malformed(OPERATION, "the time is no scalar")),
        }
    }

    /// The series that a query has now, and what time it is there: asked together, so that no question goes up for the
    /// time alone. The query's series must have labels.
    pub(super) async fn query_now(
        &self,
        operation: &'static str,
        query: &str,
    ) -> Result<(Timestamp, Told<Vec<Sample>>), ConnectorError> {
        let query = format!("{query} or vector(time())");
        let told = self.ask(operation, post(operation, "api/v1/query").body(form([("query", query)]))).await?;
        let QueryResult::Vector(mut data) = told.data else {
            return Err(self.malformed(operation, "the query's result is no vector"));
        };
        let clock = data.iter().position(|sample| sample.metric.is_empty()).map(|place| data.swap_remove(place));
        let at = clock.and_then(|sample| moment(sample.value?.0));
        let at = at.ok_or_else(|| self.malformed(operation, "the answer does not tell the time"))?;
        Ok((at, Told { data, warnings: told.warnings }))
    }

    /// The series that a query has at one moment. A scalar is one series without labels.
    pub(super) async fn query(
        &self,
        operation: &'static str,
        query: String,
        at: Timestamp,
    ) -> Result<Told<Vec<Sample>>, ConnectorError> {
        let request = post(operation, "api/v1/query").body(form([("query", query), ("time", at.to_string())]));
        let told = self.ask(operation, request).await?;
        let warnings = told.warnings;
        let data = match told.data {
            QueryResult::Vector(samples) => samples,
            QueryResult::Scalar(point) => vec![Sample { metric: Default::default(), value: Some(point) }],
            QueryResult::Matrix(_) | QueryResult::String(_) => {
                return Err(self.malformed(operation, "the query's result is neither a vector nor a scalar"));
            }
        };
        Ok(Told { data, warnings })
    }

    /// The series that a query has over a range of at most 11,000 moments.
    pub(super) async fn query_range(
        &self,
        operation: &'static str,
        query: String,
        range: Range,
    ) -> Result<Told<Vec<Series>>, ConnectorError> {
        let request = post(operation, "api/v1/query_range").body(form([
            ("query", query),
            ("start", range.start.to_string()),
            ("end", range.end.to_string()),
            ("step", range.step.as_secs().to_string()),
        ]));
        let told = self.ask(operation, request).await?;
        let warnings = told.warnings;
        match told.data {
            QueryResult::Matrix(data) => Ok(Told { data, warnings }),
            _ => Err(self.malformed(operation, "the result over a range is no matrix")),
        }
    }

    pub(super) async fn alerts(&self) -> Result<Told<AlertList>, ConnectorError> {
        self.ask("list alerts", Request::get("list alerts", "api/v1/alerts")).await
    }

    /// Alerting rules, without their alerts where the server knows how to leave them out.
    pub(super) async fn rules(&self) -> Result<Told<RuleList>, ConnectorError> {
        let request = Request::get("list rules", "api/v1/rules").query("type", "alert");
        self.ask("list rules", request.query("exclude_alerts", "true")).await
    }

    /// The server's version, and its clock minus ours.
    pub(super) async fn build(&self) -> Result<Told<(BuildInformation, Option<SignedDuration>)>, ConnectorError> {
        const OPERATION: &str = "ask the version";
        let answer = self.send(OPERATION, Request::get(OPERATION, "api/v1/status/buildinfo")).await?;
        let skew = answer.date_skew;
        Ok(self.open(OPERATION, &answer)?.map(|build| (build, skew)))
    }

    /// What a success with warnings leaves out. Their texts are the vendor's and stay with it.
    pub(super) fn partial(&self, kind: RecordKind, warnings: usize) -> Option<Gap> {
        let message = match warnings {
            0 => return None,
            1 => "its answer carries a warning, so that something may be missing".to_owned(),
            count => format!("its answers carry {count} warnings, so that something may be missing"),
        };
        Some(Gap { retryable: true, ..self.gap(kind, message) })
    }

    /// A part of a kind that is missing although the system answered, until somebody does something.
    pub(super) fn gap(&self, kind: RecordKind, message: String) -> Gap {
        let system = self.upstream.system();
        Gap {
            code: GapCode::SourceIncomplete,
            connector: Some(system.clone()),
            kind,
            message: format!("{system}: {message}").into(),
            since: None,
            retryable: false,
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        request: Request,
    ) -> Result<Told<T>, ConnectorError> {
        let answer = self.send(operation, request).await?;
        self.open(operation, &answer)
    }

    async fn send(&self, operation: &'static str, request: Request) -> Result<Answer, ConnectorError> {
        let found = self.upstream.send(request).await?.found();
        found.ok_or_else(|| {
            let failure =
                Failure::new(FailureKind::Rejected { status: 404 }, "there is no such API at this address");
            failure.of(self.upstream.system(), operation)
        })
    }

    fn open<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        answer: &Answer,
    ) -> Result<Told<T>, ConnectorError> {
        let envelope: Envelope<T> = self.upstream.decode(operation, answer)?;
        if envelope.status == Status::Error {
            let failure = refusal(envelope.error_type.as_deref().unwrap_or_default(), answer.status)
                .unwrap_or_else(|| Failure::new(FailureKind::Malformed, "it sent an error as a success"));
            return Err(failure.of(self.upstream.system(), operation));
        }
        let warnings = envelope.warnings.map_or(0, |warnings| warnings.len());
        let data = envelope.data.ok_or_else(|| self.malformed(operation, "a success came without data"))?;
        Ok(Told { data, warnings })
    }

    fn malformed(&self, operation: &'static str, cause: &'static str) -> ConnectorError {
        Failure::new(FailureKind::Malformed, cause).of(self.upstream.system(), operation)
    }
}

fn post(operation: &'static str, path: &str) -> Request {
    Request::new(operation, Method::POST, path, Idempotency::Read)
}

fn form<const N: usize>(pairs: [(&str, String); N]) -> Body {
    Body::Form(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
