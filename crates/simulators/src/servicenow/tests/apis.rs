//! The other APIs: aggregates, batches, change management, CMDB, import sets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{World, row};
use crate::servicenow::Limits;

#[tokio::test]
async fn aggregates_count_in_text_and_group() {
    let world = World::new();
    let all = world.get("/api/now/stats/change_request?sysparm_count=true&sysparm_min_fields=start_date").await;
    let stats = json!({ "count": "3", "min": { "start_date": "2026-07-02 18:00:00" } });
    assert_eq!(all.result(), &json!({ "stats": stats }));
    world.servicenow.update("change_request", "c1", row(&[("state", "3")]));
    let groups =
        "/api/now/stats/change_request?sysparm_count=true&sysparm_group_by=state&sysparm_order_by=state^DESC";
    let expected = json!([
        { "stats": { "count": "1" }, "groupby_fields": [{ "field": "state", "value": "3" }] },
        { "stats": { "count": "2" }, "groupby_fields": [{ "field": "state", "value": "-5" }] },
    ]);
    assert_eq!(world.get(groups).await.result(), &expected);
    let many = world.get(&format!("{groups}&sysparm_having=count^state^%3E^1")).await;
    assert_eq!(many.result().as_array().unwrap().len(), 1);
}

fn decoded(item: &Value) -> Value {
    let bytes = STANDARD.decode(item["body"].as_str().unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_batch_answers_each_item_by_its_id_in_no_promised_order() {
    let world = World::new();
    let batch = json!({ "batch_request_id": 7, "rest_requests": [
        { "id": "1", "method": "GET", "url": "/api/now/table/change_request/c1?sysparm_fields=number" },
        { "id": 2, "method": "PATCH", "url": "/api/now/table/change_request/c2",
          "headers": [{ "name": "Content-Type", "value": "application/json" }],
          "body": STANDARD.encode(r#"{"risk":"1"}"#) },
        { "id": "3", "method": "GET", "url": "/api/now/table/change_request/none", "exclude_response_headers": true },
    ] });
    let answer = world.write("POST", "/api/now/v1/batch", batch.clone()).await;
    assert_eq!((answer.status, &answer.body["batch_request_id"]), (200, &json!("7")));
    let items = answer.body["serviced_requests"].as_array().unwrap();
    let told: Vec<_> =
        items.iter().map(|item| (item["id"].as_str().unwrap(), item["status_code"].as_u64().unwrap())).collect();
    assert_eq!(told, [("3", 404), ("2", 200), ("1", 200)]);
    assert_eq!(decoded(&items[2])["result"]["number"], "CHG0030001");
    assert_eq!(world.servicenow.row("change_request", "c2").unwrap()["risk"], "1");
    assert_eq!(world.write("POST", "/api/now/batch", batch.clone()).await.status, 400);
    world.servicenow.set_limits(Limits { batch_items: Some(1), ..Limits::default() });
    let cut = world.write("POST", "/api/now/v1/batch", batch).await;
    assert_eq!((cut.status, &cut.body["unserviced_requests"]), (200, &json!(["2", "3"])));
}

#[tokio::test]
async fn change_management_types_its_values() {
    let world = World::new();
    let change = world.get("/api/sn_chg_rest/v1/change/c1").await;
    assert_eq!(change.result()["state"], json!({ "display_value": "New", "value": -5.0 }));
    assert_eq!(change.result()["active"]["value"], true);
    let start = json!({ "display_value": "2026-07-02 19:00:00", "value": "2026-07-02 18:00:00", "display_value_internal": "2026-07-02 19:00:00" });
    assert_eq!(change.result()["start_date"], start);
    assert_eq!(world.get("/api/sn_chg_rest/change/normal").await.result().as_array().unwrap().len(), 3);
    assert_eq!(world.get("/api/sn_chg_rest/change/emergency").await.result(), &json!([]));
}

#[tokio::test]
async fn a_change_is_created_with_200_and_names_ignored_fields() {
    let world = World::new();
    let answer = world
        .write(
            "POST",
            "/api/sn_chg_rest/v1/change/emergency?reason=fix",
            json!({ "short_description": "x", "nonsense": 1 }),
        )
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.result()["type"]["value"], "emergency");
    assert_eq!(answer.result()["reason"]["display_value"], "Problem fix");
    assert_eq!(answer.result()["__meta"]["ignoredFields"], json!(["nonsense"]));
    let template = world
        .servicenow
        .insert("std_change_record_producer", row(&[("name", "Deploy"), ("short_description", "Deploy it")]));
    let standard = world.write("POST", &format!("/api/sn_chg_rest/change/standard/{template}"), json!({})).await;
    assert_eq!(standard.result()["short_description"]["value"], "Deploy it");
    assert_eq!(world.write("POST", "/api/sn_chg_rest/change/standard/none", json!({})).await.status, 404);
}

#[tokio::test]
async fn an_approval_decides_for_its_own_user_and_moves_the_change() {
    let world = World::new();
    world.servicenow.update("change_request", "c1", row(&[("state", "-3"), ("approval", "requested")]));
    let next = world.get("/api/sn_chg_rest/change/c1/nextstates").await;
    assert_eq!(next.result()["available_states"], json!(["-5", "4"]));
    assert_eq!(next.result()["state_transitions"][0][0]["conditions"][0]["passed"], false);
    let approvals = "/api/sn_chg_rest/change/c1/approvals";
    assert_eq!(world.write("PATCH", approvals, json!({ "state": "approved" })).await.status, 400);
    let ada = "a".repeat(32);
    world
        .servicenow
        .insert("sysapproval_approver", row(&[("sysapproval", "c1"), ("approver", &ada), ("state", "requested")]));
    world.servicenow.insert(
        "sysapproval_approver",
        row(&[("sysapproval", "c1"), ("approver", "x"), ("state", "not_required")]),
    );
    assert_eq!(world.write("PATCH", approvals, json!({ "state": "rejected" })).await.status, 400);
    let answer = world.write("PATCH", approvals, json!({ "state": "approved" })).await;
    assert_eq!(answer.result()[0]["approval"]["value"], "approved");
    assert_eq!(answer.result()[0]["state"]["display_value"], "Scheduled");
}

#[tokio::test]
async fn conflict_says_conflict_even_when_there_is_none() {
    let world = World::new();
    world.servicenow.update("change_request", "c3", row(&[("cmdb_ci", "")]));
    let started = world.write("POST", "/api/sn_chg_rest/change/c1/conflict", json!({})).await;
    let worker = started.result()["worker"]["sysId"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("/api/sn_chg_rest/change/worker/{worker}")).await.result()["state"]["value"], 3);
    let found = world.get("/api/sn_chg_rest/change/c1/conflict").await;
    let conflicts = found.result()["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0]["conflicting_change"]["display_value"], "CHG0030002");
    world.write("POST", "/api/sn_chg_rest/change/c3/conflict", json!({})).await;
    let none = world.get("/api/sn_chg_rest/change/c3/conflict").await;
    assert_eq!((&none.result()["status"], &none.result()["conflicts"]), (&json!("Conflict"), &json!([])));
    let blackout = world.servicenow.insert("cmn_schedule_blackout", row(&[("name", "Quarter end")]));
    let span = [
        ("schedule", blackout.as_str()),
        ("start_date_time", "20260701T000000Z"),
        ("end_date_time", "20260703T000000Z"),
    ];
    world.servicenow.insert("cmn_schedule_span", row(&span));
    world.write("POST", "/api/sn_chg_rest/change/c3/conflict", json!({})).await;
    let found = world.get("/api/sn_chg_rest/change/c3/conflict").await;
    assert_eq!(found.result()["conflicts"][0]["type"]["value"], "blackout");
}

#[tokio::test]
async fn free_time_is_worked_out_behind_a_worker() {
    let world = World::new();
    let asked = world.get("/api/sn_chg_rest/change/c1/schedule").await;
    assert_eq!(asked.status, 202);
    let worker = asked.result()["worker"]["sysId"].as_str().unwrap();
    let poll = format!("/api/sn_chg_rest/change/worker/{worker}");
    let first = world.get(&poll).await;
    assert_eq!(
        (&first.result()["state"]["display_value"], first.result().get("payload")),
        (&json!("Waiting"), None)
    );
    let second = world.get(&poll).await;
    let spans = &second.result()["payload"]["spans"];
    let start = json!({ "value": "2026-07-01 09:00:00", "display_value": "2026-07-01 10:00:00" });
    assert_eq!((&spans[0]["start"], &spans[0]["end"]["value"]), (&start, &json!("2026-07-02 18:00:00")));
    assert_eq!(spans[1]["start"]["value"], "2026-07-02 20:00:00");
    let moved = world.write("PATCH", "/api/sn_chg_rest/change/c1/schedule/first_available", json!({})).await;
    assert_eq!(moved.result()["end_date"]["value"], "2026-07-01 11:00:00");
}

#[tokio::test]
async fn tasks_and_affected_items_hang_on_the_change() {
    let world = World::new();
    let made =
        world.write("POST", "/api/sn_chg_rest/change/c1/task", json!({ "short_description": "Deploy" })).await;
    assert_eq!(made.result()["change_request"]["value"], "c1");
    assert_eq!(world.get("/api/sn_chg_rest/change/c1/task").await.result().as_array().unwrap().len(), 1);
    assert_eq!(world.get("/api/sn_chg_rest/change/c2/task").await.result(), &json!([]));
    let body = json!({ "association_type": "affected", "cmdb_ci_sys_ids": ["svc"] });
    let linked = world.write("POST", "/api/sn_chg_rest/change/c1/ci", body).await;
    assert_eq!(linked.result()[0]["ci_item"]["display_value"], "payments-api");
    assert_eq!(world.get("/api/sn_chg_rest/change/none/task").await.status, 404);
}

#[tokio::test]
async fn the_cmdb_tells_relations_from_both_ends() {
    let world = World::new();
    world.servicenow.insert("cmdb_ci_linux_server", row(&[("sys_id", "srv"), ("name", "pay-1")]));
    let kind = world.servicenow.find("cmdb_rel_type", "name=Runs on::Runs").remove(0);
    world.servicenow.insert("cmdb_rel_ci", row(&[("parent", "svc"), ("child", "srv"), ("type", &kind)]));
    let list = world.get("/api/now/cmdb/instance/cmdb_ci?sysparm_query=nameSTARTSWITHpay^ORDERBYname").await;
    assert_eq!(
        list.result(),
        &json!([{ "sys_id": "srv", "name": "pay-1" }, { "sys_id": "svc", "name": "payments-api" }])
    );
    let service = world.get("/api/now/cmdb/instance/cmdb_ci_service/svc").await;
    assert_eq!(service.result()["attributes"]["name"], "payments-api");
    assert_eq!(service.result()["outbound_relations"][0]["target"]["display_value"], "pay-1");
    assert_eq!(service.result()["inbound_relations"], json!([]));
    let server = world.get("/api/now/cmdb/instance/cmdb_ci_linux_server/srv").await;
    assert_eq!(server.result()["inbound_relations"][0]["type"]["display_value"], "Runs on::Runs");
    let meta = world.get("/api/now/cmdb/meta/cmdb_ci_service_auto").await;
    assert_eq!(meta.result()["parent"], "cmdb_ci_service");
    let content = world.get("/api/now/cmdb/app_service/svc/getContent").await;
    assert_eq!(content.result()["service"]["service_relations"], json!([{ "parent": "svc", "child": "srv" }]));
}

#[tokio::test]
async fn an_import_set_transforms_and_coalesces() {
    let world = World::new();
    let servicenow = &world.servicenow;
    servicenow.define("u_deploys", "u_title", crate::servicenow::Kind::Text);
    servicenow.define("u_deploys", "u_key", crate::servicenow::Kind::Text);
    let map = [("name", "Deploys"), ("source_table", "u_deploys"), ("target_table", "incident")];
    let map = servicenow.insert("sys_transform_map", row(&map));
    for (from, to, coalesce) in [("u_title", "short_description", "false"), ("u_key", "correlation_id", "true")] {
        let entry = [("map", map.as_str()), ("source_field", from), ("target_field", to), ("coalesce", coalesce)];
        servicenow.insert("sys_transform_entry", row(&entry));
    }
    let load = |title: &'static str| {
        world.write("POST", "/api/now/import/u_deploys", json!({ "u_title": title, "u_key": "k1" }))
    };
    let first = load("one").await;
    assert_eq!((first.status, &first.result()[0]["status"]), (201, &json!("inserted")));
    let second = load("two").await;
    assert_eq!(second.result()[0]["status"], "updated");
    assert_eq!(second.result()[0]["sys_id"], first.result()[0]["sys_id"]);
}
