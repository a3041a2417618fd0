//! Unknown is not empty: dark systems, stale systems, systems that are not there.

use domain::RecordKind;
use interlock::federation::Extent;
use serde_json::json;

use super::bank::{empty_bank, full_bank, small_bank};
use super::records::{repository, run, tag};

#[tokio::test]
async fn a_dark_system_is_told_once_for_a_hundred_rows() {
    let bank = empty_bank();
    let repo = "bank/payments-api";
    bank.system("git").holds(|records| {
        records.repositories.push(repository(repo));
        records.tags.extend((0..100).map(|patch| tag(repo, &format!("v1.0.{patch}"), &format!("c{patch}"))));
    });
    bank.system("servicenow").fails_for(&[RecordKind::Change, RecordKind::Incident]);
    bank.system("legacy").fails_for(&[RecordKind::Change, RecordKind::Incident]);
    let bank = bank.read().await;
    let query = "{ releases(first: 100) { totalCount edges { node { changeCount openIncidentCount changes(first: 5) { totalCount } } } } }";
    let response = bank.execute(query).await;
    let codes = super::world::codes(&response);
    assert_eq!(codes, ["SOURCE_TIMED_OUT", "SOURCE_TIMED_OUT"], "one per system: {:?}", response.errors);
    assert!(response.errors.iter().all(|error| !error.path.is_empty()));
    let data = response.data.into_json().unwrap();
    let rows = data["releases"]["edges"].as_array().unwrap();
    assert_eq!(rows.len(), 100);
    assert_eq!(data["releases"]["totalCount"], json!(null), "a change could name another release");
    for row in rows {
        assert_eq!(row["node"], json!({ "changeCount": null, "openIncidentCount": null, "changes": null }));
    }
}

#[tokio::test]
async fn a_stale_system_s_data_stay_with_a_gap() {
    let bank = small_bank().await;
    bank.systems["servicenow"].fails_for(&[RecordKind::Change]);
    bank.federation.gather(Extent::Changes).await;
    let data = bank
        .data(
            r#"{ release(key: "payments-api@2.14.0") { changeCount gaps { code connector since }
                changes(first: 5) { totalCount gaps { code connector } edges { node { number source { stale } } } }
                workItems(first: 5) { totalCount edges { node { source { stale } } } } } }"#,
        )
        .await;
    let release = &data["release"];
    assert_eq!(release["changes"]["edges"], json!([{ "node": { "number": "CHG1", "source": { "stale": true } } }]));
    assert_eq!(release["changes"]["totalCount"], json!(null));
    assert_eq!(release["changes"]["gaps"], json!([{ "code": "SOURCE_TIMED_OUT", "connector": "servicenow" }]));
    assert_eq!(release["changeCount"], 1, "known, as of the last good read");
    assert_eq!(release["gaps"][0]["since"], "2026-06-15T12:00:00Z");
    let fresh = json!({ "totalCount": 1, "edges": [{ "node": { "source": { "stale": false } } }] });
    assert_eq!(release["workItems"], fresh);
}

#[tokio::test]
async fn a_list_that_some_system_told_is_partly_known() {
    let bank = full_bank();
    bank.system("legacy").fails_for(&[RecordKind::Change]);
    let bank = bank.read().await;
    let data =
        bank.data("{ changes(first: 10) { totalCount gaps { connector } edges { node { number } } } }").await;
    assert_eq!(data["changes"]["totalCount"], json!(null));
    assert_eq!(data["changes"]["gaps"], json!([{ "connector": "legacy" }]));
    assert_eq!(data["changes"]["edges"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_no_system_tells_is_null_with_a_gap_and_no_error() {
    let mut bank = full_bank();
    bank.systems.remove("jira");
    bank.systems.remove("prometheus");
    let bank = bank.read().await;
    let data = bank
        .data(
            r#"{ release(key: "payments-api@2.14.0") { workItems(first: 5) { totalCount } gaps { code connector message } }
                workItems(first: 5) { totalCount } service(key: "card-gateway") { running { digest } } }"#,
        )
        .await;
    assert_eq!(data["release"]["workItems"], json!(null));
    assert_eq!(data["workItems"], json!(null));
    assert_eq!(data["service"]["running"], json!(null));
    let gap = json!({
        "code": "SOURCE_NOT_CONFIGURED",
        "connector": null,
        "message": "No system is configured that tells of work items.",
    });
    assert!(data["release"]["gaps"].as_array().unwrap().contains(&gap), "{data}");
}

#[tokio::test]
async fn an_offering_that_may_not_be_read_is_no_missing_one() {
    let query = r#"{ change(number: "CHG1", connector: "servicenow") { serviceOffering { name } } }"#;
    let bank = full_bank().read().await;
    assert_eq!(bank.data(query).await["change"], json!({ "serviceOffering": null }));
    let bank = full_bank();
    bank.system("servicenow").fails_for(&[RecordKind::ServiceOffering]);
    let response = bank.read().await.execute(query).await;
    assert_eq!(super::world::codes(&response), ["SOURCE_TIMED_OUT"]);
}

#[tokio::test]
async fn runs_on_a_release_s_commit_are_shown_and_their_absence_is_told() {
    let query = r#"{ release(key: "payments-api@2.14.0") { pipelineRuns(first: 5) { totalCount gaps { code }
        edges { node { name path conclusion jobCount jobs { name conclusion } } } } } }"#;
    let bank = full_bank();
    bank.system("git").holds(|records| {
        records.pipeline_runs = vec![run("bank/payments-api", "a000002"), run("bank/payments-api", "a000001")];
    });
    let failed = json!({ "name": "quality gate", "path": null, "conclusion": "FAILURE", "jobCount": 2,
        "jobs": [{ "name": "debts", "conclusion": "FAILURE" }, { "name": "coverage", "conclusion": "SUCCESS" }] });
    let told = bank.read().await.data(query).await;
    let expected = json!({ "totalCount": 1, "gaps": [], "edges": [{ "node": failed }] });
    assert_eq!(told["release"]["pipelineRuns"], expected);
    let dark = full_bank();
    dark.system("git").fails_for(&[RecordKind::PipelineRun]);
    let response = dark.read().await.execute(query).await;
    assert_eq!(super::world::codes(&response), ["SOURCE_TIMED_OUT"]);
    assert_eq!(response.data.into_json().unwrap()["release"]["pipelineRuns"], json!(null));
}
