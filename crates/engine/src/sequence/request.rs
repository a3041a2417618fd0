//! What is asked of a sequence, within which limits, and why it may have no answer.

use domain::{EnvironmentKey, Target, Text, Window};
use jiff::{SignedDuration, Timestamp};

use super::problem::Malformed;
use super::schedule::Effort;
use super::steps::OutOfSteps;
use crate::calendar::CalendarError;
use crate::queries::ReleaseFilter;

/// In which order, together with what, and when can these releases go to the target?
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceRequest {
    /// These releases, in any spelling of their keys; `None` = all to come that the filter lets through.
    pub releases: Option<Vec<Text>>,
    /// Only those that this lets through.
    pub filter: Option<ReleaseFilter>,
    /// Where to.
    pub target: Target,
    /// Not before (UTC).
    pub from: Timestamp,
    /// All must be done by then (UTC).
    pub to: Timestamp,
    /// What would be different.
    pub what_if: WhatIf,
}

/// What would be different. Nothing, by default: then the answer is the plan itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// These releases go too.
    pub add: Vec<Text>,
    /// These do not go.
    pub remove: Vec<Text>,
    /// These start at that moment, and at no other.
    pub moves: Vec<(Text, Timestamp)>,
    /// These take so long.
    pub durations: Vec<(Text, SignedDuration)>,
    /// These pools, or teams, serve so many releases at once.
    pub capacities: Vec<(Text, u32)>,
}

impl WhatIf {
    /// Is nothing different?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Defaults and limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequencePolicy {
    /// How long a release takes for which no change plans a window (1 h).
    pub default_duration: SignedDuration,
    /// Most releases in one question (2,000).
    pub most_releases: usize,
    /// Longest range, in days (366).
    pub most_days: i64,
    /// Most steps of work for one plan (10 million; seconds).
    pub steps: u64,
    /// How hard to search for a short schedule.
    pub effort: Effort,
}

impl Default for SequencePolicy {
    fn default() -> Self {
        Self {
            default_duration: SignedDuration::from_hours(1),
            most_releases: 2_000,
            most_days: 366,
            steps: 10_000_000,
            effort: Effort::default(),
        }
    }
}

/// Why there is no sequence. Each names the place and the remedy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SequenceError {
    /// No release goes by this key, or none that the caller may see.
    #[error("{place}: there is no release {key:?}; ask for `service@version`, as `releases` lists them")]
    UnknownRelease {
        /// Where it stands in the question.
        place: &'static str,
        /// The key as asked.
        key: Text,
    },
    /// Several releases go by this key.
    #[error("{place}: {key:?} may mean {}; ask for one of these", keys.join(" or "))]
    AmbiguousRelease {
        /// Where it stands in the question.
        place: &'static str,
        /// The key as asked.
        key: Text,
        /// What it may mean.
        keys: Vec<String>,
    },
    /// Neither releases nor a filter.
    #[error("say which releases: give `releases`, `filter`, or both")]
    NothingAsked,
    /// A release that is changed is not among those that go.
    #[error("{place}: {key} is not among the releases that go; add it with `whatIf.add`")]
    NotAmong {
        /// Where it stands in the question.
        place: &'static str,
        /// The release's key.
        key: Text,
    },
    /// A move out of the range.
    #[error("whatIf.move: {start} is not between from ({from}) and to ({to})")]
    MovedOutside {
        /// Where it would start.
        start: Timestamp,
        /// Start of the range.
        from: Timestamp,
        /// End of the range.
        to: Timestamp,
    },
    /// A duration that is not above zero.
    #[error("whatIf.durations: {key} takes a time above zero, for example PT45M")]
    NoDuration {
        /// The release's key.
        key: Text,
    },
    /// A pool that neither the configuration nor a team has.
    #[error("whatIf.capacity: there is no pool or team {pool:?}; there are: {}", known.join(", "))]
    UnknownPool {
        /// As asked.
        pool: Text,
        /// What there is.
        known: Vec<String>,
    },
    /// A region that the environment does not have.
    #[error("target.region: {environment} has no region {region:?}; it has: {}", known.join(", "))]
    UnknownRegion {
        /// The environment.
        environment: EnvironmentKey,
        /// As asked.
        region: Text,
        /// What there is.
        known: Vec<String>,
    },
    /// More releases than one question may have.
    #[error("{count} releases are more than the limit of {limit}; narrow the filter")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A longer range than one question may have.
    #[error("from {from} to {to} is more than the limit of {limit} days; ask for a shorter range")]
    TooLong {
        /// Start of the range.
        from: Timestamp,
        /// End of the range.
        to: Timestamp,
        /// How many days there may be.
        limit: i64,
    },
    /// A range of which not all blackouts are known.
    #[error("from {from} to {to}: blackouts are known from {} to {} only; ask for a range within", known.start, known.end)]
    Unforeseen {
        /// Start of the range.
        from: Timestamp,
        /// End of the range.
        to: Timestamp,
        /// Of which they are known.
        known: Window,
    },
    /// The environment opens at no moment of the range.
    #[error("{target} does not open between {from} and {to}; ask for a longer range, or look at its windows")]
    NeverOpens {
        /// The target.
        target: Text,
        /// Start of the range.
        from: Timestamp,
        /// End of the range.
        to: Timestamp,
    },
    /// The calendar has no answer.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// What was made of the graph cannot be scheduled: a mistake of ours.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The work has no end within its limit.
    #[error(transparent)]
    OutOfSteps(#[from] OutOfSteps),
}

/// A duration in words.
pub(super) fn minutes(duration: SignedDuration) -> String {
    format!("{} minutes", duration.as_mins())
}

impl SequenceError {
    /// Is a limit to blame, rather than the question?
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::TooMany { .. } | Self::TooLong { .. } | Self::Unforeseen { .. } | Self::OutOfSteps(_))
    }
}
