//! The graph itself. Everything a request reads from memory is here; nothing in it ever changes.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Account, Alert, Approval, ApprovalId, Artifact, Authorisation, Blackout, CabMeeting, Change, ChangeTask,
    ChangeTemplate, CiRelation, Commit, CommitRange, Compatibility, ConfigurationItem, ConnectorId, Delegation,
    Dependency, Deployment, Environment, FieldChange, FileAtTag, Finding, Gap, Group, HealthObservation, Incident,
    KnownError, Person, PersonKey, PipelineRun, Placement, Pool, Problem, PullRequest, RecordKind, Release,
    Repository, RuntimeObservation, ScheduleRecord, ScopeCoverage, Service, ServiceHours, ServiceKey, ServiceLevel,
    Source, Tag, Team, TestReport, Text, TrackedVersion, Train, WorkItem,
};
use jiff::Timestamp;

use super::{Index, Lookup, Relation, Table, Topology};

/// A dependency of one release on another: a place in `dependencies`, with both ends found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DependencyEdge {
    /// Place in [`ReleaseGraph::dependencies`].
    pub dependency: usize,
    /// What depends.
    pub from: Index<Release>,
    /// On what.
    pub to: Index<Release>,
}

/// What going from one release of a service to another would lose, where the commits between them were read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseComparison {
    /// The release that is left.
    pub from: Index<Release>,
    /// The one that is gone to.
    pub to: Index<Release>,
    /// Shas of the service's commits that the second lacks.
    pub lost: Vec<Text>,
    /// Were all commits read?
    pub complete: bool,
    /// Where they were read.
    pub source: Source,
}

/// One version of everything known at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReleaseGraph {
    /// Number of this version; grows by one with each graph published in this process.
    pub version: u64,
    /// The moment whose knowledge this is.
    pub assembled_at: Timestamp,

    /// Services.
    pub services: Table<Service>,
    /// Environments.
    pub environments: Table<Environment>,
    /// Teams.
    pub teams: Table<Team>,
    /// Persons.
    pub people: Table<Person>,
    /// Accounts.
    pub accounts: Table<Account>,
    /// Groups.
    pub groups: Table<Group>,
    /// Releases.
    pub releases: Table<Release>,
    /// Changes.
    pub changes: Table<Change>,
    /// Tasks of changes.
    pub change_tasks: Table<ChangeTask>,
    /// Templates of standard changes.
    pub change_templates: Table<ChangeTemplate>,
    /// Approvals.
    pub approvals: Table<Approval>,
    /// Incidents.
    pub incidents: Table<Incident>,
    /// Problems.
    pub problems: Table<Problem>,
    /// Known errors.
    pub known_errors: Table<KnownError>,
    /// Versions as trackers name them.
    pub tracked_versions: Table<TrackedVersion>,
    /// Work items.
    pub work_items: Table<WorkItem>,
    /// Repositories.
    pub repositories: Table<Repository>,
    /// Tags.
    pub tags: Table<Tag>,
    /// Commits.
    pub commits: Table<Commit>,
    /// Pull requests.
    pub pull_requests: Table<PullRequest>,
    /// Pipeline runs.
    pub pipeline_runs: Table<PipelineRun>,
    /// Artifacts.
    pub artifacts: Table<Artifact>,
    /// Deployments, joined.
    pub deployments: Table<Deployment>,
    /// Alerts.
    pub alerts: Table<Alert>,
    /// Configuration items.
    pub configuration_items: Table<ConfigurationItem>,
    /// Blackouts, expanded.
    pub blackouts: Table<Blackout>,
    /// CAB meetings.
    pub cab_meetings: Table<CabMeeting>,
    /// Trains.
    pub trains: Table<Train>,
    /// Findings.
    pub findings: Table<Finding>,

    /// Releases and the changes that carry them.
    pub release_changes: Relation<Release, Change>,
    /// Releases and the work in them.
    pub release_work_items: Relation<Release, WorkItem>,
    /// Releases and their commits.
    pub release_commits: Relation<Release, Commit>,
    /// Releases and their pull requests.
    pub release_pull_requests: Relation<Release, PullRequest>,
    /// Releases and what was built for them.
    pub release_artifacts: Relation<Release, Artifact>,
    /// Releases and incidents that they caused or are suspected of.
    pub release_incidents: Relation<Release, Incident>,
    /// Releases and the incidents that they answer: a change that carries them was raised to mend the incident.
    pub release_answered_incidents: Relation<Release, Incident>,
    /// Releases and known errors that concern them.
    pub release_known_errors: Relation<Release, KnownError>,
    /// Releases and their trains.
    pub release_trains: Relation<Release, Train>,
    /// Changes and incidents that they caused or are suspected of.
    pub change_incidents: Relation<Change, Incident>,
    /// Changes and their configuration items.
    pub change_configuration_items: Relation<Change, ConfigurationItem>,
    /// Changes and the services they touch.
    pub change_services: Relation<Change, Service>,
    /// Services and the configuration items that stand for them.
    pub service_configuration_items: Relation<Service, ConfigurationItem>,
    /// Changes and the incidents that they answer: an incident's fix, or the record above an emergency change.
    pub change_answered_incidents: Relation<Change, Incident>,
    /// Work items and commits that name them.
    pub work_item_commits: Relation<WorkItem, Commit>,
    /// Work items and pull requests that name them.
    pub work_item_pull_requests: Relation<WorkItem, PullRequest>,
    /// Work items and changes that name them.
    pub work_item_changes: Relation<WorkItem, Change>,
    /// Pull requests and their commits.
    pub pull_request_commits: Relation<PullRequest, Commit>,
    /// Incidents and their problems.
    pub incident_problems: Relation<Incident, Problem>,

    /// Dependencies as stated, sorted.
    pub dependencies: Vec<Dependency>,
    /// What could not be understood of what releases say that they need, or work with.
    pub doubtful_needs: BTreeMap<Index<Release>, Vec<Text>>,
    /// Dependencies between releases, sorted by (from, to).
    pub release_dependencies: Vec<DependencyEdge>,
    /// Which versions of two services work together, sorted; several may tell of one pair.
    pub compatibilities: Vec<Compatibility>,
    /// What limits how many releases go at once, as configured.
    pub pools: Vec<Pool>,
    /// When agreements promise service, as configured.
    pub service_hours: Vec<ServiceHours>,
    /// Authorisations, sorted by (change, release, target).
    pub authorisations: Vec<Authorisation>,
    /// What is seen running, by service, sorted by target.
    pub placements: BTreeMap<ServiceKey, Vec<Placement>>,
    /// Relations of configuration items, sorted.
    pub ci_relations: Vec<CiRelation>,
    /// How trouble travels between configuration items.
    pub topology: Topology,
    /// Ranges of commits between tags, sorted by (repository, head).
    pub commit_ranges: Vec<CommitRange>,
    /// What releases lose beside each other, sorted by (from, to).
    pub release_comparisons: Vec<ReleaseComparison>,
    /// Test and coverage reports, sorted by run.
    pub test_reports: Vec<TestReport>,
    /// Past values of fields, sorted by (record, field, moment).
    pub field_changes: Vec<FieldChange>,
    /// Delegations, sorted.
    pub delegations: Vec<Delegation>,
    /// Service levels, sorted.
    pub service_levels: Vec<ServiceLevel>,
    /// Which person an account belongs to, as places in `people`, by place in `accounts`.
    pub account_people: BTreeMap<domain::AccountId, PersonKey>,

    /// Which person an e-mail address belongs to, in lower case: commits name people by address.
    pub email_people: BTreeMap<Text, PersonKey>,
    /// Whether each approval covers its change's scope as it is now.
    pub approval_coverage: BTreeMap<ApprovalId, ScopeCoverage>,
    /// Results of health queries, sorted by (connector, query).
    pub health_observations: Vec<HealthObservation>,
    /// What runtimes said of themselves, now and before, sorted by record.
    pub runtime_observations: Vec<RuntimeObservation>,
    /// Files at tags: expected configuration, manifests; sorted by (repository, tag, path).
    pub files: Vec<FileAtTag>,
    /// Schedules as recorded, not expanded; sorted by span.
    pub schedules: Vec<ScheduleRecord>,

    /// Rows by what they belong to; see [`ReleaseGraph::approvals_of`].
    pub lookup: Lookup,

    /// What is missing.
    pub gaps: Vec<Gap>,
    /// Which systems are read for which kinds of records. A kind without any is known to nobody.
    pub readers: BTreeMap<RecordKind, BTreeSet<ConnectorId>>,
}

impl ReleaseGraph {
    /// How many links explain the graph's edges.
    pub fn link_count(&self) -> usize {
        self.release_changes.len()
            + self.release_work_items.len()
            + self.release_commits.len()
            + self.release_pull_requests.len()
            + self.release_artifacts.len()
            + self.release_incidents.len()
            + self.release_answered_incidents.len()
            + self.release_known_errors.len()
            + self.release_trains.len()
            + self.change_incidents.len()
            + self.change_configuration_items.len()
            + self.change_services.len()
            + self.service_configuration_items.len()
            + self.change_answered_incidents.len()
            + self.work_item_commits.len()
            + self.work_item_pull_requests.len()
            + self.work_item_changes.len()
            + self.pull_request_commits.len()
            + self.incident_problems.len()
            + self.release_dependencies.len()
    }
}
