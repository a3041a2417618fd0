//! The Table API and its traps.

use axum::body::Body;
use serde_json::json;

use super::{World, asking, row};
use crate::servicenow::{Cancelled, ExecutionLimit, Limits};

#[tokio::test]
async fn an_empty_list_is_404_in_v1_and_empty_elsewhere() {
    let world = World::new();
    let query = "sysparm_query=number=none";
    assert_eq!(world.get(&format!("/api/now/v1/table/incident?{query}")).await.status, 404);
    for version in ["v2/", ""] {
        let answer = world.get(&format!("/api/now/{version}table/incident?{query}")).await;
        assert_eq!((answer.status, answer.body), (200, json!({ "result": [] })));
    }
}

#[tokio::test]
async fn values_come_in_three_forms() {
    let world = World::new();
    let ada = "a".repeat(32);
    let link = format!("http://acme.example/api/now/table/sys_user/{ada}");
    for (query, expected) in [
        ("", json!({ "state": "-5", "assigned_to": { "link": link, "value": ada } })),
        ("&sysparm_exclude_reference_link=True", json!({ "state": "-5", "assigned_to": ada })),
        (
            "&sysparm_display_value=true",
            json!({ "state": "New", "assigned_to": { "display_value": "Ada Example", "link": link } }),
        ),
        (
            "&sysparm_display_value=true&sysparm_exclude_reference_link=true",
            json!({ "state": "New", "assigned_to": "Ada Example" }),
        ),
        (
            "&sysparm_display_value=all",
            json!({
                "state": { "display_value": "New", "value": "-5" },
                "assigned_to": { "display_value": "Ada Example", "link": link, "value": ada },
            }),
        ),
    ] {
        let answer =
            world.get(&format!("/api/now/table/change_request/c1?sysparm_fields=state,assigned_to{query}")).await;
        assert_eq!(answer.result(), &expected, "{query}");
    }
}

#[tokio::test]
async fn an_empty_reference_is_empty_text() {
    let world = World::new();
    let answer =
        world.get("/api/now/table/change_request/c2?sysparm_fields=assigned_to,assigned_to.name,work_notes").await;
    assert_eq!(answer.result(), &json!({ "assigned_to": "", "assigned_to.name": "", "work_notes": "" }));
}

#[tokio::test]
async fn dot_walked_fields_are_flat_and_unknown_ones_are_left_out() {
    let world = World::new();
    let answer = world
        .get("/api/now/table/change_request/c1?sysparm_fields=number,assigned_to.name,nonsense,cmdb_ci.name")
        .await;
    let expected =
        json!({ "number": "CHG0030001", "assigned_to.name": "Ada Example", "cmdb_ci.name": "payments-api" });
    assert_eq!(answer.result(), &expected);
}

#[tokio::test]
async fn times_are_stored_in_utc_and_shown_in_the_users_zone() {
    let world = World::new();
    let answer =
        world.get("/api/now/table/change_request/c1?sysparm_fields=start_date&sysparm_display_value=all").await;
    let expected = json!({ "display_value": "2026-07-02 19:00:00", "value": "2026-07-02 18:00:00" });
    assert_eq!(answer.result()["start_date"], expected);
}

#[tokio::test]
async fn a_parent_table_tells_the_class_but_only_its_own_columns() {
    let world = World::new();
    let answer = world.get("/api/now/table/task/c1").await;
    assert_eq!(answer.result()["sys_class_name"], "change_request");
    assert_eq!(answer.result()["number"], "CHG0030001");
    assert!(answer.result().get("start_date").is_none());
    assert_eq!(world.get("/api/now/table/incident/c1").await.status, 404);
}

#[tokio::test]
async fn pages_carry_the_total_and_links() {
    let world = World::new();
    let answer = world
        .get("/api/now/table/change_request?sysparm_limit=1&sysparm_offset=1&sysparm_query=ORDERBYsys_id")
        .await;
    assert_eq!(answer.header("x-total-count"), "3");
    let link = answer.header("link");
    for (rel, offset) in [("first", 0), ("prev", 0), ("next", 2), ("last", 2)] {
        let end = format!("sysparm_offset={offset}>;rel=\"{rel}\"");
        assert!(link.contains(&end), "{rel} in {link}");
    }
    let quiet = world.get("/api/now/table/change_request?sysparm_no_count=true").await;
    assert_eq!((quiet.header("x-total-count"), quiet.header("link")), ("", ""));
    let quiet = world.get("/api/now/table/change_request?sysparm_suppress_pagination_header=true").await;
    assert_eq!((quiet.header("x-total-count"), quiet.header("link")), ("3", ""));
}

#[tokio::test]
async fn without_an_order_a_row_written_between_two_pages_moves() {
    let world = World::new();
    let list = "/api/now/table/change_request?sysparm_fields=sys_id";
    assert_eq!(world.ids(list).await, ["c1", "c2", "c3"]);
    world.servicenow.update("change_request", "c1", row(&[("risk", "2")]));
    assert_eq!(world.ids(list).await, ["c2", "c3", "c1"]);
    let ordered = format!("{list}&sysparm_query=ORDERBYsys_id");
    assert_eq!(world.ids(&ordered).await, ["c1", "c2", "c3"]);
}

#[tokio::test]
async fn a_misspelt_field_returns_the_whole_table_unless_told_otherwise() {
    let world = World::new();
    let query = "/api/now/table/change_request?sysparm_query=actve=false&sysparm_fields=sys_id";
    assert_eq!(world.ids(query).await.len(), 3);
    let property = [("name", "glide.invalid_query.returns_no_rows"), ("value", "true")];
    world.servicenow.insert("sys_properties", row(&property));
    assert_eq!(world.ids(query).await.len(), 0);
}

#[tokio::test]
async fn pairs_may_stand_for_a_query_and_take_display_values() {
    let world = World::new();
    let list = "/api/now/table/change_request?sysparm_fields=sys_id";
    assert_eq!(world.ids(&format!("{list}&assigned_to=Ada+Example")).await, ["c1"]);
    assert_eq!(world.ids(&format!("{list}&state=New&number=CHG0030002")).await, ["c2"]);
}

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

#[tokio::test]
async fn methods_may_be_overridden_and_bodies_left_out() {
    let world = World::new();
    let patch = |name: &str, value: &str| {
        let request = asking("POST", "/api/now/table/change_request/c1").header("content-type", "application/json");
        request.header(name, value).body(Body::from(r#"{"risk":"3"}"#)).unwrap()
    };
    assert_eq!(world.send(patch("x-http-method-override", "PATCH")).await.result()["risk"], "3");
    assert_eq!(world.send(patch("x-other", "PATCH")).await.status, 405);
    let request = asking("PATCH", "/api/now/table/change_request/c1").header("content-type", "application/json");
    let request = request.header("x-no-response-body", "true").body(Body::from(r#"{"risk":"1"}"#)).unwrap();
    let answer = world.send(request).await;
    assert_eq!((answer.status, answer.body.is_null()), (200, true));
    let head = world.send(asking("HEAD", "/api/now/table/change_request").body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.header("x-total-count"), head.body.is_null()), (200, "3", true));
}

#[tokio::test]
async fn bad_requests_are_told_apart() {
    let world = World::new();
    let table = world.get("/api/now/table/no_such_table").await;
    assert_eq!((table.status, &table.body["error"]["message"]), (400, &json!("Invalid table no_such_table")));
    assert_eq!(world.get("/api/nowhere").await.status, 400);
    assert_eq!(world.get("/api/now/table/incident?sysparm_offset=-1").await.status, 400);
    let text = asking("POST", "/api/now/table/incident").header("content-type", "text/plain");
    assert_eq!(world.send(text.body(Body::from("x")).unwrap()).await.status, 415);
    let broken = asking("POST", "/api/now/table/incident").header("content-type", "application/json");
    assert_eq!(world.send(broken.body(Body::from("{")).unwrap()).await.status, 400);
    let mut picky = asking("GET", "/api/now/table/incident").body(Body::empty()).unwrap();
    picky.headers_mut().insert("accept", "text/csv".parse().unwrap());
    assert_eq!(world.send(picky).await.status, 406);
}

#[tokio::test]
async fn a_cancelled_query_is_an_error_under_status_200() {
    let world = World::new();
    for (answer, rows) in [(Cancelled::ErrorOnly, None), (Cancelled::ErrorBesidePartialResult, Some(2))] {
        let execution = Some(ExecutionLimit { rows: 2, answer });
        world.servicenow.set_limits(Limits { execution, ..Limits::default() });
        let list = world.get("/api/now/table/change_request").await;
        assert_eq!(list.status, 200);
        assert!(list.body["error"]["message"].as_str().unwrap().contains("maximum execution time"));
        assert_eq!(list.result().as_array().map(Vec::len), rows);
        assert_eq!(
            world.get("/api/now/table/change_request?sysparm_query=sys_id=c1").await.body.get("error"),
            None
        );
    }
}

#[tokio::test]
async fn the_dictionary_is_served_as_tables() {
    let world = World::new();
    let field =
        world.get("/api/now/table/sys_dictionary?sysparm_query=name=change_request^element=chg_model").await;
    assert_eq!(field.result()[0]["reference"], "chg_model");
    let table = world
        .get("/api/now/table/sys_db_object?sysparm_query=name=change_request&sysparm_fields=super_class.name")
        .await;
    assert_eq!(table.result()[0]["super_class.name"], "task");
    let choice =
        world.get("/api/now/table/sys_choice?sysparm_query=name=change_request^element=state^value=-1").await;
    assert_eq!(choice.result()[0]["label"], "Implement");
    world.servicenow.insert(
        "sys_choice",
        row(&[("name", "change_request"), ("element", "state"), ("value", "-5"), ("label", "Neu")]),
    );
    let change = world.get("/api/now/table/change_request/c1?sysparm_display_value=true").await;
    assert_eq!(change.result()["state"], "Neu");
}
