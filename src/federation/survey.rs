//! One look at everything that the systems show, for a company whose services nobody has mapped yet.

use std::sync::Arc;

use connectors::{Breadth, Connector, GatherRequest, Gathered};
use domain::{ConnectorId, Family, Gap, Landscape, Records, Window};
use futures::future::join_all;
use jiff::Timestamp;

use super::interest;

/// What the systems showed.
#[derive(Debug, Default)]
pub struct Surveyed {
    /// The records of all systems.
    pub records: Records,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// How many records each system gave, in the order of the configuration.
    pub counts: Vec<(ConnectorId, usize)>,
}

impl Surveyed {
    /// Systems that gave nothing but gaps.
    pub fn silent(&self) -> impl Iterator<Item = &ConnectorId> {
        let has_gap = |id: &ConnectorId| self.gaps.iter().any(|gap| gap.connector.as_ref() == Some(id));
        self.counts.iter().filter(move |(id, count)| *count == 0 && has_gap(id)).map(|(id, _)| id)
    }
}

/// Reads each system once, whatever is mapped. `told` hears of each system as soon as it has answered.
pub async fn survey(
    connectors: &[Arc<dyn Connector>],
    landscape: &Landscape,
    (horizon, now): (Window, Timestamp),
    told: &(dyn Fn(&ConnectorId, &Gathered) + Sync),
) -> Surveyed {
    // Items of a CMDB are asked for by the ids that the other systems' records name, so they go second.
    let (second, first): (Vec<_>, Vec<_>) =
        connectors.iter().partition(|connector| connector.descriptor().family == Family::Cmdb);
    let mut surveyed = Surveyed::default();
    for round in [first, second] {
        let seen = &surveyed.records;
        let reads = round.into_iter().map(|connector| async move {
            let id = &connector.descriptor().id;
            let mut interest = interest::interest_in(landscape, id);
            interest.breadth = Breadth::All;
            if connector.descriptor().family == Family::Cmdb {
                interest.named_configuration_items = interest::named_items(seen, id);
            }
            let read = connector.gather(&GatherRequest::full(horizon, now, interest)).await;
            told(id, &read);
            (id.clone(), read)
        });
        for (id, read) in join_all(reads).await {
            surveyed.counts.push((id, read.records.len()));
            surveyed.gaps.extend(read.gaps);
            surveyed.records.append(read.records);
        }
    }
    let place = |id: &ConnectorId| connectors.iter().position(|connector| connector.descriptor().id == *id);
    surveyed.counts.sort_by_key(|(id, _)| place(id));
    surveyed.records.sort();
    surveyed
}
