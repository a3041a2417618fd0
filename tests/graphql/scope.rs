//! What a caller may not see is as if it did not exist, whichever way it is asked for.

use domain::{ConfigurationItem, ConfigurationItemId};
use serde_json::json;

use super::bank::{full_bank, small_bank};
use super::records::item;

const PAYMENTS: &[&str] = &["payments-api"];

#[tokio::test]
async fn two_callers_see_their_own_services_records() {
    let bank = small_bank().await;
    let query = "{ releases(first: 100) { totalCount } changes(first: 100) { totalCount } incidents(first: 100) { totalCount }
        workItems(first: 100) { totalCount } services(first: 100) { totalCount } }";
    let count = |data: &serde_json::Value| {
        ["releases", "changes", "incidents", "workItems", "services"]
            .map(|list| data[list]["totalCount"].as_u64().unwrap())
    };
    assert_eq!(count(&bank.data(query).await), [3, 3, 2, 2, 2]);
    assert_eq!(count(&bank.data_for(PAYMENTS, query).await), [2, 1, 1, 1, 1]);
    assert_eq!(count(&bank.data_for(&["card-gateway"], query).await), [1, 2, 1, 1, 1]);
    assert_eq!(count(&bank.data_for(&[], query).await), [0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn an_offering_is_seen_by_whoever_sees_what_names_it() {
    let bank = full_bank();
    let offering = ConfigurationItem { class: "service_offering".into(), ..item("payments-offering") };
    let id: ConfigurationItemId = offering.id.clone();
    bank.system("cmdb").holds(|records| records.configuration_items.push(offering));
    bank.system("servicenow").holds(|records| {
        records.changes[0].service_offering = Some(id.clone());
        records.incidents[0].service_offering = Some(id);
    });
    let bank = bank.read().await;
    let query = r#"{ change(number: "CHG1") { serviceOffering { id name class } reviewDate reviewComments }
        incident(number: "INC1") { serviceOffering { name } cause closeCode closeNotes } }"#;
    let data = bank.data_for(PAYMENTS, query).await;
    assert_eq!(data["change"]["serviceOffering"]["name"], "payments-offering", "{data}");
    assert_eq!(data["incident"]["serviceOffering"]["name"], "payments-offering", "{data}");
    let by_id = format!("{{ node(id: {}) {{ id }} }}", data["change"]["serviceOffering"]["id"]);
    assert!(bank.data_for(PAYMENTS, &by_id).await["node"].is_object());
    assert_eq!(bank.data_for(&["card-gateway"], &by_id).await["node"], json!(null));
}

#[tokio::test]
async fn the_hidden_is_absent_from_look_ups_edges_and_traces() {
    let bank = small_bank().await;
    let hidden = bank
        .data(
            r#"{ release(key: "card-gateway@4.0.0") { id service { id } workItems(first: 1) { edges { node { id } } }
                commits(first: 1) { edges { node { id } } } } change(number: "CHG2") { id } incident(number: "INC2") { id } }"#,
        )
        .await;
    let mut ids = Vec::new();
    collect(&hidden, &mut ids);
    assert!(ids.len() >= 6, "{hidden}");
    let nodes = ids.iter().map(|id| format!("{id:?}")).collect::<Vec<_>>().join(",");
    let data = bank
        .data_for(
            PAYMENTS,
            &format!(
                r#"{{ nodes(ids: [{nodes}]) {{ id }} release(key: "card-gateway@4.0.0") {{ id }} service(key: "card-gateway") {{ id }}
                change(number: "CHG2") {{ id }} own: change(number: "CHG1") {{ source {{ connector }} }} incident(number: "INC2") {{ id }}
                workItem(key: "CARD-1") {{ id }} trace(of: {{ workItem: "CARD-1" }}) {{ paths(first: 5) {{ totalCount }} }}
                mine: release(key: "payments-api@2.14.0") {{ dependents(first: 5) {{ totalCount }}
                    blastRadius {{ services(first: 5) {{ totalCount }} configurationItemCount }} }} }}"#
            ),
        )
        .await;
    assert!(data["nodes"].as_array().unwrap().iter().all(serde_json::Value::is_null), "{data}");
    for gone in ["release", "service", "change", "incident", "workItem"] {
        assert_eq!(data[gone], json!(null), "{gone}");
    }
    assert_eq!(data["own"]["source"]["connector"], "servicenow", "not ambiguous: the other is not theirs");
    assert_eq!(data["trace"]["paths"]["totalCount"], 0);
    assert_eq!(data["mine"]["dependents"]["totalCount"], 0);
    assert_eq!(
        data["mine"]["blastRadius"],
        json!({ "services": { "totalCount": 0 }, "configurationItemCount": 0 })
    );
}

fn collect(value: &serde_json::Value, ids: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            ids.extend(fields.get("id").and_then(|id| id.as_str()).map(str::to_owned));
            fields.values().for_each(|field| collect(field, ids));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
        _ => {}
    }
}
