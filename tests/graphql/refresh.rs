//! Refreshing: a graph is made anew only when something new is told, or when time has passed; one gathering serves all
//! who wait for it, and ends with the last of them.

use std::sync::Arc;
use std::time::Duration;

use domain::RecordKind;
use interlock::federation::Extent;
use jiff::SignedDuration;

use super::bank::{full_bank, small_bank};
use super::records::{now, tag};

const PAYMENTS: &str = "bank/payments-api";

#[tokio::test]
async fn the_same_graph_stays_while_nothing_new_is_told() {
    let bank = small_bank().await;
    let first = bank.federation.graph().expect("a graph");
    for _ in 0..3 {
        bank.clock.pass(SignedDuration::from_secs(50));
        bank.federation.gather(Extent::Changes).await;
    }
    let newest = bank.federation.newest().expect("a graph");
    assert!(Arc::ptr_eq(&newest.graph, &first), "built again: {}", newest.graph.version);
    assert_eq!(newest.as_of, Some(now() + SignedDuration::from_secs(150)));
    let told = bank.data("{ graph { version assembledAt } connectors { health watermark } }").await;
    assert_eq!(told["graph"], serde_json::json!({ "version": 1, "assembledAt": "2026-06-15T12:02:30Z" }));

    bank.clock.pass(SignedDuration::from_secs(30));
    bank.federation.gather(Extent::Changes).await;
    assert_eq!(bank.federation.graph().expect("a graph").version, 2, "time alone moves statuses");
    bank.systems["git"].holds(|records| records.tags.push(tag(PAYMENTS, "v2.15.0", "a000002")));
    bank.federation.gather(Extent::Changes).await;
    assert_eq!(bank.federation.graph().expect("a graph").version, 3, "a tag is new");
}

#[tokio::test]
async fn a_gap_that_comes_or_goes_is_told_by_a_new_graph() {
    let bank = small_bank().await;
    let version = || bank.federation.graph().expect("a graph").version;
    bank.systems["jira"].fails_for(&[RecordKind::WorkItem]);
    bank.federation.gather(Extent::Changes).await;
    assert_eq!(version(), 2);
    bank.federation.gather(Extent::Changes).await;
    assert_eq!(version(), 2, "the same gap");
    bank.systems["jira"].fails_for(&[]);
    bank.federation.gather(Extent::Changes).await;
    assert_eq!(version(), 3);
    assert!(bank.federation.graph().expect("a graph").gaps.is_empty());
}

#[tokio::test(start_paused = true)]
async fn those_who_read_through_at_once_wait_for_one_gathering() {
    let bank = small_bank().await;
    bank.clock.pass(SignedDuration::from_secs(60));
    bank.systems["git"].takes(Duration::from_secs(2));
    let before = bank.systems["git"].gathered();
    let asks = (0..20).map(|_| bank.data(r#"{ release(key: "payments-api@2.14.0", maxAge: 30) { key } }"#));
    for answer in futures::future::join_all(asks).await {
        assert_eq!(answer["release"]["key"], "payments-api@2.14.0");
    }
    assert_eq!(bank.systems["git"].gathered() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_gathering_that_nobody_waits_for_any_more_is_given_up() {
    let bank = small_bank().await;
    bank.clock.pass(SignedDuration::from_secs(60));
    bank.systems["git"].takes(Duration::from_secs(4));
    let ask = || bank.execute(r#"{ release(key: "payments-api@2.14.0", maxAge: 30) { key } }"#);
    let soon = Duration::from_secs(1);
    let (one, other) = (tokio::time::timeout(soon, ask()), tokio::time::timeout(soon * 2, ask()));
    let (one, other) = futures::join!(one, other);
    assert!(one.is_err() && other.is_err());
    assert_eq!(bank.systems["git"].given_up(), 1, "when the last has gone");
    let asked = bank.systems["git"].gathered();
    let (gone, answer) = futures::join!(tokio::time::timeout(soon, ask()), ask());
    assert!(gone.is_err() && answer.errors.is_empty());
    assert_eq!(bank.systems["git"].gathered() - asked, 1, "who goes takes nobody along");
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_known_from_the_end_of_the_reading_on() {
    let bank = small_bank().await;
    bank.systems["git"].takes(Duration::from_secs(4));
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        bank.clock.pass(SignedDuration::from_secs(9));
    };
    futures::join!(bank.federation.gather(Extent::Changes), meanwhile);
    assert_eq!(bank.heard.last_of("git"), Some(now() + SignedDuration::from_secs(9)));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_lets_a_reader_wait_is_told() {
    let bank = small_bank().await;
    bank.clock.pass(SignedDuration::from_secs(60));
    bank.systems["jira"].takes(Duration::from_secs(60));
    let answer = bank
        .execute(r#"{ release(key: "payments-api@2.14.0", maxAge: 0) { key workItems(first: 5) { totalCount } } }"#)
        .await;
    // The CMDB is asked when the others have answered.
    assert_eq!(super::world::codes(&answer), ["SOURCE_TIMED_OUT"; 2]);
    let told =
        ["cmdb", "jira"].map(|id| format!("{id} did not answer in time; what is shown of it is as it was held."));
    assert_eq!(
        answer.errors.iter().map(|error| &error.message).collect::<Vec<_>>(),
        told.iter().collect::<Vec<_>>()
    );
    assert!(answer.errors.iter().all(|error| error.path.is_empty()), "no field has failed");
    let data = answer.data.into_json().expect("JSON");
    assert_eq!(data["release"]["workItems"]["totalCount"], 1, "as it was held");
}

#[tokio::test(start_paused = true)]
async fn a_system_that_lets_us_wait_for_long_is_stale() {
    let bank = small_bank().await;
    bank.clock.pass(SignedDuration::from_secs(200));
    bank.systems["jira"].takes(Duration::from_secs(100));
    let federation = bank.federation.clone();
    let waited = tokio::time::timeout(Duration::from_secs(30), federation.gather(Extent::Changes)).await;
    assert!(waited.is_err());
    let graph = bank.federation.graph().expect("a graph");
    let mut told: Vec<_> = graph.gaps.iter().map(|gap| (gap.code.as_str(), gap.connector.clone())).collect();
    told.dedup();
    assert_eq!(told, [("SOURCE_STALE", Some(domain::ConnectorId::new("jira")))]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_first_read_holds_nobody_up() {
    let bank = full_bank();
    bank.system("jira").takes(Duration::from_secs(60));
    let bank = bank.unread();
    let federation = bank.federation.clone();
    let gathering = tokio::time::timeout(Duration::from_secs(20), federation.gather(Extent::Sweep));
    assert!(gathering.await.is_err());
    let newest = bank.federation.newest().expect("a graph");
    assert!(!newest.graph.releases.is_empty() && newest.as_of.is_none());
}
