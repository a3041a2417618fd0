//! The ServiceNow ITSM connector: changes, approvals, incidents, problems, schedules, people, by the Table API.

mod config;

pub use config::*;
