//! Finds out the facts that a release's status rests on, and fills in its status.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ApprovalState, Change, ChangeState, ChangeTask, ChangeTaskState, CloseCode, Deployment, DeploymentOutcome,
    Evidence, EvidenceKind, RecordKind, Release, ReleaseKey, ReleaseStatus, ScopeCoverage, Service, Stage, Target,
    TargetState,
};
use jiff::Timestamp;

use super::authorisation::{Approvals, approval_coverage, approvals_by_change, is_authorised};
use super::environments::{production_targets, target_of, targets_of_change};
use super::evidence::seen_at;
use super::running::Seen;
use super::status::{Observed, ReleaseFacts, TargetFacts, release_status, target_status};
use super::walk::Walk;
use crate::graph::Index;

/// What the releases' standing is found out from.
struct Ground<'a> {
    attempts: BTreeMap<(&'a ReleaseKey, &'a Target), Vec<&'a Deployment>>,
    /// Deployments that another one takes back.
    taken_back: BTreeSet<&'a domain::DeploymentId>,
    approvals: Approvals<'a>,
    tasks: BTreeMap<&'a domain::ChangeId, Vec<&'a ChangeTask>>,
    health: Health<'a>,
    staged: BTreeSet<Index<Release>>,
    archived: BTreeMap<Index<Release>, bool>,
}

/// Health results by service and target, oldest first.
type Health<'a> = BTreeMap<(Index<Service>, Target), Vec<&'a domain::HealthObservation>>;

/// What is found out about one release.
struct Standing {
    status: ReleaseStatus,
    certain: bool,
    possible: Vec<ReleaseStatus>,
    targets: Vec<TargetState>,
}

/// Fills in every release's status.
pub(super) fn stand(walk: &mut Walk) {
    let ground = ground_of(walk);
    let found: Vec<(Index<Release>, Standing)> = walk
        .graph
        .releases
        .iter()
        .filter_map(|(index, _)| Some((index, standing(walk, &ground, index)?)))
        .collect();
    for (index, standing) in found {
        let release = walk.graph.releases.get_mut(index);
        release.status = standing.status;
        release.certain = standing.certain;
        release.possible = standing.possible;
        release.targets = standing.targets;
    }
}

fn ground_of(walk: &Walk) -> Ground<'_> {
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

fn standing(walk: &Walk, ground: &Ground<'_>, index: Index<Release>) -> Option<Standing> {
    let service = walk.service_of(index)?;
    let release = walk.graph.releases.get(index);
    let judged = judged_targets(walk, ground, index, service);
    let first = Target { environment: domain::EnvironmentKey::new(""), region: None, tenant: None };
    let attempted =
        ground.attempts.range((&release.key, &first)..).take_while(|((key, _), _)| **key == release.key);
    let mut targets: BTreeSet<Target> = attempted.map(|((_, target), _)| (*target).clone()).collect();
    targets.extend(judged.iter().cloned());
    let changes: Vec<&Change> = walk
        .graph
        .release_changes
        .from(index)
        .filter(|related| related.link.supports())
        .map(|related| walk.graph.changes.get(related.index))
        .collect();
    let dark_runtime = walk.observer_is_dark(service);
    let dark_deployments = walk.tool_is_dark(service);
    let dark_changes = walk.itsm_is_dark(service);
    let mut states = Vec::new();
    let mut facts = Vec::new();
    for target in &targets {
        let at = At { index, service, target };
        let known = target_facts(walk, ground, &at, &changes);
        let (status, certain) = target_status(&known);
        let certain = certain && !dark_runtime && !dark_deployments;
        states.push(TargetState { target: target.clone(), status, certain, evidence: evidence(walk, ground, &at) });
        if judged.contains(target) {
            facts.push(known);
        }
    }
    let release_facts = release_facts(walk, ground, index, &changes);
    let statuses: Vec<_> = facts.iter().map(|facts| target_status(facts).0).collect();
    let status = release_status(&statuses, &release_facts);
    let before_deployment = status <= ReleaseStatus::Cancelled;
    let deciding_certain = facts.iter().all(|facts| target_status(facts).1);
    let certain = deciding_certain && !dark_runtime && !dark_deployments && !(before_deployment && dark_changes);
    let dark =
        Dark { runtime: dark_runtime || !deciding_certain, deployments: dark_deployments, changes: dark_changes };
    let possible = if certain { Vec::new() } else { possible(&facts, &release_facts, &dark, status) };
    Some(Standing { status, certain, possible, targets: states })
}

/// The targets over which a release is judged: the service's targets in production. Where the service has no regions
/// and the release was only ever seen in regions, those.
fn judged_targets(
    walk: &Walk,
    ground: &Ground<'_>,
    index: Index<Release>,
    service: Index<Service>,
) -> BTreeSet<Target> {
    let key = &walk.graph.releases.get(index).key;
    let mut judged = BTreeSet::new();
    for target in production_targets(&walk.graph.environments, walk.graph.services.get(service)) {
        let mut parts: BTreeSet<Target> = BTreeSet::new();
        if target.region.is_none() {
            let attempted = ground
                .attempts
                .range((key, &target)..)
                .map_while(|((other, at), _)| (*other == key).then_some(*at));
            parts.extend(attempted.take_while(|at| target.covers(at)).cloned());
            let seen = walk.sights.range((service, target.clone())..).map(|((other, at), seen)| (*other, at, seen));
            let mine = seen.take_while(|(other, at, _)| *other == service && target.covers(at));
            parts.extend(
                mine.filter(|(.., seen)| seen.iter().any(|seen| seen.release == Some(index)))
                    .map(|(_, at, _)| at.clone()),
            );
        }
        if parts.is_empty() || parts.contains(&target) {
            judged.insert(target);
        } else {
            judged.extend(parts);
        }
    }
    judged
}

struct At<'a> {
    index: Index<Release>,
    service: Index<Service>,
    target: &'a Target,
}

struct Dark {
    runtime: bool,
    deployments: bool,
    changes: bool,
}

/// The states that a release could be in, whatever the dark sources would say.
fn possible(facts: &[TargetFacts], release: &ReleaseFacts, dark: &Dark, now: ReleaseStatus) -> Vec<ReleaseStatus> {
    let mut found = BTreeSet::from([now]);
    let mut targets: Vec<Vec<TargetFacts>> = vec![facts.to_vec()];
    let with = |shape: &dyn Fn(&TargetFacts) -> TargetFacts| facts.iter().map(shape).collect::<Vec<_>>();
    if dark.runtime {
        for observed in [Observed::Seen, Observed::Never, Observed::Back] {
            targets.push(with(&|facts| match facts.attempt {
                None => *facts,
                Some(_) => TargetFacts { observed, ..*facts },
            }));
        }
    }
    if dark.deployments {
        for outcome in [DeploymentOutcome::InProgress, DeploymentOutcome::Succeeded, DeploymentOutcome::Failed] {
            targets.push(with(&|facts| TargetFacts { attempt: Some(outcome), ..*facts }));
        }
    }
    let mut releases = vec![*release];
    if dark.changes {
        let none = ReleaseFacts {
            cancelled: false,
            rejected: false,
            scheduled: false,
            awaiting_approval: false,
            ..*release
        };
        releases.extend([
            none,
            ReleaseFacts { cancelled: true, ..none },
            ReleaseFacts { rejected: true, ..none },
            ReleaseFacts { scheduled: true, ..none },
            ReleaseFacts { awaiting_approval: true, ..none },
        ]);
    }
    for facts in &targets {
        let statuses: Vec<_> = facts.iter().map(|facts| target_status(facts).0).collect();
        found.extend(releases.iter().map(|release| release_status(&statuses, release)));
    }
    found.into_iter().collect()
}

fn target_facts(walk: &Walk, ground: &Ground<'_>, at: &At<'_>, changes: &[&Change]) -> TargetFacts {
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
        change.state == ChangeState::Closed && tasks.iter().all(|task| done(task))
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

/// The last attempt at a target; a region without one of its own goes by the environment's.
fn last_attempt<'a>(ground: &Ground<'a>, key: &ReleaseKey, target: &Target) -> Option<&'a Deployment> {
    let whole = Target::of(&target.environment);
    let at = |target: &Target| ground.attempts.get(&(key, target)).and_then(|attempts| attempts.last()).copied();
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

fn evidence(walk: &Walk, ground: &Ground<'_>, at: &At<'_>) -> Vec<Evidence> {
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

fn release_facts(walk: &Walk, ground: &Ground<'_>, index: Index<Release>, changes: &[&Change]) -> ReleaseFacts {
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

fn every_target_is_authorised(
    walk: &Walk,
    ground: &Ground<'_>,
    index: Index<Release>,
    changes: &[&Change],
) -> bool {
    let Some(service) = walk.service_of(index) else { return false };
    let targets = production_targets(&walk.graph.environments, walk.graph.services.get(service));
    let authorised: Vec<Target> = changes
        .iter()
        .filter(|change| matches!(change.state, ChangeState::Scheduled | ChangeState::Implement))
        .filter(|change| {
            let approvals = ground.approvals.get(&change.id).map(Vec::as_slice).unwrap_or_default();
            is_authorised(walk, change, approvals)
        })
        .flat_map(|change| targets_of_change(walk, change, service))
        .collect();
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
    fn itsm_is_dark(&self, service: Index<Service>) -> bool {
        [RecordKind::Change, RecordKind::Approval].into_iter().any(|kind| {
            match &self.graph.services.get(service).sources.itsm {
                Some(owner) => self.darkness.covers(owner, kind),
                None => self.darkness.covers_any(kind),
            }
        })
    }

    /// Is a forge dark that deploys a service? Without a repository, any of them counts.
    fn tool_is_dark(&self, service: Index<Service>) -> bool {
        match self.graph.services.get(service).sources.repositories.as_slice() {
            [] => self.darkness.covers_any(RecordKind::Deployment),
            sources => sources.iter().any(|source| self.darkness.covers(&source.connector, RecordKind::Deployment)),
        }
    }

    fn observer_is_dark(&self, service: Index<Service>) -> bool {
        self.observers(service).any(|id| self.darkness.covers(id, RecordKind::RuntimeObservation))
    }
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;
    use domain::{ApprovalState, ChangeState, CloseCode, RecordKind};

    fn check(world: World, key: &str, expected: &str) {
        let graph = world.graph();
        let release = graph.releases.by_id(&domain::ReleaseKey::new(key)).expect("a release");
        let possible = match release.certain {
            true => String::new(),
            false => format!(" of {:?}", release.possible),
        };
        assert_eq!(format!("{:?}{possible}", release.status), expected);
    }

    const REPO: &str = "bank/payments-api";
    const KEY: &str = "payments-api@2.14.0";

    fn pay() -> World {
        let world = World::new()
            .service("payments-api", "PAY")
            .tag(REPO, "v2.13.0", "c1")
            .tag(REPO, "v2.14.0", "c2")
            .deployed(REPO, "v2.13.0", "production", "2026-06-01T18:00:00Z", "success");
        world.seen("payments-api", "2.13.0", "production", "2026-06-01T18:06:00Z", Some("2026-06-10T18:06:00Z"))
    }

    fn deployed(outcome: &str) -> World {
        pay().deployed(REPO, "v2.14.0", "production", "2026-06-10T18:00:00Z", outcome)
    }

    fn live() -> World {
        deployed("success").seen("payments-api", "2.14.0", "production", "2026-06-10T18:06:00Z", None)
    }

    fn closed() -> World {
        live().change("CHG1", "Deploy payments-api 2.14.0", None).with_change("CHG1", |change| {
            change.state = ChangeState::Closed;
            change.close_code = Some(CloseCode::Successful);
        })
    }

    #[test]
    fn what_ran_decides() {
        check(deployed("failure"), KEY, "Failed");
        check(deployed("open"), KEY, "Deploying");
        check(live(), KEY, "Deployed");
        check(live().health("payments-api", Some(0.001), "2026-06-11T00:00:00Z"), KEY, "Validated");
        check(live().health("payments-api", None, "2026-06-11T00:00:00Z"), KEY, "Deployed");
        check(closed().health("payments-api", Some(0.001), "2026-06-11T00:00:00Z"), KEY, "Transitioned");
        check(closed().health("payments-api", Some(0.9), "2026-06-11T00:00:00Z"), KEY, "Deployed");
        let burning = closed().health("payments-api", Some(0.001), "2026-06-11T00:00:00Z").incident(
            "INC1",
            Some("payments-api"),
            "2026-06-10T19:00:00Z",
            Some("CHG1"),
        );
        check(burning, KEY, "Validated");
    }

    #[test]
    fn a_runtime_that_never_showed_it_or_went_back_counts_more_than_the_tool() {
        let stayed = pay().deployed(REPO, "v2.14.0", "production", "2026-06-10T18:00:00Z", "success").seen(
            "payments-api",
            "2.13.0",
            "production",
            "2026-06-01T18:06:01Z",
            None,
        );
        check(stayed, KEY, "Failed");
        let back = deployed("success")
            .seen("payments-api", "2.14.0", "production", "2026-06-10T18:06:00Z", Some("2026-06-10T19:00:00Z"))
            .seen("payments-api", "2.13.0", "production", "2026-06-10T19:00:00Z", None);
        check(back, KEY, "RolledBack");
        check(live().deployed(REPO, "v2.13.0", "production", "2026-06-10T19:00:00Z", "success"), KEY, "RolledBack");
    }

    #[test]
    fn a_dark_observer_leaves_the_last_state_and_says_what_else_it_could_be() {
        check(
            live().dark("prometheus", RecordKind::RuntimeObservation),
            KEY,
            "Deployed of [Deployed, Failed, RolledBack]",
        );
    }

    #[test]
    fn every_production_target_counts() {
        let regions = |world: World| {
            world.with_service("payments-api", |service| service.regions = vec!["eu".into(), "uk".into()])
        };
        let base = || {
            regions(World::new().service("payments-api", "PAY").tag(REPO, "v2.14.0", "c2"))
                .deployed(REPO, "v2.14.0", "production-eu", "2026-06-10T18:00:00Z", "failure")
                .deployed(REPO, "v2.14.0", "production-eu", "2026-06-10T19:00:00Z", "success")
                .seen("payments-api", "2.14.0", "production/eu", "2026-06-10T19:06:00Z", None)
        };
        check(base(), KEY, "PartiallyDeployed");
        let both = base().deployed(REPO, "v2.14.0", "production-uk", "2026-06-10T20:00:00Z", "success");
        check(both.seen("payments-api", "2.14.0", "production/uk", "2026-06-10T20:06:00Z", None), KEY, "Deployed");
    }

    #[test]
    fn before_a_deployment_the_change_decides() {
        let planned =
            || World::new().service("payments-api", "PAY").change("CHG1", "Deploy payments-api 2.14.0", None);
        check(planned(), KEY, "Planned");
        check(planned().state("CHG1", ChangeState::Authorize), KEY, "AwaitingApproval");
        check(planned().state("CHG1", ChangeState::Canceled), KEY, "Cancelled");
        let decided = |state| {
            planned().state("CHG1", ChangeState::Scheduled).approval("CHG1", state, Some("2026-06-10T14:00:00Z"))
        };
        check(decided(ApprovalState::Approved), KEY, "Scheduled");
        check(decided(ApprovalState::Rejected), KEY, "Rejected");
        check(decided(ApprovalState::NotRequired), KEY, "AwaitingApproval");
        let moved = decided(ApprovalState::Approved)
            .planned("CHG1", "2026-06-20T18:00:00Z", "2026-06-20T20:00:00Z")
            .audited("CHG1", "end_date", ("2026-06-18 20:00:00", "2026-06-20 20:00:00"), "2026-06-11T09:00:00Z");
        check(moved, KEY, "AwaitingApproval");
        check(
            decided(ApprovalState::Approved).dark("servicenow", RecordKind::Approval),
            KEY,
            "Scheduled of [Planned, AwaitingApproval, Scheduled, Rejected, Cancelled]",
        );
        let staged = World::new().service("payments-api", "PAY").tag(REPO, "v2.14.0", "c2").deployed(
            REPO,
            "v2.14.0",
            "staging",
            "2026-06-10T18:00:00Z",
            "success",
        );
        check(staged, KEY, "Staged");
        let mut archived = World::new().service("payments-api", "PAY").tracked("10", "PAY", "2.14.0");
        archived.records.tracked_versions[0].archived = true;
        check(archived, KEY, "Cancelled");
    }
}
