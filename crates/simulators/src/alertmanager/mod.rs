//! A simulated Alertmanager: its API v2, with v1 gone as since version 0.27.
//! It sends no notifications and has no cluster; silences, inhibition, grouping and resolving are real.

pub mod content;

mod alerts;
mod answer;
mod groups;
mod matching;
mod postable;
mod silences;
mod status;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{any, get};
use jiff::Timestamp;

use content::{Alert, Content, Labels, Matcher, Silence};

use crate::clock::SharedClock;

#[derive(Debug, Clone)]
pub struct Options {
    pub clock: SharedClock,
    pub content: Content,
}

/// A handle on one simulated server; clones share it.
#[derive(Debug, Clone)]
pub struct Alertmanager {
    clock: SharedClock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    content: Content,
    /// How many silences were ever created, for their ids.
    created: u64,
    started: Timestamp,
}

impl Alertmanager {
    pub fn new(options: Options) -> Self {
        let started = options.clock.now();
        let state = State { content: options.content, created: 0, started };
        Self { clock: options.clock, state: Arc::new(Mutex::new(state)) }
    }

    pub fn router(&self) -> Router {
        let api = Router::new()
            .route("/status", get(status::status))
            .route("/receivers", get(status::receivers))
            .route("/alerts", get(alerts::list).post(postable::post_alerts))
            .route("/alerts/groups", get(groups::list))
            .route("/silences", get(silences::list).post(postable::post_silence))
            .route("/silence/{id}", get(silences::get).delete(silences::delete))
            .fallback(any(answer::unknown_path))
            .method_not_allowed_fallback(answer::method_not_allowed);
        Router::new()
            .nest("/api/v2", api)
            .route("/api/v1", any(answer::gone))
            .route("/api/v1/{*rest}", any(answer::gone))
            .route("/-/healthy", get(status::healthy))
            .route("/-/ready", get(status::healthy))
            .fallback(any(answer::not_found))
            .with_state(self.clone())
    }

    /// Replaces everything that the server holds.
    pub fn set_content(&self, content: Content) {
        self.state().content = content;
    }

    /// Changes what the server holds, in ways that have no method of their own.
    pub fn edit(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.state().content);
    }

    /// The alert is there from its start on; one with the same labels is replaced.
    pub fn fire(&self, alert: Alert) {
        let mut state = self.state();
        state.content.alerts.retain(|known| known.labels != alert.labels);
        state.content.alerts.push(alert);
    }

    /// Every alert that carries these labels is resolved now, and so vanishes.
    pub fn resolve(&self, labels: &Labels) {
        let now = self.clock.now();
        for alert in &mut self.state().content.alerts {
            if labels.iter().all(|(name, value)| alert.labels.get(name) == Some(value)) {
                alert.ends_at = Some(alert.ends_at.map_or(now, |end| end.min(now)));
            }
        }
    }

    /// Silences from now until `ends_at`, and returns the silence's id.
    pub fn silence(&self, matchers: Vec<Matcher>, ends_at: Timestamp) -> String {
        let now = self.clock.now();
        let mut state = self.state();
        let id = silences::next_id(&mut state);
        state.content.silences.push(Silence {
            id: id.clone(),
            matchers,
            starts_at: now,
            ends_at,
            updated_at: now,
            created_by: "simulator".to_owned(),
            comment: "set by hand".to_owned(),
        });
        id
    }

    /// Ends the silence now. False where there is none with this id.
    pub fn expire(&self, id: &str) -> bool {
        let now = self.clock.now();
        silences::expire(&mut self.state().content.silences, id, now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
