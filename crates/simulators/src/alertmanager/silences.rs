//! Silences: read, create or change, expire. An expired one is kept for five days.

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::http::{StatusCode, Uri};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, flag, moment, parameters};
use super::content::{Labels, Silence};
use super::matching::{all_match, filters};
use super::{Alertmanager, State};

const RETENTION: SignedDuration = SignedDuration::from_hours(120);

pub(super) async fn list(Shared(server): Shared<Alertmanager>, uri: Uri) -> Answer {
    let parameters = parameters(&uri);
    let filters = filters(&parameters)?;
    let now = server.clock.now();
    let state = server.state();
    let mut found: Vec<&Silence> = state
        .content
        .silences
        .iter()
        .filter(|silence| is_kept(silence, now) && flag(&parameters, state_of(silence, now)))
        .filter(|silence| {
            let labels = silence.matchers.iter().map(|matcher| (matcher.name.clone(), matcher.value.clone()));
            all_match(&filters, &labels.collect::<Labels>())
        })
        .collect();
    found.sort_by_key(|silence| match state_of(silence, now) {
        "active" => (0, silence.ends_at.as_millisecond()),
        "pending" => (1, silence.starts_at.as_millisecond()),
        _ => (2, -silence.ends_at.as_millisecond()),
    });
    Ok(Json(found.into_iter().map(|silence| shown(silence, now)).collect()))
}

pub(super) async fn get(Shared(server): Shared<Alertmanager>, Path(id): Path<String>) -> Answer {
    check_id(&id)?;
    let now = server.clock.now();
    let state = server.state();
    let found = state.content.silences.iter().find(|silence| silence.id == id && is_kept(silence, now));
    found.map(|silence| Json(shown(silence, now))).ok_or(Refusal::Absent)
}

pub(super) async fn delete(
    Shared(server): Shared<Alertmanager>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    check_id(&id)?;
    if server.expire(&id) { Ok(StatusCode::OK) } else { Err(Refusal::Absent) }
}

/// Creates the silence, or changes the one it names where that is possible without rewriting the past;
/// otherwise the named one expires and a new one takes its place under a new id.
pub(super) fn save(state: &mut State, mut wanted: Silence, now: Timestamp) -> Result<String, Refusal> {
    if !wanted.id.is_empty() {
        let known = state.content.silences.iter_mut().find(|silence| silence.id == wanted.id);
        let Some(known) = known.filter(|silence| is_kept(silence, now)) else {
            return Err(Refusal::Said(StatusCode::NOT_FOUND, "silence not found".to_owned()));
        };
        let changeable = match state_of(known, now) {
            "active" => known.starts_at.as_millisecond() == wanted.starts_at.as_millisecond(),
            "pending" => wanted.starts_at >= now,
            _ => false,
        };
        if changeable && known.matchers == wanted.matchers {
            *known = wanted;
            return Ok(known.id.clone());
        }
        let replaced = wanted.id.clone();
        expire(&mut state.content.silences, &replaced, now);
    }
    wanted.id = next_id(state);
    wanted.starts_at = wanted.starts_at.max(now);
    let id = wanted.id.clone();
    state.content.silences.push(wanted);
    Ok(id)
}

/// False where there is none with this id. An expired one stays as it is.
pub(super) fn expire(silences: &mut [Silence], id: &str, now: Timestamp) -> bool {
    let Some(silence) = silences.iter_mut().find(|silence| silence.id == id && is_kept(silence, now)) else {
        return false;
    };
    if silence.ends_at > now {
        silence.ends_at = now;
        silence.starts_at = silence.starts_at.min(now);
        silence.updated_at = now;
    }
    true
}

/// A version 4 UUID that depends on nothing but how many came before.
pub(super) fn next_id(state: &mut State) -> String {
    state.created += 1;
    let hash = blake3::hash(&state.created.to_be_bytes());
    let mut digits: Vec<char> = hash.to_hex().chars().take(32).collect();
    for (index, digit) in [(12, '4'), (16, '8')] {
        if let Some(place) = digits.get_mut(index) {
            *place = digit;
        }
    }
    for index in [20, 16, 12, 8] {
        digits.insert(index, '-');
    }
    digits.into_iter().collect()
}

fn check_id(id: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = id.split('-').collect();
    let lengths = parts.iter().map(|part| part.len()).collect::<Vec<_>>();
    let is_hex = parts.iter().all(|part| part.chars().all(|digit| digit.is_ascii_hexdigit()));
    if is_hex && lengths == [8, 4, 4, 4, 12] {
        return Ok(());
    }
    Err(Refusal::invalid(601, format!("silenceID in path must be of type uuid: {id:?}")))
}

fn is_kept(silence: &Silence, now: Timestamp) -> bool {
    silence.ends_at.saturating_add(RETENTION).is_ok_and(|end| end > now)
}

fn state_of(silence: &Silence, now: Timestamp) -> &'static str {
    if silence.ends_at <= now {
        "expired"
    } else if silence.starts_at > now {
        "pending"
    } else {
        "active"
    }
}

fn shown(silence: &Silence, now: Timestamp) -> Value {
    let matchers = silence.matchers.iter().map(|matcher| {
        json!({
            "isEqual": matcher.is_equal,
            "isRegex": matcher.is_regex,
            "name": matcher.name,
            "value": matcher.value,
        })
    });
    json!({
        "id": silence.id,
        "status": { "state": state_of(silence, now) },
        "updatedAt": moment(silence.updated_at),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": moment(silence.ends_at),
        "matchers": matchers.collect::<Vec<_>>(),
        "startsAt": moment(silence.starts_at),
    })
}
