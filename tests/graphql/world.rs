//! Systems made of plain records, federated and correlated as real ones are, and the API over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{Request, Response, Variables};
use async_trait::async_trait;
use connectors::resilience::{CircuitState, Spared, TelemetrySnapshot};
use connectors::{
    Clock, Connector, ConnectorError, Descriptor, FailureKind, GatherRequest, Gathered, LongText, LongTexts, Probe,
    ProbeAnswer, Wanted,
};
use domain::{
    Actor, ConnectorId, Family, Gap, GapCode, Landscape, RecordId, RecordKind, Records, Scope, ServiceKey, Text,
};
use engine::correlate::CorrelationPolicy;
use interlock::config::{Horizon, Refresh};
use interlock::federation::{Extent, Federation, FederationPlan, Observer};
use interlock::graphql::Api;
use interlock::http::{Caller, Executor, Limits};
use jiff::{SignedDuration, Timestamp};

use super::records::now;

/// A system that answers with given records, or fails for some kinds.
pub(crate) struct System {
    descriptor: Descriptor,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    records: Records,
    /// What it holds that is too old to be gathered.
    older: Records,
    reads: Vec<(RecordKind, usize)>,
    failing: Vec<RecordKind>,
    takes: Duration,
    gathered: usize,
    given_up: usize,
    texts: BTreeMap<RecordId, Text>,
    batches: Vec<(LongText, usize)>,
}

/// Counts a read that is dropped before its end.
struct Underway<'a>(&'a Mutex<State>);

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().given_up += 1;
    }
}

/// A clock that is set by hand.
pub(crate) struct Hands(Mutex<Timestamp>);

impl Hands {
    pub(crate) fn pass(&self, time: SignedDuration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl System {
    pub(crate) fn new(id: &str, family: Family, kinds: &'static [RecordKind]) -> Arc<Self> {
        let descriptor = Descriptor { id: ConnectorId::new(id), family, vendor: "simulated", kinds };
        Arc::new(Self { descriptor, state: Mutex::default() })
    }

    pub(crate) fn holds(&self, add: impl FnOnce(&mut Records)) {
        add(&mut self.state.lock().unwrap().records);
    }

    /// Holds what is older than the horizon.
    pub(crate) fn holds_older(&self, add: impl FnOnce(&mut Records)) {
        add(&mut self.state.lock().unwrap().older);
    }

    /// The batches of named records that it was asked for, with the number of their ids or keys.
    pub(crate) fn reads(&self) -> Vec<(RecordKind, usize)> {
        self.state.lock().unwrap().reads.clone()
    }

    /// Of all that it holds the records of a kind that are wanted.
    async fn named(&self, kind: RecordKind, wanted: impl Fn(&RecordId, &str) -> bool) -> Gathered {
        self.work().await;
        let state = self.state.lock().unwrap();
        let mut read = Gathered::default();
        if state.failing.contains(&kind) {
            read.gaps.push(self.gap(kind));
            return read;
        }
        let mut all = state.records.clone();
        all.append(state.older.clone());
        read.records.upsert(kind, &mut all);
        let found = &mut read.records;
        found.changes.retain(|row| wanted(&row.id.0, &row.number));
        found.incidents.retain(|row| wanted(&row.id.0, &row.number));
        found.problems.retain(|row| wanted(&row.id.0, &row.number));
        found.known_errors.clear();
        found.work_items.retain(|row| wanted(&row.id.0, &row.key));
        found.configuration_items.retain(|row| wanted(&row.id.0, &row.name));
        found.accounts.retain(|row| wanted(&row.id.0, ""));
        read.changed.insert(kind);
        read
    }

    fn gap(&self, kind: RecordKind) -> Gap {
        Gap {
            code: GapCode::SourceTimedOut,
            connector: Some(self.descriptor.id.clone()),
            kind,
            message: format!("{} did not answer in time.", self.descriptor.id).into(),
            since: None,
            retryable: true,
        }
    }

    /// From now on these kinds cannot be read.
    pub(crate) fn fails_for(&self, kinds: &[RecordKind]) {
        self.state.lock().unwrap().failing = kinds.to_vec();
    }

    /// From now on each read takes so long.
    pub(crate) fn takes(&self, time: Duration) {
        self.state.lock().unwrap().takes = time;
    }

    /// From now on a record has this text.
    pub(crate) fn tells(&self, id: &RecordId, text: &str) {
        self.state.lock().unwrap().texts.insert(id.clone(), text.into());
    }

    /// The batches of texts that it was asked for, with the number of their keys.
    pub(crate) fn batches(&self) -> Vec<(LongText, usize)> {
        self.state.lock().unwrap().batches.clone()
    }

    /// Takes its time.
    async fn work(&self) {
        let takes = self.state.lock().unwrap().takes;
        if !takes.is_zero() {
            let underway = Underway(&self.state);
            tokio::time::sleep(takes).await;
            std::mem::forget(underway);
        }
    }

    /// How many reads were dropped before their end.
    pub(crate) fn given_up(&self) -> usize {
        self.state.lock().unwrap().given_up
    }

    /// How often it was read.
    pub(crate) fn gathered(&self) -> usize {
        self.state.lock().unwrap().gathered
    }
}

#[async_trait]
impl Connector for System {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    async fn probe(&self, _now: Timestamp) -> Probe {
        Probe {
            reachable: ProbeAnswer::Skipped,
            authenticated: ProbeAnswer::Skipped,
            permitted: Vec::new(),
            clock_skew: None,
            limits: None,
        }
    }

    async fn gather(&self, _request: &GatherRequest) -> Gathered {
        self.state.lock().unwrap().gathered += 1;
        self.work().await;
        let state = self.state.lock().unwrap();
        let mut read = Gathered::default();
        for kind in self.descriptor.kinds {
            if state.failing.contains(kind) {
                read.gaps.push(self.gap(*kind));
            } else {
                read.records.upsert(*kind, &mut state.records.clone());
                read.complete.insert(*kind);
            }
        }
        read
    }

    async fn read(&self, wanted: &Wanted, _now: Timestamp) -> Gathered {
        let mut read = Gathered::default();
        for (kind, ids) in wanted {
            self.state.lock().unwrap().reads.push((*kind, ids.len()));
            read.join(self.named(*kind, |id, _| ids.contains(id)).await);
        }
        read
    }

    async fn find(&self, kind: RecordKind, keys: &BTreeSet<Text>, _now: Timestamp) -> Gathered {
        self.state.lock().unwrap().reads.push((kind, keys.len()));
        self.named(kind, |_, said| keys.contains(said)).await
    }

    fn long_texts(&self) -> Option<&dyn LongTexts> {
        Some(self)
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        TelemetrySnapshot {
            circuit: CircuitState::Closed,
            sent: 0,
            retried: 0,
            refused: 0,
            spared: Spared::default(),
            failures: BTreeMap::new(),
            latency_p50: None,
            latency_p99: None,
            last_success_at: None,
            last_error: None,
            rate_limit: None,
            clock_skew: None,
            concurrency: 1,
        }
    }
}

#[async_trait]
impl LongTexts for System {
    async fn long_texts(
        &self,
        what: LongText,
        ids: &BTreeSet<RecordId>,
    ) -> Result<BTreeMap<RecordId, Text>, ConnectorError> {
        self.state.lock().unwrap().batches.push((what, ids.len()));
        self.work().await;
        let state = self.state.lock().unwrap();
        if state.failing.contains(&what.kind()) {
            return Err(ConnectorError::new(self.descriptor.id.clone(), "read texts", FailureKind::TimedOut));
        }
        Ok(ids.iter().filter_map(|id| Some((id.clone(), state.texts.get(id)?.clone()))).collect())
    }
}

/// Hears of readings.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<(ConnectorId, Timestamp)>>);

impl Observer for Heard {
    fn observed(&self, reading: store::Reading) {
        self.0.lock().unwrap().push((reading.connector, reading.at));
    }
}

impl Heard {
    /// Since when the last reading of a system counts as known.
    pub(crate) fn last_of(&self, id: &str) -> Option<Timestamp> {
        let readings = self.0.lock().unwrap();
        readings.iter().rev().find(|(connector, _)| connector.as_str() == id).map(|(_, at)| *at)
    }
}

/// Systems and a landscape, not yet read.
pub(crate) struct World {
    pub(crate) landscape: Landscape,
    pub(crate) systems: BTreeMap<&'static str, Arc<System>>,
    pub(crate) limits: Limits,
}

impl World {
    /// The system with this id.
    pub(crate) fn system(&self, id: &str) -> &Arc<System> {
        &self.systems[id]
    }

    /// The API before anything was read.
    pub(crate) fn unread(self) -> Asked {
        let connectors = self.systems.values().map(|system| system.clone() as Arc<dyn Connector>).collect();
        let hours = SignedDuration::from_hours;
        let clock = Arc::new(Hands(Mutex::new(now())));
        let heard = Arc::new(Heard::default());
        let federation = Federation::new(FederationPlan {
            connectors,
            landscape: self.landscape,
            horizon: Horizon { past: hours(24 * 90), future: hours(24 * 180) },
            refresh: Refresh::default(),
            policy: CorrelationPolicy::default(),
            clock: clock.clone(),
        });
        let federation = Arc::new(federation.observed_by(heard.clone()));
        let api = Arc::new(Api::new(federation.clone(), &self.limits));
        Asked { api, federation, clock, heard, systems: self.systems }
    }

    /// The API once everything was read.
    pub(crate) async fn read(self) -> Asked {
        let asked = self.unread();
        asked.federation.gather(Extent::Sweep).await;
        asked
    }
}

/// The API, to be asked.
pub(crate) struct Asked {
    pub(crate) api: Arc<Api>,
    pub(crate) federation: Arc<Federation>,
    pub(crate) clock: Arc<Hands>,
    pub(crate) heard: Arc<Heard>,
    pub(crate) systems: BTreeMap<&'static str, Arc<System>>,
}

impl Asked {
    /// Asks as somebody who sees everything.
    pub(crate) async fn execute(&self, request: impl Into<Request> + Send) -> Response {
        self.api.execute(request.into(), Caller::anonymous()).await.response
    }

    /// The data of an answer that must have no errors.
    pub(crate) async fn data(&self, query: &str) -> serde_json::Value {
        clean(query, self.execute(query).await)
    }

    /// The same, with variables.
    pub(crate) async fn data_with(&self, query: &str, variables: serde_json::Value) -> serde_json::Value {
        clean(query, self.execute(Request::new(query).variables(Variables::from_json(variables))).await)
    }

    /// The same for somebody who sees these services alone.
    pub(crate) async fn data_for(&self, services: &[&str], query: &str) -> serde_json::Value {
        let keys = services.iter().map(|key| ServiceKey::new(*key)).collect();
        let caller = Caller { actor: Actor::anonymous(), scope: Scope::Services(keys), token: None };
        clean(query, self.api.execute(query.into(), caller).await.response)
    }

    /// Codes of the errors of an answer.
    pub(crate) async fn codes(&self, query: &str) -> Vec<String> {
        codes(&self.execute(query).await)
    }
}

/// Codes of the errors of an answer.
pub(crate) fn codes(response: &Response) -> Vec<String> {
    let code = |error: &async_graphql::ServerError| match error.extensions.as_ref().and_then(|all| all.get("code"))
    {
        Some(async_graphql::Value::String(code)) => code.clone(),
        _ => error.message.clone(),
    };
    response.errors.iter().map(code).collect()
}

fn clean(query: &str, response: Response) -> serde_json::Value {
    assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
    response.data.into_json().unwrap()
}
