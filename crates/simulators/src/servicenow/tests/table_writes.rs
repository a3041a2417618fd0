//! Writes through the Table API and what hangs on them.

use axum::body::Body;
use serde_json::json;

use super::{World, asking};

#[tokio::test]
async fn a_record_is_created_with_number_defaults_and_author() {
    let world = World::new();
    let body =
        json!({ "short_description": "Say \"hi\" ^ 🚦", "priority": 2, "nonsense": "x", "assigned_to": null });
    let answer = world.write("POST", "/api/now/table/change_request", body).await;
    assert_eq!(answer.status, 201);
    let made = answer.result();
    assert_eq!(made["number"], "CHG0030004");
    assert_eq!(made["state"], "-5");
    assert_eq!(made["priority"], "2");
    assert_eq!(made["short_description"], "Say \"hi\" ^ 🚦");
    assert_eq!(made["sys_created_by"], "ada");
    assert_eq!(made["sys_created_on"], "2026-07-01 09:00:00");
    assert_eq!(made["opened_by"]["value"], "a".repeat(32));
    assert!(answer.header("location").ends_with(made["sys_id"].as_str().unwrap()));
}

#[tokio::test]
async fn an_update_counts_and_leaves_an_audit_trail() {
    let world = World::new();
    let answer = world
        .write("PATCH", "/api/now/table/change_request/c1", json!({ "risk": "2", "work_notes": "seen" }))
        .await;
    assert_eq!((answer.status, &answer.result()["sys_mod_count"]), (200, &json!("1")));
    assert_eq!(answer.result()["work_notes"], "");
    let audit = world.get("/api/now/table/sys_audit?sysparm_query=documentkey=c1").await;
    let entry = &audit.result()[0];
    assert_eq!(
        (&entry["fieldname"], &entry["newvalue"], &entry["user"]),
        (&json!("risk"), &json!("2"), &json!("ada"))
    );
    let notes = world.get("/api/now/table/sys_journal_field?sysparm_query=element_id=c1").await;
    assert_eq!(notes.result()[0]["value"], "seen");
    let same = world.write("PUT", "/api/now/table/change_request/c1", json!({ "risk": "2" })).await;
    assert_eq!(same.result()["sys_mod_count"], "1");
}

#[tokio::test]
async fn input_may_be_display_values() {
    let world = World::new();
    let target =
        "/api/now/table/change_request/c2?sysparm_input_display_value=true&sysparm_exclude_reference_link=true";
    let body = json!({ "assigned_to": "Ada Example", "risk": "High", "start_date": "2026-07-03 19:00:00" });
    let answer = world.write("PATCH", target, body).await;
    assert_eq!(answer.result()["assigned_to"], "a".repeat(32));
    assert_eq!(answer.result()["risk"], "2");
    assert_eq!(answer.result()["start_date"], "2026-07-03 18:00:00");
}

#[tokio::test]
async fn a_deleted_record_is_gone_but_traced() {
    let world = World::new();
    let answer =
        world.send(asking("DELETE", "/api/now/table/change_request/c3").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.body.is_null()), (204, true));
    let gone = world.get("/api/now/table/change_request/c3").await;
    assert_eq!((gone.status, &gone.body["error"]["message"]), (404, &json!("No Record found")));
    let trace = world.get("/api/now/table/sys_audit_delete?sysparm_query=documentkey=c3").await;
    assert_eq!(trace.result()[0]["display_value"], "CHG0030003");
}

#[tokio::test]
async fn states_are_guarded_by_business_rule_and_data_policy() {
    let world = World::new();
    let change = "/api/now/table/change_request/c1";
    let refused = world.write("PATCH", change, json!({ "state": "-1" })).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body["error"]["detail"].as_str().unwrap().contains("aborted by Business Rule"));
    assert_eq!(world.write("PATCH", change, json!({ "state": "-4" })).await.result()["state"], "-4");
    let wrong = world.write("PATCH", change, json!({ "start_date": "tomorrow" })).await;
    assert_eq!(wrong.status, 403);
}
