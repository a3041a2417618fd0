//! Risks beside the graph: computed once per graph version, when the first request asks, and kept until the next one.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use engine::graph::ReleaseGraph;
use engine::risk::Risks;

use super::errors;
use crate::config::RiskSetup;
use crate::federation::PAST;

/// The model at work, and the risks of the newest graph that was asked for.
#[derive(Debug, Default)]
pub(crate) struct RiskDesk {
    /// Model, costs and table.
    pub(crate) setup: Arc<RiskSetup>,
    newest: Mutex<Option<(Arc<ReleaseGraph>, Slot)>>,
    /// Of the graph of an earlier moment that was asked for last.
    past: Mutex<Option<(Arc<ReleaseGraph>, Slot)>>,
}

type Slot = Arc<OnceLock<Arc<Risks>>>;

impl RiskDesk {
    pub(crate) fn new(setup: RiskSetup) -> Self {
        Self { setup: Arc::new(setup), ..Self::default() }
    }

    /// The risks of this graph. Requests that come while they are being computed wait for the same computation.
    pub(crate) async fn of(&self, graph: &Arc<ReleaseGraph>) -> async_graphql::Result<Arc<Risks>> {
        let slot = self.slot(graph);
        if let Some(risks) = slot.get() {
            return Ok(risks.clone());
        }
        let (graph, setup) = (graph.clone(), self.setup.clone());
        let compute = move || {
            let make = || Arc::new(Risks::of(&graph, &setup.model, &setup.policy));
            slot.get_or_init(make).clone()
        };
        // Pure, but some seconds at scale: off the async threads.
        tokio::task::spawn_blocking(compute)
            .await
            .map_err(|_| errors::coded("INTERNAL", "The risks could not be computed."))
    }

    /// A request that pins an older graph gets a slot of its own and does not push the newest one out.
    fn slot(&self, graph: &Arc<ReleaseGraph>) -> Slot {
        let place = if graph.version == PAST { &self.past } else { &self.newest };
        let mut newest = place.lock().unwrap_or_else(PoisonError::into_inner);
        match &*newest {
            Some((held, slot)) if Arc::ptr_eq(held, graph) => slot.clone(),
            Some((held, _)) if held.version > graph.version => Slot::default(),
            _ => {
                let slot = Slot::default();
                *newest = Some((graph.clone(), slot.clone()));
                slot
            }
        }
    }
}
