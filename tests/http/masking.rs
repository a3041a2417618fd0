//! What clients are told of failures: theirs exactly, ours in general with a trace id.

use axum::body::Body;
use serde_json::json;

use super::world::{World, graphql_post};

#[tokio::test]
async fn our_failures_are_told_in_general() {
    let world = World::new();
    for query in ["{ hello leaky }", "{ leakyEverywhere }", "{ inner { leaky } }"] {
        let answer = world.ask(query).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (200, "INTERNAL"), "{query}");
        assert!(!answer.text.contains("upstream.example") && !answer.text.contains("secret"), "{}", answer.text);
        let error = &answer.json()["errors"][0];
        assert_eq!(error["extensions"]["traceId"], answer.header("x-trace-id"));
        assert!(error["path"].is_array());
    }
    assert_eq!(world.ask("{ hello leaky }").await.json()["data"], json!({ "hello": "Hello world", "leaky": null }));
}

#[tokio::test]
async fn explained_failures_pass_as_they_are() {
    let world = World::new();
    let answer = world.ask("{ explained }").await;
    assert_eq!(
        (answer.code().as_str(), answer.message().as_str()),
        ("SOURCE_TIMED_OUT", "Jira did not answer in time.")
    );
    assert_eq!(answer.json()["errors"][0]["extensions"]["traceId"], answer.header("x-trace-id"));
}

#[tokio::test]
async fn wrong_arguments_are_the_clients_to_mend() {
    let world = World::new();
    for query in
        ["{ page(first: 101) { hello } }", "{ page(first: 0) { hello } }", r#"{ moment(at: "yesterday") }"#]
    {
        let answer = world.ask(query).await;
        assert_eq!(answer.code(), "BAD_INPUT", "{}", answer.text);
    }
    let body = json!({ "query": "query($at: DateTime!) { moment(at: $at) }", "variables": { "at": "soon" } });
    let answer = world.send(graphql_post().body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(answer.code(), "BAD_INPUT", "{}", answer.text);
}

#[tokio::test]
async fn a_panic_is_an_answer_too() {
    let world = World::new();
    let answer = world.ask("{ broken }").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "INTERNAL"));
    assert!(!answer.text.contains("index"));
    assert_eq!(world.ask("{ hello }").await.status, 200);
}
