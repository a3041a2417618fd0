//! Does anything else that is planned then get in the way? Windows, blackouts and exclusive environments have checks of
//! their own; here it is about what two changes work on. A warning of the calendar does not close a gate.

use std::collections::BTreeSet;

use domain::{FindingSeverity, Outcome, RecordKind, Window};
use jiff::{SignedDuration, Timestamp};

use super::code::CheckCode;
use super::ground::{Ground, meet, seen};
use super::judgement::{Act, ActCode, Check};
use crate::calendar::{Conflict, ConflictKind, Entry, conflicts};

const CODE: CheckCode = CheckCode::NoCalendarConflict;

pub(super) fn check(ground: &Ground<'_>, at: Timestamp) -> Check {
    let moment =
        Window { start: at, end: at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX) };
    let found = match conflicts(ground.graph, moment) {
        Ok(found) => found,
        Err(error) => return Check::before(CODE, Outcome::Unknown, error.to_string()),
    };
    let is_own = |entry: &Entry| {
        let there = entry.target.as_ref().is_some_and(|target| meet(target, ground.target));
        entry.release == Some(ground.index) && there
    };
    let mine: Vec<&Conflict> = found
        .iter()
        .filter(|conflict| {
            matches!(
                conflict.kind,
                ConflictKind::SameItem | ConflictKind::RelatedItem | ConflictKind::SameImplementer
            )
        })
        .filter(|conflict| conflict.sides.iter().any(is_own))
        .collect();
    let gaps = ground.missing(&[RecordKind::Change, RecordKind::ConfigurationItem], &BTreeSet::new());
    let errors: Vec<&&Conflict> =
        mine.iter().filter(|conflict| conflict.kind.severity() == FindingSeverity::Error).collect();
    let Some(first) = errors.first() else {
        let reason = match mine.len() {
            0 => "Nothing else that is planned then is in its way.".to_owned(),
            warnings => {
                format!("Nothing else is in its way; {warnings} things that are planned then should be looked at.")
            }
        };
        return Check::before(CODE, Outcome::Pass, reason).despite(gaps);
    };
    let explained: Vec<&str> = errors.iter().map(|conflict| &*conflict.explanation).collect();
    let sides = || errors.iter().flat_map(|conflict| &conflict.sides);
    let mut check = Check::before(CODE, Outcome::Fail, explained.join(" "))
        .resting_on(sides().map(|side| seen(side.title.clone(), &side.source)));
    check.gaps = gaps;
    let others: Vec<&Entry> = sides().filter(|side| !is_own(side)).collect();
    check.release =
        others.iter().find_map(|side| side.release).map(|index| ground.graph.releases.get(index).key.clone());
    check.change =
        others.iter().find_map(|side| side.change).map(|index| ground.graph.changes.get(index).id.clone());
    let touched = others.iter().filter_map(|side| side.change);
    let services = touched.flat_map(|change| ground.graph.change_services.from(change));
    check.services = services.map(|related| ground.graph.services.get(related.index).key.clone()).collect();
    check.services.sort();
    check.services.dedup();
    check.resolves_at = others.iter().map(|side| side.window.end).max();
    let acts = first.resolutions.iter().map(|resolution| {
        let change = resolution.entry.change.map(|index| ground.graph.changes.get(index));
        let by = change.and_then(|change| ground.keeper(change));
        let services = if is_own(&resolution.entry) { Vec::new() } else { check.services.clone() };
        Act { services, ..Act::new(ActCode::MoveChange, resolution.explanation.clone(), by) }
    });
    let acts = acts.collect();
    check.resolved_by(acts)
}
