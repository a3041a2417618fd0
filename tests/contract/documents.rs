//! Every operation of the contract, pruned, asked of a small world: it must validate and be answered without errors.

use std::collections::BTreeSet;
use std::path::Path;

use async_graphql::parser::types::{ExecutableDocument, OperationType, TypeKind, TypeSystemDefinition};
use async_graphql::{Request, Variables};
use serde_json::json;

use super::pruning::{Known, Pruning};
use super::schema::folder;
use crate::graphql::small_bank;

fn pending() -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder().join("operations/pending.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let entry = words.next().unwrap().to_owned();
            assert!(words.next().is_some(), "{entry} does not say which capability brings it");
            entry
        })
        .collect()
}

fn operations() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder().join("operations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .map(|path| (name_of(&path), std::fs::read_to_string(&path).unwrap()))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// Name, text and pruned document of each operation that has anything left to ask.
pub(crate) fn answerable() -> Vec<(String, String, ExecutableDocument)> {
    let known = Known::read(&interlock::graphql::sdl());
    let pending = pending();
    let mut pruning = Pruning { known: &known, pending: &pending, used: BTreeSet::new() };
    let parsed = operations().into_iter().filter_map(|(name, text)| {
        let document = async_graphql::parser::parse_query(&text).unwrap();
        Some((name, text, pruning.prune(document)?))
    });
    parsed.collect()
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn variables(operation: &str) -> serde_json::Value {
    match operation {
        "portal-release-page" => json!({ "key": "payments-api@2.14.0", "target": { "environment": "production" } }),
        "bot-next" => json!({ "key": "payments-api@2.14.0", "target": { "environment": "production" } }),
        "portal-calendar" => json!({ "from": "2026-06-01T00:00:00Z", "to": "2026-07-01T00:00:00Z" }),
        "bot-trace" => json!({ "of": { "workItem": "PAY-7" } }),
        "portal-release-list" => json!({
            "filter": { "services": ["payments-api"], "hasOpenIncident": false },
            "orderBy": [{ "by": "WINDOW_START", "direction": "DESC" }],
            "first": 10,
        }),
        "bot-sequence" => json!({ "input": {
            "releases": ["payments-api@2.14.0"],
            "target": { "environment": "production" },
            "from": "2026-06-15T12:00:00Z",
            "to": "2026-06-22T12:00:00Z",
        } }),
        "portal-running" => json!({ "service": "payments-api" }),
        _ => json!({}),
    }
}

#[tokio::test]
async fn every_operation_validates_and_is_answered() {
    let known = Known::read(&interlock::graphql::sdl());
    let pending = pending();
    let mut pruning = Pruning { known: &known, pending: &pending, used: BTreeSet::new() };
    let bank = small_bank().await;
    let mut answered = 0;
    for (name, text) in operations() {
        let document = async_graphql::parser::parse_query(&text).unwrap();
        let Some(document) = pruning.prune(document) else { continue };
        assert!(document.operations.iter().all(|(_, operation)| operation.node.ty == OperationType::Query));
        let mut request = Request::new(text).variables(Variables::from_json(variables(&name)));
        request.set_parsed_query(document);
        let response = bank.execute(request).await;
        assert!(response.errors.is_empty(), "{name}: {:?}", response.errors);
        answered += 1;
    }
    assert!(answered >= 7, "only {answered} operations have anything left to ask");
    let fields = pending.iter().filter(|entry| {
        let root = entry.split('.').next().unwrap();
        entry.contains('.') && !root.ends_with("Filter") && !root.ends_with("OrderBy")
    });
    let unused: Vec<_> = fields.filter(|entry| !pruning.used.contains(*entry)).collect();
    assert!(unused.is_empty(), "no operation asks for these pending fields: {unused:?}");
}

#[test]
fn what_is_pending_does_not_exist_yet() {
    let known = Known::read(&interlock::graphql::sdl());
    let built: Vec<_> = pending().into_iter().filter(|entry| known.has(entry)).collect();
    assert!(built.is_empty(), "built, so no longer pending: {built:?}");
}

#[test]
fn the_inputs_are_as_the_contract_writes_them() {
    let sdl = interlock::graphql::sdl();
    let known = Known::read(&sdl);
    let pending = pending();
    let text = std::fs::read_to_string(folder().join("operations/inputs.graphqls")).unwrap();
    let mut wrong = Vec::new();
    for definition in async_graphql::parser::parse_schema(&text).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        if pending.contains(&name) {
            continue;
        }
        let parts: Vec<(String, Option<String>)> = match &definition.node.kind {
            TypeKind::InputObject(input) => {
                let part = |f: &async_graphql::Positioned<async_graphql::parser::types::InputValueDefinition>| {
                    (f.node.name.node.to_string(), Some(f.node.ty.node.to_string()))
                };
                input.fields.iter().map(part).collect()
            }
            TypeKind::Enum(words) => words.values.iter().map(|v| (v.node.value.node.to_string(), None)).collect(),
            _ => Vec::new(),
        };
        for (part, expected) in parts {
            let entry = format!("{name}.{part}");
            let own = known.parts.get(&name).and_then(|own| own.get(&part));
            let same = own.is_some_and(|own| own.as_ref().map(ToString::to_string) == expected);
            if !same && !pending.contains(&entry) {
                wrong.push(entry);
            }
        }
    }
    assert!(wrong.is_empty(), "not as in inputs.graphqls: {wrong:?}");
}

#[test]
fn the_copies_are_the_contract_s() {
    let Some(shared) = std::env::var_os("INTERLOCK_SHARED") else { return };
    let shared = Path::new(&shared).join("contract/operations");
    for entry in std::fs::read_dir(&shared).unwrap() {
        let path = entry.unwrap().path();
        let copy = folder().join("operations").join(path.file_name().unwrap());
        let same = std::fs::read(&path).unwrap() == std::fs::read(&copy).unwrap_or_default();
        assert!(same, "{} has drifted from the contract", copy.display());
    }
}
