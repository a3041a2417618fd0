//! One instance that lives through a log: the updates happen one after another, all at once or when asked for, and the
//! instance's clock stands at the latest of them.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::bank::secret;
use crate::clock::Frozen;
use crate::serve::Server;
use crate::servicenow::{IncidentLog, Options, ServiceNow, User};

/// The account with which Interlock reads the instance.
const USER: &str = "svc.interlock";

/// An instance and the log it lives through; clones share both.
#[derive(Clone, Debug)]
pub struct Replay {
    pub instance: ServiceNow,
    log: Arc<IncidentLog>,
    happened: Arc<Mutex<usize>>,
    clock: Arc<Frozen>,
}

/// How far a replay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    pub happened: usize,
    pub to_come: usize,
}

#[derive(Debug, Deserialize)]
struct Step {
    /// How many updates happen; all that are left when absent.
    updates: Option<usize>,
}

impl Replay {
    /// An instance in which nothing of the log has happened yet.
    #[must_use]
    pub fn new(log: IncidentLog) -> Self {
        let clock = Arc::new(Frozen::at(log.span().0));
        let mut options = Options::new(clock.clone());
        options.users = vec![User::new(USER, secret("SERVICENOW_PASSWORD").unwrap_or_default())];
        let instance = ServiceNow::new(options);
        instance.adopt_states_of_logs();
        Self { instance, log: Arc::new(log), happened: Arc::new(Mutex::new(0)), clock }
    }

    /// Lets at most this many more updates happen.
    pub fn advance(&self, updates: usize) -> Progress {
        let mut happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        for event in self.log.events().iter().skip(*happened).take(updates) {
            self.clock.set(event.at);
            self.instance.replay(event);
            *happened += 1;
        }
        Progress { happened: *happened, to_come: self.log.events().len() - *happened }
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.advance(0)
    }

    /// Serves the instance, with `POST /_simulator/replay?updates=N` beside its own routes.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn serve(&self, port: u16) -> std::io::Result<Server> {
        let control = Router::new()
            .route("/_simulator/replay", post(advance))
            .route("/_simulator/replay", get(tell))
            .with_state(self.clone());
        Server::start(control.merge(self.instance.router()), port, self.clock.clone()).await
    }

    /// Interlock's configuration for the instance at this address. The horizon reaches over the whole log.
    #[must_use]
    pub fn config(&self, url: &str) -> String {
        let (first, last) = self.log.span();
        let days = last.duration_since(first).as_hours() / 24 + 30;
        format!(
            r#"[server]
listen = "127.0.0.1:0"

[horizon]
past = "P{days}D"

[[connectors]]
id = "servicenow"
vendor = "servicenow"
url = "{url}"
auth = {{ basic = {{ username = "{USER}", password = {{ env = "SERVICENOW_PASSWORD" }} }} }}
[connectors.limits]
requests_per_second = 200
"#
        )
    }
}

async fn advance(State(replay): State<Replay>, Query(step): Query<Step>) -> Json<Progress> {
    Json(replay.advance(step.updates.unwrap_or(usize::MAX)))
}

async fn tell(State(replay): State<Replay>) -> Json<Progress> {
    Json(replay.progress())
}
