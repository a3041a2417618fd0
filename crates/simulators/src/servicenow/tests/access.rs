//! Coming in, being limited, and not seeing everything.

use axum::body::Body;
use axum::http::Request;
use jiff::SignedDuration;
use serde_json::json;

use super::{World, row};
use crate::servicenow::{AppliesTo, Limits, RateRule, Restriction, SemaphoreLimit};

const LIST: &str = "/api/now/table/change_request?sysparm_fields=sys_id";

fn with(name: &str, value: &str) -> Request<Body> {
    let request = Request::builder().uri(LIST).header("accept", "*/*");
    request.header(name, value).body(Body::empty()).unwrap()
}

impl World {
    async fn token(&self, form: &str) -> super::Answer {
        let request = Request::builder().method("POST").uri("/oauth_token.do");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }
}

#[tokio::test]
async fn passwords_and_keys_open_and_their_lack_is_401() {
    let world = World::new();
    assert_eq!(world.send(with("authorization", &super::basic("max", "hidden"))).await.status, 200);
    assert_eq!(world.send(with("x-sn-apikey", "key-1")).await.status, 200);
    for wrong in
        [with("authorization", &super::basic("max", "wrong")), with("x-sn-apikey", "key-2"), with("x", "y")]
    {
        let answer = world.send(wrong).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.body["error"]["message"], "User Not Authenticated");
        assert_eq!(answer.body["status"], "failure");
    }
}

#[tokio::test]
async fn a_token_is_the_same_within_its_lifetime_and_expires_by_the_clock() {
    let world = World::new();
    let form = "grant_type=client_credentials&client_id=client&client_secret=shh";
    let first = world.token(form).await;
    assert_eq!((first.status, &first.body["expires_in"]), (200, &json!(1799)));
    let bearer = format!("Bearer {}", first.body["access_token"].as_str().unwrap());
    world.clock.advance(SignedDuration::from_mins(10));
    let second = world.token(form).await;
    assert_eq!(second.body["access_token"], first.body["access_token"]);
    assert_eq!(second.body["expires_in"], 1199);
    assert_eq!(world.send(with("authorization", &bearer)).await.status, 200);
    world.clock.advance(SignedDuration::from_mins(20));
    assert_eq!(world.send(with("authorization", &bearer)).await.status, 401);
    assert_ne!(world.token(form).await.body["access_token"], first.body["access_token"]);
}

#[tokio::test]
async fn a_password_grant_brings_a_refresh_token_that_renews() {
    let world = World::new();
    let secret = "client_id=client&client_secret=shh";
    let first = world.token(&format!("grant_type=password&username=ada&password=secret&{secret}")).await;
    let refresh = first.body["refresh_token"].as_str().unwrap().to_owned();
    world.clock.advance(SignedDuration::from_hours(1));
    let renewed = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}&{secret}")).await;
    assert_eq!(renewed.status, 200);
    assert!(renewed.body.get("refresh_token").is_none());
    let bearer = format!("Bearer {}", renewed.body["access_token"].as_str().unwrap());
    assert_eq!(world.send(with("authorization", &bearer)).await.status, 200);
    world.servicenow.revoke_tokens();
    assert_eq!(world.send(with("authorization", &bearer)).await.status, 401);
}

#[tokio::test]
async fn an_oauth_client_may_name_itself_in_the_header() {
    let world = World::new();
    let request = Request::builder().method("POST").uri("/oauth_token.do");
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", super::basic("client", "shh"));
    let form = "grant_type=client_credentials";
    assert_eq!(world.send(request.body(Body::from(form)).unwrap()).await.status, 200);
}

#[tokio::test]
async fn oauth_refuses_json_and_wrong_secrets() {
    let world = World::new();
    let wrong = world.token("grant_type=client_credentials&client_id=client&client_secret=no").await;
    assert_eq!((wrong.status, &wrong.body["error_description"]), (401, &json!("access_denied")));
    let request =
        Request::builder().method("POST").uri("/oauth_token.do").header("content-type", "application/json");
    let body = r#"{"grant_type":"client_credentials","client_id":"client","client_secret":"shh"}"#;
    assert_eq!(world.send(request.body(Body::from(body)).unwrap()).await.status, 401);
}

#[tokio::test]
async fn hidden_fields_are_left_out_and_hidden_rows_dropped_after_the_page_is_cut() {
    let world = World::new();
    world.servicenow.restrict(
        "ada",
        vec![
            Restriction::HideField { table: "task".to_owned(), field: "number".to_owned() },
            Restriction::HideRows { table: "change_request".to_owned(), query: "sys_idINc1,c2".to_owned() },
        ],
    );
    let page = "/api/now/table/change_request?sysparm_query=ORDERBYsys_id&sysparm_limit=2";
    let first = world.get(page).await;
    assert_eq!((first.body.clone(), first.header("x-total-count")), (json!({ "result": [] }), "3"));
    let second = world.get(&format!("{page}&sysparm_offset=2")).await;
    assert_eq!(second.result()[0]["sys_id"], "c3");
    assert!(second.result()[0].get("number").is_none());
    assert_eq!(world.get("/api/now/table/change_request/c1").await.status, 404);
    let typed = world.get("/api/sn_chg_rest/change/c3").await;
    assert!(typed.result().get("state").is_some() && typed.result().get("number").is_none());
}

#[tokio::test]
async fn denied_tables_answer_403() {
    let world = World::new();
    world.servicenow.restrict(
        "ada",
        vec![
            Restriction::DenyWrites { table: "task".to_owned() },
            Restriction::DenyTable { table: "cmdb".to_owned() },
        ],
    );
    assert_eq!(world.get(LIST).await.status, 200);
    assert_eq!(world.write("POST", "/api/now/table/incident", json!({})).await.status, 403);
    let denied = world.get("/api/now/table/cmdb_ci").await;
    assert_eq!((denied.status, &denied.body["error"]["message"]), (403, &json!("User Not Authorized")));
}

#[tokio::test]
async fn rate_rules_bite_per_user_and_hour() {
    let world = World::new();
    let rule = |sys_id: &str, applies_to, per_hour| RateRule {
        sys_id: sys_id.to_owned(),
        resource: "Table API".to_owned(),
        path: "/api/now/table".to_owned(),
        applies_to,
        per_hour,
    };
    let rules = vec![rule("all", AppliesTo::Everybody, 1), rule("own", AppliesTo::User("ada".to_owned()), 2)];
    world.servicenow.set_limits(Limits { rules, ..Limits::default() });
    let first = world.get(LIST).await;
    assert_eq!(
        (first.status, first.header("x-ratelimit-limit"), first.header("x-ratelimit-rule")),
        (200, "2", "own")
    );
    assert_eq!(world.get(LIST).await.status, 200);
    world.clock.advance(SignedDuration::from_mins(50));
    let refused = world.get(LIST).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "600"));
    assert_eq!(refused.body["error"]["detail"], "Rate limit of 2 requests per hour for Table API exceeded");
    world.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(world.get(LIST).await.status, 200);
}

#[tokio::test]
async fn a_full_semaphore_queue_answers_429_without_rate_headers() {
    let world = World::new();
    let semaphore = Some(SemaphoreLimit { at_once: 1, waiting: 1 });
    let work = std::time::Duration::from_millis(5);
    world.servicenow.set_limits(Limits { semaphore, work, ..Limits::default() });
    let answers = futures::join!(world.get(LIST), world.get(LIST), world.get(LIST));
    assert_eq!((answers.0.status, answers.1.status, answers.2.status), (200, 200, 429));
    assert_eq!(answers.2.header("retry-after"), "");
    assert_eq!(world.get(LIST).await.status, 200);
}

#[tokio::test]
async fn two_instances_with_one_seed_mint_the_same_ids() {
    let ids = [World::new(), World::new()].map(|world| world.servicenow.insert("incident", row(&[])));
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0].len(), 32);
}
