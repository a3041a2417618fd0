//! Work items: what a tracker plans and follows.

use async_graphql::{Context, ID, Object, Result};
use domain::RecordKind;
use jiff::Timestamp;

use super::change::{LinkedChangeConnection, LinkedChangeEdge};
use super::commit::{LinkedCommitConnection, LinkedCommitEdge};
use super::enums::{WorkItemState, WorkItemType};
use super::person::Person;
use super::pull_request::{LinkedPullRequestConnection, LinkedPullRequestEdge};
use super::release::{LinkedReleaseConnection, LinkedReleaseEdge};
use super::{Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::visibility::At;

/// A work item.
pub(crate) type WorkItem = At<domain::WorkItem>;

connection! {
    /// Work items, in the order that was asked for.
    WorkItemConnection of WorkItemEdge to WorkItem {}
}

connection! {
    /// Work items with the reason why each is joined, in the order of their ids.
    LinkedWorkItemConnection of LinkedWorkItemEdge to WorkItem {
        /// Why they are joined.
        link: Link,
    }
}

/// A piece of work in a tracker: a story, a bug, a task.
#[Object(name = "WorkItem")]
impl WorkItem {
    /// Opaque id: stays when the item moves to another project.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// The key people say, for example PAY-7. Changes when the item moves to another project.
    async fn key(&self) -> &str {
        &self.node().key
    }

    /// Earlier keys, as far as the history tells.
    async fn former_keys(&self) -> Vec<&str> {
        self.node().former_keys.iter().map(|key| &**key).collect()
    }

    /// Key of its project.
    async fn project(&self) -> &str {
        &self.node().project
    }

    /// What kind of work it is.
    #[graphql(name = "type")]
    async fn kind(&self) -> WorkItemType {
        self.node().kind.into()
    }

    /// The vendor's word for the kind.
    async fn type_label(&self) -> &str {
        &self.node().kind_label
    }

    /// Where it stands.
    async fn state(&self) -> WorkItemState {
        self.node().state.into()
    }

    /// The vendor's word for the state.
    async fn state_label(&self) -> &str {
        &self.node().state_label
    }

    /// One line.
    async fn summary(&self) -> &str {
        &self.node().summary
    }

    /// Priority, in the vendor's words.
    async fn priority(&self) -> Option<&str> {
        self.node().priority.as_deref()
    }

    /// Resolution, in the vendor's words; null while unresolved.
    async fn resolution(&self) -> Option<&str> {
        self.node().resolution.as_deref()
    }

    /// Who works on it.
    async fn assignee(&self) -> Option<Person> {
        Person::of_account(&self.graph, self.node().assignee.as_ref())
    }

    /// Who reported it.
    async fn reporter(&self) -> Option<Person> {
        Person::of_account(&self.graph, self.node().reporter.as_ref())
    }

    /// Components of the project that it concerns.
    async fn components(&self) -> Vec<&str> {
        self.node().components.iter().map(|component| &**component).collect()
    }

    /// Labels.
    async fn labels(&self) -> Vec<&str> {
        self.node().labels.iter().map(|label| &**label).collect()
    }

    /// When it was created (UTC).
    async fn created_at(&self) -> Option<Timestamp> {
        self.node().created_at
    }

    /// When it last changed (UTC).
    async fn updated_at(&self) -> Option<Timestamp> {
        self.node().updated_at
    }

    /// When it was resolved (UTC).
    async fn resolved_at(&self) -> Option<Timestamp> {
        self.node().resolved_at
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
        let ask = Ask::new(
            "releases",
            &[RecordKind::TrackedVersion, RecordKind::Tag, RecordKind::Commit],
            (first, after, last, before),
        );
        let sheet = self.linked_page(ctx, ask, self.graph.release_work_items.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedReleaseEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedReleaseConnection::new(sheet, edge)))
    }

    /// Changes that it names.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedChangeConnection>> {
        let ask = Ask::new("changes", &[RecordKind::Change], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.work_item_changes.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedChangeEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedChangeConnection::new(sheet, edge)))
    }

    /// Commits that name it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn commits(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedCommitConnection>> {
        let ask = Ask::new("commits", &[RecordKind::Commit], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.work_item_commits.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedCommitEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedCommitConnection::new(sheet, edge)))
    }

    /// Pull requests that name it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn pull_requests(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedPullRequestConnection>> {
        let ask = Ask::new("pullRequests", &[RecordKind::PullRequest], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.work_item_pull_requests.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedPullRequestEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedPullRequestConnection::new(sheet, edge)))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::WorkItem])
    }
}
