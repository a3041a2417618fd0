//! What is held of one system between reads: its records, where the next read starts, what is missing.
//! A read that fails takes nothing away; it only makes what is held stale.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connectors::{Descriptor, Gathered};
use domain::{Gap, GapCode, RecordKind, Records};
use jiff::{SignedDuration, Timestamp};

/// What is held of one system.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Records by kind. A graph that is being made shares them; only kinds that change meanwhile are copied.
    pub(super) records: BTreeMap<RecordKind, Arc<Records>>,
    pub(super) watermarks: BTreeMap<RecordKind, Timestamp>,
    pub(super) last_good: BTreeMap<RecordKind, Timestamp>,
    pub(super) last_sweep_at: Option<Timestamp>,
    pub(super) gaps: BTreeMap<RecordKind, Vec<Gap>>,
    /// Kinds with gaps of which the last read told a part all the same.
    pub(super) partial: BTreeSet<RecordKind>,
}

impl Held {
    /// Takes a read in; tells whether its records say anything new.
    pub(super) fn absorb(&mut self, mut read: Gathered, now: Timestamp) -> bool {
        let mut missing: BTreeMap<RecordKind, Vec<Gap>> = BTreeMap::new();
        for gap in read.gaps {
            missing.entry(gap.kind).or_default().push(gap);
        }
        let mut says_more = false;
        for kind in RecordKind::ALL {
            let is_whole = read.complete.contains(&kind) && !missing.contains_key(&kind);
            let came = read.records.count(kind) > 0;
            let gone = read.deleted.get(&kind).filter(|gone| !gone.is_empty());
            if !came && gone.is_none() && !(is_whole && self.records.contains_key(&kind)) {
                continue;
            }
            let held = Arc::make_mut(self.records.entry(kind).or_default());
            says_more |= match is_whole {
                true => held.replace(kind, &mut read.records),
                false => held.upsert(kind, &mut read.records),
            };
            says_more |= gone.is_some_and(|gone| held.remove(kind, gone));
        }
        for kind in read.complete.iter().chain(&read.changed) {
            if !missing.contains_key(kind) {
                self.gaps.remove(kind);
                self.partial.remove(kind);
                self.last_good.insert(*kind, now);
                if let Some(mark) = read.watermarks.get(kind) {
                    self.watermarks.insert(*kind, *mark);
                }
            }
        }
        for (kind, mut gaps) in missing {
            match read.changed.contains(&kind) || read.complete.contains(&kind) {
                true => self.partial.insert(kind),
                false => self.partial.remove(&kind),
            };
            for gap in &mut gaps {
                gap.since = self.last_good.get(&kind).copied();
            }
            self.gaps.insert(kind, gaps);
        }
        says_more
    }

    /// The records, kind by kind.
    pub(super) fn records(&self) -> impl Iterator<Item = &Arc<Records>> {
        self.records.values()
    }

    /// What is missing of a system now; a kind that was never read is missing too.
    pub(super) fn gaps_of(&self, system: &Descriptor) -> Vec<Gap> {
        let unread = system
            .kinds
            .iter()
            .filter(|kind| !self.last_good.contains_key(kind) && !self.gaps.contains_key(kind))
            .map(|kind| self.gap(system, (*kind, GapCode::SourceIncomplete), "has not been read yet"));
        self.gaps().cloned().chain(unread).collect()
    }

    /// The same while the system lets us wait for its answers: what was not read for so long is stale.
    pub(super) fn gaps_while_waiting(
        &self,
        system: &Descriptor,
        (now, age): (Timestamp, SignedDuration),
    ) -> Vec<Gap> {
        let old = self.last_good.iter().filter(|(kind, read)| {
            now.duration_since(**read) >= age && !self.gaps.contains_key(kind) && system.kinds.contains(kind)
        });
        let stale =
            old.map(|(kind, _)| self.gap(system, (*kind, GapCode::SourceStale), "lets us wait for an answer"));
        stale.chain(self.gaps_of(system)).collect()
    }

    fn gap(&self, system: &Descriptor, (kind, code): (RecordKind, GapCode), told: &str) -> Gap {
        Gap {
            code,
            connector: Some(system.id.clone()),
            kind,
            message: format!("{} {told}", system.id).into(),
            since: self.last_good.get(&kind).copied(),
            retryable: true,
        }
    }

    /// What could not be read.
    pub(super) fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.values().flatten()
    }

    /// Could nothing at all be read of this kind the last time?
    pub(super) fn is_dark(&self, kind: RecordKind) -> bool {
        self.gaps.contains_key(&kind) && !self.partial.contains(&kind)
    }

    /// Where incremental reads start; nothing for kinds that were never read well.
    pub(super) fn marks(&self) -> BTreeMap<RecordKind, Timestamp> {
        self.watermarks.clone()
    }

    /// Was everything read well the last time it was asked for?
    pub(super) fn is_complete(&self) -> bool {
        self.gaps.is_empty() && !self.last_good.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{CiRelation, CiRelationId, CiRelationKind, ConfigurationItemId, ConnectorId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn relations(ids: &[&str]) -> Records {
        let cmdb = ConnectorId::new("cmdb");
        let relation = |id: &&str| CiRelation {
            id: CiRelationId::new(&cmdb, *id),
            parent: ConfigurationItemId::new(&cmdb, "p"),
            child: ConfigurationItemId::new(&cmdb, "c"),
            kind: CiRelationKind::DependsOn,
            label: "Depends on::Used by".into(),
        };
        Records { ci_relations: ids.iter().map(relation).collect(), ..Records::default() }
    }

    fn gap() -> Gap {
        Gap {
            code: GapCode::SourceTimedOut,
            connector: Some(ConnectorId::new("cmdb")),
            kind: RecordKind::CiRelation,
            message: "it did not answer in time".into(),
            since: None,
            retryable: true,
        }
    }

    impl Held {
        fn all(&self) -> Records {
            let mut all = Records::default();
            self.records().for_each(|one| all.append((**one).clone()));
            all
        }
    }

    fn full(ids: &[&str]) -> Gathered {
        Gathered {
            records: relations(ids),
            complete: [RecordKind::CiRelation].into(),
            watermarks: [(RecordKind::CiRelation, at(1))].into(),
            ..Gathered::default()
        }
    }

    #[test]
    fn a_failed_read_takes_nothing_away_and_says_since_when() {
        let mut held = Held::default();
        assert!(held.absorb(full(&["1", "2"]), at(10)));
        assert!(!held.absorb(Gathered { gaps: vec![gap()], ..Gathered::default() }, at(20)));
        assert_eq!(held.all(), relations(&["1", "2"]));
        assert_eq!(held.gaps().map(|gap| gap.since).collect::<Vec<_>>(), [Some(at(10))]);
        assert!(!held.is_complete());
    }

    #[test]
    fn a_part_of_a_full_read_does_not_delete_the_rest() {
        let mut held = Held::default();
        held.absorb(full(&["1", "2"]), at(10));
        let part = Gathered { gaps: vec![gap()], ..full(&["3"]) };
        held.absorb(part, at(20));
        assert_eq!(held.all().ci_relations.len(), 3);
        assert!(!held.is_complete());
    }

    #[test]
    fn a_full_read_forgets_what_is_gone_and_heals_the_gap() {
        let mut held = Held::default();
        held.absorb(Gathered { gaps: vec![gap()], ..Gathered::default() }, at(5));
        held.absorb(full(&["1", "2"]), at(10));
        held.absorb(full(&["2"]), at(20));
        assert_eq!(held.all(), relations(&["2"]));
        assert!(held.is_complete());
        assert!(!held.absorb(full(&["2"]), at(30)), "nothing new");
        assert_eq!(held.last_good[&RecordKind::CiRelation], at(30));
    }

    #[test]
    fn a_system_that_lets_us_wait_makes_what_is_held_stale() {
        let system = Descriptor {
            id: ConnectorId::new("cmdb"),
            family: domain::Family::Cmdb,
            vendor: "simulated",
            kinds: &[RecordKind::CiRelation],
        };
        let mut held = Held::default();
        held.absorb(full(&["1"]), at(10));
        let seconds = SignedDuration::from_secs;
        assert_eq!(held.gaps_while_waiting(&system, (at(100), seconds(180))), []);
        let gaps = held.gaps_while_waiting(&system, (at(200), seconds(180)));
        assert_eq!(
            gaps.iter().map(|gap| (gap.code, gap.since)).collect::<Vec<_>>(),
            [(GapCode::SourceStale, Some(at(10)))]
        );
    }
}
