//! The words of the release graph as plain data: nodes, links, evidence, gaps, verdicts. No I/O, no clock.
//! What is computed from them lives in `engine`; how they are read from a vendor lives in `connectors`.
#![warn(missing_docs)]

pub mod actor;
pub mod approval;
pub mod calendar;
pub mod change;
pub mod cmdb;
pub mod code;
pub mod dependency;
pub mod deployment;
pub mod environment;
pub mod finding;
pub mod ids;
pub mod incident;
pub mod landscape;
pub mod link;
pub mod moment;
pub mod monitoring;
pub mod people;
pub mod pipeline;
pub mod provenance;
pub mod record_kind;
pub mod records;
pub mod release;
mod renewal;
pub mod service;
pub mod tag_pattern;
pub mod verdict;
pub mod version;
pub mod work_item;

pub use actor::*;
pub use approval::*;
pub use calendar::*;
pub use change::*;
pub use cmdb::*;
pub use code::*;
pub use dependency::*;
pub use deployment::*;
pub use environment::*;
pub use finding::*;
pub use ids::*;
pub use incident::*;
pub use landscape::*;
pub use link::*;
pub use moment::*;
pub use monitoring::*;
pub use people::*;
pub use pipeline::*;
pub use provenance::*;
pub use record_kind::*;
pub use records::*;
pub use release::*;
pub use service::*;
pub use tag_pattern::*;
pub use verdict::*;
pub use version::*;
pub use work_item::*;

/// Immutable, cheaply shared text: one pointer wide, for most of what is held are texts.
pub type Text = arcstr::ArcStr;
