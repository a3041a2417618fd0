//! Does what the release needs run in the target? A constraint is satisfied by what runs, so a later version does, too.
//! Only HARD dependencies close a gate.

use std::collections::BTreeSet;

use domain::{
    ConnectorId, Dependency, DependencyKind, Dependent, Outcome, Placement, RecordKind, Release, ReleaseKey,
    Version,
};
use jiff::Timestamp;

use super::code::CheckCode;
use super::ground::{Ground, meet, seen};
use super::judgement::{Act, ActCode, Check};
use crate::correlate::satisfies;

const CODE: CheckCode = CheckCode::DependencyRunning;

/// One check for each HARD dependency; where there is none, one that says so.
pub(super) fn check(ground: &Ground<'_>, at: Timestamp) -> Vec<Check> {
    let graph = ground.graph;
    let own = graph.dependencies.iter().enumerate().filter(|(_, dependency)| {
        dependency.kind == DependencyKind::Hard
            && match &dependency.from {
                Dependent::Release(key) => *key == ground.release.key,
                Dependent::Service(key) => *key == ground.release.service,
            }
    });
    let mut found: Vec<Check> = own.map(|(place, dependency)| one(ground, (place, dependency), at)).collect();
    found.extend(doubts(ground));
    let stated = ground.dark(&[RecordKind::WorkItem, RecordKind::Change, RecordKind::File], &staters(ground));
    if found.is_empty() || !stated.is_empty() {
        let none = Check::before(CODE, Outcome::NotApplicable, "Nothing says that it needs another release.");
        found.push(none.despite(stated));
    }
    found
}

/// The systems that can say what the release needs.
fn staters(ground: &Ground<'_>) -> BTreeSet<ConnectorId> {
    let mut owners = ground.itsm();
    if let Some(service) = ground.service {
        owners.extend(service.sources.projects.iter().map(|source| source.connector.clone()));
        owners.extend(service.sources.repositories.iter().map(|source| source.connector.clone()));
    }
    owners
}

/// What it says that it needs, and nobody can understand.
fn doubts(ground: &Ground<'_>) -> Vec<Check> {
    let doubts = ground.graph.doubtful_needs.get(&ground.index).into_iter().flatten();
    let told = doubts.map(|doubt| {
        let reason = format!("What {} needs is not known in full: {doubt}.", ground.release.key);
        let detail = format!("Mend what {} says that it needs: {doubt}", ground.release.key);
        let act = Act::new(ActCode::Record, detail, ground.owner(&ground.release.service));
        Check::before(CODE, Outcome::Unknown, reason).resolved_by(vec![act])
    });
    told.collect()
}

/// Has what runs not been there for as long as it must have been? Only time resolves that.
fn too_new(
    dependency: &Dependency,
    running: &[&Placement],
    at: Timestamp,
) -> Option<(Outcome, String, Option<Timestamp>)> {
    if dependency.lag.is_zero() {
        return None;
    }
    let lag = format!("it must have run for {} minutes", dependency.lag.as_mins());
    let since: Option<Vec<Timestamp>> = running.iter().map(|placed| placed.since).collect();
    match since.and_then(|since| since.into_iter().max()) {
        None => Some((Outcome::Unknown, format!("{lag}, and since when it runs is not known"), None)),
        Some(since) => {
            let ready = since.saturating_add(dependency.lag).unwrap_or(Timestamp::MAX);
            (at < ready).then(|| (Outcome::Fail, format!("{lag}, and runs since {since}"), Some(ready)))
        }
    }
}

fn one(ground: &Ground<'_>, (place, dependency): (usize, &Dependency), at: Timestamp) -> Check {
    let wanted = wanted(dependency);
    let running = ground.running(&dependency.to);
    let verdicts: Vec<Option<bool>> = running.iter().map(|placed| meets(ground, dependency, placed)).collect();
    let outcome = match verdicts.as_slice() {
        [] => Outcome::Fail,
        all if all.contains(&Some(false)) => Outcome::Fail,
        all if all.contains(&None) => Outcome::Unknown,
        _ => Outcome::Pass,
    };
    let seen_there = match running.as_slice() {
        [] => "nothing of it is seen there".to_owned(),
        all => all.iter().map(|placed| spoken(placed)).collect::<Vec<_>>().join(", "),
    };
    let target = ground.target;
    let reason = match outcome {
        Outcome::Pass => format!("{wanted} runs in {target}: {seen_there}."),
        Outcome::Unknown => {
            format!("Whether {wanted} runs in {target} cannot be told from what is seen: {seen_there}.")
        }
        _ => format!("{wanted} does not run in {target}: {seen_there}."),
    };
    let mut check = Check::before(CODE, outcome, reason)
        .resting_on(running.iter().map(|placed| seen(format!("{} runs", spoken(placed)), &placed.source)))
        .resting_on(dependency.link.evidence.iter().cloned());
    check.services = vec![dependency.to.clone()];
    let dark =
        ground.dark(&[RecordKind::RuntimeObservation, RecordKind::Deployment], &ground.monitoring(&dependency.to));
    if outcome == Outcome::Pass {
        if let Some((outcome, why, ready)) = too_new(dependency, &running, at) {
            (check.outcome, check.resolves_at, check.gaps) = (outcome, ready, dark);
            check.reason = format!("{wanted} runs in {target}, but {why}.").into();
            return check;
        }
        return check.despite(dark);
    }
    if outcome == Outcome::Fail && running.is_empty() && !dark.is_empty() {
        check.outcome = Outcome::Unknown;
    }
    check.gaps = dark;
    let coming = coming(ground, place, dependency);
    check.release = coming.map(|release| release.key.clone());
    check.resolves_at = coming.and_then(|release| planned_end(ground, release)?.checked_add(dependency.lag).ok());
    let detail = match coming {
        Some(release) => format!("Deploy {} to {target}", release.key),
        None => format!("Build a release of {} that meets {wanted}, and deploy it to {target}", dependency.to),
    };
    let by = ground.owner(&dependency.to);
    let act = Act { services: vec![dependency.to.clone()], ..Act::new(ActCode::DeployDependency, detail, by) };
    check.resolved_by(vec![act])
}

fn wanted(dependency: &Dependency) -> String {
    match (&dependency.constraint, &dependency.release) {
        (Some(constraint), _) => format!("{} {constraint}", dependency.to),
        (None, Some(release)) => release.to_string(),
        (None, None) => dependency.to.to_string(),
    }
}

fn spoken(placed: &Placement) -> String {
    let what = match (&placed.release, &placed.version) {
        (Some(release), _) => release.to_string(),
        (None, Some(version)) => version.to_string(),
        (None, None) => "something without a version".to_owned(),
    };
    format!("{what} in {}", placed.target)
}

/// Does what runs meet the need? `None` when that cannot be told.
fn meets(ground: &Ground<'_>, dependency: &Dependency, placed: &Placement) -> Option<bool> {
    match (&dependency.constraint, &dependency.release) {
        (Some(constraint), _) => {
            let release = placed.release.as_ref().and_then(|key| ground.graph.releases.by_id(key));
            let written = || Version::parse(placed.version.as_ref()?, &[]);
            let version = release.and_then(|release| release.version.clone()).or_else(written)?;
            satisfies(&version, constraint)
        }
        (None, Some(wanted)) => placed.release.as_ref().map(|release| release == wanted),
        (None, None) => Some(true),
    }
}

/// The release to come that would meet it.
fn coming<'a>(ground: &Ground<'a>, place: usize, dependency: &Dependency) -> Option<&'a Release> {
    let graph = ground.graph;
    let edge = graph.release_dependencies.iter().find(|edge| edge.from == ground.index && edge.dependency == place);
    let named = || dependency.release.as_ref().and_then(|key: &ReleaseKey| graph.releases.find(key));
    edge.map(|edge| edge.to).or_else(named).map(|index| graph.releases.get(index))
}

/// When a release's first planned window at the target ends.
fn planned_end(ground: &Ground<'_>, release: &Release) -> Option<Timestamp> {
    let there = release.windows.iter().filter(|planned| meet(&planned.target, ground.target));
    there.map(|planned| planned.window.end).min()
}
