//! Looking things up by key, number and opaque id.

use serde_json::json;

use super::bank::{empty_bank, full_bank, small_bank};
use super::records::{change, run};

#[tokio::test]
async fn a_release_goes_by_every_spelling() {
    let bank = small_bank().await;
    for spelling in ["payments-api@2.14.0", "payments-api@v2.14.0", "Payments-API@2.14", "old-payments-api@2.14.0"]
    {
        let data = bank.data(&format!(r#"{{ release(key: "{spelling}") {{ key }} }}"#)).await;
        assert_eq!(data["release"]["key"], "payments-api@2.14.0", "{spelling}");
    }
}

#[tokio::test]
async fn an_unknown_key_is_null_without_an_error_only_when_everybody_answered() {
    let query = r#"{ release(key: "payments-api@9.9.9") { key } change(number: "CHG9") { number } }"#;
    let bank = small_bank().await;
    assert_eq!(bank.data(query).await, json!({ "release": null, "change": null }));
    let bank = full_bank();
    bank.system("jira").fails_for(&[domain::RecordKind::TrackedVersion]);
    let bank = bank.read().await;
    assert_eq!(bank.codes(query).await, ["SOURCE_TIMED_OUT"]);
}

#[tokio::test]
async fn a_number_that_two_systems_use_needs_the_system() {
    let bank = small_bank().await;
    assert_eq!(bank.codes(r#"{ change(number: "CHG1") { id } }"#).await, ["AMBIGUOUS_KEY"]);
    let data =
        bank.data(r#"{ change(number: "CHG1", connector: "legacy") { number source { connector } } }"#).await;
    assert_eq!(data["change"]["source"]["connector"], "legacy");
    let data = bank.data(r#"{ workItem(key: "pay-7") { key } problem(number: "prb1") { number } }"#).await;
    assert_eq!(data, json!({ "workItem": { "key": "PAY-7" }, "problem": { "number": "PRB1" } }));
}

#[tokio::test]
async fn every_type_of_node_is_found_again_by_its_id() {
    let bank = full_bank();
    bank.system("servicenow").holds(|records| {
        let unlinked = change("servicenow", "CHG3", "payments-api", "the new build");
        records.changes.push(domain::Change { correlation_id: None, ..unlinked });
    });
    bank.system("git").holds(|records| records.pipeline_runs.push(run("bank/payments-api", "a000002")));
    let bank = bank.read().await;
    let data = bank
        .data(
            r#"{ release(key: "payments-api@2.14.0") { ...N service { ...N owner { ...N } }
                    changes(first: 1) { edges { node { ...N configurationItems(first: 1) { edges { node { ...N } } } } } }
                    workItems(first: 1) { edges { node { ...N } } }
                    commits(first: 1) { edges { node { ...N repository { ...N } } } }
                    pullRequests(first: 1) { edges { node { ...N } } }
                    artifacts(first: 1) { edges { node { ...N } } }
                    pipelineRuns(first: 1) { edges { node { ...N } } }
                    trains(first: 1) { edges { node { ...N } } }
                    knownErrors(first: 1) { edges { node { ...N } } } }
                running: release(key: "payments-api@2.13.0") { deployments(first: 1) { edges { node { ...N } } } }
                incident(number: "INC1") { ...N problem { ...N } }
                environment(key: "production") { ...N }
                findings(first: 1) { edges { node { ...N } } } }
            fragment N on Node { __typename id }"#,
        )
        .await;
    let mut found = Vec::new();
    collect(&data, &mut found);
    let types: std::collections::BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let sdl = interlock::graphql::sdl();
    let nodes = sdl.lines().filter_map(|line| line.strip_prefix("type ")?.split_once(" implements Node"));
    let missing: Vec<&str> = nodes.map(|(name, _)| name).filter(|name| !types.contains(name)).collect();
    assert!(missing.is_empty(), "not met: {missing:?}");
    let ids: Vec<&str> = found.iter().map(|(_, id)| id.as_str()).collect();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let again = bank.data_with(query, json!({ "ids": ids })).await;
    for ((name, id), node) in found.iter().zip(again["nodes"].as_array().unwrap()) {
        assert_eq!(*node, json!({ "__typename": name, "id": id }));
    }
    let nothing = r#"{ nodes(ids: ["", "!!", "UmVsZWFzZTp4", "Q2hhbmdlOng"]) { id } }"#;
    assert_eq!(bank.data(nothing).await["nodes"], json!([null, null, null, null]));
}

fn collect(value: &serde_json::Value, found: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(fields) => {
            if let (Some(name), Some(id)) = (fields.get("__typename"), fields.get("id")) {
                found.push((name.as_str().unwrap().to_owned(), id.as_str().unwrap().to_owned()));
            }
            fields.values().for_each(|field| collect(field, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn entities_are_resolved_for_a_supergraph() {
    let bank = small_bank().await;
    let data = bank
        .data(
            r#"{ _entities(representations: [
                { __typename: "Release", key: "payments-api@2.14.0" }, { __typename: "Service", key: "nobody" }
            ]) { ... on Release { version } } }"#,
        )
        .await;
    assert_eq!(data["_entities"], json!([{ "version": "2.14.0" }, null]));
}

#[tokio::test]
async fn fresher_than_the_graph_reads_the_systems_again() {
    let bank = small_bank().await;
    let read = bank.systems["git"].gathered();
    bank.data(r#"{ release(key: "payments-api@2.14.0", maxAge: 30) { key } }"#).await;
    assert_eq!(bank.systems["git"].gathered(), read, "the graph is young enough");
    assert_eq!(bank.codes(r#"{ release(key: "x@1", maxAge: -1) { key } }"#).await, ["BAD_INPUT"]);
}

#[tokio::test]
async fn before_the_first_graph_nothing_is_answered() {
    let response = empty_bank().unread().execute("{ graph { version } }").await;
    assert_eq!(super::world::codes(&response), ["NOT_READY"]);
    assert!(response.errors[0].path.is_empty() && response.errors[0].locations.is_empty());
}
