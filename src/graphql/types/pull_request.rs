//! Pull requests and their reviews.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use connectors::LongText;
use domain::{Gap as Missing, GapCode, RecordKind};
use jiff::Timestamp;

use super::enums::{PullRequestState, ReviewState};
use super::person::Person;
use super::release::{LinkedReleaseConnection, LinkedReleaseEdge};
use super::repository::Repository;
use super::work_item::{LinkedWorkItemConnection, LinkedWorkItemEdge};
use super::{Link, Source};
use crate::graphql::connection::{Ask, List, connection, page_cost};
use crate::graphql::coverage::Coverage;
use crate::graphql::paging::{OrderKey, PageArguments};
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// A pull request.
pub(crate) type PullRequest = At<domain::PullRequest>;

connection! {
    /// Pull requests with the reason why each is joined, in the order of their ids.
    LinkedPullRequestConnection of LinkedPullRequestEdge to PullRequest {
        /// Why they are joined.
        link: Link,
    }
}

connection! {
    /// Reviews, oldest first.
    ReviewConnection of ReviewEdge to Review {}
}

impl PullRequest {
    fn reviews_known(&self, session: &Session) -> Coverage {
        let mut coverage = Coverage::of(session, &self.graph, &[RecordKind::PullRequest], &[]);
        if !self.node().reviews_complete {
            coverage.gaps.push(Missing {
                code: GapCode::SourceIncomplete,
                connector: Some(self.node().id.0.connector.clone()),
                kind: RecordKind::PullRequest,
                message: "Not all reviews of this pull request were read.".into(),
                since: None,
                retryable: true,
            });
        }
        coverage
    }

    fn review(&self, place: usize) -> Option<Review> {
        let review = self.node().reviews.get(place)?;
        Some(Review {
            state: review.state.into(),
            author: Person::of_account(&self.graph, review.author.as_ref()),
            submitted_at: review.submitted_at,
            commit: review.commit.as_ref().map(ToString::to_string),
        })
    }
}

/// A pull or merge request of a forge.
#[Object(name = "PullRequest")]
impl PullRequest {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// The number people say, unique in its repository.
    async fn number(&self) -> u64 {
        self.node().number
    }

    /// The long text. Read from its forge when it is asked for.
    #[graphql(complexity = 5)]
    async fn description(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let text = Session::of(ctx)?
            .long_text(ctx, LongText::PullRequestDescription, (&self.node().id.0, &self.graph))
            .await;
        Ok(text.map(|text| text.to_string()))
    }

    /// One line.
    async fn title(&self) -> &str {
        &self.node().title
    }

    /// Where a person can open it.
    async fn url(&self) -> Option<&str> {
        self.node().source.url.as_deref()
    }

    /// Open, closed or merged.
    async fn state(&self) -> PullRequestState {
        self.node().state.into()
    }

    /// The repository that it goes into.
    async fn repository(&self, ctx: &Context<'_>) -> Result<Option<Repository>> {
        Ok(Session::of(ctx)?.find(&self.graph, &self.node().repository))
    }

    /// Who opened it.
    async fn author(&self) -> Option<Person> {
        Person::of_account(&self.graph, self.node().author.as_ref())
    }

    /// The branch that it comes from.
    async fn head_branch(&self) -> Option<&str> {
        self.node().head_branch.as_deref()
    }

    /// The branch that it goes to.
    async fn base_branch(&self) -> Option<&str> {
        self.node().base_branch.as_deref()
    }

    /// Sha of the commit that brought it in.
    async fn merge_commit(&self) -> Option<&str> {
        self.node().merge_commit.as_deref()
    }

    /// When it was merged (UTC).
    async fn merged_at(&self) -> Option<Timestamp> {
        self.node().merged_at
    }

    /// Who merged it.
    async fn merged_by(&self) -> Option<Person> {
        Person::of_account(&self.graph, self.node().merged_by.as_ref())
    }

    /// Its reviews, oldest first.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ReviewConnection>> {
        let session = Session::of(ctx)?;
        let rows: Vec<(usize, Review)> =
            (0..self.node().reviews.len()).filter_map(|place| Some((place, self.review(place)?))).collect();
        let list = List::new(session, "reviews", &self.id(), rows).covered(self.reviews_known(session));
        let place =
            |(place, _): &(usize, Review)| vec![OrderKey::Number(i64::try_from(*place).unwrap_or(i64::MAX))];
        let sheet = list.page(ctx, &PageArguments { first, after, last, before }, place)?;
        Ok(sheet.map(|sheet| ReviewConnection::new(sheet, |cursor, (_, node)| ReviewEdge { cursor, node })))
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
        let ask = Ask::new("releases", &[RecordKind::Tag, RecordKind::Commit], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.release_pull_requests.to(self.index))?;
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
        let sheet = self.linked_page(ctx, ask, self.graph.work_item_pull_requests.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedWorkItemEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedWorkItemConnection::new(sheet, edge)))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::PullRequest])
    }
}

/// A review of a pull request.
#[derive(SimpleObject)]
pub(crate) struct Review {
    /// What it says.
    state: ReviewState,
    /// Who gave it; null when the account is gone.
    author: Option<Person>,
    /// When (UTC); null while it is pending.
    submitted_at: Option<Timestamp>,
    /// Sha of the commit that it looked at.
    commit: Option<String>,
}
