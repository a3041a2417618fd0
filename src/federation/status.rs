//! How each system does, as people and the `connectors` field are told.

use std::collections::BTreeMap;

use connectors::resilience::TelemetrySnapshot;
use domain::{ConnectorId, Family, Gap, RecordKind};
use jiff::Timestamp;

use super::Federation;

/// Health in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectorHealth {
    /// Everything was read well the last time.
    Healthy,
    /// A part could not be read.
    Degraded,
    /// Nothing could be read.
    Down,
    /// Not asked yet.
    Unknown,
}

/// How one system does.
#[derive(Debug, Clone)]
pub struct ConnectorStatus {
    /// Its id.
    pub id: ConnectorId,
    /// Its family.
    pub family: Family,
    /// Its vendor.
    pub vendor: &'static str,
    /// Health in one word.
    pub health: ConnectorHealth,
    /// Was every kind read well the last time?
    pub complete: bool,
    /// Where the next incremental reads start: the earliest mark.
    pub watermark: Option<Timestamp>,
    /// When everything was read the last time.
    pub last_sweep_at: Option<Timestamp>,
    /// Last good read by kind.
    pub last_good: BTreeMap<RecordKind, Timestamp>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// What the resilience layer has seen.
    pub telemetry: TelemetrySnapshot,
}

impl Federation {
    /// How every system does, in the order of the configuration.
    pub async fn statuses(&self) -> Vec<ConnectorStatus> {
        let holdings = self.holdings.lock().await;
        let status = |connector: &std::sync::Arc<dyn connectors::Connector>| {
            let descriptor = connector.descriptor();
            let held = holdings.systems.get(&descriptor.id);
            let gaps: Vec<Gap> = held.map(|held| held.gaps().cloned().collect()).unwrap_or_default();
            let last_good = held.map(|held| held.last_good.clone()).unwrap_or_default();
            let all_dark = descriptor.kinds.iter().all(|kind| held.is_some_and(|held| held.is_dark(*kind)));
            let health = match (gaps.is_empty(), last_good.is_empty()) {
                (true, true) => ConnectorHealth::Unknown,
                (true, false) => ConnectorHealth::Healthy,
                (false, _) if all_dark => ConnectorHealth::Down,
                (false, _) => ConnectorHealth::Degraded,
            };
            ConnectorStatus {
                id: descriptor.id.clone(),
                family: descriptor.family,
                vendor: descriptor.vendor,
                health,
                complete: held.is_some_and(super::held::Held::is_complete),
                watermark: held.and_then(|held| held.watermarks.values().min().copied()),
                last_sweep_at: held.and_then(|held| held.last_sweep_at),
                last_good,
                gaps,
                telemetry: connector.telemetry(),
            }
        };
        self.connectors().iter().map(status).collect()
    }
}
