//! Releases: by key, and as a list across systems.

use async_graphql::{Context, Enum, InputObject, Object, Result};
use domain::{EnvironmentKey, ServiceKey, Text};
use engine::graph::{Index, ReleaseGraph};
use engine::queries::{self, find_releases, matches_filter};
use jiff::{SignedDuration, Timestamp};

use super::listing::{Listing, time_key};
use crate::graphql::connection::page_cost;
use crate::graphql::coverage::{Coverage, NAMING};
use crate::graphql::errors;
use crate::graphql::paging::{OrderDirection, OrderKey, PageArguments};
use crate::graphql::session::Session;
use crate::graphql::types::enums::{ReleaseStatus, RiskLevel};
use crate::graphql::types::release::{Release, ReleaseConnection, ReleaseEdge};
use crate::graphql::visibility::At;

/// Conditions on releases; all that are given must hold.
#[derive(Debug, Clone, Default, Hash, InputObject)]
pub(crate) struct ReleaseFilter {
    /// Of one of the services with these keys.
    services: Option<Vec<String>>,
    /// Of a service of one of these tiers, 0 to 4.
    tiers: Option<Vec<i32>>,
    /// Of a service with one of these tags.
    tags: Option<Vec<String>>,
    /// In one of these states.
    statuses: Option<Vec<ReleaseStatus>>,
    /// Planned for, or seen at, one of the environments with these keys.
    environments: Option<Vec<String>>,
    /// A planned window ends after this moment.
    window_from: Option<Timestamp>,
    /// A planned window starts before this moment.
    window_to: Option<Timestamp>,
    /// Of one of these levels of risk.
    risk_levels: Option<Vec<RiskLevel>>,
    /// Key, name, description or an alias contains this, in any case.
    text: Option<String>,
    /// Has an open incident that it caused or is suspected of, or has none.
    has_open_incident: Option<bool>,
    /// Goes on the train with this number or name.
    train: Option<String>,
    /// Is carried by a change with this number.
    change: Option<String>,
}

impl From<&ReleaseFilter> for queries::ReleaseFilter {
    fn from(filter: &ReleaseFilter) -> Self {
        let text = |text: &String| Text::from(text.as_str());
        Self {
            services: filter
                .services
                .as_ref()
                .map(|keys| keys.iter().map(|key| ServiceKey::new(key.as_str())).collect()),
            tiers: filter
                .tiers
                .as_ref()
                .map(|all| all.iter().filter_map(|tier| u8::try_from(*tier).ok()).collect()),
            tags: filter.tags.as_ref().map(|tags| tags.iter().map(text).collect()),
            statuses: filter.statuses.as_ref().map(|all| all.iter().map(|status| (*status).into()).collect()),
            environments: filter
                .environments
                .as_ref()
                .map(|keys| keys.iter().map(|key| EnvironmentKey::new(key.as_str())).collect()),
            window_from: filter.window_from,
            window_to: filter.window_to,
            text: filter.text.as_ref().map(text),
            has_open_incident: filter.has_open_incident,
            train: filter.train.as_ref().map(text),
            change: filter.change.as_ref().map(text),
            risk_levels: filter
                .risk_levels
                .as_ref()
                .map(|all| all.iter().map(|level| engine::risk::RiskLevel::from(*level).as_str().into()).collect()),
        }
    }
}

/// By what releases are ordered. Those without a value come last, whichever the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub(crate) enum ReleaseOrderBy {
    /// By service, then by version as numbers.
    Key,
    /// By the start of the first planned window.
    WindowStart,
    /// By the probability of failure.
    Risk,
    /// By status, in the order in which a release passes through them.
    Status,
    /// By the service's tier.
    Tier,
    /// By the latest change of any of their records.
    UpdatedAt,
}

/// One part of an order.
#[derive(Debug, Clone, Hash, InputObject)]
pub(crate) struct ReleaseOrder {
    /// By what.
    by: ReleaseOrderBy,
    /// Which way.
    direction: OrderDirection,
}

#[derive(Default)]
pub(super) struct ReleaseQuery;

#[Object]
impl ReleaseQuery {
    /// The release that goes by this key, `service@version`, in any spelling that a system uses. Null without an error
    /// only when every system that could name it was read well.
    async fn release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`service@version`, or `service@` and a commit, digest or change number.")] key: String,
        #[graphql(desc = "Read the systems again first when the graph is older than so many seconds.")]
        max_age: Option<i32>,
        #[graphql(
            desc = "As known at this moment. Before the first observation: as far as the systems keep their history; gaps say what they do not."
        )]
        as_of: Option<Timestamp>,
    ) -> Result<Option<Release>> {
        let session = Session::of(ctx)?;
        let graph = match (max_age.map(u32::try_from), as_of) {
            (None, None) => session.graph.clone(),
            (None, Some(_)) => Session::known(ctx, as_of).await?.graph.clone(),
            (Some(_), Some(_)) => {
                return Err(errors::bad_input(
                    "`maxAge` reads the present and `asOf` the past: ask for one of them.",
                ));
            }
            (Some(Ok(seconds)), None) => {
                let age = SignedDuration::from_secs(i64::from(seconds));
                let read = session.live().no_older_than(age).await.ok_or_else(errors::not_ready)?;
                errors::tell_late(ctx, &read.late);
                read.graph
            }
            (Some(Err(_)), None) => return Err(errors::bad_input("`maxAge` is a number of seconds, 0 or more.")),
        };
        let mut found = find_releases(&graph, &key);
        found.retain(|index| session.sees(&graph, *index));
        match found.as_slice() {
            [] => Coverage::of(session, &graph, NAMING, &[]).tell_missing(ctx),
            [only] => return Ok(session.place(&graph, *only)),
            several => {
                let keys = several.iter().map(|index| graph.releases.get(*index).key.as_str()).collect::<Vec<_>>();
                return Err(errors::ambiguous_release(&key, &keys));
            }
        }
        Ok(None)
    }

    /// Releases across systems. `first` or `last` is required, 1 to 100; ties are broken by key.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        filter: Option<ReleaseFilter>,
        order_by: Option<Vec<ReleaseOrder>>,
        #[graphql(
            desc = "As known at this moment. Before the first observation: as far as the systems keep their history; gaps say what they do not."
        )]
        as_of: Option<Timestamp>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ReleaseConnection>> {
        let session = &*Session::known(ctx, as_of).await?;
        let (filter, order) = (filter.unwrap_or_default(), order_by.unwrap_or_default());
        let (graph, wanted) = (&session.graph, queries::ReleaseFilter::from(&filter));
        let by_risk = order.iter().any(|part| part.by == ReleaseOrderBy::Risk);
        let risks = match by_risk || filter.risk_levels.is_some() {
            true => Some(session.risks.of(graph).await?),
            false => None,
        };
        let risk = |index| risks.as_ref().and_then(|judged| judged.risks.get(index));
        let level = |index| risk(index).map(queries::RiskRank::from);
        let rows = session.select(|_, index, _: &domain::Release| matches_filter(graph, &wanted, index, &level));
        let directions: Vec<OrderDirection> =
            order.iter().flat_map(|part| std::iter::repeat_n(part.direction, parts(part.by))).collect();
        let arguments = PageArguments { first, after, last, before };
        let shape = (&filter, &order, as_of);
        let listing =
            Listing { name: "releases", shape: &shape, kinds: NAMING, directions: &directions, arguments };
        let rank = |index: Index<domain::Release>| {
            let release = graph.releases.get(index);
            let places = |part: &ReleaseOrder| match part.by {
                ReleaseOrderBy::Risk => vec![risk_key(risk(index))],
                by => places(graph, release, by),
            };
            order.iter().flat_map(places).collect()
        };
        let edge = |cursor, index| ReleaseEdge { cursor, node: At { graph: session.graph.clone(), index } };
        Ok(listing.page((ctx, session), rows, rank)?.map(|sheet| ReleaseConnection::new(sheet, edge)))
    }

    #[graphql(entity)]
    async fn find_release_by_key(&self, ctx: &Context<'_>, key: String) -> Result<Option<Release>> {
        let session = Session::of_entity(ctx)?;
        Ok(session.find(&session.graph, &domain::ReleaseKey::new(key)))
    }
}

/// How many parts a place has in one order.
fn parts(by: ReleaseOrderBy) -> usize {
    if by == ReleaseOrderBy::Key { 7 } else { 1 }
}

/// The probability in billionths.
fn risk_key(risk: Option<&engine::risk::Risk>) -> OrderKey {
    #[expect(clippy::cast_possible_truncation, reason = "a probability in billionths")]
    risk.map_or(OrderKey::Missing, |risk| OrderKey::Number((risk.points() * 1e7) as i64))
}

/// A release's place in one order.
fn places(graph: &ReleaseGraph, release: &domain::Release, by: ReleaseOrderBy) -> Vec<OrderKey> {
    match by {
        ReleaseOrderBy::Key => by_version(release),
        ReleaseOrderBy::WindowStart => {
            vec![time_key(release.windows.iter().map(|planned| planned.window.start).min())]
        }
        ReleaseOrderBy::Status => vec![OrderKey::Number(release.status as i64)],
        ReleaseOrderBy::Tier => {
            let tier = graph.services.by_id(&release.service).and_then(|service| service.tier);
            vec![tier.map_or(OrderKey::Missing, |tier| OrderKey::Number(i64::from(tier)))]
        }
        ReleaseOrderBy::UpdatedAt => vec![time_key(release.updated_at)],
        ReleaseOrderBy::Risk => vec![OrderKey::Missing],
    }
}

/// Service, then version as numbers, final after its candidates; versions without an order by their spelling.
fn by_version(release: &domain::Release) -> Vec<OrderKey> {
    let number = |part: u64| OrderKey::Number(i64::try_from(part).unwrap_or(i64::MAX));
    let service = OrderKey::Text(release.service.to_string());
    let key = OrderKey::Text(release.key.to_string());
    match release.version.as_ref().and_then(|version| version.padded.as_ref()) {
        Some(version) => vec![
            service,
            number(version.major),
            number(version.minor),
            number(version.patch),
            OrderKey::Number(i64::from(version.pre.is_empty())),
            OrderKey::Text(version.pre.to_string()),
            key,
        ],
        None => {
            let missing = std::iter::repeat_n(OrderKey::Missing, 5);
            [service].into_iter().chain(missing).chain([key]).collect()
        }
    }
}
