//! The connector against a simulated instance: rows come out as records, faults come out as gaps.

mod bank;

mod traps;

mod faults;

mod aftermath;

use std::sync::Arc;
use std::time::Duration;

use domain::{ConnectorId, Window};
use jiff::{SignedDuration, Timestamp};
use simulators::clock::{Frozen, SharedClock};
use simulators::serve::Server;
use simulators::servicenow::{self as simulated, Fields, ServiceNow, User};

use super::{Options, Servicenow, open};
use crate::contract::{Connector, GatherRequest, Gathered, Interest};
use crate::reach::{Identification, SystemPlan};
use crate::resilience::{Secret, Settings};
use crate::{Clock, SystemClock};

pub(super) const PASSWORD: &str = "a password nobody must see";

/// A simulated instance and a connector to it.
pub(super) struct World {
    pub(super) instance: ServiceNow,
    pub(super) server: Server,
    pub(super) connector: Servicenow,
    pub(super) now: Timestamp,
    pub(super) clock: Arc<Frozen>,
}

impl World {
    pub(super) async fn open(now: &str, options: Options) -> Self {
        let now: Timestamp = now.parse().expect("a moment");
        let clock = Arc::new(Frozen::at(now));
        let shared: SharedClock = clock.clone();
        let mut instance = simulated::Options::new(shared.clone());
        instance.users = vec![User::new("svc.interlock", PASSWORD)];
        let instance = ServiceNow::new(instance);
        let server = Server::start(instance.router(), 0, shared).await.expect("a port");
        let connector = connect(&server.url(), options);
        Self { instance, server, connector, now, clock }
    }

    pub(super) fn insert(&self, table: &str, cells: &[(&str, &str)]) -> String {
        self.instance.insert(table, fields(cells))
    }

    pub(super) fn request(&self) -> GatherRequest {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let horizon = Window { start: self.now - days(90), end: self.now + days(180) };
        GatherRequest::full(horizon, self.now, Interest::default())
    }

    pub(super) async fn gather(&self) -> Gathered {
        self.connector.gather(&self.request()).await
    }

    /// What changed since an earlier read.
    pub(super) async fn gather_since(&self, earlier: &Gathered) -> Gathered {
        let request = GatherRequest { since: earlier.watermarks.clone(), ..self.request() };
        self.connector.gather(&request).await
    }
}

pub(super) fn fields(cells: &[(&str, &str)]) -> Fields {
    cells.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn connect(url: &str, options: Options) -> Servicenow {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    open(&plan(url), &options, clock).expect("a connector")
}

pub(super) fn plan(url: &str) -> SystemPlan {
    let mut settings = Settings::default();
    settings.limits.requests_per_second = 10_000.0;
    settings.limits.burst = 10_000;
    settings.retry.first_pause = Duration::from_millis(1);
    settings.retry.longest_pause = Duration::from_millis(1);
    settings.try_timeout = Duration::from_secs(8);
    SystemPlan {
        id: ConnectorId::new("servicenow"),
        url: url.to_owned(),
        identification: Identification::Basic {
            username: "svc.interlock".to_owned(),
            password: Secret::new(PASSWORD),
        },
        settings,
        extra_ca_pem: None,
    }
}
