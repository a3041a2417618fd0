//! `GET /alerts`: what fires now, and what is silenced or inhibited.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::Uri;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Alertmanager;
use super::answer::{Answer, Refusal, flag, moment, parameters};
use super::content::{Alert, Content, Matcher, Route};
use super::matching::{all_match, anchored, filters, fingerprint};

/// What an alert without `endsAt` gets, counted from when it was posted.
pub(super) const RESOLVE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
/// Prometheus repeats a firing alert this often, and each time moves its end this far ahead.
const RESEND_SECONDS: i64 = 60;
const RESEND_AHEAD: SignedDuration = SignedDuration::from_mins(4);

pub(super) async fn list(Shared(server): Shared<Alertmanager>, uri: Uri) -> Answer {
    let selection = Selection::read(&parameters(&uri))?;
    let now = server.clock.now();
    let state = server.state();
    let found: Vec<Value> =
        seen(&state.content, now).iter().filter(|seen| selection.takes(seen)).map(|seen| seen.shown(now)).collect();
    Ok(Json(json!(found)))
}

/// An alert with what keeps it from being notified.
pub(super) struct Seen<'a> {
    pub(super) alert: &'a Alert,
    pub(super) receiver: &'a str,
    pub(super) group_by: &'a [String],
    fingerprint: String,
    silenced_by: Vec<&'a str>,
    inhibited_by: Vec<String>,
}

/// Every alert that fires now, by fingerprint. Resolved ones are gone.
pub(super) fn seen(content: &Content, now: Timestamp) -> Vec<Seen<'_>> {
    let fires = |alert: &&Alert| alert.starts_at <= now && alert.ends_at.is_none_or(|end| end > now);
    let firing: Vec<&Alert> = content.alerts.iter().filter(fires).collect();
    let mut found: Vec<Seen<'_>> = firing
        .iter()
        .map(|alert| {
            let route = content.routes.iter().find(|route: &&Route| all_match(&route.matchers, &alert.labels));
            let active =
                content.silences.iter().filter(|silence| silence.starts_at <= now && silence.ends_at > now);
            let silences = active.filter(|silence| all_match(&silence.matchers, &alert.labels));
            Seen {
                alert,
                receiver: route.map_or(content.default_receiver.as_str(), |route| route.receiver.as_str()),
                group_by: route.map_or(content.group_by.as_slice(), |route| route.group_by.as_slice()),
                fingerprint: fingerprint(&alert.labels),
                silenced_by: silences.map(|silence| silence.id.as_str()).collect(),
                inhibited_by: inhibitor(content, alert, &firing).into_iter().collect(),
            }
        })
        .collect();
    found.sort_by(|left, right| left.fingerprint.cmp(&right.fingerprint));
    found
}

/// The fingerprint of a firing alert that inhibits this one.
fn inhibitor(content: &Content, alert: &Alert, firing: &[&Alert]) -> Option<String> {
    let rules = content.inhibitions.iter().filter(|rule| all_match(&rule.target, &alert.labels));
    let mut sources = rules.flat_map(|rule| {
        // An alert on both sides of a rule must not be inhibited by another such, or the two would hide each other.
        let on_both_sides = all_match(&rule.source, &alert.labels);
        firing.iter().filter(move |source| {
            let same = rule.equal.iter().all(|name| {
                let value = |alert: &Alert| alert.labels.get(name).cloned().unwrap_or_default();
                value(source) == value(alert)
            });
            same && all_match(&rule.source, &source.labels)
                && !(on_both_sides && all_match(&rule.target, &source.labels))
        })
    });
    sources.next().map(|source| fingerprint(&source.labels))
}

impl Seen<'_> {
    pub(super) fn is_muted(&self) -> bool {
        !self.silenced_by.is_empty() || !self.inhibited_by.is_empty()
    }

    pub(super) fn shown(&self, now: Timestamp) -> Value {
        let alert = self.alert;
        let (updated_at, ends_at) = refreshed(alert, now);
        let mut shown = json!({
            "annotations": alert.annotations,
            "endsAt": moment(ends_at),
            "fingerprint": self.fingerprint,
            "receivers": [{ "name": self.receiver }],
            "startsAt": moment(alert.starts_at),
            "status": {
                "inhibitedBy": self.inhibited_by,
                "mutedBy": [],
                "silencedBy": self.silenced_by,
                "state": if self.is_muted() { "suppressed" } else { "active" },
            },
            "updatedAt": moment(updated_at),
            "labels": alert.labels,
        });
        if let (false, Some(fields)) = (alert.generator_url.is_empty(), shown.as_object_mut()) {
            fields.insert("generatorURL".to_owned(), json!(alert.generator_url));
        }
        shown
    }
}

/// When the alert was last sent, and the end that it was sent with.
fn refreshed(alert: &Alert, now: Timestamp) -> (Timestamp, Timestamp) {
    match alert.ends_at {
        Some(end) => {
            let posted = end.saturating_sub(RESOLVE_TIMEOUT).unwrap_or(alert.starts_at);
            (posted.clamp(alert.starts_at, now.max(alert.starts_at)), end)
        }
        None => {
            let since = (now.as_second() - alert.starts_at.as_second()) / RESEND_SECONDS * RESEND_SECONDS;
            let sent = alert.starts_at.saturating_add(SignedDuration::from_secs(since)).unwrap_or(now);
            (sent, sent.saturating_add(RESEND_AHEAD).unwrap_or(now))
        }
    }
}

/// The parameters that choose among alerts.
pub(super) struct Selection {
    active: bool,
    silenced: bool,
    inhibited: bool,
    filters: Vec<Matcher>,
    receiver: Option<regex::Regex>,
}

impl Selection {
    pub(super) fn read(parameters: &[(String, String)]) -> Result<Self, Refusal> {
        let receiver = match parameters.iter().find(|(name, value)| name == "receiver" && !value.is_empty()) {
            None => None,
            Some((_, pattern)) => Some(
                anchored(pattern)
                    .map_err(|error| Refusal::bad(format!("failed to parse receiver param: {error}")))?,
            ),
        };
        Ok(Self {
            active: flag(parameters, "active"),
            silenced: flag(parameters, "silenced"),
            inhibited: flag(parameters, "inhibited"),
            filters: filters(parameters)?,
            receiver,
        })
    }

    /// `unprocessed` is read by nobody: every alert here has been processed.
    pub(super) fn takes(&self, seen: &Seen<'_>) -> bool {
        (self.active || seen.is_muted())
            && (self.silenced || seen.silenced_by.is_empty())
            && (self.inhibited || seen.inhibited_by.is_empty())
            && self.receiver.as_ref().is_none_or(|regex| regex.is_match(seen.receiver))
            && all_match(&self.filters, &seen.alert.labels)
    }
}
