//! Changes, what belongs to them, what was approved, and how they came to be what they are.

use crate::table_api::{Forms, Table};

pub(in crate::servicenow) const CHANGE: Table = Table {
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

pub(in crate::servicenow) const CHANGE_TASK: Table = Table {
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

pub(in crate::servicenow) const AFFECTED_ITEM: Table = Table {
    name: "task_ci",
    operation: "read items of changes",
    extends: &[],
    columns: &["sys_id", "task", "ci_item", "sys_updated_on"],
    essential: &["task", "ci_item"],
    forms: Forms::Values,
};

/// Offerings that a change touches, where it names several.
pub(in crate::servicenow) const TOUCHED_OFFERING: Table = Table {
    name: "task_service_offering",
    operation: "read service offerings of changes",
    extends: &[],
    columns: &["sys_id", "task", "service_offering", "sys_updated_on"],
    essential: &["task", "service_offering"],
    forms: Forms::Values,
};

pub(in crate::servicenow) const TRAIN_TASK: Table = Table {
    name: "rm_m2m_release_task",
    operation: "read changes of trains",
    extends: &[],
    columns: &["sys_id", "release", "task", "sys_updated_on"],
    essential: &["release", "task"],
    forms: Forms::Values,
};

pub(in crate::servicenow) const APPROVAL: Table = Table {
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

pub(in crate::servicenow) const HISTORY: Table = Table {
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
pub(in crate::servicenow) const HISTORY_FIELDS: [&str; 18] = [
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

pub(in crate::servicenow) const DELETED: Table = Table {
    name: "sys_audit_delete",
    operation: "read deletions",
    extends: &[],
    columns: &["sys_id", "tablename", "documentkey", "sys_created_on"],
    essential: &[],
    forms: Forms::Values,
};

/// What of a change is read only when somebody asks for it.
pub(in crate::servicenow) const CHANGE_TEXT: Table = Table {
    operation: "read plans of changes",
    columns: &["sys_id", "implementation_plan"],
    essential: &[],
    forms: Forms::Values,
    ..CHANGE
};

pub(in crate::servicenow) const TEMPLATE: Table = Table {
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
pub(in crate::servicenow) const TEMPLATE_ITEM: Table = Table {
    name: "std_change_template_ci",
    operation: "read items of templates",
    extends: &[],
    columns: &["sys_id", "template", "ci_item"],
    essential: &["template", "ci_item"],
    forms: Forms::Values,
};
