//! The Table API and its traps.

use axum::body::Body;
use serde_json::json;
use tower::ServiceExt;

use super::{World, asking, row};
use crate::faults::{Effect, Fault, Faults};
use crate::requests::Requests;
use crate::serve::with_controls;
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

#[tokio::test]
async fn a_plus_stands_for_a_blank_as_some_clients_write_it() {
    let world = World::new();
    world.servicenow.update("change_request", "c2", row(&[("start_date", "2026-07-02 18:00:01")]));
    let list = "/api/now/table/change_request?sysparm_fields=sys_id&sysparm_query=start_date%3E2026-07-02+18:00:00";
    assert_eq!(world.ids(list).await, ["c2"]);
}

#[tokio::test]
async fn some_references_hold_a_word() {
    let world = World::new();
    world.servicenow.update("change_request", "c2", row(&[("sys_domain", "global")]));
    let one = "/api/now/table/change_request/c2?sysparm_fields=sys_domain&sysparm_display_value=all";
    let domain = &world.get(one).await.result()["sys_domain"].clone();
    assert_eq!((&domain["value"], &domain["display_value"]), (&json!("global"), &json!("global")));
}

#[tokio::test]
async fn a_column_nobody_knew_is_in_the_dictionary_once_a_row_has_it() {
    let world = World::new();
    world.servicenow.insert("incident", row(&[("sys_id", "i1"), ("u_cause", "wind")]));
    let one = world.get("/api/now/table/incident/i1").await;
    assert_eq!(one.result()["u_cause"], "wind");
    assert_eq!(world.servicenow.find("sys_dictionary", "name=incident^element=u_cause").len(), 1);
}

#[tokio::test]
async fn requests_are_counted_under_their_pattern_and_meet_faults() {
    let world = World::new();
    let (faults, requests) = (Faults::new(world.clock.clone()), Requests::default());
    let router = with_controls(world.servicenow.router(), &faults, &requests);
    faults.set(Fault::on("/api/now/table/", Effect::Html).containing("limit=1").times(1));
    for _ in 0..2 {
        let request = asking("GET", "/api/now/table/incident?sysparm_limit=1").body(Body::empty()).unwrap();
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), 200);
    }
    let count = &requests.counts()[0];
    assert_eq!((count.route.as_str(), count.count), ("/api/now/table/{table}", 2));
}
