//! The stories: each is told in the order of time, so that repositories and runtimes grow as they would have.

mod cards;
mod channels;
mod core;
mod data;
mod identity;
mod lending;
mod payments;

use jiff::{SignedDuration, Timestamp};

pub(super) use channels::{PORTAL_RELEASES, portal_release, portal_release_at};

use super::EstateError;
use super::building::{Build, Built};
use super::changing::Plan;
use super::model::{Change, ChangeClass, CloseCode, ConfigurationState, Interval, Service, Story, Text, Train};
use super::planning::Scope;
use super::rollout::{Rollout, STAGES};
use super::services::BASELINES;
use super::world::{World, days, hours, is_vendor, minutes};

pub(super) fn tell(world: &mut World) -> Result<(), EstateError> {
    for (place, (key, version)) in (0_i64..).zip(BASELINES) {
        baseline(world, key, version, 49 - place)?;
    }
    payments::tell(world)?;
    core::tell(world)?;
    identity::tell(world)?;
    lending::tell(world)?;
    cards::tell(world)?;
    channels::tell(world)?;
    data::tell(world)?;
    train(world)
}

/// How a release came to be, up to staging.
struct Tale<'a> {
    service: &'a Service,
    version: &'a str,
    spelling: String,
    items: u32,
    files: u32,
    lines: u32,
    coverage: f64,
    /// When it was tagged.
    built: Timestamp,
    /// Planned or real date of the release.
    date: Timestamp,
    author: usize,
    reviewer: Option<Text>,
    documents: Vec<(&'static str, Text)>,
    branch: &'static str,
    pace: SignedDuration,
    story: Story,
    /// The environments it went through, of development, test, staging.
    stages: usize,
}

impl<'a> Tale<'a> {
    fn new(service: &'a Service, version: &'a str, built: Timestamp, date: Timestamp) -> Self {
        Self {
            service,
            version,
            spelling: version.to_owned(),
            items: 4,
            files: 9,
            lines: 320,
            coverage: 0.88,
            built,
            date,
            author: 1,
            reviewer: None,
            documents: Vec::new(),
            branch: "main",
            pace: hours(1),
            story: Story::Told,
            stages: 3,
        }
    }
}

struct Told {
    keys: Vec<Text>,
    built: Built,
}

impl Told {
    fn first(&self) -> Result<&Text, EstateError> {
        self.keys.first().ok_or_else(|| EstateError::unknown("work item", "of the release"))
    }
}

/// Plans, builds and promotes a release.
fn tell_release(world: &mut World, tale: &Tale<'_>) -> Result<Told, EstateError> {
    let service = tale.service;
    world.release(service, tale.version, tale.story);
    let keys = world.plan(&Scope {
        service,
        version: tale.version,
        spelling: tale.spelling.clone(),
        items: tale.items,
        started: tale.built - tale.pace * 24 * 9,
        done: Some(tale.built - tale.pace * 2),
        date: tale.date,
    })?;
    let reviewer = match &tale.reviewer {
        Some(login) => login.clone(),
        None => github_login(&world.member(&service.team, 3)?),
    };
    let built = world.build(&Build {
        service,
        version: tale.version,
        keys: &keys,
        at: tale.built,
        files: tale.files,
        lines: tale.lines,
        coverage: tale.coverage,
        author: world.member(&service.team, tale.author)?,
        reviewer,
        documents: tale.documents.clone(),
        branch: tale.branch,
        pace: tale.pace,
    })?;
    let digest = if is_vendor(service) { "".into() } else { built.digest.clone() };
    for (environment, after) in STAGES.into_iter().take(tale.stages) {
        let at = tale.built + tale.pace * i32::try_from(after).unwrap_or(1);
        world.deploy(&Rollout::new(service, tale.version, &digest, at).to(environment))?;
    }
    Ok(Told { keys, built: Built { digest } })
}

fn github_login(person: &str) -> Text {
    person.replace('.', "-").into()
}

/// A normal change, raised ten days before its window or six days ago, whichever is later known.
fn normal(world: &mut World, service: &Service, version: &str, planned: Interval) -> Result<Change, EstateError> {
    let created = (planned.start - days(10)).min(world.now() - days(6));
    world.draft(&Plan { service, version, class: ChangeClass::Normal, planned, created })
}

/// A change that still waits for the board at its next meeting.
fn waiting(world: &mut World, service: &Service, version: &str, planned: Interval) -> Result<Change, EstateError> {
    let mut change = normal(world, service, version, planned)?;
    let meeting = world.calendar.meeting_ahead(planned.start);
    world.ask_board(&mut change, world.now() - days(1), meeting)?;
    Ok(change)
}

/// A past release that went well: authorised, deployed, closed.
fn done_well(
    world: &mut World,
    service: &Service,
    (version, digest): (&str, &Text),
    start: Timestamp,
) -> Result<Text, EstateError> {
    let planned = Interval { start, end: start + hours(2) };
    let mut change = normal(world, service, version, planned)?;
    change.created = start - days(9);
    world.authorise(&mut change, start)?;
    change.start_work(start + minutes(2));
    let end = world.go_live(&Rollout::new(service, version, digest, start + minutes(4)).under(&change.number))?;
    change.end_work(end + minutes(20));
    change.close(end + hours(40), CloseCode::Successful, "Went as planned.");
    Ok(world.raise(change))
}

fn baseline(world: &mut World, key: &str, version: &str, days_ago: i64) -> Result<(), EstateError> {
    let service = world.service(key)?;
    let at = world.calendar.ago(days_ago, (18, 30))?;
    let mut tale = Tale::new(&service, version, at - days(4), at);
    tale.story = Story::Baseline;
    tale.items = 2;
    tale.documents = expected_configuration(key);
    let told = tell_release(world, &tale)?;
    done_well(world, &service, (version, &told.built.digest), at)?;
    for (environment, since) in [("staging", at - days(3)), ("production", at)] {
        let observed = settings(key, environment);
        world.estate.configurations.push(ConfigurationState {
            service: service.key.clone(),
            environment,
            observed,
            since,
        });
    }
    Ok(())
}

/// The settings a service is meant to run with.
fn settings(key: &str, environment: &str) -> Vec<(&'static str, Text)> {
    let production = environment == "production";
    vec![
        ("log_level", if production { "warn" } else { "info" }.into()),
        ("request_timeout_seconds", "30".into()),
        ("batch_size", if key == "statement-batch" { "500" } else { "100" }.into()),
        ("retry_limit", "3".into()),
        ("ledger_endpoint", format!("https://ledger.{environment}.bank.example").into()),
    ]
}

/// Those settings as the files in the repository have them.
fn expected_configuration(key: &str) -> Vec<(&'static str, Text)> {
    [("config/staging.properties", "staging"), ("config/production.properties", "production")]
        .into_iter()
        .map(|(path, environment)| {
            let text: String =
                settings(key, environment).iter().map(|(name, value)| format!("{name}={value}\n")).collect();
            (path, text.into())
        })
        .collect()
}

/// The quarterly train carries five releases, from the first of their windows to the end of the last.
fn train(world: &mut World) -> Result<(), EstateError> {
    let keys = [
        "customer-portal@8.1.0",
        "payments-api@2.14.0",
        "card-gateway@4.0.0",
        "fraud-engine@3.7.0",
        "mobile-app@12.0.0",
    ];
    let mut span: Option<Interval> = None;
    for key in keys {
        let window = world
            .release_mut(key)
            .and_then(|release| release.window)
            .ok_or_else(|| EstateError::unknown("release", key))?;
        span = Some(span.map_or(window, |span| Interval {
            start: span.start.min(window.start),
            end: span.end.max(window.end),
        }));
    }
    let span = span.ok_or_else(|| EstateError::no_window("the train"))?;
    let day = world.calendar.date(span.start);
    let number: Text = "RLSE0010004".into();
    for change in &mut world.estate.changes {
        if change.releases.iter().any(|release| keys.contains(&&**release)) && change.correlation.is_some() {
            change.train = Some(number.clone());
        }
    }
    world.estate.trains.push(Train {
        number,
        name: format!("Release train {} Q{}", day.year(), (day.month() + 2) / 3).into(),
        span,
        releases: keys.iter().map(|key| Text::from(*key)).collect(),
    });
    Ok(())
}
