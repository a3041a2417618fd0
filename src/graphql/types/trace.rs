//! Where an issue, commit or digest is now, and by which paths.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use domain::{ConnectorId, RecordKind, Text};
use engine::graph::ReleaseGraph;
use engine::queries::{
    Trace as Found, TraceNode, TraceOf, TracePath as FoundPath, TraceStep as FoundStep, trace, trace_in,
};

use super::node::Node;
use super::placement::Placement;
use super::{Gap, Link};
use crate::graphql::connection::{Sheet, connection, page_cost};
use crate::graphql::coverage::Coverage;
use crate::graphql::errors;
use crate::graphql::paging::{self, Binding, OrderKey, PageArguments};
use crate::graphql::session::Session;
use crate::graphql::visibility::Entity;

/// What is traced: exactly one of these.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct TraceInput {
    /// A work item's key, now or earlier.
    work_item: Option<String>,
    /// A commit's sha, whole or its first seven digits or more.
    commit: Option<String>,
    /// An artifact's digest.
    digest: Option<String>,
    /// A change's number.
    change: Option<String>,
    /// An incident's number.
    incident: Option<String>,
    /// Id of the system, where several know the key or number.
    connector: Option<String>,
}

impl TraceInput {
    fn start(&self) -> Result<TraceOf> {
        let given =
            |words: &Option<String>, of: fn(Text) -> TraceOf| words.as_deref().map(|word| of(word.trim().into()));
        let starts = [
            given(&self.work_item, TraceOf::WorkItem),
            given(&self.commit, TraceOf::Commit),
            given(&self.digest, TraceOf::Digest),
            given(&self.change, TraceOf::Change),
            given(&self.incident, TraceOf::Incident),
        ];
        let mut given = starts.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(start), None) => Ok(start),
            _ => Err(errors::bad_input("`of` needs exactly one of workItem, commit, digest, change and incident.")),
        }
    }
}

connection! {
    /// Paths, shortest first.
    TracePathConnection of TracePathEdge to TracePath {}
}

/// A trace.
pub(crate) struct Trace {
    graph: Arc<ReleaseGraph>,
    /// What was asked for, in words that no other question has.
    asked: String,
    found: Found,
}

impl Trace {
    /// Traces what is asked for, over nodes that the caller may see.
    pub(crate) fn new(session: &Session, asked: &TraceInput) -> Result<Self> {
        let (graph, of) = (session.graph.clone(), asked.start()?);
        let mut found = match &asked.connector {
            Some(connector) => trace_in(&graph, &of, session.scope(), &ConnectorId::new(connector.as_str())),
            None => trace(&graph, &of, session.scope()),
        };
        one_system(session, &graph, (&of, &found))?;
        found.paths.retain(|path| path.steps.iter().all(|step| place(session, &graph, step.node).is_some()));
        Ok(Self { graph, asked: format!("{of:?} {:?}", asked.connector), found })
    }
}

/// A key or number that two systems use is not guessed at.
fn one_system(session: &Session, graph: &Arc<ReleaseGraph>, (of, found): (&TraceOf, &Found)) -> Result<()> {
    let (TraceOf::WorkItem(key) | TraceOf::Change(key) | TraceOf::Incident(key)) = of else { return Ok(()) };
    let seen = found.found.iter().filter(|node| place(session, graph, **node).is_some());
    let systems: BTreeSet<&ConnectorId> = seen.filter_map(|node| node.connector(graph)).collect();
    match systems.len() {
        0 | 1 => Ok(()),
        _ => Err(errors::ambiguous_key(key, &systems.into_iter().collect::<Vec<_>>())),
    }
}

/// Where something is now, and by which paths it came there.
#[Object]
impl Trace {
    /// Was every system that could tell of it read well? If not, it may be elsewhere too.
    async fn complete(&self) -> bool {
        self.found.complete
    }

    /// Where releases that bring it, later ones that kept it, or the digest itself are seen running; null while nobody
    /// can tell.
    async fn placements(&self, ctx: &Context<'_>) -> Result<Option<Vec<Placement>>> {
        let session = Session::of(ctx)?;
        let seen = self.found.placements.iter();
        let found: Vec<Placement> = seen.filter_map(|seen| Placement::find(&self.graph, seen)).collect();
        let coverage = Coverage::of(session, &self.graph, &[RecordKind::RuntimeObservation], &[]);
        Ok((!coverage.is_unknown(ctx, found.len())).then_some(found))
    }

    /// The paths from it to releases, link by link; shortest first.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn paths(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<TracePathConnection> {
        let session = Session::of(ctx)?;
        let binding = Binding::new("trace.paths", &self.asked, session.scope());
        let rows: Vec<&FoundPath> = self.found.paths.iter().collect();
        let arguments = PageArguments { first, after, last, before };
        let place = |path: &&FoundPath| order(&self.graph, &path.steps);
        let page = paging::page_in_order(rows, &[], binding, (&arguments, place))?;
        let sheet = Sheet::new(page, self.found.gaps.clone());
        let edge =
            |cursor, path: &FoundPath| TracePathEdge { cursor, node: TracePath::new(session, &self.graph, path) };
        Ok(TracePathConnection::new(sheet, edge))
    }

    /// What is missing of the records that could tell of it.
    async fn gaps(&self) -> Vec<Gap> {
        Gap::told_once(self.found.gaps.iter().cloned())
    }
}

/// A path from what was asked for to a release.
#[derive(SimpleObject)]
pub(crate) struct TracePath {
    /// Its steps, from what was asked for to the release.
    steps: Vec<TraceStep>,
}

/// A step of a path.
#[derive(SimpleObject)]
pub(crate) struct TraceStep {
    /// The link from the node before; null at the start.
    link: Option<Link>,
    /// The node.
    node: Node,
}

impl TracePath {
    fn new(session: &Session, graph: &Arc<ReleaseGraph>, path: &FoundPath) -> Self {
        let step = |step: &FoundStep| {
            Some(TraceStep { link: step.link.as_ref().map(Link::from), node: place(session, graph, step.node)? })
        };
        Self { steps: path.steps.iter().filter_map(step).collect() }
    }
}

fn place(session: &Session, graph: &Arc<ReleaseGraph>, node: TraceNode) -> Option<Node> {
    match node {
        TraceNode::WorkItem(at) => session.place(graph, at).map(Node::WorkItem),
        TraceNode::Commit(at) => session.place(graph, at).map(Node::Commit),
        TraceNode::PullRequest(at) => session.place(graph, at).map(Node::PullRequest),
        TraceNode::Artifact(at) => session.place(graph, at).map(Node::Artifact),
        TraceNode::Change(at) => session.place(graph, at).map(Node::Change),
        TraceNode::Incident(at) => session.place(graph, at).map(Node::Incident),
        TraceNode::Release(at) => session.place(graph, at).map(Node::Release),
    }
}

/// Shortest first, then by the kinds and ids of the nodes: the order in which the engine gives them.
fn order(graph: &ReleaseGraph, path: &[FoundStep]) -> Vec<OrderKey> {
    fn of<T: Entity>(graph: &ReleaseGraph, kind: i64, at: engine::Index<T>) -> Vec<OrderKey> {
        let mut place = vec![OrderKey::Number(kind)];
        place.extend(T::table(graph).get(at).order());
        place
    }
    let mut place = vec![OrderKey::Number(i64::try_from(path.len()).unwrap_or(i64::MAX))];
    for step in path {
        place.extend(match step.node {
            TraceNode::WorkItem(at) => of(graph, 0, at),
            TraceNode::Commit(at) => of(graph, 1, at),
            TraceNode::PullRequest(at) => of(graph, 2, at),
            TraceNode::Artifact(at) => of(graph, 3, at),
            TraceNode::Change(at) => of(graph, 4, at),
            TraceNode::Incident(at) => of(graph, 5, at),
            TraceNode::Release(at) => of(graph, 6, at),
        });
    }
    place
}
