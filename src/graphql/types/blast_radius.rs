//! How far trouble with a release reaches.

use async_graphql::{Context, Object, Result};
use domain::{RecordKind, Scope};

use super::Gap;
use super::release::Release;
use super::service::{ReachedServiceConnection, ReachedServiceEdge};
use crate::graphql::connection::{Ask, page_cost};
use crate::graphql::coverage::{Coverage, all_gaps};
use crate::graphql::errors;
use crate::graphql::paging::OrderKey;
use crate::graphql::session::Session;
use crate::graphql::visibility::Entity;

const DEEPEST: i32 = 5;
const TOPOLOGY: &[RecordKind] = &[RecordKind::CiRelation, RecordKind::ConfigurationItem];

/// What trouble with a release reaches.
pub(crate) struct BlastRadius {
    start: Release,
    reached: engine::queries::BlastRadius,
}

impl BlastRadius {
    /// What trouble with a release reaches in so many steps, as far as the caller may see.
    pub(crate) fn of(release: &Release, scope: &Scope, depth: i32) -> Result<Self> {
        if !(1..=DEEPEST).contains(&depth) {
            return Err(errors::limit_exceeded(format!("`depth` is {depth}; it may be 1 to {DEEPEST}.")));
        }
        let reached = engine::queries::blast_radius(&release.graph, release.index, depth.unsigned_abs(), scope);
        Ok(Self { start: release.beside(release.index), reached })
    }
}

/// What trouble with a release reaches: up the relations of the CMDB and the stated dependencies.
#[Object]
impl BlastRadius {
    /// Services that it reaches, without the release's own; nearest first.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ReachedServiceConnection>> {
        let ask = Ask::new("blastRadius.services", TOPOLOGY, (first, after, last, before));
        let services = &self.start.graph.services;
        let place = |(index, distance): &(_, u32)| {
            let key = services.get(*index).order();
            [OrderKey::Number(i64::from(*distance))].into_iter().chain(key).collect()
        };
        let sheet = self.start.page(ctx, ask, (self.reached.services.clone(), place))?;
        let edge =
            |cursor, (index, distance)| ReachedServiceEdge { cursor, node: self.start.beside(index), distance };
        Ok(sheet.map(|sheet| ReachedServiceConnection::new(sheet, edge)))
    }

    /// How many configuration items it reaches, without the service's own; null while that is not known.
    async fn configuration_item_count(&self, ctx: &Context<'_>) -> Result<Option<usize>> {
        let session = Session::of(ctx)?;
        let items = self.reached.configuration_items.iter();
        let rows = items.filter(|item| session.sees(&self.start.graph, **item)).count();
        Ok(Coverage::of(session, &self.start.graph, TOPOLOGY, &[]).count(ctx, rows))
    }

    /// What is missing of the topology.
    async fn gaps(&self, ctx: &Context<'_>) -> Result<Vec<Gap>> {
        Ok(Gap::told_once(all_gaps(Session::of(ctx)?, &self.start.graph, TOPOLOGY)))
    }
}
