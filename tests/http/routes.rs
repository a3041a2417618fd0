//! The routes beside `/graphql`: the page and its files, health, metrics, the front door.

use axum::{body::Body, http::Request};
use interlock::http::Readiness;

use super::world::{Answer, World};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn get(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn browsers_get_a_page_that_needs_no_other_host() {
    let world = World::new();
    let front = get(&world, "/", &[("accept", BROWSER)]).await;
    assert_eq!((front.status.as_u16(), front.header("location")), (303, "/graphql"));

    let page = get(&world, "/graphql?query=%7Bhello%7D", &[("accept", BROWSER)]).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("http:") && !policy.contains("https:"), "{policy}");
    assert!(!page.text.contains("://"), "{}", page.text);

    let files: Vec<&str> = page.text.split('"').filter(|part| part.starts_with("/graphiql/")).collect();
    assert_eq!(files.len(), 6);
    for file in files {
        let asset = get(&world, file, &[]).await;
        assert_eq!(asset.status, 200, "{file}");
        assert!(!asset.text.is_empty());
        let again = get(&world, file, &[("if-none-match", asset.header("etag"))]).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{file}");
    }
    assert!(get(&world, "/graphiql/LICENSES.txt", &[]).await.text.contains("MIT"));
    assert_eq!(get(&world, "/graphiql/none.js", &[]).await.status, 404);
    assert_eq!(get(&world, "/graphiql/..%2FCargo.toml", &[]).await.status, 404);
}

#[tokio::test]
async fn programs_at_the_front_door_are_told_where_to_ask() {
    let world = World::new();
    let answer = get(&world, "/", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.json()["graphql"].as_str()), (200, Some("/graphql")));
    assert_eq!(get(&world, "/nowhere", &[]).await.status, 404);
}

#[tokio::test]
async fn ready_means_that_a_graph_is_there() {
    let ready = World::new();
    assert_eq!(get(&ready, "/health/ready", &[]).await.status, 200);
    let waiting = World::with_readiness(Readiness::NotReady("The first graph is being gathered.".to_owned()));
    let answer = get(&waiting, "/health/ready", &[]).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["reason"], "The first graph is being gathered.");
    assert_eq!(get(&waiting, "/health/live", &[]).await.status, 200);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let world = World::new();
    world.ask("{ hello }").await;
    world.ask("{ hello }").await;
    world.ask("{ nothing }").await;
    get(&world, "/somewhere/else", &[]).await;
    let metrics = get(&world, "/metrics", &[]).await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        r#"interlock_http_requests_total{method="POST",route="/graphql",status="200"} 2"#,
        r#"interlock_http_requests_total{method="POST",route="/graphql",status="400"} 1"#,
        r#"interlock_http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"interlock_http_request_duration_seconds_count{route="/graphql"} 3"#,
        "# EOF",
    ] {
        assert!(metrics.text.contains(line), "{line} in\n{}", metrics.text);
    }
}

#[tokio::test]
async fn other_parts_add_their_own_metrics() {
    let metrics = interlock::http::Metrics::default();
    let upstream = prometheus_client::metrics::counter::Counter::<u64>::default();
    metrics.register(|registry| registry.register("upstream_requests", "Requests sent", upstream.clone()));
    upstream.inc_by(3);
    let world = World::with_metrics(metrics);
    assert!(get(&world, "/metrics", &[]).await.text.contains("interlock_upstream_requests_total 3"));
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_can_read_it() {
    let world = World::new();
    let answer = get(&world, "/graphiql/graphiql.min.css", &[("accept-encoding", "gzip")]).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    let short = get(&world, "/health/live", &[("accept-encoding", "gzip")]).await;
    assert_eq!(short.header("content-encoding"), "");
}
