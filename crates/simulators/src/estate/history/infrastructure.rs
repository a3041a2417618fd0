//! Changes without code: patches, network, certificates; and incidents that no change caused.

use crate::estate::EstateError;
use crate::estate::changing::{Plan, approved, task};
use crate::estate::draw::Draw;
use crate::estate::model::{Change, ChangeClass, ChangeState, CloseCode, Incident, Interval, TaskKind, Text};
use crate::estate::people::CAB;
use crate::estate::world::{World, days, hours, minutes};

const ITEMS: [&str; 4] = ["dns-01", "ntp-01", "backup-01", "mail-relay-01"];
const WORKS: [&str; 5] = [
    "Apply operating system patches on",
    "Renew the certificate of",
    "Change the routing of",
    "Extend the disk of",
    "Upgrade the firmware of",
];

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    let mut draw = Draw::new(world.estate.seed, "infrastructure");
    for place in 0..i64::from(300 * world.estate.scale) {
        let ago = 730 - (730 * place) / i64::from(300 * world.estate.scale);
        let change = patch(world, ago.max(2), &mut draw)?;
        world.raise(change);
    }
    for _ in 0..150 * world.estate.scale {
        let service = match draw.pick(&world.estate.services) {
            Some(service) => (service.key.clone(), service.team.clone()),
            None => continue,
        };
        // The last weeks belong to the stories.
        let opened = world.now() - days(draw.between(25, 720)) + minutes(draw.between(0, 1_200));
        let resolved = opened + minutes(draw.between(15, 900));
        let number = format!("INC{:07}", 100_000 + world.next("history incidents"));
        world.estate.incidents.push(Incident {
            number: number.into(),
            priority: if draw.chance(0.2) { 3 } else { 4 },
            title: format!("Single customer reports a fault on {}", service.0).into(),
            description: "One call; could not be reproduced.".into(),
            item: Some(service.0),
            caller: Some(world.member("channels", 3)?),
            assigned_to: Some(world.member(&service.1, 5)?),
            group: service.1,
            opened,
            resolved: Some(resolved),
            closed: Some(resolved + days(3)),
            caused_by: None,
            fixed_by: None,
            problem: None,
            notes: "No fault found.".into(),
        });
    }
    Ok(())
}

fn patch(world: &mut World, ago: i64, draw: &mut Draw) -> Result<Change, EstateError> {
    let hour = i8::try_from(draw.between(18, 21)).unwrap_or(18);
    let start = world.calendar.ago(ago, (hour, 0))?;
    let service = world.service("notification-hub")?;
    let item = draw.pick(&ITEMS).copied().unwrap_or("dns-01");
    let work = draw.pick(&WORKS).copied().unwrap_or("Restart");
    let class = if draw.chance(0.6) { ChangeClass::Standard } else { ChangeClass::Normal };
    let created = start - days(6);
    let number: Text = format!("CHG{:07}", 100_000 + world.next("history changes")).into();
    let planned = Interval { start, end: start + hours(2) };
    let plan = Plan { service: &service, version: "", class, planned, created };
    let mut change = world.draft_numbered(&plan, number)?;
    change.title = format!("{work} {item}").into();
    change.plans.description = "Routine infrastructure work; no release of a service.".into();
    change.plans.backout = "Restore the snapshot taken before.".into();
    change.correlation = None;
    change.releases = Vec::new();
    change.item = Some(item.into());
    change.group = Some("platform".into());
    change.requested_by = world.member("platform", 2)?;
    change.opened_by = world.member("platform", 1)?;
    change.assigned_to = Some(world.member("platform", draw.count(3, 5) as usize)?);
    change.tasks = vec![task("Implement", TaskKind::Implementation).planned(planned)];
    let requester = change.requested_by.clone();
    if class == ChangeClass::Standard {
        change.template = Some("monthly-patching".into());
        change.advance(created + hours(1), &requester, ChangeState::Scheduled);
    } else {
        let chair = world.member(CAB, 2)?;
        change.advance(created + hours(1), &requester, ChangeState::Authorize);
        change.approvals.push(approved(chair.clone(), Some(CAB.into()), created + hours(1), created + days(3)));
        change.advance(created + days(3), &chair, ChangeState::Scheduled);
    }
    change.start_work(start + minutes(5));
    let end = start + minutes(draw.between(20, 110));
    change.end_work(end);
    let code = if draw.chance(0.04) { CloseCode::WithIssues } else { CloseCode::Successful };
    change.close(end + hours(draw.between(1, 12)), code, "Done.");
    Ok(change)
}
