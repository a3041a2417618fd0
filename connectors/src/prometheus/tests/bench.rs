//! A simulated server with a connector to it, at a moment that stands still.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::{ConnectorId, RecordKind, Text, Window};
use jiff::{SignedDuration, Timestamp};
use simulators::clock::{Clock as _, Frozen, SharedClock};
use simulators::prometheus::content::Content;
use simulators::prometheus::{Access, Prometheus as Simulated};
use simulators::serve::Server;

use crate::SystemClock;
use crate::contract::{Connector as _, GatherRequest, Gathered, Interest};
use crate::prometheus::{HealthQuery, Options, Prometheus, open};
use crate::reach::{Identification, SystemPlan};
use crate::resilience::Settings;

pub(super) const NOW: &str = "2026-11-23T12:03:20Z";

pub(super) struct Bench {
    pub(super) clock: Arc<Frozen>,
    pub(super) simulated: Simulated,
    pub(super) server: Server,
    pub(super) options: Options,
    pub(super) identification: Identification,
    /// Time for one try.
    pub(super) patience: Duration,
}

pub(super) fn now() -> Timestamp {
    NOW.parse().expect("a moment")
}

/// A moment some minutes ago.
pub(super) fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> BTreeMap<Text, Text> {
    pairs.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect()
}

pub(super) fn service(key: &str) -> BTreeMap<Text, Text> {
    labels(&[("service", key)])
}

impl Bench {
    pub(super) async fn with(content: Content) -> Self {
        Self::guarded(content, Access::Open).await
    }

    pub(super) async fn guarded(content: Content, access: Access) -> Self {
        let clock = Arc::new(Frozen::at(now()));
        let shared: SharedClock = clock.clone();
        let options = simulators::prometheus::Options { clock: shared.clone(), content, access };
        let simulated = Simulated::new(options);
        let server = Server::start(simulated.router(), 0, shared).await.expect("a free port");
        let identification = Identification::Anonymous;
        let patience = Duration::from_secs(20);
        Self { clock, simulated, server, options: Options::default(), identification, patience }
    }

    /// Errors per service, healthy up to 0.05.
    pub(super) fn asking(mut self, query: &str, samples: Option<&str>) -> Self {
        let query = HealthQuery { query: query.to_owned(), at_most: 0.05, samples: samples.map(str::to_owned) };
        self.options.health.insert("errors".to_owned(), query);
        self
    }

    pub(super) fn connector(&self) -> Prometheus {
        let mut settings = Settings::default();
        settings.retry.retries = 0;
        settings.try_timeout = self.patience;
        settings.deadline = settings.deadline.max(self.patience);
        settings.limits.requests_per_second = 1000.0;
        settings.limits.burst = 1000;
        settings.max_body_bytes = 1024 * 1024;
        let plan = SystemPlan {
            id: ConnectorId::new("prometheus"),
            url: self.server.url(),
            identification: self.identification.clone(),
            settings,
            extra_ca_pem: None,
        };
        open(&plan, &self.options, Arc::new(SystemClock)).expect("a connector")
    }

    pub(super) fn request(&self, selectors: &[BTreeMap<Text, Text>]) -> GatherRequest {
        let at = self.clock.now();
        let horizon = Window { start: at - SignedDuration::from_hours(24 * 90), end: at };
        let selectors: BTreeSet<_> = selectors.iter().cloned().collect();
        GatherRequest::full(horizon, at, Interest { selectors, ..Interest::default() })
    }

    pub(super) async fn gather(&self, selectors: &[BTreeMap<Text, Text>]) -> Gathered {
        self.connector().gather(&self.request(selectors)).await
    }
}

/// The gaps of one kind, as code and words.
pub(super) fn gaps(gathered: &Gathered, kind: RecordKind) -> Vec<String> {
    let of_kind = gathered.gaps.iter().filter(|gap| gap.kind == kind);
    of_kind.map(|gap| format!("{} {}", gap.code.as_str(), gap.message)).collect()
}
