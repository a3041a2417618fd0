//! Release trains: several services' releases that go together.

use async_graphql::{Context, ID, Object, Result};
use domain::RecordKind;

use super::joint_risk::JointRisk;
use super::moment::Window;
use super::release::{LinkedReleaseConnection, LinkedReleaseEdge};
use super::{Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::visibility::At;

/// A train.
pub(crate) type Train = At<domain::Train>;

connection! {
    /// Trains with the reason why each is joined, in the order of their ids.
    LinkedTrainConnection of LinkedTrainEdge to Train {
        /// Why they are joined.
        link: Link,
    }
}

/// A release train: several services' releases that go together.
#[Object(name = "Train")]
impl Train {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// The number people say.
    async fn number(&self) -> &str {
        &self.node().number
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// Planned start and end.
    async fn window(&self) -> Option<Window> {
        self.node().window.map(Window::from)
    }

    /// The vendor's word for its state.
    async fn state_label(&self) -> &str {
        &self.node().state_label
    }

    /// Releases that go on it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedReleaseConnection>> {
        let ask = Ask::new("releases", &[RecordKind::Train, RecordKind::Change], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.release_trains.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedReleaseEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedReleaseConnection::new(sheet, edge)))
    }

    /// How likely any of its releases fails; null where it carries none.
    async fn risk(&self, ctx: &Context<'_>) -> Result<Option<JointRisk>> {
        let releases = self.graph.release_trains.to(self.index).map(|related| related.index);
        JointRisk::of(ctx, &self.graph, releases.collect()).await
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Train])
    }
}
