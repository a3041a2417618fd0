//! Connectors to the systems of record: one contract, one resilience layer, one folder per vendor.

#![warn(missing_docs)]

pub mod contract;

pub mod error;

pub mod clock;
pub mod json;
pub mod paging;
pub mod reach;
pub mod resilience;
pub mod vendor;

mod table_api;

pub mod alertmanager;
pub mod git;
pub mod github;
pub mod jira;
pub mod prometheus;
pub mod servicenow;
pub mod servicenow_cmdb;

#[cfg(test)]
mod conformance;

pub use clock::{Clock, SystemClock};
pub use contract::{
    Breadth, Connector, Descriptor, GatherRequest, Gathered, Interest, LongText, LongTexts, Probe, ProbeAnswer,
    Wanted,
};
pub use error::{Cause, ConnectorError, Failure, FailureKind};
pub use vendor::Vendor;
