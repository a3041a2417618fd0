//! What stands in the calendar: releases with the change that carries them as one entry, changes without a release,
//! bookings of environments, blackouts, maintenance, meetings and trains.

use std::collections::BTreeSet;

use domain::{
    Blackout, CabMeeting, Change, ChangeTask, ChangeTaskState, Environment, EnvironmentKey, Release, ScheduleKind,
    ScheduleRecord, Source, Target, Text, Train, Window,
};

use super::{Recurrence, expand};
use crate::correlate::environments::environment_word;
use crate::graph::{Index, ReleaseGraph};

/// What kind of entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A release goes to a target.
    Release,
    /// A change without a release.
    Change,
    /// An environment is booked.
    Booking,
    /// Changes are denied.
    Blackout,
    /// Changes are expected.
    Maintenance,
    /// A change advisory board meets.
    CabMeeting,
    /// A train runs.
    Train,
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Stable while the record stands: kind, record, target and, of what recurs, the start.
    pub key: Text,
    /// What it is.
    pub kind: EntryKind,
    /// What people call it.
    pub title: Text,
    /// When.
    pub window: Window,
    /// Where; `None` where it is about all targets or none.
    pub target: Option<Target>,
    /// The release.
    pub release: Option<Index<Release>>,
    /// The change.
    pub change: Option<Index<Change>>,
    /// The blackout.
    pub blackout: Option<Index<Blackout>>,
    /// The train.
    pub train: Option<Index<Train>>,
    /// Where it was read.
    pub source: Source,
    /// Is it planned and not yet over, so that it can be in something's way?
    pub open: bool,
}

impl Entry {
    fn new(kind: EntryKind, (title, window): (Text, Window), source: &Source) -> Self {
        Self {
            key: "".into(),
            kind,
            title,
            window,
            target: None,
            release: None,
            change: None,
            blackout: None,
            train: None,
            source: source.clone(),
            open: true,
        }
    }

    fn keyed(mut self, part: &str) -> Self {
        let target = self.target.as_ref().map(ToString::to_string).unwrap_or_default();
        self.key = format!("{:?}:{}:{target}:{part}", self.kind, self.source.record).into();
        self
    }
}

/// Every entry that shares a moment with the range, sorted by start, kind and key.
pub fn entries(graph: &ReleaseGraph, range: Window) -> Vec<Entry> {
    let mut found = releases(graph);
    found.extend(changes(graph));
    found.extend(bookings(graph));
    found.extend(meetings(graph));
    found.extend(trains(graph));
    found.extend(blackouts(graph));
    found.retain(|entry| entry.window.overlaps(&range));
    found.extend(maintenance(graph, range));
    sort(&mut found);
    found
}

/// The entries that can be in each other's way: work that is planned and not over.
pub(super) fn open_work(graph: &ReleaseGraph) -> Vec<Entry> {
    let mut found = releases(graph);
    found.extend(changes(graph));
    found.extend(bookings(graph));
    found.retain(|entry| entry.open);
    sort(&mut found);
    found
}

fn sort(entries: &mut Vec<Entry>) {
    entries.sort_by(|a, b| (a.window.start, a.kind, &a.key).cmp(&(b.window.start, b.kind, &b.key)));
    entries.dedup_by(|later, first| later.key == first.key);
}

/// Is a change planned and not over?
pub(crate) fn is_open(change: &Change) -> bool {
    use domain::ChangeState::{Canceled, Closed, Review};
    !matches!(change.state, Canceled | Closed | Review)
}

fn is_cancelled(change: &Change) -> bool {
    change.state == domain::ChangeState::Canceled
}

/// Releases at their targets: with the change that authorises them, else as they are planned without one.
fn releases(graph: &ReleaseGraph) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut carried: BTreeSet<(Index<Release>, &Target)> = BTreeSet::new();
    for row in &graph.authorisations {
        let (Some(release), Some(index)) = (graph.releases.find(&row.release), graph.changes.find(&row.change))
        else {
            continue;
        };
        let change = graph.changes.get(index);
        let Some(window) = row.window.filter(|_| !is_cancelled(change)) else { continue };
        carried.insert((release, &row.target));
        let entry = Entry {
            target: Some(row.target.clone()),
            release: Some(release),
            change: Some(index),
            open: is_open(change),
            ..Entry::new(EntryKind::Release, (row.release.as_str().into(), window), &change.source)
        };
        found.push(entry.keyed(row.release.as_str()));
    }
    for (index, release) in graph.releases.iter() {
        for planned in &release.windows {
            let known = carried.contains(&(index, &planned.target));
            let (false, Some(source)) = (known, release.sources.first()) else { continue };
            let entry = Entry {
                target: Some(planned.target.clone()),
                release: Some(index),
                open: release.status < domain::ReleaseStatus::Cancelled,
                ..Entry::new(EntryKind::Release, (release.key.as_str().into(), planned.window), source)
            };
            found.push(entry.keyed(release.key.as_str()));
        }
    }
    found
}

fn changes(graph: &ReleaseGraph) -> Vec<Entry> {
    let mut found = Vec::new();
    for (index, change) in graph.changes.iter() {
        let carries = graph.release_changes.to(index).any(|related| related.link.supports());
        let Some(window) = change.window.filter(|_| !carries && !is_cancelled(change)) else { continue };
        let title = change.short_description.clone().unwrap_or_else(|| change.number.clone());
        let entry = Entry {
            target: target_of(graph, change),
            change: Some(index),
            open: is_open(change),
            ..Entry::new(EntryKind::Change, (title, window), &change.source)
        };
        found.push(entry.keyed(""));
    }
    found
}

/// Where a change without a release goes: the environment that it names, else that of its main item.
fn target_of(graph: &ReleaseGraph, change: &Change) -> Option<Target> {
    let item = change.main_configuration_item.as_ref().and_then(|id| graph.configuration_items.by_id(id));
    let words = [change.environment.as_deref(), item.and_then(|item| item.environment.as_deref())];
    let word = words.into_iter().flatten().find_map(|word| environment_word(&graph.environments, word))?;
    Some(Target { environment: word.environment, region: word.region, tenant: None })
}

/// A booking: a task with planned dates on an environment's own item.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentBooking<'a> {
    /// Which environment.
    pub environment: &'a Environment,
    /// When.
    pub window: Window,
    /// The task that books it.
    pub task: &'a ChangeTask,
}

/// All bookings of environments that are planned and not over or cancelled.
pub fn environment_bookings(graph: &ReleaseGraph) -> Vec<EnvironmentBooking<'_>> {
    let tasks = graph.change_tasks.iter().map(|(_, task)| task);
    let live = tasks.filter(|task| task.state != ChangeTaskState::Canceled);
    live.filter_map(|task| {
        let item = graph.configuration_items.by_id(task.configuration_item.as_ref()?)?;
        let environment = graph.environments.iter().find(|(_, known)| known.is_called(&item.name))?.1;
        Some(EnvironmentBooking { environment, window: task.window?, task })
    })
    .collect()
}

fn bookings(graph: &ReleaseGraph) -> Vec<Entry> {
    let mut found = Vec::new();
    for booking in environment_bookings(graph) {
        let change = booking.task.change.as_ref().and_then(|id| graph.changes.find(id));
        let live = change.is_none_or(|index| !is_cancelled(graph.changes.get(index)));
        if !live {
            continue;
        }
        let releases = change.into_iter().flat_map(|index| graph.release_changes.to(index));
        let mut carried = releases.filter(|related| related.link.supports()).map(|related| related.index);
        let release = carried.next().filter(|_| carried.next().is_none());
        let task = booking.task;
        let title = task.short_description.clone().unwrap_or_else(|| task.number.clone());
        let over = task.state == ChangeTaskState::Closed;
        let entry = Entry {
            target: Some(Target::of(&booking.environment.key)),
            release,
            change,
            open: !over && change.is_none_or(|index| is_open(graph.changes.get(index))),
            ..Entry::new(EntryKind::Booking, (title, booking.window), &task.source)
        };
        found.push(entry.keyed(&task.number));
    }
    found
}

fn meetings(graph: &ReleaseGraph) -> Vec<Entry> {
    let met = graph.cab_meetings.iter().filter_map(|(_, meeting): (_, &CabMeeting)| {
        let entry = Entry::new(EntryKind::CabMeeting, (meeting.name.clone(), meeting.window?), &meeting.source);
        Some(entry.keyed(""))
    });
    met.collect()
}

fn trains(graph: &ReleaseGraph) -> Vec<Entry> {
    let run = graph.trains.iter().filter_map(|(index, train)| {
        let entry = Entry::new(EntryKind::Train, (train.name.clone(), train.window?), &train.source);
        Some(Entry { train: Some(index), ..entry }.keyed(""))
    });
    run.collect()
}

fn blackouts(graph: &ReleaseGraph) -> Vec<Entry> {
    let mut found = Vec::new();
    for (index, blackout) in graph.blackouts.iter() {
        let everywhere = [None];
        let targets: Vec<Option<&Target>> = match blackout.scope.targets.as_slice() {
            [] => everywhere.to_vec(),
            some => some.iter().map(Some).collect(),
        };
        for window in &blackout.windows {
            for target in &targets {
                let entry = Entry {
                    target: target.cloned(),
                    blackout: Some(index),
                    ..Entry::new(EntryKind::Blackout, (blackout.name.clone(), *window), &blackout.source)
                };
                found.push(entry.keyed(&window.start.to_string()));
            }
        }
    }
    found
}

/// Maintenance is for people to read: it opens and closes nothing. An entry that cannot be expanded is left out here;
/// blackouts are never.
fn maintenance(graph: &ReleaseGraph, range: Window) -> Vec<Entry> {
    let mut found = Vec::new();
    let rows = graph.schedules.iter().filter(|row: &&ScheduleRecord| row.kind == ScheduleKind::Maintenance);
    for row in rows {
        let what = Recurrence {
            place: &row.name,
            rule: row.rrule.as_deref(),
            start: row.start,
            end: row.end,
            zone: row.time_zone.as_deref().unwrap_or("UTC"),
        };
        for window in expand(&what, range).unwrap_or_default() {
            let entry = Entry::new(EntryKind::Maintenance, (row.name.clone(), window), &row.source);
            found.push(entry.keyed(&format!("{}:{}", row.id, window.start)));
        }
    }
    found
}

/// Does an entry concern one of these environments? One without a target concerns all.
pub(super) fn is_in(entry: &Entry, environments: &[EnvironmentKey]) -> bool {
    let there = entry.target.as_ref().is_none_or(|target| environments.contains(&target.environment));
    environments.is_empty() || there
}
