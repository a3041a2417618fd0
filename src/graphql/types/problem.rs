//! Problems and known errors.

use async_graphql::{Context, ID, Object, Result};
use connectors::LongText;
use domain::RecordKind;
use jiff::Timestamp;

use super::change::Change;
use super::enums::ProblemState;
use super::incident::{IncidentRelation, LinkedIncidentConnection, LinkedIncidentEdge};
use super::release::{LinkedReleaseConnection, LinkedReleaseEdge};
use super::{Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::coverage::NAMING;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// A problem.
pub(crate) type Problem = At<domain::Problem>;

connection! {
    /// Problems, in the order of their ids.
    ProblemConnection of ProblemEdge to Problem {}
}

/// A problem: the cause of one or more incidents.
#[Object(name = "Problem")]
impl Problem {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// The number people say. Two systems may use the same one.
    async fn number(&self) -> &str {
        &self.node().number
    }

    /// Priority, 1 (highest) to 5; null when not set.
    async fn priority(&self) -> Option<u8> {
        self.node().priority
    }

    /// Where it stands.
    async fn state(&self) -> ProblemState {
        self.node().state.into()
    }

    /// The vendor's word for the state.
    async fn state_label(&self) -> &str {
        &self.node().state_label
    }

    /// One line.
    async fn short_description(&self) -> Option<&str> {
        self.node().short_description.as_deref()
    }

    /// What to do until it is solved.
    async fn workaround(&self) -> Option<&str> {
        self.node().workaround.as_deref()
    }

    /// What was found to cause it.
    async fn cause(&self) -> Option<&str> {
        self.node().cause.as_deref()
    }

    /// How it was, or is to be, fixed.
    async fn fix(&self) -> Option<&str> {
        self.node().fix.as_deref()
    }

    /// Is it a known error?
    async fn known_error(&self) -> bool {
        self.node().known_error
    }

    /// When it was opened (UTC).
    async fn opened_at(&self) -> Option<Timestamp> {
        self.node().opened_at
    }

    /// When it was resolved (UTC).
    async fn resolved_at(&self) -> Option<Timestamp> {
        self.node().resolved_at
    }

    /// The change that fixes it.
    async fn fixed_by(&self, ctx: &Context<'_>) -> Result<Option<Change>> {
        Ok(Session::of(ctx)?.refer(ctx, &self.graph, self.node().fixed_by.as_ref()).await)
    }

    /// Incidents that it caused.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedIncidentConnection>> {
        let ask = Ask::new("incidents", &[RecordKind::Incident], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.incident_problems.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedIncidentEdge {
            cursor,
            node: self.beside(at),
            relation: IncidentRelation::Caused,
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedIncidentConnection::new(sheet, edge)))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Problem])
    }
}

/// A known error.
pub(crate) type KnownError = At<domain::KnownError>;

connection! {
    /// Known errors with the reason why each is joined, in the order of their ids.
    LinkedKnownErrorConnection of LinkedKnownErrorEdge to KnownError {
        /// Why they are joined.
        link: Link,
    }
}

/// A problem with a cause or a workaround that people can use.
#[Object(name = "KnownError")]
impl KnownError {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// The number people say: the problem's, or the article's.
    async fn number(&self) -> &str {
        &self.node().number
    }

    /// One line.
    async fn summary(&self) -> Option<&str> {
        self.node().summary.as_deref()
    }

    /// What to do meanwhile.
    async fn workaround(&self) -> Option<&str> {
        self.node().workaround.as_deref()
    }

    /// The article about it. Read from its system when it is asked for.
    #[graphql(complexity = 5)]
    async fn article(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let text = Session::of(ctx)?
            .long_text(ctx, LongText::KnownErrorArticle, (&self.node().source.record, &self.graph))
            .await;
        Ok(text.map(|text| text.to_string()))
    }

    /// The problem.
    async fn problem(&self, ctx: &Context<'_>) -> Result<Option<Problem>> {
        Ok(Session::of(ctx)?.refer(ctx, &self.graph, Some(&self.node().problem)).await)
    }

    /// Releases that it concerns.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedReleaseConnection>> {
        let ask = Ask::new("releases", NAMING, (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.release_known_errors.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedReleaseEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedReleaseConnection::new(sheet, edge)))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Problem])
    }
}
