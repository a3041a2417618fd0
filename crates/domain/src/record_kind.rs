//! The kinds of records that are read from systems: the unit of watermarks, gaps and request budgets.

use serde::{Deserialize, Serialize};

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecordKind {
    /// Changes.
    Change,
    /// Tasks of changes.
    ChangeTask,
    /// Approvals.
    Approval,
    /// Templates of standard changes.
    ChangeTemplate,
    /// Past values of fields.
    FieldHistory,
    /// Incidents.
    Incident,
    /// Problems and known errors.
    Problem,
    /// Versions as trackers name them.
    TrackedVersion,
    /// Work items.
    WorkItem,
    /// Repositories.
    Repository,
    /// Tags and forge releases.
    Tag,
    /// Commits and ranges between tags.
    Commit,
    /// Files at tags.
    File,
    /// Pull requests with reviews.
    PullRequest,
    /// Pipeline runs.
    PipelineRun,
    /// Test and coverage reports.
    TestReport,
    /// Artifacts.
    Artifact,
    /// Deployments.
    Deployment,
    /// Alerts.
    Alert,
    /// What is observed to run.
    RuntimeObservation,
    /// Results of health queries.
    HealthObservation,
    /// Configuration items.
    ConfigurationItem,
    /// Relations of configuration items.
    CiRelation,
    /// Schedules: blackouts and maintenance.
    Schedule,
    /// CAB meetings with agendas.
    CabMeeting,
    /// Release trains.
    Train,
    /// Service levels.
    ServiceLevel,
    /// Accounts.
    Account,
    /// Groups with members.
    Group,
    /// Delegations.
    Delegation,
    /// Service offerings that changes touch, beside what a change's own record says.
    ServiceOffering,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [Self; 31] = [
        Self::Change,
        Self::ChangeTask,
        Self::Approval,
        Self::ChangeTemplate,
        Self::FieldHistory,
        Self::Incident,
        Self::Problem,
        Self::TrackedVersion,
        Self::WorkItem,
        Self::Repository,
        Self::Tag,
        Self::Commit,
        Self::File,
        Self::PullRequest,
        Self::PipelineRun,
        Self::TestReport,
        Self::Artifact,
        Self::Deployment,
        Self::Alert,
        Self::RuntimeObservation,
        Self::HealthObservation,
        Self::ConfigurationItem,
        Self::CiRelation,
        Self::Schedule,
        Self::CabMeeting,
        Self::Train,
        Self::ServiceLevel,
        Self::Account,
        Self::Group,
        Self::Delegation,
        Self::ServiceOffering,
    ];
}

/// The family of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Family {
    /// IT service management: changes, incidents, problems.
    Itsm,
    /// Work tracking.
    WorkTracking,
    /// Configuration management database.
    Cmdb,
    /// Monitoring and alerting.
    Monitoring,
    /// Repositories and forges.
    Code,
}
