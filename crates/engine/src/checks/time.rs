//! Is it the time? The environment's window, the change's own window, blackouts, and who has an exclusive environment.

use std::collections::BTreeSet;

use domain::{Change, Outcome, RecordKind, Window};
use jiff::{SignedDuration, Timestamp};

use super::code::CheckCode;
use super::ground::{Ground, configured, seen};
use super::judgement::{Act, ActCode, Check, Party};
use crate::calendar::{
    Closing, EnvironmentBooking, Intervals, Subject, allowed_windows, blackouts_known, closings,
    environment_bookings,
};

/// How far ahead is searched for the next opening, in days.
pub(super) const SEARCH_DAYS: i64 = 400;

pub(super) fn check(ground: &Ground<'_>, at: Timestamp) -> Vec<Check> {
    let mut found = vec![window_open(ground, at), change_window(ground, at)];
    found.extend(no_blackout(ground, at));
    found.push(environment_free(ground, at));
    found
}

/// From a moment to as far ahead as is searched.
pub(super) fn ahead(at: Timestamp) -> Window {
    let end = at.saturating_add(SignedDuration::from_hours(24 * SEARCH_DAYS)).unwrap_or(Timestamp::MAX);
    Window { start: at, end }
}

fn window_open(ground: &Ground<'_>, at: Timestamp) -> Check {
    let code = CheckCode::WindowOpen;
    let environment = &ground.target.environment;
    let allowed = match allowed_windows(ground.graph, environment, ahead(at)) {
        Ok(allowed) => allowed,
        Err(error) => {
            let by = Party { name: "operators of the gateway".into(), team: None };
            let act = Act::new(ActCode::Record, format!("Mend the configuration: {error}"), Some(by));
            return Check::before(code, Outcome::Unknown, error.to_string()).resolved_by(vec![act]);
        }
    };
    let stated = ground.graph.environments.by_id(environment).is_some_and(|known| !known.windows.is_empty());
    let rule = configured(match stated {
        true => format!("The configuration states the windows of {environment}"),
        false => format!("The configuration states no windows of {environment}: it is always open"),
    });
    if let Some(window) = allowed.around(at) {
        let reason = match stated {
            true => format!("{environment} is open until {}.", window.end),
            false => format!("{environment} is always open."),
        };
        let mut check = Check::before(code, Outcome::Pass, reason).resting_on([rule]);
        check.expires_at = Some(window.end).filter(|_| stated);
        return check;
    }
    let next = allowed.iter().next();
    let reason = match next {
        Some(next) => format!("{environment} is closed at {at}; it opens at {}.", next.start),
        None => format!("{environment} is closed at {at}, and does not open within {SEARCH_DAYS} days."),
    };
    let mut check = Check::before(code, Outcome::Fail, reason).resting_on([rule]);
    check.resolves_at = next.map(|next| next.start);
    check
}

/// The windows of the changes that carry it: a moment in all of them is planned.
pub(super) fn planned<'a>(ground: &Ground<'a>) -> Vec<(&'a Change, Window)> {
    ground.carriers.iter().filter_map(|(change, _)| Some((*change, change.window?))).collect()
}

/// At least one carrying change has its window then.
fn change_window(ground: &Ground<'_>, at: Timestamp) -> Check {
    let code = CheckCode::ChangeWindow;
    let gaps = ground.missing(&[RecordKind::Change], &ground.itsm());
    if ground.carriers.is_empty() {
        let reason = "No open change carries it, so none sets a window.";
        let check = Check::before(code, Outcome::NotApplicable, reason);
        return if ground.in_production() { check.despite(gaps) } else { check };
    }
    let windows = planned(ground);
    if let Some((change, window)) = windows.iter().find(|(_, window)| window.contains(at)) {
        let reason = format!("{} is planned until {}.", change.number, window.end);
        let mut check = Check::before(code, Outcome::Pass, reason)
            .resting_on([seen(format!("{} has this window", change.number), &change.source)]);
        check.change = Some(change.id.clone());
        check.expires_at = Some(window.end);
        return check.despite(gaps);
    }
    let next = windows.iter().filter(|(_, window)| window.start > at).min_by_key(|(_, window)| window.start);
    let undated = || ground.carriers.first().map(|(change, _)| *change);
    let (change, reason) = match (next, windows.last()) {
        (Some((change, window)), _) => {
            (Some(*change), format!("{} is planned for {}, which has not come.", change.number, window.start))
        }
        (None, Some((change, window))) => {
            (Some(*change), format!("{} was planned until {}, which is over.", change.number, window.end))
        }
        (None, None) => {
            let change = undated();
            (change, format!("{} has no window.", change.map_or("The change", |change| &change.number)))
        }
    };
    let mut check = Check::before(code, Outcome::Fail, reason)
        .resting_on(change.map(|change| seen(format!("{} says so", change.number), &change.source)));
    check.change = change.map(|change| change.id.clone());
    check.resolves_at = next.map(|(_, window)| window.start);
    if let (None, Some(change)) = (next, change) {
        check = check.resolved_by(vec![move_change(ground, change)]);
    }
    check.gaps = gaps;
    check
}

/// Plan a change at another time.
pub(super) fn move_change(ground: &Ground<'_>, change: &Change) -> Act {
    let detail = format!("Plan {} in an open window of {}", change.number, ground.target);
    Act::new(ActCode::MoveChange, detail, ground.keeper(change))
}

/// One check for each blackout that closes the target then; one that says so where there is none.
fn no_blackout(ground: &Ground<'_>, at: Timestamp) -> Vec<Check> {
    let code = CheckCode::NoBlackout;
    let all = closings(ground.graph, Subject::Release(ground.index), ground.target);
    let known = blackouts_known(ground.graph.assembled_at);
    if !known.contains(at) {
        let reason = format!(
            "Which blackouts close {} at {at} is not known: only those from {} to {} are.",
            ground.target, known.start, known.end
        );
        return vec![Check::before(code, Outcome::Unknown, reason)];
    }
    // The configuration is a source of blackouts too: without a system that records them, it tells all there are.
    let gaps = ground.dark(&[RecordKind::Schedule], &ground.itsm());
    let closing = all.iter().filter_map(|closing| Some((closing, closing.closed.around(at)?)));
    let mut found: Vec<Check> = closing.map(|(closing, window)| closed(ground, closing, window)).collect();
    if found.is_empty() || !gaps.is_empty() {
        let none = format!("No blackout closes {} then.", ground.target);
        let mut check = Check::before(code, Outcome::Pass, none);
        let starts = all.iter().flat_map(|closing| closing.closed.iter()).map(|window| window.start);
        check.expires_at = starts.filter(|start| *start > at).min();
        found.push(check.despite(gaps));
    }
    found
}

fn closed(ground: &Ground<'_>, closing: &Closing<'_>, window: Window) -> Check {
    let (blackout, target) = (closing.blackout, ground.target);
    let name = &blackout.name;
    let (outcome, reason) = match (closing.certain, &blackout.doubt) {
        (true, _) => (Outcome::Fail, format!("The blackout '{name}' closes {target} until {}.", window.end)),
        (false, Some(doubt)) => {
            (Outcome::Unknown, format!("The blackout '{name}' may close {target} until {}: {doubt}.", window.end))
        }
        (false, None) => (
            Outcome::Unknown,
            format!(
                "The blackout '{name}' may close {target}: nobody said which tier {} has.",
                ground.release.service
            ),
        ),
    };
    let mut check = Check::before(CheckCode::NoBlackout, outcome, reason)
        .resting_on([seen(format!("Blackout '{name}'"), &blackout.source)]);
    check.resolves_at = Some(window.end);
    check
}

/// Who else has an exclusive environment, and when.
pub(super) fn taken<'a>(ground: &Ground<'a>) -> Option<Vec<EnvironmentBooking<'a>>> {
    let environment = ground.graph.environments.by_id(&ground.target.environment)?;
    if !environment.exclusive {
        return None;
    }
    let own = |change: &domain::ChangeId| {
        let index = ground.graph.changes.find(change);
        index.is_some_and(|index| {
            let link = ground.graph.release_changes.between(ground.index, index);
            link.is_some_and(|link| link.supports())
        })
    };
    let cancelled = |change: &domain::ChangeId| {
        ground.graph.changes.by_id(change).is_some_and(|change| change.state == domain::ChangeState::Canceled)
    };
    let all = environment_bookings(ground.graph).into_iter();
    let theirs = all.filter(|booking| {
        let change = booking.task.change.as_ref();
        booking.environment.key == environment.key
            && booking.task.state != domain::ChangeTaskState::Closed
            && !change.is_some_and(|change| own(change) || cancelled(change))
    });
    Some(theirs.collect())
}

fn environment_free(ground: &Ground<'_>, at: Timestamp) -> Check {
    let code = CheckCode::EnvironmentFree;
    let environment = &ground.target.environment;
    let Some(taken) = taken(ground) else {
        let reason = format!("More than one may be in {environment} at a time.");
        return Check::before(code, Outcome::NotApplicable, reason);
    };
    let gaps = ground.missing(&[RecordKind::ChangeTask, RecordKind::ConfigurationItem], &BTreeSet::new());
    let Some(booking) = taken.iter().find(|booking| booking.window.contains(at)) else {
        let reason = format!("Nobody else has booked {environment} then.");
        let mut check = Check::before(code, Outcome::Pass, reason);
        check.expires_at = taken.iter().map(|booking| booking.window.start).filter(|start| *start > at).min();
        return check.despite(gaps);
    };
    let change = booking.task.change.as_ref().and_then(|id| ground.graph.changes.by_id(id));
    let whose = change.map_or(&booking.task.number, |change| &change.number);
    let reason = format!("{whose} has booked {environment} until {}.", booking.window.end);
    let mut check = Check::before(code, Outcome::Fail, reason)
        .resting_on([seen(format!("{} books {environment}", booking.task.number), &booking.task.source)]);
    let all = Intervals::new(taken.iter().map(|booking| booking.window));
    check.resolves_at = all.around(at).map(|window| window.end);
    check.change = change.map(|change| change.id.clone());
    if let Some(index) = change.and_then(|change| ground.graph.changes.find(&change.id)) {
        let touched = ground.graph.change_services.from(index);
        check.services = touched.map(|related| ground.graph.services.get(related.index).key.clone()).collect();
    }
    check.by = change.and_then(|change| ground.keeper(change));
    check.gaps = gaps;
    check
}
