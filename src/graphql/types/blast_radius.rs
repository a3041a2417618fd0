//! How far trouble with a service reaches.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use domain::RecordKind;
use engine::graph::{Index, ReleaseGraph};

use super::Gap;
use super::service::{ServiceConnection, ServiceEdge};
use crate::graphql::connection::{Ask, page_cost};
use crate::graphql::coverage::{Coverage, all_gaps};
use crate::graphql::errors;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

const DEEPEST: i32 = 5;
const TOPOLOGY: &[RecordKind] = &[RecordKind::CiRelation, RecordKind::ConfigurationItem];

/// What trouble with a service reaches.
pub(crate) struct BlastRadius {
    start: At<domain::Service>,
    reached: engine::lookup::BlastRadius,
}

impl BlastRadius {
    /// What trouble with a service reaches in so many steps.
    pub(crate) fn of(graph: &Arc<ReleaseGraph>, service: Index<domain::Service>, depth: i32) -> Result<Self> {
        if !(1..=DEEPEST).contains(&depth) {
            return Err(errors::limit_exceeded(format!("`depth` is {depth}; it may be 1 to {DEEPEST}.")));
        }
        let reached = engine::lookup::blast_radius(graph, service, depth.unsigned_abs());
        Ok(Self { start: At { graph: graph.clone(), index: service }, reached })
    }
}

/// What trouble with a service reaches: up the relations of the CMDB and the stated dependencies.
#[Object]
impl BlastRadius {
    /// Services that it reaches, without the one where it starts; in the order of their keys.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ServiceConnection>> {
        let ask = Ask::new("blastRadius.services", TOPOLOGY, (first, after, last, before));
        let sheet = self.start.node_page(ctx, ask, self.reached.services.iter().copied())?;
        let edge = |cursor, index| ServiceEdge { cursor, node: self.start.beside(index) };
        Ok(sheet.map(|sheet| ServiceConnection::new(sheet, edge)))
    }

    /// How many configuration items it reaches, with the service's own; null while that is not known.
    async fn configuration_item_count(&self, ctx: &Context<'_>) -> Result<Option<usize>> {
        let session = Session::of(ctx)?;
        let items = self.reached.configuration_items.iter();
        let rows = items.filter(|item| session.sees(&self.start.graph, **item)).count();
        Ok(Coverage::of(session, &self.start.graph, TOPOLOGY, &[]).count(ctx, rows))
    }

    /// What is missing of the topology.
    async fn gaps(&self, ctx: &Context<'_>) -> Result<Vec<Gap>> {
        Ok(all_gaps(Session::of(ctx)?, &self.start.graph, TOPOLOGY).into_iter().map(Gap).collect())
    }
}
