//! Counts every request a simulator answers, so that tests can hold a client to its budget.
//! Only the request line and the status are kept, never headers or bodies.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

/// How many single requests are remembered beside the counts.
const REMEMBERED: usize = 10_000;

/// What was asked how often, shared by a server and the tests that watch it.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    tally: Arc<Mutex<Tally>>,
}

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    pub method: String,
    /// The path and query as sent.
    pub target: String,
    /// The route that matched, or the path where none did.
    pub route: String,
    pub status: u16,
}

/// How often one route answered with one status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    pub method: String,
    pub route: String,
    pub status: u16,
    pub count: u64,
}

#[derive(Debug, Default)]
struct Tally {
    counts: BTreeMap<(String, String, u16), u64>,
    latest: VecDeque<Seen>,
    in_flight: u64,
    most_in_flight: u64,
}

/// What `GET /_simulator/requests` tells.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    total: u64,
    most_in_flight: u64,
    counts: Vec<Count>,
    latest: Vec<Seen>,
}

impl Requests {
    /// All requests answered since the start or the last `reset`.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lock().counts.values().sum()
    }

    /// The requests whose path and query contain `part`, among those still remembered.
    #[must_use]
    pub fn matching(&self, part: &str) -> Vec<Seen> {
        let tally = self.lock();
        let hits = tally.latest.iter().filter(|seen| seen.target.contains(part));
        hits.cloned().collect()
    }

    /// One line for each method, route and status.
    #[must_use]
    pub fn counts(&self) -> Vec<Count> {
        let tally = self.lock();
        let counts = tally.counts.iter();
        counts
            .map(|((method, route, status), count)| Count {
                method: method.clone(),
                route: route.clone(),
                status: *status,
                count: *count,
            })
            .collect()
    }

    /// The largest number of requests that were open at the same moment.
    #[must_use]
    pub fn most_in_flight(&self) -> u64 {
        self.lock().most_in_flight
    }

    /// Forgets everything counted so far; requests still open stay counted as open.
    pub fn reset(&self) {
        let mut tally = self.lock();
        tally.counts.clear();
        tally.latest.clear();
        tally.most_in_flight = tally.in_flight;
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            total: self.total(),
            most_in_flight: self.most_in_flight(),
            counts: self.counts(),
            latest: self.lock().latest.iter().cloned().collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, seen: Seen) {
        let mut tally = self.lock();
        let key = (seen.method.clone(), seen.route.clone(), seen.status);
        *tally.counts.entry(key).or_default() += 1;
        if tally.latest.len() == REMEMBERED {
            tally.latest.pop_front();
        }
        tally.latest.push_back(seen);
    }
}

/// Marks a request as open, also when its client goes away before the answer.
struct Open(Requests);

impl Open {
    fn new(requests: &Requests) -> Self {
        let mut tally = requests.lock();
        tally.in_flight += 1;
        tally.most_in_flight = tally.most_in_flight.max(tally.in_flight);
        drop(tally);
        Self(requests.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

/// The middleware that counts.
pub(crate) async fn count(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let open = Open::new(&requests);
    let method = request.method().to_string();
    let target = request.uri().to_string();
    let route = match request.extensions().get::<MatchedPath>() {
        Some(matched) => matched.as_str().to_owned(),
        None => request.uri().path().to_owned(),
    };
    let response = next.run(request).await;
    drop(open);
    let status = response.status().as_u16();
    requests.finish(Seen { method, target, route, status });
    response
}
