//! What is asked: a release's page, and a page of the list of releases, each with other variables every time.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::baselines::Answers;
use crate::client::{Connection, Question};
use crate::servers::Server;

const PAGE: &str = "query Page($key: String!) { release(key: $key) {
    id key version name status certain
    service { key name kind tier tags }
    windows { start end }
    changes(first: 20) { totalCount edges {
        link { origin rule confidence evidence { kind summary } }
        node { id number state shortDescription window { start end }
            approvals(first: 20) { edges { node { state via approver { name } decidedAt } } } }
    } }
    workItems(first: 50) { totalCount edges {
        link { origin rule confidence evidence { kind summary } } node { key summary state } } }
    pullRequests(first: 50) { totalCount edges { node { number title mergedAt } } }
    sources { connector recordId url fetchedAt stale }
} }";

const LIST: &str = "query List($first: Int!, $after: String) { releases(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { cursor node {
        key status certain service { key tier } windows { start end } changeCount openIncidentCount
    } }
} }";

const ROWS: u64 = 50;
const PAGES: usize = 300;

/// All that may be asked.
pub(crate) struct Questions {
    keys: Arc<Vec<String>>,
    cursors: Arc<Vec<String>>,
}

/// Which of the two operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Page,
    List,
}

impl Operation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Page => "release page",
            Operation::List => "list of 50",
        }
    }
}

impl Questions {
    /// Walks the list and reads pages, so that baselines can be given the same answers.
    pub(crate) async fn learn(gateway: &Server) -> Result<(Self, Answers)> {
        let mut connection = Connection::open(gateway.address).await?;
        let (mut edges, mut after) = (Vec::new(), Value::Null);
        loop {
            let body = json!({ "query": LIST, "variables": { "first": 100, "after": after } }).to_string();
            let mut told = data(connection.ask(&body).await?)?;
            let releases = &mut told["releases"];
            edges.append(releases["edges"].as_array_mut().context("edges")?);
            after = releases["pageInfo"]["endCursor"].take();
            if releases["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
        let keys: Vec<String> =
            edges.iter().filter_map(|edge| edge["node"]["key"].as_str().map(str::to_owned)).collect();
        let keys: Vec<String> = keys.iter().step_by((keys.len() / PAGES).max(1)).cloned().collect();
        let mut pages = HashMap::new();
        for key in &keys {
            let body = json!({ "query": PAGE, "variables": { "key": key } }).to_string();
            let release = data(connection.ask(&body).await?)?["release"].take();
            pages.insert(key.clone(), serde_json::from_value(release)?);
        }
        let cursor = |edge: &Value| edge["cursor"].as_str().map(str::to_owned);
        let cursors = edges.iter().rev().skip(ROWS as usize + 1).filter_map(cursor).collect();
        let edges = edges.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?;
        Ok((Self { keys: keys.into(), cursors: Arc::new(cursors) }, Answers { pages, edges }))
    }

    /// The same operation with other variables each time. A variable that the operation does not know makes each
    /// question one that was never asked before, however few releases there are.
    pub(crate) fn distinct(&self, operation: Operation) -> Question {
        let (keys, cursors) = (self.keys.clone(), self.cursors.clone());
        Arc::new(move |number| {
            let of = |all: &[String]| {
                // A large odd stride, so that neighbours in time are no neighbours in the list.
                let place = (number.wrapping_mul(7_919) % all.len().max(1) as u64) as usize;
                all.get(place).cloned().unwrap_or_default()
            };
            let (query, variables) = match operation {
                Operation::Page => (PAGE, json!({ "key": of(&keys), "asked": number })),
                Operation::List => (LIST, json!({ "first": ROWS, "after": of(&cursors), "asked": number })),
            };
            json!({ "query": query, "variables": variables }).to_string()
        })
    }

    /// The same question each time.
    pub(crate) fn identical(&self, operation: Operation) -> Question {
        let only = self.distinct(operation)(1);
        Arc::new(move |_| only.clone())
    }

    /// What is compared must be alike: all servers answer with the same data.
    pub(crate) async fn check_alike(&self, servers: &[&Server]) -> Result<()> {
        for question in [self.distinct(Operation::Page), self.distinct(Operation::List)] {
            for number in [1, 2, 3] {
                let mut expected: Option<Value> = None;
                for server in servers {
                    let mut connection = Connection::open(server.address).await?;
                    let mut told = data(connection.ask(&question(number)).await?)?;
                    forget_reading_times(&mut told);
                    let first = expected.get_or_insert_with(|| told.clone());
                    ensure!(*first == told, "{} answers otherwise: {told} and not {first}", server.name);
                }
            }
        }
        Ok(())
    }
}

fn data(answer: &[u8]) -> Result<Value> {
    let mut told: Value = serde_json::from_slice(answer)?;
    ensure!(told.get("errors").is_none(), "an answer with errors: {}", told["errors"]);
    Ok(told["data"].take())
}

/// Two gateways read at different moments.
fn forget_reading_times(told: &mut Value) {
    match told {
        Value::Object(fields) => {
            fields.remove("fetchedAt");
            fields.values_mut().for_each(forget_reading_times);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_reading_times),
        _ => {}
    }
}
