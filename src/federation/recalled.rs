//! What leads out of the federation and back: readings as they come, what was remembered of them, and graphs of other
//! moments.

use std::collections::BTreeMap;
use std::sync::Arc;

use connectors::Gathered;
use domain::{ConnectorId, Gap, GapCode, RecordKind, Records};
use engine::correlate::{CorrelateInput, Darkness, correlate};
use engine::graph::ReleaseGraph;
use jiff::Timestamp;
use store::{Reading, RecalledSystem};

use super::held::Held;
use super::{Federation, connected_system, merged_records};

/// Hears of every reading. It must not take long: the reading of other systems waits for it.
pub trait Observer: Send + Sync {
    /// A system was read.
    fn observed(&self, reading: Reading);
}

impl Federation {
    /// Tells this observer of every reading.
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    pub(super) fn tell_observer(&self, connector: &ConnectorId, read: &Gathered, at: Timestamp) {
        let Some(observer) = &self.observer else { return };
        observer.observed(Reading {
            connector: connector.clone(),
            at,
            records: read.records.clone(),
            complete: read.complete.clone(),
            changed: read.changed.clone(),
            deleted: read.deleted.clone(),
            gaps: read.gaps.clone(),
            watermarks: read.watermarks.clone(),
        });
    }

    /// Serves what was remembered, as stale, until the systems have been read again.
    pub async fn recall(&self, mut remembered: BTreeMap<ConnectorId, RecalledSystem>) -> Option<Arc<ReleaseGraph>> {
        {
            let mut held = self.held.lock().await;
            for connector in self.connectors() {
                let id = &connector.descriptor().id;
                if let Some(system) = remembered.remove(id) {
                    held.insert(id.clone(), Held::recalled(id, system));
                }
            }
        }
        self.publish().await
    }

    /// The records and gaps of now.
    pub async fn known(&self) -> (Records, Vec<Gap>) {
        let held = self.held.lock().await;
        let descriptors = self.connectors().iter().map(|connector| connector.descriptor());
        let gaps = descriptors.flat_map(|system| held.get(&system.id).map_or_else(Vec::new, |h| h.gaps_of(system)));
        (merged_records(&held), gaps.collect())
    }

    /// The records and gaps of a moment that is remembered. Systems that are not configured any more are left out.
    pub fn known_then(&self, mut remembered: BTreeMap<ConnectorId, RecalledSystem>) -> (Records, Vec<Gap>) {
        let (mut records, mut gaps) = (Records::default(), Vec::new());
        for system in self.connectors().iter().map(|connector| connector.descriptor()) {
            let held = Held::as_recalled(remembered.remove(&system.id).unwrap_or_default());
            gaps.extend(held.gaps_of(system));
            records.append(held.records);
        }
        (records, gaps)
    }

    /// The graph of these records, by this federation's landscape and rules. Correlation is pure and may take seconds
    /// at scale: call it off the async threads.
    pub fn assemble(&self, records: Records, gaps: Vec<Gap>, (version, now): (u64, Timestamp)) -> ReleaseGraph {
        correlate(CorrelateInput {
            records,
            landscape: self.plan.landscape.clone(),
            darkness: Darkness::from_gaps(&gaps),
            gaps,
            connectors: self.connectors().iter().map(|c| connected_system(c.as_ref())).collect(),
            policy: self.plan.policy.clone(),
            horizon_start: Some(self.plan.horizon.around(now).start),
            version,
            now,
        })
    }
}

impl Held {
    /// What was remembered of a system, as it was.
    fn as_recalled(system: RecalledSystem) -> Self {
        let mut gaps: BTreeMap<RecordKind, Vec<Gap>> = BTreeMap::new();
        for gap in system.gaps {
            gaps.entry(gap.kind).or_default().push(gap);
        }
        let RecalledSystem { records, watermarks, last_good, .. } = system;
        Self { records, watermarks, last_good, gaps, last_sweep_at: None }
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
