//! Each system of the demonstration bank fails in each way: every operation of the contract is still answered, exactly
//! the fields of that system are stale or dark, and all is well again without a restart.

mod budget;
mod plain_git;
mod systems;
mod world;

use std::collections::BTreeMap;

use async_graphql::Response;
use interlock::federation::Extent;
use serde_json::Value;
use simulators::faults::{Effect, Fault};

use systems::System;
use world::{Answers, Stage, World};

/// A fault, and the code by which it is told.
fn faults() -> [(&'static str, Effect, &'static str); 5] {
    let unavailable = Effect::Status { status: 503, headers: BTreeMap::new(), body: String::new() };
    [
        ("killed", Effect::Refuse, "SOURCE_UNAVAILABLE"),
        ("slow", Effect::DelayHeaders { milliseconds: 60_000 }, "SOURCE_TIMED_OUT"),
        ("rate-limited", Effect::TooManyRequests { retry_after_seconds: Some(600) }, "SOURCE_RATE_LIMITED"),
        ("nonsense", Effect::Html, "SOURCE_MALFORMED"),
        ("unavailable", unavailable, "SOURCE_UNAVAILABLE"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bank_costs_little_and_a_failing_system_darkens_its_own_fields_alone() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let world = World::read().await;
    let mut over_budget = budget::unchanged_refreshes(&world).await;
    over_budget.extend(budget::answers_cost_little(&world).await);
    over_budget.extend(plain_git::repositories_fail_one_by_one(&world).await);
    let healthy = world.base().answers().await;
    for (operation, response) in &healthy {
        assert_eq!(response.errors, [], "{operation}");
    }
    let checks = world.table.systems.iter().map(|system| check(&world, system, &healthy));
    let wrong = futures::future::join_all(checks).await.into_iter().flatten();
    let wrong: Vec<String> = over_budget.into_iter().chain(wrong).collect();
    assert!(wrong.is_empty(), "{} expectations failed:\n{}", wrong.len(), wrong.join("\n"));
}

/// One system in all its faults, one after the other.
async fn check(world: &World, system: &System, healthy: &Answers) -> Vec<String> {
    let mut wrong = Vec::new();
    let about = world.table.words("not compared");
    let held = world.federate(Stage::Replay);
    held.federation.gather(Extent::Sweep).await;
    for (name, effect, code) in faults() {
        let stage = if name == "slow" { Stage::Hurried } else { Stage::Real };
        held.ask(&system.connectors, stage);
        let mut note = |what: String| wrong.push(format!("{} {name}: {what}", system.server));
        world.server(&system.server).faults.set(Fault::on("/", effect));
        held.federation.gather(Extent::Changes).await;
        let stale = held.answers().await;
        let dark = world.federate(Stage::Replay);
        dark.ask(&system.connectors, stage);
        dark.federation.gather(Extent::Sweep).await;
        let unknown = dark.answers().await;
        world.server(&system.server).faults.clear();
        held.ask(&system.connectors, Stage::Real);
        held.federation.gather(Extent::Changes).await;
        let healed = held.answers().await;
        check_stale((system, code, &about), (healthy, &stale), &mut note);
        check_dark((system, code), (healthy, &unknown), &mut note);
        for (operation, response) in &healed {
            let (expected, found) = (essence(&data(&healthy[operation]), &about), essence(&data(response), &about));
            if !response.errors.is_empty() || (expected != found && operation != "portal-connectors") {
                note(format!(
                    "{operation} does not recover: {:?} {}",
                    response.errors,
                    first_difference(&expected, &found)
                ));
            }
        }
    }
    wrong
}

/// What was held is still shown, and everything of the failing system says that it is old.
fn check_stale(
    (system, code, about): (&System, &str, &[String]),
    (healthy, stale): (&Answers, &Answers),
    note: &mut impl FnMut(String),
) {
    for (operation, response) in stale {
        let (expected, found) = (data(&healthy[operation]), data(response));
        if !response.errors.is_empty() {
            note(format!("{operation}: what is held needs no error: {:?}", response.errors));
        }
        let (before, now) = (essence(&expected, about), essence(&found, about));
        if operation != "portal-connectors" && before != now {
            note(format!("{operation}: {}", first_difference(&before, &now)));
        }
        each_object(&found, &mut |object| {
            let connector = object.get("connector").and_then(Value::as_str);
            let is_its_own = connector.is_some_and(|id| system.connectors.iter().any(|own| own == id));
            if let Some(Value::Bool(is_stale)) = object.get("stale")
                && *is_stale != is_its_own
            {
                note(format!("{operation}: {connector:?} is stale: {is_stale}"));
            }
            if let (Some(found), true) = (object.get("code").and_then(Value::as_str), object.contains_key("since"))
                && found != "SOURCE_NOT_CONFIGURED"
                && (found != code || !is_its_own)
            {
                note(format!("{operation}: a gap {found} of {connector:?}"));
            }
        });
    }
    for field in &system.lists {
        let page = data(&stale["portal-release-page"]);
        let gaps = page["release"][field]["gaps"].as_array().map_or(0, Vec::len);
        if gaps == 0 {
            note(format!("{field} does not say that it is old"));
        }
    }
}

/// What was never read is null, and told by one error for each connector; all else is there.
fn check_dark(
    (system, code): (&System, &str),
    (healthy, dark): (&Answers, &Answers),
    note: &mut impl FnMut(String),
) {
    for (operation, response) in dark {
        let mut told: Vec<(String, String)> = Vec::new();
        for error in &response.errors {
            let of = |name: &str| match error.extensions.as_ref().and_then(|all| all.get(name)) {
                Some(async_graphql::Value::String(text)) => text.clone(),
                _ => String::new(),
            };
            told.push((of("connector"), of("code")));
        }
        let is_own = |(connector, found): &(String, String)| system.connectors.contains(connector) && found == code;
        let mut once = told.clone();
        once.sort();
        once.dedup();
        if once.len() < told.len() || !told.iter().all(is_own) {
            note(format!("{operation}: errors {told:?}"));
        }
    }
    let (expected, found) = (data(&healthy["portal-release-page"]), data(&dark["portal-release-page"]));
    for field in systems::LISTS {
        let (expected, found) = (&expected["release"][field], &found["release"][field]);
        let is_in = |lists: &[String]| lists.iter().any(|list| list == field);
        let is_dark = is_in(&system.lists) && !is_in(&system.also_told);
        if is_dark != found.is_null() {
            note(format!("{field} is {}", if is_dark { "not null" } else { "null" }));
        }
        if is_in(&system.also_told) {
            let gaps = found["gaps"].as_array().map(Vec::as_slice).unwrap_or_default();
            let own = |gap: &&Value| {
                gap["code"] == code && system.connectors.iter().any(|id| gap["connector"] == id.as_str())
            };
            if !gaps.iter().any(|gap| own(&gap)) {
                note(format!("{field} does not say what is missing: {gaps:?}"));
            }
        }
        let others = !is_in(&system.lists) && !is_in(&system.thinner);
        if others && names(expected) != names(found) {
            note(format!("{field}: {:?} instead of {:?}", names(found), names(expected)));
        }
    }
}

fn data(response: &Response) -> Value {
    response.data.clone().into_json().expect("JSON")
}

/// An answer without what tells how old, how complete and how sure it is.
fn essence(value: &Value, about: &[String]) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !about.contains(name));
            Value::Object(kept.map(|(name, value)| (name.clone(), essence(value, about))).collect())
        }
        Value::Array(items) => items.iter().map(|item| essence(item, about)).collect(),
        other => other.clone(),
    }
}

fn each_object(value: &Value, see: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            see(fields);
            fields.values().for_each(|value| each_object(value, see));
        }
        Value::Array(items) => items.iter().for_each(|value| each_object(value, see)),
        _ => {}
    }
}

/// What a list's rows go by.
fn names(list: &Value) -> Vec<String> {
    let name = |edge: &Value| {
        let node = &edge["node"];
        ["key", "number", "digest", "startedAt"].iter().find_map(|field| Some(node.get(field)?.to_string()))
    };
    list["edges"].as_array().into_iter().flatten().filter_map(name).collect()
}

fn first_difference(expected: &Value, found: &Value) -> String {
    match (expected, found) {
        (Value::Object(one), Value::Object(other)) => {
            let differs = one.iter().find(|(name, value)| other.get(*name) != Some(value));
            differs.map_or_else(String::new, |(name, value)| {
                format!(".{name}{}", first_difference(value, other.get(name).unwrap_or(&Value::Null)))
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let differs = one.iter().zip(other).enumerate().find(|(_, (one, other))| one != other);
            differs.map_or_else(String::new, |(at, (one, other))| format!("[{at}]{}", first_difference(one, other)))
        }
        (one, other) => format!(": {other} instead of {one}"),
    }
}
