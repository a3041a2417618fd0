//! Asks many systems, keeps what they answered and what is missing, and publishes one immutable graph after another.
//! A request pins one graph; a refresh never changes a graph that somebody is reading.

mod gathering;
mod held;
mod interest;
mod metrics;
mod publishing;
mod recalled;
mod status;
mod survey;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use connectors::{Clock, Connector};
use domain::{ConnectorId, Landscape};
use engine::correlate::CorrelationPolicy;
use engine::graph::ReleaseGraph;
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use crate::config::{Horizon, Refresh};

pub use gathering::{Extent, ReadThrough};
use held::Held;
pub use metrics::UpstreamMetrics;
pub use recalled::{Observer, PAST};
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
    holdings: Arc<Mutex<Holdings>>,
    running: gathering::Slot,
    newest: ArcSwapOption<Publication>,
    published: watch::Sender<u64>,
    gathered: watch::Sender<u64>,
    observer: Option<Arc<dyn Observer>>,
}

/// What is held of all systems.
#[derive(Debug, Default)]
struct Holdings {
    systems: BTreeMap<ConnectorId, Held>,
    /// Grows whenever a read says something new.
    revision: u64,
}

/// A graph, and how new what it says is.
#[derive(Debug)]
pub struct Publication {
    /// The graph.
    pub graph: Arc<ReleaseGraph>,
    /// When the latest gathering began that found nothing else; `None` while the first one runs. A graph stays as it is
    /// as long as no system tells anything new, so this may be later than the moment at which it was assembled.
    pub as_of: Option<Timestamp>,
    /// Of which holdings it was made.
    revision: u64,
}

impl Federation {
    /// Nothing is read yet.
    pub fn new(plan: FederationPlan) -> Self {
        let systems = plan.connectors.iter().map(|c| (c.descriptor().id.clone(), Held::default())).collect();
        let (published, _) = watch::channel(0);
        let (gathered, _) = watch::channel(0);
        Self {
            plan,
            holdings: Arc::new(Mutex::new(Holdings { systems, revision: 0 })),
            running: gathering::Slot::default(),
            newest: ArcSwapOption::empty(),
            published,
            gathered,
            observer: None,
        }
    }

    /// The newest graph with how new it is; `None` until something was read.
    pub fn newest(&self) -> Option<Arc<Publication>> {
        self.newest.load_full()
    }

    /// The newest graph; `None` until the first gathering is over.
    pub fn graph(&self) -> Option<Arc<ReleaseGraph>> {
        Some(self.newest()?.graph.clone())
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
}
