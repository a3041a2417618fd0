//! What one request works with: one graph, one moment, one caller. Every resolver reads these and nothing global.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::Context;
use domain::{ConnectorId, RecordKind, Scope};
use engine::graph::{Index, ReleaseGraph};
use jiff::Timestamp;

use super::errors;
use super::visibility::{At, Entity, is_visible};
use crate::federation::Federation;
use crate::http::Caller;
use crate::memory::{Past, PastError};

/// What one request works with.
pub(crate) struct Session {
    /// The graph that the whole request reads.
    pub(crate) graph: Arc<ReleaseGraph>,
    /// Who asks.
    pub(crate) caller: Caller,
    /// For what is not in the graph: how the systems do.
    pub(crate) federation: Arc<Federation>,
    /// For `asOf`: graphs of earlier moments.
    pub(crate) past: Arc<Past>,
    /// The configured systems.
    pub(crate) systems: Arc<Systems>,
    /// How many entities a federation router has asked for in this request.
    pub(crate) entities: AtomicUsize,
}

/// Most entities of one request: nothing else bounds what a router asks for by key.
pub(crate) const MOST_ENTITIES: usize = 1_000;

/// The configured systems and what each is read for. They stay the same while the gateway runs.
#[derive(Debug, Default)]
pub(crate) struct Systems {
    readers: BTreeMap<RecordKind, Vec<ConnectorId>>,
    vendors: BTreeMap<ConnectorId, &'static str>,
}

impl Systems {
    /// The systems of a federation.
    pub(crate) fn of(federation: &Federation) -> Self {
        let mut systems = Self::default();
        for descriptor in federation.connectors().iter().map(|connector| connector.descriptor()) {
            systems.vendors.insert(descriptor.id.clone(), descriptor.vendor);
            for kind in descriptor.kinds {
                systems.readers.entry(*kind).or_default().push(descriptor.id.clone());
            }
        }
        systems
    }

    /// The systems that are read for this kind of records.
    pub(crate) fn readers(&self, kind: RecordKind) -> &[ConnectorId] {
        self.readers.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The vendor of a system.
    pub(crate) fn vendor(&self, connector: &ConnectorId) -> Option<&'static str> {
        self.vendors.get(connector).copied()
    }
}

impl Session {
    /// The session of the request, or NOT_READY before the first graph.
    pub(crate) fn of<'c>(context: &Context<'c>) -> async_graphql::Result<&'c Self> {
        context.data_opt::<Self>().ok_or_else(errors::not_ready)
    }

    /// The same caller's session in the graph of an earlier moment.
    pub(crate) async fn as_of(&self, moment: Timestamp) -> async_graphql::Result<Self> {
        let graph = self.past.graph_as_of(moment).await.map_err(|failure| match failure {
            PastError::Ahead(_) => errors::bad_input(format!("`asOf`: {failure}.")),
            PastError::Nothing => errors::not_ready(),
            PastError::Unreadable(_) | PastError::Broken => {
                tracing::error!(%failure, %moment, "The past cannot be told");
                errors::coded("INTERNAL", "What was known then cannot be read; the log tells why.")
            }
        })?;
        Ok(Self {
            graph,
            caller: self.caller.clone(),
            federation: self.federation.clone(),
            past: self.past.clone(),
            systems: self.systems.clone(),
            entities: AtomicUsize::new(0),
        })
    }

    /// The session, for one more entity of a federation router.
    pub(crate) fn of_entity<'c>(context: &Context<'c>) -> async_graphql::Result<&'c Self> {
        let session = Self::of(context)?;
        if session.entities.fetch_add(1, Ordering::Relaxed) >= MOST_ENTITIES {
            return Err(errors::limit_exceeded(format!(
                "The limit for entities in one request is {MOST_ENTITIES}."
            )));
        }
        Ok(session)
    }

    /// What the caller may see.
    pub(crate) fn scope(&self) -> &Scope {
        &self.caller.scope
    }

    /// May the caller see this node?
    pub(crate) fn sees<T: Entity>(&self, graph: &ReleaseGraph, index: Index<T>) -> bool {
        is_visible(graph, index, self.scope())
    }

    /// The node with this id, unless the caller may not see it.
    pub(crate) fn find<T: Entity>(&self, graph: &Arc<ReleaseGraph>, id: &T::Id) -> Option<At<T>> {
        self.place(graph, T::table(graph).find(id)?)
    }

    /// The node at this place, unless the caller may not see it.
    pub(crate) fn place<T: Entity>(&self, graph: &Arc<ReleaseGraph>, index: Index<T>) -> Option<At<T>> {
        self.sees(graph, index).then(|| At { graph: graph.clone(), index })
    }

    /// All nodes of a table that the caller may see and that pass the filter, in the order of their ids.
    pub(crate) fn select<T: Entity>(&self, passes: impl Fn(&ReleaseGraph, Index<T>, &T) -> bool) -> Vec<Index<T>> {
        let graph = &*self.graph;
        let rows = T::table(graph).iter().filter(|(index, node)| passes(graph, *index, node));
        rows.map(|(index, _)| index).filter(|index| self.sees(graph, *index)).collect()
    }
}
