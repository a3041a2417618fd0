//! The bank, read once; federations of which some systems repeat what was read then and others are asked in earnest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{Request, Response, Variables};
use async_trait::async_trait;
use connectors::git::PlainRepository;
use connectors::resilience::TelemetrySnapshot;
use connectors::{Clock, Connector, Descriptor, GatherRequest, Gathered, LongTexts, Probe, Vendor, Wanted};
use domain::{RecordKind, Text};
use engine::correlate::CorrelationPolicy;
use interlock::clock::FrozenClock;
use interlock::config::{self, Config, System};
use interlock::federation::{Extent, Federation, FederationPlan};
use interlock::graphql::Api;
use interlock::http::{Caller, Executor, Limits};
use jiff::Timestamp;
use serde_json::json;
use simulators::bank::{Bank, Places, TemporaryFolder};
use simulators::clock::Frozen;
use simulators::estate::systems::Ports;
use simulators::estate::{Contents, Options};
use simulators::serve::Server;

use super::systems::Table;
use crate::contract::answerable;

const NOW: &str = "2026-11-23T00:00:00Z";

/// The answer to each operation of the contract.
pub(super) type Answers = BTreeMap<String, Response>;

/// How a system answers a federation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// In earnest, and what it says is kept.
    Record,
    /// With what was kept.
    Replay,
    /// In earnest.
    Real,
    /// In earnest, by a connector that waits for no slow answer.
    Hurried,
}

/// A system of the bank behind a switch.
struct Switch {
    real: Arc<dyn Connector>,
    hurried: Arc<dyn Connector>,
    kept: Mutex<Gathered>,
    stage: Mutex<Stage>,
}

impl Switch {
    fn stage(&self) -> Stage {
        *self.stage.lock().unwrap()
    }
}

#[async_trait]
impl Connector for Switch {
    fn descriptor(&self) -> &Descriptor {
        self.real.descriptor()
    }

    async fn probe(&self, now: Timestamp) -> Probe {
        self.real.probe(now).await
    }

    async fn gather(&self, request: &GatherRequest) -> Gathered {
        if self.stage() == Stage::Replay {
            return self.kept.lock().unwrap().clone();
        }
        if self.stage() == Stage::Hurried {
            return self.hurried.gather(request).await;
        }
        let read = self.real.gather(request).await;
        if self.stage() == Stage::Record {
            *self.kept.lock().unwrap() = read.clone();
        }
        read
    }

    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        self.real.read(wanted, now).await
    }

    async fn find(&self, kind: RecordKind, keys: &BTreeSet<Text>, now: Timestamp) -> Gathered {
        self.real.find(kind, keys, now).await
    }

    fn telemetry(&self) -> TelemetrySnapshot {
        self.real.telemetry()
    }

    fn long_texts(&self) -> Option<&dyn LongTexts> {
        self.real.long_texts()
    }
}

/// A federation over the bank.
pub(super) struct Federated {
    pub(super) federation: Arc<Federation>,
    switches: Vec<Arc<Switch>>,
    table: Arc<Table>,
}

impl Federated {
    /// From now on these systems are asked in this way.
    pub(super) fn ask(&self, ids: &[String], stage: Stage) {
        let is_named = |switch: &&Arc<Switch>| ids.iter().any(|id| id == switch.descriptor().id.as_str());
        let named = self.switches.iter().filter(is_named);
        named.for_each(|switch| *switch.stage.lock().unwrap() = stage);
    }

    /// The answer to a question of somebody who sees everything.
    pub(super) async fn answer(&self, query: &str) -> Response {
        Api::new(self.federation.clone(), &Limits::default())
            .execute(query.into(), Caller::anonymous())
            .await
            .response
    }

    /// Asks for each release of a few, twice; tells how many requests were sent each time.
    pub(super) async fn ask_twice(&self, query: &str, sent: &impl Fn() -> u64) -> Vec<(String, [u64; 2])> {
        let mut costs = Vec::new();
        for key in self.table.words("pages") {
            let api = Api::new(self.federation.clone(), &Limits::default());
            let mut cost = [0, 0];
            for once in &mut cost {
                let before = sent();
                let request = Request::new(query).variables(Variables::from_json(json!({ "key": key })));
                let response = api.execute(request, Caller::anonymous()).await.response;
                assert!(response.errors.is_empty(), "{key}: {:?}", response.errors);
                assert!(response.data.to_string().contains("implementationPlan: \""), "{key}: {}", response.data);
                *once = sent() - before;
            }
            costs.push((key, cost));
        }
        costs
    }

    /// Asks every operation of the contract, as far as it is built.
    pub(super) async fn answers(&self) -> Answers {
        let api = Api::new(self.federation.clone(), &Limits::default());
        let mut answers = Answers::new();
        for (name, text, document) in answerable() {
            let mut request = Request::new(text).variables(Variables::from_json(variables(&name, &self.table)));
            request.set_parsed_query(document);
            answers.insert(name, api.execute(request, Caller::anonymous()).await.response);
        }
        answers
    }
}

fn variables(operation: &str, table: &Table) -> serde_json::Value {
    match operation {
        "bot-next" | "portal-release-page" => {
            json!({ "key": table.words("release")[0], "target": { "environment": "production" } })
        }
        "portal-calendar" => json!({ "from": NOW, "to": "2026-12-23T00:00:00Z" }),
        "bot-sequence" => json!({ "input": {
            "releases": table.words("pages"),
            "target": { "environment": "production" },
            "from": NOW,
            "to": "2026-12-07T00:00:00Z",
        } }),
        "bot-trace" => json!({ "of": { "change": table.words("change")[0] } }),
        "portal-release-list" => json!({ "first": 50, "orderBy": [{ "by": "KEY", "direction": "ASC" }] }),
        "portal-running" => json!({ "service": "payments-api" }),
        _ => json!({}),
    }
}

/// The bank and what was read of it.
pub(super) struct World {
    pub(super) bank: Bank,
    pub(super) table: Arc<Table>,
    _folder: TemporaryFolder,
    config: Config,
    base: Federated,
}

impl World {
    /// Opens the bank and reads it.
    pub(super) async fn read() -> Self {
        let (bank, folder, config) = open(Contents::StoriesAndNoise).await;
        let mut config = config;
        for System { plan, .. } in &mut config.connectors {
            plan.settings.retry.retries = 0;
            // However busy the machine is that runs this.
            plan.settings.try_timeout = Duration::from_secs(120);
            plan.settings.deadline = Duration::from_secs(120);
            plan.settings.limits.concurrency = 32;
            plan.settings.limits.longest_hold = Duration::from_millis(1);
            // How a circuit opens and closes is tested with it; here it would only make waiting longer.
            plan.settings.breaker.window = 1_000;
            plan.settings.breaker.min_failures = 1_000;
        }
        let table = Arc::new(Table::read());
        let base = federate((&config, &table), connectors(&config), Stage::Record);
        base.federation.gather(Extent::Sweep).await;
        let world = Self { bank, table, _folder: folder, config, base };
        let gaps = &world.base.federation.graph().expect("a graph").gaps;
        assert!(gaps.is_empty(), "{gaps:?}");
        world
    }

    pub(super) fn base(&self) -> &Federated {
        &self.base
    }

    /// Another federation over the same systems, which remember what was read of them.
    pub(super) fn federate(&self, stage: Stage) -> Federated {
        let again = self
            .base
            .switches
            .iter()
            .map(|switch| (switch.real.clone(), switch.hurried.clone(), switch.kept.lock().unwrap().clone()));
        federate((&self.config, &self.table), again.collect(), stage)
    }

    /// The plain repositories with where they are.
    pub(super) fn plain_repositories(&self) -> Vec<PlainRepository> {
        let plain = |system: &System| match &system.vendor {
            Vendor::Git(options) => options.repositories.clone(),
            _ => Vec::new(),
        };
        self.config.connectors.iter().flat_map(plain).collect()
    }

    pub(super) fn server(&self, id: &str) -> &Server {
        let servers = self.bank.servers();
        servers.iter().find(|(name, _)| *name == id).expect("a system of the bank").1
    }
}

async fn open(contents: Contents) -> (Bank, TemporaryFolder, Config) {
    let now: Timestamp = NOW.parse().expect("a moment");
    let folder = TemporaryFolder::make().expect("a folder");
    let options = Options { contents, ..Options::new(1, now) };
    let places = Places { gateway: "127.0.0.1:0".to_owned(), ports: Ports::Any, folder: folder.path().to_owned() };
    let bank = Bank::open(&options, &places, Arc::new(Frozen::at(now))).await.expect("a bank");
    let secrets = |name: &str| simulators::bank::secret(name).map(str::to_owned);
    let config = config::check(&bank.config, &secrets).expect("the bank's configuration");
    (bank, folder, config)
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(FrozenClock(NOW.parse().expect("a moment")))
}

/// A connector, one that is in a hurry, and what the first one read.
type Kept = (Arc<dyn Connector>, Arc<dyn Connector>, Gathered);

fn connectors(config: &Config) -> Vec<Kept> {
    let open = |System { plan, vendor }: &System| {
        let mut hurried = plan.clone();
        hurried.settings.try_timeout = Duration::from_millis(500);
        hurried.settings.deadline = Duration::from_millis(500);
        let connector = |plan| vendor.connector(plan, clock()).expect("a connector");
        (connector(plan), connector(&hurried), Gathered::default())
    };
    config.connectors.iter().map(open).collect()
}

fn federate((config, table): (&Config, &Arc<Table>), kept: Vec<Kept>, stage: Stage) -> Federated {
    let switch = |(real, hurried, kept)| {
        Arc::new(Switch { real, hurried, kept: Mutex::new(kept), stage: Mutex::new(stage) })
    };
    let switches: Vec<Arc<Switch>> = kept.into_iter().map(switch).collect();
    let federation = Arc::new(Federation::new(FederationPlan {
        connectors: switches.iter().map(|switch| switch.clone() as Arc<dyn Connector>).collect(),
        landscape: config.landscape.clone(),
        horizon: config.horizon,
        refresh: config.refresh.clone(),
        policy: CorrelationPolicy::default(),
        clock: clock(),
    }));
    Federated { federation, switches, table: table.clone() }
}
