//! Where an issue, commit or digest is now, and by which paths.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use domain::RecordKind;
use engine::graph::ReleaseGraph;
use engine::lookup::{TraceNode, TracePath as Found, TraceStart, TraceStep as FoundStep, trace};

use super::node::Node;
use super::placement::Placement;
use super::{Gap, Link};
use crate::graphql::connection::{List, connection, page_cost};
use crate::graphql::coverage::{Coverage, all_gaps};
use crate::graphql::errors;
use crate::graphql::paging::{OrderKey, PageArguments};
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
}

impl TraceInput {
    fn start(&self) -> Result<TraceStart<'_>> {
        let starts = [
            self.work_item.as_deref().map(TraceStart::WorkItem),
            self.commit.as_deref().map(TraceStart::Commit),
            self.digest.as_deref().map(TraceStart::Digest),
            self.change.as_deref().map(TraceStart::Change),
            self.incident.as_deref().map(TraceStart::Incident),
        ];
        let mut given = starts.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(start), None) => Ok(start),
            _ => Err(errors::bad_input("`of` needs exactly one of workItem, commit, digest, change and incident.")),
        }
    }

    fn kinds(&self) -> &'static [RecordKind] {
        use RecordKind::{
            Artifact, Change, Commit, Deployment, Incident, PullRequest, RuntimeObservation, Tag, WorkItem,
        };
        if self.work_item.is_some() {
            &[WorkItem, RecordKind::TrackedVersion, Commit, PullRequest, Change, Tag, RuntimeObservation]
        } else if self.commit.is_some() {
            &[Commit, Tag, RuntimeObservation]
        } else if self.digest.is_some() {
            &[Artifact, Tag, Deployment, RuntimeObservation]
        } else if self.change.is_some() {
            &[Change, RuntimeObservation]
        } else {
            &[Incident, Change, Deployment, RuntimeObservation]
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
    of: TraceInput,
}

impl Trace {
    /// Traces what is asked for; refuses a question that is none.
    pub(crate) fn new(graph: &Arc<ReleaseGraph>, of: TraceInput) -> Result<Self> {
        of.start()?;
        Ok(Self { graph: graph.clone(), of })
    }

    /// Paths on which the caller may see every node.
    fn found(&self, session: &Session) -> Result<Vec<Found<'_>>> {
        let mut paths = trace(&self.graph, self.of.start()?);
        paths.retain(|path| path.iter().all(|step| place(session, &self.graph, step.node).is_some()));
        Ok(paths)
    }
}

/// Where something is now, and by which paths it came there.
#[Object]
impl Trace {
    /// Was every system that could tell of it read well? If not, it may be elsewhere too.
    async fn complete(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(all_gaps(Session::of(ctx)?, &self.graph, self.of.kinds()).is_empty())
    }

    /// Where releases that bring it, or the digest itself, are seen running; null while nobody can tell.
    async fn placements(&self, ctx: &Context<'_>) -> Result<Option<Vec<Placement>>> {
        let session = Session::of(ctx)?;
        let paths = self.found(session)?;
        let brought = |key: &domain::ReleaseKey| {
            self.graph.releases.find(key).is_some_and(|release| {
                paths.iter().any(|path| path.last().is_some_and(|step| step.node == TraceNode::Release(release)))
            })
        };
        let here = |seen: &&domain::Placement| {
            let same = seen
                .digest
                .as_deref()
                .zip(self.of.digest.as_deref())
                .is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
            same || seen.release.as_ref().is_some_and(brought)
        };
        let visible = self.graph.placements.iter().filter(|(service, _)| session.scope().allows(service));
        let found: Vec<Placement> = visible
            .flat_map(|(service, seen)| {
                seen.iter().filter(here).map(|seen| Placement::new(&self.graph, service, seen))
            })
            .collect();
        let coverage = Coverage::of(session, &self.graph, &[RecordKind::RuntimeObservation], &[]);
        Ok((!coverage.is_unknown(ctx, found.len())).then_some(found))
    }

    /// The paths from it to releases, link by link; a path of one step leads to no release.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn paths(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<TracePathConnection>> {
        let session = Session::of(ctx)?;
        let coverage = Coverage::of(session, &self.graph, self.of.kinds(), &[]);
        let list = List::new(session, "paths", &format!("{:?}", self.of), self.found(session)?).covered(coverage);
        let sheet =
            list.page(ctx, &PageArguments { first, after, last, before }, |path| order(&self.graph, path))?;
        let edge =
            |cursor, path: Found<'_>| TracePathEdge { cursor, node: TracePath::new(session, &self.graph, &path) };
        Ok(sheet.map(|sheet| TracePathConnection::new(sheet, edge)))
    }

    /// What is missing of the records that could tell of it.
    async fn gaps(&self, ctx: &Context<'_>) -> Result<Vec<Gap>> {
        Ok(all_gaps(Session::of(ctx)?, &self.graph, self.of.kinds()).into_iter().map(Gap).collect())
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
    fn new(session: &Session, graph: &Arc<ReleaseGraph>, path: &[FoundStep<'_>]) -> Self {
        let step = |step: &FoundStep<'_>| {
            Some(TraceStep { link: step.link.map(Link::from), node: place(session, graph, step.node)? })
        };
        Self { steps: path.iter().filter_map(step).collect() }
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
fn order(graph: &ReleaseGraph, path: &[FoundStep<'_>]) -> Vec<OrderKey> {
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
