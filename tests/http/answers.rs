//! Answers that are kept and executions that are shared: by whom, for how long, and what clients are told of it.

use axum::{body::Body, http::Request};
use futures::future::join_all;
use interlock::http::{Basis, Edition};

use super::world::{Answer, World, graphql_post, post};

/// A world at version 1 in second 100, in which answers are made from the graph alone.
fn graph_alone() -> World {
    let world = World::new();
    world.running.moves_to(1, 100);
    world.running.rests_on(Basis::Graph(1));
    world
}

fn get(query: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let request =
        Request::get(format!("/graphql?query={query}")).header("accept", "application/graphql-response+json");
    headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
        .body(Body::empty())
        .unwrap()
}

async fn ask_as(world: &World, secret: &str, query: &str) -> Answer {
    let body = serde_json::json!({ "query": query }).to_string();
    let request = graphql_post().header("authorization", format!("Bearer {secret}")).body(Body::from(body));
    world.send(request.unwrap()).await
}

async fn metric(world: &World, line: &str) -> bool {
    let page = world.send(Request::get("/metrics").body(Body::empty()).unwrap()).await;
    page.text.lines().any(|told| told == line)
}

#[tokio::test]
async fn fifty_identical_questions_are_executed_once() {
    let world = graph_alone();
    let asking = join_all((0..50).map(|_| world.ask("{ held }")));
    let releasing = async {
        world.running.started.notified().await;
        world.running.release.notify_one();
    };
    let (answers, ()) = tokio::join!(asking, releasing);
    assert!(answers.iter().all(|answer| answer.text == r#"{"data":{"held":"released"}}"#));
    assert_eq!(world.running.executions(), 1);
    assert!(metric(&world, r#"interlock_answers_total{origin="executed"} 1"#).await);
    assert!(metric(&world, r#"interlock_answers_total{origin="shared"} 49"#).await);

    assert_eq!(world.ask("{ held }").await.text, answers[0].text);
    assert_eq!(world.running.executions(), 1);
    assert!(metric(&world, r#"interlock_answers_total{origin="kept"} 1"#).await);
}

#[tokio::test]
async fn whoever_leaves_takes_nobody_along() {
    let world = graph_alone();
    let leaving = world.ask("{ held }");
    tokio::select! {
        _ = leaving => panic!("nobody released it"),
        () = world.running.started.notified() => {}
    }
    let staying = world.ask("{ held }");
    let releasing = async {
        world.running.started.notified().await;
        world.running.release.notify_one();
    };
    let (answer, ()) = tokio::join!(staying, releasing);
    assert_eq!(answer.text, r#"{"data":{"held":"released"}}"#);
}

#[tokio::test]
async fn answers_go_to_equal_rights_only() {
    let world = graph_alone();
    let persons = async |query: &'static str| {
        let mut told = Vec::new();
        for secret in ["portal-secret", "mirror-secret", "pipeline-secret", "team-secret"] {
            told.push(ask_as(&world, secret, query).await.json()["data"]["person"].as_str().unwrap().to_owned());
        }
        told
    };
    // The portal and its mirror may do and see the same; the pipeline has another role, the team another scope.
    assert_eq!(persons("{ person }").await, ["portal", "portal", "pipeline", "team"]);
    world.running.rests_on(Basis::Live);
    assert_eq!(persons("{ person hello }").await, ["portal", "mirror", "pipeline", "team"]);
}

#[tokio::test]
async fn a_kept_answer_ends_with_its_version() {
    let world = graph_alone();
    let first = world.ask("{ trace }").await;
    assert_eq!(world.ask("{ trace }").await.text, first.text);
    world.running.moves_to(1, 101);
    assert_eq!(world.ask("{ trace }").await.text, first.text);

    world.running.moves_to(2, 101);
    world.running.rests_on(Basis::Graph(2));
    let second = world.ask("{ trace }").await;
    assert_ne!(second.text, first.text);
    assert_ne!(second.header("etag"), first.header("etag"));
    assert_eq!(world.running.executions(), 2);
}

#[tokio::test]
async fn an_answer_of_a_moment_ends_with_its_second() {
    let world = graph_alone();
    world.running.rests_on(Basis::Moment(Edition { version: 1, second: 100 }));
    let first = world.ask("{ trace }").await;
    assert_eq!(world.ask("{ trace }").await.text, first.text);
    world.running.moves_to(1, 101);
    assert_ne!(world.ask("{ trace }").await.text, first.text);
}

#[tokio::test]
async fn what_reads_more_than_the_graph_is_never_kept() {
    let world = graph_alone();
    world.running.rests_on(Basis::Live);
    let asked = join_all((0..5).map(|_| world.ask("{ late trace }"))).await;
    let again = world.ask("{ late trace }").await;
    for answer in asked.iter().chain([&again]) {
        assert_eq!(answer.json()["data"]["trace"], answer.header("x-trace-id"));
        assert_eq!((answer.header("etag"), answer.header("cache-control")), ("", "no-store"));
    }
    assert_eq!(world.running.executions(), 6);
}

#[tokio::test]
async fn an_answer_from_a_younger_graph_than_asked_of_is_given_but_not_kept() {
    let world = graph_alone();
    // The graph moved on between the look and the execution.
    world.running.rests_on(Basis::Graph(2));
    assert!(world.ask("{ trace }").await.header("etag").starts_with("W/"));
    world.ask("{ trace }").await;
    assert_eq!(world.running.executions(), 2);
}

#[tokio::test]
async fn errors_belong_to_one_request() {
    let world = graph_alone();
    for query in ["{ hello explained }", "{ hello nothing }", "{ broken }"] {
        for _ in 0..2 {
            let answer = world.ask(query).await;
            assert_eq!(answer.json()["errors"][0]["extensions"]["traceId"], answer.header("x-trace-id"), "{query}");
            assert_eq!((answer.header("etag"), answer.header("cache-control")), ("", "no-store"), "{query}");
        }
    }
    assert_eq!(world.running.executions(), 6);
}

#[tokio::test]
async fn mutations_run_every_time() {
    let world = graph_alone();
    let counts: Vec<_> = [
        ask_as(&world, "pipeline-secret", "mutation { count }").await,
        ask_as(&world, "pipeline-secret", "mutation { count }").await,
    ]
    .iter()
    .map(|answer| answer.json()["data"]["count"].as_u64())
    .collect();
    assert_eq!(counts, [Some(1), Some(2)]);
}

#[tokio::test]
async fn a_client_that_has_the_answer_is_spared_its_bytes() {
    let world = graph_alone();
    let first = world.send(get("{ hello }", &[])).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(first.header("cache-control"), "private, no-cache");
    assert_eq!(first.header("vary"), "Accept, Authorization");

    let again = world.send(get("{ hello }", &[("if-none-match", &tag)])).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    assert_eq!(again.header("etag"), tag);
    assert_eq!(again.header("cache-control"), "private, no-cache");
    assert_eq!(again.header("vary"), "Accept, Authorization");
    assert_eq!(again.header("content-type"), "");
    assert!(metric(&world, "interlock_answers_not_modified_total 1").await);

    let other = world.send(get("{ hello late }", &[("if-none-match", &tag)])).await;
    assert_eq!(other.status, 200);
    let mut posted = post("{ hello }");
    posted.headers_mut().insert("if-none-match", tag.parse().unwrap());
    let posted = world.send(posted).await;
    assert_eq!((posted.status.as_u16(), posted.header("etag")), (200, tag.as_str()));
    assert_eq!(posted.text, first.text);
}

#[tokio::test]
async fn a_tag_outlives_versions_that_answer_alike() {
    let world = graph_alone();
    let tag = world.send(get("{ hello }", &[])).await.header("etag").to_owned();
    world.running.moves_to(2, 100);
    world.running.rests_on(Basis::Graph(2));
    assert_eq!(world.send(get("{ hello }", &[("if-none-match", &tag)])).await.status, 304);
    assert_eq!(world.running.executions(), 2);
}

#[tokio::test]
async fn both_media_types_are_told_as_what_they_are() {
    let world = graph_alone();
    let as_type = async |accept: &'static str| {
        let mut request = post("{ hello }");
        request.headers_mut().insert("accept", accept.parse().unwrap());
        let answer = world.send(request).await;
        (answer.header("content-type").to_owned(), answer.text)
    };
    let (first, second) = (as_type("application/json").await, as_type("application/graphql-response+json").await);
    assert_eq!(first.0, "application/json; charset=utf-8");
    assert_eq!(second.0, "application/graphql-response+json; charset=utf-8");
    assert_eq!(first.1, second.1);
    assert_eq!(world.running.executions(), 1);
}
