//! The tables of a CMDB as they are read. An item lives in the table of its class; the base table shows only the
//! columns that all classes share.

use crate::table_api::{Forms, Table};

/// An item in its class's own table.
pub(super) const ITEM: Table = Table {
    name: "cmdb_ci",
    operation: "read configuration items",
    extends: &["cmdb"],
    columns: &[
        "sys_id",
        "name",
        "sys_class_name",
        "environment",
        "operational_status",
        "install_status",
        "life_cycle_stage",
        "life_cycle_stage_status",
        "version",
        "owned_by",
        "managed_by",
        "assigned_to",
        "support_group",
        "used_for",
        "ip_address",
        "fqdn",
        "serial_number",
        "discovery_source",
        "last_discovered",
        "correlation_id",
        "attributes",
        "sys_mod_count",
        "sys_updated_on",
    ],
    essential: &["name", "sys_class_name", "operational_status", "install_status", "sys_updated_on"],
    forms: Forms::ValuesAndLabels,
};

/// Which items there are, and whether they changed.
pub(super) const OUTLINE: Table = Table {
    name: "cmdb_ci",
    operation: "find configuration items",
    extends: &["cmdb"],
    columns: &["sys_id", "name", "sys_class_name", "sys_mod_count", "sys_updated_on"],
    essential: &["name", "sys_class_name"],
    forms: Forms::Values,
};

/// A relation, with the class of each end so that the ends can be read from their own tables.
pub(super) const RELATION: Table = Table {
    name: "cmdb_rel_ci",
    operation: "read relations of configuration items",
    extends: &[],
    columns: &[
        "sys_id",
        "parent",
        "child",
        "type.name",
        "parent.sys_class_name",
        "child.sys_class_name",
        "sys_updated_on",
    ],
    essential: &["parent", "child", "type.name"],
    forms: Forms::Values,
};

/// What was deleted, from which table.
pub(super) const DELETED: Table = Table {
    name: "sys_audit_delete",
    operation: "read deletions",
    extends: &[],
    columns: &["sys_id", "tablename", "documentkey", "sys_created_on"],
    essential: &[],
    forms: Forms::Values,
};

pub(super) const TABLES: [&Table; 3] = [&ITEM, &RELATION, &DELETED];

/// What an item's row says about the row and not about the thing.
pub(super) const NOT_ATTRIBUTES: [&str; 11] = [
    "sys_id",
    "sys_class_name",
    "sys_mod_count",
    "sys_updated_on",
    "sys_updated_by",
    "sys_created_on",
    "sys_created_by",
    "name",
    "discovery_source",
    "last_discovered",
    "first_discovered",
];
