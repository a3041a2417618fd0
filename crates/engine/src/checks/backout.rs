//! Is there a way back? A plan that says something, a version to go back to, a rehearsal that is not too old; and who
//! accepts by name what cannot be taken back.

use domain::{Change, ChangeTask, ChangeTaskState, CloseCode, Outcome, RecordKind, StepKind};
use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::code::CheckCode;
use super::ground::seen;
use super::judgement::{Act, ActCode, Check};

const CODE: CheckCode = CheckCode::BackoutReady;

/// What people write who have no plan.
const NO_PLANS: [&str; 9] = ["", "n/a", "na", "none", "-", "tbd", "tba", "not applicable", "no"];

pub(super) fn check(case: &Case<'_>) -> Check {
    let ground = &case.ground;
    if !ground.in_production() {
        return Check::before(CODE, Outcome::NotApplicable, "Outside production nobody has to plan a way back.");
    }
    let gaps = ground.missing(&[RecordKind::Change, RecordKind::ChangeTask], &ground.itsm());
    let runtime = ground.dark(&[RecordKind::RuntimeObservation], &ground.monitoring(&ground.release.service));
    let mut parts = vec![target(case), irreversible(case)];
    let mut check = Check::before(CODE, Outcome::NotApplicable, "");
    if case.changes().next().is_none() {
        parts.push((Outcome::Fail, "No change carries it, so none plans a way back.".to_owned()));
    }
    for change in case.changes() {
        parts.push(plan(change));
        check.evidence.push(seen(format!("Backout plan of {}", change.number), &change.source));
    }
    let (rehearsed, until, witness) = rehearsal(case);
    parts.push(rehearsed);
    check.evidence.extend(witness.map(|task| seen(format!("{} rehearsed it", task.number), &task.source)));
    check.outcome = parts.iter().fold(Outcome::NotApplicable, |all, (found, _)| all.and(*found));
    let told = parts.iter().filter(|(found, _)| *found == check.outcome).map(|(_, reason)| reason.as_str());
    check.reason = told.filter(|reason| !reason.is_empty()).collect::<Vec<_>>().join(" ").into();
    check.expires_at = until.filter(|_| check.outcome == Outcome::Pass);
    let check = check.despite(gaps.into_iter().chain(runtime).collect());
    if !matches!(check.outcome, Outcome::Fail | Outcome::Unknown) || !check.acts.is_empty() {
        return check;
    }
    let by = case.changes().next().and_then(|change| ground.keeper(change));
    let detail = format!("Plan and rehearse the way back from {}", ground.release.key);
    check.resolved_by(vec![Act::new(ActCode::Record, detail, by)])
}

fn plan(change: &Change) -> (Outcome, String) {
    let plan = change.backout_plan.as_deref().unwrap_or_default().trim().trim_end_matches('.').to_lowercase();
    match NO_PLANS.contains(&plan.as_str()) {
        true => (Outcome::Fail, format!("{} has no backout plan.", change.number)),
        false => (Outcome::Pass, format!("{} has a backout plan.", change.number)),
    }
}

/// What ran before can be gone back to when it is known by name.
fn target(case: &Case<'_>) -> (Outcome, String) {
    let service = &case.ground.release.service;
    let left = case.ground.left(service);
    if left.is_empty() {
        let reason =
            format!("Nothing of {service} runs in {}: taking it away is the way back.", case.ground.target);
        return (Outcome::NotApplicable, reason);
    }
    match left.iter().all(|left| left.release.is_some_and(|key| case.graph().releases.find(key).is_some())) {
        true => (Outcome::Pass, "What runs now can be gone back to.".to_owned()),
        false => {
            (Outcome::Unknown, format!("What of {service} would be gone back to is none of the known releases."))
        }
    }
}

/// A step that cannot be taken back is named where it is accepted.
fn irreversible(case: &Case<'_>) -> (Outcome, String) {
    let (mut outcome, mut told) = (Outcome::NotApplicable, Vec::new());
    for step in &case.ground.release.steps {
        let found = match (step.reversible, step.kind) {
            (Some(true), _) => Outcome::Pass,
            (Some(false), kind) if accepted(case, kind) => Outcome::Pass,
            (Some(false), _) => Outcome::Fail,
            // Data does not come back by installing what was there before.
            (None, StepKind::Schema | StepKind::DataFix) if accepted(case, step.kind) => Outcome::Pass,
            (None, StepKind::Schema | StepKind::DataFix) => Outcome::Unknown,
            (None, _) => Outcome::NotApplicable,
        };
        outcome = outcome.and(found);
        if matches!(found, Outcome::Fail | Outcome::Unknown) {
            told.push(format!("Nobody accepts by name that the step {:?} may not be taken back.", step.kind));
        }
    }
    (outcome, told.join(" "))
}

/// Does the plan of a change name the step's kind?
fn accepted(case: &Case<'_>, kind: StepKind) -> bool {
    let words: &[&str] = match kind {
        StepKind::Schema => &["schema", "migration", "column", "table"],
        StepKind::DataFix => &["data"],
        StepKind::Artifact => &["artifact", "artefact", "version"],
        StepKind::Config => &["config"],
        StepKind::Flag => &["flag"],
        StepKind::Infrastructure => &["infrastructure"],
        StepKind::Vendor => &["package", "vendor"],
    };
    case.changes().any(|change| {
        let plan = change.backout_plan.as_deref().unwrap_or_default().to_lowercase();
        words.iter().any(|word| plan.contains(word))
    })
}

/// The youngest rehearsal, and until when it counts.
fn rehearsal<'a>(case: &Case<'a>) -> ((Outcome, String), Option<Timestamp>, Option<&'a ChangeTask>) {
    let tasks = case.graph().change_tasks.iter().map(|(_, task)| task);
    let ours = tasks.filter(|task| case.changes().any(|change| task.change.as_ref() == Some(&change.id)));
    let about = ours.filter(|task| {
        let text = task.short_description.as_deref().unwrap_or_default().to_lowercase();
        text.contains("rehears")
            || (text.contains("test") && (text.contains("backout") || text.contains("rollback")))
    });
    let done = about.filter(|task| {
        task.state == ChangeTaskState::Closed
            && task.close_code != Some(CloseCode::Unsuccessful)
            && task.closed_at.is_some_and(|closed| closed <= case.at)
    });
    let Some((task, closed)) =
        done.filter_map(|task| Some((task, task.closed_at?))).max_by_key(|(_, closed)| *closed)
    else {
        return ((Outcome::Fail, "No rehearsal of the way back is recorded.".to_owned()), None, None);
    };
    let days = i64::from(case.terms.rehearsal_days);
    let until = closed.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
    match case.at < until {
        true => ((Outcome::Pass, format!("It was rehearsed at {closed}.")), Some(until), Some(task)),
        false => {
            let reason = format!("The last rehearsal, at {closed}, is older than {days} days.");
            ((Outcome::Fail, reason), None, Some(task))
        }
    }
}
