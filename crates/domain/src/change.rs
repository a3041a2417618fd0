//! Changes, their tasks and templates, and the authorisation that auditors ask for.
//! Classes and states are ITIL's words; a vendor's own label stands beside them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, ApprovalState, ChangeId, ChangeTaskId, ChangeTemplateId, ConfigurationItemId, GroupId, RecordId,
    ReleaseKey, Source, StepKind, Target, Text, TrainId, Window,
};

/// Class of a change (ITIL).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeClass {
    /// Pre-approved by a template.
    Standard,
    /// Assessed and approved.
    Normal,
    /// Must be done at once.
    Emergency,
    /// A class of the vendor's or the company's own.
    Other,
}

/// State of a change, in ServiceNow's and ITIL's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeState {
    /// Just raised.
    New,
    /// Being assessed.
    Assess,
    /// Waiting for authorisation.
    Authorize,
    /// Authorised and planned.
    Scheduled,
    /// Being done.
    Implement,
    /// Done, under review.
    Review,
    /// Closed.
    Closed,
    /// Cancelled.
    Canceled,
    /// A state of the vendor's or the company's own; see the label.
    Other,
}

/// How a change ended, as its owner says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CloseCode {
    /// Successful.
    Successful,
    /// Successful with issues.
    SuccessfulWithIssues,
    /// Unsuccessful.
    Unsuccessful,
    /// A code of the company's own.
    Other,
}

/// A change request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The vendor's id.
    pub id: ChangeId,
    /// The number people say, for example CHG0030001. Not unique across instances.
    pub number: Text,
    /// Class.
    pub class: ChangeClass,
    /// The vendor's word for the class.
    pub class_label: Text,
    /// State.
    pub state: ChangeState,
    /// The vendor's word for the state.
    pub state_label: Text,
    /// Is it on hold? `None` when the field was hidden from us.
    pub on_hold: Option<bool>,
    /// One line.
    pub short_description: Option<Text>,
    /// The long text.
    pub description: Option<Text>,
    /// The partner system's key.
    pub correlation_id: Option<Text>,
    /// When it was raised.
    pub created_at: Option<Timestamp>,
    /// When its record last changed.
    pub updated_at: Option<Timestamp>,
    /// Planned start and end; `None` when either is missing.
    pub window: Option<Window>,
    /// Actual start.
    pub work_started_at: Option<Timestamp>,
    /// Actual end.
    pub work_ended_at: Option<Timestamp>,
    /// Who asked for it.
    pub requested_by: Option<AccountId>,
    /// Who raised it.
    pub opened_by: Option<AccountId>,
    /// Who carries it out.
    pub assigned_to: Option<AccountId>,
    /// Which group carries it out.
    pub assignment_group: Option<GroupId>,
    /// Its configuration items, sorted; the main one is also in `main_configuration_item`.
    pub configuration_items: Vec<ConfigurationItemId>,
    /// The main configuration item.
    pub main_configuration_item: Option<ConfigurationItemId>,
    /// The service offering whose users it touches. It is a configuration item too, but not one that is worked on.
    pub service_offering: Option<ConfigurationItemId>,
    /// How to take it back.
    pub backout_plan: Option<Text>,
    /// How it is tested.
    pub test_plan: Option<Text>,
    /// Why it is done.
    pub justification: Option<Text>,
    /// Impact and security assessment, where the record has one.
    pub risk_impact_analysis: Option<Text>,
    /// The vendor's own risk label.
    pub risk_label: Option<Text>,
    /// The template of a standard change.
    pub template: Option<ChangeTemplateId>,
    /// The template's version as the change names it.
    pub template_version: Option<Text>,
    /// Overall approval.
    pub approval: Option<ApprovalState>,
    /// Must a CAB see it?
    pub cab_required: Option<bool>,
    /// When a CAB sees it.
    pub cab_date: Option<Timestamp>,
    /// How it ended.
    pub close_code: Option<CloseCode>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Day of the review after it.
    pub review_date: Option<jiff::civil::Date>,
    /// Where the review after it stands, in the vendor's words.
    pub review_status: Option<Text>,
    /// What the review found.
    pub review_comments: Option<Text>,
    /// The parent record.
    pub parent: Option<RecordId>,
    /// The train (`rm_release`) it belongs to.
    pub train: Option<TrainId>,
    /// The environment named in the record, as the vendor writes it.
    pub environment: Option<Text>,
    /// Where it was read.
    pub source: Source,
}

/// A task of a change; also a booking of an environment when it names one with planned dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeTask {
    /// The vendor's id.
    pub id: ChangeTaskId,
    /// The number people say.
    pub number: Text,
    /// The change.
    pub change: Option<ChangeId>,
    /// One line.
    pub short_description: Option<Text>,
    /// The vendor's kind (planning, implementation, testing, review).
    pub kind: Option<Text>,
    /// State.
    pub state: ChangeTaskState,
    /// The vendor's word for the state.
    pub state_label: Text,
    /// Planned start and end.
    pub window: Option<Window>,
    /// Who does it.
    pub assigned_to: Option<AccountId>,
    /// The configuration item it works on.
    pub configuration_item: Option<ConfigurationItemId>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// How it ended.
    pub close_code: Option<CloseCode>,
    /// Where it was read.
    pub source: Source,
}

/// State of a change's task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeTaskState {
    /// Waiting for its turn.
    Pending,
    /// Open.
    Open,
    /// Being done.
    InProgress,
    /// Done.
    Closed,
    /// Cancelled.
    Canceled,
    /// A state of the company's own.
    Other,
}

/// A template that approves standard changes while it is live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeTemplate {
    /// The vendor's id.
    pub id: ChangeTemplateId,
    /// Its name.
    pub name: Text,
    /// Its current version.
    pub version: Option<Text>,
    /// May it be used now?
    pub active: bool,
    /// Configuration items it may be used for; `None` when the record does not say.
    pub allowed_configuration_items: Option<Vec<ConfigurationItemId>>,
    /// Steps it may be used for; `None` when the record does not say.
    pub allowed_steps: Option<Vec<StepKind>>,
    /// Valid from.
    pub valid_from: Option<Timestamp>,
    /// Valid until.
    pub valid_to: Option<Timestamp>,
    /// Revoked at.
    pub revoked_at: Option<Timestamp>,
    /// Where it was read.
    pub source: Source,
}

/// What a change authorises: the edge change × release × target. `scope_hash` covers window, configuration items,
/// targets, releases, steps, backout plan and template version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Authorisation {
    /// The change.
    pub change: ChangeId,
    /// What it lets go.
    pub release: ReleaseKey,
    /// Where to.
    pub target: Target,
    /// When.
    pub window: Option<Window>,
    /// Hex hash of the present scope.
    pub scope_hash: Text,
    /// When the release was added to the change; `None` when no history tells.
    pub added_at: Option<Timestamp>,
}

/// A past value of one field of a record, as the vendor's own history tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldChange {
    /// The record.
    pub record: RecordId,
    /// The vendor's field name.
    pub field: Text,
    /// The value before; empty = none.
    pub before: Text,
    /// The value after; empty = none.
    pub after: Text,
    /// When.
    pub at: Timestamp,
    /// Whose login did it, as the vendor writes it.
    pub by: Option<Text>,
}
