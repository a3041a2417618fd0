//! The types of the API, one file each. An object is a place in the graph; it copies nothing out of it.

pub(crate) mod enums;

pub(crate) mod release;

pub(crate) mod alias;
pub(crate) mod approval;
pub(crate) mod artifact;
pub(crate) mod blast_radius;
pub(crate) mod blocker;
pub(crate) mod calendar;
pub(crate) mod change;
pub(crate) mod commit;
pub(crate) mod configuration_item;
pub(crate) mod dependency;
pub(crate) mod deployment;
pub(crate) mod drift;
pub(crate) mod environment;
pub(crate) mod finding;
mod gate;
pub(crate) mod incident;
pub(crate) mod joint_risk;
pub(crate) mod moment;
pub(crate) mod node;
pub(crate) mod person;
pub(crate) mod pipeline_run;
pub(crate) mod placement;
pub(crate) mod plan;
pub(crate) mod problem;
pub(crate) mod provenance;
pub(crate) mod pull_request;
pub(crate) mod repository;
pub(crate) mod risk;
pub(crate) mod sequence;
pub(crate) mod service;
pub(crate) mod system;
pub(crate) mod target;
pub(crate) mod trace;
pub(crate) mod train;
pub(crate) mod work_item;

pub(crate) use provenance::{Gap, Link, Source};
