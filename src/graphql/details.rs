//! What is read live, and reading it: long texts, and records that the graph does not hold because they are older than
//! its horizon. Such a record comes as a small graph of its own, so that it is shown and hidden like any other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connectors::{Connector, Gathered, LongText, Wanted};
use domain::{ConnectorId, Gap, RecordId, RecordKind, Text};
use engine::correlate::named_people;
use engine::graph::ReleaseGraph;

use crate::federation::Federation;

/// What is wanted of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wish {
    /// One of its texts.
    Text(LongText),
    /// The record itself, by its id.
    Record(RecordKind),
    /// The record itself, by the number or key that people say: it stands where an id has the vendor's own.
    Called(RecordKind),
}

/// What was read.
#[derive(Debug, Clone)]
pub(crate) enum Detail {
    /// A text.
    Text(Text),
    /// A graph with the record, and with others that were read together with it.
    Graph(Arc<ReleaseGraph>),
}

/// A detail, nothing where there is none, or what is missing.
pub(crate) type Answer = Result<Option<Detail>, Gap>;

/// What a record costs in memory, with its share of the graph that it stands in, about.
const RECORD_BYTES: usize = 16 << 10;

impl Wish {
    /// The kind of records that it is about.
    pub(crate) fn kind(self) -> RecordKind {
        match self {
            Self::Text(text) => text.kind(),
            Self::Record(kind) | Self::Called(kind) => kind,
        }
    }
}

impl Detail {
    /// How much memory it needs, about.
    pub(crate) fn size_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Graph(_) => RECORD_BYTES,
        }
    }
}

/// Reads details of one system together.
pub(crate) async fn read_details(
    federation: &Federation,
    (connector, wish): (&ConnectorId, Wish),
    ids: BTreeSet<RecordId>,
) -> BTreeMap<RecordId, Answer> {
    let mut systems = federation.connectors().iter();
    let system = systems.find(|system| system.descriptor().id == *connector);
    match (system, wish) {
        (Some(system), Wish::Text(what)) => read_texts(system.as_ref(), what, ids).await,
        (Some(system), Wish::Record(kind)) => {
            let read = system.read(&Wanted::from([(kind, ids.clone())]), federation.clock().now()).await;
            read_graph(federation, system.as_ref(), (wish, ids), read).await
        }
        (Some(system), Wish::Called(kind)) => {
            let keys = ids.iter().map(|id| id.native.clone()).collect();
            let read = system.find(kind, &keys, federation.clock().now()).await;
            read_graph(federation, system.as_ref(), (wish, ids), read).await
        }
        (None, _) => ids.into_iter().map(|id| (id, Ok(None))).collect(),
    }
}

async fn read_texts(system: &dyn Connector, what: LongText, ids: BTreeSet<RecordId>) -> BTreeMap<RecordId, Answer> {
    let Some(source) = system.long_texts() else { return ids.into_iter().map(|id| (id, Ok(None))).collect() };
    let read = source.long_texts(what, &ids).await;
    let answer = |id: &RecordId| match &read {
        Ok(texts) => Ok(texts.get(id).cloned().map(Detail::Text)),
        Err(error) => Err(error.gap(what.kind(), None)),
    };
    ids.into_iter().map(|id| (id.clone(), answer(&id))).collect()
}

async fn read_graph(
    federation: &Federation,
    system: &dyn Connector,
    (wish, ids): (Wish, BTreeSet<RecordId>),
    mut read: Gathered,
) -> BTreeMap<RecordId, Answer> {
    let kind = wish.kind();
    let held = federation.graph().unwrap_or_default();
    let wanted = unmet_people(&held, &read, &system.descriptor().id);
    if !wanted.is_empty() {
        // Where people cannot be read the record is shown without their names.
        let people = system.read(&wanted, federation.clock().now()).await;
        read.records.append(people.records);
    }
    let gap = read.gaps.into_iter().find(|gap| gap.kind == kind);
    let graph = Arc::new(federation.aside(&held, read.records));
    let answer = |id: &RecordId| match (is_in(&graph, wish, id), &gap) {
        (true, _) => Ok(Some(Detail::Graph(graph.clone()))),
        (false, None) => Ok(None),
        (false, Some(gap)) => Err(gap.clone()),
    };
    ids.into_iter().map(|id| (id.clone(), answer(&id))).collect()
}

/// Whom the records name that nobody has met yet.
fn unmet_people(held: &ReleaseGraph, read: &Gathered, connector: &ConnectorId) -> Wanted {
    let (accounts, groups) = named_people(&read.records);
    let met: BTreeSet<&RecordId> = read.records.accounts.iter().map(|account| &account.id.0).collect();
    let accounts = accounts.into_iter().filter(|id| held.accounts.find(id).is_none()).map(|id| id.0);
    let accounts: BTreeSet<RecordId> =
        accounts.filter(|id| id.connector == *connector && !met.contains(id)).collect();
    let groups = groups.into_iter().filter(|id| held.groups.find(id).is_none()).map(|id| id.0);
    let groups: BTreeSet<RecordId> = groups.filter(|id| id.connector == *connector).collect();
    let wanted = [(RecordKind::Account, accounts), (RecordKind::Group, groups)];
    wanted.into_iter().filter(|(_, ids)| !ids.is_empty()).collect()
}

fn is_in(graph: &ReleaseGraph, wish: Wish, id: &RecordId) -> bool {
    use domain::{ChangeId, ConfigurationItemId, IncidentId, ProblemId, PullRequestId, WorkItemId};
    let said =
        |number: &str, own: &RecordId| own.connector == id.connector && number.eq_ignore_ascii_case(&id.native);
    match wish {
        Wish::Text(_) => false,
        Wish::Record(kind) => match kind {
            RecordKind::Change => graph.changes.find(&ChangeId(id.clone())).is_some(),
            RecordKind::Incident => graph.incidents.find(&IncidentId(id.clone())).is_some(),
            RecordKind::Problem => graph.problems.find(&ProblemId(id.clone())).is_some(),
            RecordKind::WorkItem => graph.work_items.find(&WorkItemId(id.clone())).is_some(),
            RecordKind::PullRequest => graph.pull_requests.find(&PullRequestId(id.clone())).is_some(),
            RecordKind::ConfigurationItem => {
                graph.configuration_items.find(&ConfigurationItemId(id.clone())).is_some()
            }
            _ => false,
        },
        Wish::Called(kind) => match kind {
            RecordKind::Change => graph.changes.iter().any(|(_, own)| said(&own.number, &own.id.0)),
            RecordKind::Incident => graph.incidents.iter().any(|(_, own)| said(&own.number, &own.id.0)),
            RecordKind::Problem => graph.problems.iter().any(|(_, own)| said(&own.number, &own.id.0)),
            RecordKind::WorkItem => graph.work_items.iter().any(|(_, own)| {
                said(&own.key, &own.id.0) || own.former_keys.iter().any(|key| said(key, &own.id.0))
            }),
            _ => false,
        },
    }
}
