//! Which versions are worth a node. A release belongs in the graph when something of it lies in the horizon, when it is
//! still to come, or when it is what ran as the horizon began. A tag, a deployment or a released version from before it
//! is history: it makes no release by itself.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ChangeState, DeploymentOutcome, Service, Text};
use jiff::Timestamp;

use super::sightings::Witness;
use super::walk::Walk;
use crate::graph::Index;

/// Tells what lies in the horizon.
pub(super) struct Reach<'a> {
    walk: &'a Walk,
    start: Option<Timestamp>,
    /// The deployments, by place, that say what ran when the horizon began.
    ran_before: BTreeSet<usize>,
}

impl<'a> Reach<'a> {
    /// Of these deployments, each with its service, the last that went well before the horizon says what ran.
    pub(super) fn new(walk: &'a Walk, deployments: impl Iterator<Item = (Index<Service>, usize)>) -> Self {
        let start = walk.horizon_start;
        let mut last: BTreeMap<(Index<Service>, &Text), (Timestamp, usize)> = BTreeMap::new();
        for (service, place) in deployments {
            let Some(record) = walk.deployments.get(place) else { continue };
            let Some(at) = record.finished_at.or(record.started_at) else { continue };
            let before = start.is_some_and(|start| at < start);
            if before && record.outcome == DeploymentOutcome::Succeeded {
                let held = last.entry((service, &record.environment)).or_insert((at, place));
                *held = (*held).max((at, place));
            }
        }
        Self { walk, start, ran_before: last.into_values().map(|(_, place)| place).collect() }
    }

    /// Does a record tell of something in the horizon?
    pub(super) fn covers(&self, witness: Witness) -> bool {
        let Some(start) = self.start else { return true };
        let graph = &self.walk.graph;
        let inside = |at: Option<Timestamp>| at.is_none_or(|at| at >= start);
        match witness {
            Witness::Tracked(index) => {
                let version = graph.tracked_versions.get(index);
                let first = start.to_zoned(jiff::tz::TimeZone::UTC).date();
                let over = version.released || version.archived;
                !over || version.release_date.is_none_or(|date| date >= first)
            }
            Witness::Tag(index) => {
                let tag = graph.tags.get(index);
                inside(tag.published_at.max(tag.committed_at))
            }
            Witness::Change(index, _) => {
                let change = graph.changes.get(index);
                let open = !matches!(change.state, ChangeState::Closed | ChangeState::Canceled);
                let planned = change.window.map(|window| window.end);
                open || inside(planned.max(change.work_ended_at).or(change.closed_at).or(change.created_at))
            }
            Witness::Train(_) => true,
            Witness::Artifact(index) => inside(graph.artifacts.get(index).created_at),
            Witness::Deployment(place) => {
                let record = self.walk.deployments.get(place);
                let at = record.and_then(|record| record.finished_at.or(record.started_at));
                self.ran_before.contains(&place) || inside(at)
            }
            Witness::Runtime(place) => {
                graph.runtime_observations.get(place).is_some_and(|seen| seen.observed_at >= start)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;

    const REPO: &str = "bank/payments-api";

    fn check(world: World, expected: &[&str]) {
        let graph = world.since("2026-06-01T00:00:00Z").graph();
        let mut keys: Vec<String> = graph.releases.iter().map(|(_, release)| release.key.to_string()).collect();
        keys.sort();
        assert_eq!(keys, expected);
    }

    fn pay() -> World {
        World::new().service("payments-api", "PAY")
    }

    #[test]
    fn of_what_was_deployed_before_the_horizon_only_the_last_is_a_release() {
        check(
            pay()
                .deployed(REPO, "v2.11.0", "production", "2026-04-01T18:00:00Z", "success")
                .deployed(REPO, "v2.12.0", "production", "2026-05-01T18:00:00Z", "success")
                .deployed(REPO, "v2.12.1", "production", "2026-05-02T18:00:00Z", "failure")
                .deployed(REPO, "v2.13.0", "production", "2026-06-02T18:00:00Z", "success"),
            &["payments-api@2.12.0", "payments-api@2.13.0"],
        );
    }

    #[test]
    fn a_version_still_to_come_is_a_release_however_old_its_plan() {
        check(pay().tracked("10", "PAY", "2.14.0"), &["payments-api@2.14.0"]);
        let mut released = pay().tracked("10", "PAY", "2.10.0");
        released.records.tracked_versions[0].released = true;
        released.records.tracked_versions[0].release_date = Some(jiff::civil::date(2026, 3, 1));
        check(released, &[]);
    }
}
