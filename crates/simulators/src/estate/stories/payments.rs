//! payments-api: 2.13.0 ran its full course, 2.13.1 was a hotfix beside the main line, 2.14.0 lacks it and waits.

use super::{Tale, done_well, tell_release, waiting};
use crate::estate::EstateError;
use crate::estate::changing::task;
use crate::estate::model::TaskKind;
use crate::estate::world::{World, days, minutes};

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    transitioned(world)?;
    hotfix(world)?;
    next(world)
}

fn transitioned(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("payments-api")?;
    let at = world.calendar.ago(20, (18, 30))?;
    let mut tale = Tale::new(&service, "2.13.0", at - days(5), at);
    tale.spelling = "payments-api 2.13.0".to_owned();
    tale.documents = super::expected_configuration("payments-api");
    let told = tell_release(world, &tale)?;
    let number = done_well(world, &service, ("2.13.0", &told.built.digest), at)?;
    if let Some(change) = world.estate.changes.iter_mut().find(|change| change.number == number) {
        for (title, after) in [("Early-life support signed off", 4), ("Hand over to operations", 5)] {
            change.tasks.push(task(title, TaskKind::Review).done(at + days(after)));
        }
    }
    Ok(())
}

/// Two tags later nobody had merged it back.
fn hotfix(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("payments-api")?;
    let at = world.calendar.ago(12, (19, 0))?;
    let repository = world.repository("bank/payments-api")?;
    if let Some(tagged) = repository.tagged("v2.13.0") {
        repository.branches.insert("release/2.13".into(), tagged);
    }
    let mut tale = Tale::new(&service, "2.13.1", at - minutes(20 * 60), at);
    tale.spelling = "v2.13.1".to_owned();
    tale.items = 1;
    tale.files = 2;
    tale.lines = 24;
    tale.coverage = 0.95;
    tale.branch = "release/2.13";
    tale.pace = minutes(4);
    let told = tell_release(world, &tale)?;
    done_well(world, &service, ("2.13.1", &told.built.digest), at)?;
    Ok(())
}

fn next(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("payments-api")?;
    let planned = world.calendar.slot(2, &service, (0, 120))?;
    let mut tale = Tale::new(&service, "2.14.0", world.now() - days(4), planned.start);
    tale.spelling = "v2.14.0".to_owned();
    tale.items = 6;
    tale.files = 41;
    tale.lines = 2_640;
    tale.coverage = 0.62;
    tell_release(world, &tale)?;
    let mut change = waiting(world, &service, "2.14.0", planned)?;
    for region in ["eu", "uk"] {
        let title = format!("Deploy payments-api 2.14.0 to {region}");
        change.tasks.push(task(&title, TaskKind::Implementation).planned(planned));
    }
    change.risk = crate::estate::model::Risk::High;
    world.raise(change);
    Ok(())
}
