//! Questions that pages and bots ask of a finished graph: which releases, what is running, how far trouble reaches,
//! where a commit is now. Each is a pure function of the graph; what a caller may see is passed in.

mod blast_radius;
mod releases;
mod running;
mod trace;

pub use blast_radius::{BlastRadius, blast_radius};
pub use releases::{
    ReleaseFilter, ReleaseOrderBy, ReleaseRank, find_releases, rank_of, release_by_key, select_releases,
};
pub use running::{deployed_at, intended_at};
pub use trace::{TraceNode, TracePath, TraceStart, TraceStep, trace};
