//! Who is let in, by which door, and what they may do there.

use axum::{body::Body, http::Request};

use super::world::{Answer, World, graphql_post, peer};

async fn ask(world: &World, query: &str, from: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = graphql_post().extension(peer(from));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = serde_json::json!({ "query": query }).to_string();
    world.send(request.body(Body::from(body)).unwrap()).await
}

const HERE: &str = "127.0.0.1:50000";
const ELSEWHERE: &str = "10.1.2.3:50000";

#[tokio::test]
async fn a_token_names_its_actor() {
    let world = World::listening_on("0.0.0.0:4000");
    for from in [HERE, ELSEWHERE] {
        for scheme in ["Bearer", "bearer", "BEARER "] {
            let answer =
                ask(&world, "{ person }", from, &[("authorization", &format!("{scheme} portal-secret"))]).await;
            assert_eq!(answer.json()["data"]["person"], "portal");
        }
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_everywhere() {
    let world = World::listening_on("0.0.0.0:4000");
    for from in [HERE, ELSEWHERE] {
        for value in
            ["Bearer wrong", "Bearer", "Bearer ", "Basic cG9ydGFs", "portal-secret", "Bearer portal-secret2"]
        {
            let answer = ask(&world, "{ person }", from, &[("authorization", value)]).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "UNAUTHENTICATED"), "{value}");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"interlock\"");
            assert!(!answer.text.contains("secret"));
        }
    }
}

#[tokio::test]
async fn nobody_is_anonymous_but_on_this_machine() {
    let world = World::listening_on("0.0.0.0:4000");
    let status =
        async |from, headers: &[(&str, &str)]| ask(&world, "{ person }", from, headers).await.status.as_u16();
    assert_eq!(status(HERE, &[]).await, 200);
    assert_eq!(status("[::1]:50000", &[]).await, 200);
    assert_eq!(status("[::ffff:127.0.0.1]:50000", &[]).await, 200);
    assert_eq!(status(ELSEWHERE, &[]).await, 401);
    // A proxy on this machine speaks for others, and another site's name may resolve to this machine.
    assert_eq!(status(HERE, &[("x-forwarded-for", "10.1.2.3")]).await, 401);
    assert_eq!(status(HERE, &[("forwarded", "for=10.1.2.3")]).await, 401);
    assert_eq!(status(HERE, &[("host", "evil.example")]).await, 401);
}

#[tokio::test]
async fn without_a_peer_address_nobody_is_anonymous() {
    let world = World::new();
    let request = graphql_post().header("host", "localhost").body(Body::from(r#"{"query":"{person}"}"#)).unwrap();
    let response = tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn mutations_need_a_token_with_the_role() {
    let world = World::new();
    let mutate = async |headers: &[(&str, &str)]| {
        let answer = ask(&world, "mutation { count }", HERE, headers).await;
        (answer.status.as_u16(), answer.code())
    };
    assert_eq!(mutate(&[]).await, (401, "UNAUTHENTICATED".to_owned()));
    assert_eq!(mutate(&[("authorization", "Bearer portal-secret")]).await, (403, "FORBIDDEN".to_owned()));
    assert_eq!(mutate(&[("authorization", "Bearer pipeline-secret")]).await, (200, String::new()));
    assert_eq!(world.running.mutations.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn on_loopback_other_names_are_not_answered() {
    let world = World::new();
    for (host, status) in [("localhost:4000", 200), ("gateway.bank.example", 200), ("evil.example:4000", 421)] {
        for path in ["/health/live", "/", "/graphql?query=%7Bperson%7D"] {
            let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
            assert_eq!(world.send(request).await.status, status, "{host} {path}");
        }
    }
}

#[tokio::test]
async fn pages_of_other_sites_cannot_ask() {
    let world = World::new();
    let from = async |origin| ask(&world, "{ person }", HERE, &[("origin", origin)]).await.status.as_u16();
    assert_eq!(from("http://localhost:4000").await, 200);
    assert_eq!(from("https://evil.example").await, 403);
    assert_eq!(from("null").await, 403);
}

#[tokio::test]
async fn metrics_are_read_with_the_same_standing() {
    let world = World::listening_on("0.0.0.0:4000");
    let status = async |from, token: &str| {
        let mut request = Request::get("/metrics").extension(peer(from));
        if !token.is_empty() {
            request = request.header("authorization", token);
        }
        world.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
    };
    assert_eq!(status(HERE, "").await, 200);
    assert_eq!(status(ELSEWHERE, "").await, 401);
    assert_eq!(status(ELSEWHERE, "Bearer portal-secret").await, 200);
    assert_eq!(status(HERE, "Bearer wrong").await, 401);
}
