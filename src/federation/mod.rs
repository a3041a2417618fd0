//! Asks many systems, keeps what they answered and what is missing, and publishes one immutable graph after another.
//! A request pins one graph; a refresh never changes a graph that somebody is reading.

mod held;
mod interest;
mod metrics;
mod recalled;
mod status;
mod survey;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use connectors::{Clock, Connector, GatherRequest, Gathered};
use domain::{ConnectorId, Family, Landscape, Records};
use engine::correlate::{ConnectedSystem, CorrelateInput, CorrelationPolicy, Darkness, correlate};
use engine::graph::ReleaseGraph;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::SignedDuration;
use tokio::sync::{Mutex, watch};
use tracing::{info, warn};

use crate::config::{Horizon, Refresh};

use held::Held;
pub use metrics::UpstreamMetrics;
pub use recalled::Observer;
pub use status::{ConnectorHealth, ConnectorStatus};
pub use survey::{Surveyed, survey};

/// What a federation is made of.
pub struct FederationPlan {
    /// The systems.
    pub connectors: Vec<Arc<dyn Connector>>,
    /// The company as configured.
    pub landscape: Landscape,
    /// How far the graph reaches.
    pub horizon: Horizon,
    /// How often systems are asked.
    pub refresh: Refresh,
    /// Rules and thresholds of correlation.
    pub policy: CorrelationPolicy,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
}

/// All systems together, and the graph made from them.
pub struct Federation {
    plan: FederationPlan,
    held: Mutex<BTreeMap<ConnectorId, Held>>,
    gathering: Mutex<()>,
    graph: ArcSwapOption<ReleaseGraph>,
    versions: AtomicU64,
    published: watch::Sender<u64>,
    gathered: watch::Sender<u64>,
    observer: Option<Arc<dyn Observer>>,
}

/// How much a gathering reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything in the horizon, so that deletions are seen.
    Sweep,
    /// What changed since the last read.
    Changes,
}

impl Federation {
    /// Nothing is read yet.
    pub fn new(plan: FederationPlan) -> Self {
        let held = plan.connectors.iter().map(|c| (c.descriptor().id.clone(), Held::default())).collect();
        let (published, _) = watch::channel(0);
        let (gathered, _) = watch::channel(0);
        Self {
            plan,
            held: Mutex::new(held),
            gathering: Mutex::new(()),
            graph: ArcSwapOption::empty(),
            versions: AtomicU64::new(0),
            published,
            gathered,
            observer: None,
        }
    }

    /// The newest graph; `None` until the first gathering is over.
    pub fn graph(&self) -> Option<Arc<ReleaseGraph>> {
        self.graph.load_full()
    }

    /// Tells the version of each graph as it is published.
    pub fn publications(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// Tells how many gatherings are over: every system has answered or failed in each.
    pub fn gatherings(&self) -> watch::Receiver<u64> {
        self.gathered.subscribe()
    }

    /// The wall time that this federation goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.plan.clock
    }

    /// The configured systems.
    pub fn connectors(&self) -> &[Arc<dyn Connector>] {
        &self.plan.connectors
    }

    /// Reads all systems and publishes the next graph. Systems that fail leave gaps; this never fails as a whole.
    /// A slow system holds nobody up: what the others answered is published meanwhile, with the slow one as a gap.
    pub async fn gather(&self, extent: Extent) -> Option<Arc<ReleaseGraph>> {
        let _one_at_a_time = self.gathering.lock().await;
        self.gather_alone(extent).await
    }

    /// The newest graph if it is young enough, else one made from what changed since. Many who ask at once cause one
    /// reading; nobody can cause readings faster than one after another.
    pub async fn no_older_than(&self, age: SignedDuration) -> Option<Arc<ReleaseGraph>> {
        let asked_at = self.plan.clock.now();
        let young = |graph: &Arc<ReleaseGraph>| asked_at.duration_since(graph.assembled_at) <= age;
        if let Some(graph) = self.graph().filter(young) {
            return Some(graph);
        }
        let _one_at_a_time = self.gathering.lock().await;
        match self.graph().filter(young) {
            Some(graph) => Some(graph),
            None => self.gather_alone(Extent::Changes).await,
        }
    }

    async fn gather_alone(&self, extent: Extent) -> Option<Arc<ReleaseGraph>> {
        // Items of a CMDB are asked for by the ids that the other systems' records name, so they go second.
        let (second, first): (Vec<_>, Vec<_>) =
            self.plan.connectors.iter().partition(|c| c.descriptor().family == Family::Cmdb);
        for round in [first, second] {
            let mut reads: FuturesUnordered<_> =
                round.into_iter().map(|connector| self.read_one(connector, extent)).collect();
            let mut patience = Box::pin(tokio::time::sleep(PATIENCE));
            let mut unpublished = false;
            loop {
                tokio::select! {
                    read = reads.next() => match read {
                        Some(()) => unpublished = true,
                        None => break,
                    },
                    () = &mut patience => {
                        if std::mem::take(&mut unpublished) {
                            self.publish().await;
                        }
                        patience = Box::pin(tokio::time::sleep(PATIENCE));
                    }
                }
            }
        }
        let graph = self.publish().await;
        self.gathered.send_modify(|count| *count += 1);
        graph
    }

    /// Reads again and again until the task is dropped: changes every interval, everything every sweep.
    pub async fn keep_fresh(self: Arc<Self>) {
        let interval = std::time::Duration::try_from(self.plan.refresh.interval).unwrap_or(DEFAULT_INTERVAL);
        let mut swept_at = self.plan.clock.now();
        loop {
            tokio::time::sleep(interval).await;
            let now = self.plan.clock.now();
            let extent = if now.duration_since(swept_at) >= self.plan.refresh.sweep {
                Extent::Sweep
            } else {
                Extent::Changes
            };
            if extent == Extent::Sweep {
                swept_at = now;
            }
            self.gather(extent).await;
        }
    }

    /// Reads one system; what is held is only locked before and after, never while the system answers.
    async fn read_one(&self, connector: &Arc<dyn Connector>, extent: Extent) {
        let descriptor = connector.descriptor();
        let now = self.plan.clock.now();
        let mut interest = interest::interest_in(&self.plan.landscape, &descriptor.id);
        let mut since = BTreeMap::new();
        {
            let held = self.held.lock().await;
            if descriptor.family == Family::Cmdb {
                let named = held.values().flat_map(|held| interest::named_items(&held.records, &descriptor.id));
                interest.named_configuration_items = named.collect();
            }
            if let (Extent::Changes, Some(held)) = (extent, held.get(&descriptor.id)) {
                since = held.marks();
            }
        }
        let request = GatherRequest { since, ..GatherRequest::full(self.plan.horizon.around(now), now, interest) };
        let read = connector.gather(&request).await;
        tell(&descriptor.id, &read);
        self.tell_observer(&descriptor.id, &read, now);
        let mut held = self.held.lock().await;
        let held = held.entry(descriptor.id.clone()).or_default();
        held.absorb(read, now);
        if extent == Extent::Sweep {
            held.last_sweep_at = Some(now);
        }
    }

    async fn publish(&self) -> Option<Arc<ReleaseGraph>> {
        let (gaps, records) = {
            let held = self.held.lock().await;
            let descriptors = self.plan.connectors.iter().map(|connector| connector.descriptor());
            let gaps = descriptors.flat_map(|descriptor| match held.get(&descriptor.id) {
                Some(held) => held.gaps_of(descriptor),
                None => Vec::new(),
            });
            (gaps.collect::<Vec<_>>(), merged_records(&held))
        };
        let version = self.versions.fetch_add(1, Ordering::SeqCst) + 1;
        let now = self.plan.clock.now();
        let input = CorrelateInput {
            records,
            landscape: self.plan.landscape.clone(),
            darkness: Darkness::from_gaps(&gaps),
            gaps,
            connectors: self.plan.connectors.iter().map(|c| connected_system(c.as_ref())).collect(),
            policy: self.plan.policy.clone(),
            horizon_start: Some(self.plan.horizon.around(now).start),
            version,
            now,
        };
        // Correlation is pure and may take seconds at scale: off the async threads.
        let graph = match tokio::task::spawn_blocking(move || correlate(input)).await {
            Ok(graph) => Arc::new(graph),
            Err(failure) => {
                tracing::error!(%failure, "Correlation ended abnormally; the last graph stays");
                return self.graph();
            }
        };
        info!(
            version,
            releases = graph.releases.len(),
            links = graph.link_count(),
            gaps = graph.gaps.len(),
            "Published a graph"
        );
        self.graph.store(Some(graph.clone()));
        self.published.send_replace(version);
        Some(graph)
    }
}

/// How long a slow system may hold up what the others answered.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
const DEFAULT_INTERVAL: std::time::Duration = std::time::Duration::from_secs(60);

fn merged_records(held: &BTreeMap<ConnectorId, Held>) -> Records {
    let mut all = Records::default();
    for one in held.values() {
        all.append(one.records.clone());
    }
    all
}

fn connected_system(connector: &dyn Connector) -> ConnectedSystem {
    let descriptor = connector.descriptor();
    ConnectedSystem { id: descriptor.id.clone(), family: descriptor.family, kinds: descriptor.kinds.to_vec() }
}

fn tell(id: &ConnectorId, read: &Gathered) {
    if read.gaps.is_empty() {
        info!(system = %id, records = read.records.len(), "Read a system");
    }
    for gap in &read.gaps {
        warn!(system = %id, code = gap.code.as_str(), kind = ?gap.kind, "Could not read all of a system: {}", gap.message);
    }
}
