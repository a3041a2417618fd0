//! What real systems have beside the stories: spellings, moves, renames, empty references, approvals that look like
//! ones, odd names, a very wide relation, and two instances that use the same change number.

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::EstateError;
use super::changing::{Plan, approved, task};
use super::landscape::{infrastructure, relate};
use super::model::{
    Account, AccountKind, Change, ChangeClass, ChangeState, CloseCode, Incident, Interval, Joined, Life, Person,
    RelationKind, TaskKind, Text, VersionName, WorkItem, WorkKind, WorkStatus,
};
use super::people::{CAB, INTEGRATION, jira_account};
use super::servicenow::{LENDING, MAIN};
use super::world::{World, days, hours, minutes};

/// Both instances have it, for different work.
pub const SHARED_NUMBER: &str = "CHG0030001";

pub(super) fn add(world: &mut World) -> Result<(), EstateError> {
    people(world);
    items(world);
    spellings(world)?;
    moved(world)?;
    shared_number(world)?;
    approvals(world)?;
    odd_names(world)?;
    one_after_the_other(world)?;
    across_daylight_saving(world)?;
    empty_references(world)
}

fn people(world: &mut World) {
    let person = |key: &str, name: &str, email: Option<Text>, active| Person {
        key: key.into(),
        name: name.into(),
        title: "Engineer",
        team: None,
        kind: AccountKind::Human,
        active,
        accounts: [(MAIN, Text::from(key)), ("jira", jira_account(key))]
            .into_iter()
            .map(|(system, login)| Account { system, login, email: email.clone(), joined: Joined::ByEmail })
            .collect(),
        email,
    };
    world.estate.people.extend([
        // Nothing joins this one's accounts.
        person("k.unlisted", "K Unlisted", None, true),
        person("omar.alfasi", "عمر الفاسي", Some("omar.alfasi@bank.example".into()), true),
        person(
            "siobhan.oreilly",
            "Siobhán \"Bán\" O'Reilly, Jr.",
            Some("siobhan.oreilly@bank.example".into()),
            true,
        ),
        person("former.colleague", "Former Colleague", Some("former.colleague@bank.example".into()), false),
    ]);
}

/// A retired server that is still related, and a switch that three thousand terminals hang on.
fn items(world: &mut World) {
    let mut retired = infrastructure("legacy-cards-01", "cmdb_ci_linux_server", "production");
    retired.life = Life::Retired;
    world.estate.items.push(retired);
    relate(world, &"card-gateway".into(), &"legacy-cards-01".into(), RelationKind::RunsOn);
    let switch: Text = "core-switch-01".into();
    for number in 1..=3_000 {
        let name: Text = format!("teller-{number:04}").into();
        world.estate.items.push(infrastructure(&name, "cmdb_ci_computer", "production"));
        relate(world, &name, &switch, RelationKind::ConnectsTo);
    }
    let quoted = infrastructure("printer \"north, 2^nd floor\" 🖨", "cmdb_ci_hardware", "production");
    world.estate.items.push(quoted);
}

/// `Release 2.14` could be 2.14.0 or a 2.14.1 to come; it is nobody's exact name.
fn spellings(world: &mut World) -> Result<(), EstateError> {
    world.estate.versions.push(VersionName {
        project: "PAY".into(),
        name: "Release 2.14".into(),
        release: None,
        released: false,
        archived: false,
        start: None,
        date: None,
        description: "Made by hand for the steering committee.".into(),
    });
    item(world, ("PAY", "Slides for the steering committee"), vec!["Release 2.14".into()])?;
    Ok(())
}

fn item<'a>(
    world: &'a mut World,
    (project, summary): (&str, &str),
    versions: Vec<Text>,
) -> Result<&'a mut WorkItem, EstateError> {
    let created = world.now() - days(12);
    let key: Text = format!("{project}-{}", world.next(project)).into();
    world.estate.work_items.push(WorkItem {
        key,
        old_keys: Vec::new(),
        project: project.into(),
        kind: WorkKind::Task,
        summary: summary.into(),
        description: "".into(),
        status: WorkStatus::InProgress,
        reporter: Some("omar.alfasi".into()),
        assignee: None,
        created,
        updated: created + days(1),
        resolved: None,
        fix_versions: versions,
        parent: None,
        links: Vec::new(),
        labels: vec!["needs-triage"],
        component: None,
    });
    world.estate.work_items.last_mut().ok_or_else(|| EstateError::unknown("work item", project))
}

/// Moved from payments to notifications; commits still name the old key.
fn moved(world: &mut World) -> Result<(), EstateError> {
    let old: Text = format!("PAY-{}", world.next("PAY")).into();
    let moved = item(world, ("NTF", "Send receipts by the hub, not by payments"), vec!["1.5.0".into()])?;
    moved.old_keys.push(old);
    item(world, ("WEB", "Grüße 👋 مرحبا – title with ^ and \"quotes\""), Vec::new())?;
    Ok(())
}

fn plain(world: &mut World, (title, item): (&str, Option<&str>), planned: Interval) -> Result<Change, EstateError> {
    let service = world.service("notification-hub")?;
    let created = planned.start - days(6);
    let plan = Plan { service: &service, version: "", class: ChangeClass::Normal, planned, created };
    let mut change = world.draft(&plan)?;
    change.title = title.into();
    change.plans.description = "Work without a release.".into();
    change.plans.backout = "Undo by hand.".into();
    change.correlation = None;
    change.releases = Vec::new();
    change.item = item.map(Text::from);
    change.group = Some("platform".into());
    change.requested_by = world.member("platform", 2)?;
    change.opened_by = world.member("platform", 1)?;
    change.assigned_to = Some(world.member("platform", 5)?);
    change.tasks = vec![task("Implement", TaskKind::Implementation).planned(planned)];
    Ok(change)
}

fn two_hours(start: jiff::Timestamp) -> Interval {
    Interval { start, end: start + hours(2) }
}

fn finish(change: &mut Change) {
    let (start, end) = (change.planned.start, change.planned.end);
    change.start_work(start + minutes(5));
    change.end_work(end - minutes(20));
    change.close(end + hours(4), CloseCode::Successful, "Done.");
}

fn shared_number(world: &mut World) -> Result<(), EstateError> {
    for (instance, title, item, ago) in [
        (MAIN, "Renew the certificate of mail-relay-01", Some("mail-relay-01"), 15),
        (LENDING, "Archive paper contracts of the lending branch", None, 17),
    ] {
        let planned = two_hours(world.calendar.ago(ago, (19, 0))?);
        let mut change = plain(world, (title, item), planned)?;
        change.instance = instance;
        change.number = SHARED_NUMBER.into();
        let lead = world.member("platform", 0)?;
        let asked = change.created + hours(1);
        change.advance(asked, &lead.clone(), ChangeState::Authorize);
        change.approvals.push(approved(lead.clone(), None, asked, asked + days(1)));
        change.advance(asked + days(1), &lead, ChangeState::Scheduled);
        finish(&mut change);
        world.raise(change);
    }
    Ok(())
}

/// One approval written down by an integration account, one given by a delegate.
fn approvals(world: &mut World) -> Result<(), EstateError> {
    let delegate = world.member(CAB, 1)?;
    for (title, approver, recorded_by, ago) in [
        ("Upgrade the firmware of ntp-01", world.member(CAB, 2)?, INTEGRATION.into(), 6),
        ("Change the routing of dns-01", world.member(CAB, 0)?, delegate, 8),
    ] {
        let item = title.rsplit(' ').next();
        let planned = two_hours(world.calendar.ago(ago, (20, 0))?);
        let mut change = plain(world, (title, item), planned)?;
        let asked = change.created + hours(2);
        change.advance(asked, &change.requested_by.clone(), ChangeState::Authorize);
        let mut approval = approved(approver, Some(CAB.into()), asked, asked + days(2));
        approval.recorded_by = Some(recorded_by);
        change.advance(
            asked + days(2),
            approval.recorded_by.as_ref().unwrap_or(&approval.approver),
            ChangeState::Scheduled,
        );
        change.approvals.push(approval);
        finish(&mut change);
        world.raise(change);
    }
    Ok(())
}

fn odd_names(world: &mut World) -> Result<(), EstateError> {
    let planned = two_hours(world.calendar.ago(5, (18, 0))?);
    let title = "Move \"north\", floor 2^nd 🖨 طابعة to the new print queue";
    let mut change = plain(world, (title, Some("printer \"north, 2^nd floor\" 🖨")), planned)?;
    let lead = world.member("platform", 0)?;
    let asked = change.created + hours(1);
    change.advance(asked, &lead.clone(), ChangeState::Scheduled);
    change.approvals.push(approved(lead, None, asked, asked + hours(1)));
    finish(&mut change);
    world.raise(change);
    Ok(())
}

/// Two changes ahead, of which the second names the first as its parent.
fn one_after_the_other(world: &mut World) -> Result<(), EstateError> {
    let anything = world.service("notification-hub")?;
    let mut first: Option<Text> = None;
    for (title, item, window) in [
        ("Upgrade the resolver on dns-01", "dns-01", 6),
        ("Point mail-relay-01 at the new resolver", "mail-relay-01", 7),
    ] {
        let planned = world.calendar.slot(window, &anything, (30, 60))?;
        let mut change = plain(world, (title, Some(item)), planned)?;
        change.created = change.created.min(world.now() - days(3));
        let lead = world.member("platform", 0)?;
        let asked = change.created + hours(5);
        change.approvals.push(approved(lead.clone(), None, asked, asked + hours(1)));
        change.advance(asked + hours(1), &lead, ChangeState::Scheduled);
        change.predecessor = first.take();
        first = Some(world.raise(change));
    }
    Ok(())
}

/// A night in which an hour was skipped or repeated: the last Sunday of March or October that has passed.
fn across_daylight_saving(world: &mut World) -> Result<(), EstateError> {
    let today = world.calendar.date(world.now());
    let mut latest = None;
    for (year, month) in [(today.year() - 1, 3), (today.year() - 1, 10), (today.year(), 3), (today.year(), 10)] {
        let end = date(year, month, 31);
        let back = i64::from(end.weekday().to_sunday_zero_offset());
        let night = end.at(0, 30, 0, 0).to_zoned(TimeZone::UTC)?.timestamp() - days(back);
        if night + days(2) < world.now() {
            latest = Some(night);
        }
    }
    let Some(night) = latest else { return Ok(()) };
    let mut change = plain(world, ("Check clocks after the change of time", Some("ntp-01")), two_hours(night))?;
    let lead = world.member("platform", 0)?;
    let asked = change.created + hours(1);
    change.approvals.push(approved(lead.clone(), None, asked, asked + hours(1)));
    change.advance(asked + hours(1), &lead, ChangeState::Scheduled);
    finish(&mut change);
    world.raise(change);
    Ok(())
}

/// A change and an incident that name neither item, nor group, nor person.
fn empty_references(world: &mut World) -> Result<(), EstateError> {
    let planned = two_hours(world.calendar.ago(4, (21, 0))?);
    let mut change = plain(world, ("Tidy up after the migration", None), planned)?;
    change.assigned_to = None;
    change.group = None;
    change.advance(change.created + hours(2), &"k.unlisted".into(), ChangeState::Canceled);
    world.raise(change);
    world.estate.incidents.push(Incident {
        number: "INC0010009".into(),
        priority: 4,
        title: "Screen flickers".into(),
        description: "".into(),
        item: None,
        group: "platform".into(),
        caller: None,
        assigned_to: None,
        opened: world.now() - hours(30),
        resolved: None,
        closed: None,
        caused_by: None,
        fixed_by: None,
        problem: None,
        notes: "".into(),
    });
    Ok(())
}
