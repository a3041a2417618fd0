//! From Alertmanager's alerts to ours. The end that it tells of an alert is always ahead and keeps moving: it says when
//! the alert is given up if nobody repeats it, so it is no end.

use domain::{Alert, AlertId, AlertState, ConnectorId, RecordId, Source, Text};
use jiff::Timestamp;
use url::form_urlencoded::byte_serialize;

use super::wire::{AlertWire, Labels, StateWire};

/// Where and when records are read.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) connector: &'a ConnectorId,
    pub(super) url: &'a str,
    pub(super) fetched_at: Timestamp,
}

pub(super) fn alert(wire: AlertWire, place: Place<'_>) -> Alert {
    let record = RecordId::new(place.connector, wire.fingerprint);
    let name = told(&wire.labels, &["alertname"]).unwrap_or_else(|| "alert".into());
    Alert {
        id: AlertId(record.clone()),
        state: match wire.status.state {
            StateWire::Active | StateWire::Unprocessed => AlertState::Firing,
            StateWire::Suppressed => AlertState::Suppressed,
        },
        severity: told(&wire.labels, &["severity"]),
        summary: told(&wire.annotations, &["summary", "description", "message"]),
        started_at: Some(wire.starts_at).filter(|at| *at > Timestamp::UNIX_EPOCH),
        ended_at: None,
        silenced_by: wire.status.silenced_by,
        source: Source { record, url: Some(page(place.url, &name)), fetched_at: place.fetched_at },
        labels: wire.labels,
        name,
    }
}

/// The page of alerts with this name.
fn page(url: &str, name: &str) -> Text {
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let filter: String = byte_serialize(format!("{{alertname=\"{escaped}\"}}").as_bytes()).collect();
    // A plus is a blank in forms alone.
    format!("{url}/#/alerts?filter={}", filter.replace('+', "%20")).into()
}

/// The first of these labels that says something.
fn told(labels: &Labels, names: &[&str]) -> Option<Text> {
    names.iter().filter_map(|name| labels.get(*name)).find(|text| !text.trim().is_empty()).cloned()
}
