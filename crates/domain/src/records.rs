//! The bag of records that connectors return and `engine::correlate` joins.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use crate::renewal::Renew;
use crate::{
    Account, Alert, Approval, Artifact, CabMeeting, Change, ChangeTask, ChangeTemplate, CiRelation, Commit,
    CommitRange, ConfigurationItem, Delegation, DeploymentRecord, FieldChange, FileAtTag, Group, HealthObservation,
    Incident, KnownError, PipelineRun, Problem, PullRequest, RecordId, RecordKind, Repository, RuntimeObservation,
    ScheduleRecord, ServiceLevel, Tag, TestReport, Text, TrackedVersion, Train, WorkItem,
};

/// What tells two records of one kind apart: the vendor's id, and a part within it where one is needed.
pub type RecordKey = (RecordId, Text);

/// Where a record stands among the others of one system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordPlace {
    /// The list of [`Records`] that holds it.
    pub list: &'static str,
    /// The kind that it is read with.
    pub kind: RecordKind,
    /// What tells it from the others of its list.
    pub key: RecordKey,
}

/// Sees one record after another, whatever its type.
pub trait RecordVisitor {
    /// Sees one record.
    fn see<R: Serialize>(&mut self, place: RecordPlace, record: &R);
}

macro_rules! records {
    ($($(#[$doc:meta])* $field:ident: $record:ty, $kind:ident, |$r:ident| $key:expr;)*) => {
        /// Records of any systems, in any order.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub struct Records {
            $($(#[$doc])* pub $field: Vec<$record>,)*
        }

        impl Records {
            /// The lists with the kinds that they are read with. Their names are stable.
            pub const LISTS: &[(&str, RecordKind)] = &[$((stringify!($field), RecordKind::$kind),)*];

            /// Shows all records, list by list.
            pub fn visit(&self, visitor: &mut impl RecordVisitor) {
                $(for $r in &self.$field {
                    let place = RecordPlace { list: stringify!($field), kind: RecordKind::$kind, key: $key };
                    visitor.see(place, $r);
                })*
            }

            /// Adds a record as it was written down to the list with this name. Nothing happens, and the answer is
            /// `false`, when there is no such list.
            pub fn read_into<'de, D: Deserializer<'de>>(&mut self, list: &str, written: D) -> Result<bool, D::Error> {
                match list {
                    $(stringify!($field) => self.$field.push(Deserialize::deserialize(written)?),)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// Adds all records of the other bag.
            pub fn append(&mut self, mut other: Self) {
                $(self.$field.append(&mut other.$field);)*
            }

            /// How many records there are.
            pub fn len(&self) -> usize {
                0 $(+ self.$field.len())*
            }

            /// Is there none?
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// How many records of one kind there are.
            pub fn count(&self, kind: RecordKind) -> usize {
                0 $(+ if RecordKind::$kind == kind { self.$field.len() } else { 0 })*
            }

            /// Forgets the records of one kind and takes the other bag's instead: the other bag holds all there are.
            /// Tells whether that says anything new beside when it was read.
            pub fn replace(&mut self, kind: RecordKind, other: &mut Self) -> bool {
                let mut says_more = false;
                $(if RecordKind::$kind == kind {
                    let key = |$r: &$record| -> RecordKey { $key };
                    says_more |= replace(&mut self.$field, std::mem::take(&mut other.$field), key);
                })*
                says_more
            }

            /// Adds the other bag's records of one kind; a record read again replaces what it was. Tells whether that
            /// says anything new beside when it was read.
            pub fn upsert(&mut self, kind: RecordKind, other: &mut Self) -> bool {
                let mut says_more = false;
                $(if RecordKind::$kind == kind && !other.$field.is_empty() {
                    let key = |$r: &$record| -> RecordKey { $key };
                    says_more |= upsert(&mut self.$field, std::mem::take(&mut other.$field), key);
                })*
                says_more
            }

            /// Forgets records of one kind by the vendor's ids; tells whether there was any of them.
            pub fn remove(&mut self, kind: RecordKind, gone: &BTreeSet<RecordId>) -> bool {
                let before = self.count(kind);
                $(if RecordKind::$kind == kind {
                    self.$field.retain(|$r| {
                        let (record, _): RecordKey = $key;
                        !gone.contains(&record)
                    });
                })*
                self.count(kind) < before
            }

            /// Brings every list into the order of its keys, and keeps the last of two records with one key.
            /// What is computed afterwards does not depend on the order in which records came.
            pub fn sort(&mut self) {
                $(sort(&mut self.$field, |$r: &$record| -> RecordKey { $key });)*
            }
        }
    };
}

/// In place: what is sorted may be most of what there is.
fn sort<T>(list: &mut Vec<T>, key: impl Fn(&T) -> RecordKey) {
    list.reverse();
    list.sort_by_cached_key(&key);
    list.dedup_by_key(|one| key(one));
    list.shrink_to_fit();
}

fn upsert<T: Renew>(held: &mut Vec<T>, newer: Vec<T>, key: impl Fn(&T) -> RecordKey) -> bool {
    let mut places: BTreeMap<RecordKey, usize> = held.iter().enumerate().map(|(at, one)| (key(one), at)).collect();
    let mut says_more = false;
    for one in newer {
        let place = *places.entry(key(&one)).or_insert(held.len());
        says_more |= match held.get_mut(place) {
            Some(was) => was.renew(one),
            None => {
                held.push(one);
                true
            }
        };
    }
    held.shrink_to_fit();
    says_more
}

fn replace<T: Renew>(held: &mut Vec<T>, newer: Vec<T>, key: impl Fn(&T) -> RecordKey) -> bool {
    let mut before: BTreeMap<RecordKey, T> = std::mem::take(held).into_iter().map(|one| (key(&one), one)).collect();
    let newer: BTreeMap<RecordKey, T> = newer.into_iter().map(|one| (key(&one), one)).collect();
    let mut says_more = false;
    held.reserve_exact(newer.len());
    for (key, one) in newer {
        held.push(match before.remove(&key) {
            Some(mut was) => {
                says_more |= was.renew(one);
                was
            }
            None => {
                says_more = true;
                one
            }
        });
    }
    says_more || !before.is_empty()
}

records! {
    /// Changes.
    changes: Change, Change, |r| (r.id.0.clone(), Text::from(""));
    /// Tasks of changes.
    change_tasks: ChangeTask, ChangeTask, |r| (r.id.0.clone(), Text::from(""));
    /// Approvals.
    approvals: Approval, Approval, |r| (r.id.0.clone(), Text::from(""));
    /// Templates of standard changes.
    change_templates: ChangeTemplate, ChangeTemplate, |r| (r.id.0.clone(), Text::from(""));
    /// Past values of fields.
    field_changes: FieldChange, FieldHistory, |r| (r.record.clone(), format!("{}@{}", r.field, r.at).into());
    /// Incidents.
    incidents: Incident, Incident, |r| (r.id.0.clone(), Text::from(""));
    /// Problems.
    problems: Problem, Problem, |r| (r.id.0.clone(), Text::from(""));
    /// Known errors.
    known_errors: KnownError, Problem, |r| (r.id.0.clone(), Text::from(""));
    /// Versions as trackers name them.
    tracked_versions: TrackedVersion, TrackedVersion, |r| (r.id.0.clone(), Text::from(""));
    /// Work items.
    work_items: WorkItem, WorkItem, |r| (r.id.0.clone(), Text::from(""));
    /// Repositories.
    repositories: Repository, Repository, |r| (r.id.0.clone(), Text::from(""));
    /// Tags.
    tags: Tag, Tag, |r| (r.id.0.clone(), Text::from(""));
    /// Commits.
    commits: Commit, Commit, |r| (r.id.0.clone(), Text::from(""));
    /// Ranges of commits between tags.
    commit_ranges: CommitRange, Commit, |r| (r.repository.0.clone(), format!("{}..{}", r.base.as_deref().unwrap_or_default(), r.head).into());
    /// Files at tags.
    files: FileAtTag, File, |r| (r.repository.0.clone(), format!("{}:{}", r.tag, r.path).into());
    /// Pull requests.
    pull_requests: PullRequest, PullRequest, |r| (r.id.0.clone(), Text::from(""));
    /// Pipeline runs.
    pipeline_runs: PipelineRun, PipelineRun, |r| (r.id.0.clone(), Text::from(""));
    /// Test and coverage reports.
    test_reports: TestReport, TestReport, |r| (r.run.0.clone(), r.suite.clone());
    /// Artifacts.
    artifacts: Artifact, Artifact, |r| (r.id.0.clone(), Text::from(""));
    /// Deployments.
    deployments: DeploymentRecord, Deployment, |r| (r.id.0.clone(), Text::from(""));
    /// Alerts.
    alerts: Alert, Alert, |r| (r.id.0.clone(), Text::from(""));
    /// What is observed to run.
    runtime_observations: RuntimeObservation, RuntimeObservation, |r| (r.source.record.clone(), Text::from(""));
    /// Results of health queries.
    health_observations: HealthObservation, HealthObservation, |r| (r.source.record.clone(), r.query.clone());
    /// Configuration items.
    configuration_items: ConfigurationItem, ConfigurationItem, |r| (r.id.0.clone(), Text::from(""));
    /// Relations of configuration items.
    ci_relations: CiRelation, CiRelation, |r| (r.id.0.clone(), Text::from(""));
    /// Schedules.
    schedules: ScheduleRecord, Schedule, |r| (r.id.0.clone(), Text::from(""));
    /// CAB meetings.
    cab_meetings: CabMeeting, CabMeeting, |r| (r.id.0.clone(), Text::from(""));
    /// Release trains.
    trains: Train, Train, |r| (r.id.0.clone(), Text::from(""));
    /// Service levels.
    service_levels: ServiceLevel, ServiceLevel, |r| (r.id.0.clone(), Text::from(""));
    /// Accounts.
    accounts: Account, Account, |r| (r.id.0.clone(), Text::from(""));
    /// Groups.
    groups: Group, Group, |r| (r.id.0.clone(), Text::from(""));
    /// Delegations.
    delegations: Delegation, Delegation, |r| (r.record.clone(), Text::from(""));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CiRelationId, CiRelationKind, ConfigurationItemId, ConnectorId};

    fn relation(id: &str, child: &str) -> CiRelation {
        let cmdb = ConnectorId::new("cmdb");
        CiRelation {
            id: CiRelationId::new(&cmdb, id),
            parent: ConfigurationItemId::new(&cmdb, "parent"),
            child: ConfigurationItemId::new(&cmdb, child),
            kind: CiRelationKind::DependsOn,
            label: "Depends on::Used by".into(),
        }
    }

    fn bag(relations: &[(&str, &str)]) -> Records {
        Records {
            ci_relations: relations.iter().map(|(id, child)| relation(id, child)).collect(),
            ..Records::default()
        }
    }

    #[test]
    fn a_record_read_again_replaces_what_it_was() {
        let mut held = bag(&[("1", "a"), ("2", "b")]);
        assert!(held.upsert(RecordKind::CiRelation, &mut bag(&[("2", "c"), ("3", "d")])));
        assert_eq!(held, bag(&[("1", "a"), ("2", "c"), ("3", "d")]));
        assert!(!held.upsert(RecordKind::CiRelation, &mut bag(&[("2", "c")])), "nothing new");
    }

    #[test]
    fn replacing_one_kind_forgets_what_is_gone_and_leaves_the_others() {
        let mut held = bag(&[("1", "a")]);
        assert!(!held.replace(RecordKind::Change, &mut Records::default()));
        assert_eq!(held, bag(&[("1", "a")]));
        assert!(held.replace(RecordKind::CiRelation, &mut bag(&[("2", "b")])));
        assert_eq!(held, bag(&[("2", "b")]));
        assert!(!held.replace(RecordKind::CiRelation, &mut bag(&[("2", "b")])), "nothing new");
        assert!(held.replace(RecordKind::CiRelation, &mut bag(&[])), "it is gone");
    }

    #[test]
    fn a_record_that_was_written_down_is_read_back_into_its_list() {
        struct Written(Vec<(RecordPlace, String)>);
        impl RecordVisitor for Written {
            fn see<R: Serialize>(&mut self, place: RecordPlace, record: &R) {
                self.0.push((place, serde_json::to_string(record).expect("plain data")));
            }
        }
        let bag = bag(&[("1", "a"), ("2", "b")]);
        let (mut written, mut read) = (Written(Vec::new()), Records::default());
        bag.visit(&mut written);
        for (place, text) in &written.0 {
            let added = read.read_into(place.list, &mut serde_json::Deserializer::from_str(text));
            assert!(added.expect("as written"));
        }
        assert_eq!(read, bag);
        let nowhere = read.read_into("no_list", &mut serde_json::Deserializer::from_str("{}"));
        assert!(!nowhere.expect("nothing is read"));
    }

    #[test]
    fn sorting_does_away_with_the_order_of_arrival() {
        let (mut one, mut other) = (bag(&[("2", "b"), ("1", "a")]), bag(&[("1", "a"), ("2", "b")]));
        one.sort();
        other.sort();
        assert_eq!(one, other);
    }
}
