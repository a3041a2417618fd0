//! Configuration items, as a CMDB holds them.

use async_graphql::{Context, ID, Object, Result};
use domain::RecordKind;
use jiff::Timestamp;

use super::enums::CiLifecycle;
use super::environment::Environment;
use super::service::{LinkedServiceConnection, LinkedServiceEdge};
use super::{Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::visibility::At;

/// A configuration item.
pub(crate) type ConfigurationItem = At<domain::ConfigurationItem>;

connection! {
    /// Configuration items with the reason why each is joined, in the order of their ids.
    LinkedConfigurationItemConnection of LinkedConfigurationItemEdge to ConfigurationItem {
        /// Why they are joined.
        link: Link,
    }
}

/// Something that a CMDB keeps track of: a server, a database, a business service.
#[Object(name = "ConfigurationItem")]
impl ConfigurationItem {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// Its class, in the vendor's words, for example `cmdb_ci_linux_server`.
    async fn class(&self) -> &str {
        &self.node().class
    }

    /// The environment that its record names; null when it names none that is configured.
    async fn environment(&self) -> Option<Environment> {
        let word = self.node().environment.as_deref()?;
        let found = self.graph.environments.iter().find(|(_, environment)| environment.is_called(word))?;
        Some(self.beside(found.0))
    }

    /// Where it stands in its life.
    async fn lifecycle(&self) -> CiLifecycle {
        self.node().lifecycle.into()
    }

    /// The version that it is said to have.
    async fn version(&self) -> Option<&str> {
        self.node().version.as_deref()
    }

    /// Name of the group that supports it.
    async fn support_group(&self) -> Option<&str> {
        Some(&*self.graph.groups.by_id(self.node().support_group.as_ref()?)?.name)
    }

    /// When its record last changed (UTC).
    async fn updated_at(&self) -> Option<Timestamp> {
        self.node().updated_at
    }

    /// Services that it stands for.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedServiceConnection>> {
        let ask = Ask::new("services", &[RecordKind::ConfigurationItem], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.service_configuration_items.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedServiceEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedServiceConnection::new(sheet, edge)))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::ConfigurationItem])
    }
}
