//! The whole gateway put together by hand, in one place: systems, federation, schema, HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use ::store::Store;
use connectors::{Clock, Connector};
use engine::correlate::CorrelationPolicy;
use tokio::net::TcpListener;

use super::{Exit, Failure};
use crate::config::{Config, StorePlace, StorePlan};
use crate::federation::{Extent, Federation, FederationPlan, UpstreamMetrics};
use crate::graphql::Api;
use crate::http::{self, Access, HostPolicy, HttpState, Metrics, Readiness, Shutdown, StaticToken};
use crate::memory::{Keeper, keep};
use crate::tasks::Tasks;

/// A running gateway.
pub struct Gateway {
    address: SocketAddr,
    federation: Arc<Federation>,
    tasks: Tasks,
    shutdown: Shutdown,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Gateway {
    /// Listens, and reads the systems in the background: until the first graph is there, `/health/ready` says so.
    pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Self, anyhow::Error> {
        let connectors = connectors(&config, &clock).map_err(|failure| failure.error)?;
        let mut federation = Federation::new(FederationPlan {
            connectors,
            landscape: config.landscape,
            horizon: config.horizon,
            refresh: config.refresh,
            policy: CorrelationPolicy::default(),
            clock: clock.clone(),
        });
        let tasks = Tasks::default();
        let store = match &config.store {
            Some(plan) => Some(open_store(plan).await?),
            None => None,
        };
        if let (Some(store), Some(plan)) = (&store, &config.store) {
            let (keeper, readings) = Keeper::new();
            federation = federation.observed_by(Arc::new(keeper));
            tasks.spawn(keep(store.clone(), readings, (clock, plan.retention), tasks.stopping()));
        }
        let federation = Arc::new(federation);
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| anyhow::Error::new(error).context(format!("cannot listen on {}", config.listen)))?;
        let address = listener.local_addr()?;
        let tokens = config.tokens.iter().map(|token| {
            StaticToken::new(&token.name, token.secret.expose(), token.actor.clone(), token.scope.clone())
        });
        let limits = http_limits(&config.limits);
        let mut api =
            Api::new(federation.clone(), &limits).judging_risk_by(config.risk).judging_gates_by(config.gate);
        if let Some(store) = &store {
            api = api.remembering(store.clone());
        }
        let ready = federation.clone();
        let metrics = Metrics::default();
        metrics.register(|registry| registry.register_collector(Box::new(UpstreamMetrics(federation.clone()))));
        let training = api.keeping_risk_trained();
        let router = http::router(HttpState {
            executor: Arc::new(api),
            readiness: Arc::new(move || match ready.graph() {
                Some(_) => Readiness::Ready,
                None => Readiness::NotReady("The first graph is being assembled.".to_owned()),
            }),
            access: Access::new(tokens.collect()),
            hosts: HostPolicy::new(address, &config.hosts),
            limits,
            metrics,
        })?;
        tasks.start(training);
        let fresh = federation.clone();
        tasks.start(async move {
            if let Some(store) = store {
                serve_remembered(&store, &fresh).await;
            }
            fresh.gather(Extent::Sweep).await;
            fresh.keep_fresh().await;
        });
        let shutdown = Shutdown::default();
        let serving = tasks.spawn(http::serve(listener, router, shutdown.clone()));
        Ok(Self { address, federation, tasks, shutdown, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it holds.
    pub fn federation(&self) -> &Arc<Federation> {
        &self.federation
    }

    /// Resolves when every system has answered, or failed to, for the first time.
    pub async fn gathered(&self) {
        let mut gatherings = self.federation.gatherings();
        // The sender lives as long as the federation, so waiting cannot fail while we hold it.
        drop(gatherings.wait_for(|count| *count > 0).await);
    }

    /// Serves until the process is asked to end, then finishes running requests and stops everything.
    pub async fn run_until_stopped(self) {
        http::asked_to_end().await;
        self.stop().await;
    }

    /// Finishes running requests and stops everything.
    pub async fn stop(self) {
        self.shutdown.requested.cancel();
        if let Ok(Err(error)) = self.serving.await {
            tracing::error!(%error, "Serving ended with an error");
        }
        self.tasks.stop().await;
    }
}

/// Opens the place where readings are remembered.
pub(super) async fn open_store(plan: &StorePlan) -> Result<Store, anyhow::Error> {
    Ok(match &plan.place {
        StorePlace::Sqlite(path) => Store::sqlite(path).await?,
        StorePlace::Postgres(url) => Store::postgres(url.expose()).await?,
    })
}

/// The last known graph is there at once, and says that it is stale.
async fn serve_remembered(store: &Store, federation: &Federation) {
    match store.latest().await {
        Ok(remembered) if remembered.last_reading_at.is_some() => {
            federation.recall(remembered.systems).await;
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "What is remembered cannot be served; the systems are read anew"),
    }
}

/// Makes the configured connectors; a system that cannot be set up is a mistake of the configuration.
pub(super) fn connectors(config: &Config, clock: &Arc<dyn Clock>) -> Result<Vec<Arc<dyn Connector>>, Failure> {
    let mut built = Vec::new();
    for system in &config.connectors {
        let id = system.plan.id.clone();
        let connector = system
            .vendor
            .connector(&system.plan, Arc::clone(clock))
            .map_err(|error| Failure { error: anyhow::Error::new(error).context(id), exit: Exit::Usage })?;
        built.push(connector);
    }
    Ok(built)
}

fn http_limits(limits: &crate::config::Limits) -> http::Limits {
    http::Limits {
        body_bytes: limits.body_bytes,
        time: std::time::Duration::try_from(limits.time).unwrap_or(http::Limits::default().time),
        depth: limits.depth,
        aliases: limits.aliases,
        complexity: limits.complexity,
        ..http::Limits::default()
    }
}
