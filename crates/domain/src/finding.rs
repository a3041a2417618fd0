//! Findings: what systems disagree about, what is missing, and whose it is. Bad data is a finding, not an error.

use serde::{Deserialize, Serialize};

use crate::{FindingKey, RecordId, ReleaseKey, ServiceKey, Source, TeamKey, Text};

/// What a finding is about. Stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingCode {
    /// Two systems claim different states.
    StatusConflict,
    /// A spelling or key could mean several things.
    Ambiguous,
    /// One system spells one version in two ways.
    SpellingVariants,
    /// A key in a text leads nowhere.
    DanglingKey,
    /// The mapping of a service leads nowhere, or two services claim the same thing.
    MappingConflict,
    /// The same version has different digests.
    DigestMismatch,
    /// A window moved, or the scope grew, after approval.
    ScopeChangedAfterApproval,
    /// Commits of the running version are missing in the next one.
    CommitsLost,
    /// What runs is not what was deployed last.
    RuntimeMismatch,
    /// A change names no release and no release names it.
    UnlinkedChange,
    /// A record contradicts itself, for example an end before its start.
    InvalidRecord,
    /// An account could not be joined to a person.
    UnresolvedAccount,
    /// Dependencies form a cycle.
    DependencyCycle,
    /// It ran in production before a change for it was raised.
    Retroactive,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingSeverity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Error,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FindingSubject {
    /// A release.
    Release(ReleaseKey),
    /// A service.
    Service(ServiceKey),
    /// A record, with its GraphQL type.
    Record {
        /// The GraphQL type.
        node_type: Text,
        /// The record.
        record: RecordId,
    },
}

/// What one system says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// About which fact.
    pub field: Text,
    /// What it says.
    pub value: Text,
    /// Is this the claim that the graph goes by?
    pub used: bool,
    /// Which record, and when read; `None` for the configuration.
    pub source: Option<ClaimSource>,
}

/// Where a claim was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClaimSource {
    /// The record.
    pub record: RecordId,
    /// Where a person can open it.
    pub url: Option<Text>,
    /// When it was read.
    pub fetched_at: jiff::Timestamp,
}

impl From<&Source> for ClaimSource {
    fn from(source: &Source) -> Self {
        Self { record: source.record.clone(), url: source.url.clone(), fetched_at: source.fetched_at }
    }
}

/// Something a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Stable key: code, subject and what distinguishes it.
    pub key: FindingKey,
    /// What it is about.
    pub code: FindingCode,
    /// How bad.
    pub severity: FindingSeverity,
    /// Whose it is.
    pub owner: Option<TeamKey>,
    /// One or two sentences: what is wrong and what would mend it.
    pub detail: Text,
    /// About what.
    pub subject: FindingSubject,
    /// The service concerned, where there is one: decides who may see it.
    pub service: Option<ServiceKey>,
    /// What the systems say.
    pub claims: Vec<Claim>,
}
