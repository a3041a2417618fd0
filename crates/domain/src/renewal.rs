//! A record that is read again: does it say anything new? Reading leaves stamps on a record, such as the moment at which
//! it was read, that change each time and mean nothing to whoever joins records.

use crate::{
    Account, Alert, Approval, Artifact, CabMeeting, Change, ChangeTask, ChangeTemplate, CiRelation, Commit,
    CommitRange, ConfigurationItem, Delegation, DeploymentRecord, FieldChange, FileAtTag, Group, HealthObservation,
    Incident, KnownError, PipelineRun, Problem, PullRequest, Repository, RuntimeObservation, ScheduleRecord,
    ServiceLevel, Tag, TestReport, TrackedVersion, Train, WorkItem,
};

/// A record with what reading leaves on it.
pub(crate) trait Renew: PartialEq + Sized {
    /// Takes over the stamps of a newer reading.
    fn stamp(&mut self, newer: &Self);

    /// Becomes the newer reading; tells whether that says anything new.
    fn renew(&mut self, newer: Self) -> bool {
        self.stamp(&newer);
        let says_more = *self != newer;
        if says_more {
            *self = newer;
        }
        says_more
    }
}

macro_rules! stamped_by_source {
    ($($record:ident)*) => {$(
        impl Renew for $record {
            fn stamp(&mut self, newer: &Self) {
                self.source.fetched_at = newer.source.fetched_at;
            }
        }
    )*};
}

macro_rules! without_stamps {
    ($($record:ident)*) => {$(
        impl Renew for $record {
            fn stamp(&mut self, _newer: &Self) {}
        }
    )*};
}

stamped_by_source! {
    Account Alert Approval Artifact CabMeeting Change ChangeTask ChangeTemplate Commit CommitRange ConfigurationItem
    Delegation DeploymentRecord FileAtTag Group Incident KnownError PipelineRun Problem PullRequest Repository
    ScheduleRecord ServiceLevel Tag TestReport TrackedVersion Train WorkItem
}

without_stamps! { CiRelation FieldChange }

impl Renew for RuntimeObservation {
    /// What runs is seen a little later each time.
    fn stamp(&mut self, newer: &Self) {
        self.source.fetched_at = newer.source.fetched_at;
        if self.current && newer.current {
            self.observed_at = newer.observed_at;
        }
    }
}

impl Renew for HealthObservation {
    /// A measured value is another one each time; what counts is on which side of the threshold it lies.
    fn stamp(&mut self, newer: &Self) {
        self.source.fetched_at = newer.source.fetched_at;
        self.observed_at = newer.observed_at;
        let verdict = |seen: &Self| (seen.value.map(|value| value <= seen.threshold), seen.samples.map(|n| n > 0));
        if verdict(self) == verdict(newer) {
            (self.value, self.samples) = (newer.value, newer.samples);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::{ConnectorId, RecordId, Source};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn health(value: Option<f64>, second: i64) -> HealthObservation {
        let record = RecordId::new(&ConnectorId::new("prometheus"), "payments-api");
        HealthObservation {
            labels: BTreeMap::new(),
            query: "errors".into(),
            value,
            samples: Some(100),
            threshold: 0.01,
            observed_at: at(second),
            source: Source { record, url: None, fetched_at: at(second) },
        }
    }

    #[track_caller]
    fn says_more(before: Option<f64>, after: Option<f64>) -> bool {
        let (mut held, newer) = (health(before, 10), health(after, 20));
        let says_more = held.renew(newer.clone());
        assert_eq!(held, newer, "what is held is what was read last");
        says_more
    }

    #[test]
    fn a_measured_value_says_something_new_when_its_verdict_turns() {
        assert!(!says_more(Some(0.001), Some(0.002)));
        assert!(says_more(Some(0.001), Some(0.02)));
        assert!(says_more(Some(0.001), None));
        assert!(!says_more(None, None));
    }
}
