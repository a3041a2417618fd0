//! What is seen running at a target, beside what was meant to run there.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use domain::{RecordKind, ServiceKey};
use engine::drift::drift_at;
use engine::graph::ReleaseGraph;
use engine::queries::{deployed_at, intended_at};
use jiff::Timestamp;

use super::drift::Drift;
use super::environment::Target;
use super::release::Release;
use super::service::Service;
use super::{Link, Source};
use crate::graphql::coverage::Coverage;
use crate::graphql::session::Session;

/// What is seen running at a target.
pub(crate) struct Placement {
    graph: Arc<ReleaseGraph>,
    service: ServiceKey,
    seen: domain::Placement,
}

impl Placement {
    /// What is seen of a service.
    pub(crate) fn of(service: &Service, seen: &domain::Placement) -> Self {
        Self::new(&service.graph, &service.node().key, seen)
    }

    /// What is seen, of whichever service it is.
    pub(crate) fn find(graph: &Arc<ReleaseGraph>, seen: &domain::Placement) -> Option<Self> {
        let (service, _) = graph.placements.iter().find(|(_, own)| own.contains(seen))?;
        Some(Self::new(graph, service, seen))
    }

    /// What is seen of the service with this key.
    pub(crate) fn new(graph: &Arc<ReleaseGraph>, service: &ServiceKey, seen: &domain::Placement) -> Self {
        Self { graph: graph.clone(), service: service.clone(), seen: seen.clone() }
    }
}

/// A service's version as it is seen running at a target.
#[Object]
impl Placement {
    /// Where.
    async fn target(&self) -> Target {
        Target::new(&self.graph, &self.seen.target)
    }

    /// The release, where what runs could be named.
    async fn release(&self, ctx: &Context<'_>) -> Result<Option<Release>> {
        let session = Session::of(ctx)?;
        Ok(self.seen.release.as_ref().and_then(|key| session.find(&self.graph, key)))
    }

    /// How we know that the release is what runs; null where it could not be named.
    async fn link(&self) -> Option<Link> {
        self.seen.link.as_ref().map(Link::from)
    }

    /// The version as observed.
    async fn version(&self) -> Option<&str> {
        self.seen.version.as_deref()
    }

    /// The digest as observed.
    async fn digest(&self) -> Option<&str> {
        self.seen.digest.as_deref()
    }

    /// Last time that it was seen (UTC).
    async fn observed_at(&self) -> Timestamp {
        self.seen.observed_at
    }

    /// First time that it was seen without a break (UTC), as far as known.
    async fn since(&self) -> Option<Timestamp> {
        self.seen.since
    }

    /// When the release last came here (UTC): the end of its latest successful deployment, else first seen.
    async fn deployed_at(&self) -> Option<Timestamp> {
        let release = self.seen.release.as_ref();
        release.and_then(|key| deployed_at(&self.graph, key, &self.seen.target)).or(self.seen.since)
    }

    /// The release that the latest successful deployment brought here: what was meant to run.
    async fn intended(&self, ctx: &Context<'_>) -> Result<Option<Release>> {
        let session = Session::of(ctx)?;
        let meant = intended_at(&self.graph, &self.service, &self.seen.target);
        Ok(meant.and_then(|index| session.place(&self.graph, index)))
    }

    /// Where its configuration differs from what the repository has at its tag. Null while that cannot be told: the
    /// repository expects nothing for this environment, or nobody observes it.
    async fn drift(&self, ctx: &Context<'_>) -> Result<Option<Vec<Drift>>> {
        let session = Session::of(ctx)?;
        let key = self.seen.release.as_ref();
        let found = key.and_then(|key| drift_at(&self.graph, key, &self.seen.target));
        if found.is_none() {
            let kinds = &[RecordKind::ConfigurationItem, RecordKind::File];
            // Tells that the items are dark, where that is why.
            Coverage::of(session, &self.graph, kinds, &[]).is_unknown(ctx, 0);
        }
        Ok(found.map(|all| all.into_iter().map(Drift).collect()))
    }

    /// Where it was observed.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.seen.source, &[RecordKind::RuntimeObservation, RecordKind::Deployment])
    }
}
