//! When something may go to a target: the allowed windows of the environment, less the blackouts that close it.

use std::collections::BTreeSet;

use domain::{
    AllowedWindow, Blackout, BlackoutScope, ConfigurationItemId, EnvironmentKey, Release, Service, Target, Window,
};
use jiff::{SignedDuration, Timestamp};

use super::error::no_environment;
use super::{CalendarError, Intervals, Recurrence, WINDOW_ANCHOR, expand};
use crate::graph::{Index, ReleaseGraph};

/// Blackouts are expanded from so many days before the graph's day …
const DAYS_BACK: i32 = 400;
/// … to so many days after it: a calendar of 400 days that starts a year ahead is still whole.
const DAYS_AHEAD: i32 = 800;

/// Within which moments all blackouts are known, for a graph of this moment. Before and after, nobody can tell that
/// nothing is closed. Whole days, so that graphs of one day have the same.
pub fn blackouts_known(now: Timestamp) -> Window {
    let day = SignedDuration::from_hours(24);
    let today = now.as_second().div_euclid(86_400).saturating_mul(86_400);
    let today = Timestamp::from_second(today).unwrap_or(now);
    let moved = |days: i32| today.saturating_add(day.saturating_mul(days)).unwrap_or(today);
    Window { start: moved(-DAYS_BACK), end: moved(DAYS_AHEAD) }
}

/// Who wants to go somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Any release of a service: exceptions for single changes do not help.
    Service(Index<Service>),
    /// One release, with the exceptions that its changes have.
    Release(Index<Release>),
}

/// How a blackout closes a target for a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Closing<'a> {
    /// The blackout.
    pub blackout: &'a Blackout,
    /// When it closes, less the exceptions.
    pub closed: Intervals,
    /// Is it sure that it closes? Not where its times, its scope or the service's tier are not known.
    pub certain: bool,
}

/// The windows in which the environment allows deployments, cut to the range. An environment without windows is
/// always open.
///
/// # Errors
/// An unknown environment, a range turned around, a rule or zone that cannot be expanded.
pub fn allowed_windows(
    graph: &ReleaseGraph,
    environment: &EnvironmentKey,
    range: Window,
) -> Result<Intervals, CalendarError> {
    if range.start >= range.end {
        return Err(CalendarError::TurnedAround { from: range.start, to: range.end });
    }
    let known = graph.environments.by_id(environment);
    let known = known.ok_or_else(|| no_environment(graph, environment))?;
    if known.windows.is_empty() {
        return Ok(Intervals::new([range]));
    }
    recurring(&format!("environments.{environment}"), (&known.windows, &known.time_zone), range)
}

/// Recurring windows of the configuration within a range, cut to it. The place is whose they are, for errors.
pub(super) fn recurring(
    place: &str,
    (windows, zone): (&[AllowedWindow], &str),
    range: Window,
) -> Result<Intervals, CalendarError> {
    let mut found = Vec::new();
    for (number, window) in windows.iter().enumerate() {
        let last = if window.end <= window.start {
            WINDOW_ANCHOR.saturating_add(jiff::Span::new().days(1))
        } else {
            WINDOW_ANCHOR
        };
        found.extend(expand(
            &Recurrence {
                place: &format!("{place}.windows[{number}]"),
                rule: Some(&window.rrule),
                start: WINDOW_ANCHOR.to_datetime(window.start),
                end: last.to_datetime(window.end),
                zone,
            },
            range,
        )?);
    }
    Ok(Intervals::new(found).intersect(&Intervals::new([range])))
}

/// The blackouts that close the target for the subject, or may do so, in the order of their ids.
pub fn closings<'a>(graph: &'a ReleaseGraph, subject: Subject, target: &Target) -> Vec<Closing<'a>> {
    let concerned = Concerned::of(graph, subject, target);
    let all = graph.blackouts.iter().filter_map(|(_, blackout)| {
        let certain = concerned.is_closed_by(&blackout.scope)?;
        let closed = Intervals::new(blackout.windows.iter().copied()).minus(&concerned.excepted(graph, blackout));
        Some(Closing { blackout, closed, certain: certain && blackout.doubt.is_none() })
    });
    all.filter(|closing| !closing.closed.is_empty()).collect()
}

/// When the subject may go to the target within the range: allowed windows less blackouts. A blackout that only may
/// close counts as one that does, and so does a time of which no blackouts are known.
///
/// # Errors
/// As [`allowed_windows`].
pub fn openings(
    graph: &ReleaseGraph,
    subject: Subject,
    target: &Target,
    range: Window,
) -> Result<Intervals, CalendarError> {
    let allowed = allowed_windows(graph, &target.environment, range)?;
    let closed = closings(graph, subject, target);
    let known = Intervals::new([blackouts_known(graph.assembled_at)]);
    Ok(allowed.intersect(&known).minus(&Intervals::new(closed.iter().flat_map(|closing| closing.closed.iter()))))
}

/// The first moment in the range from which the subject has the target open for `duration`.
///
/// # Errors
/// As [`allowed_windows`], and when there is no such moment.
pub fn first_opening(
    graph: &ReleaseGraph,
    (subject, target): (Subject, &Target),
    range: Window,
    duration: SignedDuration,
) -> Result<Timestamp, CalendarError> {
    let fit = openings(graph, subject, target, range)?.next_fit(range.start, duration);
    fit.ok_or_else(|| CalendarError::NeverOpens {
        place: target.to_string().into(),
        minutes: duration.as_mins(),
        until: range.end,
    })
}

/// What a blackout's scope is held against.
struct Concerned<'a> {
    service: Option<&'a Service>,
    target: &'a Target,
    items: BTreeSet<&'a ConfigurationItemId>,
    changes: Vec<&'a domain::Change>,
}

impl<'a> Concerned<'a> {
    fn of(graph: &'a ReleaseGraph, subject: Subject, target: &'a Target) -> Self {
        let (service, changes) = match subject {
            Subject::Service(service) => (Some(service), Vec::new()),
            Subject::Release(release) => {
                let service = graph.services.find(&graph.releases.get(release).service);
                (service, graph.release_changes.from(release).collect())
            }
        };
        let of_service = service.into_iter().flat_map(|service| graph.service_configuration_items.from(service));
        let of_changes = changes.iter().flat_map(|change| graph.change_configuration_items.from(change.index));
        let items: BTreeSet<_> =
            of_service.chain(of_changes).map(|item| &graph.configuration_items.get(item.index).id).collect();
        let firm = changes.iter().filter(|change| change.link.supports());
        let changes = firm.map(|change| graph.changes.get(change.index)).collect();
        Self { service: service.map(|service| graph.services.get(service)), target, items, changes }
    }

    /// `None`: it does not concern the subject. `Some(false)`: it may.
    fn is_closed_by(&self, scope: &BlackoutScope) -> Option<bool> {
        if !scope.targets.is_empty() && !scope.targets.iter().any(|target| meet(target, self.target)) {
            return None;
        }
        let BlackoutScope { targets: _, services, tags, tiers, configuration_items } = scope;
        if services.is_empty() && tags.is_empty() && tiers.is_empty() && configuration_items.is_empty() {
            return Some(true);
        }
        let Some(service) = self.service else { return Some(false) };
        let named = services.contains(&service.key)
            || tags.iter().any(|tag| service.tags.contains(tag))
            || service.tier.is_some_and(|tier| tiers.contains(&tier))
            || configuration_items.iter().any(|item| self.items.contains(item));
        // A service whose tier nobody knows may be of one that is closed.
        let tier_is_open = !tiers.is_empty() && service.tier.is_none();
        (named || tier_is_open).then_some(named)
    }

    /// When the subject's changes are let through. Only an exception that somebody granted counts.
    fn excepted(&self, graph: &ReleaseGraph, blackout: &Blackout) -> Intervals {
        let granted = blackout.exceptions.iter().filter(|exception| {
            exception.approver.is_some()
                && (exception.targets.is_empty() || exception.targets.iter().any(|at| at.covers(self.target)))
        });
        let windows = granted.filter_map(|exception| {
            let change = self.changes.iter().find(|change| change.id == exception.change)?;
            let planned = || graph.changes.by_id(&change.id)?.window;
            exception.window.or_else(planned)
        });
        Intervals::new(windows)
    }
}

/// Does one of the two contain the other?
fn meet(one: &Target, other: &Target) -> bool {
    one.covers(other) || other.covers(one)
}
