//! Work items: by key, and as a list across trackers.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use domain::RecordKind;
use engine::graph::Index;
use jiff::Timestamp;

use super::listing::{Listing, among, at_or_after, contains, only, text_key, time_key, touches};
use super::lookup::Said;
use crate::graphql::connection::page_cost;
use crate::graphql::paging::{OrderDirection, OrderKey, PageArguments};
use crate::graphql::session::Session;
use crate::graphql::types::enums::{WorkItemState, WorkItemType};
use crate::graphql::types::node::{self, Node};
use crate::graphql::types::work_item::{WorkItem, WorkItemConnection, WorkItemEdge};
use crate::graphql::visibility::At;

/// Conditions on work items; all that are given must hold.
#[derive(Debug, Clone, Default, Hash, InputObject)]
pub(crate) struct WorkItemFilter {
    /// In one of these states.
    states: Option<Vec<WorkItemState>>,
    /// Of one of these types.
    types: Option<Vec<WorkItemType>>,
    /// Of one of the projects with these keys.
    projects: Option<Vec<String>>,
    /// In the project, or in a release, of one of the services with these keys.
    services: Option<Vec<String>>,
    /// Of one of the systems with these ids.
    connectors: Option<Vec<String>>,
    /// Key, summary or long text contains this, in any case.
    text: Option<String>,
    /// The item changed at or after this moment.
    updated_since: Option<Timestamp>,
}

/// By what work items are ordered. Those without a value come last, whichever the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub(crate) enum WorkItemOrderBy {
    /// By key.
    Key,
    /// By state, from to do to done.
    State,
    /// By creation.
    CreatedAt,
    /// By the latest change.
    UpdatedAt,
}

/// One part of an order.
#[derive(Debug, Clone, Hash, InputObject)]
pub(crate) struct WorkItemOrder {
    /// By what.
    by: WorkItemOrderBy,
    /// Which way.
    direction: OrderDirection,
}

impl WorkItemFilter {
    fn select(&self, session: &Session) -> Vec<Index<domain::WorkItem>> {
        let services = only(self.services.as_ref());
        session.select(|_, index, item: &domain::WorkItem| {
            let texts = [Some(&*item.key), Some(&*item.summary), item.description.as_deref()];
            among(self.states.as_ref(), item.state)
                && among(self.types.as_ref(), item.kind)
                && among(self.projects.as_ref(), &*item.project)
                && among(self.connectors.as_ref(), item.id.0.connector.as_str())
                && at_or_after(item.updated_at, self.updated_since)
                && contains(texts, self.text.as_ref())
                && touches(session, index, services.as_ref())
        })
    }
}

fn rank(item: &domain::WorkItem, by: WorkItemOrderBy) -> OrderKey {
    match by {
        WorkItemOrderBy::Key => text_key(&item.key),
        WorkItemOrderBy::State => OrderKey::Number(item.state as i64),
        WorkItemOrderBy::CreatedAt => time_key(item.created_at),
        WorkItemOrderBy::UpdatedAt => time_key(item.updated_at),
    }
}

fn is_called(item: &domain::WorkItem, key: &str) -> bool {
    item.key.eq_ignore_ascii_case(key) || item.former_keys.iter().any(|former| former.eq_ignore_ascii_case(key))
}

#[derive(Default)]
pub(super) struct WorkItemQuery;

#[Object]
impl WorkItemQuery {
    /// The work item with this key. Two systems may use the same one: `connector` says which is meant.
    async fn work_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key people say, for example PAY-7; also an earlier one.")] key: String,
        #[graphql(desc = "Id of the system, where several know the key.")] connector: Option<String>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
    ) -> Result<Option<WorkItem>> {
        let said = Said { key: &key, connector: connector.as_deref() };
        let session = Session::known(ctx, as_of).await?;
        said.find((ctx, &*session), |item: &domain::WorkItem| is_called(item, &key)).await
    }

    /// Work items across systems. `first` or `last` is required, 1 to 100; ties are broken by id.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn work_items(
        &self,
        ctx: &Context<'_>,
        filter: Option<WorkItemFilter>,
        order_by: Option<Vec<WorkItemOrder>>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<WorkItemConnection>> {
        let session = &*Session::known(ctx, as_of).await?;
        let (filter, order) = (filter.unwrap_or_default(), order_by.unwrap_or_default());
        let directions: Vec<OrderDirection> = order.iter().map(|part| part.direction).collect();
        let arguments = PageArguments { first, after, last, before };
        let (shape, kinds) = ((&filter, &order, as_of), &[RecordKind::WorkItem]);
        let listing = Listing { name: "workItems", shape: &shape, kinds, directions: &directions, arguments };
        let ranks = |index| {
            let node = session.graph.work_items.get(index);
            order.iter().map(|part| rank(node, part.by)).collect()
        };
        let edge = |cursor, index| WorkItemEdge { cursor, node: At { graph: session.graph.clone(), index } };
        Ok(listing
            .page((ctx, session), filter.select(session), ranks)?
            .map(|sheet| WorkItemConnection::new(sheet, edge)))
    }

    #[graphql(entity)]
    async fn find_work_item_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<WorkItem>> {
        Ok(match node::find(ctx, Session::of_entity(ctx)?, &id).await {
            Some(Node::WorkItem(found)) => Some(found),
            _ => None,
        })
    }
}
