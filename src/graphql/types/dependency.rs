//! Dependencies between releases, as edges that say how binding they are and how they are known.

use async_graphql::{Context, Result};
use domain::RecordKind;
use engine::graph::{Index, ReleaseGraph};

use super::Link;
use super::enums::DependencyKind;
use super::release::Release;
use crate::graphql::connection::{Ask, connection};
use crate::graphql::paging::OrderKey;
use crate::graphql::session::Session;
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

/// Which end of its dependencies a release is.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    /// It depends on others.
    Dependent,
    /// Others depend on it.
    Needed,
}

impl Release {
    /// A page of its dependencies, as seen from its end.
    pub(super) fn dependency_page(
        &self,
        ctx: &Context<'_>,
        ask: Ask<'_>,
        side: Side,
    ) -> Result<Option<DependencyConnection>> {
        let session = Session::of(ctx)?;
        let mut rows = DependencyRow::of(self, side);
        rows.retain(|row| session.sees(&self.graph, row.other()));
        let sheet = self.page(ctx, ask, (rows, |row: &DependencyRow<'_>| row.order(&self.graph)))?;
        Ok(sheet.map(|sheet| DependencyConnection::new(sheet, |cursor, row| row.edge(self, cursor))))
    }
}

/// A dependency as seen from one end: the other end, and what is stated.
pub(crate) struct DependencyRow<'g> {
    other: Index<domain::Release>,
    place: usize,
    stated: &'g domain::Dependency,
}

impl<'g> DependencyRow<'g> {
    /// The dependencies of a release, seen from its side, in the order of the other release's key.
    pub(crate) fn of(release: &'g Release, side: Side) -> Vec<Self> {
        let graph = &release.graph;
        let rows = graph.release_dependencies.iter().filter_map(|edge| {
            let (here, other) = match side {
                Side::Dependent => (edge.from, edge.to),
                Side::Needed => (edge.to, edge.from),
            };
            let stated = graph.dependencies.get(edge.dependency)?;
            (here == release.index).then_some(Self { other, place: edge.dependency, stated })
        });
        let mut rows: Vec<Self> = rows.collect();
        rows.sort_by_key(|row| (row.other, row.place));
        rows
    }

    /// The other end.
    pub(crate) fn other(&self) -> Index<domain::Release> {
        self.other
    }

    /// Its place: two releases may be joined by several dependencies.
    pub(crate) fn order(&self, graph: &ReleaseGraph) -> Vec<OrderKey> {
        let mut order = graph.releases.get(self.other).order();
        order.push(OrderKey::Number(i64::try_from(self.place).unwrap_or(i64::MAX)));
        order
    }

    /// The edge to the other end.
    pub(crate) fn edge(&self, from: &Release, cursor: String) -> DependencyEdge {
        DependencyEdge {
            cursor,
            node: from.beside(self.other),
            kind: self.stated.kind.into(),
            constraint: self.stated.constraint.as_ref().map(ToString::to_string),
            reason: self.stated.reason.to_string(),
            link: (&self.stated.link).into(),
        }
    }
}
