//! Is the service healthy in the target? An alert that fires says no; one that somebody silenced says nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Alert, AlertState, ConnectorId, Outcome, RecordKind, Service, Target, Text};

use super::code::CheckCode;
use super::ground::{Ground, seen};
use super::judgement::{Act, ActCode, Check};
use crate::correlate::environments::environment_word;
use crate::graph::ReleaseGraph;

pub(super) fn check(ground: &Ground<'_>) -> Check {
    let code = CheckCode::EnvironmentHealthy;
    let Some(service) = ground.service else {
        let reason = format!("{} is not configured, so its alerts are not known.", ground.release.service);
        return Check::before(code, Outcome::Unknown, reason);
    };
    let all = ground.graph.alerts.iter().map(|(_, alert)| alert);
    let mine: Vec<&Alert> = all.filter(|alert| concerns(ground, service, alert)).collect();
    let in_state = |state| mine.iter().copied().filter(move |alert| alert.state == state).collect::<Vec<_>>();
    let (firing, muted) = (in_state(AlertState::Firing), in_state(AlertState::Suppressed));
    let (outcome, telling) = match (firing.is_empty(), muted.is_empty()) {
        (false, _) => (Outcome::Fail, firing),
        (true, false) => (Outcome::Unknown, muted),
        (true, true) => (Outcome::Pass, Vec::new()),
    };
    let target = ground.target;
    // Prometheus and Alertmanager may both tell of one.
    let names: BTreeSet<&str> = telling.iter().map(|alert| &*alert.name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let reason = match outcome {
        Outcome::Fail => format!("{} fires on {} in {target}.", names.join(", "), service.key),
        Outcome::Unknown => format!("{} of {} in {target} is silenced.", names.join(", "), service.key),
        _ => format!("No alert fires on {} in {target}.", service.key),
    };
    let evidence = telling.iter().map(|alert| {
        let summary = alert.summary.as_ref().unwrap_or(&alert.name);
        seen(summary.clone(), &alert.source)
    });
    let check = Check::before(code, outcome, reason).resting_on(evidence);
    // An alert of any system counts by its label, so any system may be the one that is missing.
    let gaps = ground.missing(&[RecordKind::Alert], &BTreeSet::new());
    if outcome == Outcome::Pass {
        return check.despite(gaps);
    }
    let detail = format!("Mend {} in {target}: {}", service.key, names.join(", "));
    let act = Act::new(ActCode::Mend, detail, ground.owner(&service.key));
    check.despite(gaps).resolved_by(vec![act])
}

/// Is it about the service, there? An alert that names no place is about all of them.
fn concerns(ground: &Ground<'_>, service: &Service, alert: &Alert) -> bool {
    if !is_of(service, &alert.source.record.connector, &alert.labels) {
        return false;
    }
    is_there(ground.graph, &alert.labels, ground.target)
}

/// Do labels name the target, or a place that contains it or lies in it? Labels that name no place do.
pub(super) fn is_there(graph: &ReleaseGraph, labels: &BTreeMap<Text, Text>, target: &Target) -> bool {
    let word = labels.get("environment").or_else(|| labels.get("env"));
    let Some(word) = word else { return true };
    let Some(place) = environment_word(&graph.environments, word) else { return true };
    let region = place.region.as_ref().or_else(|| labels.get("region"));
    let same_region = match (region, &target.region) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    place.environment == target.environment && same_region
}

/// By the labels that are configured for that system; without any, by the label `service`.
pub(super) fn is_of(service: &Service, connector: &ConnectorId, labels: &BTreeMap<Text, Text>) -> bool {
    let mut sources = service.sources.monitoring.iter().filter(|source| source.connector == *connector).peekable();
    if sources.peek().is_none() {
        let named = labels.get("service").map(|name| &**name);
        return named.is_some_and(|named| service.names().iter().any(|name| name.eq_ignore_ascii_case(named)));
    }
    sources.any(|source| source.labels.iter().all(|(label, value)| labels.get(label) == Some(value)))
}
