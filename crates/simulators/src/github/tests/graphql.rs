//! GraphQL: batches, pages, errors beside data, limits.

use serde_json::{Value, json};

use super::world::{World, sha};
use crate::github::CommitStatus;

async fn ask(world: &World, query: &str) -> Value {
    let answer = world.post("reader", &json!({ "query": query })).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

async fn of_payments(world: &World, fields: &str) -> Value {
    let answer =
        ask(world, &format!("{{ repository(owner: \"bank\", name: \"payments-api\") {{ {fields} }} }}")).await;
    answer["data"]["repository"].clone()
}

#[tokio::test]
async fn one_missing_pull_request_does_not_fail_the_batch() {
    let query = "query($owner: String!) { repository(owner: $owner, name: \"payments-api\") {
        p7: pullRequest(number: 7) { ...P } p404: pullRequest(number: 404) { ...P } p9: pullRequest(number: 9) { ...P } p8: pullRequest(number: 8) { ...P } } }
        fragment P on PullRequest { number state merged mergeCommit { oid } }";
    let world = World::new();
    let answer = world.post("reader", &json!({ "query": query, "variables": { "owner": "bank" } })).await.json();
    let repository = &answer["data"]["repository"];
    assert_eq!(
        repository["p7"],
        json!({ "number": 7, "state": "MERGED", "merged": true, "mergeCommit": { "oid": sha(299) } })
    );
    assert_eq!(repository["p8"], json!({ "number": 8, "state": "OPEN", "merged": false, "mergeCommit": null }));
    assert_eq!((&repository["p404"], &repository["p9"]), (&Value::Null, &Value::Null), "9 is an issue");
    let errors: Vec<(&Value, &Value)> =
        answer["errors"].as_array().unwrap().iter().map(|error| (&error["type"], &error["path"])).collect();
    assert_eq!(
        errors,
        [
            (&json!("NOT_FOUND"), &json!(["repository", "p404"])),
            (&json!("NOT_FOUND"), &json!(["repository", "p9"]))
        ]
    );
}

#[tokio::test]
async fn an_unknown_repository_is_null_with_an_error() {
    let answer = ask(&World::new(), "{ a: repository(owner: \"bank\", name: \"none\") { id } b: repository(owner: \"bank\", name: \"payments\") { nameWithOwner } }").await;
    assert_eq!(
        answer["data"],
        json!({ "a": null, "b": { "nameWithOwner": "bank/payments-api" } }),
        "renames are followed"
    );
    assert_eq!(answer["errors"][0]["path"], json!(["a"]));
}

#[tokio::test]
async fn nodes_are_read_by_id_each_on_its_own() {
    let world = World::new();
    let id = of_payments(&world, "pullRequest(number: 7) { id }").await["pullRequest"]["id"].clone();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on PullRequest { number } } }";
    let answer = world
        .post("reader", &json!({ "query": query, "variables": { "ids": [id, "PR_kwDOnothing"] } }))
        .await
        .json();
    assert_eq!(answer["data"]["nodes"], json!([{ "__typename": "PullRequest", "id": id, "number": 7 }, null]));
    assert_eq!(answer["errors"][0]["path"], json!(["nodes", 1]));
    let rest = world.get("/repos/bank/payments-api/pulls/7").await.json();
    assert_eq!(rest["node_id"], id, "the same as in REST");
}

#[tokio::test]
async fn a_connection_wants_its_size() {
    let world = World::new();
    let kind = async |arguments: &str| {
        let answer = ask(&world, &format!("{{ repository(owner: \"bank\", name: \"payments-api\") {{ pullRequests{arguments} {{ totalCount }} }} }}")).await;
        answer["errors"][0]["type"].clone()
    };
    assert_eq!(kind("").await, "MISSING_PAGINATION_BOUNDARIES");
    assert_eq!(kind("(first: 101)").await, "EXCESSIVE_PAGINATION");
    assert_eq!(kind("(first: 0)").await, "INVALID_PAGINATION_BOUNDARIES");
    assert_eq!(kind("(last: 100)").await, Value::Null);
}

#[tokio::test]
async fn cursors_walk_a_history() {
    let world = World::new();
    let (mut oids, mut after) = (Vec::new(), Value::Null);
    loop {
        let query = "query($after: String) { repository(owner: \"bank\", name: \"payments-api\") { object(expression: \"main\") { ... on Commit {
            history(first: 100, after: $after) { totalCount nodes { oid } pageInfo { hasNextPage endCursor } } } } } }";
        let answer = world.post("reader", &json!({ "query": query, "variables": { "after": after } })).await.json();
        let history = answer["data"]["repository"]["object"]["history"].clone();
        oids.extend(
            history["nodes"].as_array().unwrap().iter().map(|node| node["oid"].as_str().unwrap().to_owned()),
        );
        if history["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = history["pageInfo"]["endCursor"].clone();
    }
    assert_eq!((oids.len(), oids.last()), (301, Some(&sha(0))));
}

#[tokio::test]
async fn an_annotated_tag_is_an_object_before_the_commit() {
    let repository = of_payments(
        &World::new(),
        "t: ref(qualifiedName: \"refs/tags/v2.14.0\") { target { __typename ... on Tag { target { oid } } } }
         l: ref(qualifiedName: \"refs/tags/v2.13.0\") { target { __typename oid } } release(tagName: \"v2.14.0\") { tagCommit { oid } isLatest }",
    )
    .await;
    assert_eq!(repository["t"]["target"], json!({ "__typename": "Tag", "target": { "oid": sha(300) } }));
    assert_eq!(repository["l"]["target"], json!({ "__typename": "Commit", "oid": sha(100) }));
    assert_eq!(repository["release"], json!({ "tagCommit": { "oid": sha(300) }, "isLatest": true }));
}

#[tokio::test]
async fn refs_compare() {
    let fields = "ref(qualifiedName: \"refs/heads/hotfix/2.13\") { compare(headRef: \"main\") { status aheadBy behindBy commits(first: 1) { totalCount nodes { oid } } } }";
    let repository = of_payments(&World::new(), fields).await;
    let expected = json!({ "status": "DIVERGED", "aheadBy": 200, "behindBy": 1, "commits": { "totalCount": 200, "nodes": [{ "oid": sha(101) }] } });
    assert_eq!(repository["ref"]["compare"], expected);
}

#[tokio::test]
async fn an_approval_outlives_a_comment() {
    let world = World::new();
    let fields = "pullRequest(number: 7) { reviewDecision all: latestOpinionatedReviews(first: 9) { nodes { state author { login } } }
                  writers: latestOpinionatedReviews(first: 9, writersOnly: true) { nodes { state commit { oid } } } }";
    let pull = of_payments(&world, fields).await["pullRequest"].clone();
    assert_eq!(pull["reviewDecision"], "APPROVED", "mallory may not write");
    assert_eq!(pull["all"]["nodes"][1], json!({ "state": "CHANGES_REQUESTED", "author": { "login": "mallory" } }));
    assert_eq!(pull["writers"]["nodes"], json!([{ "state": "APPROVED", "commit": { "oid": sha(297) } }]));
    world.github.edit("bank/payments-api", |repository| repository.protections.clear());
    assert_eq!(
        of_payments(&world, fields).await["pullRequest"]["reviewDecision"],
        Value::Null,
        "nothing is required"
    );
}

#[tokio::test]
async fn a_rollup_joins_both_systems_and_is_null_without_reports() {
    let world = World::new();
    world.github.edit("bank/payments-api", |repository| {
        let status = CommitStatus {
            id: 1,
            sha: sha(300),
            context: "scan".into(),
            state: "pending".into(),
            creator: "bob".into(),
            ..CommitStatus::default()
        };
        repository.statuses.push(status);
    });
    let fields = "a: object(expression: \"v2.13.0\") { ... on Commit { statusCheckRollup { state } } } b: object(expression: \"main\") { ... on Commit { statusCheckRollup { state contexts(first: 9) {
        totalCount nodes { __typename ... on CheckRun { name conclusion isRequired(pullRequestNumber: 8) } ... on StatusContext { context state isRequired(pullRequestNumber: 8) } } } } } }";
    let repository = of_payments(&world, fields).await;
    assert_eq!(repository["a"]["statusCheckRollup"], Value::Null);
    let rollup = &repository["b"]["statusCheckRollup"];
    assert_eq!((&rollup["state"], &rollup["contexts"]["totalCount"]), (&json!("PENDING"), &json!(2)));
    assert_eq!(
        rollup["contexts"]["nodes"][0],
        json!({ "__typename": "CheckRun", "name": "build", "conclusion": "SUCCESS", "isRequired": true })
    );
    assert_eq!(rollup["contexts"]["nodes"][1]["isRequired"], false);
}

#[tokio::test]
async fn deployments_say_here_what_state_they_are_in() {
    let repository = of_payments(
        &World::new(),
        "deployments(first: 9) { nodes { environment state latestStatus { state } commitOid } }",
    )
    .await;
    let expected = json!([
        { "environment": "staging", "state": "INACTIVE", "latestStatus": { "state": "INACTIVE" }, "commitOid": sha(300) },
        { "environment": "production", "state": "ACTIVE", "latestStatus": { "state": "SUCCESS" }, "commitOid": sha(300) },
    ]);
    assert_eq!(repository["deployments"]["nodes"], expected, "oldest first");
}

#[tokio::test]
async fn an_asset_has_no_digest_here() {
    let answer = ask(&World::new(), "{ repository(owner: \"bank\", name: \"payments-api\") { release(tagName: \"v2.14.0\") { releaseAssets(first: 1) { nodes { digest } } } } }").await;
    assert_eq!(answer.get("data"), None);
    assert_eq!(
        answer["errors"][0]["extensions"],
        json!({ "code": "undefinedField", "typeName": "ReleaseAsset", "fieldName": "digest" })
    );
}

#[tokio::test]
async fn points_run_out_with_status_200() {
    let world = World::new();
    world.github.edit_limits(|limits| limits.graphql_points_per_hour = 1);
    let first = ask(&world, "{ viewer { login } rateLimit { cost limit remaining used nodeCount resetAt } }").await;
    let expected = json!({ "cost": 1, "limit": 1, "remaining": 0, "used": 1, "nodeCount": 0, "resetAt": "2026-03-02T13:00:00Z" });
    assert_eq!((&first["data"]["viewer"]["login"], &first["data"]["rateLimit"]), (&json!("ada"), &expected));
    let over = world.post("reader", &json!({ "query": "{ viewer { login } }" })).await;
    assert_eq!((over.status.as_u16(), over.header("x-ratelimit-remaining")), (200, "0"));
    assert_eq!((&over.json()["errors"][0]["type"], over.json().get("data")), (&json!("RATE_LIMITED"), None));
}

#[tokio::test]
async fn a_query_can_be_too_dear_after_it_began() {
    let world = World::new();
    world.github.edit_limits(|limits| limits.graphql_resources = Some(4));
    let answer = ask(&world, "{ repository(owner: \"bank\", name: \"payments-api\") { a: pullRequest(number: 7) { number title } b: pullRequest(number: 8) { number title } } }").await;
    assert_eq!(answer["data"]["repository"], json!({ "a": { "number": 7, "title": "PAY-298 Do it" }, "b": null }));
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(
        (errors.len(), &errors[0]["type"], &errors[0]["path"]),
        (1, &json!("RESOURCE_LIMITS_EXCEEDED"), &json!(["repository", "b"]))
    );
}

#[tokio::test]
async fn too_many_nodes_are_refused_unread() {
    let query = "{ repository(owner: \"bank\", name: \"payments-api\") { pullRequests(first: 100) { nodes { commits(first: 100) { nodes { commit { history(first: 100) { nodes { oid } } } } } } } } }";
    let answer = ask(&World::new(), query).await;
    assert_eq!((&answer["errors"][0]["type"], answer.get("data")), (&json!("MAX_NODE_LIMIT_EXCEEDED"), None));
}

#[tokio::test]
async fn nobody_asks_anonymously() {
    let request = axum::http::Request::post("/graphql")
        .header("user-agent", "test")
        .body(axum::body::Body::from("{}"))
        .unwrap();
    assert_eq!(World::new().send(request).await.status, 401);
}

#[tokio::test]
async fn arguments_that_a_field_does_not_take_are_refused() {
    let world = World::new();
    let code = async |fields: &str| {
        let answer =
            ask(&world, &format!("{{ repository(owner: \"bank\", name: \"payments-api\") {{ {fields} }} }}")).await;
        answer["errors"][0]["extensions"]["code"].clone()
    };
    assert_eq!(code("pullRequests(first: 1, firts: 1) { totalCount }").await, "argumentNotAccepted");
    assert_eq!(code("name(first: 1)").await, "argumentNotAccepted");
    assert_eq!(code("refs(first: 1) { totalCount }").await, "missingRequiredArguments");
    assert_eq!(code("defaultBranchRef").await, "selectionMismatch");
    assert_eq!(code("pullRequests(first: 1, states: [MERGED]) { totalCount }").await, Value::Null);
}
