//! Identical reads in flight become one. Whoever leads may go away: the others carry it on. When
//! all have gone the work is dropped.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::{Shared, WeakShared};

/// Work that several callers may wait for.
pub(super) type Flight<T> = Shared<Work<T>>;

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Whether a caller started the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It did.
    Leader,
    /// It joined.
    Follower,
}

/// All flights of one system.
pub(super) struct Flights<K, T: Clone> {
    table: Arc<Mutex<Table<K, T>>>,
}

struct Table<K, T: Clone> {
    flights: HashMap<K, (u64, WeakShared<Work<T>>)>,
    next: u64,
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn new() -> Self {
        Self { table: Arc::new(Mutex::new(Table { flights: HashMap::new(), next: 0 })) }
    }

    /// Joins the flight of this key, or starts it.
    pub(super) fn join<F>(&self, key: K, work: F) -> (Role, Flight<T>)
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut table = lock(&self.table);
        let joined = table.flights.get(&key).and_then(|(_, flight)| flight.upgrade());
        if let Some(flight) = joined {
            drop(table);
            return (Role::Follower, flight);
        }
        table.next += 1;
        let landing = Landing { table: Arc::clone(&self.table), key: key.clone(), number: table.next };
        let flight = async move {
            let result = work.await;
            drop(landing);
            result
        };
        let flight = (Box::pin(flight) as Work<T>).shared();
        if let Some(weak) = flight.downgrade() {
            let number = table.next;
            table.flights.insert(key, (number, weak));
        }
        drop(table);
        (Role::Leader, flight)
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        lock(&self.table).flights.len()
    }
}

/// Takes a flight off the table when it ends or is given up, unless a newer one has its place.
struct Landing<K: Eq + Hash, T: Clone> {
    table: Arc<Mutex<Table<K, T>>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        if table.flights.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            table.flights.remove(&self.key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    fn work(started: &Arc<AtomicU32>) -> impl Future<Output = u32> + Send + 'static {
        let started = Arc::clone(started);
        async move {
            let number = started.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            number
        }
    }

    #[tokio::test(start_paused = true)]
    async fn identical_work_is_done_once_and_other_work_apart() {
        let started = Arc::new(AtomicU32::new(0));
        let flights = Flights::new();
        let (first, a) = flights.join("a", work(&started));
        let (second, b) = flights.join("a", work(&started));
        let (third, c) = flights.join("c", work(&started));
        assert_eq!([first, second, third], [Role::Leader, Role::Follower, Role::Leader]);
        let (a, b, c) = futures::join!(a, b, c);
        assert_eq!(a, b);
        assert_ne!(a, c);
        assert_eq!(flights.count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_that_goes_away_takes_nobody_along() {
        let started = Arc::new(AtomicU32::new(0));
        let flights = Flights::new();
        let (_, leader) = flights.join("a", work(&started));
        let soon = Duration::from_millis(100);
        assert!(tokio::time::timeout(soon, leader.clone()).await.is_err());
        let (_, follower) = flights.join("a", work(&started));
        drop(leader);
        assert_eq!(follower.await, 0);
        assert_eq!(started.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_nobody_waits_for_is_dropped() {
        let started = Arc::new(AtomicU32::new(0));
        let flights = Flights::new();
        let (_, leader) = flights.join("a", work(&started));
        assert!(tokio::time::timeout(Duration::from_millis(100), leader).await.is_err());
        assert_eq!(flights.count(), 0);
        let (role, again) = flights.join("a", work(&started));
        assert_eq!((role, again.await), (Role::Leader, 1));
    }
}
