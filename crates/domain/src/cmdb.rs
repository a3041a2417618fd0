//! Configuration items and their relations, as a CMDB holds them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, CiRelationId, ConfigurationItemId, GroupId, Source, Text};

/// Where a configuration item stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CiLifecycle {
    /// Planned or being built.
    Planned,
    /// In use.
    Operational,
    /// Being repaired or in maintenance.
    Maintenance,
    /// Retired.
    Retired,
    /// Not to be told from its fields, or they contradict each other.
    Unknown,
}

/// A configuration item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationItem {
    /// The vendor's id.
    pub id: ConfigurationItemId,
    /// Its name.
    pub name: Text,
    /// Its class, in the vendor's words, for example `cmdb_ci_linux_server`.
    pub class: Text,
    /// The environment as the CMDB writes it.
    pub environment: Option<Text>,
    /// Where it stands in its life.
    pub lifecycle: CiLifecycle,
    /// The version it is said to have.
    pub version: Option<Text>,
    /// Who owns it.
    pub owner: Option<AccountId>,
    /// Which group supports it.
    pub support_group: Option<GroupId>,
    /// All attributes we read, as text: observed configuration.
    pub attributes: BTreeMap<Text, Text>,
    /// When its record last changed.
    pub updated_at: Option<Timestamp>,
    /// Where it was read.
    pub source: Source,
}

/// What a relation between two configuration items means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CiRelationKind {
    /// The parent depends on the child: trouble in the child harms the parent.
    DependsOn,
    /// The parent runs on the child.
    RunsOn,
    /// The parent is hosted on the child.
    HostedOn,
    /// The parent contains the child.
    Contains,
    /// The parent has the child as a member.
    Members,
    /// They are connected.
    ConnectsTo,
    /// A type of the company's own; see the label.
    Other,
}

impl CiRelationKind {
    /// Does trouble in the child harm the parent?
    pub fn child_harms_parent(self) -> bool {
        matches!(self, Self::DependsOn | Self::RunsOn | Self::HostedOn | Self::Contains | Self::Members)
    }
}

/// A relation of two configuration items. Read "parent *kind* child".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CiRelation {
    /// The vendor's id.
    pub id: CiRelationId,
    /// The parent.
    pub parent: ConfigurationItemId,
    /// The child.
    pub child: ConfigurationItemId,
    /// What it means.
    pub kind: CiRelationKind,
    /// The vendor's words, for example `Depends on::Used by`.
    pub label: Text,
}
