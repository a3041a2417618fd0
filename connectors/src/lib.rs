//! Connectors to the systems of record: one contract, one resilience layer, one folder per vendor.

#![warn(missing_docs)]

pub mod contract;

pub mod error;

pub mod clock;
pub mod json;
pub mod paging;
pub mod resilience;

pub use clock::{Clock, SystemClock};
pub use error::{Cause, ConnectorError, Failure, FailureKind};
