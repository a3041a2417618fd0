//! What Interlock computes: pure functions over plain values. Same input, same bytes.
//! No I/O, no clock, no randomness but a seed passed in; bad data is a finding, not an error.
#![warn(missing_docs)]

pub mod calendar;
pub mod checks;
pub mod correlate;
pub mod drift;
pub mod gate;
pub mod graph;
pub mod mapping;
pub mod queries;
pub mod rewind;
pub mod risk;
pub mod sequence;

pub use graph::{Index, Related, Relation, RelationBuilder, ReleaseGraph, Table};
