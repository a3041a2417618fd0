//! kyc-service: 2.2.0 failed and was rolled back, 2.2.1 inherits its known error, 3.0.0 must move with loan-origination
//! 7.6.0. loan-origination 7.5.0 was approved by its own author under another account.

use jiff::Timestamp;

use super::{Tale, normal, tell_release, waiting};
use crate::estate::changing::approved;
use crate::estate::model::{
    Alert, ChangeState, CloseCode, ContractVerification, Incident, Interval, KnownError, Problem, TaskState, Text,
    WorkLinkKind,
};
use crate::estate::people::TWICE;
use crate::estate::rollout::Rollout;
use crate::estate::world::{World, days, hours, minutes};
use crate::estate::{EstateError, pact};

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    rolled_back(world)?;
    approved_by_own_author(world)?;
    moves_together(world)?;
    inherits_known_error(world)
}

fn rolled_back(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("kyc-service")?;
    let at = world.calendar.ago(3, (18, 30))?;
    let mut tale = Tale::new(&service, "2.2.0", at - days(5), at);
    tale.coverage = 0.71;
    let told = tell_release(world, &tale)?;
    let planned = Interval { start: at, end: at + hours(2) };
    let mut change = normal(world, &service, "2.2.0", planned)?;
    change.created = at - days(9);
    world.authorise(&mut change, at)?;
    change.start_work(at + minutes(2));
    let go = Rollout::new(&service, "2.2.0", &told.built.digest, at + minutes(4)).under(&change.number);
    let live = world.go_live(&go)?;
    // Health failed at once; 47 minutes after it went live the version before was back.
    let back = live + minutes(47);
    let before = crate::estate::building::digest("kyc-service", "2.1.4", "index");
    let mut rollback = Rollout::new(&service, "2.1.4", &before, back - minutes(6)).under(&change.number);
    rollback.rollback_of = Some("2.2.0".into());
    rollback.attempt = 2;
    world.deploy(&rollback)?;
    change.end_work(back + minutes(5));
    for task in change.tasks.iter_mut().filter(|task| task.title.starts_with("Verify")) {
        task.state = TaskState::Failed;
        task.notes = "Health check failed: identity checks time out against the register.".into();
    }
    change.close(back + hours(18), CloseCode::Unsuccessful, "Rolled back to 2.1.4 after 47 minutes.");
    let number = world.raise(change);
    world.estate.problems.push(Problem {
        number: "PRB0040001".into(),
        title: "Identity checks time out against the register".into(),
        item: Some("kyc-service".into()),
        group: "lending".into(),
        opened: back + hours(14),
        closed: None,
        known_error: Some(KnownError {
            article: "KB0050001".into(),
            summary: "The register answers slowly to batches over 50 names; kyc-service gives up after 5 s.".into(),
            workaround: "Set register_batch_size to 40 before deploying, and restart the workers one by one."
                .into(),
        }),
        cause: "The batch size doubled in 2.2.0 and the register's limit was not known.".into(),
        fix: "Ask the register for at most 40 names at a time; not scheduled yet.".into(),
        priority: 2,
    });
    world.estate.alerts.push(Alert {
        name: "HealthCheckFailing",
        service: "kyc-service".into(),
        environment: "production",
        severity: "critical",
        summary: "kyc-service fails its health check".into(),
        started: live,
        ended: Some(back),
    });
    world.estate.incidents.push(Incident {
        number: "INC0010002".into(),
        priority: 2,
        title: "New customers cannot be verified".into(),
        description: "All identity checks fail since the release of kyc-service 2.2.0.".into(),
        item: Some("kyc-service".into()),
        group: "lending".into(),
        caller: Some(world.member("lending", 0)?),
        assigned_to: Some(world.member("lending", 5)?),
        opened: live,
        resolved: Some(back),
        closed: Some(back + hours(24)),
        caused_by: Some(number),
        fixed_by: None,
        problem: Some("PRB0040001".into()),
        notes: "Rolled back.".into(),
    });
    Ok(())
}

fn inherits_known_error(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("kyc-service")?;
    let planned = world.calendar.slot(5, &service, (120, 60))?;
    let repository = world.repository("bank/kyc-service")?;
    if let Some(tagged) = repository.tagged("v2.2.0") {
        repository.branches.insert("release/2.2".into(), tagged);
    }
    let tagged = world.now() - days(1);
    let results = [("7.4.2", "2.2.1", true), ("7.5.0", "2.2.1", true), ("7.6.0", "2.2.1", false)];
    verify(world, tagged - hours(1), &results);
    let mut tale = Tale::new(&service, "2.2.1", tagged, planned.start);
    tale.items = 2;
    tale.documents = vec![matrix(world)];
    tale.branch = "release/2.2";
    tale.pace = minutes(20);
    tell_release(world, &tale)?;
    let change = waiting(world, &service, "2.2.1", planned)?;
    world.raise(change);
    Ok(())
}

fn approved_by_own_author(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("loan-origination")?;
    let planned = world.calendar.slot(2, &service, (130, 60))?;
    let (_, second_login, second_github) = TWICE;
    let mut tale = Tale::new(&service, "7.5.0", world.now() - days(4), planned.start);
    tale.reviewer = Some(second_github.into());
    tell_release(world, &tale)?;
    let mut change = normal(world, &service, "7.5.0", planned)?;
    let asked = world.now() - days(3);
    let requester = change.requested_by.clone();
    change.advance(asked, &requester, ChangeState::Assess);
    change.advance(asked + hours(1), &requester, ChangeState::Authorize);
    let second: Text = second_login.into();
    change.approvals.push(approved(second.clone(), Some("lending".into()), asked, asked + hours(3)));
    change.advance(asked + hours(3), &second, ChangeState::Scheduled);
    world.raise(change);
    Ok(())
}

/// Contract tests: the new version of either fails with the old version of the other. Each release carries the broker's
/// matrix as it stood when it was tagged.
fn moves_together(world: &mut World) -> Result<(), EstateError> {
    let tagged = world.now() - days(2);
    verify(
        world,
        tagged - hours(3),
        &[
            ("7.4.2", "2.1.4", true),
            ("7.5.0", "2.1.4", true),
            ("7.4.2", "3.0.0", false),
            ("7.5.0", "3.0.0", false),
            ("7.6.0", "2.1.4", false),
            ("7.6.0", "3.0.0", true),
        ],
    );
    let mut firsts = Vec::new();
    for (key, version, after) in [("kyc-service", "3.0.0", 0), ("loan-origination", "7.6.0", 60)] {
        let service = world.service(key)?;
        let planned = world.calendar.slot(4, &service, (after, 60))?;
        let mut tale = Tale::new(&service, version, tagged, planned.start);
        tale.items = 5;
        tale.lines = 900;
        tale.files = 18;
        tale.documents = vec![matrix(world)];
        let told = tell_release(world, &tale)?;
        firsts.push(told.first()?.clone());
        let change = waiting(world, &service, version, planned)?;
        world.raise(change);
    }
    if let [kyc, loan] = firsts.as_slice() {
        world.link(kyc, WorkLinkKind::Relates, loan)?;
    }
    Ok(())
}

fn verify(world: &mut World, at: Timestamp, results: &[(&'static str, &'static str, bool)]) {
    for (consumer_version, provider_version, success) in results {
        world.estate.contracts.push(ContractVerification {
            consumer: "loan-origination".into(),
            consumer_version: (*consumer_version).into(),
            provider: "kyc-service".into(),
            provider_version: (*provider_version).into(),
            success: *success,
            at,
        });
    }
}

/// The broker's matrix as it stands, for a release's repository.
fn matrix(world: &World) -> (&'static str, Text) {
    ("pact-matrix.json", format!("{:#}\n", pact::matrix(&world.estate)).into())
}
