//! Stores readings off the read path. A store that cannot be written keeps nobody from reading: readings wait in a
//! queue, and what does not fit is told and is seen again at the next full reading.

use std::sync::Arc;
use std::time::Duration;

use connectors::Clock;
use jiff::{SignedDuration, Timestamp};
use store::{Reading, Store, StoreError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::federation::Observer;

/// Takes readings and hands them to [`keep`].
pub struct Keeper(mpsc::Sender<Reading>);

/// Readings that wait while the store cannot be written.
const WAITING: usize = 64;
/// How long a store that cannot be written is left alone.
const PATIENCE: Duration = Duration::from_secs(30);
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Keeper {
    /// The observer, and the end at which its readings come out.
    pub fn new() -> (Self, mpsc::Receiver<Reading>) {
        let (into, out) = mpsc::channel(WAITING);
        (Self(into), out)
    }
}

impl Observer for Keeper {
    fn observed(&self, reading: Reading) {
        if let Err(refused) = self.0.try_send(reading) {
            let reading = refused.into_inner();
            error!(system = %reading.connector, "A reading is not remembered: the store does not keep up");
        }
    }
}

/// Stores readings until the gateway stops, the ones that wait included; prunes once a day.
pub async fn keep(
    store: Store,
    mut readings: mpsc::Receiver<Reading>,
    (clock, retention): (Arc<dyn Clock>, SignedDuration),
    stopping: CancellationToken,
) {
    let mut pruned_at = Timestamp::MIN;
    loop {
        let reading = tokio::select! {
            reading = readings.recv() => reading,
            () = stopping.cancelled() => readings.try_recv().ok(),
        };
        let Some(reading) = reading else { break };
        while let Err(failure) = append(&store, reading.clone()).await {
            if !matches!(failure, StoreError::ReadOnly { .. }) {
                error!(%failure, system = %reading.connector, "A reading is not remembered");
                break;
            }
            error!(%failure, "Readings wait until they can be stored");
            tokio::select! {
                () = tokio::time::sleep(PATIENCE) => {}
                () = stopping.cancelled() => break,
            }
        }
        let now = clock.now();
        if now.duration_since(pruned_at) >= DAY {
            pruned_at = now;
            prune(&store, now.checked_sub(retention).unwrap_or(Timestamp::MIN)).await;
        }
    }
    store.close().await;
}

async fn append(store: &Store, reading: Reading) -> Result<(), StoreError> {
    let system = reading.connector.clone();
    let told = store.append(reading).await?;
    if told.clock_behind > 0 {
        let seconds = told.clock_behind / 1_000_000;
        warn!(%system, seconds, "The clock stands before the last reading; this one counts as of that one");
    }
    debug!(%system, versions = told.versions, gone = told.gone, "Remembered a reading");
    Ok(())
}

async fn prune(store: &Store, before: Timestamp) {
    match store.prune(before).await {
        Ok(pruned) => info!(versions = pruned.versions, readings = pruned.readings, "Pruned the store"),
        Err(failure) => error!(%failure, "The store could not be pruned"),
    }
}
