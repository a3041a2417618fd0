//! Where each release stands: its status at its targets and as a whole, and, where a deciding source is dark, the
//! states it could be in.

use std::collections::BTreeSet;

use domain::{Change, DeploymentOutcome, RecordKind, Release, ReleaseStatus, Service, Target, TargetState};

use super::environments::production_targets;
use super::facts::{At, Ground, evidence, ground_of, release_facts, target_facts};
use super::status::{Observed, ReleaseFacts, TargetFacts, release_status, target_status};
use super::walk::Walk;
use crate::graph::Index;

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
    let dark_incidents = walk.darkness.covers_any(RecordKind::Incident);
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
    let settling = status == ReleaseStatus::Transitioned;
    let doubtful = dark_runtime
        || dark_deployments
        || (before_deployment && dark_changes)
        || (settling && (dark_incidents || dark_changes));
    let certain = deciding_certain && !doubtful;
    let doubted = |seen: bool| {
        facts.iter().any(|facts| !target_status(facts).1 && (facts.observed == Observed::Seen) == seen)
    };
    let dark = Dark {
        runtime: dark_runtime || doubted(false),
        health: doubted(true),
        deployments: dark_deployments,
        changes: dark_changes,
        incidents: dark_incidents || dark_changes,
    };
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

/// What could be otherwise than it seems.
struct Dark {
    runtime: bool,
    /// Health was not measured: that its changes say it went well stands in.
    health: bool,
    deployments: bool,
    changes: bool,
    incidents: bool,
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
    if dark.health {
        targets.push(with(&|facts| TargetFacts { healthy: facts.healthy.or(Some(false)), ..*facts }));
    }
    if dark.deployments {
        for outcome in [DeploymentOutcome::InProgress, DeploymentOutcome::Succeeded, DeploymentOutcome::Failed] {
            targets.push(with(&|facts| TargetFacts { attempt: Some(outcome), ..*facts }));
        }
    }
    if dark.incidents {
        targets.push(with(&|facts| TargetFacts { settled: false, ..*facts }));
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
        check(closed(), KEY, "Transitioned of [Deployed, Transitioned]");
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
    fn without_the_incidents_nothing_is_handed_over_for_certain() {
        let world = closed().health("payments-api", Some(0.001), "2026-06-11T00:00:00Z");
        check(world.dark("servicenow", RecordKind::Incident), KEY, "Transitioned of [Validated, Transitioned]");
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
        let asked = base().deployed(REPO, "v2.14.0", "production-uk", "2026-06-10T20:00:00Z", "queued");
        check(asked, KEY, "PartiallyDeployed");
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
        let second = decided(ApprovalState::Approved).change("CHG2", "Columns for payments-api 2.14.0", None);
        check(second.clone().state("CHG2", ChangeState::Authorize), KEY, "AwaitingApproval");
        check(second.clone().state("CHG2", ChangeState::Canceled), KEY, "Scheduled");
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
