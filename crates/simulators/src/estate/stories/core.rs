//! ledger-core 5.3.0 (all is well), statement-batch 2.0.0 (configuration drift), and one change for three databases.

use super::{Tale, normal, settings, tell_release, waiting};
use crate::estate::EstateError;
use crate::estate::model::{ConfigurationState, Text};
use crate::estate::world::{World, days, hours};

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    ledger(world)?;
    statements(world)?;
    databases(world)
}

fn ledger(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("ledger-core")?;
    let planned = world.calendar.slot(1, &service, (0, 90))?;
    let mut tale = Tale::new(&service, "5.3.0", world.now() - days(8), planned.start);
    tale.items = 5;
    let told = tell_release(world, &tale)?;
    let mut change = normal(world, &service, "5.3.0", planned)?;
    world.authorise(&mut change, world.now())?;
    world.raise(change);
    // payments-api needs the new posting interface; its first item stands right behind these.
    let payments = world
        .estate
        .versions
        .iter()
        .find(|version| version.release.as_deref() == Some("payments-api@2.14.0"))
        .map(|version| version.name.clone())
        .ok_or_else(|| EstateError::unknown("release", "payments-api@2.14.0"))?;
    let blocked = world
        .estate
        .work_items
        .iter()
        .find(|item| &*item.project == "PAY" && item.fix_versions.contains(&payments))
        .map(|item| item.key.clone())
        .ok_or_else(|| EstateError::unknown("work item", &payments))?;
    let first = told.first()?.clone();
    world.block(&first, &blocked)
}

fn statements(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("statement-batch")?;
    let planned = world.calendar.slot(4, &service, (180, 60))?;
    let mut tale = Tale::new(&service, "2.0.0", world.now() - days(3), planned.start);
    tale.documents = super::expected_configuration("statement-batch");
    tell_release(world, &tale)?;
    // Somebody tuned staging by hand during a load test and left it so.
    let since = world.now() - days(1) - hours(6);
    let observed: Vec<(&'static str, Text)> = settings("statement-batch", "staging")
        .into_iter()
        .map(|(name, value)| match name {
            "batch_size" => (name, "250".into()),
            "request_timeout_seconds" => (name, "10".into()),
            _ => (name, value),
        })
        .collect();
    world.estate.configurations.push(ConfigurationState {
        service: service.key.clone(),
        environment: "staging",
        observed,
        since,
    });
    let change = waiting(world, &service, "2.0.0", planned)?;
    world.raise(change);
    Ok(())
}

/// One change adds columns for three releases; each keeps its own authorisation.
fn databases(world: &mut World) -> Result<(), EstateError> {
    let ledger = world.service("ledger-core")?;
    let planned = world.calendar.slot(2, &ledger, (240, 60))?;
    let mut change = normal(world, &ledger, "5.3.0", planned)?;
    change.title =
        "Add settlement-date columns for ledger-core 5.3.0, payments-api 2.14.0 and statement-batch 2.0.0".into();
    change.plans.description =
        "One schema change in three databases; each release works with and without the columns.".into();
    change.plans.backout = "Drop the three columns; nothing reads them before the releases go live.".into();
    change.correlation = None;
    change.releases =
        ["ledger-core@5.3.0", "payments-api@2.14.0", "statement-batch@2.0.0"].map(Text::from).to_vec();
    change.group = Some("databases".into());
    change.requested_by = world.member("databases", 2)?;
    change.opened_by = world.member("databases", 1)?;
    change.assigned_to = Some(world.member("databases", 4)?);
    change.item = Some("ledger-core".into());
    change.items = ["payments-api", "statement-batch", "ledger-core-db", "payments-api-db", "statement-batch-db"]
        .map(Text::from)
        .to_vec();
    world.authorise(&mut change, world.now())?;
    world.raise(change);
    Ok(())
}
