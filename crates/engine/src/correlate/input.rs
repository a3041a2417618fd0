//! What correlation starts from: records, landscape, gaps, the configured systems, and the moment.

use std::collections::BTreeSet;

use domain::{ConnectorId, Family, Gap, GapCode, Landscape, RecordKind, Records};
use jiff::Timestamp;

use super::CorrelationPolicy;

/// Everything that one graph is made from.
#[derive(Debug, Clone)]
pub struct CorrelateInput {
    /// The records of all systems, in any order.
    pub records: Records,
    /// The company as configured.
    pub landscape: Landscape,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Which kinds of which systems are dark or stale.
    pub darkness: Darkness,
    /// The configured systems.
    pub connectors: Vec<ConnectedSystem>,
    /// Rules and thresholds.
    pub policy: CorrelationPolicy,
    /// Records reach back to here; what ended before makes no release. `None` = without a limit.
    pub horizon_start: Option<Timestamp>,
    /// Number of the graph's version.
    pub version: u64,
    /// The moment whose knowledge this is.
    pub now: Timestamp,
}

/// A configured system and what it can be read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedSystem {
    /// Its id.
    pub id: ConnectorId,
    /// Its family.
    pub family: Family,
    /// The kinds of records it reads.
    pub kinds: Vec<RecordKind>,
}

/// Which kinds of records of which systems cannot be relied on now: what is absent there may exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Darkness {
    dark: BTreeSet<(ConnectorId, RecordKind)>,
}

impl Darkness {
    /// Every kind that has a gap is dark. A system that is not configured is not dark: nobody asks it.
    pub fn from_gaps(gaps: &[Gap]) -> Self {
        let dark = gaps
            .iter()
            .filter(|gap| gap.code != GapCode::SourceNotConfigured)
            .filter_map(|gap| Some((gap.connector.clone()?, gap.kind)))
            .collect();
        Self { dark }
    }

    /// Is this kind of this system dark?
    pub fn covers(&self, connector: &ConnectorId, kind: RecordKind) -> bool {
        self.dark.contains(&(connector.clone(), kind))
    }

    /// Is this kind dark in any system?
    pub fn covers_any(&self, kind: RecordKind) -> bool {
        self.dark.iter().any(|(_, dark)| *dark == kind)
    }
}
