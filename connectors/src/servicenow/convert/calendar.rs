//! CAB meetings with their agendas, release trains, service levels.

use std::collections::BTreeMap;

use domain::{CabMeeting, CabMeetingId, ChangeId, ServiceLevel, ServiceLevelId, Train, TrainId};

use super::{Origin, window};
use crate::servicenow::wire::{CAB_MEETING, SERVICE_LEVEL, TRAIN};
use crate::table_api::Row;

/// Meetings with the changes on their agendas, in the agenda's order.
pub(in crate::servicenow) fn cab_meetings(origin: &Origin, meetings: &[Row], items: &[Row]) -> Vec<CabMeeting> {
    let mut agendas: BTreeMap<&str, Vec<(i64, ChangeId)>> = BTreeMap::new();
    for row in items {
        if let (Some(meeting), Some(change)) = (row.value("cab_meeting"), origin.change(row, "task")) {
            agendas.entry(meeting).or_default().push((row.number("order").unwrap_or(i64::MAX), change));
        }
    }
    let meeting = |row: &Row| {
        let id = row.id()?;
        let mut agenda = agendas.get(id).cloned().unwrap_or_default();
        agenda.sort();
        Some(CabMeeting {
            id: CabMeetingId(origin.record(id)),
            name: row.text("name").unwrap_or_else(|| id.into()),
            window: window(row, "start", "end"),
            state_label: row.label_text("state"),
            group: origin.group(row, "cab_definition.manager_group"),
            agenda: agenda.into_iter().map(|(_, change)| change).collect(),
            source: origin.source(&CAB_MEETING, row),
        })
    };
    meetings.iter().filter_map(meeting).collect()
}

/// A release train; its dates are the planned ones where the instance has such columns.
pub(in crate::servicenow) fn train(origin: &Origin, row: &Row) -> Option<Train> {
    let id = row.id()?;
    let planned = window(row, "planned_start_date", "planned_end_date");
    Some(Train {
        id: TrainId(origin.record(id)),
        number: row.text("number").unwrap_or_else(|| id.into()),
        name: row.text("name").or(row.text("short_description")).unwrap_or_else(|| row.label_text("number")),
        window: planned.or_else(|| window(row, "start_date", "end_date")),
        state_label: row.label_text("state"),
        description: row.text("description").or(row.text("short_description")),
        source: origin.source(&TRAIN, row),
    })
}

/// An agreement that runs on a task.
pub(in crate::servicenow) fn service_level(origin: &Origin, row: &Row) -> Option<ServiceLevel> {
    Some(ServiceLevel {
        id: ServiceLevelId(origin.record(row.id()?)),
        name: row.label_text("sla"),
        task: origin.own_record(row, "task")?,
        stage_label: row.label_text("stage"),
        breached: row.flag("has_breached"),
        due_at: row.moment("planned_end_time"),
        source: origin.source(&SERVICE_LEVEL, row),
    })
}
