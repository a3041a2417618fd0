//! A Jira Cloud site: REST v3, and v2 where Cloud still has it, over a store in memory.
//! Left out: boards, webhooks, attachments, worklogs, administration, builds and deployments.

mod access;
mod change;
pub mod content;
mod errors;
mod history;
mod jql;
mod limits;
mod routes;
mod standard;
mod store;
mod wire;

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::Router;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use access::{Account, Anonymous, Browse};
pub use change::Missing;
pub use history::Change;
pub use limits::{Limits, RetryAfter};

use crate::clock::SharedClock;
use content::Content;
use store::Store;

/// What a site is started with.
#[derive(Clone, Debug)]
pub struct Options {
    pub clock: SharedClock,
    pub content: Content,
    pub accounts: Vec<Account>,
    pub anonymous: Anonymous,
    pub limits: Limits,
    pub quirks: Quirks,
    /// How long search does not see a write; zero switches this off.
    pub search_lag: SignedDuration,
    /// What `self` links start with; taken from the request's `Host` when `None`.
    pub base_url: Option<String>,
}

impl Options {
    #[must_use]
    pub fn new(clock: SharedClock, content: Content) -> Self {
        Self {
            clock,
            content,
            accounts: Vec::new(),
            anonymous: Anonymous::Sees(Browse::Only(Vec::new())),
            limits: Limits::default(),
            quirks: Quirks::default(),
            search_lag: SignedDuration::ZERO,
            base_url: None,
        }
    }
}

/// Oddities that real sites were seen with.
#[derive(Clone, Debug, Default)]
pub struct Quirks {
    pub last_page: LastPage,
    /// The largest page of a search; smaller than asked for when the answer would be heavy.
    pub page_cap: Option<usize>,
    pub changelog_dates: ChangelogDates,
}

/// How a search says that there is no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastPage {
    /// No `nextPageToken`, `isLast: true`.
    #[default]
    TokenAbsent,
    /// `nextPageToken: null`, `isLast: true`.
    TokenNull,
    /// No token, yet `isLast: false`.
    IsLastWrong,
    /// Every page repeats its own token and is never last.
    TokenRepeats,
}

/// How `changelog/bulkfetch` writes `created`: as its schema says, or as its published example shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangelogDates {
    #[default]
    Text,
    EpochSeconds,
}

/// A running site; clones share its state.
#[derive(Clone)]
pub struct Jira {
    inner: Arc<Inner>,
}

struct Inner {
    clock: SharedClock,
    accounts: Vec<Account>,
    anonymous: Anonymous,
    base_url: Option<String>,
    settings: RwLock<(Limits, Quirks)>,
    meter: Mutex<limits::Meter>,
    store: RwLock<Store>,
    cursors: Mutex<routes::Cursors>,
}

impl Jira {
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut store = Store::new(options.content);
        store.search_lag = options.search_lag;
        let inner = Inner {
            clock: options.clock,
            accounts: options.accounts,
            anonymous: options.anonymous,
            base_url: options.base_url,
            settings: RwLock::new((options.limits, options.quirks)),
            meter: Mutex::default(),
            store: RwLock::new(store),
            cursors: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The site's routes, with authentication and rate limits.
    pub fn router(&self) -> Router {
        routes::router(self)
    }

    pub fn set_limits(&self, limits: Limits) {
        self.inner.settings.write().unwrap_or_else(PoisonError::into_inner).0 = limits;
    }

    pub fn set_quirks(&self, quirks: Quirks) {
        self.inner.settings.write().unwrap_or_else(PoisonError::into_inner).1 = quirks;
    }

    pub fn set_search_lag(&self, lag: SignedDuration) {
        self.write().search_lag = lag;
    }

    /// The whole content as it is now, issues included, for assertions and for growing an estate.
    #[must_use]
    pub fn snapshot(&self) -> Content {
        let store = self.read();
        let issues =
            store.ids().filter_map(|id| store.issue(id).map(|issue| content::Issue::clone(issue))).collect();
        Content { issues, ..store.content.clone() }
    }

    /// The ids of the issues that a query finds for somebody who sees everything and lives in UTC, in its order.
    ///
    /// # Errors
    /// What is wrong with the query, in the site's words.
    pub fn find(&self, jql: &str) -> Result<Vec<u64>, Vec<String>> {
        let store = self.read();
        let caller = access::Caller { account_id: None, zone: TimeZone::UTC, metered: false, projects: None };
        let context = jql::Context { store: &store, caller: &caller, now: self.now(), reconcile: &[] };
        jql::search(context, jql).map_err(|refusal| refusal.messages)
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn read(&self) -> RwLockReadGuard<'_, Store> {
        self.inner.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Store> {
        self.inner.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn limits(&self) -> Limits {
        self.inner.settings.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn quirks(&self) -> Quirks {
        self.inner.settings.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    fn meter<T>(&self, use_it: impl FnOnce(&mut limits::Meter) -> T) -> T {
        use_it(&mut self.inner.meter.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn cursors<T>(&self, use_it: impl FnOnce(&mut routes::Cursors) -> T) -> T {
        use_it(&mut self.inner.cursors.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
