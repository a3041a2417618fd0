//! Identities: which system a record came from and its id there. Never bare strings.
//! The opaque form clients see (`Node.id`) is base64url of `Type:connector:nativeId`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::Text;

/// A configured connector's id, for example `servicenow`. Part of every node id, so it never changes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectorId(Text);

impl ConnectorId {
    /// Wraps the id as configured. The configuration refuses `:` and empty ids.
    pub fn new(id: impl Into<Text>) -> Self {
        Self(id.into())
    }

    /// The id as configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ConnectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One record of one system: the connector that read it and the vendor's own, unchanging id
/// (ServiceNow `sys_id`, Jira numeric id, GitHub `node_id`, a commit sha …).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId {
    /// The connector that reads this record.
    pub connector: ConnectorId,
    /// The vendor's id, opaque to us.
    pub native: Text,
}

impl RecordId {
    /// An id of a record that `connector` reads.
    pub fn new(connector: &ConnectorId, native: impl Into<Text>) -> Self {
        Self { connector: connector.clone(), native: native.into() }
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.connector, self.native)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An id that names its node type, and so can be written as a client's `Node.id`.
pub trait NodeKey {
    /// The GraphQL type of the node.
    const TYPE: &'static str;
    /// The part of the id behind the type, `connector:nativeId` or a key.
    fn rest(&self) -> String;

    /// The opaque `Node.id`.
    fn node_id(&self) -> String {
        encode_node_id(Self::TYPE, &self.rest())
    }
}

/// Writes an opaque `Node.id`.
pub fn encode_node_id(node_type: &str, rest: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{node_type}:{rest}"))
}

/// A client's `Node.id`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedNodeId {
    /// The GraphQL type of the node.
    pub node_type: String,
    /// What stands behind the type: `connector:nativeId`, or a key.
    pub rest: String,
}

impl DecodedNodeId {
    /// The record that the id names, where the node is a vendor's record.
    pub fn record(&self) -> Option<RecordId> {
        let (connector, native) = self.rest.split_once(':')?;
        Some(RecordId::new(&ConnectorId::new(connector), native))
    }
}

/// Takes a `Node.id` apart; `None` when it is not one of ours.
pub fn decode_node_id(id: &str) -> Option<DecodedNodeId> {
    let bytes = URL_SAFE_NO_PAD.decode(id.trim_end_matches('=')).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (node_type, rest) = text.split_once(':')?;
    (!node_type.is_empty() && !rest.is_empty())
        .then(|| DecodedNodeId { node_type: node_type.to_owned(), rest: rest.to_owned() })
}

macro_rules! record_ids {
    ($($(#[$doc:meta])* $name:ident = $type:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub RecordId);

        impl $name {
            /// The id of a record that `connector` reads.
            pub fn new(connector: &ConnectorId, native: impl Into<Text>) -> Self {
                Self(RecordId::new(connector, native))
            }
        }

        impl NodeKey for $name {
            const TYPE: &'static str = $type;
            fn rest(&self) -> String {
                self.0.to_string()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}:{}", $type, self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

record_ids! {
    /// A change request.
    ChangeId = "Change";
    /// A task of a change.
    ChangeTaskId = "ChangeTask";
    /// One approver's approval.
    ApprovalId = "Approval";
    /// A template of standard changes.
    ChangeTemplateId = "ChangeTemplate";
    /// An incident.
    IncidentId = "Incident";
    /// A problem.
    ProblemId = "Problem";
    /// A known error.
    KnownErrorId = "KnownError";
    /// A work item (Jira issue).
    WorkItemId = "WorkItem";
    /// A version as a work-item tracker names it.
    TrackedVersionId = "TrackedVersion";
    /// A repository.
    RepositoryId = "Repository";
    /// A commit; native id `repository@sha`.
    CommitId = "Commit";
    /// A tag; native id `repository@tag`.
    TagId = "Tag";
    /// A pull or merge request.
    PullRequestId = "PullRequest";
    /// A run of a pipeline or workflow.
    PipelineRunId = "PipelineRun";
    /// An artifact.
    ArtifactId = "Artifact";
    /// A forge's or tool's deployment record.
    DeploymentId = "Deployment";
    /// An alert.
    AlertId = "Alert";
    /// A configuration item.
    ConfigurationItemId = "ConfigurationItem";
    /// A relation of two configuration items.
    CiRelationId = "CiRelation";
    /// A blackout (a schedule that denies).
    BlackoutId = "Blackout";
    /// A maintenance or change window as a system records it.
    WindowId = "Window";
    /// A CAB meeting.
    CabMeetingId = "CabMeeting";
    /// A release train.
    TrainId = "Train";
    /// A user account in one system.
    AccountId = "Account";
    /// A group of accounts in one system.
    GroupId = "Group";
    /// A booking of an environment.
    BookingId = "Booking";
    /// A service-level agreement that runs on a task.
    ServiceLevelId = "ServiceLevel";
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $type:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Text);

        impl $name {
            /// Wraps the key.
            pub fn new(key: impl Into<Text>) -> Self {
                Self(key.into())
            }

            /// The key as people write it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl NodeKey for $name {
            const TYPE: &'static str = $type;
            fn rest(&self) -> String {
                self.0.to_string()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

keys! {
    /// A service's key, for example `payments-api`.
    ServiceKey = "Service";
    /// An environment's key, for example `production`.
    EnvironmentKey = "Environment";
    /// A team's key.
    TeamKey = "Team";
    /// A release's key, `service@version`.
    ReleaseKey = "ReleaseKey";
    /// A release's opaque id, minted once.
    ReleaseId = "Release";
    /// A person's key: directory id, e-mail address, or the only account's id.
    PersonKey = "Person";
    /// A finding's key, stable while what it says stands.
    FindingKey = "Finding";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_node_id_names_type_connector_and_native_id() {
        let id = ChangeId::new(&ConnectorId::new("servicenow"), "a1:b2");
        let decoded = decode_node_id(&id.node_id()).expect("ours");
        assert_eq!(decoded.node_type, "Change");
        assert_eq!(decoded.record(), Some(id.0));
    }

    proptest! {
        #[test]
        fn foreign_ids_never_panic(text in ".*") {
            let _decoded = decode_node_id(&text);
        }
    }
}
