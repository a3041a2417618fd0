//! Remembers answers of one system, within a number of bytes. How old is too old is the reader's
//! matter: an entry only says when it was asked for.

use std::time::{Duration, Instant as StdInstant};

use http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderName, HeaderValue};
use moka::Expiry;
use moka::future::Cache;
use tokio::time::Instant;

use super::answer::{Answer, Freshness};
use super::request::{CachePolicy, RequestKey};

/// Answers that can be confirmed cheaply are worth keeping past their freshness.
const KEEP_CONFIRMABLE: Duration = Duration::from_secs(3600);
/// What an entry weighs beside its body, about.
const OVERHEAD_BYTES: usize = 1024;

/// One remembered answer.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) answer: Answer,
    /// When the call that brought or confirmed it began.
    pub(super) asked_at: Instant,
    /// How many writes of ours came before; a later write may have changed what it says.
    pub(super) writes: u64,
    keep_for: Duration,
}

impl Entry {
    pub(super) fn new(answer: Answer, asked_at: Instant, writes: u64) -> Self {
        Self { answer, asked_at, writes, keep_for: Duration::ZERO }
    }

    /// The answer as it was, under another name of freshness.
    pub(super) fn marked(&self, freshness: Freshness) -> Answer {
        Answer { freshness, ..self.answer.clone() }
    }

    /// The headers that ask the system whether this is still so.
    pub(super) fn conditions(&self) -> Vec<(HeaderName, HeaderValue)> {
        let pairs = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
        let headers = &self.answer.headers;
        let known = pairs.into_iter().find_map(|(told, ask)| headers.get(told).map(|value| (ask, value.clone())));
        known.into_iter().collect()
    }
}

/// The memory of one system. Systems and their credentials do not share it; scopes are in the key.
pub(super) struct Memory {
    entries: Cache<RequestKey, Entry>,
}

impl Memory {
    pub(super) fn new(max_bytes: u64) -> Self {
        let entries = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_: &RequestKey, entry: &Entry| {
                u32::try_from(entry.answer.body.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX)
            })
            .expire_after(PerEntry)
            .build();
        Self { entries }
    }

    pub(super) async fn get(&self, key: &RequestKey) -> Option<Entry> {
        self.entries.get(key).await
    }

    pub(super) async fn put(&self, key: RequestKey, mut entry: Entry, policy: &CachePolicy) {
        entry.keep_for =
            if entry.conditions().is_empty() { policy.longest() } else { policy.longest().max(KEEP_CONFIRMABLE) };
        self.entries.insert(key, entry).await;
    }

    pub(super) async fn forget(&self, key: &RequestKey) {
        self.entries.invalidate(key).await;
    }
}

struct PerEntry;

impl Expiry<RequestKey, Entry> for PerEntry {
    fn expire_after_create(&self, _: &RequestKey, entry: &Entry, _: StdInstant) -> Option<Duration> {
        Some(entry.keep_for)
    }

    fn expire_after_update(
        &self,
        _: &RequestKey,
        entry: &Entry,
        _: StdInstant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.keep_for)
    }
}
