//! Lists across systems: filtered, ordered, page by page.

use serde_json::{Value, json};

use super::bank::{empty_bank, small_bank};
use super::records::{repository, tag};
use super::world::codes;

fn keys(data: &Value) -> Vec<&str> {
    data["releases"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["key"].as_str().unwrap()).collect()
}

const WALK: &str = "query($order: [ReleaseOrder!], $first: Int, $after: String, $last: Int, $before: String, $filter: ReleaseFilter) {
    releases(filter: $filter, orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { key } } } }";

#[tokio::test]
async fn versions_are_ordered_as_numbers_and_walked_in_both_directions() {
    let bank = empty_bank();
    let repo = "bank/payments-api";
    bank.system("git").holds(|records| {
        records.repositories.push(repository(repo));
        for minor in 1..=12 {
            records.tags.push(tag(repo, &format!("v1.{minor}.0"), &format!("c{minor}")));
        }
    });
    let bank = bank.read().await;
    let order = json!([{ "by": "KEY", "direction": "DESC" }]);
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = bank.data_with(WALK, json!({ "order": order, "first": 5, "after": after })).await;
        assert_eq!(data["releases"]["totalCount"], 12);
        seen.extend(keys(&data).into_iter().map(str::to_owned));
        after = data["releases"]["pageInfo"]["endCursor"].clone();
        if data["releases"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let expected: Vec<String> = (1..=12).rev().map(|minor| format!("payments-api@1.{minor}.0")).collect();
    assert_eq!(seen, expected);
    let data = bank.data_with(WALK, json!({ "order": order, "last": 2, "before": after })).await;
    assert_eq!(keys(&data), ["payments-api@1.3.0", "payments-api@1.2.0"]);
    let other = json!({ "order": [{ "by": "KEY", "direction": "ASC" }], "first": 5, "after": after });
    let request = async_graphql::Request::new(WALK).variables(async_graphql::Variables::from_json(other));
    assert_eq!(codes(&bank.execute(request).await), ["CURSOR_EXPIRED"]);
}

#[tokio::test]
async fn every_condition_of_the_filter_lets_through_what_it_says() {
    let bank = small_bank().await;
    for (filter, expected) in [
        (json!({ "services": ["card-gateway"] }), vec!["card-gateway@4.0.0"]),
        (json!({ "services": [] }), vec![]),
        (json!({ "text": "2.14" }), vec!["payments-api@2.14.0"]),
        (json!({ "change": "chg2" }), vec!["card-gateway@4.0.0"]),
        (json!({ "train": "RLSE1" }), vec!["payments-api@2.14.0"]),
        (json!({ "tiers": [4] }), vec![]),
        (json!({ "tags": ["pci"], "text": "4.0.0" }), vec!["card-gateway@4.0.0"]),
        (json!({ "hasOpenIncident": true }), vec!["card-gateway@4.0.0"]),
        (
            json!({ "windowFrom": "2026-06-16T19:00:00Z", "services": ["payments-api"] }),
            vec!["payments-api@2.14.0"],
        ),
        (json!({ "windowFrom": "2026-06-16T20:00:00Z" }), vec![]),
    ] {
        let data = bank.data_with(WALK, json!({ "filter": filter, "first": 100 })).await;
        assert_eq!(keys(&data), expected, "{filter}");
    }
}

#[tokio::test]
async fn records_are_filtered_across_systems() {
    let bank = small_bank().await;
    let data = bank
        .data(
            r#"{ changes(first: 10, filter: { services: ["payments-api"], states: [SCHEDULED] }) { totalCount edges { node { number } } }
                all: changes(first: 10, orderBy: [{ by: NUMBER, direction: DESC }]) { edges { node { number source { connector } } } }
                incidents(first: 10, filter: { open: true, priorities: [2], text: "slow" }) { totalCount }
                workItems(first: 10, filter: { projects: ["PAY"], updatedSince: "2026-06-01T00:00:00Z" }) { totalCount }
                problems(first: 10) { totalCount }
                services(first: 10, filter: { text: "PAYMENTS" }) { totalCount }
                environments(first: 10, stages: [PRODUCTION]) { edges { node { key timeZone } } } }"#,
        )
        .await;
    assert_eq!(data["changes"]["edges"], json!([{ "node": { "number": "CHG1" } }]));
    let all = data["all"]["edges"].as_array().unwrap();
    let numbers: Vec<_> = all.iter().map(|edge| edge["node"]["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["CHG2", "CHG1", "CHG1"]);
    assert_eq!(data["incidents"]["totalCount"], 2);
    for list in ["workItems", "problems", "services"] {
        assert_eq!(data[list]["totalCount"], 1, "{list}");
    }
    assert_eq!(data["environments"]["edges"][0]["node"]["key"], "production");
}
