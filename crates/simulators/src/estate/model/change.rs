//! Releases as the bank plans them, and the changes that authorise them.

use jiff::Timestamp;
use serde::Serialize;

use super::{Interval, Text};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Release {
    /// `service@version`.
    pub key: Text,
    pub service: Text,
    pub version: Text,
    /// The window of its production change, where there is one.
    pub window: Option<Interval>,
    pub story: Story,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Story {
    /// One of the releases the contract describes.
    Told,
    /// What ran before the stories.
    Baseline,
    History,
    Noise,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Connector id of the instance that holds it.
    pub instance: &'static str,
    pub number: Text,
    pub class: ChangeClass,
    pub state: ChangeState,
    pub title: Text,
    pub plans: Plans,
    pub risk: Risk,
    /// `service@version` as the pipeline wrote it, at most 100 characters.
    pub correlation: Option<Text>,
    /// Truth, not a field: the releases it is for.
    pub releases: Vec<Text>,
    pub requested_by: Text,
    pub opened_by: Text,
    pub assigned_to: Option<Text>,
    pub group: Option<Text>,
    pub item: Option<Text>,
    /// Further affected items.
    pub items: Vec<Text>,
    pub created: Timestamp,
    pub planned: Interval,
    pub work_start: Option<Timestamp>,
    pub work_end: Option<Timestamp>,
    pub cab: Option<Timestamp>,
    pub approvals: Vec<Approval>,
    pub group_approvals: Vec<GroupApproval>,
    pub tasks: Vec<ChangeTask>,
    pub closing: Option<Closing>,
    pub template: Option<Text>,
    pub train: Option<Text>,
    /// Number of the change that must be done first.
    pub predecessor: Option<Text>,
    /// Oldest first.
    pub history: Vec<FieldChange>,
}

/// The long texts, shared between changes that use the same wording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plans {
    pub description: Text,
    pub justification: Text,
    pub implementation: Text,
    pub backout: Text,
    pub test: Text,
    pub impact_analysis: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ChangeClass {
    Standard,
    Normal,
    Emergency,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ChangeState {
    New,
    Assess,
    Authorize,
    Scheduled,
    Implement,
    Review,
    Closed,
    Canceled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Risk {
    High,
    Moderate,
    Low,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Approval {
    /// ServiceNow user name: a person may have two.
    pub approver: Text,
    pub group: Option<Text>,
    pub state: ApprovalState,
    pub requested: Timestamp,
    pub decided: Option<Timestamp>,
    /// User name of whoever recorded it, where that is not the approver.
    pub recorded_by: Option<Text>,
    pub comments: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupApproval {
    pub group: Text,
    pub state: ApprovalState,
    pub requested: Timestamp,
    pub decided: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ApprovalState {
    Requested,
    Approved,
    Rejected,
    /// Mooted by the others' answers; not a yes.
    NotRequired,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeTask {
    pub title: Text,
    pub kind: TaskKind,
    pub state: TaskState,
    pub item: Option<Text>,
    pub assigned_to: Option<Text>,
    pub planned: Option<Interval>,
    pub work: Option<Interval>,
    pub notes: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TaskKind {
    Planning,
    Implementation,
    Testing,
    Review,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TaskState {
    Pending,
    Open,
    Closed,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Closing {
    pub code: CloseCode,
    pub notes: Text,
    pub at: Timestamp,
    pub by: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CloseCode {
    Successful,
    WithIssues,
    Unsuccessful,
}

/// One line of an audit trail. References are keys, translated by the projection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    pub at: Timestamp,
    pub by: Text,
    pub change: Changed,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Changed {
    State(ChangeState, ChangeState),
    Start(Timestamp, Timestamp),
    End(Timestamp, Timestamp),
    WorkStart(Timestamp),
    WorkEnd(Timestamp),
}
