//! Records that are older than what is held: read when another record refers to them, by id and by number. Where they
//! cannot be read that is an error, never nothing.

use std::time::Duration;

use domain::{ChangeId, Incident, NodeKey as _, ProblemId, RecordKind};
use futures::future::join_all;
use serde_json::{Value, json};

use super::bank::full_bank;
use super::records::{change, connector, incident, item, problem, work_item};
use super::world::{Asked, World, codes};

/// Incidents of payments-api whose problem and cause, and one whose item, are older than the horizon.
fn old_bank() -> World {
    let bank = full_bank();
    let (old, older) = (problem("PRB-OLD", "payments-api"), problem("PRB-OLDER", "payments-api"));
    let cause = change("servicenow", "CHG-OLD", "payments-api", "the old build");
    bank.system("servicenow").holds(|records| {
        let refers = |number: &str, problem: &ProblemId| Incident {
            problem: Some(problem.clone()),
            caused_by: Some(cause.id.clone()),
            ..incident(number, "old-host")
        };
        records.incidents.push(refers("INC3", &old.id));
        records.incidents.push(refers("INC4", &older.id));
        let of_payments = Incident { caused_by: Some(cause.id.clone()), ..incident("INC5", "payments-api") };
        records.incidents.push(of_payments);
    });
    bank.system("servicenow").holds_older(|records| {
        records.problems = vec![old, older];
        records.changes = vec![cause];
    });
    bank.system("cmdb").holds_older(|records| records.configuration_items = vec![item("old-host")]);
    bank.system("jira").holds_older(|records| records.work_items = vec![work_item("9", "PAY-9", "10")]);
    bank
}

const REFERENCES: &str = r#"{
    three: incident(number: "INC3") { ...R } four: incident(number: "INC4") { ...R }
}
fragment R on Incident { problem { number source { stale } } causedBy { number } configurationItem { name } }"#;

fn refers(problem: &str) -> Value {
    json!({
        "problem": { "number": problem, "source": { "stale": false } },
        "causedBy": { "number": "CHG-OLD" },
        "configurationItem": { "name": "old-host" },
    })
}

#[tokio::test]
async fn what_a_record_refers_to_is_read_in_one_batch_for_each_system_and_kind() {
    let bank = old_bank().read().await;
    let expected = json!({ "three": refers("PRB-OLD"), "four": refers("PRB-OLDER") });
    assert_eq!(bank.data(REFERENCES).await, expected);
    let itsm = [(RecordKind::Change, 1), (RecordKind::Problem, 2)];
    assert_eq!(bank.systems["servicenow"].reads(), itsm);
    assert_eq!(bank.systems["cmdb"].reads(), [(RecordKind::ConfigurationItem, 1)]);
    assert_eq!(bank.data(REFERENCES).await, expected);
    assert_eq!(bank.systems["servicenow"].reads(), itsm, "hot, it costs nothing");
}

#[tokio::test]
async fn what_belongs_to_an_old_record_is_told_as_far_as_it_is_held() {
    let bank = old_bank().read().await;
    let data = bank
        .data(
            r#"{ incident(number: "INC5") { causedBy { number requestedBy { name }
                incidents(first: 5) { totalCount gaps { code connector } edges { relation node { number } } }
                approvals(first: 5) { totalCount gaps { code } edges { cursor } }
                releases(first: 5) { totalCount gaps { code } edges { cursor } }
                services(first: 5) { edges { node { key } } } } } }"#,
        )
        .await;
    let cause = &data["incident"]["causedBy"];
    let numbers: Vec<_> =
        cause["incidents"]["edges"].as_array().unwrap().iter().map(|row| &row["node"]["number"]).collect();
    assert_eq!(numbers, ["INC3", "INC4", "INC5"]);
    assert_eq!(cause["incidents"]["gaps"], json!([{ "code": "SOURCE_INCOMPLETE", "connector": null }]));
    for list in ["incidents", "approvals", "releases"] {
        assert_eq!(cause[list]["totalCount"], json!(null), "{list}");
        assert!(!cause[list]["gaps"].as_array().unwrap().is_empty(), "{list}");
    }
    assert_eq!(cause["services"]["edges"], json!([{ "node": { "key": "payments-api" } }]));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_what_is_gone_is_none() {
    let bank = old_bank();
    bank.system("servicenow").holds(|records| {
        let gone = ProblemId::new(&connector("servicenow"), "servicenow-NOWHERE");
        records.incidents.push(Incident { problem: Some(gone), ..incident("INC6", "payments-api") });
    });
    let bank = bank.read().await;
    bank.systems["servicenow"].fails_for(&[RecordKind::Problem]);
    let response = bank.execute(REFERENCES).await;
    assert_eq!(codes(&response), ["SOURCE_TIMED_OUT"], "one error for both");
    let data = response.data.into_json().unwrap();
    assert_eq!(
        (&data["three"]["problem"], &data["three"]["causedBy"]["number"]),
        (&json!(null), &json!("CHG-OLD"))
    );
    bank.systems["servicenow"].fails_for(&[]);
    assert_eq!(bank.data(REFERENCES).await["three"], refers("PRB-OLD"), "a failure is not kept");
    let gone = bank.data(r#"{ incident(number: "INC6") { problem { number } } }"#).await;
    assert_eq!(gone["incident"]["problem"], json!(null), "its system has answered");
}

#[tokio::test]
async fn an_old_record_is_found_by_its_number_and_by_its_id() {
    let bank = old_bank().read().await;
    let data = bank
        .data(r#"{ change(number: "chg-old") { id number } problem(number: "PRB-OLD") { number } workItem(key: "pay-9") { key } }"#)
        .await;
    assert_eq!(data["change"]["number"], "CHG-OLD");
    assert_eq!((&data["problem"]["number"], &data["workItem"]["key"]), (&json!("PRB-OLD"), &json!("PAY-9")));
    let id = ChangeId::new(&connector("servicenow"), "servicenow-CHG-OLD").node_id();
    assert_eq!(data["change"]["id"], id.as_str());
    let by_id = bank.data(&format!("{{ node(id: {id:?}) {{ ... on Change {{ number }} }} }}")).await;
    assert_eq!(by_id["node"]["number"], "CHG-OLD");
    let nowhere = r#"{ change(number: "CHG-NOWHERE") { number } }"#;
    assert_eq!(bank.data(nowhere).await["change"], json!(null), "everybody has answered");
    bank.systems["legacy"].fails_for(&[RecordKind::Change]);
    assert_eq!(bank.codes(r#"{ change(number: "CHG-UNKNOWN") { number } }"#).await, ["SOURCE_TIMED_OUT"]);
    let read = bank.systems["servicenow"].reads().len();
    let odd = r#"{ change(number: "CHG1^ORactive=true") { number } workItem(key: "a, b") { key } }"#;
    assert_eq!(bank.data(odd).await, json!({ "change": null, "workItem": null }));
    assert_eq!(bank.systems["servicenow"].reads().len(), read, "nobody is asked for what is no number");
    let artifact = domain::ArtifactId::new(&connector("git"), "sha256:gone").node_id();
    assert_eq!(bank.codes(&format!("{{ node(id: {artifact:?}) {{ id }} }}")).await, ["SOURCE_INCOMPLETE"]);
}

#[tokio::test(start_paused = true)]
async fn an_old_record_is_shown_to_those_alone_who_may_see_it() {
    let bank = old_bank().read().await;
    bank.systems["servicenow"].takes(Duration::from_secs(1));
    let id = ChangeId::new(&connector("servicenow"), "servicenow-CHG-OLD").node_id();
    let query = format!(r#"{{ node(id: {id:?}) {{ id }} change(number: "CHG-OLD") {{ number }} }}"#);
    let (own, foreign) =
        futures::join!(bank.data_for(&["payments-api"], &query), bank.data_for(&["card-gateway"], &query));
    assert_eq!(own, json!({ "node": { "id": id }, "change": { "number": "CHG-OLD" } }));
    assert_eq!(foreign, json!({ "node": null, "change": null }));
    assert_eq!(bank.data_for(&["card-gateway"], &query).await, foreign, "nor out of what is kept");
    // By id and by number, for each rights: nobody is given what was read for another.
    assert_eq!(bank.systems["servicenow"].reads(), [(RecordKind::Change, 1); 4]);
}

#[tokio::test]
async fn clients_at_once_send_one_batch_each_or_share_it() {
    let bank: Asked = old_bank().read().await;
    bank.systems["servicenow"].takes(Duration::from_millis(50));
    let answers = join_all((0..128).map(|_| bank.data(REFERENCES))).await;
    assert!(answers.iter().all(|answer| answer["four"] == refers("PRB-OLDER")));
    assert_eq!(bank.systems["servicenow"].reads(), [(RecordKind::Change, 1), (RecordKind::Problem, 2)]);
}
