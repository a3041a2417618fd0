//! Gatherings: every system is asked, side by side. One runs at a time; whoever needs it waits for the same one, and
//! when nobody waits any more it is dropped together with its calls to the systems.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connectors::{Connector, GatherRequest, Gathered};
use domain::{ConnectorId, Family};
use engine::graph::ReleaseGraph;
use futures::future::{FutureExt as _, Shared, WeakShared};
use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::recalled::reading;
use super::{Federation, interest};

/// How long a slow system may hold up what the others answered.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a request that reads through waits for slow systems.
const PATIENCE_OF_A_REQUEST: Duration = Duration::from_secs(10);
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);

/// How much a gathering reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything in the horizon, so that deletions are seen.
    Sweep,
    /// What changed since the last read.
    Changes,
}

/// What reading through came to.
#[derive(Debug, Clone)]
pub struct ReadThrough {
    /// The newest graph.
    pub graph: Arc<ReleaseGraph>,
    /// Systems that did not answer in time: what the graph holds of them may be older than was asked for.
    pub late: Vec<ConnectorId>,
}

/// The gathering that runs, for as long as anybody waits for it.
#[derive(Default)]
pub(super) struct Slot(Mutex<State>);

#[derive(Default)]
struct State {
    running: Option<WeakShared<Work>>,
    /// Systems that have not answered in it.
    awaited: BTreeSet<ConnectorId>,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_awaited(&self, id: &ConnectorId) -> bool {
        self.state().awaited.contains(id)
    }
}

impl Federation {
    /// Reads all systems and publishes the next graph if they tell anything new. Systems that fail leave gaps; this
    /// never fails as a whole. A slow system holds nobody up: what the others answered is published meanwhile.
    pub async fn gather(self: &Arc<Self>, extent: Extent) -> Option<Arc<ReleaseGraph>> {
        loop {
            let (is_own, gathering) = self.join(extent);
            gathering.await;
            if is_own {
                return self.graph();
            }
        }
    }

    /// The newest graph if it is new enough, else one made from what changed since. Many who ask at once cause one
    /// reading; nobody can cause readings faster than one after another.
    pub async fn no_older_than(self: &Arc<Self>, age: SignedDuration) -> Option<ReadThrough> {
        let oldest = self.plan.clock.now().saturating_sub(age).unwrap_or(Timestamp::MIN);
        let mut patience = std::pin::pin!(tokio::time::sleep(PATIENCE_OF_A_REQUEST));
        // One that runs already may have begun too early; the one after it has not.
        for _ in 0..2 {
            if self.newest().is_some_and(|newest| newest.as_of.is_some_and(|begun| begun >= oldest)) {
                break;
            }
            let (_, gathering) = self.join(Extent::Changes);
            tokio::select! {
                () = gathering => {}
                () = &mut patience => {
                    let late = self.running.state().awaited.iter().cloned().collect();
                    return Some(ReadThrough { graph: self.graph()?, late });
                }
            }
        }
        Some(ReadThrough { graph: self.graph()?, late: Vec::new() })
    }

    /// Reads again and again until the task is dropped: changes every interval, everything every sweep.
    pub async fn keep_fresh(self: Arc<Self>) {
        let interval = Duration::try_from(self.plan.refresh.interval).unwrap_or(DEFAULT_INTERVAL);
        let mut swept_at = self.plan.clock.now();
        loop {
            tokio::time::sleep(interval).await;
            let now = self.plan.clock.now();
            let extent = if now.duration_since(swept_at) >= self.plan.refresh.sweep {
                Extent::Sweep
            } else {
                Extent::Changes
            };
            if extent == Extent::Sweep {
                swept_at = now;
            }
            self.gather(extent).await;
        }
    }

    /// The gathering that runs, or a new one; and whether it is new.
    fn join(self: &Arc<Self>, extent: Extent) -> (bool, Shared<Work>) {
        let mut state = self.running.state();
        let running = state.running.as_ref().and_then(WeakShared::upgrade);
        if let Some(gathering) = running.filter(|gathering| gathering.peek().is_none()) {
            return (false, gathering);
        }
        let federation = self.clone();
        let gathering = (Box::pin(async move { federation.gather_alone(extent).await }) as Work).shared();
        state.running = gathering.downgrade();
        (true, gathering)
    }

    async fn gather_alone(&self, extent: Extent) {
        let begun = self.plan.clock.now();
        let ids = self.plan.connectors.iter().map(|connector| connector.descriptor().id.clone());
        self.running.state().awaited = ids.collect();
        // Items of a CMDB are asked for by the ids that the other systems' records name, so they go second.
        let (second, first): (Vec<_>, Vec<_>) =
            self.plan.connectors.iter().partition(|c| c.descriptor().family == Family::Cmdb);
        for round in [first, second] {
            let asked: BTreeSet<ConnectorId> = round.iter().map(|c| c.descriptor().id.clone()).collect();
            let mut reads: FuturesUnordered<_> =
                round.into_iter().map(|connector| self.read_one(connector, extent)).collect();
            // At most one at a time; the reads go on beside it.
            let mut publishing = FuturesUnordered::new();
            let mut patience = Box::pin(tokio::time::sleep(PATIENCE));
            let mut answered = self.newest().is_some();
            while !reads.is_empty() {
                tokio::select! {
                    Some(()) = reads.next() => answered = true,
                    Some(()) = publishing.next() => {}
                    () = &mut patience => {
                        if answered && publishing.is_empty() {
                            let late = asked.iter().filter(|id| self.running.is_awaited(id)).cloned().collect();
                            publishing.push(self.publish(late, None));
                        }
                        patience = Box::pin(tokio::time::sleep(PATIENCE));
                    }
                }
            }
            while publishing.next().await.is_some() {}
        }
        self.publish(BTreeSet::new(), Some(begun)).await;
        self.gathered.send_modify(|count| *count += 1);
    }

    /// Reads one system; what is held is only locked before and after, never while the system answers.
    async fn read_one(&self, connector: &Arc<dyn Connector>, extent: Extent) {
        let descriptor = connector.descriptor();
        let now = self.plan.clock.now();
        let mut interest = interest::interest_in(&self.plan.landscape, &descriptor.id);
        let mut since = BTreeMap::new();
        {
            let holdings = self.holdings.lock().await;
            if descriptor.family == Family::Cmdb {
                let bags = holdings.systems.values().flat_map(|held| held.records());
                let named = bags.flat_map(|records| interest::named_items(records, &descriptor.id));
                interest.named_configuration_items = named.collect();
            }
            if let (Extent::Changes, Some(held)) = (extent, holdings.systems.get(&descriptor.id)) {
                since = held.marks();
            }
        }
        let request = GatherRequest { since, ..GatherRequest::full(self.plan.horizon.around(now), now, interest) };
        let read = connector.gather(&request).await;
        // What was read is known from now on: an answer about the time while the system let us wait must not hold it.
        let learned_at = self.plan.clock.now();
        tell(&descriptor.id, &read);
        // Taking in may take long at scale, so it is done off the async threads. It is not given up once begun: the
        // connector remembers what it told, and would not tell it again.
        let (holdings, id) = (self.holdings.clone(), descriptor.id.clone());
        let observer = self.observer.clone();
        let taking_in = tokio::task::spawn_blocking(move || {
            let seen = observer.map(|observer| (observer, reading(&id, &read, learned_at)));
            let mut holdings = holdings.blocking_lock();
            // Under the lock, so that readings of one system are told in the order in which they are taken in.
            if let Some((observer, reading)) = seen {
                observer.observed(reading);
            }
            let held = holdings.systems.entry(id).or_default();
            if extent == Extent::Sweep {
                held.last_sweep_at = Some(now);
            }
            if held.absorb(read, now) {
                holdings.revision += 1;
            }
        });
        if let Err(failure) = taking_in.await {
            tracing::error!(%failure, system = %descriptor.id, "Taking in what was read ended abnormally");
        }
        self.running.state().awaited.remove(&descriptor.id);
    }
}

fn tell(id: &ConnectorId, read: &Gathered) {
    if read.gaps.is_empty() {
        info!(system = %id, records = read.records.len(), "Read a system");
    }
    for gap in &read.gaps {
        warn!(system = %id, code = gap.code.as_str(), kind = ?gap.kind, "Could not read all of a system: {}", gap.message);
    }
}
