//! Relay connections: pages of a list with cursors, the facts about each relation on its edge, and what is missing.

use async_graphql::Context;
use domain::{ConnectorId, Gap as MissingPart, Link as Reason, RecordKind};
use engine::Related;
use engine::graph::{Index, ReleaseGraph};

use super::coverage::Coverage;
use super::paging::{self, Binding, OrderKey, Page, PageArguments, PageInfo};
use super::session::Session;
use super::visibility::{At, Entity};

/// A list of a request, in its order, and how well it is known.
pub(crate) struct List<R> {
    /// What the list is: its cursors are good for it only.
    pub(crate) binding: Binding,
    /// Its rows.
    pub(crate) rows: Vec<R>,
    /// How well it is known.
    pub(crate) coverage: Coverage,
}

/// One page of a list, and what is missing from the whole list.
pub(crate) struct Sheet<R> {
    pub(crate) rows: Vec<(String, R)>,
    pub(crate) info: PageInfo,
    pub(crate) total: Option<usize>,
    pub(crate) gaps: Vec<MissingPart>,
}

impl<R> List<R> {
    /// The list called `name` of the node called `of`.
    pub(crate) fn new(session: &Session, name: &str, of: &str, rows: Vec<R>) -> Self {
        let binding = Binding::new(name, &of, session.scope());
        Self { binding, rows, coverage: Coverage::default() }
    }

    /// How well it is known.
    pub(crate) fn covered(self, coverage: Coverage) -> Self {
        Self { coverage, ..self }
    }

    /// Its page, or nothing where nobody knows the list. Rows stand in the order of their places.
    pub(crate) fn page(
        self,
        context: &Context<'_>,
        arguments: &PageArguments,
        place: impl Fn(&R) -> Vec<OrderKey>,
    ) -> async_graphql::Result<Option<Sheet<R>>> {
        let Self { binding, rows, coverage } = self;
        let unknown = coverage.is_unknown(context, rows.len());
        let Page { rows, info, total } = paging::page_in_order(rows, &[], binding, (arguments, place))?;
        let total = coverage.gaps.is_empty().then_some(total);
        Ok((!unknown).then_some(Sheet { rows, info, total, gaps: coverage.gaps }))
    }
}

impl<R> Sheet<R> {
    /// A page that was cut elsewhere.
    pub(crate) fn new(page: Page<R>, gaps: Vec<MissingPart>) -> Self {
        let total = gaps.is_empty().then_some(page.total);
        Self { rows: page.rows, info: page.info, total, gaps }
    }
}

/// Which list of a node is asked for.
pub(crate) struct Ask<'a> {
    /// Its field's name.
    name: &'static str,
    /// What it is made from; the first kind decides whether it is dark.
    kinds: &'a [RecordKind],
    /// The systems that should tell it; none means every system that reads the first kind.
    owners: &'a [ConnectorId],
    /// Is it certain, whatever systems tell, that nothing else belongs on it?
    closed: bool,
    arguments: PageArguments,
}

/// A node at the other end of a relation, with the reason why it is joined.
pub(crate) type Linked<'g, T> = (Index<T>, &'g Reason);

/// Relay's arguments as a resolver gets them.
pub(crate) type Relay = (Option<i32>, Option<String>, Option<i32>, Option<String>);

impl<'a> Ask<'a> {
    /// A page of the field called `name`.
    pub(crate) fn new(name: &'static str, kinds: &'a [RecordKind], relay: Relay) -> Self {
        let (first, after, last, before) = relay;
        Self { name, kinds, owners: &[], closed: false, arguments: PageArguments { first, after, last, before } }
    }

    /// These systems should tell it.
    pub(crate) fn owned_by(self, owners: &'a [ConnectorId]) -> Self {
        Self { owners, ..self }
    }

    /// Nothing is missing from it, whatever systems are dark: what it lists is not expected at all.
    pub(crate) fn closed(self) -> Self {
        Self { closed: true, ..self }
    }
}

impl<T: Entity> At<T> {
    /// A page of the nodes that a relation joins with this one.
    pub(crate) fn linked_page<'g, U: Entity>(
        &'g self,
        ctx: &Context<'_>,
        ask: Ask<'_>,
        related: impl Iterator<Item = Related<'g, U>>,
    ) -> async_graphql::Result<Option<Sheet<Linked<'g, U>>>> {
        let session = Session::of(ctx)?;
        let rows = linked(session, &self.graph, related);
        self.page(ctx, ask, (rows, |(index, _): &Linked<'g, U>| U::table(&self.graph).get(*index).order()))
    }

    /// A page of nodes, given in the order of their table.
    pub(crate) fn node_page<U: Entity>(
        &self,
        ctx: &Context<'_>,
        ask: Ask<'_>,
        rows: impl Iterator<Item = Index<U>>,
    ) -> async_graphql::Result<Option<Sheet<Index<U>>>> {
        let session = Session::of(ctx)?;
        let rows: Vec<Index<U>> = rows.filter(|index| session.sees(&self.graph, *index)).collect();
        self.page(ctx, ask, (rows, |index: &Index<U>| U::table(&self.graph).get(*index).order()))
    }

    /// A page of rows, given in the order of their places.
    pub(crate) fn page<R>(
        &self,
        ctx: &Context<'_>,
        ask: Ask<'_>,
        (rows, place): (Vec<R>, impl Fn(&R) -> Vec<OrderKey>),
    ) -> async_graphql::Result<Option<Sheet<R>>> {
        let session = Session::of(ctx)?;
        let coverage = match ask.closed {
            true => Coverage::default(),
            false => Coverage::of(session, &self.graph, ask.kinds, ask.owners),
        };
        List::new(session, ask.name, &self.node().node_id(), rows).covered(coverage).page(
            ctx,
            &ask.arguments,
            place,
        )
    }
}

/// What one field costs whose page may have so many rows: each row counts what is asked of it.
pub(crate) fn page_cost(first: Option<i32>, last: Option<i32>, of_row: usize) -> usize {
    let rows = first.or(last).unwrap_or(paging::LARGEST_PAGE).clamp(1, paging::LARGEST_PAGE);
    of_row.saturating_mul(rows.unsigned_abs() as usize).saturating_add(1)
}

/// The nodes at the other end that the caller may see, with their links.
fn linked<'g, T: Entity>(
    session: &Session,
    graph: &ReleaseGraph,
    related: impl Iterator<Item = Related<'g, T>>,
) -> Vec<(Index<T>, &'g Reason)> {
    related.filter(|found| session.sees(graph, found.index)).map(|found| (found.index, found.link)).collect()
}

/// Declares a connection and its edge.
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident of $edge:ident to $node:ty {
        $($(#[$fact_doc:meta])* $fact:ident: $fact_type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $connection {
            /// The rows of this page.
            edges: Vec<$edge>,
            /// Where this page lies in the list.
            page_info: $crate::graphql::paging::PageInfo,
            /// How many rows the whole list has; null while a gap makes that unknown.
            total_count: Option<usize>,
            /// What is missing from the list, or older than it should be.
            gaps: Vec<$crate::graphql::types::Gap>,
        }

        /// One row of a list, with its cursor and the facts about the relation.
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $edge {
            /// The row's place in the list: good for `after` and `before` of this list alone.
            pub(crate) cursor: String,
            /// The row.
            pub(crate) node: $node,
            $($(#[$fact_doc])* pub(crate) $fact: $fact_type,)*
        }

        impl $connection {
            /// The page with an edge for each row.
            pub(crate) fn new<R>(
                sheet: $crate::graphql::connection::Sheet<R>,
                edge: impl Fn(String, R) -> $edge,
            ) -> Self {
                let $crate::graphql::connection::Sheet { rows, info, total, gaps } = sheet;
                Self {
                    edges: rows.into_iter().map(|(cursor, row)| edge(cursor, row)).collect(),
                    page_info: info,
                    total_count: total,
                    gaps: $crate::graphql::types::Gap::told_once(gaps),
                }
            }
        }
    };
}
pub(crate) use connection;
