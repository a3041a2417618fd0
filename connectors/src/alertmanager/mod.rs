//! The Alertmanager connector: alerts as they reach people, with the silences that keep them quiet.
//! Resolved alerts vanish from Alertmanager; each read is a full one.

mod client;
mod config;
mod convert;
mod probing;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Family, Gap, GapCode, RecordKind};
use futures::future::join;
use jiff::Timestamp;

pub use config::*;

use crate::clock::Clock;
use crate::contract::{Connector, Descriptor, GatherRequest, Gathered, Probe, Wanted};
use crate::error::ConnectorError;
use crate::reach::SystemPlan;
use crate::reach::{Manners, upstream};
use crate::resilience::{SetupError, StandardDialect, TelemetrySnapshot};

use client::Client;
use convert::Place;
use wire::ClusterState;

const KINDS: [RecordKind; 1] = [RecordKind::Alert];

/// One Alertmanager.
pub struct Alertmanager {
    descriptor: Descriptor,
    client: Client,
    url: String,
}

/// Sets the connector up; nothing is sent yet.
///
/// # Errors
/// If the address or a setting is not usable.
pub fn open(plan: &SystemPlan, options: &Options, clock: Arc<dyn Clock>) -> Result<Alertmanager, SetupError> {
    let manners = Manners { dialect: Arc::new(StandardDialect), token_endpoint: "" };
    Ok(Alertmanager {
        descriptor: Descriptor {
            id: plan.id.clone(),
            family: Family::Monitoring,
            vendor: "alertmanager",
            kinds: &KINDS,
        },
        client: Client::new(upstream(plan, manners, clock)?, options.receiver.clone()),
        url: plan.url.trim_end_matches('/').to_owned(),
    })
}

impl Alertmanager {
    async fn alerts(&self, now: Timestamp) -> Gathered {
        let (alerts, status) = join(self.client.alerts(), self.client.status()).await;
        let mut gathered = Gathered::default();
        match alerts {
            Ok(alerts) => {
                let place = Place { connector: &self.descriptor.id, url: &self.url, fetched_at: now };
                gathered.records.alerts = alerts.into_iter().map(|wire| convert::alert(wire, place)).collect();
            }
            Err(error) => {
                gathered.gaps.push(error.gap(RecordKind::Alert, None));
                return gathered;
            }
        }
        gathered.gaps.extend(self.doubt(status.map(|told| told.status.cluster.status)));
        if gathered.gaps.is_empty() {
            gathered.complete.insert(RecordKind::Alert);
            gathered.watermarks.insert(RecordKind::Alert, now);
        } else {
            gathered.changed.insert(RecordKind::Alert);
        }
        gathered
    }

    /// A member that is still joining its cluster does not know all alerts and silences yet.
    fn doubt(&self, cluster: Result<ClusterState, ConnectorError>) -> Option<Gap> {
        let connector = &self.descriptor.id;
        match cluster {
            Ok(ClusterState::Ready | ClusterState::Disabled) => None,
            Ok(ClusterState::Settling) => Some(Gap {
                code: GapCode::SourceIncomplete,
                connector: Some(connector.clone()),
                kind: RecordKind::Alert,
                message: format!("{connector}: it is still joining its cluster and may not know all alerts").into(),
                since: None,
                retryable: true,
            }),
            Err(error) => Some(error.gap(RecordKind::Alert, None)),
        }
    }
}

#[async_trait]
impl Connector for Alertmanager {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, now: Timestamp) -> Probe {
        self.ask(now).await
    }

    async fn gather(&self, request: &GatherRequest) -> Gathered {
        self.alerts(request.now).await
    }

    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        let Some(ids) = wanted.get(&RecordKind::Alert) else {
            return Gathered::default();
        };
        // There is no question for some alerts by their fingerprints; the list of all is one request.
        let mut gathered = self.alerts(now).await;
        gathered.records.alerts.retain(|alert| ids.contains(&alert.id.0));
        gathered.changed.append(&mut gathered.complete);
        gathered.watermarks.clear();
        gathered
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        self.client.telemetry()
    }
}

#[cfg(test)]
mod tests;
