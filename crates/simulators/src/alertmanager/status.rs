//! What the server says of itself, and its receivers.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::Json;
use axum::extract::State as Shared;
use serde_json::{Value, json};

use super::Alertmanager;
use super::answer::{Answer, moment};
use super::content::{Content, Matcher};

pub(super) async fn status(Shared(server): Shared<Alertmanager>) -> Answer {
    let state = server.state();
    Ok(Json(json!({
        "cluster": { "peers": [], "status": "disabled" },
        "config": { "original": configuration(&state.content) },
        "uptime": moment(state.started),
        "versionInfo": {
            "branch": "HEAD",
            "buildDate": "20250115-14:16:07",
            "buildUser": "simulator",
            "goVersion": "go1.23.4",
            "revision": "simulated",
            "version": "0.28.0",
        },
    })))
}

pub(super) async fn receivers(Shared(server): Shared<Alertmanager>) -> Answer {
    let state = server.state();
    let named: Vec<Value> = names(&state.content).into_iter().map(|name| json!({ "name": name })).collect();
    Ok(Json(Value::Array(named)))
}

pub(super) async fn healthy() -> &'static str {
    "OK"
}

fn names(content: &Content) -> BTreeSet<&str> {
    let routed = content.routes.iter().map(|route| route.receiver.as_str());
    routed.chain([content.default_receiver.as_str()]).collect()
}

/// The configuration file that would lead to this content.
fn configuration(content: &Content) -> String {
    let mut text = String::from("global:\n  resolve_timeout: 5m\n");
    let mut line = |indent: usize, words: String| {
        // Writing to a string cannot fail.
        writeln!(text, "{:indent$}{words}", "").unwrap_or_default();
    };
    line(0, "route:".to_owned());
    line(2, format!("receiver: {}", content.default_receiver));
    line(2, format!("group_by: [{}]", content.group_by.join(", ")));
    line(2, "routes:".to_owned());
    for route in &content.routes {
        line(2, format!("- receiver: {}", route.receiver));
        line(4, format!("group_by: [{}]", route.group_by.join(", ")));
        line(4, format!("matchers: [{}]", written(&route.matchers)));
    }
    line(0, "inhibit_rules:".to_owned());
    for rule in &content.inhibitions {
        line(0, format!("- source_matchers: [{}]", written(&rule.source)));
        line(2, format!("target_matchers: [{}]", written(&rule.target)));
        line(2, format!("equal: [{}]", rule.equal.join(", ")));
    }
    line(0, "receivers:".to_owned());
    for name in names(content) {
        line(0, format!("- name: {name}"));
    }
    text
}

fn written(matchers: &[Matcher]) -> String {
    let one = |matcher: &Matcher| {
        let operator = match (matcher.is_regex, matcher.is_equal) {
            (true, true) => "=~",
            (true, false) => "!~",
            (false, true) => "=",
            (false, false) => "!=",
        };
        format!("'{}{operator}{:?}'", matcher.name, matcher.value)
    };
    matchers.iter().map(one).collect::<Vec<_>>().join(", ")
}
