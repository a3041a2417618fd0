//! GraphQL v4 as far as clients of release data use it: reading, by name or by node id.
//! Introspection, mutations and validation of arguments are left out; a field that is not here is an error, as on GitHub.

mod accepted;
mod commits;
mod connection;
mod delivery;
mod execute;
mod literal;
mod object;
mod people;
mod pulls;
mod repository;
mod root;
mod weight;
mod workflow;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Github;
use super::call::{Call, Refusal, Reply};
use super::gate::{over_limit, with_standing};
use super::meter::{Charge, Resource, Verdict};

use execute::{Context, Execution};

pub(super) fn routes(github: &Github) -> Router {
    Router::new().route("/graphql", post(answer)).with_state(github.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    #[serde(default)]
    operation_name: Option<String>,
}

async fn answer(State(github): State<Github>, call: Call, body: Bytes) -> Response {
    let Some(token) = &call.caller.token else {
        return Refusal::RequiresAuthentication.into_response();
    };
    let asked: Asked = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(_) => {
            return Reply::json(json!({ "message": "Problems parsing JSON" }))
                .with_status(StatusCode::BAD_REQUEST)
                .into_response();
        }
    };
    let document = match async_graphql_parser::parse_query(&asked.query) {
        Ok(document) => document,
        Err(error) => {
            return Reply::json(json!({ "errors": [{ "message": format!("Parse error: {error}") }] }))
                .into_response();
        }
    };
    let variables = asked.variables.unwrap_or_default();
    let limits = github.limits();
    let weight = weight::weigh(&document, asked.operation_name.as_deref(), &variables);
    if weight.nodes > limits.graphql_nodes {
        let message = format!(
            "This query requests up to {} possible nodes which exceeds the maximum limit of {}.",
            weight.nodes, limits.graphql_nodes
        );
        return Reply::json(json!({ "errors": [{ "type": "MAX_NODE_LIMIT_EXCEEDED", "message": message }] }))
            .into_response();
    }
    let account = Some(token.login.clone());
    let charge = Charge { resource: Resource::Graphql, points: weight.cost(), now: call.now };
    let mut standing = None;
    if limits.enabled {
        let verdict = github.meters().charge(&account, charge, &limits);
        match verdict {
            Verdict::Served(count) => standing = Some(count),
            // Unlike REST, an hour used up is told with status 200.
            Verdict::Primary(count) => {
                let error = json!({ "type": "RATE_LIMITED", "code": "graphql_rate_limit", "message": format!("API rate limit already exceeded for {}.", token.login) });
                return with_standing(Reply::json(json!({ "errors": [error] })).into_response(), Some(count));
            }
            secondary @ Verdict::Secondary(..) => {
                return over_limit(secondary, &account, limits.over_limit_status);
            }
        }
    }
    let store = github.read();
    let context = Context { store: &store, call: &call, shape: call.shape(), standing, weight };
    let execution = Execution::new(context, &document, variables, limits.graphql_resources);
    with_standing(Reply::json(execution.run(asked.operation_name.as_deref())).into_response(), standing)
}
