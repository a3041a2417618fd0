//! When something may happen: schedules, meetings of advisory boards, release trains.

use crate::table_api::{Forms, Table};

pub(in crate::servicenow) const SCHEDULE: Table = Table {
    name: "cmn_schedule_condition",
    operation: "read schedules",
    extends: &["cmn_schedule"],
    columns: &[
        "sys_id",
        "sys_class_name",
        "name",
        "time_zone",
        "applies_to",
        "condition",
        "active",
        "sys_updated_on",
    ],
    essential: &["sys_class_name", "name", "time_zone", "condition"],
    forms: Forms::Values,
};

pub(in crate::servicenow) const SCHEDULE_SPAN: Table = Table {
    name: "cmn_schedule_span",
    operation: "read entries of schedules",
    extends: &[],
    columns: &[
        "sys_id",
        "schedule",
        "name",
        "type",
        "start_date_time",
        "end_date_time",
        "all_day",
        "repeat_type",
        "repeat_count",
        "repeat_until",
        "days_of_week",
        "sys_updated_on",
    ],
    essential: &["schedule", "type", "start_date_time", "end_date_time", "repeat_type"],
    forms: Forms::Values,
};

pub(in crate::servicenow) const CAB_MEETING: Table = Table {
    name: "cab_meeting",
    operation: "read CAB meetings",
    extends: &["mtg_meeting"],
    columns: &["sys_id", "name", "start", "end", "state", "cab_definition", "cab_definition.manager_group"],
    essential: &["start", "end"],
    forms: Forms::ValuesAndLabels,
};

pub(in crate::servicenow) const AGENDA_ITEM: Table = Table {
    name: "cab_agenda_item",
    operation: "read agendas of CAB meetings",
    extends: &["mtg_agenda_item"],
    columns: &["sys_id", "cab_meeting", "task", "order"],
    essential: &["cab_meeting", "task"],
    forms: Forms::Values,
};

pub(in crate::servicenow) const TRAIN: Table = Table {
    name: "rm_release",
    operation: "read release trains",
    extends: &["task"],
    columns: &[
        "sys_id",
        "number",
        "name",
        "short_description",
        "description",
        "state",
        "active",
        "planned_start_date",
        "planned_end_date",
        "start_date",
        "end_date",
        "closed_at",
        "sys_updated_on",
    ],
    essential: &["number", "state"],
    forms: Forms::ValuesAndLabels,
};
