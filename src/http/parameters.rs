//! The four parameters of a GraphQL request, read from a JSON body or a query string and checked for type.
//! A wrong type is told, never coerced; unknown names are ignored, as the specification asks.

use async_graphql::Variables;
use serde::Deserialize;
use serde_json::Value as Json;

use super::problem::Problem;

#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Variables,
}

pub(super) fn from_body(body: &[u8]) -> Result<Parameters, Problem> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Problem::malformed("Batches are not supported: send one operation per request."));
    }
    let written: Written = serde_json::from_slice(body).map_err(|error| {
        Problem::malformed(format!("The body is not a JSON object with GraphQL parameters: {error}."))
    })?;
    written.check()
}

/// `variables` and `extensions` are JSON texts here; an empty value counts as left out.
pub(super) fn from_query_string(query: &str) -> Result<Parameters, Problem> {
    let mut written = Written::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let slot = match name.as_ref() {
            "query" => &mut written.query,
            "operationName" => &mut written.operation_name,
            "variables" => &mut written.variables,
            "extensions" => &mut written.extensions,
            _ => continue,
        };
        if slot.is_some() {
            return Err(Problem::malformed(format!("`{name}` is given twice.")));
        }
        *slot = match name.as_ref() {
            _ if value.is_empty() => None,
            "variables" | "extensions" => Some(
                serde_json::from_str(&value)
                    .map_err(|error| Problem::malformed(format!("`{name}` must be a JSON object: {error}.")))?,
            ),
            _ => Some(Json::String(value.into_owned())),
        };
    }
    written.check()
}

/// As written: any JSON may stand where a string or an object belongs.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Written {
    query: Option<Json>,
    operation_name: Option<Json>,
    variables: Option<Json>,
    extensions: Option<Json>,
}

impl Written {
    fn check(self) -> Result<Parameters, Problem> {
        let query = match self.query {
            Some(Json::String(text)) if !text.trim().is_empty() => text,
            None | Some(Json::Null | Json::String(_)) => {
                return Err(Problem::malformed("The parameter `query` is missing."));
            }
            Some(_) => return Err(wrong_type("query", "a string")),
        };
        let operation_name = match self.operation_name {
            None | Some(Json::Null) => None,
            Some(Json::String(name)) => Some(name),
            Some(_) => return Err(wrong_type("operationName", "a string or null")),
        };
        let variables = match self.variables {
            None | Some(Json::Null) => Variables::default(),
            Some(map @ Json::Object(_)) => Variables::from_json(map),
            Some(_) => return Err(wrong_type("variables", "an object or null")),
        };
        // Nothing reads `extensions` today; a wrong type is still the client's mistake.
        match self.extensions {
            None | Some(Json::Null | Json::Object(_)) => {}
            Some(_) => return Err(wrong_type("extensions", "an object or null")),
        }
        Ok(Parameters { query, operation_name, variables })
    }
}

fn wrong_type(parameter: &str, expected: &str) -> Problem {
    Problem::malformed(format!("The parameter `{parameter}` must be {expected}."))
}
