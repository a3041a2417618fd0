//! The channels: customer-portal 8.1.0 with its clean record, mobile-app 12.0.0 that wants staging at the same time,
//! notification-hub 1.4.0 with two digests and 1.5.0 with a template that does not allow it.

use jiff::{SignedDuration, Timestamp};

use super::{Tale, normal, tell_release, waiting};
use crate::estate::EstateError;
use crate::estate::building::digest;
use crate::estate::changing::{Plan, task};
use crate::estate::landscape::ROUTINE_TEMPLATE;
use crate::estate::model::{Change, ChangeClass, ChangeState, CloseCode, Interval, Service, Story, TaskKind, Text};
use crate::estate::rollout::Rollout;
use crate::estate::world::{World, days, hours, minutes};

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    portal(world)?;
    mobile(world)?;
    two_digests(world)?;
    wrong_template(world)
}

/// Routine releases of customer-portal over 20 months, none of which went wrong.
pub(in crate::estate) const PORTAL_RELEASES: i64 = 42;

pub(in crate::estate) fn portal_release_at(world: &World, place: i64) -> Result<Timestamp, EstateError> {
    world.calendar.ago(600 - place * 13, (10, 0))
}

/// One of them; the portal's clean record is drawn from no chance.
pub(in crate::estate) fn portal_release(world: &mut World, place: i64) -> Result<(), EstateError> {
    let service = world.service("customer-portal")?;
    let at = portal_release_at(world, place)?;
    let version = format!("7.{}.{}", place / 4, place % 4);
    let mut tale = Tale::new(&service, &version, at - days(3), at);
    tale.items = 1;
    tale.files = 3;
    tale.lines = 60;
    tale.coverage = 0.93;
    tale.story = Story::History;
    let told = tell_release(world, &tale)?;
    let planned = Interval { start: at, end: at + hours(1) };
    let mut change = routine(world, &service, &version, planned)?;
    change.created = at - hours(30);
    change.start_work(at + minutes(1));
    let go = Rollout::new(&service, &version, &told.built.digest, at + minutes(2)).under(&change.number);
    let end = world.go_live(&go)?;
    change.end_work(end + minutes(16));
    change.close(end + hours(3), CloseCode::Successful, "Routine release.");
    world.raise(change);
    Ok(())
}

/// A standard change from the channels' template: approved by it, without anybody asked.
fn routine(world: &mut World, service: &Service, version: &str, planned: Interval) -> Result<Change, EstateError> {
    let created = planned.start.min(world.now()) - hours(30);
    let mut change = world.draft(&Plan { service, version, class: ChangeClass::Standard, planned, created })?;
    change.template = Some(ROUTINE_TEMPLATE.into());
    let by = change.requested_by.clone();
    change.advance(created + hours(1), &by, ChangeState::Scheduled);
    Ok(change)
}

fn staging(title: &str, span: Interval) -> crate::estate::model::ChangeTask {
    task(title, TaskKind::Testing).planned(span).on("staging")
}

fn portal(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("customer-portal")?;
    let planned = world.calendar.slot(1, &service, (100, 60))?;
    let mut tale = Tale::new(&service, "8.1.0", world.now() - days(2), planned.start);
    tale.spelling = "customer-portal 8.1.0".to_owned();
    tale.items = 2;
    tale.files = 4;
    tale.lines = 90;
    tale.coverage = 0.94;
    tell_release(world, &tale)?;
    let mut change = routine(world, &service, "8.1.0", planned)?;
    change.tasks.push(staging("Final walk-through in staging", booking(planned, 0)));
    world.raise(change);
    Ok(())
}

fn mobile(world: &mut World) -> Result<(), EstateError> {
    let portal = world.service("customer-portal")?;
    let service = world.service("mobile-app")?;
    let planned = world.calendar.slot(5, &service, (0, 90))?;
    let mut tale = Tale::new(&service, "12.0.0", world.now() - days(2), planned.start);
    tale.spelling = "Release 12.0.0".to_owned();
    tale.items = 5;
    tale.files = 22;
    tale.lines = 1_300;
    tale.coverage = 0.79;
    // It has not been to staging yet: that is what it booked.
    tale.stages = 2;
    tell_release(world, &tale)?;
    let mut change = waiting(world, &service, "12.0.0", planned)?;
    change.assigned_to = Some(world.member("channels", 5)?);
    let first = world.calendar.slot(1, &portal, (100, 60))?;
    change.tasks.push(staging("Install and test in staging", booking(first, 60)));
    world.raise(change);
    Ok(())
}

/// Two hours of staging, ending an hour (or less, by `shift` minutes) before that window.
fn booking(window: Interval, shift: i64) -> Interval {
    let start = window.start - hours(4) + SignedDuration::from_mins(shift);
    Interval { start, end: start + hours(2) }
}

/// Somebody rebuilt the same version from the same tag for production.
fn two_digests(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("notification-hub")?;
    let at = world.now() - hours(2);
    tell_release(world, &Tale::new(&service, "1.4.0", at - days(3), at))?;
    let planned = Interval { start: at - minutes(10), end: at + hours(1) };
    let mut change = normal(world, &service, "1.4.0", planned)?;
    change.created = at - days(9);
    world.authorise(&mut change, at - days(1))?;
    change.start_work(at);
    let rebuilt: Text = digest("notification-hub", "1.4.0", "rebuilt for production");
    let end = world.go_live(&Rollout::new(&service, "1.4.0", &rebuilt, at + minutes(2)).under(&change.number))?;
    change.end_work(end + minutes(20));
    world.raise(change);
    Ok(())
}

fn wrong_template(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("notification-hub")?;
    let planned = world.calendar.slot(1, &service, (170, 30))?;
    let mut tale = Tale::new(&service, "1.5.0", world.now() - days(1) - hours(12), planned.start);
    tale.items = 2;
    tale.files = 3;
    tale.lines = 80;
    tell_release(world, &tale)?;
    let mut change = routine(world, &service, "1.5.0", planned)?;
    change.assigned_to = Some(world.member("channels", 5)?);
    world.raise(change);
    Ok(())
}
