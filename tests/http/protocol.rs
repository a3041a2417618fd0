//! "GraphQL over HTTP", rule by rule: request in, status and media type out.

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::json;

use super::world::{World, graphql_post, post};

const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// What a request sends; `""` leaves the header out.
struct Row {
    name: &'static str,
    accept: &'static str,
    content_type: &'static str,
    body: &'static str,
    expected: (u16, &'static str),
}

#[tokio::test]
async fn posts() {
    let world = World::new();
    let any = "application/graphql-response+json";
    let old = "application/json";
    let rows = [
        ("typed answer", any, JSON, r#"{"query":"{hello}"}"#, (200, GRAPHQL)),
        ("old answer", old, JSON, r#"{"query":"{hello}"}"#, (200, JSON)),
        ("anything", "*/*", JSON, r#"{"query":"{hello}"}"#, (200, JSON)),
        ("no accept", "", JSON, r#"{"query":"{hello}"}"#, (200, JSON)),
        (
            "both",
            "application/graphql-response+json, application/json;q=0.9",
            JSON,
            r#"{"query":"{hello}"}"#,
            (200, GRAPHQL),
        ),
        ("not acceptable", "image/png", JSON, r#"{"query":"{hello}"}"#, (406, JSON)),
        ("page by post", "text/html", JSON, r#"{"query":"{hello}"}"#, (406, JSON)),
        ("event stream", "text/event-stream", JSON, r#"{"query":"{hello}"}"#, (406, JSON)),
        ("no content type", any, "", r#"{"query":"{hello}"}"#, (415, GRAPHQL)),
        ("form", any, "application/x-www-form-urlencoded", "query=%7Bhello%7D", (415, GRAPHQL)),
        ("plain text", any, "text/plain", r#"{"query":"{hello}"}"#, (415, GRAPHQL)),
        ("graphql text", any, "application/graphql", "{hello}", (415, GRAPHQL)),
        ("upload", any, "multipart/form-data; boundary=x", "", (415, GRAPHQL)),
        ("charset", any, "application/json;charset=UTF-8", r#"{"query":"{hello}"}"#, (200, GRAPHQL)),
        ("other charset", any, "application/json; charset=latin1", r#"{"query":"{hello}"}"#, (415, GRAPHQL)),
        ("empty body", any, JSON, "", (400, GRAPHQL)),
        ("empty body, old", old, JSON, "", (400, JSON)),
        ("malformed", any, JSON, r#"{"query":"{hello}""#, (400, GRAPHQL)),
        ("malformed, old", old, JSON, r#"{"query""#, (400, JSON)),
        ("not an object", any, JSON, r#""{hello}""#, (400, GRAPHQL)),
        ("batch", any, JSON, r#"[{"query":"{hello}"}]"#, (400, GRAPHQL)),
        ("batch, old", old, JSON, r#" [{"query":"{hello}"}]"#, (400, JSON)),
        ("no query", any, JSON, r#"{"operationName":"A"}"#, (400, GRAPHQL)),
        ("no query, old", old, JSON, "{}", (400, JSON)),
        ("query twice", any, JSON, r#"{"query":"{hello}","query":"{person}"}"#, (400, GRAPHQL)),
        ("query null", old, JSON, r#"{"query":null}"#, (400, JSON)),
        ("query empty", old, JSON, r#"{"query":" "}"#, (400, JSON)),
        ("query number", old, JSON, r#"{"query":1}"#, (400, JSON)),
        ("name null", any, JSON, r#"{"query":"{hello}","operationName":null}"#, (200, GRAPHQL)),
        ("name number", old, JSON, r#"{"query":"{hello}","operationName":1}"#, (400, JSON)),
        ("variables null", any, JSON, r#"{"query":"{hello}","variables":null}"#, (200, GRAPHQL)),
        ("variables list", old, JSON, r#"{"query":"{hello}","variables":[]}"#, (400, JSON)),
        ("variables text", old, JSON, r#"{"query":"{hello}","variables":"{}"}"#, (400, JSON)),
        ("extensions null", any, JSON, r#"{"query":"{hello}","extensions":null}"#, (200, GRAPHQL)),
        ("extensions map", any, JSON, r#"{"query":"{hello}","extensions":{"a":1}}"#, (200, GRAPHQL)),
        ("extensions list", old, JSON, r#"{"query":"{hello}","extensions":[]}"#, (400, JSON)),
        ("unknown parameter", any, JSON, r#"{"query":"{hello}","id":"1"}"#, (200, GRAPHQL)),
        ("not graphql", any, JSON, r#"{"query":"{"}"#, (400, GRAPHQL)),
        ("not graphql, old", old, JSON, r#"{"query":"{"}"#, (200, JSON)),
        ("unknown field", any, JSON, r#"{"query":"{nothing}"}"#, (400, GRAPHQL)),
        ("unknown field, old", old, JSON, r#"{"query":"{nothing}"}"#, (200, JSON)),
        ("unknown operation", any, JSON, r#"{"query":"query A {hello}","operationName":"B"}"#, (400, GRAPHQL)),
        ("name for the nameless", any, JSON, r#"{"query":"{hello}","operationName":"B"}"#, (400, GRAPHQL)),
        ("which operation", any, JSON, r#"{"query":"query A {hello} query B {hello}"}"#, (400, GRAPHQL)),
        ("which operation, old", old, JSON, r#"{"query":"query A {hello} query B {hello}"}"#, (200, JSON)),
        ("variable left out", any, JSON, r#"{"query":"query($n: String!) {hello(name: $n)}"}"#, (400, GRAPHQL)),
        ("variable left out, old", old, JSON, r#"{"query":"query($n: String!) {hello(name: $n)}"}"#, (200, JSON)),
        (
            "variable null",
            any,
            JSON,
            r#"{"query":"query($n: String!) {hello(name: $n)}","variables":{"n":null}}"#,
            (400, GRAPHQL),
        ),
        (
            "variable wrong",
            any,
            JSON,
            r#"{"query":"query($n: Int!) {page(first: $n) {hello}}","variables":{"n":"x"}}"#,
            (400, GRAPHQL),
        ),
        (
            "variable by default",
            any,
            JSON,
            r#"{"query":"query($n: Int! = 1) {page(first: $n) {hello}}"}"#,
            (200, GRAPHQL),
        ),
        ("subscription", any, JSON, r#"{"query":"subscription {x}"}"#, (400, GRAPHQL)),
        ("field failed", any, JSON, r#"{"query":"{leaky}"}"#, (200, GRAPHQL)),
        ("everything failed", any, JSON, r#"{"query":"{leakyEverywhere}"}"#, (200, GRAPHQL)),
    ];
    for (name, accept, content_type, body, expected) in rows {
        check(&world, Row { name, accept, content_type, body, expected }).await;
    }
}

async fn check(world: &World, row: Row) {
    let mut request = Request::post("/graphql");
    if !row.accept.is_empty() {
        request = request.header("accept", row.accept);
    }
    if !row.content_type.is_empty() {
        request = request.header("content-type", row.content_type);
    }
    let answer = world.send(request.body(Body::from(row.body)).unwrap()).await;
    let told = (answer.status.as_u16(), answer.header("content-type"));
    assert_eq!(told, row.expected, "{}: {}", row.name, answer.text);
    // A response that says no must say why, and must not look like data.
    let body = answer.json();
    if answer.status != 200 {
        assert!(body["errors"][0]["message"].is_string(), "{}: {}", row.name, answer.text);
        assert!(body.get("data").is_none(), "{}: {}", row.name, answer.text);
    }
}

#[tokio::test]
async fn gets() {
    let world = World::new();
    let rows = [
        ("?query={hello}", 200),
        ("?query=query+A{hello}query+B{person}&operationName=A", 200),
        ("?query=query($n:String){hello(name:$n)}&variables={%22n%22:%22Ada%22}", 200),
        ("?query={hello}&variables=&operationName=&extensions=", 200),
        ("?query={hello}&extensions={%22a%22:1}", 200),
        ("", 400),
        ("?query=", 400),
        ("?query={hello}&query={person}", 400),
        ("?query={hello}&variables={", 400),
        ("?query={hello}&variables=[]", 400),
        ("?query={hello}&extensions=1", 400),
        ("?query={", 400),
        ("?query=mutation{count}", 405),
        ("?query=query+A{hello}mutation+B{count}&operationName=B", 405),
        ("?query=query+A{hello}mutation+B{count}&operationName=A", 200),
        ("?query=subscription{x}", 400),
    ];
    for (query, status) in rows {
        let uri = format!("/graphql{}", query.replace('{', "%7B").replace('}', "%7D"));
        let request = Request::get(uri)
            .header("accept", "application/graphql-response+json")
            .header("authorization", "Bearer pipeline-secret")
            .body(Body::empty())
            .unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
        assert_eq!(answer.header("content-type"), GRAPHQL, "{query}");
        assert_eq!(answer.header("allow"), if status == 405 { "POST" } else { "" }, "{query}");
    }
    assert_eq!(world.running.mutations.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn other_methods_name_the_two_that_work() {
    let world = World::new();
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::HEAD] {
        let request =
            Request::builder().method(&method).uri("/graphql?query=%7Bhello%7D").body(Body::empty()).unwrap();
        let answer = world.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, POST"), "{method}");
    }
}

#[tokio::test]
async fn answers_carry_data_errors_and_a_trace() {
    let world = World::new();
    let answer = world.ask("{ hello trace }").await;
    let body = answer.json();
    assert_eq!(body["data"]["hello"], "Hello world");
    assert_eq!(body["data"]["trace"], answer.header("x-trace-id"));
    assert!(body.get("errors").is_none());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");

    let refused = world.ask("{ hello nothing }").await;
    let body = refused.json();
    assert!(body.get("data").is_none());
    assert_eq!(refused.code(), "BAD_INPUT");
    assert_eq!(body["errors"][0]["extensions"]["traceId"], refused.header("x-trace-id"));
    assert_eq!(body["errors"][0]["locations"][0], json!({ "line": 1, "column": 9 }));

    let empty = world.ask("{ leakyEverywhere }").await;
    assert_eq!(empty.json()["data"], json!(null));
    assert!(empty.text.contains("\"data\":null"));
}

#[tokio::test]
async fn fields_are_answered_in_the_order_of_the_question() {
    let world = World::new();
    let answer = world.ask("{ late hello inner { late hello } }").await;
    let expected =
        r#"{"data":{"late":"late","hello":"Hello world","inner":{"late":"late","hello":"Hello world"}}}"#;
    assert_eq!(answer.text, expected);
}

#[tokio::test]
async fn text_beyond_ascii_arrives_whole() {
    let world = World::new();
    let answer = world.ask(r#"{ hello(name: "Zoë 🏊") }"#).await;
    assert_eq!(answer.json()["data"]["hello"], "Hello Zoë 🏊");
    let broken = graphql_post().body(Body::from(b"{\"query\":\"{hello}\xff\"}".to_vec())).unwrap();
    assert_eq!(world.send(broken).await.status, 400);
}

#[tokio::test]
async fn a_repeated_document_answers_for_its_own_variables_and_caller() {
    let world = World::new();
    for (name, secret, person) in [("Ada", "portal-secret", "portal"), ("Bob", "pipeline-secret", "pipeline")] {
        let body = json!({ "query": "query($n: String) { hello(name: $n) person }", "variables": { "n": name } });
        let request = graphql_post()
            .header("authorization", format!("Bearer {secret}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let data = world.send(request).await.json()["data"].clone();
        assert_eq!(data, json!({ "hello": format!("Hello {name}"), "person": person }));
    }
}

#[tokio::test]
async fn introspection_as_tools_send_it_fits_the_limits() {
    let world = World::new();
    let of_type = "ofType{kind name ".repeat(9) + &"}".repeat(9);
    let query = format!(
        "{{__schema{{types{{kind name fields(includeDeprecated:true){{name args{{name type{{kind name {of_type}}}}}}}}}}}}}"
    );
    let answer = world.send(post(&query)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
