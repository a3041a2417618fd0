//! The tables of an ITSM instance as they are read: columns, inheritance, and which columns must not be hidden.
//! Columns that an instance does not have are left out; dotted columns follow a reference.

use domain::RecordKind;

use crate::table_api::{Forms, Table};

pub(super) const CHANGE: Table = Table {
    name: "change_request",
    operation: "read changes",
    extends: &["task"],
    columns: &[
        "sys_id",
        "number",
        "type",
        "state",
        "active",
        "on_hold",
        "short_description",
        "description",
        "correlation_id",
        "opened_at",
        "start_date",
        "end_date",
        "work_start",
        "work_end",
        "requested_by",
        "opened_by",
        "assigned_to",
        "assignment_group",
        "cmdb_ci",
        "service_offering",
        "backout_plan",
        "test_plan",
        "justification",
        "risk_impact_analysis",
        "risk",
        "std_change_producer_version",
        "std_change_producer_version.std_change_producer",
        "std_change_producer_version.version",
        "approval",
        "cab_required",
        "cab_date",
        "cab_date_time",
        "close_code",
        "closed_at",
        "review_date",
        "review_status",
        "review_comments",
        "parent",
        "parent.sys_class_name",
        "sys_created_on",
        "sys_updated_on",
        "sys_mod_count",
    ],
    essential: &[
        "number",
        "type",
        "state",
        "start_date",
        "end_date",
        "cmdb_ci",
        "approval",
        "backout_plan",
        "std_change_producer_version",
        "on_hold",
        "sys_updated_on",
    ],
    forms: Forms::ValuesAndLabels,
};

pub(super) const CHANGE_TASK: Table = Table {
    name: "change_task",
    operation: "read tasks of changes",
    extends: &["task"],
    columns: &[
        "sys_id",
        "number",
        "change_request",
        "short_description",
        "change_task_type",
        "state",
        "planned_start_date",
        "planned_end_date",
        "assigned_to",
        "cmdb_ci",
        "closed_at",
        "close_code",
        "sys_updated_on",
    ],
    essential: &["number", "change_request", "state", "sys_updated_on"],
    forms: Forms::ValuesAndLabels,
};

pub(super) const AFFECTED_ITEM: Table = Table {
    name: "task_ci",
    operation: "read items of changes",
    extends: &[],
    columns: &["sys_id", "task", "ci_item", "sys_updated_on"],
    essential: &["task", "ci_item"],
    forms: Forms::Values,
};

/// Offerings that a change touches, where it names several.
pub(super) const TOUCHED_OFFERING: Table = Table {
    name: "task_service_offering",
    operation: "read service offerings of changes",
    extends: &[],
    columns: &["sys_id", "task", "service_offering", "sys_updated_on"],
    essential: &["task", "service_offering"],
    forms: Forms::Values,
};

pub(super) const TRAIN_TASK: Table = Table {
    name: "rm_m2m_release_task",
    operation: "read changes of trains",
    extends: &[],
    columns: &["sys_id", "release", "task", "sys_updated_on"],
    essential: &["release", "task"],
    forms: Forms::Values,
};

pub(super) const APPROVAL: Table = Table {
    name: "sysapproval_approver",
    operation: "read approvals",
    extends: &[],
    columns: &[
        "sys_id",
        "state",
        "approver",
        "approver.user_name",
        "sysapproval",
        "document_id",
        "source_table",
        "group",
        "group.assignment_group",
        "group.wait_for",
        "sys_created_on",
        "sys_updated_on",
        "sys_updated_by",
        "sys_mod_count",
    ],
    essential: &["state", "approver", "sysapproval", "sys_updated_on"],
    forms: Forms::ValuesAndLabels,
};

pub(super) const HISTORY: Table = Table {
    name: "sys_audit",
    operation: "read the history of fields",
    extends: &[],
    columns: &[
        "sys_id",
        "tablename",
        "documentkey",
        "fieldname",
        "oldvalue",
        "newvalue",
        "user",
        "sys_created_on",
        "sys_created_by",
    ],
    essential: &["documentkey", "fieldname", "oldvalue", "newvalue", "sys_created_on"],
    forms: Forms::Values,
};

/// What the history is read for: scope, state and texts that name releases.
pub(super) const HISTORY_FIELDS: [&str; 18] = [
    "approval",
    "assigned_to",
    "backout_plan",
    "cmdb_ci",
    "correlation_id",
    "description",
    "end_date",
    "on_hold",
    "parent",
    "requested_by",
    "risk",
    "short_description",
    "start_date",
    "state",
    "std_change_producer_version",
    "type",
    "work_end",
    "work_start",
];

pub(super) const DELETED: Table = Table {
    name: "sys_audit_delete",
    operation: "read deletions",
    extends: &[],
    columns: &["sys_id", "tablename", "documentkey", "sys_created_on"],
    essential: &[],
    forms: Forms::Values,
};

pub(super) const INCIDENT: Table = Table {
    name: "incident",
    operation: "read incidents",
    extends: &["task"],
    columns: &[
        "sys_id",
        "number",
        "priority",
        "state",
        "active",
        "short_description",
        "description",
        "opened_at",
        "resolved_at",
        "closed_at",
        "cmdb_ci",
        "business_service",
        "service_offering",
        "assignment_group",
        "assigned_to",
        "caused_by",
        "rfc",
        "problem_id",
        "cause",
        "close_code",
        "close_notes",
        "sys_updated_on",
    ],
    essential: &["number", "state", "priority", "cmdb_ci", "opened_at", "caused_by", "sys_updated_on"],
    forms: Forms::ValuesAndLabels,
};

pub(super) const PROBLEM: Table = Table {
    name: "problem",
    operation: "read problems",
    extends: &["task"],
    columns: &[
        "sys_id",
        "number",
        "priority",
        "state",
        "problem_state",
        "active",
        "short_description",
        "workaround",
        "cause_notes",
        "fix_notes",
        "known_error",
        "opened_at",
        "resolved_at",
        "closed_at",
        "cmdb_ci",
        "rfc",
        "sys_updated_on",
    ],
    essential: &["number", "state", "known_error", "cmdb_ci", "sys_updated_on"],
    forms: Forms::ValuesAndLabels,
};

/// An article about a known error; `source` is the problem that it was written of.
pub(super) const ARTICLE: Table = Table {
    name: "kb_template_known_error_article",
    operation: "read articles about known errors",
    extends: &["kb_knowledge"],
    columns: &[
        "sys_id",
        "number",
        "short_description",
        "kb_workaround",
        "workflow_state",
        "source",
        "sys_updated_on",
    ],
    essential: &["number", "source", "workflow_state"],
    forms: Forms::Values,
};

/// What of a change, and of an article below, is read only when somebody asks for it.
pub(super) const CHANGE_TEXT: Table = Table {
    operation: "read plans of changes",
    columns: &["sys_id", "implementation_plan"],
    essential: &[],
    forms: Forms::Values,
    ..CHANGE
};

pub(super) const ARTICLE_TEXT: Table = Table {
    operation: "read texts of articles",
    columns: &["sys_id", "kb_description"],
    essential: &[],
    ..ARTICLE
};

pub(super) const SCHEDULE: Table = Table {
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

pub(super) const SCHEDULE_SPAN: Table = Table {
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

pub(super) const CAB_MEETING: Table = Table {
    name: "cab_meeting",
    operation: "read CAB meetings",
    extends: &["mtg_meeting"],
    columns: &["sys_id", "name", "start", "end", "state", "cab_definition", "cab_definition.manager_group"],
    essential: &["start", "end"],
    forms: Forms::ValuesAndLabels,
};

pub(super) const AGENDA_ITEM: Table = Table {
    name: "cab_agenda_item",
    operation: "read agendas of CAB meetings",
    extends: &["mtg_agenda_item"],
    columns: &["sys_id", "cab_meeting", "task", "order"],
    essential: &["cab_meeting", "task"],
    forms: Forms::Values,
};

pub(super) const TRAIN: Table = Table {
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

pub(super) const SERVICE_LEVEL: Table = Table {
    name: "task_sla",
    operation: "read service levels",
    extends: &[],
    columns: &["sys_id", "task", "sla", "stage", "has_breached", "planned_end_time", "sys_updated_on"],
    essential: &["task", "has_breached", "sys_updated_on"],
    forms: Forms::ValuesAndLabels,
};

pub(super) const ACCOUNT: Table = Table {
    name: "sys_user",
    operation: "read accounts",
    extends: &[],
    columns: &[
        "sys_id",
        "user_name",
        "name",
        "email",
        "employee_number",
        "active",
        "web_service_access_only",
        "internal_integration_user",
        "sys_updated_on",
    ],
    essential: &["user_name", "sys_updated_on"],
    forms: Forms::Values,
};

pub(super) const GROUP: Table = Table {
    name: "sys_user_group",
    operation: "read groups",
    extends: &[],
    columns: &["sys_id", "name", "manager", "sys_updated_on"],
    essential: &["name"],
    forms: Forms::Values,
};

pub(super) const MEMBER: Table = Table {
    name: "sys_user_grmember",
    operation: "read members of groups",
    extends: &[],
    columns: &["sys_id", "user", "group", "sys_updated_on"],
    essential: &["user", "group"],
    forms: Forms::Values,
};

pub(super) const DELEGATION: Table = Table {
    name: "sys_user_delegate",
    operation: "read delegations",
    extends: &[],
    columns: &["sys_id", "user", "delegate", "delegate.user_name", "starts", "ends", "approvals", "sys_updated_on"],
    essential: &["user", "delegate", "starts", "ends", "approvals"],
    forms: Forms::Values,
};

pub(super) const TEMPLATE: Table = Table {
    name: "std_change_record_producer",
    operation: "read templates of standard changes",
    extends: &[],
    columns: &[
        "sys_id",
        "name",
        "active",
        "retired",
        "current_version",
        "current_version.version",
        "valid_from",
        "valid_to",
        "sys_updated_on",
    ],
    essential: &["name", "active", "current_version"],
    forms: Forms::ValuesAndLabels,
};

/// A company's own list of the items that a template may be used for.
pub(super) const TEMPLATE_ITEM: Table = Table {
    name: "std_change_template_ci",
    operation: "read items of templates",
    extends: &[],
    columns: &["sys_id", "template", "ci_item"],
    essential: &["template", "ci_item"],
    forms: Forms::Values,
};

pub(super) const TABLES: [&Table; 25] = [
    &CHANGE,
    &CHANGE_TEXT,
    &CHANGE_TASK,
    &AFFECTED_ITEM,
    &TOUCHED_OFFERING,
    &TRAIN_TASK,
    &APPROVAL,
    &HISTORY,
    &DELETED,
    &INCIDENT,
    &PROBLEM,
    &ARTICLE,
    &ARTICLE_TEXT,
    &SCHEDULE,
    &SCHEDULE_SPAN,
    &CAB_MEETING,
    &AGENDA_ITEM,
    &TRAIN,
    &SERVICE_LEVEL,
    &ACCOUNT,
    &GROUP,
    &MEMBER,
    &DELEGATION,
    &TEMPLATE,
    &TEMPLATE_ITEM,
];

/// The kinds that are read, with the table that holds most of each.
pub(super) const KINDS: [(RecordKind, &Table); 15] = [
    (RecordKind::Change, &CHANGE),
    (RecordKind::ChangeTask, &CHANGE_TASK),
    (RecordKind::Approval, &APPROVAL),
    (RecordKind::ChangeTemplate, &TEMPLATE),
    (RecordKind::FieldHistory, &HISTORY),
    (RecordKind::Incident, &INCIDENT),
    (RecordKind::Problem, &PROBLEM),
    (RecordKind::Schedule, &SCHEDULE),
    (RecordKind::CabMeeting, &CAB_MEETING),
    (RecordKind::Train, &TRAIN),
    (RecordKind::ServiceLevel, &SERVICE_LEVEL),
    (RecordKind::Account, &ACCOUNT),
    (RecordKind::Group, &GROUP),
    (RecordKind::Delegation, &DELEGATION),
    (RecordKind::ServiceOffering, &TOUCHED_OFFERING),
];
