//! Dependencies between releases, as edges that say how binding they are and how they are known.

use domain::RecordKind;
use engine::graph::{Index, ReleaseGraph};

use super::Link;
use super::enums::DependencyKind;
use super::release::Release;
use crate::graphql::connection::connection;
use crate::graphql::paging::OrderKey;
use crate::graphql::visibility::Entity;

/// Kinds of records that tell of dependencies, beside the configuration.
pub(crate) const TELLING_DEPENDENCIES: &[RecordKind] =
    &[RecordKind::WorkItem, RecordKind::CiRelation, RecordKind::File];

connection! {
    /// Dependencies between releases, in the order of the other release's key.
    DependencyConnection of DependencyEdge to Release {
        /// How binding it is. Only HARD closes a gate.
        kind: DependencyKind,
        /// Version constraint, for example `>=5.3.0`; what runs at the target satisfies it or not.
        constraint: Option<String>,
        /// Why, in one sentence.
        reason: String,
        /// How it is known.
        link: Link,
    }
}

/// A dependency as seen from one end: the other end, and its place among the stated dependencies.
pub(crate) struct DependencyRow {
    pub(crate) other: Index<domain::Release>,
    pub(crate) dependency: usize,
}

impl DependencyRow {
    /// Its place: two releases may be joined by several dependencies.
    pub(crate) fn place(&self, graph: &ReleaseGraph) -> Vec<OrderKey> {
        let mut place = graph.releases.get(self.other).order();
        place.push(OrderKey::Number(i64::try_from(self.dependency).unwrap_or(i64::MAX)));
        place
    }
}

/// The edge to the other release.
pub(crate) fn dependency_edge(from: &Release, cursor: String, row: DependencyRow) -> DependencyEdge {
    let node = from.beside(row.other);
    match from.graph.dependencies.get(row.dependency) {
        Some(stated) => DependencyEdge {
            cursor,
            node,
            kind: stated.kind.into(),
            constraint: stated.constraint.as_ref().map(ToString::to_string),
            reason: stated.reason.to_string(),
            link: (&stated.link).into(),
        },
        // Places are only ever made from the graph's own list, so this end says the least that can be said.
        None => DependencyEdge {
            cursor,
            node,
            kind: DependencyKind::Assumed,
            constraint: None,
            reason: String::new(),
            link: (&unknown_link()).into(),
        },
    }
}

fn unknown_link() -> domain::Link {
    domain::Link::inferred(domain::LinkRule::TimeAndTopology, 0.0, Vec::new())
}
