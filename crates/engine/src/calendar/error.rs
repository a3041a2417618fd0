//! What a calendar cannot answer, each with the place and the remedy.

use domain::{EnvironmentKey, Text};
use jiff::Timestamp;

use crate::graph::ReleaseGraph;

/// Refuses an environment that is not configured.
pub(crate) fn no_environment(graph: &ReleaseGraph, environment: &EnvironmentKey) -> CalendarError {
    let known = graph.environments.iter().map(|(_, known)| known.key.to_string()).collect();
    CalendarError::UnknownEnvironment { environment: environment.clone(), known }
}

/// Why a calendar question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A rule that RFC 5545 does not know.
    #[error("{place}: the rule '{rule}' cannot be read ({reason}); write one like FREQ=WEEKLY;BYDAY=MO,TU")]
    Rule {
        /// Whose rule.
        place: Text,
        /// The rule as written.
        rule: Text,
        /// What is wrong with it.
        reason: Text,
    },
    /// A rule without a single occurrence.
    #[error("{place}: the rule '{rule}' never recurs; mend its BY parts or its UNTIL")]
    NeverRecurs {
        /// Whose rule.
        place: Text,
        /// The rule as written.
        rule: Text,
    },
    /// A rule with more occurrences than anybody plans with.
    #[error("{place}: more than {limit} occurrences; ask for a shorter range or write a rarer rule")]
    TooOften {
        /// Whose rule.
        place: Text,
        /// The most occurrences that are expanded.
        limit: usize,
    },
    /// A time zone that the zone database does not have.
    #[error("{place}: the time zone '{zone}' does not exist; write an IANA name such as Europe/London")]
    Zone {
        /// Whose zone.
        place: Text,
        /// The name as written.
        zone: Text,
    },
    /// A range that ends before it starts, or at once.
    #[error("from ({from}) must be before to ({to})")]
    TurnedAround {
        /// Its start.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
    /// A range longer than is answered at once.
    #[error("from {from} to {to} is more than {limit_days} days; ask in parts")]
    TooLong {
        /// Its start.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
        /// The most days.
        limit_days: i64,
    },
    /// An environment that the configuration does not have.
    #[error("there is no environment '{environment}'; there are: {}", known.join(", "))]
    UnknownEnvironment {
        /// Its key.
        environment: EnvironmentKey,
        /// Those that are configured.
        known: Vec<String>,
    },
    /// No opening that is long enough, anywhere in the range.
    #[error("{place}: no opening of at least {minutes} minutes before {until}; look at its windows and blackouts")]
    NeverOpens {
        /// Of which target.
        place: Text,
        /// The length that was asked for, in minutes.
        minutes: i64,
        /// Until when was searched.
        until: Timestamp,
    },
}
