//! Who acts: accounts, groups, and who stands in for whom.

use crate::table_api::{Forms, Table};

pub(in crate::servicenow) const ACCOUNT: Table = Table {
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

pub(in crate::servicenow) const GROUP: Table = Table {
    name: "sys_user_group",
    operation: "read groups",
    extends: &[],
    columns: &["sys_id", "name", "manager", "sys_updated_on"],
    essential: &["name"],
    forms: Forms::Values,
};

pub(in crate::servicenow) const MEMBER: Table = Table {
    name: "sys_user_grmember",
    operation: "read members of groups",
    extends: &[],
    columns: &["sys_id", "user", "group", "sys_updated_on"],
    essential: &["user", "group"],
    forms: Forms::Values,
};

pub(in crate::servicenow) const DELEGATION: Table = Table {
    name: "sys_user_delegate",
    operation: "read delegations",
    extends: &[],
    columns: &["sys_id", "user", "delegate", "delegate.user_name", "starts", "ends", "approvals", "sys_updated_on"],
    essential: &["user", "delegate", "starts", "ends", "approvals"],
    forms: Forms::Values,
};
