//! Minimal moves: for one side of a conflict the nearest start, earlier or later, at which it is in nobody's way, in
//! its environment's windows and in no blackout. Nothing is moved into the past.

use std::collections::BTreeMap;

use domain::{EnvironmentKey, Target, Text, Window};
use jiff::{SignedDuration, Timestamp};

use super::clashes::{Hold, are_one};
use super::conflicts::{Resource, Work, spoken, subject};
use super::entries::EntryKind;
use super::openings::{allowed_windows, closings};
use super::{CalendarError, Intervals};

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
pub(super) struct Roads {
    pub(super) allowed: BTreeMap<EnvironmentKey, Intervals>,
    claims: BTreeMap<Resource, Vec<(usize, Hold)>>,
    pub(super) reach: Window,
}

impl Roads {
    pub(super) fn new(work: &Work<'_>, range: Window) -> Result<Self, CalendarError> {
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
        Ok(Self { allowed, claims, reach })
    }

    /// When an entry may be: open for it, and nobody else in its way.
    fn free(&self, work: &Work<'_>, side: usize) -> Option<Intervals> {
        let (entry, own) = (work.entries.get(side)?, work.occupations.get(side)?);
        let mut free = match &entry.target {
            Some(target) => self.allowed.get(&target.environment)?.clone(),
            None => Intervals::new([self.reach]),
        };
        if let (Some(subject), Some(target)) = (subject(work.graph, entry), entry.target.as_ref())
            && entry.kind != EntryKind::Booking
        {
            let closed = closings(work.graph, subject, target);
            free = free.minus(&Intervals::new(closed.iter().flat_map(|closing| closing.closed.iter())));
        }
        let past = Window { start: Timestamp::MIN, end: work.graph.assembled_at };
        let mut taken = vec![past];
        for (resource, hold) in &own.claims {
            for (other, held) in self.claims.get(resource).into_iter().flatten() {
                let Some(occupation) = work.occupations.get(*other) else { continue };
                if *other != side && (*hold == Hold::Whole || *held == Hold::Whole) && !are_one(own, occupation) {
                    taken.push(occupation.window);
                }
            }
        }
        if let Some(limit) = self.before_the_release(work, side) {
            taken.push(Window { start: limit, end: Timestamp::MAX });
        }
        Some(free.minus(&Intervals::new(taken)))
    }

    /// A booking that prepares a release ends before the release starts.
    fn before_the_release(&self, work: &Work<'_>, side: usize) -> Option<Timestamp> {
        let entry = work.entries.get(side).filter(|entry| entry.kind == EntryKind::Booking)?;
        let planned = work.graph.changes.get(entry.change?).window?;
        (entry.window.end <= planned.start).then_some(planned.start)
    }
}

/// The nearest free place for one side; `None` where nothing within reach is free.
pub(super) fn resolve(work: &Work<'_>, roads: &Roads, side: usize) -> Option<Resolution> {
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
