//! Minimal moves: for one side of a conflict the nearest start, earlier or later, at which it is in nobody's way, in
//! its environment's windows, in no blackout, and while no agreement promises its service. Nothing is moved into the past.

use std::collections::BTreeMap;

use domain::{Change, EnvironmentKey, Target, Text, Window};
use jiff::{SignedDuration, Timestamp};

use super::clashes::{Hold, are_one};
use super::conflicts::{Resource, Work, spoken, subject};
use super::crowds::without_room;
use super::entries::EntryKind;
use super::hours::{Promise, promises};
use super::openings::{allowed_windows, blackouts_known, closings};
use super::{CalendarError, Intervals};
use crate::graph::Index;

/// How far beyond the asked range a move may lead.
const SEARCH_DAYS: i64 = 90;

/// A move of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// The entry that moves.
    pub entry: super::Entry,
    /// When it would be instead, as long as before.
    pub window: Window,
    /// One sentence.
    pub explanation: Text,
}

/// Who claims what, and when environments are open, for the search of free places.
pub(super) struct Roads<'g> {
    pub(super) allowed: BTreeMap<EnvironmentKey, Intervals>,
    pub(super) promises: Vec<Promise<'g>>,
    claims: BTreeMap<Resource, Vec<(usize, Hold)>>,
    /// Places of the entries of each change, without its bookings.
    of_change: BTreeMap<Index<Change>, Vec<usize>>,
    pub(super) reach: Window,
}

impl<'g> Roads<'g> {
    pub(super) fn new(work: &Work<'g>, range: Window) -> Result<Self, CalendarError> {
        let far = SignedDuration::from_hours(24 * SEARCH_DAYS);
        let now = work.graph.assembled_at;
        let end = range.end.saturating_add(far).unwrap_or(Timestamp::MAX);
        let start = range.start.saturating_sub(far).unwrap_or(Timestamp::MIN);
        let reach = Window { start, end: end.max(start.max(now).saturating_add(far).unwrap_or(Timestamp::MAX)) };
        let mut allowed = BTreeMap::new();
        for (_, environment) in work.graph.environments.iter() {
            allowed.insert(environment.key.clone(), allowed_windows(work.graph, &environment.key, reach)?);
        }
        let mut claims: BTreeMap<Resource, Vec<(usize, Hold)>> = BTreeMap::new();
        for (place, occupation) in work.occupations.iter().enumerate() {
            for (resource, hold) in &occupation.claims {
                claims.entry(*resource).or_default().push((place, *hold));
            }
        }
        let mut of_change: BTreeMap<Index<Change>, Vec<usize>> = BTreeMap::new();
        for (place, entry) in work.entries.iter().enumerate() {
            if let Some(change) = entry.change.filter(|_| entry.kind != EntryKind::Booking) {
                of_change.entry(change).or_default().push(place);
            }
        }
        let promises = promises(work.graph, reach)?;
        Ok(Self { allowed, promises, claims, of_change, reach })
    }

    /// When an entry may be: open for it and for all that moves with it, and nobody else in their way.
    fn free(&self, work: &Work<'_>, side: usize) -> Option<Intervals> {
        let moving = self.moved_with(work, side);
        let mut free =
            Intervals::new([Window { start: self.reach.start.max(work.graph.assembled_at), ..self.reach }]);
        free = free.intersect(&Intervals::new([blackouts_known(work.graph.assembled_at)]));
        for place in &moving {
            free = free.intersect(&self.open(work, *place)?).minus(&self.taken(work, *place));
        }
        free = free.minus(&without_room(work, &moving));
        if let Some(limit) = before_the_release(work, side) {
            free = free.minus(&Intervals::new([Window { start: limit, end: Timestamp::MAX }]));
        }
        Some(free)
    }

    /// A change moves as a whole, with every release and target that it carries; a booking moves alone.
    fn moved_with(&self, work: &Work<'_>, side: usize) -> Vec<usize> {
        let Some(entry) = work.entries.get(side) else { return Vec::new() };
        let all = entry.change.and_then(|change| self.of_change.get(&change));
        match all {
            Some(all) if entry.kind != EntryKind::Booking => all.clone(),
            _ => vec![side],
        }
    }

    /// When an entry's target is open for it.
    fn open(&self, work: &Work<'_>, place: usize) -> Option<Intervals> {
        let entry = work.entries.get(place)?;
        let Some(target) = &entry.target else { return Some(Intervals::new([self.reach])) };
        let allowed = self.allowed.get(&target.environment)?;
        if entry.kind == EntryKind::Booking {
            return Some(allowed.clone());
        }
        let closed = match subject(work.graph, entry) {
            Some(subject) => closings(work.graph, subject, target),
            None => Vec::new(),
        };
        let closed = closed.iter().flat_map(|closing| closing.closed.iter());
        let promised = self.promises.iter().filter(|promise| promise.concerns(work.graph, entry));
        let promised = promised.flat_map(|promise| promise.when.iter());
        Some(allowed.minus(&Intervals::new(closed.chain(promised))))
    }

    /// When others claim what an entry claims.
    fn taken(&self, work: &Work<'_>, place: usize) -> Intervals {
        let Some(own) = work.occupations.get(place) else { return Intervals::default() };
        let mut taken = Vec::new();
        for (resource, hold) in &own.claims {
            for (other, held) in self.claims.get(resource).into_iter().flatten() {
                let clash = *other != place && (*hold == Hold::Whole || *held == Hold::Whole);
                let occupation = work.occupations.get(*other).filter(|_| clash);
                taken.extend(occupation.filter(|other| !are_one(own, other)).map(|other| other.window));
            }
        }
        Intervals::new(taken)
    }
}

/// A booking that prepares a release ends before the release starts.
fn before_the_release(work: &Work<'_>, side: usize) -> Option<Timestamp> {
    let entry = work.entries.get(side).filter(|entry| entry.kind == EntryKind::Booking)?;
    let planned = work.graph.changes.get(entry.change?).window?;
    (entry.window.end <= planned.start).then_some(planned.start)
}

/// The nearest free place for one side; `None` where nothing within reach is free.
pub(super) fn resolve(work: &Work<'_>, roads: &Roads<'_>, side: usize) -> Option<Resolution> {
    let entry = work.entries.get(side)?;
    let (from, length) = (entry.window.start, entry.window.end.duration_since(entry.window.start));
    let free = roads.free(work, side)?;
    let (later, earlier) = (free.next_fit(from, length), free.last_fit(from, length));
    let distance = |start: Timestamp| start.duration_since(from).abs();
    // Of two that are as near, the later one: plans are easier to put off than to bring forward.
    let start = [later, earlier].into_iter().flatten().min_by_key(|start| distance(*start))?;
    let window = Window { start, end: start.saturating_add(length).ok()? };
    let way = if start < from { "earlier" } else { "later" };
    let where_to = entry.target.as_ref().map(|target: &Target| format!(" in {target}")).unwrap_or_default();
    let name = spoken(work.graph, entry);
    let what = if entry.kind == EntryKind::Booking { format!("the booking of {name}") } else { name };
    let minutes = distance(start).as_mins();
    Some(Resolution {
        entry: entry.clone(),
        window,
        explanation: format!("Move {what}{where_to} by {minutes} minutes to {way}: from {start}.").into(),
    })
}
