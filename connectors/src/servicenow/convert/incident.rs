//! Incidents, problems and known errors. Old instances number their states otherwise; their labels tell.

use domain::{Incident, IncidentId, IncidentState, KnownError, KnownErrorId, Problem, ProblemId, ProblemState};

use super::Origin;
use crate::servicenow::wire::{INCIDENT, PROBLEM};
use crate::table_api::Row;

/// An incident.
pub(in crate::servicenow) fn incident(origin: &Origin, row: &Row) -> Option<Incident> {
    let id = row.id()?;
    Some(Incident {
        id: IncidentId(origin.record(id)),
        number: row.text("number").unwrap_or_else(|| id.into()),
        priority: row.number("priority").filter(|priority| (1..=5).contains(priority)),
        state: incident_state(row),
        state_label: row.label_text("state"),
        short_description: row.text("short_description"),
        description: row.text("description"),
        opened_at: row.moment("opened_at"),
        resolved_at: row.moment("resolved_at"),
        closed_at: row.moment("closed_at"),
        updated_at: row.moment("sys_updated_on"),
        configuration_item: origin.item(row, "cmdb_ci"),
        business_service: origin.item(row, "business_service"),
        assignment_group: origin.group(row, "assignment_group"),
        assigned_to: origin.account(row, "assigned_to"),
        caused_by: origin.change(row, "caused_by"),
        fixed_by: origin.change(row, "rfc"),
        problem: origin.own_record(row, "problem_id").map(ProblemId),
        source: origin.source(&INCIDENT, row),
    })
}

fn incident_state(row: &Row) -> IncidentState {
    let waits = row.label("state").is_some_and(|label| label.to_ascii_lowercase().starts_with("awaiting"));
    match row.value("state").unwrap_or_default() {
        _ if waits => IncidentState::OnHold,
        "1" => IncidentState::New,
        "2" => IncidentState::InProgress,
        "3" => IncidentState::OnHold,
        "6" => IncidentState::Resolved,
        "7" => IncidentState::Closed,
        "8" => IncidentState::Canceled,
        _ => IncidentState::Other,
    }
}

/// A problem.
pub(in crate::servicenow) fn problem(origin: &Origin, row: &Row) -> Option<Problem> {
    let id = row.id()?;
    let (state, is_known) = problem_state(row);
    Some(Problem {
        id: ProblemId(origin.record(id)),
        number: row.text("number").unwrap_or_else(|| id.into()),
        priority: row.number("priority").filter(|priority| (1..=5).contains(priority)),
        state,
        state_label: row.label_text("state"),
        short_description: row.text("short_description"),
        workaround: row.text("workaround"),
        cause: row.text("cause_notes"),
        known_error: is_known || row.flag("known_error") == Some(true),
        opened_at: row.moment("opened_at"),
        resolved_at: row.moment("resolved_at").or(row.moment("closed_at")),
        configuration_item: origin.item(row, "cmdb_ci"),
        fixed_by: origin.change(row, "rfc"),
        source: origin.source(&PROBLEM, row),
    })
}

/// The state, and whether it says by itself that the error is known.
fn problem_state(row: &Row) -> (ProblemState, bool) {
    let state = match row.value("state").unwrap_or_default() {
        "101" => ProblemState::New,
        "102" => ProblemState::Assess,
        "103" => ProblemState::RootCauseAnalysis,
        "104" => ProblemState::FixInProgress,
        "106" => ProblemState::Resolved,
        "107" => ProblemState::Closed,
        // The model before: Open, Known Error, Pending Change, Closed.
        "1" => ProblemState::New,
        "2" => return (ProblemState::RootCauseAnalysis, true),
        "3" => ProblemState::FixInProgress,
        "4" => ProblemState::Closed,
        _ => ProblemState::Other,
    };
    (state, false)
}

/// The known error that a problem is, if it is one.
pub(in crate::servicenow) fn known_error(problem: &Problem) -> Option<KnownError> {
    problem.known_error.then(|| KnownError {
        id: KnownErrorId(problem.id.0.clone()),
        number: problem.number.clone(),
        summary: problem.short_description.clone(),
        workaround: problem.workaround.clone(),
        problem: problem.id.clone(),
        source: problem.source.clone(),
    })
}
