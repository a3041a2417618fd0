//! The board's meetings, gathered from the changes that were or will be heard there.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::model::{AgendaDecision, AgendaItem, ApprovalState, CabMeeting};
use super::people::CAB;
use super::world::World;

/// Puts every change on the agenda of its meeting. Meetings of the last ten weeks and the next half year exist in any case.
pub(super) fn convene(world: &mut World) {
    let mut meetings: BTreeMap<Timestamp, Vec<AgendaItem>> =
        world.calendar.meetings.iter().map(|at| (*at, Vec::new())).collect();
    for change in &world.estate.changes {
        let Some(at) = change.cab else { continue };
        let yes = change
            .approvals
            .iter()
            .any(|approval| approval.group.as_deref() == Some(CAB) && approval.state == ApprovalState::Approved);
        let decision = match (yes, at < world.estate.now) {
            (true, _) => AgendaDecision::Approved,
            (false, true) => AgendaDecision::Deferred,
            (false, false) => AgendaDecision::Pending,
        };
        meetings.entry(at).or_default().push(AgendaItem { change: change.number.clone(), decision });
    }
    world.estate.cab_meetings = meetings.into_iter().map(|(at, agenda)| CabMeeting { at, agenda }).collect();
}
