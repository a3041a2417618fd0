//! Approvals: who said yes to what, in whose name, and on which scope.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, ApprovalId, ChangeId, GroupId, RecordId, Source, Text};

/// State of an approval. `NotRequired` is not a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApprovalState {
    /// Nobody was asked yet.
    NotRequested,
    /// Asked, not answered.
    Requested,
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Taken back.
    Cancelled,
    /// Made moot by another answer; not a yes.
    NotRequired,
    /// A second request for the same approver.
    Duplicate,
    /// A state of the company's own.
    Other,
}

/// By which way an approval is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApprovalVia {
    /// A person was asked.
    User,
    /// A member of a group was asked.
    Group,
    /// A change advisory board decided.
    Cab,
    /// A delegate answered for the approver.
    Delegate,
    /// A live template approves.
    Template,
}

/// One approver's approval as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The vendor's id.
    pub id: ApprovalId,
    /// The change it is about.
    pub change: ChangeId,
    /// State.
    pub state: ApprovalState,
    /// The vendor's word for it.
    pub state_label: Text,
    /// By which way.
    pub via: ApprovalVia,
    /// Must it be given? `None` when nothing tells.
    pub required: Option<bool>,
    /// Who was asked.
    pub approver: Option<AccountId>,
    /// The group in whose name.
    pub group: Option<GroupId>,
    /// For whom the approver answered.
    pub on_behalf_of: Option<AccountId>,
    /// The record of the delegation.
    pub delegation: Option<RecordId>,
    /// Whose login recorded the answer, as the vendor writes it.
    pub recorded_by: Option<Text>,
    /// When it was asked for.
    pub requested_at: Option<Timestamp>,
    /// When it was answered.
    pub decided_at: Option<Timestamp>,
    /// Where it was read.
    pub source: Source,
}

/// Does an approval cover the scope as it is now?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScopeCoverage {
    /// The scope is the same or narrower.
    Covered,
    /// The scope was widened or moved afterwards.
    Outgrown,
    /// The scope at the time cannot be reconstructed.
    Unknown,
}
