//! What one request works with: one graph, one moment, one caller. Every resolver reads these and nothing global.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_graphql::Context;
use connectors::LongText;
use domain::{ConnectorId, Gap, GapCode, RecordId, RecordKind, Scope, Text};
use engine::gate::GatePolicy;
use engine::graph::{Index, ReleaseGraph};
use jiff::Timestamp;

use super::details::{Detail, Wish};
use super::errors;
use super::loaders::Loader;
use super::risk::RiskDesk;
use super::visibility::{At, Entity, Recorded, is_visible};
use crate::federation::{Federation, PAST, Publication};
use crate::http::{Basis, Caller, Edition};
use crate::memory::{Past, PastError};

/// What one request works with.
#[derive(Clone)]
pub(crate) struct Session {
    /// The graph that the whole request reads.
    pub(crate) graph: Arc<ReleaseGraph>,
    /// The configured systems.
    pub(crate) systems: Arc<Systems>,
    /// The risks of releases.
    pub(crate) risks: Arc<RiskDesk>,
    /// Which checks close a gate.
    pub(crate) policy: Arc<GatePolicy>,
    /// How many entities a federation router has asked for in this request.
    pub(crate) entities: Arc<AtomicUsize>,
    // Private, so that nothing is read from it unnoticed: answers are kept and shared by what they were made from.
    caller: Caller,
    federation: Arc<Federation>,
    past: Arc<Past>,
    moment: Timestamp,
    as_of: Option<Timestamp>,
    loader: Arc<Loader>,
    reads: Arc<Reads>,
}

/// What an answer has been made from besides the graph.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    live: AtomicBool,
    moment: AtomicBool,
}

impl Reads {
    /// What an answer from this graph, judged in this second, is good for.
    pub(crate) fn basis(&self, edition: Edition) -> Basis {
        match (self.live.load(Ordering::Relaxed), self.moment.load(Ordering::Relaxed)) {
            (true, _) => Basis::Live,
            (false, true) => Basis::Moment(edition),
            (false, false) => Basis::Graph(edition.version),
        }
    }
}

/// Most entities of one request: nothing else bounds what a router asks for by key.
pub(crate) const MOST_ENTITIES: usize = 1_000;

/// The configured systems and what each is read for. They stay the same while the gateway runs.
#[derive(Debug, Default)]
pub(crate) struct Systems {
    readers: BTreeMap<RecordKind, Vec<ConnectorId>>,
    vendors: BTreeMap<ConnectorId, &'static str>,
}

impl Systems {
    /// The systems of a federation.
    pub(crate) fn of(federation: &Federation) -> Self {
        let mut systems = Self::default();
        for descriptor in federation.connectors().iter().map(|connector| connector.descriptor()) {
            systems.vendors.insert(descriptor.id.clone(), descriptor.vendor);
            for kind in descriptor.kinds {
                systems.readers.entry(*kind).or_default().push(descriptor.id.clone());
            }
        }
        systems
    }

    /// The systems that are read for this kind of records.
    pub(crate) fn readers(&self, kind: RecordKind) -> &[ConnectorId] {
        self.readers.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The vendor of a system.
    pub(crate) fn vendor(&self, connector: &ConnectorId) -> Option<&'static str> {
        self.vendors.get(connector).copied()
    }
}

/// What all sessions share.
#[derive(Clone)]
pub(crate) struct Shared {
    /// The systems and the newest graph.
    pub(crate) federation: Arc<Federation>,
    /// For `asOf`: graphs of earlier moments.
    pub(crate) past: Arc<Past>,
    /// The configured systems.
    pub(crate) systems: Arc<Systems>,
    /// The risks of releases.
    pub(crate) risks: Arc<RiskDesk>,
    /// Which checks close a gate.
    pub(crate) policy: Arc<GatePolicy>,
}

impl Session {
    /// The session of a request, at this moment to the second.
    pub(crate) fn new(shared: Shared, (newest, loader): (&Publication, &Arc<Loader>), caller: Caller) -> Self {
        Self {
            graph: newest.graph.clone(),
            systems: shared.systems,
            risks: shared.risks,
            policy: shared.policy,
            entities: Arc::default(),
            caller,
            moment: this_second(&shared.federation),
            federation: shared.federation,
            past: shared.past,
            as_of: newest.as_of,
            loader: loader.clone(),
            reads: Arc::default(),
        }
    }

    /// What an answer would be made from that reads the graph and the moment alone.
    pub(crate) fn edition(&self) -> Edition {
        Edition { version: self.graph.version, second: self.moment.as_second() }
    }

    /// What has been read besides the graph: also after the session itself is gone.
    pub(crate) fn reads(&self) -> Arc<Reads> {
        self.reads.clone()
    }

    /// The one moment of the whole request, to the second (UTC). Whoever asks makes an answer of this second.
    pub(crate) fn now(&self) -> Timestamp {
        self.reads.moment.store(true, Ordering::Relaxed);
        self.moment
    }

    /// The moment of the request for what stands in a graph: in a graph of the past, the moment that it tells of.
    pub(crate) fn now_in(&self, graph: &ReleaseGraph) -> Timestamp {
        if graph.version == PAST { graph.assembled_at } else { self.now() }
    }

    /// The systems themselves, for what no graph holds: how they do, details, a younger graph. Whoever asks makes an
    /// answer that is good for this request alone.
    pub(crate) fn live(&self) -> &Arc<Federation> {
        self.reads.live.store(true, Ordering::Relaxed);
        &self.federation
    }

    /// When the latest gathering began that told nothing else than the graph. The graph stays, this moves on.
    pub(crate) fn as_of(&self) -> Option<Timestamp> {
        self.reads.live.store(true, Ordering::Relaxed);
        self.as_of
    }

    /// The session of the request, or NOT_READY before the first graph.
    pub(crate) fn of<'c>(context: &Context<'c>) -> async_graphql::Result<&'c Self> {
        context.data_opt::<Self>().ok_or_else(errors::not_ready)
    }

    /// The session of the request, or the same caller's in the graph of an earlier moment. An answer from the past is
    /// good for this request alone: it grows with what the systems tell of the time before the first reading.
    pub(crate) async fn known<'c>(
        context: &Context<'c>,
        as_of: Option<Timestamp>,
    ) -> async_graphql::Result<Cow<'c, Self>> {
        let session = Self::of(context)?;
        let Some(moment) = as_of else { return Ok(Cow::Borrowed(session)) };
        session.reads.live.store(true, Ordering::Relaxed);
        let graph = session.past.graph_as_of(moment).await.map_err(|failure| match failure {
            PastError::Ahead(_) => errors::bad_input(format!("`asOf`: {failure}.")),
            PastError::Nothing => errors::not_ready(),
            PastError::Unreadable(_) | PastError::Broken => {
                tracing::error!(%failure, %moment, "The past cannot be told");
                errors::coded("INTERNAL", "What was known then cannot be read; the log tells why.")
            }
        })?;
        Ok(Cow::Owned(Self { graph, ..session.clone() }))
    }

    /// The session, for one more entity of a federation router.
    pub(crate) fn of_entity<'c>(context: &Context<'c>) -> async_graphql::Result<&'c Self> {
        let session = Self::of(context)?;
        if session.entities.fetch_add(1, Ordering::Relaxed) >= MOST_ENTITIES {
            return Err(errors::limit_exceeded(format!(
                "The limit for entities in one request is {MOST_ENTITIES}."
            )));
        }
        Ok(session)
    }

    /// What the caller may see.
    pub(crate) fn scope(&self) -> &Scope {
        &self.caller.scope
    }

    /// May the caller see everything that a check names?
    pub(crate) fn may_see(&self, check: &engine::checks::Check) -> bool {
        check.services.iter().all(|service| self.scope().allows(service))
    }

    /// May the caller see this node?
    pub(crate) fn sees<T: Entity>(&self, graph: &ReleaseGraph, index: Index<T>) -> bool {
        is_visible(graph, index, self.scope())
    }

    /// The node with this id, unless the caller may not see it.
    pub(crate) fn find<T: Entity>(&self, graph: &Arc<ReleaseGraph>, id: &T::Id) -> Option<At<T>> {
        self.place(graph, T::table(graph).find(id)?)
    }

    /// The node at this place, unless the caller may not see it.
    pub(crate) fn place<T: Entity>(&self, graph: &Arc<ReleaseGraph>, index: Index<T>) -> Option<At<T>> {
        self.sees(graph, index).then(|| At { graph: graph.clone(), index })
    }

    /// A long text, read now: null where there is none, and with one error where its system fails. What it was earlier
    /// is not remembered, so for a graph of the past there is an error.
    pub(crate) async fn long_text(
        &self,
        context: &Context<'_>,
        what: LongText,
        (id, graph): (&RecordId, &ReleaseGraph),
    ) -> Option<Text> {
        if graph.version == PAST {
            self.reads.live.store(true, Ordering::Relaxed);
            errors::tell_dark(context, &[not_remembered(id, what.kind(), "long texts")]);
            return None;
        }
        match self.detail(context, Wish::Text(what), id).await? {
            Detail::Text(text) => Some(text),
            Detail::Graph(_) => None,
        }
    }

    /// The record that another one refers to: as it is held, or read now where it is older than what is held. Nothing,
    /// with one error, where its system fails, or where a graph of the past does not hold it.
    pub(crate) async fn refer<T: Recorded>(
        &self,
        context: &Context<'_>,
        graph: &Arc<ReleaseGraph>,
        id: Option<&T::Id>,
    ) -> Option<At<T>> {
        let id = id?;
        if graph.version == PAST {
            if T::table(graph).find(id).is_none() {
                let gap = not_remembered(T::record(id), T::KIND, "records beyond what was known then");
                errors::tell_dark(context, &[gap]);
            }
            return self.find(graph, id);
        }
        if let Some(held) = [graph, &self.graph].into_iter().find(|graph| T::table(graph).find(id).is_some()) {
            return self.find(held, id);
        }
        self.read_record(context, id).await
    }

    /// The records that go by a number or key in these systems, read now because the graph holds none of that name.
    pub(crate) async fn read_called<T: Recorded>(
        &self,
        context: &Context<'_>,
        (systems, key): (&[&ConnectorId], &str),
        goes_by: impl Fn(&T) -> bool,
    ) -> Vec<At<T>> {
        if !may_be_called(key) {
            return Vec::new();
        }
        let ids: Vec<RecordId> = systems.iter().map(|system| RecordId::new(system, key.to_uppercase())).collect();
        let reads = ids.iter().map(|id| self.detail(context, Wish::Called(T::KIND), id));
        let mut found = Vec::new();
        for (system, detail) in systems.iter().zip(futures::future::join_all(reads).await) {
            let Some(Detail::Graph(graph)) = detail else { continue };
            let own = T::table(&graph)
                .iter()
                .filter(|(_, node)| T::record(node.node_key()).connector == **system && goes_by(node));
            let own: Vec<_> = own.map(|(index, _)| index).collect();
            found.extend(own.into_iter().filter_map(|index| self.place(&graph, index)));
        }
        found
    }

    /// Tells that a record which is not held cannot be asked for: it may be older than what is held, or gone.
    pub(crate) fn tell_unread(&self, context: &Context<'_>, kind: RecordKind, connector: &ConnectorId) {
        if self.systems.readers(kind).contains(connector) {
            let gap = Gap {
                code: GapCode::SourceIncomplete,
                connector: Some(connector.clone()),
                kind,
                message: format!("What {connector} tells reaches back to the horizon alone; this is not in it.")
                    .into(),
                since: None,
                retryable: false,
            };
            errors::tell_dark(context, &[gap]);
        }
    }

    async fn read_record<T: Recorded>(&self, context: &Context<'_>, id: &T::Id) -> Option<At<T>> {
        let record = T::record(id);
        // A system that is not read for such records is none that could tell.
        if !self.systems.readers(T::KIND).contains(&record.connector) {
            return None;
        }
        match self.detail(context, Wish::Record(T::KIND), record).await? {
            Detail::Graph(graph) => self.find(&graph, id),
            Detail::Text(_) => None,
        }
    }

    /// A detail, read now: nothing where there is none, and with one error where its system fails.
    async fn detail(&self, context: &Context<'_>, wish: Wish, id: &RecordId) -> Option<Detail> {
        self.reads.live.store(true, Ordering::Relaxed);
        match self.loader.load(wish, id).await {
            Ok(detail) => detail,
            Err(gap) => {
                errors::tell_dark(context, &[gap]);
                None
            }
        }
    }

    /// All nodes of a table that the caller may see and that pass the filter, in the order of their ids.
    pub(crate) fn select<T: Entity>(&self, passes: impl Fn(&ReleaseGraph, Index<T>, &T) -> bool) -> Vec<Index<T>> {
        let graph = &*self.graph;
        let rows = T::table(graph).iter().filter(|(index, node)| passes(graph, *index, node));
        rows.map(|(index, _)| index).filter(|index| self.sees(graph, *index)).collect()
    }
}

/// Numbers and keys of records are short and plain in every system; no system is asked for anything else.
fn may_be_called(key: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    (1..=64).contains(&key.len()) && key.chars().all(plain)
}

fn not_remembered(id: &RecordId, kind: RecordKind, what: &str) -> Gap {
    Gap {
        code: GapCode::SourceIncomplete,
        connector: Some(id.connector.clone()),
        kind,
        message: format!("{what} of {} are not remembered; ask for them without `asOf`", id.connector).into(),
        since: None,
        retryable: false,
    }
}

/// The start of the second that it is now (UTC): finer moments would make answers that nobody else can be given.
pub(crate) fn this_second(federation: &Federation) -> Timestamp {
    let now = federation.clock().now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
