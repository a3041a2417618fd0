//! GitHub as clients of release data see it: REST v3 (version 2022-11-28) and GraphQL v4 over one store.
//! Writing through the API is left out; tests and the estate change the store directly.

pub mod access;
mod call;
pub mod content;
mod delivery;
mod gate;
mod graphql;
mod history;
mod meter;
mod node_id;
mod protection;
mod rest;
mod shape;
mod shelf;
mod store;
#[cfg(test)]
mod tests;
mod zip;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;

use crate::clock::SharedClock;

pub use access::{Limits, Right, Token};
pub use content::*;

use meter::Meters;
use store::Store;

/// With what a simulated GitHub starts.
#[derive(Debug)]
pub struct Options {
    pub clock: SharedClock,
    pub content: Content,
    pub tokens: Vec<Token>,
    pub limits: Limits,
    /// Where the pages for people would be; `html_url`s begin with it.
    pub pages: String,
}

impl Options {
    /// A GitHub with GitHub's own limits, and pages at its own address.
    pub fn new(clock: SharedClock, content: Content, tokens: Vec<Token>) -> Self {
        Self { clock, content, tokens, limits: Limits::default(), pages: "https://github.com".to_owned() }
    }
}

/// One simulated GitHub; clones share it.
#[derive(Debug, Clone)]
pub struct Github {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: SharedClock,
    pages: String,
    /// Replaced, not changed, while a request still reads the former one.
    store: RwLock<Arc<Store>>,
    tokens: RwLock<Vec<Token>>,
    limits: RwLock<Limits>,
    meters: Mutex<Meters>,
}

impl Github {
    pub fn new(options: Options) -> Self {
        let shared = Shared {
            clock: options.clock,
            pages: options.pages,
            store: RwLock::new(Arc::new(Store::new(options.content))),
            tokens: RwLock::new(options.tokens),
            limits: RwLock::new(options.limits),
            meters: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// All routes, at the root and (as GitHub Enterprise Server has them) below `/api/v3` and at `/api/graphql`.
    pub fn router(&self) -> axum::Router {
        gate::router(self, rest::routes(self).merge(graphql::routes(self)))
    }

    /// Changes a repository in place; false if there is none of that name. A changed name leaves the old one as a redirect.
    pub fn edit(&self, full_name: &str, change: impl FnOnce(&mut Repository)) -> bool {
        self.write(|store| {
            let Some(mut repository) = store.remove(full_name) else {
                return false;
            };
            let before = repository.full_name();
            change(&mut repository);
            if repository.full_name() != before && !repository.old_names.contains(&before) {
                repository.old_names.push(before);
            }
            store.put(repository);
            true
        })
    }

    /// Adds a repository, or replaces the one with the same id.
    pub fn put_repository(&self, repository: Repository) {
        self.write(|store| store.put(repository));
    }

    /// Takes a repository away; asked for, it answers 404.
    pub fn remove_repository(&self, full_name: &str) -> bool {
        self.write(|store| store.remove(full_name).is_some())
    }

    /// Adds an account, or replaces the one with the same login.
    pub fn put_user(&self, user: User) {
        self.write(|store| Arc::make_mut(&mut store.people).put(user));
    }

    /// Deletes an account: records keep its login but answer as if nobody had it.
    pub fn forget_user(&self, login: &str) {
        self.write(|store| Arc::make_mut(&mut store.people).forget(login));
    }

    pub fn edit_packages(&self, change: impl FnOnce(&mut Vec<Package>)) {
        self.write(|store| change(&mut store.packages));
    }

    /// Changes which tokens are accepted.
    pub fn edit_tokens(&self, change: impl FnOnce(&mut Vec<Token>)) {
        change(&mut self.shared.tokens.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub fn edit_limits(&self, change: impl FnOnce(&mut Limits)) {
        change(&mut self.shared.limits.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Forgets what callers have used of their limits.
    pub fn reset_meters(&self) {
        self.meters().reset();
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    fn limits(&self) -> Limits {
        self.shared.limits.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn token(&self, secret: &str) -> Option<Token> {
        let tokens = self.shared.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens.iter().find(|token| token.secret == secret).cloned()
    }

    fn meters(&self) -> MutexGuard<'_, Meters> {
        self.shared.meters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Arc<Store> {
        Arc::clone(&self.shared.store.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = self.shared.store.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut store))
    }
}
