//! Blackout and maintenance schedules with their entries, CAB meetings with their agendas, standard-change templates.

use jiff::{SignedDuration, Timestamp};

use super::super::landscape::closed_by;
use super::super::model::{AgendaDecision, Estate, Interval};
use super::{Cells, Of, Out, time};

pub(super) fn write(estate: &Estate, out: &mut Out<'_>) {
    blackouts(estate, out);
    maintenance(estate, out);
    meetings(estate, out);
    templates(estate, out);
}

/// `20261228T000000Z`, as schedule entries hold times.
fn compact(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn blackouts(estate: &Estate, out: &mut Out<'_>) {
    for blackout in &estate.blackouts {
        let id = out.id(Of::Schedule, &blackout.key);
        let created = blackout.span.start - SignedDuration::from_hours(24 * 120);
        let mut row = Cells::new(id.clone(), created, "admin");
        let names: Vec<&str> =
            closed_by(&blackout.closes, &estate.services).into_iter().map(|name| &**name).collect();
        row.put("name", &*blackout.name);
        row.put("time_zone", "Europe/London");
        row.put("type", "blackout");
        row.put("sys_class_name", "cmn_schedule_blackout");
        row.put("source", "cmdb_ci_service_discovered");
        row.put("applies_to", "cmdb_ci_service_discovered");
        row.put("condition", format!("nameIN{}", names.join(",")));
        row.put("active", "true");
        out.write("cmn_schedule_blackout", row);
        entry(out, (&id, &blackout.key), "blackout", blackout.span);
    }
}

fn entry(out: &mut Out<'_>, (schedule, name): (&str, &str), kind: &str, span: Interval) {
    let mut row =
        Cells::new(out.part(&["span", name, kind]), span.start - SignedDuration::from_hours(24 * 120), "admin");
    row.put("schedule", schedule);
    row.put("name", name);
    row.put("type", kind);
    row.put("show_as", "busy");
    row.put("start_date_time", compact(span.start));
    row.put("end_date_time", compact(span.end));
    row.put("all_day", "false");
    row.put("repeat_type", "");
    out.write("cmn_schedule_span", row);
}

/// The production windows as a weekly repeating schedule: days count from Monday, 1.
fn maintenance(estate: &Estate, out: &mut Out<'_>) {
    let id = out.id(Of::Schedule, "production-windows");
    let created = estate.now - SignedDuration::from_hours(24 * 900);
    let mut row = Cells::new(id.clone(), created, "admin");
    row.put("name", "Production change windows");
    row.put("time_zone", "Europe/London");
    row.put("type", "maintenance");
    row.put("sys_class_name", "cmn_schedule_maintenance");
    row.put("source", "change_request");
    row.put("active", "true");
    out.write("cmn_schedule_maintenance", row);
    for (name, days, start, end) in [
        ("Weekday evenings", "1234", "20240101T180000", "20240101T230000"),
        ("Saturday mornings", "6", "20240106T060000", "20240106T120000"),
    ] {
        let mut row = Cells::new(out.part(&["span", name]), created, "admin");
        row.put("schedule", id.clone());
        row.put("name", name);
        row.put("type", "maintenance");
        row.put("show_as", "on_call");
        // No zone: local to the schedule's own time zone.
        row.put("start_date_time", start);
        row.put("end_date_time", end);
        row.put("all_day", "false");
        row.put("repeat_type", "weekly");
        row.put("repeat_count", "1");
        row.put("days_of_week", days);
        out.write("cmn_schedule_span", row);
    }
}

fn meetings(estate: &Estate, out: &mut Out<'_>) {
    let created = estate.now - SignedDuration::from_hours(24 * 900);
    let definition = out.part(&["cab definition"]);
    let mut row = Cells::new(definition.clone(), created, "admin");
    row.put("name", "Change Advisory Board");
    row.put("active", "true");
    row.put("manager_group", out.id(Of::Group, "cab"));
    out.write("cab_definition", row);
    for meeting in &estate.cab_meetings {
        let key = time(meeting.at);
        let id = out.id(Of::Meeting, &key);
        let over = meeting.at + SignedDuration::from_hours(1) <= estate.now;
        let mut row = Cells::new(id.clone(), meeting.at - SignedDuration::from_hours(24 * 14), "admin");
        row.put("name", format!("CAB {}", meeting.at.strftime("%d %B %Y")));
        row.put("cab_definition", definition.clone());
        row.put_time("start", Some(meeting.at));
        row.put_time("end", Some(meeting.at + SignedDuration::from_hours(1)));
        row.put("state", if over { "complete" } else { "pending" });
        row.put("sys_class_name", "cab_meeting");
        out.write("cab_meeting", row);
        for (order, item) in meeting.agenda.iter().enumerate() {
            let mut row = Cells::new(
                out.part(&["agenda", &key, &item.change]),
                meeting.at - SignedDuration::from_hours(48),
                "svc.pipeline",
            );
            row.put("cab_meeting", id.clone());
            row.put("task", out.id(Of::Change, &item.change));
            row.put("order", ((order + 1) * 100).to_string());
            let (state, decision) = match item.decision {
                AgendaDecision::Pending => ("pending", ""),
                AgendaDecision::Approved => ("complete", "approved"),
                AgendaDecision::Deferred => ("complete", "deferred"),
            };
            row.put("state", state);
            row.put("decision", decision);
            row.put("sys_class_name", "cab_agenda_item");
            out.write("cab_agenda_item", row);
        }
    }
}

fn templates(estate: &Estate, out: &mut Out<'_>) {
    for template in &estate.templates {
        let id = out.id(Of::Template, &template.key);
        let version = out.id(Of::TemplateVersion, &template.key);
        let mut row = Cells::new(id.clone(), template.valid.start, "admin");
        row.put("name", &*template.name);
        row.put("sys_name", &*template.key);
        row.put("short_description", &*template.name);
        row.put("active", template.revoked.is_none().to_string());
        row.put("retired", template.revoked.is_some().to_string());
        row.put("current_version", version.clone());
        row.put_time("valid_from", Some(template.valid.start));
        row.put_time("valid_to", template.revoked.or(Some(template.valid.end)));
        row.put("u_allowed_steps", template.steps.join(","));
        if let Some(at) = template.revoked {
            row.updated(at, "admin", 4);
        }
        out.write("std_change_record_producer", row);
        let mut row = Cells::new(version, template.valid.start, "admin");
        row.put("name", format!("{} - {}", template.name, template.version));
        row.put("version", template.version.to_string());
        row.put("std_change_producer", id.clone());
        out.write("std_change_producer_version", row);
        for item in &template.allowed_items {
            let mut row =
                Cells::new(out.part(&["template item", &template.key, item]), template.valid.start, "admin");
            row.put("template", id.clone());
            row.put("ci_item", out.id(Of::Item, item));
            out.write("std_change_template_ci", row);
        }
    }
}
