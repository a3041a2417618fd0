//! What is held of one system between reads: its records, where the next read starts, what is missing.
//! A read that fails takes nothing away; it only makes what is held stale.

use std::collections::BTreeMap;

use connectors::{Descriptor, Gathered};
use domain::{Gap, GapCode, RecordKind, Records};
use jiff::Timestamp;

/// What is held of one system.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) records: Records,
    pub(super) watermarks: BTreeMap<RecordKind, Timestamp>,
    pub(super) last_good: BTreeMap<RecordKind, Timestamp>,
    pub(super) last_sweep_at: Option<Timestamp>,
    pub(super) gaps: BTreeMap<RecordKind, Vec<Gap>>,
}

impl Held {
    /// Takes a read in.
    pub(super) fn absorb(&mut self, mut read: Gathered, now: Timestamp) {
        let mut missing: BTreeMap<RecordKind, Vec<Gap>> = BTreeMap::new();
        for gap in read.gaps {
            missing.entry(gap.kind).or_default().push(gap);
        }
        for kind in &read.complete {
            if !missing.contains_key(kind) {
                self.records.replace(*kind, &mut read.records);
            }
        }
        for kind in RecordKind::ALL {
            self.records.upsert(kind, &mut read.records);
        }
        for (kind, gone) in &read.deleted {
            self.records.remove(*kind, gone);
        }
        for kind in read.complete.iter().chain(&read.changed) {
            if !missing.contains_key(kind) {
                self.gaps.remove(kind);
                self.last_good.insert(*kind, now);
                if let Some(mark) = read.watermarks.get(kind) {
                    self.watermarks.insert(*kind, *mark);
                }
            }
        }
        for (kind, mut gaps) in missing {
            for gap in &mut gaps {
                gap.since = self.last_good.get(&kind).copied();
            }
            self.gaps.insert(kind, gaps);
        }
    }

    /// What is missing of a system now; a kind that was never read is missing too.
    pub(super) fn gaps_of(&self, system: &Descriptor) -> Vec<Gap> {
        let unread = system
            .kinds
            .iter()
            .filter(|kind| !self.last_good.contains_key(kind) && !self.gaps.contains_key(kind))
            .map(|kind| Gap {
                code: GapCode::SourceIncomplete,
                connector: Some(system.id.clone()),
                kind: *kind,
                message: format!("{} has not been read yet", system.id).into(),
                since: None,
                retryable: true,
            });
        self.gaps().cloned().chain(unread).collect()
    }

    /// What could not be read.
    pub(super) fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.values().flatten()
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
        held.absorb(full(&["1", "2"]), at(10));
        held.absorb(Gathered { gaps: vec![gap()], ..Gathered::default() }, at(20));
        assert_eq!(held.records, relations(&["1", "2"]));
        assert_eq!(held.gaps().map(|gap| gap.since).collect::<Vec<_>>(), [Some(at(10))]);
        assert!(!held.is_complete());
    }

    #[test]
    fn a_part_of_a_full_read_does_not_delete_the_rest() {
        let mut held = Held::default();
        held.absorb(full(&["1", "2"]), at(10));
        let part = Gathered { gaps: vec![gap()], ..full(&["3"]) };
        held.absorb(part, at(20));
        assert_eq!(held.records.ci_relations.len(), 3);
        assert!(!held.is_complete());
    }

    #[test]
    fn a_full_read_forgets_what_is_gone_and_heals_the_gap() {
        let mut held = Held::default();
        held.absorb(Gathered { gaps: vec![gap()], ..Gathered::default() }, at(5));
        held.absorb(full(&["1", "2"]), at(10));
        held.absorb(full(&["2"]), at(20));
        assert_eq!(held.records, relations(&["2"]));
        assert!(held.is_complete());
    }
}
