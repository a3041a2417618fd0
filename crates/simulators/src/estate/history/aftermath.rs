//! What follows a deployment of the history: success, or one of three ways to fail with the records people file then.

use jiff::Timestamp;

use crate::estate::EstateError;
use crate::estate::building::digest;
use crate::estate::draw::Draw;
use crate::estate::model::{Change, CloseCode, Incident, KnownError, Outcome, Problem, Text};
use crate::estate::rollout::{Rollout, regions_of};
use crate::estate::world::{World, days, hours, minutes};

/// How truly people file.
pub(super) struct Knobs {
    pub(super) missing_caused_by: f64,
    pub(super) wrong_close_codes: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Well,
    /// The version before was put back.
    RolledBack,
    /// It stayed, and was mended where it stood.
    Mended,
    /// The first attempt broke off.
    SecondAttempt,
}

impl Fate {
    /// One of the ways to fail.
    pub(super) fn of_failure(draw: &mut Draw) -> Self {
        match draw.count(0, 9) {
            0..=4 => Self::RolledBack,
            5..=7 => Self::Mended,
            _ => Self::SecondAttempt,
        }
    }
}

pub(super) struct Case<'a> {
    pub(super) change: Change,
    pub(super) rollout: Rollout<'a>,
    pub(super) fate: Fate,
}

/// Deploys, and files what follows.
pub(super) fn follow(
    world: &mut World,
    case: Case<'_>,
    (knobs, draw): (&Knobs, &mut Draw),
) -> Result<(), EstateError> {
    let Case { mut change, rollout, fate } = case;
    let service = rollout.service;
    let before =
        world.running(&(service.key.clone(), "production", regions_of(service).first().copied().flatten()));
    let mut end = if fate == Fate::SecondAttempt {
        let failed = Rollout { outcome: Outcome::Failed, ..rollout.clone() };
        world.go_live(&failed)?;
        let mut second = rollout.clone();
        second.attempt = 2;
        second.started = rollout.started + minutes(draw.between(25, 70));
        world.go_live(&second)?
    } else {
        world.go_live(&rollout)?
    };
    let live = end;
    if let (Fate::RolledBack, Some(before)) = (fate, &before) {
        let earlier = digest(&service.key, before, "index");
        let earlier = if rollout.digest.is_empty() { "".into() } else { earlier };
        let mut back =
            Rollout::new(service, before, &earlier, end + minutes(draw.between(15, 150))).under(&change.number);
        back.rollback_of = Some(rollout.version.into());
        back.attempt = 2;
        end = world.go_live(&back)?;
    }
    change.end_work(end + minutes(10));
    let (code, notes) = honest(fate);
    let code = if draw.chance(knobs.wrong_close_codes) { wrong(code) } else { code };
    change.close(end + hours(draw.between(3, 44)), code, notes);
    let number = world.raise(change);
    if fate != Fate::Well {
        let told = !draw.chance(knobs.missing_caused_by);
        let filed =
            Filed { live, mended: end.max(live + minutes(draw.between(20, 300))), cause: told.then_some(number) };
        file(world, service.key.clone(), filed, draw)?;
    }
    Ok(())
}

fn honest(fate: Fate) -> (CloseCode, &'static str) {
    match fate {
        Fate::Well => (CloseCode::Successful, "Went as planned."),
        Fate::RolledBack => (CloseCode::Unsuccessful, "Rolled back to the version before."),
        Fate::Mended => (CloseCode::WithIssues, "Errors after the release, mended in place."),
        Fate::SecondAttempt => (CloseCode::WithIssues, "First attempt broke off, the second one held."),
    }
}

fn wrong(code: CloseCode) -> CloseCode {
    match code {
        CloseCode::Successful => CloseCode::Unsuccessful,
        CloseCode::WithIssues | CloseCode::Unsuccessful => CloseCode::Successful,
    }
}

struct Filed {
    live: Timestamp,
    mended: Timestamp,
    /// The change, where somebody names it.
    cause: Option<Text>,
}

fn file(world: &mut World, service: Text, filed: Filed, draw: &mut Draw) -> Result<(), EstateError> {
    let team = world.service(&service)?.team;
    let opened = filed.live + minutes(draw.between(2, 40));
    let priority = match draw.count(0, 19) {
        0 => 1,
        1..=5 => 2,
        6..=14 => 3,
        _ => 4,
    };
    let number: Text = format!("INC{:07}", 100_000 + world.next("history incidents")).into();
    let problem = draw.chance(0.25).then(|| file_problem(world, &service, (&team, filed.mended), draw));
    let symptom = ["Errors rise", "Responses slow down", "Postings are missing", "Sign-in fails for some"];
    let symptom = draw.pick(&symptom).copied().unwrap_or("Errors rise");
    world.estate.incidents.push(Incident {
        number,
        priority,
        title: format!("{symptom} on {service}").into(),
        description: "Raised by the service desk from several calls.".into(),
        item: Some(service),
        caller: Some(world.member("channels", draw.count(0, 5) as usize)?),
        assigned_to: Some(world.member(&team, 5)?),
        group: team,
        opened,
        resolved: Some(filed.mended.max(opened + minutes(5))),
        closed: Some(filed.mended.max(opened + minutes(5)) + days(3)),
        caused_by: filed.cause,
        fixed_by: None,
        problem,
        notes: "Service restored.".into(),
    });
    Ok(())
}

fn file_problem(world: &mut World, service: &Text, (team, at): (&Text, Timestamp), draw: &mut Draw) -> Text {
    let count = world.next("history problems");
    let number: Text = format!("PRB{:07}", 100_000 + count).into();
    let known = draw.chance(0.5).then(|| KnownError {
        article: format!("KB{:07}", 100_000 + count).into(),
        summary: format!("{service} needs a restart after its configuration is reloaded.").into(),
        workaround: "Restart the workers one by one.".into(),
    });
    world.estate.problems.push(Problem {
        number: number.clone(),
        title: format!("Repeated faults of {service} after releases").into(),
        item: Some(service.clone()),
        group: team.clone(),
        opened: at + hours(20),
        // Most were mended since; an open one would weigh on releases of today.
        closed: Some(at + days(draw.between(5, 40))),
        known_error: known,
        cause: "Configuration is read once at start.".into(),
        fix: "The service reads its configuration again when it is told to.".into(),
        priority: 3,
    });
    number
}
