//! Calendar feeds: the entries of the release calendar that concern a team, an environment or a service, as far as the
//! caller may see them.

use std::collections::BTreeSet;

use domain::{ChangeState, EnvironmentKey, ServiceKey, TeamKey, Window};
use engine::calendar::Subject;
use engine::calendar::{Entry, EntryKind, closings, entries};
use engine::graph::ReleaseGraph;
use jiff::{SignedDuration, Timestamp};

use super::types::calendar::sees;
use super::visibility::is_visible;
use crate::http::{Caller, FeedOf};
use crate::ics::{self, IcsEvent};

/// A feed reaches so many days back …
const DAYS_BACK: i64 = 90;
/// … and so many ahead.
const DAYS_AHEAD: i64 = 400;

/// The feed as iCalendar; `None` when there is no such team, environment or service, or the caller may not see it.
pub(super) fn feed(graph: &ReleaseGraph, of: FeedOf, key: &str, caller: &Caller) -> Option<String> {
    let day = |count| SignedDuration::from_hours(24 * count);
    let now = graph.assembled_at;
    let range = Window::new(now.saturating_sub(day(DAYS_BACK)).ok()?, now.saturating_add(day(DAYS_AHEAD)).ok()?)?;
    let wanted = Wanted::new(graph, (of, key), caller)?;
    let all = entries(graph, range);
    let mine = all.iter().filter(|entry| sees(&caller.scope, graph, entry) && wanted.concerns(graph, entry));
    Some(ics::write(&format!("Releases: {key}"), mine.map(|entry| event(graph, entry))))
}

/// Whose feed it is.
enum Wanted {
    Environment(EnvironmentKey),
    Services(BTreeSet<ServiceKey>),
}

impl Wanted {
    fn new(graph: &ReleaseGraph, (of, key): (FeedOf, &str), caller: &Caller) -> Option<Self> {
        match of {
            FeedOf::Environment => {
                let key = EnvironmentKey::new(key);
                graph.environments.find(&key).map(|_| Self::Environment(key))
            }
            FeedOf::Service => {
                let key = ServiceKey::new(key);
                let index = graph.services.find(&key)?;
                is_visible(graph, index, &caller.scope).then(|| Self::Services(BTreeSet::from([key])))
            }
            FeedOf::Team => {
                let key = TeamKey::new(key);
                graph.teams.find(&key)?;
                let own = graph.services.iter().filter(|(_, service)| service.owner.as_ref() == Some(&key));
                Some(Self::Services(own.map(|(_, service)| service.key.clone()).collect()))
            }
        }
    }

    fn concerns(&self, graph: &ReleaseGraph, entry: &Entry) -> bool {
        match self {
            Self::Environment(key) => match &entry.target {
                Some(target) => target.environment == *key,
                None => entry.kind == EntryKind::Blackout,
            },
            Self::Services(keys) => keys.iter().any(|key| touches(graph, entry, key)),
        }
    }
}

/// Does an entry concern a service: its release, a change on it, a train it goes on, a blackout that closes it?
fn touches(graph: &ReleaseGraph, entry: &Entry, key: &ServiceKey) -> bool {
    if let Some(release) = entry.release {
        return graph.releases.get(release).service == *key;
    }
    let Some(service) = graph.services.find(key) else { return false };
    if let Some(change) = entry.change {
        return graph.change_services.from(change).any(|related| related.index == service);
    }
    if let Some(train) = entry.train {
        let mut aboard = graph.release_trains.to(train);
        return aboard.any(|related| graph.releases.get(related.index).service == *key);
    }
    let Some(index) = entry.blackout else { return false };
    let id = &graph.blackouts.get(index).id;
    let target = entry.target.clone();
    let targets = target.map_or_else(
        || graph.environments.iter().map(|(_, known)| domain::Target::of(&known.key)).collect(),
        |target| vec![target],
    );
    targets.iter().any(|target| {
        closings(graph, Subject::Service(service), target).iter().any(|closing| closing.blackout.id == *id)
    })
}

/// When the record was revised last. A booking is a task of its own, which moves without its change; where no record
/// says when, it may have been as late as the graph was made, but a time that began is past revising.
fn revised_at(graph: &ReleaseGraph, entry: &Entry) -> Timestamp {
    let latest = entry.window.start.min(graph.assembled_at);
    let change = entry.change.and_then(|index| graph.changes.get(index).updated_at);
    match change {
        Some(updated) if entry.kind == EntryKind::Booking => updated.max(latest),
        Some(updated) => updated,
        None => latest,
    }
}

fn event(graph: &ReleaseGraph, entry: &Entry) -> IcsEvent {
    let change = entry.change.map(|index| graph.changes.get(index));
    let target = entry.target.as_ref().map(ToString::to_string);
    let decided = |state| {
        matches!(state, ChangeState::Scheduled | ChangeState::Implement | ChangeState::Review | ChangeState::Closed)
    };
    let number = change.map(|change| format!("{} is {}.", change.number, change.state_label));
    IcsEvent {
        uid: format!("{}@interlock", super::types::calendar::entry_id(entry)),
        title: match (entry.kind, &target) {
            (EntryKind::Release | EntryKind::Booking, Some(target)) => format!("{} · {target}", entry.title),
            _ => entry.title.to_string(),
        },
        window: entry.window,
        category: super::types::calendar::word(entry.kind),
        location: target,
        description: number,
        url: entry.source.url.as_ref().map(ToString::to_string),
        revised_at: revised_at(graph, entry),
        confirmed: change.is_none_or(|change| decided(change.state)),
    }
}
