//! Finds out the facts that a release's status rests on: attempts, what runtimes showed, health, approvals.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ApprovalState, Change, ChangeState, ChangeTask, ChangeTaskState, CloseCode, Deployment, DeploymentOutcome,
    Evidence, EvidenceKind, RecordKind, Release, ReleaseKey, ScopeCoverage, Service, Stage, Target,
};
use jiff::Timestamp;

use super::authorisation::{Approvals, approval_coverage, approvals_by_change, is_authorised};
use super::environments::{production_targets, target_of, targets_of_change};
use super::evidence::seen_at;
use super::running::Seen;
use super::status::{Observed, ReleaseFacts, TargetFacts};
use super::walk::Walk;
use crate::graph::Index;

/// What the releases' standing is found out from.
pub(super) struct Ground<'a> {
    pub(super) attempts: BTreeMap<(&'a ReleaseKey, &'a Target), Vec<&'a Deployment>>,
    /// Deployments that another one takes back.
    taken_back: BTreeSet<&'a domain::DeploymentId>,
    approvals: Approvals<'a>,
    tasks: BTreeMap<&'a domain::ChangeId, Vec<&'a ChangeTask>>,
    pub(super) health: Health<'a>,
    staged: BTreeSet<Index<Release>>,
    archived: BTreeMap<Index<Release>, bool>,
}

/// Health results by service and target, oldest first.
pub(super) type Health<'a> = BTreeMap<(Index<Service>, Target), Vec<&'a domain::HealthObservation>>;

/// A release at a target.
pub(super) struct At<'a> {
    pub(super) index: Index<Release>,
    pub(super) service: Index<Service>,
    pub(super) target: &'a Target,
}

pub(super) fn ground_of(walk: &Walk) -> Ground<'_> {
    let mut attempts: BTreeMap<_, Vec<&Deployment>> = BTreeMap::new();
    for (_, deployment) in walk.graph.deployments.iter() {
        attempts.entry((&deployment.release, &deployment.target)).or_default().push(deployment);
    }
    for rows in attempts.values_mut() {
        rows.sort_by_key(|row| row.attempt);
    }
    let mut tasks: BTreeMap<_, Vec<&ChangeTask>> = BTreeMap::new();
    for (_, task) in walk.graph.change_tasks.iter() {
        if let Some(change) = &task.change {
            tasks.entry(change).or_default().push(task);
        }
    }
    Ground {
        attempts,
        taken_back: walk.graph.deployments.iter().filter_map(|(_, row)| row.rollback_of.as_ref()).collect(),
        approvals: approvals_by_change(&walk.graph),
        tasks,
        health: health(walk),
        staged: staged(walk),
        archived: archived(walk),
    }
}

pub(super) fn target_facts(walk: &Walk, ground: &Ground<'_>, at: &At<'_>, changes: &[&Change]) -> TargetFacts {
    let release = walk.graph.releases.get(at.index);
    let last = last_attempt(ground, &release.key, at.target);
    let seen = sights_at(walk, at);
    let observed = observed(walk, at, last, seen);
    let ran = last
        .and_then(|last| last.finished_at)
        .or_else(|| seen.iter().find(|seen| seen.release == Some(at.index)).map(|seen| seen.from));
    let until = seen
        .iter()
        .filter(|seen| seen.release != Some(at.index))
        .map(|seen| seen.from)
        .find(|from| ran.is_some_and(|ran| *from > ran));
    let closed_well = |change: &&Change| {
        change.state == ChangeState::Closed
            && matches!(change.close_code, Some(CloseCode::Successful | CloseCode::SuccessfulWithIssues))
    };
    let settled = |change: &&Change| {
        let tasks = ground.tasks.get(&change.id).map(Vec::as_slice).unwrap_or_default();
        let done = |task: &&ChangeTask| matches!(task.state, ChangeTaskState::Closed | ChangeTaskState::Canceled);
        change.state == ChangeState::Closed && tasks.iter().all(done)
    };
    let live: Vec<&Change> =
        changes.iter().copied().filter(|change| change.state != ChangeState::Canceled).collect();
    let troubled = walk.graph.release_incidents.from(at.index).any(|related| {
        let incident = walk.graph.incidents.get(related.index);
        let likely = related.link.supports() || related.link.confidence >= 0.5;
        likely && incident.state.is_open() && incident.priority.is_none_or(|priority| priority <= 2)
    });
    TargetFacts {
        attempt: last.map(|last| last.outcome),
        partly_rolled_out: last.and_then(|last| last.rollout.last()).is_some_and(|step| step.percent < 100.0),
        taken_back: last.is_some_and(|last| ground.taken_back.contains(&last.id)),
        observed,
        healthy: ran.and_then(|ran| healthy(walk, ground, at, (ran, until))),
        said_well: !live.is_empty() && live.iter().all(closed_well) && !troubled,
        settled: !live.is_empty() && live.iter().all(settled) && !troubled,
    }
}

/// The last attempt that was begun at a target; a region without one of its own goes by the environment's.
fn last_attempt<'a>(ground: &Ground<'a>, key: &ReleaseKey, target: &Target) -> Option<&'a Deployment> {
    let whole = Target::of(&target.environment);
    let at = |target: &Target| {
        let begun = |row: &&&Deployment| row.outcome != DeploymentOutcome::Pending;
        ground.attempts.get(&(key, target)).and_then(|attempts| attempts.iter().rfind(begun)).copied()
    };
    at(target).or_else(|| at(&whole))
}

/// What runtimes showed at a target; a region without observations of its own goes by the environment's.
fn sights_at<'a>(walk: &'a Walk, at: &At<'_>) -> &'a [Seen] {
    let seen = |target: Target| walk.sights.get(&(at.service, target)).map(Vec::as_slice).unwrap_or_default();
    match seen(at.target.clone()) {
        [] => seen(Target::of(&at.target.environment)),
        own => own,
    }
}

/// What runtimes say about the release after its last attempt at the target.
fn observed(walk: &Walk, at: &At<'_>, last: Option<&Deployment>, seen: &[Seen]) -> Observed {
    let mine = |seen: &&Seen| seen.release == Some(at.index);
    let Some(last) = last else {
        return match seen.iter().filter(|seen| seen.current).any(|seen| mine(&seen)) {
            true => Observed::Seen,
            false => Observed::NoObserver,
        };
    };
    let Some(done) = last.finished_at.or(last.started_at) else { return Observed::NoObserver };
    let started = last.started_at.unwrap_or(done);
    let shown: Vec<&Seen> = seen.iter().filter(mine).filter(|seen| seen.until >= started).collect();
    let now = walk.graph.assembled_at;
    if let Some(last_shown) = shown.iter().map(|seen| seen.until).max() {
        let back = seen.iter().find(|other| other.from >= last_shown && !mine(other));
        let replaced = last.replaced.as_ref().and_then(|key| walk.graph.releases.find(key));
        let is_back = back.is_some_and(|other| {
            replaced.is_some()
                && other.release == replaced
                && other.from.duration_since(done) <= walk.policy.rollback_within
        });
        return if is_back { Observed::Back } else { Observed::Seen };
    }
    // A runtime that shows something else now speaks about now: it tells nothing about a release that was followed by
    // another one before it looked.
    let looked: Vec<&Seen> =
        seen.iter().filter(|seen| seen.until.duration_since(done) > walk.policy.confirm_within).collect();
    let followed = looked
        .iter()
        .all(|seen| seen.release.is_some_and(|other| walk.newer(Some(other), Some(at.index))) && seen.from > done);
    if looked.is_empty() {
        return match walk.has_observer(at.service) && now.duration_since(done) <= walk.policy.confirm_within {
            true => Observed::NotYet,
            false => Observed::NoObserver,
        };
    }
    if followed { Observed::NoObserver } else { Observed::Never }
}

/// The verdict of the health queries between the release's start and what followed it: the last result of each counts.
fn healthy(
    walk: &Walk,
    ground: &Ground<'_>,
    at: &At<'_>,
    (from, until): (Timestamp, Option<Timestamp>),
) -> Option<bool> {
    let whole = Target::of(&at.target.environment);
    let mut last = BTreeMap::new();
    for target in [&whole, at.target] {
        let results = ground.health.get(&(at.service, target.clone())).into_iter().flatten();
        for result in results.filter(|result| result.observed_at >= from) {
            if until.is_none_or(|until| result.observed_at < until) {
                last.insert((target, &result.query), *result);
            }
        }
    }
    if last.is_empty() {
        return None;
    }
    let good = |result: &&domain::HealthObservation| {
        result.value.is_some_and(|value| value <= result.threshold)
            && result.samples.is_none_or(|samples| samples >= walk.policy.health_samples)
    };
    Some(last.values().all(good))
}

pub(super) fn evidence(walk: &Walk, ground: &Ground<'_>, at: &At<'_>) -> Vec<Evidence> {
    let key = &walk.graph.releases.get(at.index).key;
    let mut found = Vec::new();
    if let Some(last) = last_attempt(ground, key, at.target)
        && let Some(source) = last.sources.first()
    {
        let summary = format!("Attempt {} at {}: {:?}", last.attempt, at.target, last.outcome);
        found.push(seen_at(EvidenceKind::Field, summary, source, last.finished_at.or(last.started_at)));
    }
    if let Some(seen) = sights_at(walk, at).iter().rfind(|seen| seen.release == Some(at.index)) {
        let summary = format!("{key} was seen running in {}", at.target);
        found.push(seen_at(EvidenceKind::Observation, summary, &seen.source, Some(seen.until)));
    }
    found
}

pub(super) fn release_facts(
    walk: &Walk,
    ground: &Ground<'_>,
    index: Index<Release>,
    changes: &[&Change],
) -> ReleaseFacts {
    let release = walk.graph.releases.get(index);
    let live: Vec<&Change> =
        changes.iter().copied().filter(|change| change.state != ChangeState::Canceled).collect();
    let of = |change: &Change| ground.approvals.get(&change.id).map(Vec::as_slice).unwrap_or_default();
    let required = live.iter().flat_map(|change| of(change)).filter(|approval| approval.required != Some(false));
    let latest = required
        .clone()
        .filter(|approval| approval.decided_at.is_some())
        .max_by_key(|approval| (approval.decided_at, approval.state == ApprovalState::Rejected, &approval.id));
    let open = |change: &&&Change| {
        !matches!(change.state, ChangeState::Closed | ChangeState::Review) && change.state != ChangeState::New
    };
    let mut pending = required.clone().filter(|approval| {
        approval.state == ApprovalState::Requested
            || approval_coverage(&walk.graph, approval) == ScopeCoverage::Outgrown
    });
    let waiting = live.iter().filter(open).any(|change| !is_authorised(walk, change, of(change)));
    ReleaseFacts {
        cancelled: (live.is_empty() && !changes.is_empty()) || ground.archived.get(&index) == Some(&true),
        rejected: latest.is_some_and(|approval| approval.state == ApprovalState::Rejected),
        scheduled: every_target_is_authorised(walk, ground, index, &live),
        awaiting_approval: waiting || pending.next().is_some(),
        staged: ground.staged.contains(&index),
        built: release.steps.iter().any(|step| step.digest.is_some()),
    }
}

/// Is the release authorised at each of its targets, and by every change that carries it and is still open? One that
/// waits holds back what the others allow.
fn every_target_is_authorised(
    walk: &Walk,
    ground: &Ground<'_>,
    index: Index<Release>,
    changes: &[&Change],
) -> bool {
    let Some(service) = walk.service_of(index) else { return false };
    let targets = production_targets(&walk.graph.environments, walk.graph.services.get(service));
    let is_ready = |change: &&&Change| {
        let approvals = ground.approvals.get(&change.id).map(Vec::as_slice).unwrap_or_default();
        matches!(change.state, ChangeState::Scheduled | ChangeState::Implement)
            && is_authorised(walk, change, approvals)
    };
    let mut open =
        changes.iter().filter(|change| !matches!(change.state, ChangeState::Review | ChangeState::Closed));
    if !open.all(|change| is_ready(&change)) {
        return false;
    }
    let authorised: Vec<Target> =
        changes.iter().filter(is_ready).flat_map(|change| targets_of_change(walk, change, service)).collect();
    !targets.is_empty() && targets.iter().all(|target| authorised.iter().any(|other| other.covers(target)))
}

/// Releases that passed the stage before production: deployed there, or seen running there.
fn staged(walk: &Walk) -> BTreeSet<Index<Release>> {
    let before: BTreeSet<&domain::EnvironmentKey> = walk
        .graph
        .environments
        .iter()
        .filter(|(_, environment)| environment.stage == Stage::Production)
        .filter_map(|(_, environment)| environment.after.as_ref())
        .collect();
    let deployed = walk
        .graph
        .deployments
        .iter()
        .filter(|(_, row)| row.outcome == DeploymentOutcome::Succeeded && before.contains(&row.target.environment))
        .filter_map(|(_, row)| walk.graph.releases.find(&row.release));
    let seen = walk
        .sights
        .iter()
        .filter(|((_, target), _)| before.contains(&target.environment))
        .flat_map(|(_, seen)| seen.iter().filter_map(|seen| seen.release));
    deployed.chain(seen).collect()
}

/// Releases of which a tracker has versions: are all of them archived?
fn archived(walk: &Walk) -> BTreeMap<Index<Release>, bool> {
    let mut archived: BTreeMap<Index<Release>, bool> = BTreeMap::new();
    for (version, (release, _)) in &walk.told.tracked {
        *archived.entry(*release).or_insert(true) &= walk.graph.tracked_versions.get(*version).archived;
    }
    archived
}

/// Health results by service and target, oldest first.
fn health(walk: &Walk) -> Health<'_> {
    let mut health: Health<'_> = BTreeMap::new();
    for observation in &walk.graph.health_observations {
        let labels = &observation.labels;
        let connector = &observation.source.record.connector;
        let service = walk
            .mapping
            .service_of_labels(&walk.graph.services, connector, labels)
            .or_else(|| walk.names.service_called(labels.get("service")?, Some(observation.observed_at)));
        let word = labels.get("environment").map_or("production", |word| &**word);
        let target = target_of(&walk.graph.environments, word, labels.get("region"));
        if let (Some(service), Some(target)) = (service, target) {
            health.entry((service, target)).or_default().push(observation);
        }
    }
    for rows in health.values_mut() {
        rows.sort_by(|a, b| (a.observed_at, &a.source.record).cmp(&(b.observed_at, &b.source.record)));
    }
    health
}

impl Walk {
    /// The systems that watch a service's runtime.
    fn observers(&self, service: Index<Service>) -> impl Iterator<Item = &domain::ConnectorId> {
        let sources = &self.graph.services.get(service).sources.monitoring;
        let watches = |id: &domain::ConnectorId| {
            self.connectors
                .iter()
                .any(|system| system.id == *id && system.kinds.contains(&RecordKind::RuntimeObservation))
        };
        sources.iter().map(|source| &source.connector).filter(move |id| watches(id))
    }

    fn has_observer(&self, service: Index<Service>) -> bool {
        self.observers(service).next().is_some()
    }

    /// Is the system dark that owns a service's changes? Without an owner, any of them counts.
    pub(super) fn itsm_is_dark(&self, service: Index<Service>) -> bool {
        [RecordKind::Change, RecordKind::Approval].into_iter().any(|kind| {
            match &self.graph.services.get(service).sources.itsm {
                Some(owner) => self.darkness.covers(owner, kind),
                None => self.darkness.covers_any(kind),
            }
        })
    }

    /// Is a forge dark that deploys a service? Without a repository, any of them counts.
    pub(super) fn tool_is_dark(&self, service: Index<Service>) -> bool {
        match self.graph.services.get(service).sources.repositories.as_slice() {
            [] => self.darkness.covers_any(RecordKind::Deployment),
            sources => sources.iter().any(|source| self.darkness.covers(&source.connector, RecordKind::Deployment)),
        }
    }

    pub(super) fn observer_is_dark(&self, service: Index<Service>) -> bool {
        self.observers(service).any(|id| self.darkness.covers(id, RecordKind::RuntimeObservation))
    }
}
