//! Looking a record up by the number or key that people say. Two systems may use the same one.

use async_graphql::{Context, Result};
use domain::ConnectorId;

use crate::federation::PAST;
use crate::graphql::coverage::Coverage;
use crate::graphql::errors;
use crate::graphql::session::Session;
use crate::graphql::visibility::{At, Recorded};

/// A key as a client says it.
pub(super) struct Said<'a> {
    /// The number or key.
    pub(super) key: &'a str,
    /// The system meant, where the client says it.
    pub(super) connector: Option<&'a str>,
}

impl Said<'_> {
    /// The only record that goes by the key: one that is held, or else one that its systems are asked for now, since
    /// what is held reaches back to the horizon alone. In a graph of the past nobody can be asked. Nothing, without an error, only when every system that could
    /// know it has answered.
    pub(super) async fn find<T: Recorded>(
        &self,
        (ctx, session): (&Context<'_>, &Session),
        goes_by: impl Fn(&T) -> bool,
    ) -> Result<Option<At<T>>> {
        let graph = &session.graph;
        let connector_of = |node: &T| T::record(node.node_key()).connector.clone();
        let meant = |connector: &ConnectorId| self.connector.is_none_or(|wanted| wanted == connector.as_str());
        let held = T::table(graph).iter().filter(|(_, node)| goes_by(node) && meant(&connector_of(node)));
        let held: Vec<_> = held.map(|(index, _)| index).collect();
        let mut found: Vec<At<T>> = held.iter().filter_map(|index| session.place(graph, *index)).collect();
        if held.is_empty() && graph.version == PAST {
            let mut coverage = Coverage::of(session, graph, &[T::KIND], &[]);
            coverage.gaps.retain(|gap| gap.connector.as_ref().is_none_or(meant));
            coverage.tell_missing(ctx);
        } else if held.is_empty() {
            let systems: Vec<_> = session.systems.readers(T::KIND).iter().filter(|id| meant(id)).collect();
            found = session.read_called(ctx, (&systems, self.key), goes_by).await;
        }
        if found.len() > 1 {
            let mut systems: Vec<ConnectorId> = found.iter().map(|at| connector_of(at.node())).collect();
            systems.dedup();
            return Err(errors::ambiguous_key(self.key, &systems.iter().collect::<Vec<_>>()));
        }
        Ok(found.pop())
    }
}
