//! GraphQL requests for many things at once. GitHub tells errors with status 200 and a path: one missing thing must
//! not fail its neighbours, and a request that was too much is split.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::Client;
use crate::error::{ConnectorError, FailureKind};
use crate::resilience::{Idempotency, Request};

/// Many things under aliases, asked for together.
pub(super) struct Batch<'a> {
    /// What is asked, as a fixed name.
    pub(super) operation: &'static str,
    /// The document before the aliases.
    pub(super) head: &'a str,
    /// The document after the aliases: closing braces and fragments.
    pub(super) tail: &'a str,
    /// Fields above the aliases, for example `["repository"]`.
    pub(super) at: &'static [&'static str],
    /// Values of the variables.
    pub(super) variables: Value,
    /// Most things in one request.
    pub(super) most: usize,
}

/// What each alias answered: a value, nothing of that name, or a failure.
pub(super) type Answers = BTreeMap<String, Result<Option<Value>, ConnectorError>>;

/// A text as a literal of a document: GraphQL escapes strings as JSON does.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[derive(Deserialize)]
struct GraphAnswer {
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<GraphError>,
}

#[derive(Deserialize)]
struct GraphError {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    path: Option<Vec<Value>>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: Option<Value>,
}

impl GraphError {
    fn word(&self) -> &str {
        let code = self.extensions.as_ref().and_then(|more| more.get("code")).and_then(Value::as_str);
        self.kind.as_deref().or(code).unwrap_or_default()
    }

    /// Was the request too much for GitHub? Its own timeouts have no type, only a sentence.
    fn is_too_much(&self) -> bool {
        matches!(self.word(), "RESOURCE_LIMITS_EXCEEDED" | "MAX_NODE_LIMIT_EXCEEDED")
            || self.message.starts_with("Something went wrong while executing your query")
            || self.message.contains("timedout")
    }

    fn is_not_found(&self) -> bool {
        self.word() == "NOT_FOUND"
    }

    fn failure(&self) -> (FailureKind, &'static str) {
        match self.word() {
            "NOT_FOUND" => (FailureKind::Denied, "it does not exist, or is hidden from us"),
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => (FailureKind::Denied, "the token may not read it"),
            "RATE_LIMITED" => (FailureKind::RateLimited { retry_after: None }, "the GraphQL limit is used up"),
            _ if self.is_too_much() => (FailureKind::TooLarge, "it was too much for one GraphQL request"),
            _ => (FailureKind::Rejected { status: 200 }, "the GraphQL answer tells an error"),
        }
    }

    /// Does the error concern what stands at this path?
    fn concerns(&self, at: &[&str], alias: &str) -> bool {
        let Some(path) = &self.path else { return true };
        let asked = at.iter().copied().chain([alias]);
        path.iter().zip(asked).all(|(told, asked)| told.as_str() == Some(asked))
    }

    fn ends_at(&self, at: &[&str]) -> bool {
        self.path.as_ref().is_some_and(|path| path.len() == at.len() + 1)
    }
}

impl Client {
    /// One document, read as a whole: any error fails it.
    pub(super) async fn ask(
        &self,
        operation: &'static str,
        document: &str,
        variables: &Value,
    ) -> Result<Value, ConnectorError> {
        let answer = self.post(operation, document, variables).await?;
        if let Some(error) = answer.errors.first() {
            let (kind, because) = error.failure();
            return Err(self.failed(operation, kind, because));
        }
        answer.data.ok_or_else(|| self.failed(operation, FailureKind::Malformed, "the GraphQL answer has no data"))
    }

    /// All items of a batch, in as many requests as needed. `items` are aliases with their selections.
    pub(super) async fn batch(&self, batch: &Batch<'_>, items: &[(String, String)]) -> Answers {
        let mut answers = Answers::new();
        let mut waiting: Vec<&[(String, String)]> = items.chunks(batch.most.max(1)).rev().collect();
        while let Some(chunk) = waiting.pop() {
            let selections: String =
                chunk.iter().map(|(alias, selection)| format!("{alias}: {selection}\n")).collect();
            let document = format!("{}\n{selections}{}", batch.head, batch.tail);
            let answer = match self.post(batch.operation, &document, &batch.variables).await {
                Ok(answer) => answer,
                Err(error) => {
                    answers.extend(chunk.iter().map(|(alias, _)| (alias.clone(), Err(error.clone()))));
                    continue;
                }
            };
            let too_much = answer.errors.iter().any(GraphError::is_too_much);
            if too_much && chunk.len() > 1 {
                let (first, second) = chunk.split_at(chunk.len() / 2);
                waiting.extend([second, first]);
                continue;
            }
            self.sort_out(batch, chunk, &answer, &mut answers);
        }
        answers
    }

    #[expect(clippy::too_many_arguments, reason = "one answer with what was asked")]
    fn sort_out(&self, batch: &Batch<'_>, chunk: &[(String, String)], answer: &GraphAnswer, answers: &mut Answers) {
        let place = batch.at.iter().try_fold(answer.data.as_ref(), |place, field| Some(place?.get(*field)));
        let found = place.flatten().and_then(Value::as_object);
        for (alias, _) in chunk {
            answers.insert(alias.clone(), self.one(batch, alias, answer, found));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one alias of one answer")]
    fn one(
        &self,
        batch: &Batch<'_>,
        alias: &str,
        answer: &GraphAnswer,
        found: Option<&Map<String, Value>>,
    ) -> Result<Option<Value>, ConnectorError> {
        let value = found.and_then(|found| found.get(alias)).filter(|value| !value.is_null());
        let error = answer.errors.iter().find(|error| error.concerns(batch.at, alias));
        match (value, error) {
            (None, Some(error)) if error.is_not_found() && error.ends_at(batch.at) => Ok(None),
            (_, Some(error)) => {
                let (kind, because) = error.failure();
                Err(self.failed(batch.operation, kind, because))
            }
            (Some(value), None) => Ok(Some(value.clone())),
            (None, None) if found.is_some() => Ok(None),
            (None, None) => {
                Err(self.failed(batch.operation, FailureKind::Malformed, "the GraphQL answer has no data"))
            }
        }
    }

    async fn post(
        &self,
        operation: &'static str,
        document: &str,
        variables: &Value,
    ) -> Result<GraphAnswer, ConnectorError> {
        let request = Request::new(operation, Method::POST, &self.options.graphql_path, Idempotency::Read)
            .json(&json!({ "query": document, "variables": variables }));
        let answer = self.upstream.send(request).await?;
        let Some(answer) = answer.found() else {
            return Err(self.hidden(operation));
        };
        let told: GraphAnswer = self.upstream.decode(operation, &answer)?;
        if told.data.is_none() && told.errors.is_empty() {
            return Err(self.failed(operation, FailureKind::Malformed, "the GraphQL answer has no data"));
        }
        Ok(told)
    }
}
