//! Approvals: by which way they were given, when, and in whose name.

use std::collections::BTreeMap;

use domain::{Approval, ApprovalId, ApprovalState, ApprovalVia, ChangeId, Delegation, FieldChange, RecordId};
use jiff::Timestamp;

use super::Origin;
use crate::servicenow::wire::APPROVAL;
use crate::table_api::Row;

/// Delegations with the login of each delegate, because approvals name who recorded them by login.
pub(in crate::servicenow) type Delegations = Vec<(String, Delegation)>;

/// What else is known when approvals are read.
pub(in crate::servicenow) struct Beside<'a> {
    /// Who may answer for whom.
    pub(in crate::servicenow) delegations: &'a [(String, Delegation)],
    /// Groups that are change advisory boards.
    pub(in crate::servicenow) boards: &'a std::collections::BTreeSet<String>,
    /// When each approval was last decided, as its history tells.
    pub(in crate::servicenow) decided: &'a BTreeMap<RecordId, Timestamp>,
}

/// An approval of a change; `None` when it is about something else.
pub(in crate::servicenow) fn approval(origin: &Origin, row: &Row, beside: &Beside<'_>) -> Option<Approval> {
    let id = row.id()?;
    let document = row.value("document_id").filter(|_| row.value("source_table") == Some("change_request"));
    let change = row.value("sysapproval").or(document)?;
    let state = row.value("state").map_or(ApprovalState::Other, approval_state);
    let group = origin.group(row, "group.assignment_group");
    let decided_at = match state {
        ApprovalState::Approved | ApprovalState::Rejected => decided_at(origin, row, beside),
        _ => None,
    };
    let answered_by = row.text("sys_updated_by").filter(|_| decided_at.is_some());
    let delegation = decided_at.and_then(|at| delegation_of(row, (&answered_by, at), beside));
    let is_board = row.value("group.assignment_group").is_some_and(|group| beside.boards.contains(group))
        || row.label("group.assignment_group").is_some_and(is_boards_name);
    let via = match (&delegation, &group) {
        (Some(_), _) => ApprovalVia::Delegate,
        (None, Some(_)) if is_board => ApprovalVia::Cab,
        (None, Some(_)) => ApprovalVia::Group,
        (None, None) => ApprovalVia::User,
    };
    let wait_for_all = row.value("group.wait_for") == Some("all");
    Some(Approval {
        id: ApprovalId(origin.record(id)),
        change: ChangeId(origin.record(change)),
        state,
        state_label: row.label_text("state"),
        via,
        required: wait_for_all.then_some(true),
        approver: origin.account(row, "approver"),
        group,
        on_behalf_of: delegation.map(|delegation| delegation.from.clone()),
        delegation: delegation.map(|delegation| delegation.record.clone()),
        recorded_by: answered_by,
        requested_at: row.moment("sys_created_on"),
        decided_at,
        source: origin.source(&APPROVAL, row),
    })
}

/// When approvals were last decided, from the history of their states.
pub(in crate::servicenow) fn decisions(history: &[FieldChange]) -> BTreeMap<RecordId, Timestamp> {
    let mut decided: BTreeMap<RecordId, Timestamp> = BTreeMap::new();
    let answers = history.iter().filter(|entry| &*entry.field == "state");
    for entry in answers.filter(|entry| matches!(&*entry.after, "approved" | "rejected")) {
        let last = decided.entry(entry.record.clone()).or_insert(entry.at);
        *last = entry.at.max(*last);
    }
    decided
}

/// The history knows best; else the last update, which is the answer or a later touch, so never too early.
fn decided_at(origin: &Origin, row: &Row, beside: &Beside<'_>) -> Option<Timestamp> {
    let told = row.id().and_then(|id| beside.decided.get(&origin.record(id)).copied());
    told.or(row.moment("sys_updated_on"))
}

/// The delegation by which somebody else than the approver answered.
fn delegation_of<'a>(
    row: &Row,
    (answered_by, at): (&Option<domain::Text>, Timestamp),
    beside: &Beside<'a>,
) -> Option<&'a Delegation> {
    let login = answered_by.as_deref()?;
    if row.value("approver.user_name") == Some(login) {
        return None;
    }
    let mut valid = beside.delegations.iter().filter(|(delegate, delegation)| {
        delegate == login
            && delegation.approvals
            && row.value("approver") == Some(&*delegation.from.0.native)
            && delegation.starts_at.is_none_or(|start| start <= at)
            && delegation.ends_at.is_none_or(|end| at < end)
    });
    valid.next().map(|(_, delegation)| delegation)
}

fn is_boards_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("change advisory board")
        || name.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == "cab" || word == "ecab")
}

/// The state of an approval, or a change's overall approval.
pub(super) fn approval_state(value: &str) -> ApprovalState {
    match value {
        "not requested" => ApprovalState::NotRequested,
        "requested" => ApprovalState::Requested,
        "approved" => ApprovalState::Approved,
        "rejected" => ApprovalState::Rejected,
        "cancelled" => ApprovalState::Cancelled,
        "not_required" => ApprovalState::NotRequired,
        "duplicate" => ApprovalState::Duplicate,
        _ => ApprovalState::Other,
    }
}
