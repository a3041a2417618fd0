//! Scenario documents: the bank, a question, the expected answer. `tests/scenarios/*.md`, no compile to add one.
//!
//! A document has lines `key: value` (`now`, `caller`, `fault`), then fenced blocks: `graphql`, optionally
//! `json variables`, and `json`, which the answer must contain. Objects may have more keys than expected, lists may
//! not have more rows; `"<any>"` stands for any value that is not null, `"<text>…"` for a text that contains the rest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use interlock::cli::Gateway;
use interlock::clock::FrozenClock;
use interlock::config::{self, Config, System};
use jiff::Timestamp;
use serde_json::{Value, json};
use simulators::bank::{Bank, Places, TemporaryFolder};
use simulators::clock::Frozen;
use simulators::estate::systems::Ports;
use simulators::estate::{Contents, Options};
use simulators::faults::{Effect, Fault};

/// A Monday in winter: the moment of scenarios that name none.
const NOW: &str = "2026-11-23T00:00:00Z";

#[derive(Debug, Default)]
struct Scenario {
    name: String,
    now: String,
    /// `servicenow unavailable`: a system and what is wrong with it while it is read.
    faults: Vec<(String, String)>,
    query: String,
    variables: Value,
    expected: Value,
}

fn read(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).expect("a readable document");
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let mut scenario = Scenario { name, now: NOW.to_owned(), ..Scenario::default() };
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let block = block.join("\n");
            let parsed =
                || serde_json::from_str(&block).unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
            match language.trim() {
                "graphql" => scenario.query = block,
                "json variables" => scenario.variables = parsed(),
                "json" => scenario.expected = parsed(),
                other => panic!("{}: unknown block {other:?}", scenario.name),
            }
        } else if let Some((key, value)) = line.split_once(": ") {
            match key {
                "now" => scenario.now = value.trim().to_owned(),
                "fault" => {
                    let (system, fault) = value.trim().split_once(' ').expect("a system and a fault");
                    scenario.faults.push((system.to_owned(), fault.to_owned()));
                }
                _ => {}
            }
        }
    }
    assert!(!scenario.query.is_empty() && !scenario.expected.is_null(), "{}: incomplete", scenario.name);
    scenario
}

fn fault(word: &str) -> Fault {
    let status = |status| Effect::Status { status, headers: BTreeMap::new(), body: String::new() };
    Fault::on(
        "/",
        match word {
            "unavailable" => status(503),
            "denied" => status(403),
            "rate-limited" => Effect::TooManyRequests { retry_after_seconds: Some(600) },
            "html" => Effect::Html,
            "malformed" => Effect::MalformedJson,
            "other-shape" => Effect::OtherShape,
            "cut" => Effect::CutBody { after_bytes: 20 },
            "killed" => Effect::Refuse,
            other => panic!("no fault is called {other:?}"),
        },
    )
}

/// With time for simulators on a busy machine: whether they answer at all is what these tests are about.
pub(crate) fn patient(mut config: Config) -> Config {
    for System { plan, .. } in &mut config.connectors {
        plan.settings.connect_timeout = std::time::Duration::from_secs(60);
        plan.settings.try_timeout = std::time::Duration::from_secs(180);
        plan.settings.deadline = std::time::Duration::from_secs(300);
    }
    config
}

/// The bank at one moment; kept for all scenarios that ask for the same.
pub(crate) struct World {
    bank: Bank,
    _folder: TemporaryFolder,
    now: Timestamp,
    gateway: Option<Gateway>,
}

impl World {
    pub(crate) async fn open(now: Timestamp, contents: Contents) -> Self {
        let folder = TemporaryFolder::make().expect("a folder");
        let options = Options { contents, ..Options::new(1, now) };
        let places =
            Places { gateway: "127.0.0.1:0".to_owned(), ports: Ports::Any, folder: folder.path().to_owned() };
        let bank = Bank::open(&options, &places, Arc::new(Frozen::at(now))).await.expect("a bank");
        Self { bank, _folder: folder, now, gateway: None }
    }

    pub(crate) fn config(&self) -> config::Config {
        let secrets = |name: &str| simulators::bank::secret(name).map(str::to_owned);
        patient(config::check(&self.bank.config, &secrets).expect("the bank's configuration"))
    }

    /// Nobody answers any more.
    pub(crate) fn darken(&self) {
        for (_, server) in self.bank.servers() {
            server.faults.set(fault("killed"));
        }
    }

    pub(crate) async fn gateway(&self) -> Gateway {
        let gateway = Gateway::start(self.config(), Arc::new(FrozenClock(self.now))).await.expect("a gateway");
        gateway.gathered().await;
        gateway
    }

    async fn ask(&mut self, client: &reqwest::Client, scenario: &Scenario) -> Value {
        if scenario.faults.is_empty() {
            if self.gateway.is_none() {
                self.gateway = Some(self.gateway().await);
            }
            let address = self.gateway.as_ref().expect("started").address();
            return post(client, address, scenario).await;
        }
        // The gateway that others share must not read a system that is made to fail.
        if let Some(gateway) = self.gateway.take() {
            gateway.stop().await;
        }
        for (system, word) in &scenario.faults {
            let servers = self.bank.servers();
            let (_, server) = servers.iter().find(|(id, _)| id == system).expect("a system of the bank");
            server.faults.set(fault(word));
        }
        let gateway = self.gateway().await;
        let answer = post(client, gateway.address(), scenario).await;
        gateway.stop().await;
        for (_, server) in self.bank.servers() {
            server.faults.clear();
        }
        answer
    }
}

async fn post(client: &reqwest::Client, address: std::net::SocketAddr, scenario: &Scenario) -> Value {
    let body = json!({ "query": scenario.query, "variables": scenario.variables });
    let answer = client.post(format!("http://{address}/graphql")).json(&body).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

/// Notes where an answer is not as expected.
fn compare(path: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::String(word), found) if word == "<any>" && !found.is_null() => {}
        (Value::String(word), Value::String(text)) if word.starts_with("<text>") => {
            let part = word.trim_start_matches("<text>");
            if !text.contains(part) {
                differences.push(format!("{path}: {text:?} does not contain {part:?}"));
            }
        }
        (Value::Object(expected), Value::Object(found)) => {
            for (key, expected) in expected {
                match found.get(key) {
                    Some(found) => compare(&format!("{path}.{key}"), expected, found, differences),
                    None => differences.push(format!("{path}.{key}: is missing")),
                }
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{path}[{at}]"), expected, found, differences);
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => differences.push(format!("{path}: expected {expected}, found {found}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scenarios() {
    // Another test of this process may have installed it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().build().expect("a client");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("documents").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    assert!(!paths.is_empty());
    let mut worlds: BTreeMap<String, World> = BTreeMap::new();
    let mut failures = Vec::new();
    for path in paths {
        let scenario = read(&path);
        if !worlds.contains_key(&scenario.now) {
            let now = scenario.now.parse().expect("a moment");
            worlds.insert(scenario.now.clone(), World::open(now, Contents::StoriesAndNoise).await);
        }
        let world = worlds.get_mut(&scenario.now).expect("opened");
        let answer = world.ask(&client, &scenario).await;
        let mut differences = Vec::new();
        compare("", &scenario.expected, &answer, &mut differences);
        if !differences.is_empty() {
            failures.push(format!("{}:\n  {}\n  answer: {answer}", scenario.name, differences.join("\n  ")));
        }
    }
    assert!(failures.is_empty(), "{} scenarios failed:\n\n{}", failures.len(), failures.join("\n\n"));
}
