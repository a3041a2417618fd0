//! What a deployment owes while it runs and afterwards: within its window, justified where it was an emergency, healthy,
//! its incidents handled. Before its time each of these is NOT_DUE and closes no gate.

use domain::{Change, ChangeClass, Deployment, DeploymentOutcome, Incident, Outcome, RecordKind, Window};
use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::code::CheckCode;
use super::ground::{meet, seen};
use super::judgement::Check;
use crate::risk::is_retroactive;

pub(super) fn check(case: &Case<'_>) -> Vec<Check> {
    vec![started(case), ended(case), emergency(case), incidents(case), healthy(case)]
}

/// The last attempt at each part of the target.
pub(super) fn attempts<'a>(case: &Case<'a>) -> Vec<&'a Deployment> {
    if let Some(done) = case.ground.done {
        return vec![done];
    }
    let own = case.graph().deployments_of(&case.ground.release.key).map(|(_, attempt)| attempt);
    let mut mine: Vec<&Deployment> = own
        .filter(|attempt| meet(&attempt.target, case.ground.target))
        .filter(|attempt| attempt.outcome != DeploymentOutcome::Pending)
        .collect();
    mine.sort_by_key(|attempt| (&attempt.target, attempt.attempt));
    mine.reverse();
    mine.dedup_by_key(|attempt| &attempt.target);
    mine
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// Not deployed there; or nobody can tell.
pub(super) fn not_yet(case: &Case<'_>, code: CheckCode) -> Check {
    let gaps = case.ground.dark(&[RecordKind::Deployment], &case.forges());
    let reason = format!("It has not been deployed to {}.", case.ground.target);
    match gaps.is_empty() {
        true => Check::not_due(code, reason, None),
        false => Check::later(code, Outcome::Pass, reason).despite(gaps),
    }
}

/// Changes that authorise it there, over or not.
fn authorising<'a>(case: &Case<'a>, attempt: &Deployment) -> Vec<&'a Change> {
    let graph = case.graph();
    let rows = graph
        .authorisations
        .iter()
        .filter(|row| row.release == attempt.release && meet(&row.target, &attempt.target));
    let changes = rows.filter_map(|row| graph.changes.by_id(&row.change));
    changes.filter(|change| change.state != domain::ChangeState::Canceled).collect()
}

fn gaps(case: &Case<'_>) -> Vec<domain::Gap> {
    case.ground.missing(&[RecordKind::Change], &case.ground.itsm())
}

/// The window that holds a moment, or the one that is nearest before it, with a second of grace at both ends.
fn windows(case: &Case<'_>, attempt: &Deployment) -> Vec<Window> {
    authorising(case, attempt).into_iter().filter_map(|change| change.window).collect()
}

fn started(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::StartedInWindow;
    let attempts = attempts(case);
    if attempts.is_empty() {
        return not_yet(case, CODE);
    }
    if !case.ground.in_production() {
        return Check::later(CODE, Outcome::NotApplicable, "Outside production no change sets a window.");
    }
    let skew = SignedDuration::from_secs(i64::from(case.terms.skew_seconds));
    let judge = |attempt: &Deployment| {
        let target = &attempt.target;
        let Some(start) = attempt.started_at else {
            return (Outcome::Unknown, format!("When it started in {target} is not known."));
        };
        let windows = windows(case, attempt);
        let inside = |window: &Window| start >= later(window.start, -skew) && start < later(window.end, skew);
        match windows.iter().any(inside) {
            true => (Outcome::Pass, format!("It started in {target} at {start}, within its window.")),
            false if windows.is_empty() => {
                (Outcome::Fail, format!("No change set a window for {target}, and it started at {start}."))
            }
            false => (Outcome::Fail, format!("It started in {target} at {start}, outside its window.")),
        }
    };
    over(case, CODE, &attempts, judge).despite(gaps(case))
}

/// The same judgement over several attempts, with their records as witnesses.
fn over(
    case: &Case<'_>,
    code: CheckCode,
    attempts: &[&Deployment],
    judge: impl Fn(&Deployment) -> (Outcome, String),
) -> Check {
    let judged: Vec<(Outcome, String)> = attempts.iter().map(|attempt| judge(attempt)).collect();
    let outcome = judged.iter().fold(Outcome::NotApplicable, |all, (found, _)| all.and(*found));
    let told = judged.iter().filter(|(found, _)| *found == outcome).map(|(_, reason)| reason.as_str());
    let evidence = attempts.iter().flat_map(|attempt| {
        attempt.sources.iter().map(|source| seen(format!("Deployment to {}", attempt.target), source))
    });
    let witnesses: Vec<_> = attempts.iter().flat_map(|attempt| authorising(case, attempt)).collect();
    let changes = witnesses
        .into_iter()
        .map(|change| seen(format!("{} is {}", change.number, change.state_label), &change.source));
    Check::later(code, outcome, told.collect::<Vec<_>>().join(" ")).resting_on(evidence).resting_on(changes)
}

/// An overrun is a finding of its own, not a deployment that nobody authorised.
fn ended(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::EndedInWindow;
    let attempts = attempts(case);
    if attempts.is_empty() {
        return not_yet(case, CODE);
    }
    if !case.ground.in_production() {
        return Check::later(CODE, Outcome::NotApplicable, "Outside production no change sets a window.");
    }
    let skew = SignedDuration::from_secs(i64::from(case.terms.skew_seconds));
    let now = case.graph().assembled_at;
    let due_at = attempts.iter().flat_map(|attempt| windows(case, attempt)).map(|window| window.end).max();
    let judge = |attempt: &Deployment| {
        let target = &attempt.target;
        let open = attempt.outcome == DeploymentOutcome::InProgress;
        let last = windows(case, attempt).into_iter().map(|window| window.end).max();
        match (attempt.finished_at, last) {
            (None, Some(end)) if open && now < end => (Outcome::NotDue, format!("It still runs in {target}.")),
            (None, Some(end)) if open => {
                (Outcome::Fail, format!("It still runs in {target}, over the end of its window at {end}."))
            }
            (None, _) => (Outcome::Unknown, format!("When it ended in {target} is not known.")),
            (Some(_), None) => (Outcome::Fail, format!("No change set a window for {target}.")),
            (Some(done), Some(end)) if done <= later(end, skew) => {
                (Outcome::Pass, format!("It ended in {target} at {done}, before the end of its window."))
            }
            (Some(done), Some(end)) => {
                let over = done.duration_since(end).as_mins();
                (Outcome::Fail, format!("It ended in {target} {over} minutes over the end of its window at {end}."))
            }
        }
    };
    let mut check = over(case, CODE, &attempts, judge).despite(gaps(case));
    check.due_at = due_at.filter(|_| check.outcome == Outcome::NotDue);
    check
}

fn emergency(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::EmergencyJustified;
    let (graph, index) = (case.graph(), case.ground.index);
    let related = graph.release_changes.from(index).filter(|related| related.link.supports());
    let changes = related.map(|related| (related.index, graph.changes.get(related.index)));
    let emergencies: Vec<_> = changes.filter(|(_, change)| change.class == ChangeClass::Emergency).collect();
    let gaps =
        case.ground.missing(&[RecordKind::Change, RecordKind::Incident, RecordKind::Approval], &case.ground.itsm());
    if emergencies.is_empty() {
        let check = Check::later(CODE, Outcome::NotApplicable, "No emergency change carries it.");
        return check.despite(gaps);
    }
    if attempts(case).is_empty() {
        return not_yet(case, CODE);
    }
    let (mut outcome, mut told, mut evidence, mut due_at) = (Outcome::NotApplicable, Vec::new(), Vec::new(), None);
    for (place, change) in emergencies {
        let answered =
            graph.change_answered_incidents.from(place).map(|related| graph.incidents.get(related.index));
        let incidents: Vec<&Incident> = answered.collect();
        evidence.push(seen(format!("{} is an emergency", change.number), &change.source));
        evidence.extend(
            incidents.iter().map(|incident| seen(format!("It answers {}", incident.number), &incident.source)),
        );
        let (approved, due) = approved_soon(case, change);
        due_at = due_at.max(due);
        for (found, reason) in [incident_first(case, change, &incidents), reason_given(change), approved] {
            outcome = outcome.and(found);
            told.push((found, reason));
        }
    }
    let told: Vec<String> =
        told.into_iter().filter(|(found, _)| *found == outcome).map(|(_, reason)| reason).collect();
    let mut check = Check::later(CODE, outcome, told.join(" ")).resting_on(evidence).despite(gaps);
    check.due_at = due_at.filter(|_| check.outcome == Outcome::NotDue);
    check
}

fn incident_first(case: &Case<'_>, change: &Change, incidents: &[&Incident]) -> (Outcome, String) {
    let number = &change.number;
    if is_retroactive(case.graph(), case.ground.index) == Some(true) {
        return (Outcome::Fail, format!("RETROACTIVE: it went to production before {number} was raised."));
    }
    let opened = incidents.iter().filter_map(|incident| incident.opened_at).min();
    match (opened, change.created_at) {
        (Some(opened), Some(raised)) if opened <= raised => {
            (Outcome::Pass, format!("An incident was opened before {number} was raised."))
        }
        (Some(_), Some(_)) => (Outcome::Fail, format!("Every incident that {number} names was opened after it.")),
        (None, _) if incidents.is_empty() => {
            (Outcome::Fail, format!("{number} names no incident that it answers."))
        }
        _ => (Outcome::Unknown, format!("Whether the incident came before {number} is not known.")),
    }
}

fn reason_given(change: &Change) -> (Outcome, String) {
    let said = change.justification.as_deref().is_some_and(|text| !text.trim().is_empty());
    match said {
        true => (Outcome::Pass, String::new()),
        false => (Outcome::Fail, format!("{} gives no reason for the emergency.", change.number)),
    }
}

/// Before it, or so soon after it that it counts.
fn approved_soon(case: &Case<'_>, change: &Change) -> ((Outcome, String), Option<Timestamp>) {
    let (graph, number) = (case.graph(), &change.number);
    let approvals = graph.approvals_of(&change.id).map(|(_, approval)| approval);
    let given = approvals
        .filter(|approval| approval.state == domain::ApprovalState::Approved)
        .filter_map(|approval| approval.decided_at)
        .min();
    let Some(ended) = change.work_ended_at.or(change.closed_at) else {
        return match given {
            Some(_) => ((Outcome::Pass, format!("{number} was approved.")), None),
            None => (
                (Outcome::Unknown, format!("{number} is not approved, and when its work ended is not known.")),
                None,
            ),
        };
    };
    let due = later(ended, SignedDuration::from_hours(i64::from(case.terms.emergency_hours)));
    let found = match given {
        Some(at) if at <= due => (Outcome::Pass, format!("{number} was approved at {at}.")),
        Some(at) => (Outcome::Fail, format!("{number} was approved at {at}, later than {due}.")),
        None if graph.assembled_at < due => (Outcome::NotDue, format!("{number} is to be approved by {due}.")),
        None => (Outcome::Fail, format!("{number} was not approved by {due}.")),
    };
    (found, Some(due))
}

/// Incidents of priority 1 and 2 that it is blamed for, over any link.
fn incidents(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::IncidentsHandled;
    if attempts(case).is_empty() {
        return not_yet(case, CODE);
    }
    let graph = case.graph();
    let blamed = graph.release_incidents.from(case.ground.index).map(|related| graph.incidents.get(related.index));
    let grave: Vec<&Incident> =
        blamed.filter(|incident| incident.priority.is_none_or(|priority| priority <= 2)).collect();
    let gaps = case.ground.missing(&[RecordKind::Incident], &Default::default());
    let judged: Vec<(Outcome, String)> = grave.iter().map(|incident| handled(case, incident)).collect();
    let outcome = judged.iter().fold(Outcome::Pass, |all, (found, _)| all.and(*found));
    let told: Vec<&str> =
        judged.iter().filter(|(found, _)| *found == outcome).map(|(_, reason)| reason.as_str()).collect();
    let reason = match grave.is_empty() {
        true => "No grave incident is blamed on it.".to_owned(),
        false => told.join(" "),
    };
    let evidence = grave
        .iter()
        .map(|incident| seen(format!("{} is {}", incident.number, incident.state_label), &incident.source));
    Check::later(CODE, outcome, reason).resting_on(evidence).despite(gaps)
}

fn handled(case: &Case<'_>, incident: &Incident) -> (Outcome, String) {
    let (now, number, terms) = (case.graph().assembled_at, &incident.number, case.terms);
    let Some(opened) = incident.opened_at else {
        return (Outcome::Unknown, format!("When {number} was opened is not known."));
    };
    let escalated = later(opened, SignedDuration::from_mins(i64::from(terms.escalation_minutes)));
    let resolved_by = later(opened, SignedDuration::from_hours(i64::from(terms.resolution_hours)));
    let within = |due: Timestamp, what: &str| match now < due {
        true => (Outcome::NotDue, format!("{number} is to be {what} by {due}.")),
        false => (Outcome::Fail, format!("{number} was not {what} by {due}.")),
    };
    if incident.assignment_group.is_none() {
        return within(escalated, "with a group");
    }
    let Some(resolved) = incident.resolved_at.or(incident.closed_at) else { return within(resolved_by, "solved") };
    if resolved > resolved_by {
        return (Outcome::Fail, format!("{number} was solved at {resolved}, later than {resolved_by}."));
    }
    let reviewed_by = later(resolved, SignedDuration::from_hours(24 * i64::from(terms.review_days)));
    let problem = incident.problem.as_ref().and_then(|id| case.graph().problems.by_id(id));
    let said = |text: &Option<domain::Text>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    match said(&incident.cause)
        || problem.is_some_and(|problem| said(&problem.cause))
        || said(&incident.close_notes)
    {
        true => (Outcome::Pass, format!("{number} was handled.")),
        false => within(reviewed_by, "reviewed"),
    }
}

/// No traffic is not health.
fn healthy(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::HealthyAfter;
    let attempts = attempts(case);
    if attempts.is_empty() {
        return not_yet(case, CODE);
    }
    let term = SignedDuration::from_mins(i64::from(case.terms.health_minutes));
    let now = case.graph().assembled_at;
    let (mut due_at, mut evidence) = (None, Vec::new());
    for attempt in &attempts {
        evidence.extend(samples(case, attempt).into_iter().map(|row| {
            let value = row.value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
            seen(format!("{}: {value} of at most {}", row.query, row.threshold), &row.source)
        }));
        due_at = due_at.max(attempt.finished_at.map(|finished| later(finished, term)));
    }
    let judge = |attempt: &Deployment| {
        let target = &attempt.target;
        let Some(finished) = attempt.finished_at else {
            return (Outcome::NotDue, format!("It has not ended in {target}."));
        };
        let rows = samples(case, attempt);
        let told = |row: &&domain::HealthObservation| {
            row.value.is_some_and(f64::is_finite)
                && row.samples.is_some_and(|samples| samples >= case.terms.health_samples.max(1))
        };
        let bad = rows.iter().any(|row| row.value.is_some_and(|value| value > row.threshold));
        match () {
            () if bad => (Outcome::Fail, format!("It is not healthy in {target}.")),
            () if !rows.is_empty() && rows.iter().all(told) => {
                (Outcome::Pass, format!("It is healthy in {target}."))
            }
            () if now < later(finished, term) => {
                (Outcome::NotDue, format!("Its health in {target} is still to be told."))
            }
            () => (Outcome::Unknown, format!("Nothing with enough samples tells of its health in {target}.")),
        }
    };
    let watchers = case.ground.monitoring(&case.ground.release.service);
    let mut check = over(case, CODE, &attempts, judge)
        .resting_on(evidence)
        .despite(case.ground.missing(&[RecordKind::HealthObservation], &watchers));
    check.due_at = due_at.filter(|_| check.outcome == Outcome::NotDue);
    check
}

/// What health queries said of the service there since.
fn samples<'a>(case: &Case<'a>, attempt: &Deployment) -> Vec<&'a domain::HealthObservation> {
    let Some(service) = case.ground.service else { return Vec::new() };
    let Some(since) = attempt.finished_at else { return Vec::new() };
    let all = case.graph().health_observations.iter();
    all.filter(|row| {
        super::health::is_of(service, &row.source.record.connector, &row.labels)
            && super::health::is_there(case.graph(), &row.labels, &attempt.target)
            && row.observed_at >= since
    })
    .collect()
}
