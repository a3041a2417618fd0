//! Where values come from, why nodes are joined, and what is missing.

use std::collections::BTreeSet;

use std::sync::Arc;

use async_graphql::{Context, Object};
use domain::RecordKind;

use super::enums::{EvidenceKind, GapCode, LinkOrigin, LinkRule};
use crate::graphql::session::Session;
use domain::Text;
use engine::graph::ReleaseGraph;
use jiff::Timestamp;

/// Something that should be known and is not, or is older than it should be.
pub(crate) struct Gap(pub(crate) domain::Gap);

/// Something that should be known and is not, or is older than it should be. Unknown is never good news: what a gap
/// stands for may exist.
#[Object]
impl Gap {
    /// Why it is missing.
    async fn code(&self) -> GapCode {
        self.0.code.into()
    }

    /// Id of the system whose answer is missing; null when no system is configured for it, or none was asked.
    async fn connector(&self) -> Option<&str> {
        self.0.connector.as_ref().map(|id| id.as_str())
    }

    /// One sentence a person can read alone.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// Last good read (UTC); null when there never was one.
    async fn since(&self) -> Option<Timestamp> {
        self.0.since
    }

    /// May asking again later help without anybody doing something?
    async fn retryable(&self) -> bool {
        self.0.retryable
    }
}

impl Gap {
    /// Gaps as clients see them: one system that is dark for several kinds of records is told once.
    pub(crate) fn told_once(gaps: impl IntoIterator<Item = domain::Gap>) -> Vec<Self> {
        let mut told = BTreeSet::new();
        let new = |gap: &domain::Gap| told.insert((gap.code, gap.connector.clone(), gap.message.clone()));
        gaps.into_iter().filter(new).map(Self).collect()
    }
}

/// Why two nodes are joined.
pub(crate) struct Link(domain::Link);

impl From<&domain::Link> for Link {
    fn from(link: &domain::Link) -> Self {
        Self(link.clone())
    }
}

/// Why two nodes are joined. Every edge of the graph explains itself.
#[Object]
impl Link {
    /// How it is known.
    async fn origin(&self) -> LinkOrigin {
        self.0.origin.into()
    }

    /// The rule that made it. The names are stable.
    async fn rule(&self) -> LinkRule {
        self.0.rule.into()
    }

    /// Probability that it is right, 0 to 1; 1 for EXPLICIT.
    async fn confidence(&self) -> f64 {
        self.0.confidence
    }

    /// May evidence in favour travel over it? Adverse evidence counts over any link.
    async fn supports(&self) -> bool {
        self.0.supports()
    }

    /// What it rests on.
    async fn evidence(&self) -> Vec<Evidence<'_>> {
        self.0.evidence.iter().map(Evidence).collect()
    }
}

/// One piece of evidence.
pub(crate) struct Evidence<'e>(pub(crate) &'e domain::Evidence);

/// One piece of evidence: what was seen, where and when.
#[Object]
impl Evidence<'_> {
    /// What kind of thing it is.
    async fn kind(&self) -> EvidenceKind {
        self.0.kind.into()
    }

    /// One sentence a person can read alone.
    async fn summary(&self) -> &str {
        &self.0.summary
    }

    /// Where a person can open it.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// When it was true or seen (UTC), as far as known.
    async fn observed_at(&self) -> Option<Timestamp> {
        self.0.observed_at
    }
}

/// Where a record was read.
pub(crate) struct Source {
    record: domain::RecordId,
    url: Option<Text>,
    fetched_at: Timestamp,
    kinds: &'static [RecordKind],
    /// The graph that holds the record; none for the request's own. A release that must be young has a newer one.
    graph: Option<Arc<ReleaseGraph>>,
}

impl Source {
    /// The source of a record of one of these kinds, as one graph holds it.
    pub(crate) fn new(graph: &Arc<ReleaseGraph>, source: &domain::Source, kinds: &'static [RecordKind]) -> Self {
        let domain::Source { record, url, fetched_at } = source.clone();
        Self { record, url, fetched_at, kinds, graph: Some(graph.clone()) }
    }

    /// The source of a claim.
    pub(crate) fn of_claim(source: &domain::ClaimSource, kinds: &'static [RecordKind]) -> Self {
        let domain::ClaimSource { record, url, fetched_at } = source.clone();
        Self { record, url, fetched_at, kinds, graph: None }
    }
}

/// Where a record was read: the system of record stays the system of record.
#[Object]
impl Source {
    /// Id of the system, as configured.
    async fn connector(&self) -> &str {
        self.record.connector.as_str()
    }

    /// The system's vendor, for example `servicenow`; null when the system is no longer configured.
    async fn system(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&'static str>> {
        Ok(Session::of(ctx)?.systems.vendor(&self.record.connector))
    }

    /// The vendor's own id of the record.
    async fn record_id(&self) -> &str {
        &self.record.native
    }

    /// Where a person can open it in the vendor's own pages.
    async fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// When it was last read (UTC).
    async fn fetched_at(&self) -> Timestamp {
        self.fetched_at
    }

    /// Could newer values exist that the system could not be asked for?
    async fn stale(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        let graph = match &self.graph {
            Some(graph) => graph,
            None => &Session::of(ctx)?.graph,
        };
        Ok(graph
            .gaps
            .iter()
            .any(|gap| gap.connector.as_ref() == Some(&self.record.connector) && self.kinds.contains(&gap.kind)))
    }
}
