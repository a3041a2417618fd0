//! Details that are read live. A request's keys are collected until its execution can go no further, which is when a
//! level is complete, and then go up in one batch for each system; a timer would tear them apart under load. What was
//! read is shared by all requests of the same rights: kept for a while, asked for once however many wait for it, shown
//! a little stale while it is read anew, and shown old when the system fails.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use domain::{ConnectorId, Gap, GapCode, RecordId, Scope};
use futures::channel::oneshot;
use futures::future::{FutureExt as _, Shared, WeakShared, join_all};
use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use moka::future::Cache;
use tokio_util::task::TaskTracker;

use super::details::{Answer, Detail, Wish, read_details};
use crate::federation::Federation;

/// So long a detail is shown without asking.
const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// So long it is shown while it is read anew.
const USABLE: SignedDuration = SignedDuration::from_mins(10);
/// So long it is kept for when the system fails.
const KEPT: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
/// Most bytes of details that are kept, and what one costs beside its own bytes, about.
const MOST_BYTES: u64 = 32 << 20;
const OVERHEAD_BYTES: usize = 256;

/// What was read together.
type Batch = Shared<Work>;
type Work = Pin<Box<dyn Future<Output = Arc<BTreeMap<RecordId, Answer>>> + Send>>;
/// Keys that go up together.
type Group = (ConnectorId, Wish);

/// One detail as callers with the same rights see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    scope: Arc<Scope>,
    wish: Wish,
    id: RecordId,
}

#[derive(Debug, Clone)]
struct Kept {
    detail: Option<Detail>,
    read_at: Timestamp,
}

/// What all requests share.
pub(crate) struct Details {
    federation: Arc<Federation>,
    kept: Cache<Key, Kept>,
    underway: Mutex<HashMap<Key, WeakShared<Work>>>,
    background: TaskTracker,
}

/// What one request wants to know.
pub(crate) struct Loader {
    details: Arc<Details>,
    scope: Arc<Scope>,
    wanted: Mutex<Wanted>,
}

#[derive(Default)]
struct Wanted {
    waiting: BTreeMap<Group, BTreeMap<RecordId, Vec<oneshot::Sender<Answer>>>>,
    /// Shown already, and to be read anew.
    aged: BTreeMap<Group, BTreeSet<RecordId>>,
    registered: usize,
}

impl Details {
    /// Nothing is kept yet.
    pub(crate) fn new(federation: Arc<Federation>) -> Arc<Self> {
        let weigh = |_: &Key, kept: &Kept| {
            let bytes = kept.detail.as_ref().map_or(0, Detail::size_bytes) + OVERHEAD_BYTES;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).time_to_live(KEPT).build();
        Arc::new(Self { federation, kept, underway: Mutex::default(), background: TaskTracker::new() })
    }

    /// A loader for one request of somebody with these rights.
    pub(crate) fn loader(self: &Arc<Self>, scope: &Scope) -> Loader {
        Loader { details: self.clone(), scope: Arc::new(scope.clone()), wanted: Mutex::default() }
    }

    /// Reads details, except for those that somebody with the same rights is reading already.
    async fn read(
        self: Arc<Self>,
        scope: Arc<Scope>,
        (connector, wish): Group,
        ids: BTreeSet<RecordId>,
    ) -> BTreeMap<RecordId, Answer> {
        let key = |id: &RecordId| Key { scope: scope.clone(), wish, id: id.clone() };
        let batches: Vec<Batch> = {
            let mut underway = self.underway.lock().unwrap_or_else(PoisonError::into_inner);
            underway.retain(|_, batch| batch.upgrade().is_some_and(|batch| batch.peek().is_none()));
            let others = ids.iter().filter_map(|id| underway.get(&key(id))?.upgrade());
            let mut batches: Vec<Batch> = others.collect();
            let own: BTreeSet<RecordId> =
                ids.iter().filter(|id| !underway.contains_key(&key(id))).cloned().collect();
            if !own.is_empty() {
                let work = self.clone().ask(scope.clone(), (connector, wish), own.clone());
                let batch = (Box::pin(work) as Work).shared();
                let weak = batch.downgrade();
                underway.extend(own.iter().filter_map(|id| Some((key(id), weak.clone()?))));
                batches.push(batch);
            }
            batches
        };
        let mut found = BTreeMap::new();
        for answers in join_all(batches).await {
            let ours = answers.iter().filter(|(id, _)| ids.contains(id));
            found.extend(ours.map(|(id, answer)| (id.clone(), answer.clone())));
        }
        found
    }

    async fn ask(
        self: Arc<Self>,
        scope: Arc<Scope>,
        (connector, wish): Group,
        ids: BTreeSet<RecordId>,
    ) -> Arc<BTreeMap<RecordId, Answer>> {
        let read_at = self.federation.clock().now();
        let mut answers = read_details(&self.federation, (&connector, wish), ids).await;
        for (id, answer) in &mut answers {
            let key = Key { scope: scope.clone(), wish, id: id.clone() };
            match answer {
                Ok(detail) => self.kept.insert(key, Kept { detail: detail.clone(), read_at }).await,
                Err(_) => {
                    if let Some(kept) = self.kept.get(&key).await {
                        *answer = Ok(kept.detail);
                    }
                }
            }
        }
        Arc::new(answers)
    }
}

impl Loader {
    /// The detail, from what is kept or with the next batch.
    pub(crate) async fn load(&self, wish: Wish, id: &RecordId) -> Answer {
        let group = (id.connector.clone(), wish);
        let key = Key { scope: self.scope.clone(), wish, id: id.clone() };
        if let Some(kept) = self.details.kept.get(&key).await {
            let age = self.details.federation.clock().now().duration_since(kept.read_at);
            if age >= FRESH && age < USABLE {
                self.wanted().aged.entry(group.clone()).or_default().insert(id.clone());
            }
            if age < USABLE {
                return Ok(kept.detail);
            }
        }
        let (told, answer) = oneshot::channel();
        {
            let mut wanted = self.wanted();
            wanted.registered += 1;
            wanted.waiting.entry(group).or_default().entry(id.clone()).or_default().push(told);
        }
        // Not a channel of the runtime: those pretend to wait now and then, which would tear a level apart.
        answer.await.unwrap_or_else(|_| Err(unanswered(id, wish)))
    }

    /// Runs the execution of the request, and reads what it waits for whenever it can go no further.
    pub(crate) async fn drive<T>(&self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        let mut reads = FuturesUnordered::new();
        let answer = std::future::poll_fn(|context| {
            loop {
                // As long as polling brings more keys the level is not complete.
                let mut registered = self.wanted().registered;
                loop {
                    if let Poll::Ready(answer) = execution.as_mut().poll(context) {
                        return Poll::Ready(answer);
                    }
                    match std::mem::replace(&mut registered, self.wanted().registered) {
                        before if before == registered => break,
                        _ => {}
                    }
                }
                let waiting = std::mem::take(&mut self.wanted().waiting);
                reads.extend(waiting.into_iter().map(|(group, keys)| self.answer(group, keys)));
                match reads.poll_next_unpin(context) {
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
        for (group, ids) in std::mem::take(&mut self.wanted().aged) {
            let reading = self.details.clone().read(self.scope.clone(), group, ids);
            self.details.background.spawn(reading);
        }
        answer
    }

    async fn answer(&self, group: Group, keys: BTreeMap<RecordId, Vec<oneshot::Sender<Answer>>>) {
        let (wish, ids) = (group.1, keys.keys().cloned().collect());
        let mut found = self.details.clone().read(self.scope.clone(), group, ids).await;
        for (id, waiting) in keys {
            let answer = found.remove(&id).unwrap_or_else(|| Err(unanswered(&id, wish)));
            for told in waiting {
                // Whoever does not wait any more needs no answer.
                drop(told.send(answer.clone()));
            }
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unanswered(id: &RecordId, wish: Wish) -> Gap {
    Gap {
        code: GapCode::SourceIncomplete,
        connector: Some(id.connector.clone()),
        kind: wish.kind(),
        message: format!("{} was asked for a record and did not tell it", id.connector).into(),
        since: None,
        retryable: true,
    }
}
