//! Services and environments, as the company has configured them.

use async_graphql::{Context, InputObject, Object, Result};
use domain::{EnvironmentKey, ServiceKey};
use jiff::Timestamp;

use super::listing::{Listing, contains};
use crate::graphql::connection::page_cost;
use crate::graphql::paging::PageArguments;
use crate::graphql::session::Session;
use crate::graphql::types::enums::{ServiceKind, Stage};
use crate::graphql::types::environment::{Environment, EnvironmentConnection, EnvironmentEdge};
use crate::graphql::types::service::{Service, ServiceConnection, ServiceEdge};
use crate::graphql::visibility::At;

/// Conditions on services; all that are given must hold.
#[derive(Debug, Clone, Default, Hash, InputObject)]
pub(crate) struct ServiceFilter {
    /// Of one of these kinds.
    kinds: Option<Vec<ServiceKind>>,
    /// Of one of these tiers, 0 to 4.
    tiers: Option<Vec<u8>>,
    /// With one of these tags.
    tags: Option<Vec<String>>,
    /// Owned by one of the teams with these keys.
    owners: Option<Vec<String>>,
    /// Key, name or an alias contains this, in any case.
    text: Option<String>,
}

impl ServiceFilter {
    fn passes(&self, service: &domain::Service) -> bool {
        let names = service.names().into_iter().map(Some);
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&service.kind.into()))
            && self.tiers.as_ref().is_none_or(|all| service.tier.is_some_and(|tier| all.contains(&tier)))
            && self.tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| service.tags.contains(tag.as_str())))
            && self.owners.as_ref().is_none_or(|owners| {
                service.owner.as_ref().is_some_and(|owner| owners.iter().any(|key| key == owner.as_str()))
            })
            && contains(names, self.text.as_ref())
    }
}

#[derive(Default)]
pub(super) struct LandscapeQuery;

#[Object]
impl LandscapeQuery {
    /// The service with this key, or that goes or went by this other name.
    async fn service(
        &self,
        ctx: &Context<'_>,
        key: String,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
    ) -> Result<Option<Service>> {
        let session = &*Session::known(ctx, as_of).await?;
        let by_key = session.find(&session.graph, &ServiceKey::new(key.as_str()));
        let by_alias = || {
            let called = |service: &domain::Service| service.aliases.iter().any(|alias| *alias.key == *key);
            match session.select(|_, _, service: &domain::Service| called(service)).as_slice() {
                [only] => session.place(&session.graph, *only),
                _ => None,
            }
        };
        Ok(by_key.or_else(by_alias))
    }

    /// Services, in the order of their keys. `first` or `last` is required, 1 to 100.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        filter: Option<ServiceFilter>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ServiceConnection>> {
        let session = &*Session::known(ctx, as_of).await?;
        let filter = filter.unwrap_or_default();
        let arguments = PageArguments { first, after, last, before };
        let listing =
            Listing { name: "services", shape: &(&filter, as_of), kinds: &[], directions: &[], arguments };
        let rows = session.select(|_, _, service: &domain::Service| filter.passes(service));
        let edge = |cursor, index| ServiceEdge { cursor, node: At { graph: session.graph.clone(), index } };
        Ok(listing.page((ctx, session), rows, |_| Vec::new())?.map(|sheet| ServiceConnection::new(sheet, edge)))
    }

    /// The environment with this key, or that a system calls so.
    async fn environment(
        &self,
        ctx: &Context<'_>,
        key: String,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
    ) -> Result<Option<Environment>> {
        let session = &*Session::known(ctx, as_of).await?;
        let by_key = session.find(&session.graph, &EnvironmentKey::new(key.as_str()));
        let called = || session.select(|_, _, environment: &domain::Environment| environment.is_called(&key));
        Ok(by_key.or_else(|| called().first().and_then(|index| session.place(&session.graph, *index))))
    }

    /// Environments, in the order of their keys. `first` or `last` is required, 1 to 100.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn environments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of these stages.")] stages: Option<Vec<Stage>>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<EnvironmentConnection>> {
        let session = &*Session::known(ctx, as_of).await?;
        let arguments = PageArguments { first, after, last, before };
        let listing =
            Listing { name: "environments", shape: &(&stages, as_of), kinds: &[], directions: &[], arguments };
        let at_stage = |stage: Stage| stages.as_ref().is_none_or(|stages| stages.contains(&stage));
        let rows = session.select(|_, _, environment: &domain::Environment| at_stage(environment.stage.into()));
        let edge = |cursor, index| EnvironmentEdge { cursor, node: At { graph: session.graph.clone(), index } };
        Ok(listing.page((ctx, session), rows, |_| Vec::new())?.map(|sheet| EnvironmentConnection::new(sheet, edge)))
    }

    #[graphql(entity)]
    async fn find_service_by_key(&self, ctx: &Context<'_>, key: String) -> Result<Option<Service>> {
        let session = Session::of_entity(ctx)?;
        Ok(session.find(&session.graph, &ServiceKey::new(key)))
    }

    #[graphql(entity)]
    async fn find_environment_by_key(&self, ctx: &Context<'_>, key: String) -> Result<Option<Environment>> {
        let session = Session::of_entity(ctx)?;
        Ok(session.find(&session.graph, &EnvironmentKey::new(key)))
    }
}
