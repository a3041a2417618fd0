//! Changes, their tasks and approvals, with the fields that ServiceNow's `sys_audit` keeps under the names it keeps
//! them. Another vendor's history has other names: there, fields stay as they are now.

use std::collections::BTreeMap;

use domain::{
    ApprovalState, Change, ChangeClass, ChangeState, ChangeTaskState, ConfigurationItemId, FieldChange, RecordId,
    Records, Text, Window,
};
use jiff::Timestamp;

use super::{by, forget_later};
use crate::correlate::read_moment;

/// What fields of one record held at the moment, where it was something else than now.
type Then<'a> = BTreeMap<&'a str, &'a Text>;

pub(super) fn rewind(records: &mut Records, moment: Timestamp) {
    let history = std::mem::take(&mut records.field_changes);
    let (kept, later): (Vec<FieldChange>, Vec<FieldChange>) =
        history.into_iter().partition(|entry| entry.at <= moment);
    let mut then: BTreeMap<&RecordId, Then<'_>> = BTreeMap::new();
    let mut newest_first: Vec<&FieldChange> = later.iter().collect();
    newest_first.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    for entry in newest_first {
        then.entry(&entry.record).or_default().insert(&entry.field, &entry.before);
    }
    let mut touched: BTreeMap<&RecordId, Timestamp> = BTreeMap::new();
    for entry in &kept {
        let last = touched.entry(&entry.record).or_insert(entry.at);
        *last = entry.at.max(*last);
    }
    records.changes.retain(|change| by(moment, change.created_at));
    for change in &mut records.changes {
        if let Some(then) = then.get(&change.id.0) {
            give_back(change, then);
        }
        for place in [&mut change.work_started_at, &mut change.work_ended_at] {
            forget_later(moment, place);
        }
        if !by(moment, change.closed_at) {
            (change.closed_at, change.close_code) = (None, None);
        }
        if !by(moment, change.updated_at) {
            change.updated_at = touched.get(&change.id.0).copied().or(change.created_at);
        }
    }
    for task in &mut records.change_tasks {
        if !by(moment, task.closed_at) {
            (task.closed_at, task.close_code) = (None, None);
            (task.state, task.state_label) = (ChangeTaskState::Open, "Open".into());
        }
    }
    records.approvals.retain(|approval| by(moment, approval.requested_at));
    for approval in records.approvals.iter_mut().filter(|approval| !by(moment, approval.decided_at)) {
        (approval.state, approval.state_label) = (ApprovalState::Requested, "Requested".into());
        (approval.decided_at, approval.recorded_by) = (None, None);
    }
    records.field_changes = kept;
}

fn give_back(change: &mut Change, then: &Then<'_>) {
    window(change, then);
    if let Some(code) = then.get("state") {
        (change.state, change.state_label) = state(code);
    }
    if let Some(word) = then.get("type") {
        (change.class, change.class_label) = (class(word), (*word).clone());
    }
    if let Some(word) = then.get("approval") {
        change.approval = approval(word);
    }
    if let Some(word) = then.get("on_hold") {
        change.on_hold = Some(matches!(&***word, "1" | "true"));
    }
    if let Some(item) = then.get("cmdb_ci") {
        let connector = change.main_configuration_item.as_ref().map(|item| item.0.connector.clone());
        change.main_configuration_item = match (connector, item.is_empty()) {
            (_, true) => None,
            (Some(connector), false) => Some(ConfigurationItemId::new(&connector, &***item)),
            // Which system holds the item is not said any more.
            (None, false) => None,
        };
    }
    let texts = [
        ("short_description", &mut change.short_description),
        ("description", &mut change.description),
        ("correlation_id", &mut change.correlation_id),
        ("backout_plan", &mut change.backout_plan),
        ("std_change_producer_version", &mut change.template_version),
    ];
    for (field, place) in texts {
        if let Some(text) = then.get(field) {
            *place = (!text.is_empty()).then(|| (*text).clone());
        }
    }
}

fn window(change: &mut Change, then: &Then<'_>) {
    let edge = |field: &str, now: Option<Timestamp>| match then.get(field) {
        Some(text) => read_moment(text),
        None => now,
    };
    let start = edge("start_date", change.window.map(|window| window.start));
    let end = edge("end_date", change.window.map(|window| window.end));
    change.window = start.zip(end).and_then(|(start, end)| Window::new(start, end));
}

/// The product's numbers, and its words for them.
fn state(code: &str) -> (ChangeState, Text) {
    let (state, label) = match code {
        "-5" => (ChangeState::New, "New"),
        "-4" => (ChangeState::Assess, "Assess"),
        "-3" => (ChangeState::Authorize, "Authorize"),
        "-2" => (ChangeState::Scheduled, "Scheduled"),
        "-1" => (ChangeState::Implement, "Implement"),
        "0" => (ChangeState::Review, "Review"),
        "3" => (ChangeState::Closed, "Closed"),
        "4" => (ChangeState::Canceled, "Canceled"),
        other => (ChangeState::Other, other),
    };
    (state, label.into())
}

fn class(word: &str) -> ChangeClass {
    match word.to_lowercase().as_str() {
        "standard" => ChangeClass::Standard,
        "normal" => ChangeClass::Normal,
        "emergency" => ChangeClass::Emergency,
        _ => ChangeClass::Other,
    }
}

fn approval(word: &str) -> Option<ApprovalState> {
    Some(match word {
        "" => return None,
        "not requested" => ApprovalState::NotRequested,
        "requested" => ApprovalState::Requested,
        "approved" => ApprovalState::Approved,
        "rejected" => ApprovalState::Rejected,
        "cancelled" => ApprovalState::Cancelled,
        "not_required" => ApprovalState::NotRequired,
        "duplicate" => ApprovalState::Duplicate,
        _ => ApprovalState::Other,
    })
}
