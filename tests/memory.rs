//! What the gateway remembers across restarts: exactly what it read, served at once, and answered as of then.

use std::path::Path;
use std::sync::Arc;

use interlock::cli::Gateway;
use interlock::clock::FrozenClock;
use interlock::config::{StorePlace, StorePlan};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulators::bank::TemporaryFolder;
use simulators::estate::Contents;
use store::Store;

use crate::scenarios::World;

const NOW: &str = "2026-11-23T00:00:00Z";
const LATER: &str = "2026-11-23T01:00:00Z";

async fn start(world: &World, path: &Path, now: &str) -> Gateway {
    let mut config = world.config();
    let place = StorePlace::Sqlite(path.to_owned());
    config.store = Some(StorePlan { place, retention: SignedDuration::from_hours(24 * 730) });
    let now: Timestamp = now.parse().expect("a moment");
    Gateway::start(config, Arc::new(FrozenClock(now))).await.expect("a gateway")
}

async fn ask(client: &reqwest::Client, gateway: &Gateway, query: &str) -> Value {
    let url = format!("http://{}/graphql", gateway.address());
    let answer = client.post(url).json(&json!({ "query": query })).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_serves_the_last_graph_at_once_and_the_past_stays_as_it_was() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().build().expect("a client");
    let folder = TemporaryFolder::make().expect("a folder");
    let path = folder.path().join("memory.db");
    let world = World::open(NOW.parse().expect("a moment"), Contents::StoriesAndNoise).await;

    let gateway = start(&world, &path, NOW).await;
    gateway.gathered().await;
    let mut read = gateway.federation().input().await.records;
    let then =
        ask(&client, &gateway, r#"{ release(key: "ledger-core@5.3.0") { status gaps { code since } } }"#).await;
    gateway.stop().await;
    let store = Store::sqlite(&path).await.expect("a store");
    let mut remembered = store.latest().await.expect("readable").into_records();
    assert_eq!(store.check().await.expect("checked"), []);
    store.close().await;
    read.sort();
    remembered.sort();
    assert!(read == remembered, "{} records were read, {} are remembered", read.len(), remembered.len());

    world.darken();
    let gateway = start(&world, &path, LATER).await;
    let mut published = gateway.federation().publications();
    published.wait_for(|version| *version > 0).await.expect("a graph");
    const PRESENT: &str = r#"{ release(key: "ledger-core@5.3.0") { certain possibleStatuses gaps { since } changes(first: 5) { edges { node { number } } } } }"#;
    let answer = ask(&client, &gateway, PRESENT).await;
    assert_eq!(answer["data"]["release"]["certain"], false, "{answer}");
    let possible = answer["data"]["release"]["possibleStatuses"].as_array().expect("states");
    assert!(possible.iter().any(|status| status == "SCHEDULED"), "{answer}");
    assert_eq!(answer["data"]["release"]["changes"]["edges"].as_array().map(Vec::len), Some(2), "{answer}");
    let gaps = answer["data"]["release"]["gaps"].as_array().expect("gaps");
    assert!(gaps.iter().any(|gap| gap["since"] == NOW), "it says that it is stale: {answer}");
    let past =
        format!(r#"{{ release(key: "ledger-core@5.3.0", asOf: "{NOW}") {{ status gaps {{ code since }} }} }}"#);
    assert_eq!(ask(&client, &gateway, &past).await, then, "the past does not change when a system goes dark");
    let roots = format!(
        r#"{{ changes(first: 100, asOf: "{NOW}") {{ totalCount }} services(first: 1, asOf: "{NOW}") {{ totalCount }}
              change(number: "CHG0030061", connector: "servicenow", asOf: "{NOW}") {{ number implementationPlan }} }}"#
    );
    let known = ask(&client, &gateway, &roots).await;
    assert!(
        known["data"]["changes"]["totalCount"].as_u64().is_some_and(|count| count > 0),
        "all was read: {known}"
    );
    assert!(known["data"]["services"]["totalCount"].as_u64().is_some_and(|count| count > 0), "{known}");
    assert_eq!(known["data"]["change"]["number"], "CHG0030061", "{known}");
    assert_eq!(known["data"]["change"]["implementationPlan"], Value::Null, "the text of today is none of then");
    assert_eq!(known["errors"][0]["extensions"]["code"], "SOURCE_INCOMPLETE", "{known}");
    gateway.stop().await;
}
