//! What the portal's pages show of the small bank.

use serde_json::json;

use super::bank::small_bank;

#[tokio::test]
async fn a_release_s_page_joins_what_all_systems_tell() {
    let bank = small_bank().await;
    let data = bank
        .data(
            r#"{ release(key: "payments-api@2.14.0") {
                key version service { key tier owner { name } } changeCount
                aliases { scheme connector exact }
                changes(first: 5) { totalCount gaps { code } edges { link { origin rule supports } node {
                    number type state window { start end }
                    approvals(first: 5) { edges { node { state via required approver { name email } } } }
                    configurationItems(first: 5) { edges { node { name environment { key } } } }
                    source { connector system recordId stale } } } }
                workItems(first: 5) { totalCount edges { node { key state } } }
                pullRequests(first: 5) { edges { node { number author { name }
                    reviews(first: 5) { totalCount edges { node { state author { name } } } } } } }
                artifacts(first: 5) { edges { node { name digest placements { digest } } } }
                dependents(first: 5) { edges { kind constraint node { key } } }
                blastRadius { services(first: 5) { edges { distance node { key } } } }
            } }"#,
        )
        .await;
    let release = &data["release"];
    assert_eq!(release["key"], "payments-api@2.14.0");
    assert_eq!(release["service"]["owner"]["name"], "Payments");
    assert_eq!(release["changeCount"], 1);
    let change = &release["changes"]["edges"][0];
    assert_eq!(change["link"], json!({ "origin": "EXPLICIT", "rule": "CORRELATION_ID", "supports": true }));
    assert_eq!(change["node"]["number"], "CHG1");
    assert_eq!(change["node"]["type"], "NORMAL");
    assert_eq!(change["node"]["window"]["start"], "2026-06-16T18:00:00Z");
    assert_eq!(change["node"]["approvals"]["edges"][0]["node"]["approver"]["name"], "GRACE");
    assert_eq!(change["node"]["configurationItems"]["edges"][0]["node"]["environment"]["key"], "production");
    let source = json!({ "connector": "servicenow", "system": "simulated", "recordId": "CHG1", "stale": false });
    assert_eq!(change["node"]["source"], source);
    assert_eq!(release["changes"]["totalCount"], 1);
    assert_eq!(release["workItems"]["edges"][0]["node"]["key"], "PAY-7");
    let request = &release["pullRequests"]["edges"][0]["node"];
    assert_eq!(request["author"]["name"], "ADA");
    assert_eq!(request["reviews"]["edges"][0]["node"]["state"], "APPROVED");
    assert_eq!(release["artifacts"]["edges"][0]["node"]["digest"], "sha256:14");
    assert_eq!(release["artifacts"]["edges"][0]["node"]["placements"], json!([]));
    assert_eq!(release["blastRadius"]["services"]["edges"][0]["node"]["key"], "card-gateway");
}

#[tokio::test]
async fn what_runs_is_shown_beside_what_was_meant() {
    let bank = small_bank().await;
    let query = |stage: &str| {
        format!(
            r#"{{ service(key: "payments-api") {{ running(stages: [{stage}]) {{
                target {{ environment {{ key }} }} release {{ key }} digest intended {{ key }} deployedAt source {{ stale }}
            }} }} }}"#
        )
    };
    let data = bank.data(&query("PRODUCTION")).await;
    let expected = json!([{
        "target": { "environment": { "key": "production" } },
        "release": { "key": "payments-api@2.13.0" },
        "digest": "sha256:13",
        "intended": { "key": "payments-api@2.13.0" },
        "deployedAt": "2026-06-12T12:10:00Z",
        "source": { "stale": false },
    }]);
    assert_eq!(data["service"]["running"], expected);
    assert_eq!(bank.data(&query("DR")).await["service"]["running"], json!([]));
}

#[tokio::test]
async fn a_work_item_is_traced_to_its_release_link_by_link() {
    let bank = small_bank().await;
    let data = bank
        .data(
            r#"{ trace(of: { workItem: "pay-7" }) { complete placements { release { key } } gaps { code }
                paths(first: 20) { totalCount edges { node { steps { link { rule } node { __typename id } } } } } } }"#,
        )
        .await;
    assert_eq!(data["trace"]["complete"], true);
    let paths = data["trace"]["paths"]["edges"].as_array().unwrap();
    let first = paths[0]["node"]["steps"].as_array().unwrap();
    assert_eq!(first[0]["link"], json!(null));
    assert_eq!(first[0]["node"]["__typename"], "WorkItem");
    assert_eq!(first.last().unwrap()["node"]["__typename"], "Release");
    assert!(paths.len() > 1, "also through the commit: {paths:?}");
    assert_eq!(bank.codes("{ trace(of: {}) { complete } }").await, ["BAD_INPUT"]);
}

#[tokio::test]
async fn an_incident_names_its_suspects() {
    let bank = small_bank().await;
    let data = bank
        .data(r#"{ incident(number: "inc2") { unattributed suspects(first: 5) { edges { link { origin confidence } node { __typename } } } } }"#)
        .await;
    let suspects = data["incident"]["suspects"]["edges"].as_array().unwrap();
    assert_eq!(suspects[0]["link"]["confidence"], 1.0);
    assert_eq!(data["incident"]["unattributed"], 0.0);
}

#[tokio::test]
async fn systems_tell_how_they_do() {
    let bank = small_bank().await;
    let data =
        bank.data("{ graph { version releaseCount } connectors { id family health complete circuit } }").await;
    assert_eq!(data["graph"], json!({ "version": 1, "releaseCount": 3 }));
    let git = json!({ "id": "git", "family": "CODE", "health": "HEALTHY", "complete": true, "circuit": "CLOSED" });
    assert!(data["connectors"].as_array().unwrap().contains(&git), "{data}");
}
