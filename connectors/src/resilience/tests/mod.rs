//! The layer as a whole: paused time over a scripted transport, and real HTTP against a server
//! that misbehaves. The parts are tested beside their code.

mod script;

mod circuit;

mod memory;

mod patience;

mod real_http;

pub(crate) mod tls;

mod secrets;

mod storm;

use std::time::Duration;

use super::*;
use crate::error::{ConnectorError, FailureKind};

fn read() -> Request {
    Request::get("read rows", "rows")
}

fn kind(result: Result<Answer, ConnectorError>) -> FailureKind {
    match result {
        Ok(answer) => panic!("an answer with status {}", answer.status),
        Err(error) => error.kind,
    }
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}
