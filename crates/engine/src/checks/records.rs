//! Do the records tell what runs? Everything that runs is explained by deployments, the CMDB tells its version, and
//! what nobody keeps yet is UNKNOWN and named.

use domain::{DeploymentOutcome, Gap, GapCode, Outcome, Placement, RecordKind, Target};
use jiff::{SignedDuration, Timestamp};

use super::aftermath::{attempts, not_yet};
use super::case::Case;
use super::code::CheckCode;
use super::ground::{meet, seen};
use super::judgement::Check;

pub(super) fn check(case: &Case<'_>) -> Vec<Check> {
    vec![
        explained(case),
        unkept(case, CheckCode::BaselineKept, "No snapshot of what was there before and after is kept."),
        unkept(case, CheckCode::ActsLogged, "No audit trail proves what was seen of it."),
        cmdb(case),
    ]
}

/// Evidence that no part of the graph holds.
fn unkept(case: &Case<'_>, code: CheckCode, message: &str) -> Check {
    if attempts(case).is_empty() {
        return not_yet(case, code);
    }
    let gap = Gap {
        code: GapCode::SourceNotConfigured,
        connector: None,
        kind: RecordKind::ConfigurationItem,
        message: message.into(),
        since: None,
        retryable: false,
    };
    Check::later(code, Outcome::Pass, "").despite(vec![gap])
}

/// What runs of the service there, each part by itself.
fn explained(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::RuntimeExplained;
    if attempts(case).is_empty() {
        return not_yet(case, CODE);
    }
    let (graph, service) = (case.graph(), &case.ground.release.service);
    let running = case.ground.running(service);
    let has_deployment = |placed: &Placement| {
        let attempts = placed.release.iter().flat_map(|release| graph.deployments_of(release));
        attempts.map(|(_, attempt)| attempt).any(|attempt| {
            meet(&attempt.target, &placed.target)
                && matches!(attempt.outcome, DeploymentOutcome::Succeeded | DeploymentOutcome::InProgress)
        })
    };
    let stray = running.iter().find(|placed| !has_deployment(placed));
    // What a deployment tool or a ticket says of it is not an observation.
    let is_observed = |placed: &Placement| {
        graph.runtime_observations.iter().any(|seen| seen.current && seen.source.record == placed.source.record)
    };
    let observed = |part: &Target| running.iter().any(|seen| meet(&seen.target, part) && is_observed(seen));
    let silent = case.ground.parts().into_iter().find(|part| !observed(part));
    let (outcome, reason) = match (stray, silent) {
        (Some(placed), _) => (Outcome::Fail, format!("No deployment explains what runs in {}.", placed.target)),
        (None, Some(part)) => (Outcome::Unknown, format!("Nobody observes what runs in {part}.")),
        (None, None) => (Outcome::Pass, "Everything that runs there is explained by deployments.".to_owned()),
    };
    let watchers = case.ground.monitoring(service);
    let gaps = case.ground.missing(&[RecordKind::RuntimeObservation, RecordKind::Deployment], &watchers);
    let evidence = running.iter().map(|placed| seen(format!("It runs in {}", placed.target), &placed.source));
    Check::later(CODE, outcome, reason).resting_on(evidence).despite(gaps)
}

/// The version that the CMDB tells, and whether somebody else than Interlock wrote it.
fn cmdb(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::CmdbCurrent;
    let attempts = attempts(case);
    let Some(finished) = attempts.iter().filter_map(|attempt| attempt.finished_at).max() else {
        return not_yet(case, CODE);
    };
    let (graph, service) = (case.graph(), &case.ground.release.service);
    let term = SignedDuration::from_hours(i64::from(case.terms.cmdb_hours));
    let due_at = finished.saturating_add(term).unwrap_or(Timestamp::MAX);
    let place = graph.services.find(service);
    let items = place.into_iter().flat_map(|place| graph.service_configuration_items.from(place));
    let items: Vec<_> = items
        .map(|related| graph.configuration_items.get(related.index))
        .filter(|item| {
            let word = item.environment.as_deref();
            let place =
                word.and_then(|word| crate::correlate::environments::environment_word(&graph.environments, word));
            place.is_none_or(|place| place.environment == case.ground.target.environment)
        })
        .collect();
    let running = case.ground.running(service);
    let versions: Vec<&str> = running.iter().filter_map(|placed| placed.version.as_deref()).collect();
    let told = items.iter().filter(|item| item.version.is_some()).count();
    let differs =
        items.iter().find(|item| item.version.as_deref().is_some_and(|version| !versions.contains(&version)));
    let (outcome, reason) = match differs {
        _ if versions.is_empty() => (Outcome::Unknown, format!("What version of {service} runs is not known.")),
        Some(_) if graph.assembled_at < due_at => (Outcome::NotDue, format!("The CMDB is to tell it by {due_at}.")),
        Some(item) => (
            Outcome::Fail,
            format!(
                "The CMDB tells version {} of {}, which does not run.",
                item.version.as_deref().unwrap_or_default(),
                item.name
            ),
        ),
        None if told == 0 => (Outcome::Unknown, format!("The CMDB tells no version of {service}.")),
        // The record does not say who wrote the version, so it may be what Interlock wrote itself.
        None => match items.iter().all(|item| written_by_others(case, item)) {
            true => (Outcome::Pass, "The CMDB tells the version that runs.".to_owned()),
            false => (
                Outcome::Unknown,
                "The CMDB tells the version that runs; who wrote it there is not known.".to_owned(),
            ),
        },
    };
    let gaps =
        case.ground.missing(&[RecordKind::ConfigurationItem, RecordKind::RuntimeObservation], &Default::default());
    let evidence = items.iter().map(|item| seen(format!("{} in the CMDB", item.name), &item.source));
    let mut check = Check::later(CODE, outcome, reason).resting_on(evidence).despite(gaps);
    check.due_at = Some(due_at).filter(|_| check.outcome == Outcome::NotDue);
    check
}

/// Does its history name a human, or a machine that is not the one Interlock reads with, as the last writer?
fn written_by_others(case: &Case<'_>, item: &domain::ConfigurationItem) -> bool {
    let graph = case.graph();
    let start = graph.field_changes.partition_point(|entry| entry.record < item.id.0);
    let history = graph.field_changes.iter().skip(start).take_while(|entry| entry.record == item.id.0);
    let last = history.filter(|entry| Some(&entry.after) == item.version.as_ref()).max_by_key(|entry| entry.at);
    let writer = last.and_then(|entry| entry.by.as_deref());
    writer.is_some_and(|login| {
        graph.accounts.iter().any(|(_, account)| {
            account.login.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(login))
                && matches!(case.who(&account.id), super::case::Who::Human(_))
        })
    })
}
