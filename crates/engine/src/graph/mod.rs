//! The release graph: immutable tables of nodes, relations between them, and what is missing.
//! Made by `correlate`, shared as one `Arc` by everything that answers a request.

mod lookup;
mod relation;
mod release_graph;
mod table;
mod topology;

pub use lookup::Lookup;
pub use relation::{Related, Relation, RelationBuilder};
pub use release_graph::{DependencyEdge, ReleaseComparison, ReleaseGraph};
pub use table::{Index, Node, Table};
pub use topology::Topology;
