//! Commits.

use async_graphql::{Context, ID, Object, Result};
use domain::RecordKind;
use jiff::Timestamp;

use super::person::Person;
use super::release::{LinkedReleaseConnection, LinkedReleaseEdge};
use super::repository::Repository;
use super::work_item::{LinkedWorkItemConnection, LinkedWorkItemEdge};
use super::{Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// A commit.
pub(crate) type Commit = At<domain::Commit>;

connection! {
    /// Commits with the reason why each is joined, in the order of their ids.
    LinkedCommitConnection of LinkedCommitEdge to Commit {
        /// Why they are joined.
        link: Link,
    }
}

/// A commit of a repository. Its names and dates are as written, and can be forged.
#[Object(name = "Commit")]
impl Commit {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// Its hash, in hexadecimal.
    async fn sha(&self) -> &str {
        &self.node().sha
    }

    /// The message, cut at 4,000 characters.
    async fn message(&self) -> &str {
        &self.node().message
    }

    /// The repository.
    async fn repository(&self, ctx: &Context<'_>) -> Result<Option<Repository>> {
        Ok(Session::of(ctx)?.find(&self.graph, &self.node().repository))
    }

    /// Who wrote it, by account or else by address.
    async fn author(&self) -> Option<Person> {
        let by_address = || {
            let email = self.node().author.email.to_lowercase();
            Person::find(&self.graph, self.graph.email_people.get(&*email)?)
        };
        Person::of_account(&self.graph, self.node().author_account.as_ref()).or_else(by_address)
    }

    /// When it was committed, as written (UTC).
    async fn committed_at(&self) -> Timestamp {
        self.node().committer.at
    }

    /// Keys of work items that its message names, by their form alone: also without a tracker that knows them.
    async fn work_item_keys(&self) -> Vec<&str> {
        engine::queries::keys_in(&self.node().message)
    }

    /// Releases that bring it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedReleaseConnection>> {
        let ask = Ask::new("releases", &[RecordKind::Tag], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.release_commits.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedReleaseEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedReleaseConnection::new(sheet, edge)))
    }

    /// Work items that it names.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn work_items(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedWorkItemConnection>> {
        let ask = Ask::new("workItems", &[RecordKind::WorkItem], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.work_item_commits.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedWorkItemEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedWorkItemConnection::new(sheet, edge)))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Commit])
    }
}
