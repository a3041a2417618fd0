//! Alertmanager's JSON (API v2) as sent: bare, without an envelope. Unknown keys are passed over.

use std::collections::BTreeMap;

use domain::Text;
use jiff::Timestamp;
use serde::Deserialize;

pub(super) type Labels = BTreeMap<Text, Text>;

#[derive(Debug, Deserialize)]
pub(super) struct AlertWire {
    pub(super) labels: Labels,
    #[serde(default)]
    pub(super) annotations: Labels,
    #[serde(rename = "startsAt")]
    pub(super) starts_at: Timestamp,
    pub(super) fingerprint: Text,
    pub(super) status: AlertStatus,
}

#[derive(Debug, Deserialize)]
pub(super) struct AlertStatus {
    pub(super) state: StateWire,
    #[serde(default, rename = "silencedBy")]
    pub(super) silenced_by: Vec<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StateWire {
    Active,
    Suppressed,
    /// Received, and not yet matched with silences and inhibitions.
    Unprocessed,
}

#[derive(Debug, Deserialize)]
pub(super) struct SilenceWire {
    pub(super) status: SilenceStatus,
}

#[derive(Debug, Deserialize)]
pub(super) struct SilenceStatus {
    /// `active`, `pending` or `expired`; expired ones are kept for days.
    pub(super) state: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct StatusWire {
    pub(super) cluster: Cluster,
    #[serde(rename = "versionInfo")]
    pub(super) version: VersionInformation,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cluster {
    pub(super) status: ClusterState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ClusterState {
    Ready,
    Settling,
    Disabled,
}

#[derive(Debug, Deserialize)]
pub(super) struct VersionInformation {
    pub(super) version: Text,
}
