//! What leads out of the federation and back: readings as they come, what was remembered of them, and graphs of other
//! moments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connectors::Gathered;
use domain::{ConnectorId, Gap, GapCode, RecordKind, Records};
use engine::correlate::{CorrelateInput, correlate};
use engine::graph::ReleaseGraph;
use jiff::Timestamp;
use store::{Reading, RecalledSystem};

use super::Federation;
use super::held::Held;

/// Hears of every reading. It must not take long: taking in what was read waits for it.
pub trait Observer: Send + Sync {
    /// A system was read.
    fn observed(&self, reading: Reading);
}

/// The version of every graph of an earlier moment: it is none of those that follow each other.
pub const PAST: u64 = 0;

/// What was read, as it is remembered.
pub(super) fn reading(connector: &ConnectorId, read: &Gathered, at: Timestamp) -> Reading {
    Reading {
        connector: connector.clone(),
        at,
        records: read.records.clone(),
        complete: read.complete.clone(),
        changed: read.changed.clone(),
        deleted: read.deleted.clone(),
        gaps: read.gaps.clone(),
        watermarks: read.watermarks.clone(),
    }
}

impl Federation {
    /// Tells this observer of every reading.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Serves what was remembered, as stale, until the systems have been read again.
    pub async fn recall(&self, mut remembered: BTreeMap<ConnectorId, RecalledSystem>) {
        {
            let mut holdings = self.holdings.lock().await;
            for connector in self.connectors() {
                let id = &connector.descriptor().id;
                if let Some(system) = remembered.remove(id) {
                    holdings.systems.insert(id.clone(), Held::recalled(id, system));
                    holdings.revision += 1;
                }
            }
        }
        self.publish(BTreeSet::new(), None).await;
    }

    /// The graph of a moment that is remembered. Systems that are not configured any more are left out. Correlation is
    /// pure and may take seconds at scale: call it off the async threads.
    pub fn graph_then(
        &self,
        mut remembered: BTreeMap<ConnectorId, RecalledSystem>,
        moment: Timestamp,
    ) -> ReleaseGraph {
        let (mut records, mut gaps) = (Records::default(), Vec::new());
        for system in self.connectors().iter().map(|connector| connector.descriptor()) {
            let mut known = remembered.remove(&system.id).unwrap_or_default();
            records.append(std::mem::take(&mut known.records));
            gaps.extend(Held::as_recalled(known).gaps_of(system));
        }
        self.assemble((records, gaps), moment)
    }

    /// The graph of these records at an earlier moment, by this federation's landscape and rules. Correlation is pure
    /// and may take seconds at scale: call it off the async threads.
    pub fn assemble(&self, (records, mut gaps): (Records, Vec<Gap>), moment: Timestamp) -> ReleaseGraph {
        gaps.sort();
        correlate(CorrelateInput { records, version: PAST, ..self.without_records(gaps, moment) })
    }
}

impl Held {
    /// What was remembered of a system, as it was.
    fn as_recalled(system: RecalledSystem) -> Self {
        let mut gaps: BTreeMap<RecordKind, Vec<Gap>> = BTreeMap::new();
        for gap in system.gaps {
            gaps.entry(gap.kind).or_default().push(gap);
        }
        let RecalledSystem { records: mut all, watermarks, last_good, .. } = system;
        let mut records = BTreeMap::new();
        for kind in RecordKind::ALL {
            if all.count(kind) == 0 {
                continue;
            }
            let mut of_kind = Records::default();
            of_kind.replace(kind, &mut all);
            records.insert(kind, Arc::new(of_kind));
        }
        Self { records, watermarks, last_good, gaps, ..Self::default() }
    }

    /// What was remembered of a system, with a gap for every kind: it has not been read since.
    fn recalled(id: &ConnectorId, system: RecalledSystem) -> Self {
        let mut held = Self::as_recalled(system);
        for (kind, at) in &held.last_good {
            let stale = || Gap {
                code: GapCode::SourceStale,
                connector: Some(id.clone()),
                kind: *kind,
                message: format!("{id} has not been read again since the restart").into(),
                since: Some(*at),
                retryable: true,
            };
            held.gaps.entry(*kind).or_insert_with(|| vec![stale()]);
        }
        held
    }
}
