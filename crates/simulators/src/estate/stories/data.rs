//! reporting-warehouse 1.9.0 planned into the quarter-end close, data-lake 0.9.0 under a firing alert, and
//! treasury-suite 2026.3, a vendor's package without a repository.

use super::{Tale, normal, tell_release};
use crate::estate::EstateError;
use crate::estate::changing::task;
use crate::estate::model::{Alert, Interval, TaskKind};
use crate::estate::world::{World, days, hours, minutes};

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    in_a_blackout(world)?;
    under_an_alert(world)?;
    from_a_vendor(world)
}

fn in_a_blackout(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("reporting-warehouse")?;
    let window = world.calendar.window_in_next_close()?;
    let planned = Interval { start: window.start, end: window.start + hours(2) };
    tell_release(world, &Tale::new(&service, "1.9.0", world.now() - days(8), planned.start))?;
    let mut change = normal(world, &service, "1.9.0", planned)?;
    change.created = change.created.min(world.now() - days(7));
    world.authorise(&mut change, world.now())?;
    world.raise(change);
    Ok(())
}

fn under_an_alert(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("data-lake")?;
    let planned = world.calendar.slot(1, &service, (210, 45))?;
    tell_release(world, &Tale::new(&service, "0.9.0", world.now() - days(8), planned.start))?;
    let mut change = normal(world, &service, "0.9.0", planned)?;
    world.authorise(&mut change, world.now())?;
    world.raise(change);
    world.estate.alerts.push(Alert {
        name: "IngestLagHigh",
        service: "data-lake".into(),
        environment: "production",
        severity: "critical",
        summary: "Ingestion of data-lake lags 45 minutes behind".into(),
        started: world.now() - minutes(40),
        ended: None,
    });
    Ok(())
}

fn from_a_vendor(world: &mut World) -> Result<(), EstateError> {
    let service = world.service("treasury-suite")?;
    let planned = world.calendar.slot(3, &service, (190, 90))?;
    let mut tale = Tale::new(&service, "2026.3", world.now() - days(9), planned.start);
    tale.items = 2;
    tell_release(world, &tale)?;
    let mut change = normal(world, &service, "2026.3", planned)?;
    change.plans.description =
        "Vendor package treasury-suite 2026.3, installed by the vendor under supervision.".into();
    change.plans.test = "Vendor's attestation of release tests; our configuration test in staging.".into();
    let tested = change.created + hours(10);
    for (title, kind, notes) in [
        (
            "Vendor attestation received",
            TaskKind::Planning,
            "Signed attestation for 2026.3: regression suite passed, package checksum sha256:5f1c… matches.",
        ),
        (
            "Configuration test in staging",
            TaskKind::Testing,
            "42 of 42 settings verified after installation in staging.",
        ),
    ] {
        let mut done = task(title, kind).done(tested);
        done.notes = notes.into();
        change.tasks.push(done);
    }
    world.authorise(&mut change, world.now())?;
    world.raise(change);
    Ok(())
}
