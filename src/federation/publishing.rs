//! From what is held to the next graph. When nothing that was read says anything new the same graph stays, and with it
//! every answer that was made from it; only time makes it be judged anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use connectors::Connector;
use domain::{ConnectorId, Gap, Records};
use engine::correlate::{self, ConnectedSystem, CorrelateInput, Darkness, correlate};
use engine::graph::ReleaseGraph;
use jiff::{SignedDuration, Timestamp};
use tracing::info;

use super::{Federation, Holdings, Publication};

/// The longest that a graph is kept while nothing new is told: statuses turn by time alone, such as that of a deployment
/// that was never confirmed.
const LONGEST_KEPT: SignedDuration = SignedDuration::from_mins(3);
/// After so many poll intervals without a good read a record is stale.
const STALE_AFTER_INTERVALS: i32 = 3;

impl Federation {
    /// Publishes a graph of what is held, unless the newest one says the same. `late` lets us wait; `begun` is when the
    /// gathering began, once all systems have been asked.
    pub(super) async fn publish(&self, late: BTreeSet<ConnectorId>, begun: Option<Timestamp>) {
        let now = self.plan.clock.now();
        let newest = self.newest();
        let as_of = begun.or_else(|| newest.as_ref()?.as_of);
        let (gaps, revision, bags) = self.told(&late, now).await;
        let same = newest.filter(|newest| {
            let kept = now.duration_since(newest.graph.assembled_at);
            newest.revision == revision && newest.graph.gaps == gaps && kept < LONGEST_KEPT
        });
        let graph = match same {
            Some(newest) => newest.graph.clone(),
            None => match self.build((bags, gaps), now).await {
                Some(graph) => graph,
                None => return,
            },
        };
        let version = graph.version;
        self.newest.store(Some(Arc::new(Publication { graph, as_of, revision })));
        self.published.send_if_modified(|published| std::mem::replace(published, version) != version);
    }

    /// Correlation is pure and may take seconds at scale: off the async threads, with the copy that it works on.
    async fn build(
        &self,
        (bags, gaps): (Vec<Arc<Records>>, Vec<Gap>),
        now: Timestamp,
    ) -> Option<Arc<ReleaseGraph>> {
        let input = self.without_records(gaps, now);
        let version = input.version;
        let building =
            tokio::task::spawn_blocking(move || correlate(CorrelateInput { records: together(bags), ..input }));
        match building.await {
            Ok(graph) => {
                info!(
                    version,
                    releases = graph.releases.len(),
                    links = graph.link_count(),
                    gaps = graph.gaps.len(),
                    "Made a graph"
                );
                Some(Arc::new(graph))
            }
            Err(failure) => {
                tracing::error!(%failure, "Correlation ended abnormally; the last graph stays");
                None
            }
        }
    }

    /// What a graph made now would be made from.
    pub async fn input(&self) -> CorrelateInput {
        let now = self.plan.clock.now();
        let (gaps, _, bags) = self.told(&BTreeSet::new(), now).await;
        CorrelateInput { records: together(bags), ..self.without_records(gaps, now) }
    }

    /// Records that this graph does not hold, as a small graph beside it.
    pub(crate) fn aside(&self, graph: &ReleaseGraph, records: Records) -> ReleaseGraph {
        let connectors = self.plan.connectors.iter().map(|c| connected_system(c.as_ref())).collect();
        correlate::aside(graph, records, (connectors, self.plan.policy.clone()))
    }

    /// What is missing, of which holdings, and what is held.
    async fn told(&self, late: &BTreeSet<ConnectorId>, now: Timestamp) -> (Vec<Gap>, u64, Vec<Arc<Records>>) {
        let holdings = self.holdings.lock().await;
        let gaps = self.gaps(&holdings, late, now);
        let bags = holdings.systems.values().flat_map(|held| held.records()).cloned().collect();
        (gaps, holdings.revision, bags)
    }

    pub(super) fn without_records(&self, gaps: Vec<Gap>, now: Timestamp) -> CorrelateInput {
        CorrelateInput {
            records: Records::default(),
            landscape: self.plan.landscape.clone(),
            darkness: Darkness::from_gaps(&gaps),
            gaps,
            connectors: self.plan.connectors.iter().map(|c| connected_system(c.as_ref())).collect(),
            policy: self.plan.policy.clone(),
            horizon_start: Some(self.plan.horizon.around(now).start),
            version: self.graph().map_or(0, |graph| graph.version) + 1,
            now,
        }
    }

    /// What is missing, in the order in which a graph tells it.
    fn gaps(&self, holdings: &Holdings, late: &BTreeSet<ConnectorId>, now: Timestamp) -> Vec<Gap> {
        let age = self.plan.refresh.interval.saturating_mul(STALE_AFTER_INTERVALS);
        let descriptors = self.plan.connectors.iter().map(|connector| connector.descriptor());
        let mut gaps: Vec<Gap> = descriptors
            .flat_map(|descriptor| match holdings.systems.get(&descriptor.id) {
                Some(held) if late.contains(&descriptor.id) => held.gaps_while_waiting(descriptor, (now, age)),
                Some(held) => held.gaps_of(descriptor),
                None => Vec::new(),
            })
            .collect();
        gaps.sort();
        gaps
    }
}

fn together(bags: Vec<Arc<Records>>) -> Records {
    let mut records = Records::default();
    for bag in bags {
        records.append(Arc::unwrap_or_clone(bag));
    }
    records
}

fn connected_system(connector: &dyn Connector) -> ConnectedSystem {
    let descriptor = connector.descriptor();
    ConnectedSystem { id: descriptor.id.clone(), family: descriptor.family, kinds: descriptor.kinds.to_vec() }
}
