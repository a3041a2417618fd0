//! Work items: what a tracker plans and follows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, Source, Text, TrackedVersionId, WorkItemId};

/// What kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkItemType {
    /// Something a user wants.
    Story,
    /// Something is wrong.
    Bug,
    /// Work.
    Task,
    /// A large piece of work.
    Epic,
    /// A part of another item.
    SubTask,
    /// A release tracked as an item.
    Release,
    /// A type of the company's own; see the label.
    Other,
}

/// Where the work stands: the tracker's status category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkItemState {
    /// Not begun.
    ToDo,
    /// Begun.
    InProgress,
    /// Done.
    Done,
    /// A category of the vendor's own; see the label.
    Other,
}

/// Which way a link between work items reads, in our words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkItemLinkKind {
    /// This item blocks the other.
    Blocks,
    /// This item is blocked by the other.
    IsBlockedBy,
    /// They have to do with each other.
    RelatesTo,
    /// This item causes the other.
    Causes,
    /// This item is caused by the other.
    IsCausedBy,
    /// A link type of the company's own; see the label.
    Other,
}

/// A link to another work item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkItemLink {
    /// Which way it reads, from the item that holds it.
    pub kind: WorkItemLinkKind,
    /// The vendor's words, for example "is blocked by".
    pub label: Text,
    /// The other item.
    pub other: WorkItemId,
    /// The other item's key as told in the link.
    pub other_key: Text,
}

/// A work item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkItem {
    /// The vendor's id, unchanged when the item moves.
    pub id: WorkItemId,
    /// The key people say. Changes when the item moves to another project.
    pub key: Text,
    /// Earlier keys, as far as the history tells.
    pub former_keys: Vec<Text>,
    /// The project's key.
    pub project: Text,
    /// What kind of work.
    pub kind: WorkItemType,
    /// The vendor's word for the kind.
    pub kind_label: Text,
    /// Where it stands.
    pub state: WorkItemState,
    /// The vendor's word for the state.
    pub state_label: Text,
    /// One line.
    pub summary: Text,
    /// The long text as plain text; `None` when not read or empty.
    pub description: Option<Text>,
    /// Priority, in the vendor's words.
    pub priority: Option<Text>,
    /// Resolution, in the vendor's words; `None` = unresolved.
    pub resolution: Option<Text>,
    /// Who works on it.
    pub assignee: Option<AccountId>,
    /// Who reported it.
    pub reporter: Option<AccountId>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// Versions it is fixed in.
    pub fix_versions: Vec<TrackedVersionId>,
    /// Versions it affects.
    pub affects_versions: Vec<TrackedVersionId>,
    /// Components.
    pub components: Vec<Text>,
    /// Labels.
    pub labels: Vec<Text>,
    /// Parent item.
    pub parent: Option<WorkItemId>,
    /// Links to other items.
    pub links: Vec<WorkItemLink>,
    /// Custom fields by name, as plain text, where the configuration asks for them.
    pub fields: BTreeMap<Text, Text>,
    /// Where it was read.
    pub source: Source,
}
