//! Posted bodies: alerts and silences, with the checks and words of the real server.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Alertmanager;
use super::alerts::RESOLVE_TIMEOUT;
use super::answer::{Answer, Refusal};
use super::content::{Alert, Labels, Matcher, Silence};
use super::matching::{anchored, matches};
use super::silences;

/// 0001-01-01T00:00:00Z.
const GO_ZERO_SECOND: i64 = -62_135_596_800;

pub(super) async fn post_alerts(
    Shared(server): Shared<Alertmanager>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let posted: Vec<Value> = decode(&headers, &body, "alerts")?;
    let now = server.clock.now();
    let read = posted.iter().enumerate().map(|(index, alert)| read_alert(alert, index, now));
    let alerts = read.collect::<Result<Vec<Alert>, Refusal>>()?;
    let mut state = server.state();
    for mut alert in alerts {
        let known = state.content.alerts.iter().position(|known| known.labels == alert.labels);
        if let Some(index) = known {
            let known = state.content.alerts.swap_remove(index);
            if known.ends_at.is_none_or(|end| end >= alert.starts_at) {
                alert.starts_at = alert.starts_at.min(known.starts_at);
            }
        }
        state.content.alerts.push(alert);
    }
    Ok(StatusCode::OK)
}

pub(super) async fn post_silence(Shared(server): Shared<Alertmanager>, headers: HeaderMap, body: Bytes) -> Answer {
    let posted: Value = decode(&headers, &body, "silence")?;
    let now = server.clock.now();
    let silence = read_silence(&posted, now)?;
    let id = silences::save(&mut server.state(), silence, now)?;
    Ok(Json(json!({ "silenceID": id })))
}

fn decode<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8], what: &str) -> Result<T, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.is_empty() && kind.split(';').next().map(str::trim) != Some("application/json") {
        let message = format!("unsupported media type {kind:?}, only [application/json] are allowed");
        return Err(Refusal::Decoding(StatusCode::UNSUPPORTED_MEDIA_TYPE, 415, message));
    }
    serde_json::from_slice(body).map_err(|error| undecodable(what, error))
}

fn undecodable(what: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::undecodable(format!("parsing {what} body from \"\" failed, because {why}"))
}

fn time(body: &Value, name: &str, what: &str) -> Result<Option<Timestamp>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(written)) => match written.parse::<Timestamp>() {
            // Clients written in Go send the year 1 for a moment they leave out.
            Ok(moment) => Ok(Some(moment).filter(|moment| moment.as_second() != GO_ZERO_SECOND)),
            Err(_) => Err(undecodable(what, format!("parsing time {written:?}"))),
        },
        Some(other) => Err(undecodable(what, format!("cannot unmarshal {other} into a moment"))),
    }
}

fn labels(value: Option<&Value>) -> Result<Labels, Refusal> {
    let value = value.cloned().unwrap_or_else(|| json!({}));
    serde_json::from_value(value).map_err(|error| undecodable("alerts", error))
}

fn read_alert(posted: &Value, index: usize, now: Timestamp) -> Result<Alert, Refusal> {
    if posted.get("labels").is_none_or(Value::is_null) {
        return Err(Refusal::invalid(602, format!("{index}.labels in body is required")));
    }
    let mut labels = labels(posted.get("labels"))?;
    let annotations = self::labels(posted.get("annotations"))?;
    // A label without a value is no label.
    labels.retain(|_, value| !value.is_empty());
    let given_end = time(posted, "endsAt", "alerts")?;
    let starts_at =
        time(posted, "startsAt", "alerts")?.unwrap_or_else(|| given_end.map_or(now, |end| end.min(now)));
    let ends_at = match given_end {
        Some(end) => end,
        None => now.saturating_add(RESOLVE_TIMEOUT).unwrap_or(now),
    };
    if ends_at < starts_at {
        return Err(Refusal::bad("start time must be before end time"));
    }
    if labels.is_empty() {
        return Err(Refusal::bad("at least one label pair required"));
    }
    for name in labels.keys().chain(annotations.keys()) {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.starts_with(|first: char| first.is_ascii_digit()) || name.is_empty() || !name.chars().all(fits) {
            return Err(Refusal::bad(format!("invalid label set: invalid name {name:?}")));
        }
    }
    let generator_url = posted.get("generatorURL").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Alert { labels, annotations, starts_at, ends_at: Some(ends_at), generator_url })
}

fn read_silence(posted: &Value, now: Timestamp) -> Result<Silence, Refusal> {
    let starts_at = time(posted, "startsAt", "silence")?;
    let ends_at = time(posted, "endsAt", "silence")?;
    for required in ["comment", "createdBy", "endsAt", "matchers", "startsAt"] {
        if posted.get(required).is_none_or(Value::is_null) {
            return Err(Refusal::invalid(602, format!("{required} in body is required")));
        }
    }
    let listed = posted.get("matchers").and_then(Value::as_array);
    let listed = listed.ok_or_else(|| undecodable("silence", "cannot unmarshal matchers into a list"))?;
    if listed.is_empty() {
        return Err(Refusal::invalid(612, "matchers in body should have at least 1 items"));
    }
    let matchers = listed
        .iter()
        .enumerate()
        .map(|(index, matcher)| read_matcher(matcher, index))
        .collect::<Result<Vec<_>, _>>()?;
    let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at) else {
        return Err(Refusal::invalid(602, "startsAt in body is required"));
    };
    if ends_at <= starts_at {
        return Err(Refusal::bad("Failed to create silence: start time must be before end time"));
    }
    if ends_at < now {
        return Err(Refusal::bad("Failed to create silence: end time can't be in the past"));
    }
    for (index, matcher) in matchers.iter().enumerate().filter(|(_, matcher)| matcher.is_regex) {
        if let Err(error) = anchored(&matcher.value) {
            let value = &matcher.value;
            return Err(Refusal::bad(format!(
                "silence invalid: invalid label matcher {index}: invalid regular expression {value:?}: {error}"
            )));
        }
    }
    if matchers.iter().all(|matcher| matches(matcher, "")) {
        return Err(Refusal::bad("silence invalid: at least one matcher must not match the empty string"));
    }
    let text = |name: &str| posted.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Silence {
        id: text("id"),
        matchers,
        starts_at,
        ends_at,
        updated_at: now,
        created_by: text("createdBy"),
        comment: text("comment"),
    })
}

fn read_matcher(posted: &Value, index: usize) -> Result<Matcher, Refusal> {
    let required = |name: &str| match posted.get(name) {
        None | Some(Value::Null) => {
            Err(Refusal::invalid(602, format!("matchers.{index}.{name} in body is required")))
        }
        Some(value) => Ok(value),
    };
    let wrong = |name: &str| undecodable("silence", format!("cannot unmarshal matchers.{name}"));
    let flag = |value: &Value, name: &str| value.as_bool().ok_or_else(|| wrong(name));
    let text = |value: &Value, name: &str| value.as_str().map(str::to_owned).ok_or_else(|| wrong(name));
    Ok(Matcher {
        is_regex: flag(required("isRegex")?, "isRegex")?,
        name: text(required("name")?, "name")?,
        value: text(required("value")?, "value")?,
        // Absent means equal: clients older than negative matchers do not send it.
        is_equal: posted.get("isEqual").is_none_or(|value| value.as_bool() != Some(false)),
    })
}
