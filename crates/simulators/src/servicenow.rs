//! A ServiceNow instance: a stateful table store behind the Table, Aggregate, Batch, Change Management,
//! CMDB and Import Set APIs, with authentication, rights and limits as the documentation tells them.

mod access;
mod aggregate;
mod batch;
mod change;
mod cmdb;
mod dictionary;
mod display;
mod entry;
mod import_set;
mod incident_log;
mod input;
mod limits;
mod path;
mod query;
mod render;
mod reply;
mod seed;
mod store;
mod table;
mod writes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::Router;

pub use access::{OauthClient, Restriction, User};
pub use dictionary::Kind;
pub use incident_log::{Event, IncidentLog, LogError};
pub use limits::{AppliesTo, Cancelled, ExecutionLimit, Limits, RateRule, SemaphoreLimit};
pub use store::{Fields, Stamp};

use crate::clock::SharedClock;

/// What an instance starts with.
#[derive(Clone, Debug)]
pub struct Options {
    pub clock: SharedClock,
    pub users: Vec<User>,
    pub oauth_clients: Vec<OauthClient>,
    pub limits: Limits,
    /// Two instances with the same seed mint the same sys_ids.
    pub seed: String,
}

impl Options {
    /// An instance with no users and no limits.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            users: Vec::new(),
            oauth_clients: Vec::new(),
            limits: Limits::default(),
            seed: "servicenow".to_owned(),
        }
    }
}

/// A handle on one simulated instance; clones share it.
#[derive(Clone, Debug)]
pub struct ServiceNow {
    instance: Arc<Instance>,
}

#[derive(Debug)]
struct Instance {
    clock: SharedClock,
    store: RwLock<store::Store>,
    access: Mutex<access::Access>,
    usage: Mutex<limits::Usage>,
}

impl ServiceNow {
    /// An instance with its dictionary, choices and users, and no other rows.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let store = seed::BASE.with_seed(options.seed);
        let mut usage = limits::Usage::default();
        usage.set(options.limits);
        let servicenow = Self {
            instance: Arc::new(Instance {
                clock: options.clock,
                store: RwLock::new(store),
                access: Mutex::new(access::Access::new(options.oauth_clients)),
                usage: Mutex::new(usage),
            }),
        };
        for user in options.users {
            servicenow.add_user(user);
        }
        servicenow
    }

    /// The routes, to be served as they are.
    pub fn router(&self) -> Router {
        entry::router(self.instance.clone())
    }

    /// Puts a row in as it is and gives its sys_id, minted where the row brings none.
    /// Times, authors and numbers are filled in only where absent; a column nobody knows becomes a text column.
    pub fn insert(&self, table: &str, row: Fields) -> String {
        writes::insert(&mut self.instance.write(), table, row, &self.instance.system())
    }

    /// Changes a row now, as the system. False when there is no such row.
    pub fn update(&self, table: &str, sys_id: &str, changes: Fields) -> bool {
        self.update_as((table, sys_id), changes, &self.instance.system())
    }

    /// Changes the row of a table and sys_id as somebody at some moment, with the audit entries that belong to it.
    pub fn update_as(&self, record: (&str, &str), changes: Fields, stamp: &Stamp) -> bool {
        writes::update(&mut self.instance.write(), record, changes, stamp)
    }

    /// Deletes a row, leaving a trace in `sys_audit_delete`. False when there is no such row.
    pub fn delete(&self, table: &str, sys_id: &str) -> bool {
        writes::delete(&mut self.instance.write(), (table, sys_id), &self.instance.system())
    }

    /// A row with every column that has a value.
    #[must_use]
    pub fn row(&self, table: &str, sys_id: &str) -> Option<Fields> {
        let store = self.instance.read();
        let row = store.find(table, sys_id)?;
        Some(row.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The sys_ids of the rows an encoded query finds, in its order.
    #[must_use]
    pub fn find(&self, table: &str, encoded_query: &str) -> Vec<String> {
        let store = self.instance.read();
        let asker = query::dates::Asker::system(self.instance.clock.now());
        let query = query::parse(encoded_query);
        let plan = query::evaluate::Plan::new(&store, table, &query, &asker);
        plan.run().0.into_iter().map(|row| row.id.to_string()).collect()
    }

    /// Adds a column, and its table where it is new; what is in the column may refer to another table.
    pub fn define(&self, table: &str, column: &str, kind: Kind) {
        let stamp = self.instance.system();
        let mut store = self.instance.write();
        store.dictionary.define(table, column, kind.clone());
        seed::describe(&mut store, (table, column, &kind), &stamp);
    }

    /// Adds a user who may log in, and the row of `sys_user`.
    pub fn add_user(&self, mut user: User) {
        let row = [
            ("user_name", user.user_name.as_str()),
            ("name", &user.name),
            ("email", &user.email),
            ("time_zone", &user.time_zone),
            ("active", "true"),
        ];
        let mut row = writes::fields(&row);
        if let Some(id) = &user.sys_id {
            row.insert("sys_id".to_owned(), id.clone());
        }
        user.sys_id = Some(self.insert("sys_user", row));
        self.instance.access().add(user);
    }

    /// Replaces what a user may not see or do.
    pub fn restrict(&self, user_name: &str, restrictions: Vec<Restriction>) {
        self.instance.access().restrict(user_name, restrictions);
    }

    /// Makes every access token given out invalid at once.
    pub fn revoke_tokens(&self) {
        self.instance.access().revoke();
    }

    /// Replaces the limits and starts counting anew.
    pub fn set_limits(&self, limits: Limits) {
        self.instance.usage().set(limits);
    }
}

impl Instance {
    fn read(&self) -> RwLockReadGuard<'_, store::Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, store::Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn access(&self) -> MutexGuard<'_, access::Access> {
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn usage(&self) -> MutexGuard<'_, limits::Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn system(&self) -> Stamp {
        Stamp { by: "system".to_owned(), at: self.clock.now() }
    }
}

#[cfg(test)]
mod tests;
