//! The ServiceNow ITSM connector: changes, approvals, incidents, problems, schedules, people, by the Table API.
//! It reads everything in the horizon, or what changed since its marks; whatever is absent, hidden or refused is a
//! gap. Configuration items are only named here; the CMDB connector reads them.

mod config;

mod wire;

mod client;

mod gather;

mod changes;

mod operations;

mod problems;

mod people;

mod read;
mod texts;

mod convert;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{RecordKind, Text};
use jiff::Timestamp;

pub use client::Servicenow;
pub use config::*;

use crate::clock::Clock;
use crate::contract::{Connector, Descriptor, GatherRequest, Gathered, LongTexts, Probe, Wanted};
use crate::reach::SystemPlan;
use crate::resilience::{SetupError, TelemetrySnapshot};

/// The kinds of records that it reads.
const KINDS: [RecordKind; 15] = [
    RecordKind::Change,
    RecordKind::ChangeTask,
    RecordKind::Approval,
    RecordKind::ChangeTemplate,
    RecordKind::FieldHistory,
    RecordKind::Incident,
    RecordKind::Problem,
    RecordKind::Schedule,
    RecordKind::CabMeeting,
    RecordKind::Train,
    RecordKind::ServiceLevel,
    RecordKind::Account,
    RecordKind::Group,
    RecordKind::Delegation,
    RecordKind::ServiceOffering,
];

/// Sets the connector of one instance up; nothing is sent yet.
///
/// # Errors
/// If the address, a setting or the certificates are not usable.
pub fn open(plan: &SystemPlan, options: &Options, clock: Arc<dyn Clock>) -> Result<Servicenow, SetupError> {
    Servicenow::new(plan, options.clone(), clock)
}

#[async_trait]
impl Connector for Servicenow {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, _now: Timestamp) -> Probe {
        self.ask_who_we_are().await
    }

    async fn gather(&self, request: &GatherRequest) -> Gathered {
        self.gather_horizon(request).await
    }

    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        self.read_named(wanted, now).await
    }

    async fn find(&self, kind: RecordKind, keys: &BTreeSet<Text>, now: Timestamp) -> Gathered {
        self.read_numbered(kind, keys, now).await
    }

    fn long_texts(&self) -> Option<&dyn LongTexts> {
        Some(self)
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        self.api.upstream().telemetry()
    }
}
