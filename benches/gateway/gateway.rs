//! The gateway itself, as `interlock serve` puts it together, over systems that answer from memory after a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use connectors::resilience::{CircuitState, Spared, TelemetrySnapshot};
use connectors::{Connector, Descriptor, GatherRequest, Gathered, Probe, ProbeAnswer, Wanted};
use domain::{ConnectorId, Records};
use engine::correlate::CorrelationPolicy;
use interlock::clock::StartedClock;
use interlock::config::{Horizon, Refresh};
use interlock::federation::{Extent, Federation, FederationPlan};
use interlock::graphql::Api;
use interlock::http::{
    Access, HostPolicy, HttpState, Limits, Metrics, Readiness, Shutdown, router, serve as serve_http,
};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

use crate::estate::{Estate, SYSTEMS, now};

/// How the systems behind the gateway behave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upstream {
    pub(crate) scale: u32,
    pub(crate) latency: Duration,
    /// Between two readings, each of which publishes a graph.
    pub(crate) interval: Duration,
}

/// Serves on a free port until the process is killed; says where.
pub(crate) async fn serve(upstream: Upstream) -> Result<()> {
    let Estate { landscape, mut records } = Estate::of(upstream.scale);
    let connectors = SYSTEMS.iter().map(|(id, family, kinds)| {
        let descriptor = Descriptor { id: ConnectorId::new(*id), family: *family, vendor: "memory", kinds };
        let records = records.remove(id).unwrap_or_default();
        let (latency, reads) = (upstream.latency, AtomicUsize::new(0));
        Arc::new(System { descriptor, records, latency, reads }) as Arc<dyn Connector>
    });
    let hours = SignedDuration::from_hours;
    let federation = Arc::new(Federation::new(FederationPlan {
        connectors: connectors.collect(),
        landscape,
        horizon: Horizon { past: hours(24 * 200), future: hours(24 * 180) },
        refresh: Refresh { interval: SignedDuration::try_from(upstream.interval)?, sweep: hours(24) },
        policy: CorrelationPolicy::default(),
        clock: Arc::new(StartedClock::at(now())),
    }));
    federation.gather(Extent::Sweep).await;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let limits = Limits::default();
    let router = router(HttpState {
        executor: Arc::new(Api::new(federation.clone(), &limits)),
        readiness: Arc::new(|| Readiness::Ready),
        access: Access::default(),
        hosts: HostPolicy::new(address, &[]),
        limits,
        metrics: Metrics::default(),
    })?;
    println!("listening on http://{address}");
    tokio::select! {
        ended = serve_http(listener, router, Shutdown::default()) => Ok(ended?),
        () = federation.keep_fresh() => Ok(()),
    }
}

/// Tells everything at first, and then the same few records again.
struct System {
    descriptor: Descriptor,
    records: Records,
    latency: Duration,
    reads: AtomicUsize,
}

#[async_trait]
impl Connector for System {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, _now: Timestamp) -> Probe {
        Probe {
            reachable: ProbeAnswer::Skipped,
            authenticated: ProbeAnswer::Skipped,
            permitted: Vec::new(),
            clock_skew: None,
            limits: None,
        }
    }

    async fn gather(&self, _request: &GatherRequest) -> Gathered {
        tokio::time::sleep(self.latency).await;
        let mut read = Gathered::default();
        if self.reads.fetch_add(1, Ordering::Relaxed) == 0 {
            read.records = self.records.clone();
            read.complete = self.descriptor.kinds.iter().copied().collect();
        } else {
            read.records.changes = self.records.changes.iter().take(20).cloned().collect();
            read.changed = self.descriptor.kinds.iter().copied().collect();
        }
        read
    }

    async fn read(&self, _wanted: &Wanted, _now: Timestamp) -> Gathered {
        Gathered::default()
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        TelemetrySnapshot {
            circuit: CircuitState::Closed,
            sent: 0,
            retried: 0,
            refused: 0,
            spared: Spared::default(),
            failures: Default::default(),
            latency_p50: None,
            latency_p99: None,
            last_success_at: None,
            last_error: None,
            rate_limit: None,
            clock_skew: None,
            concurrency: 1,
        }
    }
}
