//! Joins deployments: what forges and tools recorded, and, where none did, the work that a change was under.
//! Attempts are numbered per release and target; each says what ran there before and whether it takes another back.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, AccountKind, Change, ChangeId, CloseCode, Deployment, DeploymentId, DeploymentMethod,
    DeploymentOutcome, DeploymentRecord, DeploymentReview, PersonKey, Release, ReleaseKey, Service, Target,
    Version,
};
use jiff::Timestamp;

use super::changes::changes_by_number;
use super::environments::{target_of, targets_of_change};
use super::walk::Walk;
use crate::graph::{Index, Table};

/// An attempt on its way into the table, with what was said about taking another back.
struct Attempt {
    deployment: Deployment,
    service: Index<Service>,
    says_rollback_of: Option<domain::Text>,
}

/// Fills in the table of deployments.
pub(super) fn join_deployments(walk: &mut Walk) {
    let mut attempts = recorded(walk);
    attempts.extend(worked(walk, &attempts));
    let mut timelines: BTreeMap<(Index<Service>, Target), Vec<Attempt>> = BTreeMap::new();
    for attempt in attempts {
        timelines.entry((attempt.service, attempt.deployment.target.clone())).or_default().push(attempt);
    }
    let mut rows = Vec::new();
    for ((service, target), mut timeline) in timelines {
        timeline.sort_by(|a, b| order(&a.deployment).cmp(&order(&b.deployment)));
        let timeline = join_twins(walk, timeline);
        rows.extend(tell_history(walk, (service, &target), timeline));
    }
    walk.graph.deployments = Table::new(rows);
}

/// Oldest first; what never started comes last.
fn order(deployment: &Deployment) -> (bool, Option<Timestamp>, &DeploymentId) {
    let at = deployment.started_at.or(deployment.finished_at);
    (at.is_none(), at, &deployment.id)
}

fn recorded(walk: &Walk) -> Vec<Attempt> {
    let numbers = changes_by_number(walk);
    let mut attempts = Vec::new();
    for (place, release) in &walk.told.deployments {
        let (Some(record), Some(service)) = (walk.deployments.get(*place), walk.service_of(*release)) else {
            continue;
        };
        let Some(target) = target_of(&walk.graph.environments, &record.environment, None) else { continue };
        let change = record.change_number.as_ref().and_then(|number| {
            match numbers.get(number.to_uppercase().as_str()).map(Vec::as_slice) {
                Some([only]) => Some(walk.graph.changes.get(*only).id.clone()),
                _ => None,
            }
        });
        attempts.push(Attempt {
            deployment: deployment_of(walk, record, (*release, target, change)),
            service,
            says_rollback_of: record.rollback_of.clone(),
        });
    }
    attempts
}

fn deployment_of(
    walk: &Walk,
    record: &DeploymentRecord,
    (release, target, change): (Index<Release>, Target, Option<ChangeId>),
) -> Deployment {
    Deployment {
        id: record.id.clone(),
        release: walk.graph.releases.get(release).key.clone(),
        target,
        attempt: 0,
        method: record.method,
        outcome: record.outcome,
        started_at: record.started_at,
        finished_at: record.finished_at,
        digest: record.digest.clone(),
        commit: record.commit.clone(),
        rollout: record.rollout.clone(),
        replaced: None,
        rollback_of: None,
        actor: record.actor.as_ref().and_then(|id| walk.graph.account_people.get(id)).cloned(),
        triggered_by: human_behind(walk, record),
        reviews: reviews_of(walk, record),
        change,
        sources: vec![record.source.clone()],
    }
}

/// What was decided about its environment in the run that did it.
fn reviews_of(walk: &Walk, record: &DeploymentRecord) -> Option<Vec<DeploymentReview>> {
    let run = walk.graph.pipeline_runs.by_id(record.run.as_ref()?)?;
    let here = run.reviews.as_ref()?.iter().filter(|review| review.environments.contains(&record.environment));
    let person = |account: &AccountId| walk.graph.account_people.get(account).cloned();
    let told = here.map(|review| DeploymentReview {
        state: review.state,
        reviewer: review.reviewer.as_ref().and_then(person),
    });
    Some(told.collect())
}

/// The human who triggered a deployment: as the record says, else as its pipeline run says, else its own actor.
fn human_behind(walk: &Walk, record: &DeploymentRecord) -> Option<PersonKey> {
    let run = record.run.as_ref().and_then(|id| walk.graph.pipeline_runs.by_id(id));
    let candidates = [
        record.triggered_by.as_ref(),
        run.and_then(|run| run.triggered_by.as_ref()),
        run.and_then(|run| run.actor.as_ref()),
        record.actor.as_ref(),
    ];
    candidates.into_iter().flatten().find_map(|account| human(walk, account))
}

fn human(walk: &Walk, account: &AccountId) -> Option<PersonKey> {
    let key = walk.graph.account_people.get(account)?;
    let is_machine = walk.graph.accounts.by_id(account).is_some_and(|account| account.kind == AccountKind::Machine);
    let person = walk.graph.people.by_id(key)?;
    (!is_machine && person.kind == AccountKind::Human).then(|| key.clone())
}

/// Work under a change stands for a deployment where no tool recorded one of the release in that environment.
/// The id of such a deployment begins with the change's own.
fn worked(walk: &Walk, recorded: &[Attempt]) -> Vec<Attempt> {
    let known: BTreeSet<(&ReleaseKey, &domain::EnvironmentKey)> = recorded
        .iter()
        .map(|attempt| (&attempt.deployment.release, &attempt.deployment.target.environment))
        .collect();
    let mut attempts = Vec::new();
    for (release, index, link) in walk.graph.release_changes.iter() {
        let change = walk.graph.changes.get(index);
        let (true, Some(service), Some(_)) = (link.supports(), walk.service_of(release), change.work_started_at)
        else {
            continue;
        };
        let key = &walk.graph.releases.get(release).key;
        for target in targets_of_change(walk, change, service) {
            if !known.contains(&(key, &target.environment)) {
                attempts.push(Attempt {
                    deployment: work_of(walk, key, change, target),
                    service,
                    says_rollback_of: None,
                });
            }
        }
    }
    attempts
}

fn work_of(walk: &Walk, release: &ReleaseKey, change: &Change, target: Target) -> Deployment {
    let outcome = match (change.work_ended_at, change.close_code) {
        (_, Some(CloseCode::Unsuccessful)) => DeploymentOutcome::Failed,
        (Some(_), Some(CloseCode::Successful | CloseCode::SuccessfulWithIssues)) => DeploymentOutcome::Succeeded,
        (None, _) => DeploymentOutcome::InProgress,
        (Some(_), _) => DeploymentOutcome::Unknown,
    };
    let person =
        |account: &Option<AccountId>| account.as_ref().and_then(|id| walk.graph.account_people.get(id)).cloned();
    let native = format!("{}/{release}/{target}", change.id.0.native);
    Deployment {
        id: DeploymentId::new(&change.id.0.connector, native),
        release: release.clone(),
        target,
        attempt: 0,
        method: DeploymentMethod::Manual,
        outcome,
        started_at: change.work_started_at,
        finished_at: change.work_ended_at,
        digest: None,
        commit: None,
        rollout: Vec::new(),
        replaced: None,
        rollback_of: None,
        actor: person(&change.assigned_to),
        triggered_by: change.assigned_to.as_ref().and_then(|account| human(walk, account)),
        reviews: None,
        change: Some(change.id.clone()),
        sources: vec![change.source.clone()],
    }
}

/// Two systems that recorded one deployment: same release, another connector, starts close together.
fn join_twins(walk: &Walk, timeline: Vec<Attempt>) -> Vec<Attempt> {
    let mut joined: Vec<Attempt> = Vec::with_capacity(timeline.len());
    for attempt in timeline {
        let twin = joined.last_mut().filter(|other| {
            let (one, two) = (&other.deployment, &attempt.deployment);
            let close = match (one.started_at, two.started_at) {
                (Some(one), Some(two)) => two.duration_since(one) <= walk.policy.same_deployment_within,
                _ => false,
            };
            close && one.release == two.release && one.id.0.connector != two.id.0.connector
        });
        match twin {
            Some(held) => {
                let (one, two) = (&mut held.deployment, attempt.deployment);
                one.digest = one.digest.take().or(two.digest);
                one.commit = one.commit.take().or(two.commit);
                one.finished_at = one.finished_at.or(two.finished_at);
                one.change = one.change.take().or(two.change);
                one.triggered_by = one.triggered_by.take().or(two.triggered_by);
                if matches!(one.outcome, DeploymentOutcome::Pending | DeploymentOutcome::Unknown) {
                    one.outcome = two.outcome;
                }
                one.sources.extend(two.sources);
            }
            None => joined.push(attempt),
        }
    }
    joined
}

/// Numbers the attempts, and says what each replaced and which one it takes back.
fn tell_history(walk: &Walk, at: (Index<Service>, &Target), timeline: Vec<Attempt>) -> Vec<Deployment> {
    let mut numbers: BTreeMap<ReleaseKey, u32> = BTreeMap::new();
    let mut told: Vec<Deployment> = Vec::with_capacity(timeline.len());
    for attempt in timeline {
        let mut deployment = attempt.deployment;
        let number = numbers.entry(deployment.release.clone()).or_default();
        *number += 1;
        deployment.attempt = *number;
        let before = deployment.started_at.and_then(|start| walk.ran_before(at, start, &deployment.release));
        deployment.replaced = before.or_else(|| {
            let succeeded = |other: &&Deployment| {
                other.outcome == DeploymentOutcome::Succeeded && other.release != deployment.release
            };
            told.iter().rev().find(succeeded).map(|other| other.release.clone())
        });
        deployment.rollback_of = match &attempt.says_rollback_of {
            Some(said) => said_rollback(walk, at.0, said, &told),
            None => seen_rollback(walk, &deployment, &told),
        };
        told.push(deployment);
    }
    told
}

/// The deployment that a record says it takes back: named by version, or by the record's id.
fn said_rollback(walk: &Walk, service: Index<Service>, said: &str, before: &[Deployment]) -> Option<DeploymentId> {
    let version = Version::parse(said, &walk.graph.services.get(service).names());
    let release = version
        .and_then(|version| walk.told.by_version.get(&(service, version.canonical())))
        .map(|index| &walk.graph.releases.get(*index).key);
    let named = before.iter().rev().find(|other| &*other.id.0.native == said || Some(&other.release) == release);
    named.map(|other| other.id.clone())
}

/// The deployment just before, when this one brings back what that one replaced, soon enough.
fn seen_rollback(walk: &Walk, deployment: &Deployment, before: &[Deployment]) -> Option<DeploymentId> {
    if deployment.outcome == DeploymentOutcome::Pending {
        return None;
    }
    let begun = before.iter().filter(|other| other.outcome != DeploymentOutcome::Pending);
    let last = begun.rev().find(|other| other.release != deployment.release)?;
    let (ended, start) = (last.finished_at.or(last.started_at)?, deployment.started_at?);
    let soon = start.duration_since(ended) <= walk.policy.rollback_within;
    let version = |key: &ReleaseKey| walk.graph.releases.by_id(key).and_then(|release| release.version.as_ref());
    let older = match (version(&deployment.release), version(&last.release)) {
        (Some(one), Some(other)) => one.compare(other) == Some(std::cmp::Ordering::Less),
        _ => true,
    };
    (soon && older && last.replaced.as_ref() == Some(&deployment.release)).then(|| last.id.clone())
}

#[cfg(test)]
mod tests {
    use domain::EnvironmentReviewState;

    use super::DeploymentReview;
    use crate::correlate::world::World;

    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let mut rows: Vec<_> = graph.deployments.iter().map(|(_, row)| row).collect();
        rows.sort_by_key(|row| row.started_at);
        let seen: Vec<String> = rows
            .iter()
            .map(|row| {
                let replaced = row.replaced.as_ref().map(|key| format!(" replaced {key}")).unwrap_or_default();
                let back = row.rollback_of.as_ref().map(|id| format!(" takes back {}", id.0.native));
                let who = row.triggered_by.as_ref().map(|who| format!(" by {who}")).unwrap_or_default();
                let (release, target, attempt) = (&row.release, &row.target, row.attempt);
                format!(
                    "{release} {target} #{attempt} {:?}{replaced}{}{who}",
                    row.outcome,
                    back.unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(seen.join("; "), expected);
    }

    const REPO: &str = "bank/payments-api";

    fn pay() -> World {
        World::new().service("payments-api", "PAY").tag(REPO, "v2.13.0", "c1").tag(REPO, "v2.14.0", "c2").deployed(
            REPO,
            "v2.13.0",
            "production-eu",
            "2026-06-01T18:00:00Z",
            "success",
        )
    }

    #[test]
    fn attempts_are_numbered_and_say_what_they_replaced() {
        check(
            pay().deployed(REPO, "v2.14.0", "prod/eu", "2026-06-10T18:00:00Z", "failure").deployed(
                REPO,
                "v2.14.0",
                "prod/eu",
                "2026-06-10T20:00:00Z",
                "success",
            ),
            "payments-api@2.13.0 production/eu #1 Succeeded; \
             payments-api@2.14.0 production/eu #1 Failed replaced payments-api@2.13.0; \
             payments-api@2.14.0 production/eu #2 Succeeded replaced payments-api@2.13.0",
        );
    }

    #[test]
    fn a_review_of_its_environment_belongs_to_a_deployment() {
        let world = pay().by_machine_for("pipeline", "ada");
        let reviews = |world: World| {
            let graph = world.graph();
            let (_, row) = graph.deployments.iter().next().expect("a deployment");
            let told = row.reviews.as_ref();
            let one = |review: &DeploymentReview| {
                let who = review.reviewer.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("{:?} by {who}", review.state)
            };
            told.map(|all| all.iter().map(one).collect::<Vec<_>>().join("; "))
        };
        assert_eq!(reviews(world.clone()), None, "nobody told of reviews");
        let elsewhere = world.reviewed_by("bob", EnvironmentReviewState::Rejected, &["production-uk"]);
        assert_eq!(reviews(elsewhere.clone()).as_deref(), Some(""), "none of this environment");
        let both =
            elsewhere.reviewed_by("eve", EnvironmentReviewState::Approved, &["production-uk", "production-eu"]);
        assert_eq!(reviews(both).as_deref(), Some("Approved by git:eve"));
    }

    #[test]
    fn going_back_soon_to_what_was_replaced_is_a_rollback() {
        let world = pay().deployed(REPO, "v2.14.0", "production-eu", "2026-06-10T18:00:00Z", "success");
        let start = "payments-api@2.13.0 production/eu #1 Succeeded; \
                     payments-api@2.14.0 production/eu #1 Succeeded replaced payments-api@2.13.0; \
                     payments-api@2.13.0 production/eu #2 Succeeded replaced payments-api@2.14.0";
        check(
            world.clone().deployed(REPO, "v2.13.0", "production-eu", "2026-06-10T19:00:00Z", "success"),
            &format!("{start} takes back {REPO} v2.14.0 2026-06-10T18:00:00Z"),
        );
        check(world.deployed(REPO, "v2.13.0", "production-eu", "2026-06-14T19:00:00Z", "success"), start);
    }

    #[test]
    fn work_under_a_change_stands_for_a_deployment_that_no_tool_recorded() {
        let world = World::new()
            .service("treasury-suite", "TRS")
            .change("CHG1", "Install treasury-suite 2026.3", None)
            .worked("CHG1", "2026-06-10T18:00:00Z", "2026-06-10T19:00:00Z");
        check(world, "treasury-suite@2026.3 production #1 Unknown");
    }

    #[test]
    fn the_human_behind_a_machine_is_found_through_the_run() {
        let world = World::new()
            .service("payments-api", "PAY")
            .tag(REPO, "v2.13.0", "c1")
            .deployed(REPO, "v2.13.0", "staging", "2026-06-01T18:00:00Z", "success")
            .by_machine_for("bot", "ada");
        check(world, "payments-api@2.13.0 staging #1 Succeeded by git:ada");
    }
}
