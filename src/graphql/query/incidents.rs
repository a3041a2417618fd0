//! Incidents and problems: by number, and as lists across systems.

use async_graphql::{Context, Enum, InputObject, Object, Result};
use domain::RecordKind;
use engine::graph::Index;
use jiff::Timestamp;

use super::listing::{Listing, among, at_or_after, contains, only, text_key, time_key, touches};
use super::lookup::Said;
use crate::graphql::connection::page_cost;
use crate::graphql::paging::{OrderDirection, OrderKey, PageArguments};
use crate::graphql::session::Session;
use crate::graphql::types::enums::IncidentState;
use crate::graphql::types::incident::{Incident, IncidentConnection, IncidentEdge};
use crate::graphql::types::problem::{Problem, ProblemConnection, ProblemEdge};
use crate::graphql::visibility::At;

/// Conditions on incidents; all that are given must hold.
#[derive(Debug, Clone, Default, Hash, InputObject)]
pub(crate) struct IncidentFilter {
    /// In one of these states.
    states: Option<Vec<IncidentState>>,
    /// Still to be worked on, or not.
    open: Option<bool>,
    /// Of one of these priorities, 1 (highest) to 5.
    priorities: Option<Vec<u8>>,
    /// Concerns one of the services with these keys.
    services: Option<Vec<String>>,
    /// Of one of the systems with these ids.
    connectors: Option<Vec<String>>,
    /// Number, short or long text contains this, in any case.
    text: Option<String>,
    /// Opened at or after this moment.
    opened_from: Option<Timestamp>,
    /// Opened before this moment.
    opened_to: Option<Timestamp>,
    /// The record changed at or after this moment.
    updated_since: Option<Timestamp>,
}

/// By what incidents are ordered. Those without a value come last, whichever the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub(crate) enum IncidentOrderBy {
    /// By number.
    Number,
    /// By priority.
    Priority,
    /// By opening.
    OpenedAt,
    /// By the latest change of the record.
    UpdatedAt,
}

/// One part of an order.
#[derive(Debug, Clone, Hash, InputObject)]
pub(crate) struct IncidentOrder {
    /// By what.
    by: IncidentOrderBy,
    /// Which way.
    direction: OrderDirection,
}

impl IncidentFilter {
    fn select(&self, session: &Session) -> Vec<Index<domain::Incident>> {
        let services = only(self.services.as_ref());
        let priority = |incident: &domain::Incident| {
            self.priorities.as_ref().is_none_or(|all| incident.priority.is_some_and(|own| all.contains(&own)))
        };
        session.select(|_, index, incident: &domain::Incident| {
            let long = incident.description.as_deref();
            let texts = [Some(&*incident.number), incident.short_description.as_deref(), long];
            among(self.states.as_ref(), incident.state)
                && self.open.is_none_or(|open| incident.state.is_open() == open)
                && priority(incident)
                && among(self.connectors.as_ref(), incident.id.0.connector.as_str())
                && at_or_after(incident.opened_at, self.opened_from)
                && self.opened_to.is_none_or(|to| incident.opened_at.is_some_and(|at| at < to))
                && at_or_after(incident.updated_at, self.updated_since)
                && contains(texts, self.text.as_ref())
                && touches(session, index, services.as_ref())
        })
    }
}

fn rank(incident: &domain::Incident, by: IncidentOrderBy) -> OrderKey {
    match by {
        IncidentOrderBy::Number => text_key(&incident.number),
        IncidentOrderBy::Priority => {
            incident.priority.map_or(OrderKey::Missing, |priority| OrderKey::Number(i64::from(priority)))
        }
        IncidentOrderBy::OpenedAt => time_key(incident.opened_at),
        IncidentOrderBy::UpdatedAt => time_key(incident.updated_at),
    }
}

#[derive(Default)]
pub(super) struct IncidentQuery;

#[Object]
impl IncidentQuery {
    /// The incident with this number. Two systems may use the same one: `connector` says which is meant.
    async fn incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number people say, for example INC0010001.")] number: String,
        #[graphql(desc = "Id of the system, where several know the number.")] connector: Option<String>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
    ) -> Result<Option<Incident>> {
        let said = Said { key: &number, connector: connector.as_deref() };
        let session = Session::known(ctx, as_of).await?;
        said.find((ctx, &*session), |incident: &domain::Incident| incident.number.eq_ignore_ascii_case(&number))
            .await
    }

    /// Incidents across systems. `first` or `last` is required, 1 to 100; ties are broken by id.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        filter: Option<IncidentFilter>,
        order_by: Option<Vec<IncidentOrder>>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<IncidentConnection>> {
        let session = &*Session::known(ctx, as_of).await?;
        let (filter, order) = (filter.unwrap_or_default(), order_by.unwrap_or_default());
        let directions: Vec<OrderDirection> = order.iter().map(|part| part.direction).collect();
        let arguments = PageArguments { first, after, last, before };
        let (shape, kinds) = ((&filter, &order, as_of), &[RecordKind::Incident]);
        let listing = Listing { name: "incidents", shape: &shape, kinds, directions: &directions, arguments };
        let ranks = |index| {
            let node = session.graph.incidents.get(index);
            order.iter().map(|part| rank(node, part.by)).collect()
        };
        let edge = |cursor, index| IncidentEdge { cursor, node: At { graph: session.graph.clone(), index } };
        Ok(listing
            .page((ctx, session), filter.select(session), ranks)?
            .map(|sheet| IncidentConnection::new(sheet, edge)))
    }

    /// The problem with this number. Two systems may use the same one: `connector` says which is meant.
    async fn problem(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number people say, for example PRB0040001.")] number: String,
        #[graphql(desc = "Id of the system, where several know the number.")] connector: Option<String>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
    ) -> Result<Option<Problem>> {
        let said = Said { key: &number, connector: connector.as_deref() };
        let session = Session::known(ctx, as_of).await?;
        said.find((ctx, &*session), |problem: &domain::Problem| problem.number.eq_ignore_ascii_case(&number)).await
    }

    /// Problems across systems, in the order of their ids. `first` or `last` is required, 1 to 100.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn problems(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ProblemConnection>> {
        let session = &*Session::known(ctx, as_of).await?;
        let arguments = PageArguments { first, after, last, before };
        let kinds = &[RecordKind::Problem];
        let listing = Listing { name: "problems", shape: &as_of, kinds, directions: &[], arguments };
        let edge = |cursor, index| ProblemEdge { cursor, node: At { graph: session.graph.clone(), index } };
        let rows = session.select(|_, _, _: &domain::Problem| true);
        Ok(listing.page((ctx, session), rows, |_| Vec::new())?.map(|sheet| ProblemConnection::new(sheet, edge)))
    }
}
