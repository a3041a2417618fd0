//! A transport that plays a script under paused time and notes what was sent, and when.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::ConnectorId;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::super::transport::{Transport, Wire, WireAnswer};
use super::super::upstream::{Upstream, UpstreamConfig};
use crate::clock::instant;
use crate::clock::testing::FollowsTokio;
use crate::error::{Failure, FailureKind};

/// What the system does with one try. The last one of a script is repeated.
#[derive(Clone)]
pub(super) enum Step {
    Says(u16, &'static str, &'static [(&'static str, &'static str)]),
    Fails(FailureKind),
    Takes(Duration, Box<Step>),
    Hangs,
}

pub(super) fn good() -> Step {
    Step::Says(200, r#"{"rows":[]}"#, &[])
}

pub(super) fn status(status: u16) -> Step {
    Step::Says(status, "", &[])
}

/// One try as it went out.
pub(super) struct Sent {
    pub(super) wire: Wire,
    pub(super) after: Duration,
}

pub(super) struct Script {
    start: tokio::time::Instant,
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<Sent>>,
}

impl Script {
    pub(super) fn of(steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self { start: instant(), steps: Mutex::new(steps.into_iter().collect()), sent: Mutex::default() })
    }

    /// A system that plays this script, with defaults changed by `tune`.
    pub(super) fn system(self: &Arc<Self>, tune: impl FnOnce(&mut UpstreamConfig)) -> Upstream {
        let clock = Arc::new(FollowsTokio::from("2026-03-26T15:58:30Z"));
        let mut config = UpstreamConfig::new(ConnectorId::new("jira"), "https://acme.example", clock);
        tune(&mut config);
        Upstream::over(Arc::clone(self) as Arc<dyn Transport>, config).expect("a system")
    }

    /// When each try went out, in whole milliseconds since the script was made.
    pub(super) fn times(&self) -> Vec<u128> {
        let sent = self.sent.lock().expect("the lock");
        sent.iter().map(|sent| sent.after.as_millis()).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.times().len()
    }

    pub(super) fn header(&self, number: usize, name: &str) -> Option<String> {
        let sent = self.sent.lock().expect("the lock");
        let value = sent[number].wire.headers.get(name)?;
        Some(value.to_str().expect("text").to_owned())
    }
}

#[async_trait]
impl Transport for Script {
    async fn exchange(&self, wire: Wire) -> Result<WireAnswer, Failure> {
        let after = self.start.elapsed();
        self.sent.lock().expect("the lock").push(Sent { wire, after });
        let mut step = {
            let mut steps = self.steps.lock().expect("the lock");
            if steps.len() > 1 { steps.pop_front() } else { steps.front().cloned() }
        };
        loop {
            match step.expect("a step") {
                Step::Says(status, body, headers) => return Ok(says(status, body, headers)),
                Step::Fails(kind) => return Err(kind.into()),
                Step::Hangs => std::future::pending::<()>().await,
                Step::Takes(time, then) => {
                    tokio::time::sleep(time).await;
                    step = Some(*then);
                    continue;
                }
            }
            step = None;
        }
    }
}

fn says(status: u16, body: &'static str, extra: &[(&'static str, &'static str)]) -> WireAnswer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in extra {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let status = StatusCode::from_u16(status).expect("a status");
    WireAnswer { status, headers, body: Bytes::from_static(body.as_bytes()) }
}
