//! A system that is served, with a connector to it, made as the gateway makes it from a configuration.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use domain::{ConnectorId, GapCode, Window};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulators::clock::{Clock as _, Frozen};
use simulators::serve::Server;

use super::stand::{Hand, Stand, System};
use crate::Clock;
use crate::contract::{Connector, GatherRequest, Gathered};
use crate::reach::SystemPlan;
use crate::resilience::Settings;

/// What happens once, after the first answer of a list.
type Meanwhile = Box<dyn FnOnce() + Send>;

/// What becomes of an answer's JSON.
type Spoil = Box<dyn FnMut(&mut Value) + Send>;

/// A system, its server, and the connector to it.
pub(super) struct Bench {
    pub(super) system: System,
    pub(super) stand: Box<dyn Stand>,
    pub(super) server: Option<Server>,
    pub(super) connector: Arc<dyn Connector>,
    /// The system's clock.
    pub(super) clock: Arc<Frozen>,
    /// Our clock minus the system's.
    ahead: SignedDuration,
    script: Arc<Script>,
}

/// What the bench does to answers on their way.
struct Script {
    clock: Arc<Frozen>,
    list: &'static str,
    meanwhile: Mutex<Option<Meanwhile>>,
    spoil: Mutex<Option<Spoil>>,
}

/// Our wall clock: the system's, and a little more or less.
struct Ours(Arc<Frozen>, SignedDuration);

impl Clock for Ours {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }
}

impl Bench {
    /// An empty system and a connector that does not try again.
    pub(super) async fn of(system: System) -> Self {
        Self::with(system, SignedDuration::ZERO, |_| {}).await
    }

    /// An empty system and a connector with our clock so much `ahead` of the system's.
    pub(super) async fn with(system: System, ahead: SignedDuration, tune: impl FnOnce(&mut Settings)) -> Self {
        let clock = Arc::new(Frozen::at("2026-06-01T12:00:00Z".parse().expect("a moment")));
        let stand = (system.raise)(&clock);
        let script = Arc::new(Script {
            clock: clock.clone(),
            list: system.list,
            meanwhile: Mutex::default(),
            spoil: Mutex::default(),
        });
        let server = match stand.router() {
            Some(router) => {
                let router = router.layer(from_fn_with_state(script.clone(), Script::answer));
                Some(Server::start(router, 0, clock.clone()).await.expect("a free port"))
            }
            None => None,
        };
        let url = server.as_ref().map(Server::url).unwrap_or_default();
        let mut settings = settings();
        tune(&mut settings);
        let connector = connect(&*stand, url, settings, Arc::new(Ours(clock.clone(), ahead)));
        Self { system, stand, server, connector, clock, ahead, script }
    }

    /// Makes the records with these numbers.
    pub(super) fn holding(self, numbers: impl IntoIterator<Item = usize>) -> Self {
        let hand = self.hand();
        numbers.into_iter().for_each(|number| hand.put(number));
        self
    }

    /// The bench as it was before a fault with this code: a system that asked for patience would be left alone for long.
    pub(super) async fn after(self, code: GapCode) -> Self {
        if code == GapCode::SourceRateLimited {
            return Self::of(self.system).await.holding(1..4);
        }
        self.server().faults.clear();
        self
    }

    pub(super) fn hand(&self) -> Box<dyn Hand> {
        self.stand.hand()
    }

    /// The server of a system that is reached over HTTP.
    pub(super) fn server(&self) -> &Server {
        self.server.as_ref().expect("a system that is reached over HTTP")
    }

    /// Does something once, between the first answer of the list and the next.
    pub(super) fn meanwhile(&self, act: impl FnOnce() + Send + 'static) {
        *self.script.meanwhile.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(act));
    }

    /// From now on changes each answer that is JSON.
    pub(super) fn spoil(&self, spoil: impl FnMut(&mut Value) + Send + 'static) {
        *self.script.spoil.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(spoil));
    }

    /// Whether what was to happen meanwhile has happened.
    pub(super) fn has_happened(&self) -> bool {
        self.script.meanwhile.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now() + self.ahead
    }

    pub(super) fn request(&self) -> GatherRequest {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let now = self.now();
        let horizon = Window { start: now - days(90), end: now + days(180) };
        GatherRequest::full(horizon, now, self.stand.interest())
    }

    /// Reads everything.
    pub(super) async fn gather(&self) -> Gathered {
        self.connector.gather(&self.request()).await
    }

    /// Reads what changed since an earlier read.
    pub(super) async fn gather_since(&self, earlier: &Gathered) -> Gathered {
        self.connector.gather(&GatherRequest { since: earlier.watermarks.clone(), ..self.request() }).await
    }

    /// The numbers of what was read, in order, as often as they came.
    pub(super) fn numbers(&self, gathered: &Gathered) -> Vec<usize> {
        let mut numbers = self.stand.numbers(&gathered.records);
        numbers.sort_unstable();
        numbers
    }

    /// Is the list told as everything there is?
    pub(super) fn is_complete(&self, gathered: &Gathered) -> bool {
        gathered.complete.contains(&self.system.kind)
    }
}

impl Script {
    /// Answers bear the system's own date, and what is to happen between pages happens.
    async fn answer(State(script): State<Arc<Self>>, request: Request, next: Next) -> Response {
        let listed = request.uri().path().starts_with(script.list);
        let mut response = next.run(request).await;
        let date = script.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert(header::DATE, HeaderValue::from_str(&date).expect("a date"));
        if listed && response.status().is_success() {
            let act = script.meanwhile.lock().unwrap_or_else(PoisonError::into_inner).take();
            act.into_iter().for_each(|act| act());
        }
        script.spoiled(response).await
    }

    async fn spoiled(&self, response: Response) -> Response {
        if self.spoil.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return response;
        }
        let (mut head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let Ok(mut json) = serde_json::from_slice(&body) else {
            return Response::from_parts(head, body.into());
        };
        if let Some(spoil) = self.spoil.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            spoil(&mut json);
        }
        head.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(head, json.to_string().into())
    }
}

/// No tries after the first, no circuit that opens, no waiting for our own rate, and patience with a busy machine; less
/// patience than a system asks for that wants to be left alone.
fn settings() -> Settings {
    let mut settings = Settings::default();
    (settings.deadline, settings.try_timeout) = (Duration::from_secs(120), Duration::from_secs(120));
    settings.retry.retries = 0;
    settings.retry.first_pause = Duration::from_millis(1);
    settings.retry.longest_pause = Duration::from_millis(1);
    (settings.breaker.window, settings.breaker.min_failures) = (1000, 1000);
    settings.limits.requests_per_second = 10_000.0;
    settings.limits.burst = 10_000;
    settings.max_body_bytes = 4 << 20;
    settings
}

/// The connector as the gateway builds it.
pub(super) fn connect(
    stand: &dyn Stand,
    url: String,
    settings: Settings,
    clock: Arc<dyn Clock>,
) -> Arc<dyn Connector> {
    let plan = SystemPlan {
        id: ConnectorId::new("tried"),
        url,
        identification: stand.identification(),
        settings,
        extra_ca_pem: None,
    };
    stand.options().connector(&plan, clock).expect("a connector")
}
