//! Did a release fail in production? Evidence in the order of its strength, and the moment at which it was known.
//! A deployment younger than the horizon is not known yet, which is never counted as a success.

use domain::{ChangeState, CloseCode, DeploymentOutcome, LinkOrigin, Release, Stage, TargetStatus};
use jiff::Timestamp;

use super::history::HORIZON;
use crate::graph::{Index, ReleaseGraph};

/// How a label is known, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// A record says so.
    Explicit,
    /// It was taken back.
    Remediation,
    /// An incident is attributed to it, more likely than not.
    Inferred,
    /// Its job failed.
    JobStatus,
}

/// Whether it failed, how that is known, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// Did it fail?
    pub failed: bool,
    /// The strongest evidence; of a success, that nothing spoke against it within the horizon.
    pub grade: Option<Grade>,
    /// Known from this moment on.
    pub known_at: Timestamp,
}

/// A suspicion counts from this probability on.
const LIKELY: f64 = 0.5;

/// First start of the release in production; `None` when it was not deployed there.
pub(super) fn deployed_at(
    graph: &ReleaseGraph,
    release: &Release,
    attempts: &[&domain::Deployment],
) -> Option<Timestamp> {
    let production = |attempt: &&&domain::Deployment| {
        graph.environments.by_id(&attempt.target.environment).is_some_and(|env| env.stage == Stage::Production)
    };
    let own = attempts.iter().filter(|attempt| attempt.release == release.key && attempt.rollback_of.is_none());
    own.filter(production).filter_map(|attempt| attempt.started_at).min()
}

/// The label of a release that started at `started`; `None` while the horizon is open and nothing has happened.
pub(super) fn label(
    graph: &ReleaseGraph,
    (index, started): (Index<Release>, Timestamp),
    attempts: &[&domain::Deployment],
) -> Option<Label> {
    let release = graph.releases.get(index);
    let end = started.checked_add(HORIZON).ok()?;
    let mut found: Vec<(Grade, Timestamp)> = Vec::new();
    for related in graph.release_incidents.from(index) {
        let Some(opened) = graph.incidents.get(related.index).opened_at else { continue };
        if opened < started || opened > end {
            continue;
        }
        match related.link.origin {
            LinkOrigin::Explicit | LinkOrigin::Derived => found.push((Grade::Explicit, opened)),
            LinkOrigin::Inferred if related.link.confidence >= LIKELY => found.push((Grade::Inferred, opened)),
            LinkOrigin::Inferred => {}
        }
    }
    for related in graph.release_changes.from(index).filter(|related| related.link.supports()) {
        let change = graph.changes.get(related.index);
        if change.state == ChangeState::Closed && change.close_code == Some(CloseCode::Unsuccessful) {
            found.push((Grade::Explicit, change.closed_at.or(change.updated_at)?));
        }
    }
    let rolled_back = release.targets.iter().any(|state| state.status == TargetStatus::RolledBack);
    let back = attempts.iter().filter(|attempt| {
        attempt
            .rollback_of
            .as_ref()
            .is_some_and(|of| attempts.iter().any(|own| own.id == *of && own.release == release.key))
    });
    let back = back.filter_map(|attempt| attempt.started_at).filter(|at| *at <= end).min();
    if let Some(at) = back.or(rolled_back.then_some(end)) {
        found.push((Grade::Remediation, at));
    }
    for attempt in attempts.iter().filter(|attempt| attempt.release == release.key) {
        if let (DeploymentOutcome::Failed, Some(at)) = (attempt.outcome, attempt.finished_at) {
            found.push((Grade::JobStatus, at));
        }
    }
    found.sort_unstable();
    match found.first() {
        Some((grade, known_at)) => {
            Some(Label { failed: true, grade: Some(*grade), known_at: (*known_at).max(started) })
        }
        None if graph.assembled_at >= end => Some(Label { failed: false, grade: None, known_at: end }),
        None => None,
    }
}
