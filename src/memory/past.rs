//! Graphs of earlier moments. From the first reading on they are made from what was read; before it, from what the
//! systems tell now and the history they keep, and the graph says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{ConnectorId, Gap, GapCode, RecordKind, Records};
use engine::correlate::CorrelateInput;
use engine::graph::ReleaseGraph;
use engine::rewind::rewind;
use jiff::Timestamp;
use moka::future::Cache;
use store::{RecalledSystem, Store, StoreError};
use tokio::sync::Semaphore;

use crate::federation::Federation;

/// Why there is no graph of a moment.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PastError {
    /// The moment has not come.
    #[error("{0} lies ahead; ask for a moment that is over")]
    Ahead(Timestamp),
    /// Nothing has been read yet.
    #[error("nothing has been read yet")]
    Nothing,
    /// What is remembered cannot be read.
    #[error("the store cannot be read: {0}")]
    Unreadable(Arc<StoreError>),
    /// Correlation ended abnormally.
    #[error("the graph could not be made")]
    Broken,
}

/// Makes graphs of earlier moments, and keeps the last ones that were asked for.
pub struct Past {
    federation: Arc<Federation>,
    store: Option<Store>,
    graphs: Cache<Timestamp, Arc<ReleaseGraph>>,
    making: Semaphore,
}

/// Each is a whole graph.
const KEPT: u64 = 8;
/// What a graph from before the first reading rests on grows with what the systems tell.
const KEPT_FOR: Duration = Duration::from_secs(600);

impl Past {
    /// The past of this federation; without a store, what the systems themselves keep of it.
    pub fn new(federation: Arc<Federation>, store: Option<Store>) -> Self {
        let graphs = Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build();
        Self { federation, store, graphs, making: Semaphore::new(1) }
    }

    /// The graph of what was known at a moment. Many who ask for one moment cause one to be made; graphs of several
    /// moments are made one after another.
    ///
    /// # Errors
    /// The moment lies ahead, or what is remembered cannot be read.
    pub async fn graph_as_of(&self, moment: Timestamp) -> Result<Arc<ReleaseGraph>, PastError> {
        if moment > self.federation.clock().now() {
            return Err(PastError::Ahead(moment));
        }
        let made = self.graphs.try_get_with(moment, self.make(moment)).await;
        made.map_err(|failure| failure.as_ref().clone())
    }

    async fn make(&self, moment: Timestamp) -> Result<Arc<ReleaseGraph>, PastError> {
        let _one_at_a_time = self.making.acquire().await.map_err(|_| PastError::Broken)?;
        let federation = self.federation.clone();
        let made = match self.remembered(moment).await? {
            Some(systems) => tokio::task::spawn_blocking(move || federation.graph_then(systems, moment)).await,
            None => {
                let known = self.reconstructed(moment).await?;
                tokio::task::spawn_blocking(move || federation.assemble(known, moment)).await
            }
        };
        made.map(Arc::new).map_err(|_| PastError::Broken)
    }

    /// What had been read by then; `None` before the first reading.
    async fn remembered(
        &self,
        moment: Timestamp,
    ) -> Result<Option<BTreeMap<ConnectorId, RecalledSystem>>, PastError> {
        let Some(store) = &self.store else { return Ok(None) };
        let recalled = store.as_of(moment).await.map_err(|failure| PastError::Unreadable(Arc::new(failure)))?;
        Ok(recalled.last_reading_at.map(|_| recalled.systems))
    }

    async fn reconstructed(&self, moment: Timestamp) -> Result<(Records, Vec<Gap>), PastError> {
        let CorrelateInput { records, mut gaps, .. } = self.federation.input().await;
        if records.is_empty() {
            return Err(PastError::Nothing);
        }
        let rewound = tokio::task::spawn_blocking(move || rewind(records, moment)).await;
        let rewound = rewound.map_err(|_| PastError::Broken)?;
        for connector in self.federation.connectors() {
            let system = connector.descriptor();
            // Without its history, a change is only known as it is now.
            let no_history = gaps
                .iter()
                .any(|gap| gap.connector.as_ref() == Some(&system.id) && gap.kind == RecordKind::FieldHistory);
            let unproven = system
                .kinds
                .iter()
                .filter(|kind| rewound.unproven.contains(kind) || (no_history && **kind == RecordKind::Change));
            let untold: Vec<RecordKind> = unproven.copied().collect();
            gaps.extend(untold.into_iter().map(|kind| {
                Gap {
                code: GapCode::SourceIncomplete,
                connector: Some(system.id.clone()),
                kind,
                message: format!(
                    "{} was not observed at {moment}: what it keeps no history of is shown as it was read later",
                    system.id
                )
                .into(),
                since: None,
                retryable: false,
            }
            }));
        }
        Ok((rewound.records, gaps))
    }
}
