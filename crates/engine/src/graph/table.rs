//! A table of nodes, sorted by id. An index is a place in one table; it is only ever minted by that table.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use domain::{
    Account, AccountId, Alert, AlertId, Approval, ApprovalId, Artifact, ArtifactId, Blackout, BlackoutId,
    CabMeeting, CabMeetingId, Change, ChangeId, ChangeTask, ChangeTaskId, ChangeTemplate, ChangeTemplateId, Commit,
    CommitId, ConfigurationItem, ConfigurationItemId, Deployment, DeploymentId, Environment, EnvironmentKey,
    Finding, FindingKey, Group, GroupId, Incident, IncidentId, KnownError, KnownErrorId, Person, PersonKey,
    PipelineRun, PipelineRunId, Problem, ProblemId, PullRequest, PullRequestId, Release, ReleaseKey, Repository,
    RepositoryId, Service, ServiceKey, Tag, TagId, Team, TeamKey, TrackedVersion, TrackedVersionId, Train, TrainId,
    WorkItem, WorkItemId,
};

/// A thing with an id, kept in a table.
pub trait Node {
    /// Its id.
    type Id: Ord + Clone + fmt::Debug;
    /// The id of this one.
    fn node_key(&self) -> &Self::Id;
}

macro_rules! nodes {
    ($($node:ident: $id:ident by $field:ident;)*) => {$(
        impl Node for $node {
            type Id = $id;
            fn node_key(&self) -> &$id {
                &self.$field
            }
        }
    )*};
}

nodes! {
    Account: AccountId by id;
    Alert: AlertId by id;
    Approval: ApprovalId by id;
    Artifact: ArtifactId by id;
    Blackout: BlackoutId by id;
    CabMeeting: CabMeetingId by id;
    Change: ChangeId by id;
    ChangeTask: ChangeTaskId by id;
    ChangeTemplate: ChangeTemplateId by id;
    Commit: CommitId by id;
    ConfigurationItem: ConfigurationItemId by id;
    Deployment: DeploymentId by id;
    Environment: EnvironmentKey by key;
    Finding: FindingKey by key;
    Group: GroupId by id;
    Incident: IncidentId by id;
    KnownError: KnownErrorId by id;
    Person: PersonKey by key;
    PipelineRun: PipelineRunId by id;
    Problem: ProblemId by id;
    PullRequest: PullRequestId by id;
    Release: ReleaseKey by key;
    Repository: RepositoryId by id;
    Service: ServiceKey by key;
    Tag: TagId by id;
    Team: TeamKey by key;
    TrackedVersion: TrackedVersionId by id;
    Train: TrainId by id;
    WorkItem: WorkItemId by id;
}

/// A place in a `Table<T>`.
pub struct Index<T> {
    place: u32,
    node: PhantomData<fn() -> T>,
}

impl<T> Index<T> {
    pub(super) fn new(place: u32) -> Self {
        Self { place, node: PhantomData }
    }

    /// The place itself, for lists that run beside a table.
    pub(crate) fn place(self) -> u32 {
        self.place
    }
}

impl<T> Clone for Index<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Index<T> {}

impl<T> PartialEq for Index<T> {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl<T> Eq for Index<T> {}

impl<T> PartialOrd for Index<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Index<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}

impl<T> Hash for Index<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place.hash(state);
    }
}

impl<T> fmt::Debug for Index<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.place)
    }
}

/// Nodes of one type, sorted by id, each id once.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<T> {
    rows: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<T: Node> Table<T> {
    /// A table of these nodes; of two with one id the last is kept.
    ///
    /// Holds at most `u32::MAX` nodes; what is beyond is left out, which no company's memory would survive anyway.
    pub fn new(mut rows: Vec<T>) -> Self {
        rows.reverse();
        rows.sort_by(|a, b| a.node_key().cmp(b.node_key()));
        rows.dedup_by(|later, first| later.node_key() == first.node_key());
        rows.truncate(u32::MAX as usize);
        Self { rows }
    }

    /// The place of the node with this id.
    pub fn find(&self, id: &T::Id) -> Option<Index<T>> {
        let place = self.rows.binary_search_by(|row| row.node_key().cmp(id)).ok()?;
        Some(Index::new(u32::try_from(place).ok()?))
    }

    /// The node with this id.
    pub fn by_id(&self, id: &T::Id) -> Option<&T> {
        self.find(id).map(|index| self.get(index))
    }

    /// The node at a place of this table.
    pub fn get(&self, index: Index<T>) -> &T {
        #[expect(clippy::indexing_slicing, reason = "an index is only ever minted by the table it belongs to")]
        &self.rows[index.place as usize]
    }

    /// The node at a place of this table, while the graph is being made. Its id must stay as it is.
    pub(crate) fn get_mut(&mut self, index: Index<T>) -> &mut T {
        #[expect(clippy::indexing_slicing, reason = "an index is only ever minted by the table it belongs to")]
        &mut self.rows[index.place as usize]
    }

    /// All nodes with their places, in the order of ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Index<T>, &T)> + ExactSizeIterator {
        self.rows.iter().enumerate().map(|(place, row)| (Index::new(place as u32), row))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
