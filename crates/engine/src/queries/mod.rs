//! Reads of the graph that clients ask for. Pure: a graph, what is asked, and what the caller may see.

mod blast_radius;
mod counts;
mod intended;
mod keys;
mod mentions;
mod releases;
mod runs;
mod suspects;
mod targets;
mod trace;

pub use blast_radius::{BlastRadius, blast_radius};
pub use counts::{change_count, open_incident_count};
pub use intended::{deployed_at, intended_at};
pub use keys::find_releases;
pub use mentions::keys_in;
pub use releases::{
    OrderDirection, ReleaseFilter, ReleaseOrder, ReleaseOrderBy, ReleaseSelection, RiskRank, matches_filter,
    select_releases,
};
pub use runs::runs_of;
pub use suspects::{IncidentSuspects, Suspect, SuspectNode, incident_suspects};
pub use targets::release_targets;
pub use trace::{Trace, TraceNode, TraceOf, TracePath, TraceStep, trace, trace_in};
