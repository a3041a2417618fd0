//! Alerts as Prometheus sees them: pending or firing, whatever a silence elsewhere says. A rule that cannot be evaluated
//! never fires, so its alerts are missing, not absent.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Alert, AlertId, AlertState, Gap, RecordId, RecordKind};
use futures::future::join;
use jiff::Timestamp;

use super::convert::{Place, fingerprint, told};
use super::wire::{AlertStateWire, AlertWire, RuleWire};
use super::{Prometheus, Read};
use crate::error::ConnectorError;

/// Rules named in one gap.
const MOST_NAMED: usize = 5;

impl Prometheus {
    /// Reads all alerts, and which rules cannot tell.
    pub(super) async fn alerts(&self, now: Timestamp) -> Result<Read, ConnectorError> {
        let (list, rules) = join(self.client.alerts(), self.client.rules()).await;
        let list = list?;
        let mut read = Read::default();
        read.records.alerts = alerts(list.data.alerts, self.place(now));
        let mut warnings = list.warnings;
        match rules {
            Ok(rules) => {
                warnings += rules.warnings;
                let rules: Vec<RuleWire> = rules.data.groups.into_iter().flat_map(|group| group.rules).collect();
                let failing = silent(&rules, |health| health != "ok" && health != "unknown");
                let waiting = silent(&rules, |health| health == "unknown");
                let gap = |message| self.client.gap(RecordKind::Alert, message);
                read.gaps.extend(
                    failing.map(|names| gap(format!("alerting rules cannot be evaluated and never fire: {names}"))),
                );
                read.gaps.extend(waiting.map(|names| {
                    let message = format!("alerting rules have not been evaluated yet: {names}");
                    Gap { retryable: true, ..gap(message) }
                }));
            }
            Err(error) => read.gaps.push(error.gap(RecordKind::Alert, None)),
        }
        let ids = read.records.alerts.iter().map(|alert| alert.id.0.clone()).collect();
        if warnings == 0 {
            // A rule may stay broken for long; what other rules said is over all the same.
            let before = std::mem::replace(&mut self.remembered().alerts, ids);
            let now_there: BTreeSet<&RecordId> = read.records.alerts.iter().map(|alert| &alert.id.0).collect();
            if !read.gaps.is_empty() {
                read.deleted = before.into_iter().filter(|id| !now_there.contains(id)).collect();
            }
        }
        read.gaps.extend(self.client.partial(RecordKind::Alert, warnings));
        Ok(read)
    }
}

/// The names of rules in some state of health, as words.
fn silent(rules: &[RuleWire], is: impl Fn(&str) -> bool) -> Option<String> {
    let names: Vec<&str> = rules.iter().filter(|rule| is(&rule.health)).map(|rule| &*rule.name).collect();
    let more = names.len().saturating_sub(MOST_NAMED);
    let shown: Vec<&str> = names.iter().copied().take(MOST_NAMED).collect();
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown.join(", ")),
        (false, more) => Some(format!("{} and {more} more", shown.join(", "))),
    }
}

/// Two rules may raise alerts with the same labels: the one that fires counts.
fn alerts(list: Vec<AlertWire>, place: Place<'_>) -> Vec<Alert> {
    let mut found: BTreeMap<AlertId, Alert> = BTreeMap::new();
    for alert in list.into_iter().filter_map(|wire| alert(wire, place)) {
        let known = found.entry(alert.id.clone()).or_insert_with(|| alert.clone());
        if alert.state > known.state {
            *known = alert;
        }
    }
    found.into_values().collect()
}

fn alert(wire: AlertWire, place: Place<'_>) -> Option<Alert> {
    let state = match wire.state {
        AlertStateWire::Inactive => return None,
        AlertStateWire::Pending => AlertState::Pending,
        AlertStateWire::Firing => AlertState::Firing,
    };
    let source = place.alerted(fingerprint(&wire.labels));
    Some(Alert {
        id: AlertId(source.record.clone()),
        name: told(&wire.labels, &["alertname"]).unwrap_or_else(|| "alert".into()),
        state,
        severity: told(&wire.labels, &["severity"]),
        summary: told(&wire.annotations, &["summary", "description", "message"]),
        labels: wire.labels,
        started_at: wire.active_at.filter(|at| *at > Timestamp::UNIX_EPOCH),
        ended_at: None,
        silenced_by: Vec::new(),
        source,
    })
}
