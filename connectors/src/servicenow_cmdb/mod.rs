//! The ServiceNow CMDB connector: configuration items and their relations around the services.

mod config;

pub use config::*;
