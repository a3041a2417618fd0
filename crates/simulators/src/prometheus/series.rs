//! `series`, `labels` and `label/…/values`: what exists in a span of time.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use serde_json::json;

use super::Prometheus;
use super::answer::{Answer, Refusal, success};
use super::content::{Content, Labels};
use super::parameters::Parameters;
use super::promql::Source;

pub(super) async fn series(State(server): State<Prometheus>, parameters: Parameters) -> Answer {
    if parameters.all("match[]").next().is_none() {
        return Err(Refusal::BadData("no match[] parameter provided".to_owned()));
    }
    answer(&server, &parameters, |label_sets| label_sets.collect::<BTreeSet<_>>())
}

pub(super) async fn label_names(State(server): State<Prometheus>, parameters: Parameters) -> Answer {
    answer(&server, &parameters, |label_sets| label_sets.flat_map(Labels::into_keys).collect::<BTreeSet<_>>())
}

pub(super) async fn label_values(
    State(server): State<Prometheus>,
    Path(name): Path<String>,
    parameters: Parameters,
) -> Answer {
    let mut characters = name.chars();
    let starts = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !starts || !characters.all(|character| character.is_ascii_alphanumeric() || character == '_') {
        return Err(Refusal::BadData(format!("invalid label name: {name:?}")));
    }
    answer(&server, &parameters, |label_sets| {
        label_sets.filter_map(|mut labels| labels.remove(&name)).collect::<BTreeSet<_>>()
    })
}

fn answer<T: serde::Serialize>(
    server: &Prometheus,
    parameters: &Parameters,
    collect: impl FnOnce(&mut dyn Iterator<Item = Labels>) -> BTreeSet<T>,
) -> Answer {
    let limit = parameters.limit()?;
    let state = server.state();
    let content: &Content = &state.content;
    let source = Source::new(content, server.clock.now());
    let from = parameters.moment("start")?.unwrap_or(i64::MIN / 2);
    let to = parameters.moment("end")?.unwrap_or_else(|| source.now());
    let selectors = parameters.selectors()?;
    let mut label_sets = source
        .all()
        .filter(|series| {
            let accepted = |matchers: &Vec<_>| {
                matchers.iter().all(|matcher: &super::promql::Matcher| matcher.accepts(&series.labels))
            };
            selectors.is_empty() || selectors.iter().any(accepted)
        })
        .filter(|series| source.exists(series, (from, to)))
        .map(|series| series.labels.clone());
    let found = collect(&mut label_sets);
    let mut warnings = content.warnings.clone();
    if found.len() > limit {
        warnings.push("results truncated due to limit".to_owned());
    }
    let shortened: Vec<T> = found.into_iter().take(limit).collect();
    Ok(success(json!(shortened), &warnings))
}
