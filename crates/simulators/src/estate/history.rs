//! Twenty-four months of releases and infrastructure changes. Each deployment's fate is drawn from the documented
//! function in `failure.rs`; incidents, rollbacks, problems and close codes follow from it, as truly as people file them.

mod aftermath;
mod infrastructure;

use jiff::Timestamp;

use super::building::Build;
use super::changing::{Plan, approved, usual_plans};
use super::draw::Draw;
use super::failure::{COEFFICIENTS, Features, failure_probability};
use super::model::{Change, ChangeClass, ChangeState, Interval, Plans, Service, Story, Text, Truth};
use super::people::CAB;
use super::planning::Scope;
use super::rollout::Rollout;
use super::services::BASELINES;
use super::stories::{PORTAL_RELEASES, portal_release, portal_release_at};
use super::world::{World, days, hours, is_vendor, minutes};
use super::{EstateError, Options};
use aftermath::{Fate, Knobs};

/// Releases per service in 24 months; the vendor delivers quarterly.
const RELEASES: u32 = 66;

/// A release that is going to happen.
struct Event {
    at: Timestamp,
    service: Service,
    version: Text,
    class: ChangeClass,
    concurrent: u32,
}

pub(super) fn tell(world: &mut World, options: &Options) -> Result<(), EstateError> {
    let mut events = Vec::new();
    for service in world.estate.services.clone() {
        // The portal's own record is part of its story.
        if &*service.key != "customer-portal" {
            schedule(world, &service, &mut events)?;
        }
    }
    events.sort_by(|one, other| (one.at, &one.service.key).cmp(&(other.at, &other.service.key)));
    count_concurrent(&mut events);
    let knobs =
        Knobs { missing_caused_by: options.missing_caused_by, wrong_close_codes: options.wrong_close_codes };
    let mut portal = 0;
    for event in &events {
        // It shares a repository, whose commits are to stand in the order of time.
        while portal < PORTAL_RELEASES && portal_release_at(world, portal)? <= event.at {
            portal_release(world, portal)?;
            portal += 1;
        }
        happen(world, event, &knobs)?;
    }
    for place in portal..PORTAL_RELEASES {
        portal_release(world, place)?;
    }
    infrastructure::tell(world)
}

/// Spreads the releases of one service over the two years that end before its baseline.
fn schedule(world: &World, service: &Service, events: &mut Vec<Event>) -> Result<(), EstateError> {
    let mut draw = Draw::new(world.estate.seed, &format!("schedule of {}", service.key));
    let baseline = BASELINES.iter().find(|(key, _)| *key == &*service.key).map_or("6.4.2", |(_, version)| version);
    let versions = if is_vendor(service) {
        ["2024.3", "2024.4", "2025.1", "2025.2", "2025.3", "2025.4", "2026.1"].map(Text::from).to_vec()
    } else {
        versions_before(baseline, RELEASES)
    };
    let count = i64::try_from(versions.len()).unwrap_or(1).max(1);
    for (place, version) in (0_i64..).zip(versions) {
        let ago = 730 - (680 * place) / count - draw.between(0, (680 / count).max(1) - 1).min(9);
        let class = match draw.count(0, 99) {
            0..=5 => ChangeClass::Emergency,
            6..=29 => ChangeClass::Standard,
            _ => ChangeClass::Normal,
        };
        let hour = match (class, draw.count(0, 9)) {
            (ChangeClass::Emergency, _) => draw.between(0, 23),
            (_, 0..=5) => draw.between(18, 21),
            (_, 6..=8) => draw.between(9, 16),
            (_, _) => draw.between(22, 23),
        };
        let minute = i8::try_from(draw.between(0, 11) * 5).unwrap_or(0);
        let hour = i8::try_from(hour).unwrap_or(18);
        let at = open_day(world, service, (ago, hour, minute), class)?;
        events.push(Event { at, service: service.clone(), version, class, concurrent: 0 });
    }
    Ok(())
}

/// That day, or the next one on which nothing closes the service; emergencies do not wait.
fn open_day(
    world: &World,
    service: &Service,
    (ago, hour, minute): (i64, i8, i8),
    class: ChangeClass,
) -> Result<Timestamp, EstateError> {
    for later in 0..7 {
        let at = world.calendar.ago((ago - later).max(55), (hour, minute))?;
        let span = Interval { start: at, end: at + hours(2) };
        if class == ChangeClass::Emergency || !world.calendar.is_closed(&span, service) {
            return Ok(at);
        }
    }
    world.calendar.ago(ago, (hour, minute))
}

/// The versions that led to `baseline`, oldest first.
fn versions_before(baseline: &str, count: u32) -> Vec<Text> {
    let mut parts = baseline.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut major = parts.next().unwrap_or(1);
    let mut minor = parts.next().unwrap_or(0);
    let mut patch = parts.next().unwrap_or(0);
    let mut versions: Vec<Text> = Vec::new();
    for _ in 0..count {
        match (major, minor, patch) {
            (0, 0, 0) => break,
            (_, 0, 0) => (major, minor, patch) = (major - 1, 9, 4),
            (0, _, 0) => (minor, patch) = (minor - 1, 9),
            (_, _, 0) => (minor, patch) = (minor - 1, 4),
            _ => patch -= 1,
        }
        versions.push(format!("{major}.{minor}.{patch}").into());
    }
    versions.reverse();
    versions
}

/// How many others start within six hours of each.
fn count_concurrent(events: &mut [Event]) {
    let times: Vec<Timestamp> = events.iter().map(|event| event.at).collect();
    for event in events.iter_mut() {
        let from = times.partition_point(|at| *at < event.at - hours(6));
        let to = times.partition_point(|at| *at <= event.at + hours(6));
        event.concurrent = u32::try_from(to.saturating_sub(from + 1)).unwrap_or(u32::MAX);
    }
}

fn happen(world: &mut World, event: &Event, knobs: &Knobs) -> Result<(), EstateError> {
    let service = &event.service;
    let version = &*event.version;
    let mut draw = Draw::new(world.estate.seed, &format!("fate of {}@{version}", service.key));
    let features = features(world, event, &mut draw);
    let digest = make(world, event, &features, &mut draw)?;
    let mut change = authorised(world, event)?;
    let probability = failure_probability(&features, &COEFFICIENTS);
    let failed = draw.chance(probability);
    let fate = if failed { Fate::of_failure(&mut draw) } else { Fate::Well };
    let rollout = Rollout::new(service, version, &digest, event.at + minutes(4)).under(&change.number);
    let release = world.release(service, version, Story::History);
    world.estate.truths.push(Truth {
        service: service.key.clone(),
        version: version.into(),
        change: change.number.clone(),
        at: event.at,
        features,
        probability,
        failed,
    });
    change.releases = vec![release];
    change.start_work(event.at + minutes(1));
    aftermath::follow(world, aftermath::Case { change, rollout, fate }, (knobs, &mut draw))
}

fn features(world: &World, event: &Event, draw: &mut Draw) -> Features {
    // The sum of uniforms stands in for a normal draw; most changes are small, some are large.
    let spread: f64 = (0..6).map(|_| draw.share()).sum::<f64>() - 3.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded below and above")]
    let lines = (4.9 + 1.5 * spread).exp().clamp(3.0, 6_000.0) as u32;
    let team_effect =
        Draw::new(world.estate.seed, &format!("standing of {}", event.service.team)).share() * 2.0 - 1.0;
    let local =
        event.at.to_zoned(jiff::tz::TimeZone::get(super::calendar::ZONE).unwrap_or(jiff::tz::TimeZone::UTC));
    Features {
        lines,
        tier: event.service.tier,
        team_effect,
        emergency: event.class == ChangeClass::Emergency,
        hour: u8::try_from(local.hour()).unwrap_or(18),
        coverage: f64::from(draw.count(50, 98)) / 100.0,
        concurrent: event.concurrent,
    }
}

/// Plans, builds and stages it; answers the digest.
fn make(world: &mut World, event: &Event, features: &Features, draw: &mut Draw) -> Result<Text, EstateError> {
    let service = &event.service;
    let version = &*event.version;
    world.release(service, version, Story::History);
    let built = event.at - days(3);
    let spelling = match draw.count(0, 9) {
        0 | 1 => format!("v{version}"),
        2 => format!("{} {version}", service.key),
        3 => format!("Release {version}"),
        _ => version.to_owned(),
    };
    let items = 1 + u32::from(world.estate.scale == 1 && features.lines > 100);
    let keys = world.plan(&Scope {
        service,
        version,
        spelling,
        items,
        started: built - days(8),
        done: Some(built - hours(2)),
        date: event.at,
    })?;
    let author = world.member(&service.team, draw.count(1, 3) as usize)?;
    let reviewer = world.member(&service.team, draw.count(4, 5) as usize)?;
    let built = world.build(&Build {
        service,
        version,
        keys: &keys,
        at: built,
        files: (features.lines / 40 + 1).min(24),
        lines: features.lines,
        coverage: features.coverage,
        author,
        reviewer: reviewer.replace('.', "-").into(),
        documents: Vec::new(),
        branch: "main",
        pace: minutes(40),
    })?;
    let digest = if is_vendor(service) { "".into() } else { built.digest };
    world.deploy(&Rollout::new(service, version, &digest, event.at - days(2)).to("staging"))?;
    Ok(digest)
}

/// A change that was asked for and granted as its class demands, with fewer papers than a story needs.
fn authorised(world: &mut World, event: &Event) -> Result<Change, EstateError> {
    let service = &event.service;
    let created = match event.class {
        ChangeClass::Emergency => event.at - hours(1),
        ChangeClass::Standard => event.at - hours(30),
        ChangeClass::Normal => event.at - days(7),
    };
    let number: Text = format!("CHG{:07}", 100_000 + world.next("history changes")).into();
    let planned = Interval { start: event.at, end: event.at + hours(3) };
    let plan = Plan { service, version: &event.version, class: event.class, planned, created };
    let mut change = world.draft_numbered(&plan, number)?;
    change.tasks.truncate(3);
    change.plans = shared_plans(world, service, &change.plans.description);
    // Renamed a year ago: what was written before still says the old name.
    if let Some(alias) = service.aliases.iter().find(|alias| event.at < alias.to) {
        change.title = format!("{} {} to production", alias.key, event.version).into();
        change.correlation = Some(format!("{}@{}", alias.key, event.version).into());
    }
    let lead = world.member(&service.team, 0)?;
    let chair = world.member(CAB, 2)?;
    let requester = change.requested_by.clone();
    match event.class {
        ChangeClass::Standard => {
            change.template = Some("service-routine-release".into());
            change.advance(created + hours(1), &requester, ChangeState::Scheduled);
        }
        ChangeClass::Emergency => {
            change.advance(created + minutes(10), &requester, ChangeState::Authorize);
            change.approvals.push(approved(
                chair.clone(),
                Some(CAB.into()),
                created + minutes(10),
                created + minutes(30),
            ));
            change.advance(created + minutes(30), &chair, ChangeState::Scheduled);
        }
        ChangeClass::Normal => {
            change.advance(created + hours(2), &requester, ChangeState::Assess);
            change.approvals.push(approved(
                lead.clone(),
                Some(service.team.clone()),
                created + hours(2),
                created + hours(8),
            ));
            change.advance(created + hours(8), &lead, ChangeState::Authorize);
            change.approvals.push(approved(chair.clone(), Some(CAB.into()), created + hours(8), created + days(3)));
            change.advance(created + days(3), &chair, ChangeState::Scheduled);
        }
    }
    Ok(change)
}

/// The same wording for every change of a service, held once; only the description names the version.
fn shared_plans(world: &mut World, service: &Service, description: &Text) -> Plans {
    let shared = world.wordings.entry(service.key.clone()).or_insert_with(|| usual_plans(service, "")).clone();
    Plans { description: description.clone(), ..shared }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_to_the_one_before_the_baseline() {
        let versions = versions_before("2.1.2", 12);
        let texts: Vec<&str> = versions.iter().map(|version| &**version).collect();
        assert_eq!(
            texts,
            [
                "1.9.0", "1.9.1", "1.9.2", "1.9.3", "1.9.4", "2.0.0", "2.0.1", "2.0.2", "2.0.3", "2.0.4", "2.1.0",
                "2.1.1"
            ]
        );
    }
}
