//! Details that are read live: in one batch for each system and request, once for all who wait, apart by rights, and
//! shown old when their system fails.

use std::sync::Arc;
use std::time::Duration;

use connectors::LongText;
use domain::{RecordId, RecordKind};
use futures::future::join_all;
use interlock::http::{Access, Basis, Caller, Executor as _, HostPolicy, HttpState, Metrics, Readiness, router};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::bank::{full_bank, small_bank};
use super::records::{change, connector};
use super::world::{Asked, System, codes};

const PLAN: LongText = LongText::ImplementationPlan;

/// Gives changes of a system their plans.
fn plans(system: &System, numbers: &[&str]) {
    for number in numbers {
        let id = RecordId::new(&connector("servicenow"), format!("servicenow-{number}"));
        system.tells(&id, &format!("Plan of {number}"));
    }
}

async fn bank_with_plans() -> Asked {
    let bank = full_bank();
    plans(bank.system("servicenow"), &["CHG1", "CHG2"]);
    bank.read().await
}

const BOTH: &str = r#"{
    one: change(number: "CHG1", connector: "servicenow") { implementationPlan }
    two: change(number: "CHG2") { number implementationPlan }
    release(key: "payments-api@2.14.0") { changes(first: 5) { edges { node { implementationPlan } } } }
}"#;

#[tokio::test]
async fn a_level_s_keys_go_up_in_one_batch_and_are_kept() {
    let bank = bank_with_plans().await;
    let data = bank.data(BOTH).await;
    assert_eq!(data["one"]["implementationPlan"], "Plan of CHG1");
    assert_eq!(data["two"]["implementationPlan"], "Plan of CHG2");
    assert_eq!(data["release"]["changes"]["edges"][0]["node"]["implementationPlan"], "Plan of CHG1");
    assert_eq!(bank.systems["servicenow"].batches(), [(PLAN, 2)]);
    assert_eq!(bank.data(BOTH).await, data);
    assert_eq!(bank.systems["servicenow"].batches().len(), 1, "hot, it costs nothing");
    let missing = bank.data(r#"{ change(number: "CHG1", connector: "legacy") { implementationPlan } }"#).await;
    assert_eq!(missing["change"]["implementationPlan"], json!(null), "there is none");
}

#[tokio::test]
async fn an_answer_with_live_details_is_not_the_graph_s_alone() {
    let bank = bank_with_plans().await;
    let basis = async |query: &str| bank.api.execute(query.into(), Caller::anonymous()).await.basis;
    assert_eq!(basis(BOTH).await, Basis::Live);
    assert_eq!(basis(r#"{ change(number: "CHG2") { number } }"#).await, Basis::Graph(1));
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_shown_while_it_is_read_anew_and_when_its_system_fails() {
    let bank = bank_with_plans().await;
    let system = &bank.systems["servicenow"];
    let data = bank.data(BOTH).await;
    let id = RecordId::new(&connector("servicenow"), "servicenow-CHG1");
    system.tells(&id, "Another plan");
    bank.clock.pass(SignedDuration::from_secs(90));
    assert_eq!(bank.data(BOTH).await, data, "a little stale, at once");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(system.batches().len(), 2, "and read anew beside");
    assert_eq!(bank.data(BOTH).await["one"]["implementationPlan"], "Another plan");
    system.fails_for(&[RecordKind::Change]);
    bank.clock.pass(SignedDuration::from_hours(1));
    assert_eq!(bank.data(BOTH).await["one"]["implementationPlan"], "Another plan", "old, but known");
}

#[tokio::test]
async fn a_detail_that_cannot_be_read_is_null_with_one_error() {
    let bank = bank_with_plans().await;
    bank.systems["servicenow"].fails_for(&[RecordKind::Change]);
    let response = bank.execute(BOTH).await;
    assert_eq!(codes(&response), ["SOURCE_TIMED_OUT"]);
    let data = response.data.into_json().unwrap();
    assert_eq!(data["two"], json!({ "number": "CHG2", "implementationPlan": null }));
    bank.systems["servicenow"].fails_for(&[]);
    assert_eq!(bank.data(BOTH).await["two"]["implementationPlan"], "Plan of CHG2", "a failure is not kept");
}

#[tokio::test(start_paused = true)]
async fn nothing_crosses_callers_of_different_rights() {
    let bank = bank_with_plans().await;
    let system = &bank.systems["servicenow"];
    system.takes(Duration::from_secs(1));
    let query = r#"{ changes(first: 10) { edges { node { number implementationPlan } } } }"#;
    let (payments, cards) = (&["payments-api"][..], &["card-gateway"][..]);
    let (one, other, again) =
        futures::join!(bank.data_for(payments, query), bank.data_for(cards, query), bank.data_for(payments, query));
    let row =
        |number: &str| json!({ "node": { "number": number, "implementationPlan": format!("Plan of {number}") } });
    assert_eq!(one["changes"]["edges"], json!([row("CHG1")]));
    assert_eq!(one, again);
    assert!(other["changes"]["edges"].as_array().unwrap().contains(&row("CHG2")));
    assert!(!other.to_string().contains("Plan of CHG1"));
    assert_eq!(system.batches(), [(PLAN, 1), (PLAN, 1)], "one for each rights, each with its own keys");
    bank.data(query).await;
    assert_eq!(system.batches().len(), 3, "what others may see is not what this caller was shown");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_takes_its_own_reads_along_and_no_others() {
    let bank = bank_with_plans().await;
    let system = &bank.systems["servicenow"];
    system.takes(Duration::from_secs(4));
    let soon = Duration::from_secs(1);
    assert!(tokio::time::timeout(soon, bank.execute(BOTH)).await.is_err());
    assert_eq!(system.given_up(), 1);
    let (gone, answer) = futures::join!(tokio::time::timeout(soon, bank.execute(BOTH)), bank.data(BOTH));
    assert!(gone.is_err());
    assert_eq!(answer["one"]["implementationPlan"], "Plan of CHG1");
    assert_eq!((system.given_up(), system.batches().len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_clients_at_once_send_one_batch_each() {
    const CLIENTS: usize = 128;
    const KEYS: usize = 20;
    let numbers: Vec<Vec<String>> =
        (0..CLIENTS).map(|client| (0..KEYS).map(|key| format!("CHG{client:03}{key:02}")).collect()).collect();
    let bank = full_bank();
    let system = bank.system("servicenow").clone();
    for number in numbers.iter().flatten() {
        plans(&system, &[number.as_str()]);
        system.holds(|records| records.changes.push(change("servicenow", number, "payments-api", number)));
    }
    system.takes(Duration::from_millis(5));
    let bank = bank.read().await;
    let (address, serving) = serve(&bank).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asks = numbers.iter().map(|numbers| {
        let fields = numbers.iter().map(|number| {
            format!(r#"{number}: change(number: "{number}") {{ implementationPlan configurationItems(first: 1) {{ totalCount }} }} "#)
        });
        let query = format!("{{ {} }}", fields.collect::<String>());
        let request = client.post(format!("http://{address}/graphql")).json(&json!({ "query": query }));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    });
    for (answer, numbers) in join_all(asks).await.iter().zip(&numbers) {
        for number in numbers {
            assert_eq!(answer["data"][number]["implementationPlan"], format!("Plan of {number}"), "{answer}");
        }
    }
    assert_eq!(system.batches(), vec![(PLAN, KEYS); CLIENTS], "one batch for each request");
    serving.abort();
}

/// The API behind the real HTTP stack.
async fn serve(bank: &Asked) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(HttpState {
        executor: bank.api.clone(),
        readiness: Arc::new(|| Readiness::Ready),
        access: Access::new(Vec::new()),
        hosts: HostPolicy::new(address, &[]),
        limits: interlock::http::Limits::default(),
        metrics: Metrics::default(),
    })
    .unwrap();
    let shutdown = interlock::http::Shutdown::default();
    let tasks = interlock::tasks::Tasks::default();
    let serving = tasks.spawn(async move {
        interlock::http::serve(listener, router, shutdown).await.unwrap();
    });
    (address, serving)
}

#[tokio::test]
async fn without_live_details_nothing_is_asked() {
    let bank = small_bank().await;
    bank.data(r#"{ changes(first: 100) { edges { node { number } } } }"#).await;
    assert!(bank.systems.values().all(|system| system.batches().is_empty()));
}
