//! Requests to Alertmanager's API v2. Its refusals are sometimes a JSON string, sometimes an object, sometimes empty:
//! only their status is read.

use jiff::SignedDuration;
use serde::de::DeserializeOwned;

use super::wire::{AlertWire, SilenceWire, StatusWire};
use crate::error::{ConnectorError, Failure, FailureKind};
use crate::resilience::{Answer, Request, TelemetrySnapshot, Upstream};

/// One Alertmanager.
pub(super) struct Client {
    upstream: Upstream,
    receiver: Option<String>,
}

/// Its status, and its clock minus ours.
pub(super) struct Told {
    pub(super) status: StatusWire,
    pub(super) clock_skew: Option<SignedDuration>,
}

impl Client {
    pub(super) fn new(upstream: Upstream, receiver: Option<String>) -> Self {
        Self { upstream, receiver }
    }

    pub(super) fn telemetry(&self) -> TelemetrySnapshot {
        self.upstream.telemetry()
    }

    /// All alerts that are not over, quiet ones among them, whatever the server's defaults are.
    pub(super) async fn alerts(&self) -> Result<Vec<AlertWire>, ConnectorError> {
        const OPERATION: &str = "list alerts";
        let mut request = Request::get(OPERATION, "api/v2/alerts");
        for state in ["active", "silenced", "inhibited", "unprocessed"] {
            request = request.query(state, "true");
        }
        if let Some(receiver) = &self.receiver {
            request = request.query("receiver", receiver);
        }
        self.decode(OPERATION, &self.send(OPERATION, request).await?)
    }

    pub(super) async fn silences(&self) -> Result<Vec<SilenceWire>, ConnectorError> {
        const OPERATION: &str = "list silences";
        self.decode(OPERATION, &self.send(OPERATION, Request::get(OPERATION, "api/v2/silences")).await?)
    }

    pub(super) async fn status(&self) -> Result<Told, ConnectorError> {
        const OPERATION: &str = "ask the status";
        let answer = self.send(OPERATION, Request::get(OPERATION, "api/v2/status")).await?;
        Ok(Told { status: self.decode(OPERATION, &answer)?, clock_skew: answer.date_skew })
    }

    async fn send(&self, operation: &'static str, request: Request) -> Result<Answer, ConnectorError> {
        let found = self.upstream.send(request).await?.found();
        found.ok_or_else(|| {
            let failure =
                Failure::new(FailureKind::Rejected { status: 404 }, "there is no such API at this address");
            failure.of(self.upstream.system(), operation)
        })
    }

    fn decode<T: DeserializeOwned>(&self, operation: &'static str, answer: &Answer) -> Result<T, ConnectorError> {
        self.upstream.decode(operation, answer)
    }
}
