//! Changes: by number, and as a list across systems.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use domain::RecordKind;
use engine::graph::Index;
use jiff::Timestamp;

use super::listing::{Listing, among, at_or_after, contains, only, text_key, time_key, touches};
use super::lookup::Said;
use crate::graphql::connection::page_cost;
use crate::graphql::paging::{OrderDirection, OrderKey, PageArguments};
use crate::graphql::session::Session;
use crate::graphql::types::change::{Change, ChangeConnection, ChangeEdge};
use crate::graphql::types::enums::{ChangeState, ChangeType};
use crate::graphql::types::node::{self, Node};
use crate::graphql::visibility::At;

/// Conditions on changes; all that are given must hold.
#[derive(Debug, Clone, Default, Hash, InputObject)]
pub(crate) struct ChangeFilter {
    /// In one of these states.
    states: Option<Vec<ChangeState>>,
    /// Of one of these types.
    types: Option<Vec<ChangeType>>,
    /// Touches one of the services with these keys.
    services: Option<Vec<String>>,
    /// Of one of the systems with these ids.
    connectors: Option<Vec<String>>,
    /// Number, short or long text contains this, in any case.
    text: Option<String>,
    /// The planned window ends after this moment.
    window_from: Option<Timestamp>,
    /// The planned window starts before this moment.
    window_to: Option<Timestamp>,
    /// The record changed at or after this moment.
    updated_since: Option<Timestamp>,
}

/// By what changes are ordered. Those without a value come last, whichever the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub(crate) enum ChangeOrderBy {
    /// By number.
    Number,
    /// By the start of the planned window.
    WindowStart,
    /// By state, in the order in which a change passes through them.
    State,
    /// By the latest change of the record.
    UpdatedAt,
}

/// One part of an order.
#[derive(Debug, Clone, Hash, InputObject)]
pub(crate) struct ChangeOrder {
    /// By what.
    by: ChangeOrderBy,
    /// Which way.
    direction: OrderDirection,
}

impl ChangeFilter {
    fn select(&self, session: &Session) -> Vec<Index<domain::Change>> {
        let services = only(self.services.as_ref());
        let in_window = |change: &domain::Change| {
            let from = self.window_from.is_none_or(|from| change.window.is_some_and(|window| from < window.end));
            from && self.window_to.is_none_or(|to| change.window.is_some_and(|window| window.start < to))
        };
        session.select(|_, index, change: &domain::Change| {
            let texts = [Some(&*change.number), change.short_description.as_deref(), change.description.as_deref()];
            among(self.states.as_ref(), change.state)
                && among(self.types.as_ref(), change.class)
                && among(self.connectors.as_ref(), change.id.0.connector.as_str())
                && in_window(change)
                && at_or_after(change.updated_at, self.updated_since)
                && contains(texts, self.text.as_ref())
                && touches(session, index, services.as_ref())
        })
    }
}

fn rank(change: &domain::Change, by: ChangeOrderBy) -> OrderKey {
    match by {
        ChangeOrderBy::Number => text_key(&change.number),
        ChangeOrderBy::WindowStart => time_key(change.window.map(|window| window.start)),
        ChangeOrderBy::State => OrderKey::Number(change.state as i64),
        ChangeOrderBy::UpdatedAt => time_key(change.updated_at),
    }
}

#[derive(Default)]
pub(super) struct ChangeQuery;

#[Object]
impl ChangeQuery {
    /// The change with this number. Two systems may use the same one: `connector` says which is meant.
    async fn change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number people say, for example CHG0030001.")] number: String,
        #[graphql(desc = "Id of the system, where several know the number.")] connector: Option<String>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
    ) -> Result<Option<Change>> {
        let said = Said { key: &number, connector: connector.as_deref() };
        let session = Session::known(ctx, as_of).await?;
        said.find((ctx, &*session), |change: &domain::Change| change.number.eq_ignore_ascii_case(&number)).await
    }

    /// Changes across systems. `first` or `last` is required, 1 to 100; ties are broken by id.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        filter: Option<ChangeFilter>,
        order_by: Option<Vec<ChangeOrder>>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ChangeConnection>> {
        let session = &*Session::known(ctx, as_of).await?;
        let (filter, order) = (filter.unwrap_or_default(), order_by.unwrap_or_default());
        let directions: Vec<OrderDirection> = order.iter().map(|part| part.direction).collect();
        let arguments = PageArguments { first, after, last, before };
        let (shape, kinds) = ((&filter, &order, as_of), &[RecordKind::Change]);
        let listing = Listing { name: "changes", shape: &shape, kinds, directions: &directions, arguments };
        let ranks = |index| {
            let node = session.graph.changes.get(index);
            order.iter().map(|part| rank(node, part.by)).collect()
        };
        let edge = |cursor, index| ChangeEdge { cursor, node: At { graph: session.graph.clone(), index } };
        Ok(listing
            .page((ctx, session), filter.select(session), ranks)?
            .map(|sheet| ChangeConnection::new(sheet, edge)))
    }

    #[graphql(entity)]
    async fn find_change_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Change>> {
        Ok(match node::find(ctx, Session::of_entity(ctx)?, &id).await {
            Some(Node::Change(found)) => Some(found),
            _ => None,
        })
    }
}
