//! `alerts` and `rules`. State follows from the clock; a rule that cannot be evaluated has no alerts.

use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Prometheus;
use super::answer::{Answer, Refusal, scientific, success};
use super::content::{Alert, AlertingRule, Labels, Rule, RuleGroup, RuleHealth};
use super::parameters::Parameters;

pub(super) async fn alerts(State(server): State<Prometheus>) -> Answer {
    let now = server.clock.now();
    let state = server.state();
    let rules = state.content.groups.iter().flat_map(|group| &group.rules);
    let alerting = rules.filter_map(|rule| match rule {
        Rule::Alerting(rule) => Some(rule),
        Rule::Recording(_) => None,
    });
    let alerts: Vec<Value> = alerting.flat_map(|rule| alerts_of(rule, now)).collect();
    Ok(success(json!({ "alerts": alerts }), &[]))
}

pub(super) async fn rules(State(server): State<Prometheus>, parameters: Parameters) -> Answer {
    let wanted = Wanted::read(&parameters)?;
    let now = server.clock.now();
    let state = server.state();
    let groups = state.content.groups.iter().filter(|group| wanted.takes_group(group));
    let mut found = groups.map(|group| wanted.group(group, now)).collect::<Vec<_>>();
    if wanted.names.is_some() {
        found.retain(|group| group.get("rules").and_then(Value::as_array).is_some_and(|rules| !rules.is_empty()));
    }
    let (limit, first) = page(&parameters, found.len())?;
    let next = first.saturating_add(limit);
    let mut data = json!({ "groups": found.iter().skip(first).take(limit).collect::<Vec<_>>() });
    if let (true, Some(fields)) = (next < found.len(), data.as_object_mut()) {
        fields.insert("groupNextToken".to_owned(), json!(next.to_string()));
    }
    Ok(success(data, &[]))
}

/// How many groups, from which on.
fn page(parameters: &Parameters, groups: usize) -> Result<(usize, usize), Refusal> {
    let Some(limit) = parameters.get("group_limit") else {
        return if parameters.get("group_next_token").is_some() {
            Err(Refusal::parameter(
                "group_limit",
                "group_limit needs to be present in order to paginate over the groups",
            ))
        } else {
            Ok((usize::MAX, 0))
        };
    };
    let limit = match limit.parse::<usize>() {
        Ok(limit) if limit > 0 => limit,
        _ => {
            return Err(Refusal::parameter(
                "group_limit",
                "group_limit needs to be a valid number and larger than 0",
            ));
        }
    };
    let first = match parameters.get("group_next_token") {
        None => 0,
        Some(token) => match token.parse::<usize>() {
            Ok(first) if first < groups => first,
            _ => {
                return Err(Refusal::parameter("group_next_token", "invalid group_next_token"));
            }
        },
    };
    Ok((limit, first))
}

struct Wanted<'a> {
    alerting: bool,
    recording: bool,
    with_alerts: bool,
    names: Option<Vec<&'a str>>,
    groups: Option<Vec<&'a str>>,
    files: Option<Vec<&'a str>>,
}

impl<'a> Wanted<'a> {
    fn read(parameters: &'a Parameters) -> Result<Self, Refusal> {
        let kind = parameters.get("type").map(str::to_ascii_lowercase);
        let (alerting, recording) = match kind.as_deref() {
            None => (true, true),
            Some("alert") => (true, false),
            Some("record") => (false, true),
            Some(other) => {
                return Err(Refusal::parameter("type", format!("not supported value {other:?}")));
            }
        };
        let with_alerts = match parameters.get("exclude_alerts") {
            None | Some("false" | "0" | "f") => true,
            Some("true" | "1" | "t") => false,
            Some(_) => {
                return Err(Refusal::parameter("exclude_alerts", "error converting exclude_alerts"));
            }
        };
        let list = |name: &'a str| Some(parameters.all(name).collect::<Vec<_>>()).filter(|list| !list.is_empty());
        let (names, groups, files) = (list("rule_name[]"), list("rule_group[]"), list("file[]"));
        Ok(Self { alerting, recording, with_alerts, names, groups, files })
    }

    fn takes_group(&self, group: &RuleGroup) -> bool {
        listed(self.groups.as_ref(), &group.name) && listed(self.files.as_ref(), &group.file)
    }

    fn group(&self, group: &RuleGroup, now: Timestamp) -> Value {
        let evaluated = last_evaluation(group, now);
        let rules: Vec<Value> = group.rules.iter().filter_map(|rule| self.rule(rule, (now, &evaluated))).collect();
        json!({
            "name": group.name,
            "file": group.file,
            "rules": rules,
            "interval": group.interval.as_secs_f64(),
            "limit": 0,
            "evaluationTime": 0.000_731,
            "lastEvaluation": evaluated,
        })
    }

    fn rule(&self, rule: &Rule, (now, evaluated): (Timestamp, &str)) -> Option<Value> {
        match rule {
            Rule::Alerting(rule) if self.alerting && listed(self.names.as_ref(), &rule.name) => {
                let alerts = alerts_of(rule, now);
                let is =
                    |state: &str| alerts.iter().any(|alert| alert.get("state").is_some_and(|seen| seen == state));
                let state = ["firing", "pending"].into_iter().find(|state| is(state)).unwrap_or("inactive");
                let mut shown = json!({
                    "state": state,
                    "name": rule.name,
                    "query": rule.query,
                    "duration": rule.hold.as_secs_f64(),
                    "keepFiringFor": 0,
                    "labels": rule.labels,
                    "annotations": rule.annotations,
                });
                if let (true, Some(fields)) = (self.with_alerts, shown.as_object_mut()) {
                    fields.insert("alerts".to_owned(), json!(alerts));
                }
                Some(with_health(shown, &rule.health, ("alerting", evaluated)))
            }
            Rule::Recording(rule) if self.recording && listed(self.names.as_ref(), &rule.name) => {
                let shown = json!({ "name": rule.name, "query": rule.query, "labels": rule.labels });
                Some(with_health(shown, &rule.health, ("recording", evaluated)))
            }
            _ => None,
        }
    }
}

fn listed(list: Option<&Vec<&str>>, name: &str) -> bool {
    list.is_none_or(|list| list.contains(&name))
}

fn with_health(mut rule: Value, health: &RuleHealth, (kind, evaluated): (&str, &str)) -> Value {
    if let Some(fields) = rule.as_object_mut() {
        let word = match health {
            RuleHealth::Ok => "ok",
            RuleHealth::Unknown => "unknown",
            RuleHealth::Failing(_) => "err",
        };
        fields.insert("health".to_owned(), json!(word));
        if let RuleHealth::Failing(message) = health {
            fields.insert("lastError".to_owned(), json!(message));
        }
        let never = *health == RuleHealth::Unknown;
        fields.insert("evaluationTime".to_owned(), json!(if never { 0.0 } else { 0.000_312 }));
        fields.insert("lastEvaluation".to_owned(), json!(if never { "0001-01-01T00:00:00Z" } else { evaluated }));
        fields.insert("type".to_owned(), json!(kind));
    }
    rule
}

/// The newest multiple of the group's interval.
fn last_evaluation(group: &RuleGroup, now: Timestamp) -> String {
    let interval = i64::try_from(group.interval.as_secs()).unwrap_or(i64::MAX).max(1);
    let seconds = now.as_second().div_euclid(interval) * interval;
    Timestamp::from_second(seconds).unwrap_or(now).to_string()
}

fn alerts_of(rule: &AlertingRule, now: Timestamp) -> Vec<Value> {
    if rule.health != RuleHealth::Ok {
        return Vec::new();
    }
    let live = |alert: &&Alert| alert.active_at <= now && alert.resolved_at.is_none_or(|end| end > now);
    rule.alerts.iter().filter(live).map(|alert| shown(rule, alert, now)).collect()
}

/// Without the external labels, which are only added on the way to Alertmanager.
fn shown(rule: &AlertingRule, alert: &Alert, now: Timestamp) -> Value {
    let mut labels: Labels = rule.labels.clone();
    labels.extend(alert.labels.clone());
    labels.insert("alertname".to_owned(), rule.name.clone());
    let fires_at = alert.active_at.checked_add(rule.hold).unwrap_or(Timestamp::MAX);
    json!({
        "labels": labels,
        "annotations": alert.annotations,
        "state": if fires_at <= now { "firing" } else { "pending" },
        "activeAt": alert.active_at.to_string(),
        "value": scientific(alert.value),
    })
}
