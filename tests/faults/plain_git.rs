//! Plain Git has no server to kill: one of its repositories is gone, corrupted or locked, and the others are not.

use std::fs;
use std::path::Path;

use async_graphql::Response;
use interlock::federation::Extent;
use serde_json::Value;

use super::world::{Federated, Stage, World};

const QUESTION: &str = r#"{
    connectors { id health gaps { code } }
    broken: release(key: "data-lake@0.9.0") { ...C }
    whole: release(key: "statement-batch@2.0.0") { ...C }
}
fragment C on Release { commits(first: 50) { totalCount gaps { code connector } edges { node { sha } } } }"#;

/// What happens to the repository, and the code by which it is told; nothing is told where it can still be read.
const FAULTS: [(&str, Option<&str>); 3] =
    [("gone", Some("SOURCE_UNAVAILABLE")), ("corrupted", Some("SOURCE_MALFORMED")), ("locked", None)];

/// One repository in all its faults: what was held stays, what never was is missing, the others are as they were.
pub(super) async fn repositories_fail_one_by_one(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let repositories = world.plain_repositories();
    let broken =
        repositories.iter().find(|repository| repository.name.ends_with("data-lake")).expect("a repository");
    assert!(repositories.len() > 1, "{repositories:?}");
    let git = ["git".to_owned()];
    let held = world.federate(Stage::Replay);
    held.ask(&git, Stage::Real);
    held.federation.gather(Extent::Sweep).await;
    let healthy = data(&held.answer(QUESTION).await);
    for list in ["broken", "whole"] {
        assert!(commits(&healthy, list).is_some_and(|found| !found.is_empty()), "{healthy}");
    }
    for (name, code) in FAULTS {
        let mut note = |what: String| wrong.push(format!("plain Git {name}: {what}"));
        let saved = harm(&broken.path, name);
        held.federation.gather(Extent::Changes).await;
        let stale = held.answer(QUESTION).await;
        let dark = world.federate(Stage::Replay);
        dark.ask(&git, Stage::Real);
        dark.federation.gather(Extent::Sweep).await;
        let unknown = dark.answer(QUESTION).await;
        heal(&broken.path, name, saved);
        for (when, response) in [("held", &stale), ("never read", &unknown)] {
            let told = data(response);
            let health = if code.is_some() { "DEGRADED" } else { "HEALTHY" };
            if health_of(&told) != health {
                note(format!("{when}: it is {} and not {health}", health_of(&told)));
            }
            if commits(&told, "whole") != commits(&healthy, "whole") {
                note(format!("{when}: the other repository's commits differ"));
            }
            if code.is_some()
                && (codes(&told, "whole") != code || !told["whole"]["commits"]["totalCount"].is_null())
            {
                note(format!("{when}: the other's commits are told as complete: {}", told["whole"]));
            }
        }
        if commits(&data(&stale), "broken") != commits(&healthy, "broken") || !stale.errors.is_empty() {
            note(format!("what was held is gone: {:?}", stale.errors));
        }
        let told = data(&unknown);
        let is_told = match commits(&told, "broken") {
            Some(rows) => code.is_none() || (rows.is_empty() && codes(&told, "broken") == code),
            None => code.is_some() && unknown.errors.len() == 1,
        };
        if !is_told && !told["broken"].is_null() {
            note(format!("nobody is told that commits are missing: {} {:?}", told["broken"], unknown.errors));
        }
        healed(&held, &healthy, &mut note).await;
    }
    wrong
}

async fn healed(held: &Federated, healthy: &Value, note: &mut impl FnMut(String)) {
    held.federation.gather(Extent::Changes).await;
    let answer = held.answer(QUESTION).await;
    if data(&answer) != *healthy || !answer.errors.is_empty() {
        note(format!("it does not recover: {} {:?}", answer.data, answer.errors));
    }
}

/// What a repository is healed with.
fn harm(path: &Path, fault: &str) -> Vec<u8> {
    let refs = path.join("packed-refs");
    let saved = fs::read(&refs).expect("its refs");
    match fault {
        "gone" => fs::rename(path, path.with_extension("away")).expect("moved"),
        "corrupted" => fs::write(&refs, b"\xff\xfe no refs at all\nrefs").expect("written"),
        _ => ["packed-refs.lock", "HEAD.lock", "index.lock"]
            .iter()
            .for_each(|lock| fs::write(path.join(lock), b"").expect("written")),
    }
    saved
}

fn heal(path: &Path, fault: &str, saved: Vec<u8>) {
    match fault {
        "gone" => fs::rename(path.with_extension("away"), path).expect("moved"),
        "corrupted" => fs::write(path.join("packed-refs"), saved).expect("written"),
        _ => ["packed-refs.lock", "HEAD.lock", "index.lock"]
            .iter()
            .for_each(|lock| fs::remove_file(path.join(lock)).expect("removed")),
    }
}

fn data(response: &Response) -> Value {
    response.data.clone().into_json().expect("JSON")
}

fn health_of(told: &Value) -> &str {
    let all = told["connectors"].as_array().expect("connectors");
    all.iter().find(|one| one["id"] == "git").and_then(|one| one["health"].as_str()).expect("plain Git")
}

fn commits(told: &Value, of: &str) -> Option<Vec<Value>> {
    told[of]["commits"]["edges"].as_array().cloned()
}

/// The code of the gap that plain Git left in a list.
fn codes<'a>(told: &'a Value, of: &str) -> Option<&'a str> {
    let gaps = told[of]["commits"]["gaps"].as_array()?;
    gaps.iter().find(|gap| gap["connector"] == "git").and_then(|gap| gap["code"].as_str())
}
