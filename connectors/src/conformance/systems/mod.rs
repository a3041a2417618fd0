//! One stand for each list in the table: an empty simulator, and how a record is made, changed and removed there.

pub(super) mod alertmanager;
pub(super) mod git;
pub(super) mod github;
pub(super) mod jira;
pub(super) mod prometheus;
pub(super) mod servicenow;
pub(super) mod servicenow_cmdb;
