//! Services: what a company runs, who owns it, and what of it runs where.

use async_graphql::{Context, ID, Object, Result};
use domain::{ConnectorId, Family, RecordKind};

use super::Link;
use super::change::{LinkedChangeConnection, LinkedChangeEdge};
use super::configuration_item::{LinkedConfigurationItemConnection, LinkedConfigurationItemEdge};
use super::enums::{ServiceKind, Stage};
use super::person::Team;
use super::placement::Placement;
use super::release::{ReleaseConnection, ReleaseEdge};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::coverage::{Coverage, NAMING};
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// A service.
pub(crate) type Service = At<domain::Service>;

connection! {
    /// Services, in the order of their keys.
    ServiceConnection of ServiceEdge to Service {}
}

connection! {
    /// Services that trouble reaches, nearest first.
    ReachedServiceConnection of ReachedServiceEdge to Service {
        /// How many steps away it is.
        distance: u32,
    }
}

connection! {
    /// Services with the reason why each is joined, in the order of their keys.
    LinkedServiceConnection of LinkedServiceEdge to Service {
        /// Why they are joined.
        link: Link,
    }
}

/// The systems of a family that a service's records stand in, as the configuration maps them.
pub(super) fn systems_of(service: &domain::Service, family: Family) -> Vec<ConnectorId> {
    let sources = &service.sources;
    match family {
        Family::Itsm => sources.itsm.iter().cloned().collect(),
        Family::WorkTracking => sources.projects.iter().map(|source| source.connector.clone()).collect(),
        Family::Cmdb => sources.configuration_items.iter().map(|source| source.connector.clone()).collect(),
        Family::Monitoring => sources.monitoring.iter().map(|source| source.connector.clone()).collect(),
        Family::Code => sources.repositories.iter().map(|source| source.connector.clone()).collect(),
    }
}

impl Service {
    fn owners(&self, family: Family) -> Vec<ConnectorId> {
        systems_of(self.node(), family)
    }
}

/// Something that a company runs and releases.
#[Object(name = "Service")]
impl Service {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// Its key, for example `payments-api`.
    async fn key(&self) -> &str {
        self.node().key.as_str()
    }

    /// Its name as people say it.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// What kind of thing it is: sets which evidence is expected of its releases.
    async fn kind(&self) -> ServiceKind {
        self.node().kind.into()
    }

    /// Importance, 0 (highest) to 4; null when nobody said.
    async fn tier(&self) -> Option<u8> {
        self.node().tier
    }

    /// Tags such as `icfr`, `pci`, `personal-data`.
    async fn tags(&self) -> Vec<&str> {
        self.node().tags.iter().map(|tag| &**tag).collect()
    }

    /// The team that owns it.
    async fn owner(&self) -> Option<Team> {
        Some(self.beside(self.graph.teams.find(self.node().owner.as_ref()?)?))
    }

    /// Other names that it goes or went by.
    async fn aliases(&self) -> Vec<&str> {
        self.node().aliases.iter().map(|alias| &*alias.key).collect()
    }

    /// Regions of production that it runs in; empty when it has none.
    async fn regions(&self) -> Vec<&str> {
        self.node().regions.iter().map(|region| &**region).collect()
    }

    /// What is seen running, by target; null while nobody can tell.
    async fn running(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only at environments of these stages.")] stages: Option<Vec<Stage>>,
    ) -> Result<Option<Vec<Placement>>> {
        let session = Session::of(ctx)?;
        let at = |placement: &domain::Placement| {
            let environment = self.graph.environments.by_id(&placement.target.environment);
            let stage = environment.map(|environment| Stage::from(environment.stage));
            stages.as_ref().is_none_or(|stages| stage.is_some_and(|stage| stages.contains(&stage)))
        };
        let seen = self.graph.placements.get(&self.node().key).map(Vec::as_slice).unwrap_or_default();
        let found: Vec<Placement> =
            seen.iter().filter(|placement| at(placement)).map(|seen| Placement::of(self, seen)).collect();
        let owners = self.owners(Family::Monitoring);
        let coverage = Coverage::of(session, &self.graph, &[RecordKind::RuntimeObservation], &owners);
        Ok((!coverage.is_unknown(ctx, found.len())).then_some(found))
    }

    /// Its releases, in the order of their keys.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ReleaseConnection>> {
        let ask = Ask::new("releases", NAMING, (first, after, last, before));
        let own = self.graph.releases.iter().filter(|(_, release)| release.service == self.node().key);
        let sheet = self.node_page(ctx, ask, own.map(|(index, _)| index))?;
        let edge = |cursor, index| ReleaseEdge { cursor, node: self.beside(index) };
        Ok(sheet.map(|sheet| ReleaseConnection::new(sheet, edge)))
    }

    /// Changes that touch it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedChangeConnection>> {
        let owners = self.owners(Family::Itsm);
        let ask = Ask::new("changes", &[RecordKind::Change], (first, after, last, before)).owned_by(&owners);
        let sheet = self.linked_page(ctx, ask, self.graph.change_services.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedChangeEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedChangeConnection::new(sheet, edge)))
    }

    /// Configuration items that stand for it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn configuration_items(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedConfigurationItemConnection>> {
        let owners = self.owners(Family::Cmdb);
        let ask = Ask::new("configurationItems", &[RecordKind::ConfigurationItem], (first, after, last, before))
            .owned_by(&owners);
        let sheet = self.linked_page(ctx, ask, self.graph.service_configuration_items.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedConfigurationItemEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedConfigurationItemConnection::new(sheet, edge)))
    }
}
