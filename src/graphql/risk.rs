//! Risks beside the graph: computed once per graph version, when the first request asks, and kept until the next one.
//! A model that takes over does so with the next graph, so that one graph version has one risk.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use engine::graph::ReleaseGraph;
use engine::risk::{Challenge, Model, Risks, challenge, history_of};

use super::errors;
use crate::config::RiskSetup;
use crate::federation::{Federation, PAST};

/// The model at work, and the risks of the newest graph that was asked for.
#[derive(Debug, Default)]
pub(crate) struct RiskDesk {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    setup: Arc<RiskSetup>,
    /// Takes over with the next graph.
    next: Option<Arc<RiskSetup>>,
    newest: Option<(Arc<ReleaseGraph>, Slot)>,
    /// Of the graph of an earlier moment that was asked for last.
    past: Option<(Arc<ReleaseGraph>, Slot)>,
}

type Slot = Arc<OnceLock<Arc<Judged>>>;

/// The risks of one graph, and what they were judged by.
#[derive(Debug)]
pub(crate) struct Judged {
    /// By release.
    pub(crate) risks: Risks,
    /// Model, costs and table.
    pub(crate) setup: Arc<RiskSetup>,
}

impl RiskDesk {
    pub(crate) fn new(setup: RiskSetup) -> Self {
        Self { state: Mutex::new(State { setup: Arc::new(setup), ..State::default() }) }
    }

    /// What the risks of this graph are judged by.
    pub(crate) fn setup(&self, graph: &Arc<ReleaseGraph>) -> Arc<RiskSetup> {
        self.slot(graph).1
    }

    /// The risks of this graph. Requests that come while they are being computed wait for the same computation.
    pub(crate) async fn of(&self, graph: &Arc<ReleaseGraph>) -> async_graphql::Result<Arc<Judged>> {
        let (slot, setup) = self.slot(graph);
        if let Some(judged) = slot.get() {
            return Ok(judged.clone());
        }
        let graph = graph.clone();
        let compute = move || {
            let make = || Arc::new(Judged { risks: Risks::of(&graph, &setup.model, &setup.policy), setup });
            slot.get_or_init(make).clone()
        };
        // Pure, but some seconds at scale: off the async threads.
        tokio::task::spawn_blocking(compute)
            .await
            .map_err(|_| errors::coded("INTERNAL", "The risks could not be computed."))
    }

    /// A request that pins an older graph gets a slot of its own and does not push the newest one out.
    fn slot(&self, graph: &Arc<ReleaseGraph>) -> (Slot, Arc<RiskSetup>) {
        let mut state = self.state();
        let is_past = graph.version == PAST;
        match if is_past { &state.past } else { &state.newest } {
            Some((held, slot)) if Arc::ptr_eq(held, graph) => return (slot.clone(), state.setup.clone()),
            Some((held, _)) if held.version > graph.version => return (Slot::default(), state.setup.clone()),
            _ => {}
        }
        let slot = Slot::default();
        let entry = Some((graph.clone(), slot.clone()));
        if is_past {
            state.past = entry;
            return (slot, state.setup.clone());
        }
        if let Some(next) = state.next.take() {
            state.setup = next;
        }
        state.newest = entry;
        (slot, state.setup.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Trains again and again on what the graph tells, until the task is dropped. Returns at once where it is not wanted.
    pub(crate) async fn keep_trained(&self, federation: &Federation) {
        let interval = self.state().setup.retrain_every;
        let Some(interval) = interval.and_then(|interval| Duration::try_from(interval).ok()) else { return };
        loop {
            tokio::time::sleep(interval).await;
            if let Some(graph) = federation.graph() {
                self.train(graph).await;
            }
        }
    }

    /// Lets a model that is trained on the graph challenge the one at work. What comes out is always told in the log.
    pub(crate) async fn train(&self, graph: Arc<ReleaseGraph>) {
        let setup = {
            let state = self.state();
            state.next.as_ref().unwrap_or(&state.setup).clone()
        };
        let working = setup.clone();
        let fought = tokio::task::spawn_blocking(move || challenge(&history_of(&graph), &working.model)).await;
        let version = &*setup.model.version;
        match fought {
            Ok(Ok(Challenge::Won(model, told))) => {
                tracing::info!(
                    from = version,
                    to = &*model.version,
                    changes = told.changes,
                    brier = told.challenger_brier,
                    brier_before = told.working_brier,
                    "A better model of risk takes over with the next graph"
                );
                self.put_to_work(&setup, *model);
            }
            Ok(Ok(Challenge::Kept(told))) => tracing::info!(
                model = version,
                challenger = &*told.challenger,
                changes = told.changes,
                brier = told.working_brier,
                brier_of_challenger = told.challenger_brier,
                "The model of risk was retrained; the new one is not clearly better, so the old one stays"
            ),
            Ok(Ok(Challenge::TooFew { changes, failures })) => tracing::info!(
                model = version,
                changes,
                failures,
                "Too few new outcomes to replace the model of risk"
            ),
            Ok(Err(error)) => tracing::info!(model = version, %error, "The model of risk was not retrained"),
            Err(_) => tracing::error!(model = version, "Training the model of risk ended before its time"),
        }
    }

    fn put_to_work(&self, setup: &RiskSetup, model: Model) {
        self.state().next = Some(Arc::new(RiskSetup { model, ..setup.clone() }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_takes_over_with_the_next_graph() {
        let graph = |version| Arc::new(ReleaseGraph { version, ..ReleaseGraph::default() });
        let desk = RiskDesk::default();
        let (first, second) = (graph(1), graph(2));
        let before = desk.setup(&first);
        desk.put_to_work(&before, Model::prior(0.3));
        assert_eq!(desk.setup(&first).model.version, before.model.version, "one graph, one model");
        let after = desk.setup(&second);
        assert!((after.model.base_rate - 0.3).abs() < 1e-12);
        assert_eq!(
            desk.setup(&first).model.version,
            after.model.version,
            "an older graph is judged by what is at work"
        );
    }

    #[tokio::test]
    async fn an_empty_graph_trains_nothing_and_keeps_the_model() {
        let desk = RiskDesk::default();
        let graph = Arc::new(ReleaseGraph::default());
        desk.train(graph.clone()).await;
        assert!(desk.setup(&graph).model.version.starts_with("prior-"));
    }
}
