//! Every limit refuses with LIMIT_EXCEEDED and names itself.

use axum::body::Body;

use super::world::{Answer, World, graphql_post};

#[track_caller]
fn check(answer: &Answer, status: u16, message: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str(), answer.message().as_str()),
        (status, "LIMIT_EXCEEDED", message)
    );
}

#[tokio::test]
async fn the_body() {
    let world = World::new();
    let long = format!("{{\"query\":\"{{hello}}\",\"x\":\"{}\"}}", "x".repeat(9_000));
    let declared = graphql_post().header("content-length", long.len()).body(Body::from(long.clone())).unwrap();
    check(&world.send(declared).await, 413, "The limit for the body is 8000 bytes.");
    // Without a declared length it is counted while it arrives.
    let chunks =
        long.into_bytes().chunks(1_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let streamed = graphql_post().body(Body::from_stream(futures::stream::iter(chunks))).unwrap();
    check(&world.send(streamed).await, 413, "The limit for the body is 8000 bytes.");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends() {
    let world = World::new();
    let request = graphql_post()
        .body(Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>()))
        .unwrap();
    check(&world.send(request).await, 408, "The limit for sending the body is 30 seconds.");
}

#[tokio::test(start_paused = true)]
async fn the_time() {
    let world = World::new();
    check(&world.ask("{ stuck }").await, 504, "The limit for execution time is 30 seconds.");
    world.running.dropped.notified().await;
}

#[tokio::test]
async fn the_depth() {
    let world = World::new();
    let nested = |levels: usize| "{ inner ".repeat(levels - 1) + "{ hello }" + &"}".repeat(levels - 1);
    assert_eq!(world.ask(&nested(20)).await.status, 200);
    check(&world.ask(&nested(21)).await, 400, "The limit for depth is 20; this document exceeds it.");
}

#[tokio::test]
async fn the_aliases() {
    let world = World::new();
    let aliases =
        |count: usize| format!("{{ {} }}", (0..count).map(|n| format!("a{n}:hello ")).collect::<String>());
    assert_eq!(world.ask(&aliases(100)).await.status, 200);
    check(&world.ask(&aliases(101)).await, 400, "The limit for aliases is 100; this document exceeds it.");
}

#[tokio::test]
async fn the_complexity() {
    let world = World::new();
    assert_eq!(world.ask("{ page(first: 100) { page(first: 10) { hello } } }").await.status, 200);
    check(
        &world.ask("{ page(first: 100) { page(first: 11) { hello } } }").await,
        400,
        "The limit for complexity is 1000; ask for fewer fields or smaller pages.",
    );
}

#[tokio::test]
async fn refusals_of_a_well_formed_request_are_200_for_old_clients() {
    let world = World::new();
    let mut request = super::world::post("{ inner { inner { hello } } }");
    *request.body_mut() = Body::from(format!(r#"{{"query":"{}hello{}"}}"#, "{inner ".repeat(30), "}".repeat(30)));
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let answer = world.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (200, "LIMIT_EXCEEDED"));
}
