//! A release's windows, its manager, what superseded it, and when any of its records last changed.
//! A change's window counts more than its train's, and that more than a tracker's date.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Change, ChangeState, Release, ReleaseKey, ReleaseWindow, Service, Target, TargetStatus, Window};
use jiff::{Timestamp, ToSpan};

use super::environments::{production_targets, targets_of_change};
use super::walk::Walk;
use crate::graph::Index;

/// Fills in windows, managers, successors and times.
pub(super) fn plan(walk: &mut Walk) {
    let running = running(walk);
    let indices: Vec<Index<Release>> = walk.graph.releases.iter().map(|(index, _)| index).collect();
    let dates = dates(walk);
    for index in indices {
        let Some(service) = walk.service_of(index) else { continue };
        let windows = windows_of(walk, (index, service), &dates);
        let changes: Vec<&Change> = supporting(walk, index).collect();
        let manager = changes
            .iter()
            .filter(|change| change.state != ChangeState::Canceled)
            .find_map(|change| change.requested_by.as_ref().or(change.assigned_to.as_ref()))
            .and_then(|account| walk.graph.account_people.get(account))
            .cloned();
        let updated = changes.iter().filter_map(|change| change.updated_at).max();
        let deployed =
            walk.graph.releases.get(index).targets.iter().any(|state| state.status != TargetStatus::NotStarted);
        let superseded_by = successor(walk, (index, service), &running).filter(|_| deployed);
        let worked = walk
            .graph
            .release_work_items
            .from(index)
            .filter_map(|related| walk.graph.work_items.get(related.index).updated_at)
            .max();
        let release = walk.graph.releases.get_mut(index);
        release.windows = windows;
        release.manager = manager;
        release.superseded_by = superseded_by;
        release.updated_at = release.updated_at.max(updated).max(worked);
    }
}

fn supporting(walk: &Walk, index: Index<Release>) -> impl Iterator<Item = &Change> {
    let links = walk.graph.release_changes.from(index).filter(|related| related.link.supports());
    links.map(|related| walk.graph.changes.get(related.index))
}

fn windows_of(
    walk: &Walk,
    (index, service): (Index<Release>, Index<Service>),
    dates: &BTreeMap<Index<Release>, jiff::civil::Date>,
) -> Vec<ReleaseWindow> {
    let mut windows: BTreeSet<ReleaseWindow> = BTreeSet::new();
    for change in supporting(walk, index).filter(|change| change.state != ChangeState::Canceled) {
        if let Some(window) = change.window {
            let targets = targets_of_change(walk, change, service);
            windows.extend(targets.into_iter().map(|target| ReleaseWindow { target, window }));
        }
    }
    if windows.is_empty() {
        let targets = production_targets(&walk.graph.environments, walk.graph.services.get(service));
        let trains = walk.graph.release_trains.from(index);
        let of_trains: Vec<Window> =
            trains.filter_map(|related| walk.graph.trains.get(related.index).window).collect();
        for target in targets {
            let days = dates.get(&index).and_then(|date| day(walk, &target, *date));
            let chosen = if of_trains.is_empty() { days.into_iter().collect() } else { of_trains.clone() };
            windows.extend(chosen.into_iter().map(|window| ReleaseWindow { target: target.clone(), window }));
        }
    }
    windows.into_iter().collect()
}

/// Planned dates of versions that are not released yet.
fn dates(walk: &Walk) -> BTreeMap<Index<Release>, jiff::civil::Date> {
    let mut dates = BTreeMap::new();
    for (version, (release, _)) in &walk.told.tracked {
        let version = walk.graph.tracked_versions.get(*version);
        if let Some(date) = version.release_date.filter(|_| !version.released && !version.archived) {
            dates.entry(*release).or_insert(date);
        }
    }
    dates
}

/// A whole day in an environment's own time zone.
fn day(walk: &Walk, target: &Target, date: jiff::civil::Date) -> Option<Window> {
    let environment = walk.graph.environments.by_id(&target.environment)?;
    let zone = jiff::tz::TimeZone::get(&environment.time_zone).ok()?;
    let moment =
        |date: jiff::civil::Date| -> Option<Timestamp> { Some(date.to_zoned(zone.clone()).ok()?.timestamp()) };
    Window::new(moment(date)?, moment(date.checked_add(1.day()).ok()?)?)
}

/// What runs in production, by service.
fn running(walk: &Walk) -> BTreeMap<Index<Service>, BTreeSet<(Target, Index<Release>)>> {
    let mut running: BTreeMap<_, BTreeSet<(Target, Index<Release>)>> = BTreeMap::new();
    for (key, placements) in &walk.graph.placements {
        let Some(service) = walk.graph.services.find(key) else { continue };
        let targets = production_targets(&walk.graph.environments, walk.graph.services.get(service));
        for placement in placements {
            let release = placement.release.as_ref().and_then(|key| walk.graph.releases.find(key));
            let production =
                targets.iter().any(|target| target.covers(&placement.target) || placement.target.covers(target));
            if let (Some(release), true) = (release, production) {
                running.entry(service).or_default().insert((placement.target.clone(), release));
            }
        }
    }
    running
}

/// The greatest newer release of the service that runs where this one does not any more.
fn successor(
    walk: &Walk,
    (index, service): (Index<Release>, Index<Service>),
    running: &BTreeMap<Index<Service>, BTreeSet<(Target, Index<Release>)>>,
) -> Option<ReleaseKey> {
    let here = running.get(&service)?;
    if here.iter().any(|(_, release)| *release == index) {
        return None;
    }
    let mut best = None;
    for (_, release) in here {
        if walk.newer(Some(*release), Some(best.unwrap_or(index))) {
            best = Some(*release);
        }
    }
    best.map(|best| walk.graph.releases.get(best).key.clone())
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::{World, moment};
    use domain::Window;

    fn check(world: World, key: &str, expected: &str) {
        let graph = world.graph();
        let release = graph.releases.by_id(&domain::ReleaseKey::new(key)).expect("a release");
        let windows: Vec<String> = release
            .windows
            .iter()
            .map(|row| format!("{} {}..{}", row.target, row.window.start, row.window.end))
            .collect();
        let next = release.superseded_by.as_ref().map(|key| format!(" then {key}")).unwrap_or_default();
        assert_eq!(format!("{}{next}", windows.join("; ")), expected);
    }

    fn pay() -> World {
        let mut world = World::new().service("payments-api", "PAY").tracked("10", "PAY", "2.14.0");
        world.records.tracked_versions[0].release_date = Some("2026-07-01".parse().expect("a date"));
        world
    }

    fn on_train() -> World {
        let mut world = pay();
        world.records.trains.push(domain::Train {
            id: domain::TrainId::new(&domain::ConnectorId::new("servicenow"), "t"),
            number: "RLSE1".into(),
            name: "Quarterly: payments-api 2.14.0".into(),
            window: Window::new(moment("2026-07-02T18:00:00Z"), moment("2026-07-02T22:00:00Z")),
            state_label: "".into(),
            description: None,
            source: crate::correlate::world::source("servicenow", "t"),
        });
        world
    }

    #[test]
    fn a_change_counts_more_than_a_train_and_a_train_more_than_a_date() {
        let key = "payments-api@2.14.0";
        check(pay(), key, "production 2026-06-30T23:00:00Z..2026-07-01T23:00:00Z");
        check(on_train(), key, "production 2026-07-02T18:00:00Z..2026-07-02T22:00:00Z");
        let changed = on_train().change("CHG1", "Deploy payments-api 2.14.0", None).planned(
            "CHG1",
            "2026-07-03T18:00:00Z",
            "2026-07-03T20:00:00Z",
        );
        check(changed, key, "production 2026-07-03T18:00:00Z..2026-07-03T20:00:00Z");
    }

    #[test]
    fn what_runs_in_its_place_superseded_it() {
        let repository = "bank/payments-api";
        let world = World::new()
            .service("payments-api", "PAY")
            .tag(repository, "v2.13.0", "c1")
            .tag(repository, "v2.14.0", "c2")
            .deployed(repository, "v2.13.0", "production", "2026-06-01T18:00:00Z", "success")
            .seen("payments-api", "2.14.0", "production", "2026-06-10T18:06:00Z", None);
        check(world, "payments-api@2.13.0", " then payments-api@2.14.0");
    }
}
