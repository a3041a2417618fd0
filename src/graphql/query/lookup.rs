//! Looking a record up by the number or key that people say. Two systems may use the same one.

use async_graphql::{Context, Result};
use domain::{ConnectorId, RecordKind};
use engine::graph::Index;

use crate::graphql::coverage::Coverage;
use crate::graphql::errors;
use crate::graphql::session::Session;
use crate::graphql::visibility::{At, Entity};

/// A key as a client says it.
pub(super) struct Said<'a> {
    /// The number or key.
    pub(super) key: &'a str,
    /// The system meant, where the client says it.
    pub(super) connector: Option<&'a str>,
    /// The kind of record.
    pub(super) kind: RecordKind,
}

impl Said<'_> {
    /// The only record that goes by the key. Nothing, without an error, only when every system that could know it was
    /// read well.
    pub(super) fn find<T: Entity>(
        &self,
        (ctx, session): (&Context<'_>, &Session),
        connector_of: impl Fn(&T) -> &ConnectorId,
        goes_by: impl Fn(&T) -> bool,
    ) -> Result<Option<At<T>>> {
        let meant = |connector: &ConnectorId| self.connector.is_none_or(|wanted| wanted == connector.as_str());
        let found: Vec<Index<T>> = session.select(|_, _, node| meant(connector_of(node)) && goes_by(node));
        match found.as_slice() {
            [] => {
                let mut coverage = Coverage::of(session, &session.graph, &[self.kind], &[]);
                coverage.gaps.retain(|gap| gap.connector.as_ref().is_none_or(meant));
                coverage.tell_missing(ctx);
                Ok(None)
            }
            [only] => Ok(session.place(&session.graph, *only)),
            several => {
                let mut systems: Vec<&ConnectorId> =
                    several.iter().map(|index| connector_of(T::table(&session.graph).get(*index))).collect();
                systems.dedup();
                Err(errors::ambiguous_key(self.key, &systems))
            }
        }
    }
}
