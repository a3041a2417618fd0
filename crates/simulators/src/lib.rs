//! Simulated vendors for the demonstration and the tests, written from the vendors' documentation alone.
//! This crate imports nothing of Interlock's: a shared type would hide a shared mistake.

pub mod clock;
pub mod faults;
pub mod requests;
pub mod serve;

pub mod alertmanager;
pub mod github;
pub mod jira;
pub mod prometheus;
pub mod servicenow;

pub mod bank;
pub mod estate;
pub mod replay;
