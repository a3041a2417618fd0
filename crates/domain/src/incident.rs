//! Incidents, problems and known errors.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, ChangeId, ConfigurationItemId, GroupId, IncidentId, KnownErrorId, ProblemId, Source, Text};

/// State of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncidentState {
    /// Just opened.
    New,
    /// Being worked on.
    InProgress,
    /// Waiting.
    OnHold,
    /// Solved.
    Resolved,
    /// Closed.
    Closed,
    /// Cancelled.
    Canceled,
    /// A state of the company's own; see the label.
    Other,
}

impl IncidentState {
    /// Is work on it still to be done? `Other` counts as open: unknown is not good news.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Closed | Self::Canceled)
    }
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The vendor's id.
    pub id: IncidentId,
    /// The number people say.
    pub number: Text,
    /// Priority, 1 (highest) to 5; `None` when not set.
    pub priority: Option<u8>,
    /// State.
    pub state: IncidentState,
    /// The vendor's word for the state.
    pub state_label: Text,
    /// One line.
    pub short_description: Option<Text>,
    /// The long text.
    pub description: Option<Text>,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When its record last changed.
    pub updated_at: Option<Timestamp>,
    /// The configuration item it is about.
    pub configuration_item: Option<ConfigurationItemId>,
    /// The business service it is about.
    pub business_service: Option<ConfigurationItemId>,
    /// The service offering whose users it touches.
    pub service_offering: Option<ConfigurationItemId>,
    /// The group that works on it.
    pub assignment_group: Option<GroupId>,
    /// The account that works on it.
    pub assigned_to: Option<AccountId>,
    /// The change that caused it, as its record says.
    pub caused_by: Option<ChangeId>,
    /// The change that fixes it, as its record says.
    pub fixed_by: Option<ChangeId>,
    /// Its problem.
    pub problem: Option<ProblemId>,
    /// What caused it, in the words of those who solved it.
    pub cause: Option<Text>,
    /// How it was solved: the vendor's or the company's own word.
    pub close_code: Option<Text>,
    /// What was done to solve it.
    pub close_notes: Option<Text>,
    /// Where it was read.
    pub source: Source,
}

/// State of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProblemState {
    /// Just opened.
    New,
    /// Being assessed.
    Assess,
    /// The cause is looked for.
    RootCauseAnalysis,
    /// The fix is being made.
    FixInProgress,
    /// Solved.
    Resolved,
    /// Closed.
    Closed,
    /// A state of the company's own; see the label.
    Other,
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The vendor's id.
    pub id: ProblemId,
    /// The number people say.
    pub number: Text,
    /// Priority, 1 (highest) to 5.
    pub priority: Option<u8>,
    /// State.
    pub state: ProblemState,
    /// The vendor's word for the state.
    pub state_label: Text,
    /// One line.
    pub short_description: Option<Text>,
    /// What to do until it is solved.
    pub workaround: Option<Text>,
    /// What was found to cause it.
    pub cause: Option<Text>,
    /// How it was, or is to be, fixed.
    pub fix: Option<Text>,
    /// Is it a known error?
    pub known_error: bool,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// The configuration item it is about.
    pub configuration_item: Option<ConfigurationItemId>,
    /// The change that fixes it.
    pub fixed_by: Option<ChangeId>,
    /// Where it was read.
    pub source: Source,
}

/// A known error: a problem with a cause or workaround that people can use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownError {
    /// The vendor's id.
    pub id: KnownErrorId,
    /// The number people say (the problem's, or the article's).
    pub number: Text,
    /// One line.
    pub summary: Option<Text>,
    /// What to do meanwhile.
    pub workaround: Option<Text>,
    /// The problem.
    pub problem: ProblemId,
    /// Where it was read.
    pub source: Source,
}
