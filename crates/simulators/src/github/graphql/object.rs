//! What a field may lead to: one variant for each type of the schema that is served.

use serde_json::Value;

use super::connection::Connection;
use crate::github::content::{
    Asset, Branch, CheckRun, Commit, CommitStatus, Deployment, DeploymentStatus, Environment, Job, PullRequest,
    Release, Review, Signature, Tag, Team, WorkflowRun,
};
use crate::github::shelf::Shelf;

/// A place in the store. Most records are shown within their repository.
#[derive(Debug, Clone, Copy)]
pub(super) enum Object<'a> {
    Query,
    RateLimit,
    /// A user, a bot or an organisation.
    Account(&'a str),
    Team(&'a Team),
    Repository(&'a Shelf),
    Pull(&'a Shelf, &'a PullRequest),
    PullCommit(&'a Shelf, &'a PullRequest, &'a Commit),
    /// By its place among the pull request's files.
    ChangedFile(&'a Shelf, &'a PullRequest, usize),
    Label(&'a Shelf, &'a str),
    Review(&'a Shelf, &'a PullRequest, &'a Review),
    ReviewRequest(&'a Shelf, Reviewer<'a>),
    Commit(&'a Shelf, &'a Commit),
    GitActor(&'a Signature),
    Branch(&'a Shelf, &'a Branch),
    TagRef(&'a Shelf, &'a Tag),
    /// The object of an annotated tag.
    Tag(&'a Shelf, &'a Tag),
    Comparison(&'a Shelf, usize, usize),
    Blob(&'a Shelf, &'a [u8]),
    TreeEntry(&'a Shelf, &'a [u8]),
    Release(&'a Shelf, &'a Release),
    Asset(&'a Shelf, &'a Release, &'a Asset),
    Environment(&'a Shelf, &'a Environment),
    Deployment(&'a Shelf, &'a Deployment),
    DeploymentStatus(&'a Shelf, &'a Deployment, &'a DeploymentStatus),
    Rollup(&'a Shelf, &'a Commit),
    CheckRun(&'a Shelf, &'a CheckRun),
    CheckSuite(&'a Shelf, &'a CheckRun),
    App(&'a str),
    StatusContext(&'a Shelf, &'a CommitStatus),
    WorkflowRun(&'a Shelf, &'a WorkflowRun),
    /// The check suite of a run, whose check runs are its jobs.
    SuiteOfRun(&'a Shelf, &'a WorkflowRun),
    JobOfRun(&'a Shelf, &'a WorkflowRun, &'a Job),
    /// What somebody decided about a run, by its place among the run's.
    DeploymentReview(&'a Shelf, &'a WorkflowRun, usize),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Reviewer<'a> {
    User(&'a str),
    Team(&'a Team),
}

impl<'a> Reviewer<'a> {
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::User(login) => login,
            Self::Team(team) => &team.slug,
        }
    }
}

/// What a field is.
#[derive(Debug)]
pub(super) enum Resolved<'a> {
    Leaf(Value),
    Object(Object<'a>),
    /// Each member on its own: one that is missing is null, with its own error.
    Members(Vec<Result<Object<'a>, Problem>>),
    Connection(Connection<'a>),
}

/// Why a field has no value.
#[derive(Debug)]
pub(super) enum Problem {
    /// The type has no such field: the whole query is refused.
    Undefined,
    /// An error of its own; the field is null.
    Null { kind: &'static str, message: String },
    /// An error that takes the object with it.
    Object { kind: &'static str, message: String },
}

impl Problem {
    pub(super) fn not_found(message: String) -> Self {
        Self::Null { kind: "NOT_FOUND", message }
    }

    pub(super) fn typed(kind: &'static str, message: String) -> Self {
        Self::Object { kind, message }
    }
}

pub(super) type Outcome<'a> = Result<Resolved<'a>, Problem>;

/// A value of its own.
pub(super) fn leaf<'a>(value: impl Into<Value>) -> Outcome<'a> {
    Ok(Resolved::Leaf(value.into()))
}

/// An object, or null.
pub(super) fn maybe(object: Option<Object<'_>>) -> Outcome<'_> {
    Ok(object.map_or(Resolved::Leaf(Value::Null), Resolved::Object))
}

pub(super) fn object(object: Object<'_>) -> Outcome<'_> {
    Ok(Resolved::Object(object))
}

pub(super) fn connection<'a>(kind: &'static str, items: impl IntoIterator<Item = Object<'a>>) -> Outcome<'a> {
    Ok(Resolved::Connection(Connection::new(kind, items.into_iter().collect())))
}
