//! card-gateway 3.9.2 stands half deployed after a night with a firewall change; 4.0.0 and fraud-engine 3.7.0 each
//! need the other first.

use super::{Tale, normal, tell_release, waiting};
use crate::estate::EstateError;
use crate::estate::changing::{approved, task};
use crate::estate::landscape::FIREWALL;
use crate::estate::model::{ChangeState, CloseCode, Incident, Interval, Outcome, TaskKind, TaskState, Text};
use crate::estate::rollout::Rollout;
use crate::estate::world::{World, days, hours, minutes};

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    let evening = world.calendar.ago(2, (18, 30))?;
    half_deployed(world, evening)?;
    firewall(world, evening)?;
    incident_of_that_night(world, evening)?;
    each_needs_the_other(world)
}

fn half_deployed(world: &mut World, at: jiff::Timestamp) -> Result<(), EstateError> {
    let service = world.service("card-gateway")?;
    let told = tell_release(world, &Tale::new(&service, "3.9.2", at - days(5), at))?;
    let planned = Interval { start: at, end: at + hours(4) };
    let mut change = normal(world, &service, "3.9.2", planned)?;
    change.created = at - days(9);
    world.authorise(&mut change, at)?;
    change.start_work(at + minutes(2));
    let first = Rollout::new(&service, "3.9.2", &told.built.digest, at + minutes(5))
        .region(Some("eu"))
        .under(&change.number);
    let failed = Rollout { outcome: Outcome::Failed, ..first.clone() };
    world.deploy(&failed)?;
    let second = Rollout { attempt: 2, started: at + minutes(150), ..first.clone() };
    world.deploy(&second)?;
    let pending = Rollout { region: Some("uk"), started: at + minutes(170), outcome: Outcome::Pending, ..first };
    world.deploy(&pending)?;
    change.tasks.retain(|task| task.kind != TaskKind::Implementation);
    let span = |from, to| Interval { start: at + minutes(from), end: at + minutes(to) };
    let step = |title: &str, state, from, to| {
        let mut step = task(title, TaskKind::Implementation).planned(planned);
        step.state = state;
        step.work = Some(span(from, to));
        step
    };
    change.tasks.push(step("Deploy card-gateway 3.9.2 to eu, attempt 1", TaskState::Failed, 5, 11));
    change.tasks.push(step("Deploy card-gateway 3.9.2 to eu, attempt 2", TaskState::Closed, 150, 156));
    let mut uk = task("Deploy card-gateway 3.9.2 to uk", TaskKind::Implementation);
    uk.planned = Some(world.calendar.slot(1, &service, (210, 60))?);
    uk.notes = "Waits until eu has run for a day without timeouts.".into();
    change.tasks.push(uk);
    world.raise(change);
    Ok(())
}

/// No release, no code: rules on the firewall that card-gateway's traffic crosses, in the same night.
fn firewall(world: &mut World, evening: jiff::Timestamp) -> Result<(), EstateError> {
    let service = world.service("card-gateway")?;
    let start = evening + minutes(80);
    let planned = Interval { start, end: start + hours(1) };
    let mut change = normal(world, &service, "3.9.2", planned)?;
    change.title = "Tighten egress rules on fw-dmz-01".into();
    change.plans.description =
        "Drop unused egress rules from the payment zone; list attached to the ticket.".into();
    change.plans.implementation = "Load the reviewed rule set; watch denied connections for ten minutes.".into();
    change.plans.backout = "Load rule set 211, kept on the device; two minutes.".into();
    change.correlation = None;
    change.releases = Vec::new();
    change.group = Some("platform".into());
    change.item = Some(FIREWALL.into());
    change.requested_by = world.member("platform", 2)?;
    change.opened_by = world.member("platform", 1)?;
    change.assigned_to = Some(world.member("platform", 4)?);
    change.created = start - days(8);
    change.tasks = vec![
        task("Impact and security assessment", TaskKind::Planning).done(start - days(8) + hours(3)),
        task("Implement", TaskKind::Implementation).planned(planned),
    ];
    world.authorise(&mut change, start)?;
    change.start_work(start + minutes(5));
    change.end_work(start + minutes(25));
    change.close(start + hours(12), CloseCode::Successful, "Rule set 212 is live.");
    world.raise(change);
    Ok(())
}

/// Nobody has said what caused it.
fn incident_of_that_night(world: &mut World, evening: jiff::Timestamp) -> Result<(), EstateError> {
    world.estate.incidents.push(Incident {
        number: "INC0010003".into(),
        priority: 3,
        title: "Card authorisations time out towards the scheme".into(),
        description: "About 4 % of authorisations in eu time out.".into(),
        item: Some("card-gateway".into()),
        group: "cards".into(),
        caller: Some(world.member("cards", 0)?),
        assigned_to: Some(world.member("cards", 5)?),
        opened: evening + minutes(165),
        resolved: Some(evening + minutes(235)),
        closed: None,
        caused_by: None,
        fixed_by: None,
        problem: None,
        notes: "Rate went back to normal after connections were re-established.".into(),
    });
    Ok(())
}

fn each_needs_the_other(world: &mut World) -> Result<(), EstateError> {
    let pair = [
        ("fraud-engine", "3.7.0", "card-gateway", "4.0.0", "SOFT", 0),
        ("card-gateway", "4.0.0", "fraud-engine", "3.7.0", "HARD", 90),
    ];
    let mut firsts = Vec::new();
    for (key, version, needs, needs_version, kind, after) in pair {
        let service = world.service(key)?;
        let planned = world.calendar.slot(3, &service, (after, 80))?;
        let mut tale = Tale::new(&service, version, world.now() - days(3), planned.start);
        tale.items = 5;
        tale.documents =
            vec![("release-manifest.toml", manifest(&Need { key, version, needs, needs_version, kind }))];
        let told = tell_release(world, &tale)?;
        firsts.push(told.first()?.clone());
        let change = waiting(world, &service, version, planned)?;
        world.raise(change);
    }
    // The hard direction stands in Jira too: fraud-engine's scoring call comes first.
    if let [fraud, card] = firsts.as_slice() {
        world.block(fraud, card)?;
    }
    // A second pair of eyes from the fraud team, so that neither change rests on one group.
    let at = world.now() - hours(20);
    let lead = world.member("fraud", 0)?;
    if let Some(change) = world.estate.changes.last_mut() {
        change.approvals.push(approved(lead, Some("fraud".into()), at, at + hours(1)));
        debug_assert_eq!(change.state, ChangeState::Authorize);
    }
    Ok(())
}

struct Need {
    key: &'static str,
    version: &'static str,
    needs: &'static str,
    needs_version: &'static str,
    kind: &'static str,
}

/// What a release says about the versions it needs, in its own repository.
fn manifest(need: &Need) -> Text {
    let Need { key, version, needs, needs_version, kind } = need;
    let reason = match *kind {
        "HARD" => "Calls the scoring interface that comes with it.",
        _ => "Uses richer card data where it is there; works without.",
    };
    format!(
        "service = \"{key}\"\nversion = \"{version}\"\n\n[[requires]]\nservice = \"{needs}\"\nversion = \">={needs_version}\"\nkind = \"{kind}\"\nreason = \"{reason}\"\n"
    )
    .into()
}
