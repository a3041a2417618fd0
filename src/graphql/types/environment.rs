//! Environments and targets.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::{EnvironmentKey, Text};
use engine::graph::ReleaseGraph;

use super::enums::Stage;
use crate::graphql::connection::connection;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// An environment.
pub(crate) type Environment = At<domain::Environment>;

connection! {
    /// Environments, in the order of their keys.
    EnvironmentConnection of EnvironmentEdge to Environment {}
}

/// An environment that releases go to.
#[Object(name = "Environment")]
impl Environment {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// Its key, for example `production`.
    async fn key(&self) -> &str {
        self.node().key.as_str()
    }

    /// How far from customers it is.
    async fn stage(&self) -> Stage {
        self.node().stage.into()
    }

    /// IANA name of the time zone that its windows are in.
    async fn time_zone(&self) -> &str {
        &self.node().time_zone
    }

    /// Its regions; empty when it has none.
    async fn regions(&self) -> Vec<&str> {
        self.node().regions.iter().map(|region| &**region).collect()
    }

    /// May only one release be in it at a time?
    async fn exclusive(&self) -> bool {
        self.node().exclusive
    }

    /// The environment that releases pass before this one.
    async fn after(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Environment>> {
        let session = Session::of(ctx)?;
        Ok(self.node().after.as_ref().and_then(|key| session.find(&self.graph, key)))
    }

    /// Other names that systems use for it.
    async fn aliases(&self) -> Vec<&str> {
        self.node().aliases.iter().map(|alias| &**alias).collect()
    }

    /// When deployments are allowed, in its time zone; empty means always.
    async fn windows(&self) -> Vec<AllowedWindow> {
        self.node().windows.iter().map(AllowedWindow::from).collect()
    }
}

/// A recurring window in which deployments are allowed, in the environment's time zone.
#[derive(SimpleObject)]
pub(crate) struct AllowedWindow {
    /// RFC 5545 recurrence rule without a start, for example `FREQ=WEEKLY;BYDAY=MO,TU`.
    rrule: String,
    /// Local time of day at which it opens, `HH:MM:SS`.
    opens: String,
    /// Local time of day at which it closes, `HH:MM:SS`; not after `opens` means on the next day.
    closes: String,
}

impl From<&domain::AllowedWindow> for AllowedWindow {
    fn from(window: &domain::AllowedWindow) -> Self {
        let clock = |time: jiff::civil::Time| time.strftime("%H:%M:%S").to_string();
        Self { rrule: window.rrule.to_string(), opens: clock(window.start), closes: clock(window.end) }
    }
}

/// Environment, optional region, optional tenant.
pub(crate) struct Target {
    graph: Arc<ReleaseGraph>,
    target: domain::Target,
}

impl Target {
    /// A target as the graph names it.
    pub(crate) fn new(graph: &Arc<ReleaseGraph>, target: &domain::Target) -> Self {
        Self { graph: graph.clone(), target: target.clone() }
    }
}

/// Where a release goes: an environment, with a region and a tenant where it has those.
#[Object]
impl Target {
    /// The environment; null when a record names one that is not configured.
    async fn environment(&self) -> Option<Environment> {
        let index = self.graph.environments.find(&self.target.environment)?;
        Some(At { graph: self.graph.clone(), index })
    }

    /// The region, where the environment has regions.
    async fn region(&self) -> Option<&str> {
        self.target.region.as_deref()
    }

    /// The tenant, where the environment has tenants.
    async fn tenant(&self) -> Option<&str> {
        self.target.tenant.as_deref()
    }
}

/// Where a release goes.
#[derive(Debug, Clone, Hash, InputObject)]
pub(crate) struct TargetInput {
    /// Key, or another name, of the environment.
    environment: String,
    /// The region, where the environment has regions; without it all of them.
    region: Option<String>,
    /// The tenant, where the environment has tenants; without it all of them.
    tenant: Option<String>,
}

impl TargetInput {
    /// The target as the graph names it; an environment that is not configured keeps its name.
    pub(crate) fn resolve(&self, graph: &ReleaseGraph) -> domain::Target {
        let known = graph.environments.iter().find(|(_, environment)| environment.is_called(&self.environment));
        let key = known.map(|(_, environment)| environment.key.clone());
        let text = |text: &String| Text::from(text.as_str());
        domain::Target {
            environment: key.unwrap_or_else(|| EnvironmentKey::new(self.environment.as_str())),
            region: self.region.as_ref().map(text),
            tenant: self.tenant.as_ref().map(text),
        }
    }
}
