//! What goes wrong: incidents, problems, articles about known errors, promised levels of service.

use crate::table_api::{Forms, Table};

pub(in crate::servicenow) const INCIDENT: Table = Table {
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

pub(in crate::servicenow) const PROBLEM: Table = Table {
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
pub(in crate::servicenow) const ARTICLE: Table = Table {
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

/// What of an article is read only when somebody asks for it.
pub(in crate::servicenow) const ARTICLE_TEXT: Table = Table {
    operation: "read texts of articles",
    columns: &["sys_id", "kb_description"],
    essential: &[],
    ..ARTICLE
};

pub(in crate::servicenow) const SERVICE_LEVEL: Table = Table {
    name: "task_sla",
    operation: "read service levels",
    extends: &[],
    columns: &["sys_id", "task", "sla", "stage", "has_breached", "planned_end_time", "sys_updated_on"],
    essential: &["task", "has_breached", "sys_updated_on"],
    forms: Forms::ValuesAndLabels,
};
