//! auth-service: 6.2.0 moved after its approval, 6.2.1 was an emergency, approved after the fact.

use super::{Tale, normal, tell_release};
use crate::estate::EstateError;
use crate::estate::changing::{Plan, approved, task};
use crate::estate::model::{
    ApprovalState, ChangeClass, ChangeState, CloseCode, GroupApproval, Incident, Interval, TaskKind,
};
use crate::estate::people::CAB;
use crate::estate::rollout::Rollout;
use crate::estate::world::{World, days, hours, minutes};

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    moved_after_approval(world)?;
    emergency(world)
}

fn moved_after_approval(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("auth-service")?;
    let at = world.calendar.ago(9, (18, 30))?;
    let told = tell_release(world, &Tale::new(&service, "6.2.0", at - days(7), at))?;
    let approved_window = Interval { start: at - days(2), end: at - days(2) + hours(2) };
    let mut change = normal(world, &service, "6.2.0", approved_window)?;
    change.created = at - days(12);
    world.authorise(&mut change, at - days(3))?;
    let by = change.requested_by.clone();
    change.reschedule(at - days(2) - hours(5), &by, Interval { start: at, end: at + hours(2) });
    change.start_work(at + minutes(2));
    let end = world
        .go_live(&Rollout::new(&service, "6.2.0", &told.built.digest, at + minutes(4)).under(&change.number))?;
    change.end_work(end + minutes(20));
    change.close(end + days(2), CloseCode::Successful, "Moved by two days for staffing; went as planned.");
    world.raise(change);
    Ok(())
}

fn emergency(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("auth-service")?;
    let opened = world.now() - hours(16);
    let start = opened + minutes(75);
    let mut tale = Tale::new(&service, "6.2.1", opened + minutes(55), start);
    tale.items = 1;
    tale.files = 1;
    tale.lines = 12;
    tale.coverage = 1.0;
    tale.pace = minutes(1);
    let told = tell_release(world, &tale)?;
    let mut change = world.draft(&Plan {
        service: &service,
        version: "6.2.1",
        class: ChangeClass::Emergency,
        planned: Interval { start, end: start + hours(1) },
        created: opened + minutes(20),
    })?;
    change.plans.justification = "Customers cannot sign in: INC0010001 (P1).".into();
    change.opened_by = change.requested_by.clone();
    change.tasks = vec![
        task("Impact and security assessment", TaskKind::Planning).done(opened + minutes(50)),
        task("Implement", TaskKind::Implementation).planned(change.planned),
        task("Verify service health and close the release checklist", TaskKind::Review),
    ];
    let by = change.requested_by.clone();
    change.advance(opened + minutes(25), &by, ChangeState::Authorize);
    change.start_work(start);
    let end = world
        .go_live(&Rollout::new(&service, "6.2.1", &told.built.digest, start + minutes(2)).under(&change.number))?;
    change.end_work(end + minutes(10));
    // The board's chair looked at it the same day: within 24 hours, and after the work.
    let decided = start + hours(12);
    let chair = world.member(CAB, 2)?;
    let mut yes = approved(chair, Some(CAB.into()), opened + minutes(25), decided);
    yes.comments = "Emergency confirmed after the fact; the incident was open and major.".into();
    change.approvals.push(yes);
    change.group_approvals.push(GroupApproval {
        group: CAB.into(),
        state: ApprovalState::Approved,
        requested: opened + minutes(25),
        decided: Some(decided),
    });
    let number = world.raise(change);
    world.estate.incidents.push(Incident {
        number: "INC0010001".into(),
        priority: 1,
        title: "Customers cannot sign in: token signing key refused".into(),
        description: "Sign-in fails for about 70 % of attempts since the morning.".into(),
        item: Some("auth-service".into()),
        group: "identity".into(),
        caller: Some(world.member("channels", 0)?),
        assigned_to: Some(world.member("identity", 4)?),
        opened,
        resolved: Some(end + minutes(15)),
        closed: None,
        caused_by: None,
        fixed_by: Some(number),
        problem: None,
        notes: "Fixed by the emergency release of auth-service 6.2.1.".into(),
    });
    Ok(())
}
