//! The ServiceNow CMDB connector: configuration items and their relations around the services, by the Table API.
//! It reads the items that stand for services, those that other systems' records name, and their neighbourhood.

mod config;

mod wire;

mod client;

mod gather;

mod walk;

mod convert;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

pub use client::Cmdb;
pub use config::*;

use crate::clock::Clock;
use crate::contract::{Connector, Descriptor, GatherRequest, Gathered, Probe, Wanted};
use crate::reach::SystemPlan;
use crate::resilience::{SetupError, TelemetrySnapshot};

/// Sets the connector of one CMDB up; nothing is sent yet.
///
/// # Errors
/// If the address, a setting or the certificates are not usable.
pub fn open(plan: &SystemPlan, options: &Options, clock: Arc<dyn Clock>) -> Result<Cmdb, SetupError> {
    Cmdb::new(plan, options.clone(), clock)
}

#[async_trait]
impl Connector for Cmdb {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, _now: Timestamp) -> Probe {
        self.ask_who_we_are().await
    }

    async fn gather(&self, request: &GatherRequest) -> Gathered {
        self.gather_neighbourhood(request).await
    }

    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        self.read_named(wanted, now).await
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        self.api.upstream().telemetry()
    }
}
