//! What an emergency owes afterwards, and work that began before anybody asked for it.

use domain::{ApprovalState, Change, ChangeClass, Outcome, Release};
use jiff::{SignedDuration, Timestamp};

use crate::correlate::retroactive::{first_raised, first_starts};
use crate::graph::{Index, ReleaseGraph};

/// How long after its work an emergency may wait for its approval.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// Has an emergency been approved afterwards?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostApproval {
    /// PASS, FAIL, NOT_DUE, or UNKNOWN when nobody says when the work ended.
    pub outcome: Outcome,
    /// Until when.
    pub due_at: Option<Timestamp>,
}

/// The duty of a release's emergency changes, the worst of several; `None` without one.
pub fn post_approval(graph: &ReleaseGraph, release: Index<Release>) -> Option<PostApproval> {
    let changes = graph.release_changes.from(release).map(|related| graph.changes.get(related.index));
    let duties = changes.filter(|change| change.class == ChangeClass::Emergency).map(|change| duty(graph, change));
    duties.reduce(|one, other| {
        let outcome = one.outcome.and(other.outcome);
        if outcome == one.outcome { one } else { PostApproval { outcome, ..other } }
    })
}

fn duty(graph: &ReleaseGraph, change: &Change) -> PostApproval {
    let Some(ended) = change.work_ended_at.or(change.closed_at) else {
        let outcome = if change.work_started_at.is_some() { Outcome::Unknown } else { Outcome::NotDue };
        return PostApproval { outcome, due_at: None };
    };
    let due_at = ended.checked_add(GRACE).ok();
    let approved = graph
        .approvals_of(&change.id)
        .filter(|(_, approval)| approval.state == ApprovalState::Approved)
        .filter_map(|(_, approval)| approval.decided_at)
        .min();
    let outcome = match (approved, due_at) {
        (Some(at), Some(due)) if at <= due => Outcome::Pass,
        (_, Some(due)) if graph.assembled_at < due => Outcome::NotDue,
        (Some(_), None) => Outcome::Unknown,
        _ => Outcome::Fail,
    };
    PostApproval { outcome, due_at }
}

/// Did the release start in production before any change for it was raised? `None` when no change or no start is known.
pub fn is_retroactive(graph: &ReleaseGraph, release: Index<Release>) -> Option<bool> {
    let started = first_starts(graph).get(&graph.releases.get(release).key).copied()?;
    first_raised(graph, release).map(|(_, raised)| raised > started)
}
