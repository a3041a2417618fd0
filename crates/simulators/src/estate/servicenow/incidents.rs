//! Incidents, problems with their known errors, and service levels.

use jiff::SignedDuration;

use super::super::model::{Estate, Incident, Problem};
use super::{Cells, Of, Out};

/// Hours to resolve, by priority.
const AGREEMENTS: [(u8, i64); 4] = [(1, 4), (2, 8), (3, 24), (4, 72)];

pub(super) fn write(estate: &Estate, out: &mut Out<'_>) {
    let since = estate.now - SignedDuration::from_hours(24 * 900);
    for (priority, hours) in AGREEMENTS {
        let mut row = Cells::new(out.id(Of::Agreement, &priority.to_string()), since, "admin");
        row.put("name", format!("Priority {priority} resolution"));
        row.put("active", "true");
        row.put("collection", "incident");
        row.put("target", "resolution");
        row.put("type", "SLA");
        row.put("duration", format!("1970-01-{:02} {:02}:00:00", 1 + hours / 24, hours % 24));
        out.write("contract_sla", row);
    }
    for problem in &estate.problems {
        write_problem(problem, out);
    }
    for incident in &estate.incidents {
        write_incident(estate, incident, out);
        write_level(estate, incident, out);
    }
}

fn write_incident(estate: &Estate, incident: &Incident, out: &mut Out<'_>) {
    let mut row = Cells::new(out.id(Of::Incident, &incident.number), incident.opened, "svc.interlock");
    let caller = incident.caller.as_deref();
    let state = match (incident.resolved, incident.closed) {
        (_, Some(_)) => "7",
        (Some(_), None) => "6",
        (None, None) => "2",
    };
    row.put("number", &*incident.number);
    row.put("sys_class_name", "incident");
    row.put("short_description", &*incident.title);
    row.put("description", &*incident.description);
    row.put("priority", incident.priority.to_string());
    row.put("impact", incident.priority.min(3).to_string());
    row.put("urgency", incident.priority.min(3).to_string());
    row.put("category", "software");
    row.put("state", state);
    row.put("incident_state", state);
    row.put("active", incident.closed.is_none().to_string());
    row.put("caller_id", caller.map(|person| out.id(Of::User, person)).unwrap_or_default());
    row.put("opened_by", caller.map(|person| out.id(Of::User, person)).unwrap_or_default());
    row.put_time("opened_at", Some(incident.opened));
    row.put_time("resolved_at", incident.resolved);
    row.put_time("closed_at", incident.closed);
    row.put("cmdb_ci", incident.item.as_ref().map(|item| out.id(Of::Item, item)).unwrap_or_default());
    row.put("assignment_group", out.id(Of::Group, &incident.group));
    row.put_some("assigned_to", incident.assigned_to.as_ref().map(|person| out.id(Of::User, person)));
    row.put("caused_by", incident.caused_by.as_ref().map(|number| out.id(Of::Change, number)).unwrap_or_default());
    row.put("rfc", incident.fixed_by.as_ref().map(|number| out.id(Of::Change, number)).unwrap_or_default());
    row.put("problem_id", incident.problem.as_ref().map(|number| out.id(Of::Problem, number)).unwrap_or_default());
    row.put("close_notes", &*incident.notes);
    if incident.resolved.is_some() {
        let by_change = incident.caused_by.is_some() || incident.fixed_by.is_some();
        row.put("close_code", if by_change { "Resolved by change" } else { "Solution provided" });
        let caused = incident.caused_by.as_ref().map(|number| format!("{number} brought it in."));
        row.put_some("cause", caused);
    }
    let item = incident.item.as_ref().filter(|item| estate.services.iter().any(|service| service.key == **item));
    row.put_some("service_offering", item.map(|item| out.id(Of::Offering, item)));
    let last = incident.closed.or(incident.resolved).unwrap_or(incident.opened);
    row.updated(last, incident.assigned_to.as_deref().unwrap_or("system"), 4);
    out.write("incident", row);
    if let Some(priority_raised) =
        (incident.priority <= 2).then_some(incident.opened + SignedDuration::from_mins(4))
    {
        let mut row = Cells::new(out.part(&["audit", &incident.number, "priority"]), priority_raised, "system");
        row.put("tablename", "incident");
        row.put("documentkey", out.id(Of::Incident, &incident.number));
        row.put("fieldname", "priority");
        row.put("oldvalue", "3");
        row.put("newvalue", incident.priority.to_string());
        row.put("user", "system");
        row.put("record_checkpoint", "1");
        out.write("sys_audit", row);
    }
}

fn write_level(estate: &Estate, incident: &Incident, out: &mut Out<'_>) {
    let Some((priority, hours)) = AGREEMENTS.iter().find(|(priority, _)| *priority == incident.priority) else {
        return;
    };
    let due = incident.opened + SignedDuration::from_hours(*hours);
    let end = incident.resolved.unwrap_or(estate.now);
    let used = (end - incident.opened).total(jiff::Unit::Minute).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "hours of one agreement")]
    let share = used * 100.0 / (*hours as f64 * 60.0);
    let mut row = Cells::new(out.part(&["level", &incident.number]), incident.opened, "system");
    row.put("task", out.id(Of::Incident, &incident.number));
    row.put("sla", out.id(Of::Agreement, &priority.to_string()));
    row.put("stage", if incident.resolved.is_some() { "completed" } else { "in_progress" });
    row.put("has_breached", (end > due).to_string());
    row.put("active", incident.resolved.is_none().to_string());
    row.put_time("start_time", Some(incident.opened));
    row.put_time("end_time", incident.resolved);
    row.put_time("planned_end_time", Some(due));
    row.put("percentage", format!("{share:.2}"));
    row.put("business_percentage", format!("{share:.2}"));
    row.updated(end, "system", 3);
    out.write("task_sla", row);
}

fn write_problem(problem: &Problem, out: &mut Out<'_>) {
    let id = out.id(Of::Problem, &problem.number);
    let mut row = Cells::new(id.clone(), problem.opened, "system");
    row.put("number", &*problem.number);
    row.put("sys_class_name", "problem");
    row.put("short_description", &*problem.title);
    row.put("state", if problem.closed.is_some() { "107" } else { "103" });
    row.put("priority", problem.priority.to_string());
    row.put("active", problem.closed.is_none().to_string());
    row.put_time("closed_at", problem.closed);
    if let Some(at) = problem.closed {
        row.updated(at, "system", 5);
    }
    row.put("cmdb_ci", problem.item.as_ref().map(|item| out.id(Of::Item, item)).unwrap_or_default());
    row.put("assignment_group", out.id(Of::Group, &problem.group));
    row.put_time("opened_at", Some(problem.opened));
    row.put("cause_notes", &*problem.cause);
    row.put("fix_notes", &*problem.fix);
    row.put("known_error", problem.known_error.is_some().to_string());
    if let Some(known) = &problem.known_error {
        row.put("workaround", &*known.workaround);
        let mut article = Cells::new(out.id(Of::Article, &known.article), problem.opened, "system");
        article.put("number", &*known.article);
        article.put("sys_class_name", "kb_template_known_error_article");
        article.put("short_description", &*known.summary);
        article.put("kb_description", &*known.summary);
        article.put("kb_cause", &*problem.cause);
        article.put("kb_workaround", &*known.workaround);
        article.put("workflow_state", "published");
        article.put("active", "true");
        article.put("source", id);
        article.put_some("cmdb_ci", problem.item.as_ref().map(|item| out.id(Of::Item, item)));
        out.write("kb_template_known_error_article", article);
    }
    out.write("problem", row);
}
