//! What one request works with: one graph, one moment, one caller. Every resolver reads these and nothing global.

use std::sync::Arc;

use async_graphql::Context;
use domain::{Gap, RecordKind, Scope, ServiceKey};
use engine::graph::ReleaseGraph;
use jiff::Timestamp;

use super::errors;
use crate::federation::Federation;
use crate::http::Caller;

/// What one request works with.
pub(crate) struct Session {
    /// The graph that the whole request reads.
    pub(crate) graph: Arc<ReleaseGraph>,
    /// The moment of the request.
    pub(crate) now: Timestamp,
    /// Who asks.
    pub(crate) caller: Caller,
    /// For what is not in the graph: how the systems do.
    pub(crate) federation: Arc<Federation>,
}

impl Session {
    /// The session of the request, or NOT_READY before the first graph.
    pub(crate) fn of<'c>(context: &Context<'c>) -> async_graphql::Result<&'c Self> {
        context.data_opt::<Self>().ok_or_else(errors::not_ready)
    }

    /// What the caller may see.
    pub(crate) fn scope(&self) -> &Scope {
        &self.caller.scope
    }

    /// May the caller see this service's records?
    pub(crate) fn sees(&self, service: &ServiceKey) -> bool {
        self.scope().allows(service)
    }
}

/// What is missing of some kinds of records, whichever system holds them.
pub(crate) fn gaps_of(graph: &ReleaseGraph, kinds: &[RecordKind]) -> Vec<Gap> {
    graph.gaps.iter().filter(|gap| kinds.contains(&gap.kind)).cloned().collect()
}
