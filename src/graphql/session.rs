//! What one request works with: one graph, one moment, one caller. Every resolver reads these and nothing global.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_graphql::Context;
use connectors::LongText;
use domain::{ConnectorId, RecordId, RecordKind, Scope, Text};
use engine::graph::{Index, ReleaseGraph};
use jiff::Timestamp;

use super::errors;
use super::loaders::Loader;
use super::visibility::{At, Entity, is_visible};
use crate::federation::Federation;
use crate::http::Caller;

/// What one request works with.
pub(crate) struct Session {
    /// The graph that the whole request reads.
    pub(crate) graph: Arc<ReleaseGraph>,
    /// When the latest gathering began that told nothing else than the graph.
    pub(crate) as_of: Option<Timestamp>,
    /// Who asks.
    pub(crate) caller: Caller,
    /// For what is not in the graph: how the systems do.
    pub(crate) federation: Arc<Federation>,
    /// The configured systems.
    pub(crate) systems: Arc<Systems>,
    /// How many entities a federation router has asked for in this request.
    pub(crate) entities: AtomicUsize,
    /// Does the answer rest on the graph alone?
    pub(crate) live: Arc<Live>,
    /// For what is read when it is asked for.
    pub(crate) loader: Arc<Loader>,
}

/// Notes that an answer holds what was read for this request alone: such an answer is not a function of the graph, so
/// nobody may keep it as if it were. The mark is read when the execution is over.
#[derive(Debug, Default)]
pub(crate) struct Live(AtomicBool);

impl Live {
    /// Something in the answer is not from the graph.
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Is anything in the answer not from the graph?
    pub(crate) fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
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

    /// A long text, read now: null where there is none, and with one error where its system fails.
    pub(crate) async fn long_text(&self, context: &Context<'_>, what: LongText, id: &RecordId) -> Option<Text> {
        self.live.note();
        match self.loader.load(what, id).await {
            Ok(text) => text,
            Err(gap) => {
                errors::tell_dark(context, &[gap]);
                None
            }
        }
    }

    /// All nodes of a table that the caller may see and that pass the filter, in the order of their ids.
    pub(crate) fn select<T: Entity>(&self, passes: impl Fn(&ReleaseGraph, Index<T>, &T) -> bool) -> Vec<Index<T>> {
        let graph = &*self.graph;
        let rows = T::table(graph).iter().filter(|(index, node)| passes(graph, *index, node));
        rows.map(|(index, _)| index).filter(|index| self.sees(graph, *index)).collect()
    }
}
