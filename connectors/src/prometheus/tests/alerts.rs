//! Alerts and the health of rules.

use std::time::Duration;

use domain::{AlertState, RecordKind};
use jiff::{SignedDuration, Timestamp};
use simulators::prometheus::content::{Alert, AlertingRule, Content, Rule, RuleGroup, RuleHealth, labels};

use super::bench::{Bench, ago, gaps};
use crate::contract::{Connector as _, Wanted};

fn rule(name: &str, hold_minutes: u64, since: &[Timestamp]) -> AlertingRule {
    let alert = |(number, at): (usize, &Timestamp)| Alert {
        labels: labels(&[("service", &format!("s{number}"))]),
        annotations: labels(&[("summary", "s0 needs attention ⚠ שלום")]),
        active_at: *at,
        resolved_at: None,
        value: 1.0,
    };
    AlertingRule {
        name: name.to_owned(),
        query: "up == 0".to_owned(),
        hold: Duration::from_secs(60 * hold_minutes),
        labels: labels(&[("severity", "critical")]),
        annotations: labels(&[("summary", "{{ $labels.service }} needs attention")]),
        health: RuleHealth::Ok,
        alerts: since.iter().enumerate().map(alert).collect(),
    }
}

fn content(rules: Vec<AlertingRule>) -> Content {
    let group = RuleGroup {
        name: "services".to_owned(),
        file: "rules.yml".to_owned(),
        interval: Duration::from_secs(30),
        rules: rules.into_iter().map(Rule::Alerting).collect(),
    };
    Content { groups: vec![group], external_labels: labels(&[("site", "test")]), ..Content::default() }
}

#[tokio::test]
async fn pending_and_firing_alerts_are_read_with_their_expanded_texts() {
    let bench = Bench::with(content(vec![rule("Down", 10, &[ago(30), ago(2)])])).await;
    let gathered = bench.gather(&[]).await;
    let mut found = gathered.records.alerts.clone();
    found.sort_by_key(|alert| alert.labels["service"].clone());
    assert_eq!(
        found.iter().map(|alert| alert.state).collect::<Vec<_>>(),
        [AlertState::Firing, AlertState::Pending]
    );
    let alert = &found[0];
    assert_eq!((&*alert.name, alert.severity.as_deref()), ("Down", Some("critical")));
    assert_eq!(alert.summary.as_deref(), Some("s0 needs attention ⚠ שלום"));
    assert_eq!((alert.started_at, alert.ended_at), (Some(ago(30)), None));
    assert!(alert.source.url.as_deref().is_some_and(|url| url.ends_with("/alerts")));
    assert!(gathered.complete.contains(&RecordKind::Alert));
}

#[tokio::test]
async fn external_labels_are_not_told_here() {
    let bench = Bench::with(content(vec![rule("Down", 0, &[ago(30)])])).await;
    let gathered = bench.gather(&[]).await;
    assert!(!gathered.records.alerts[0].labels.contains_key("site"));
}

#[tokio::test]
async fn a_rule_that_cannot_be_evaluated_is_a_gap_and_never_good_news() {
    let mut broken = rule("Broken", 0, &[ago(30)]);
    broken.health = RuleHealth::Failing("secret detail".to_owned());
    let bench = Bench::with(content(vec![rule("Down", 0, &[ago(30)]), broken])).await;
    let gathered = bench.gather(&[]).await;
    assert_eq!(gathered.records.alerts.len(), 1);
    assert_eq!(
        gaps(&gathered, RecordKind::Alert),
        ["SOURCE_INCOMPLETE prometheus: alerting rules cannot be evaluated and never fire: Broken"]
    );
    assert!(gathered.changed.contains(&RecordKind::Alert) && !gathered.complete.contains(&RecordKind::Alert));
}

#[tokio::test]
async fn a_rule_not_evaluated_yet_is_a_passing_gap() {
    let mut waiting = rule("Waiting", 0, &[]);
    waiting.health = RuleHealth::Unknown;
    let bench = Bench::with(content(vec![waiting])).await;
    let gathered = bench.gather(&[]).await;
    assert_eq!(
        gaps(&gathered, RecordKind::Alert),
        ["SOURCE_INCOMPLETE prometheus: alerting rules have not been evaluated yet: Waiting"]
    );
    assert!(gathered.gaps[0].retryable);
}

#[tokio::test]
async fn alerts_of_sound_rules_end_while_another_rule_is_broken() {
    let mut broken = rule("Broken", 0, &[]);
    broken.health = RuleHealth::Failing("no".to_owned());
    let bench = Bench::with(content(vec![rule("Down", 0, &[ago(30), ago(20)]), broken])).await;
    let connector = bench.connector();
    let first = connector.gather(&bench.request(&[])).await;
    assert_eq!((first.records.alerts.len(), first.deleted.len()), (2, 0));
    assert!(bench.simulated.resolve("Down", &labels(&[("service", "s1")])));
    bench.clock.advance(SignedDuration::from_mins(1));
    let second = connector.gather(&bench.request(&[])).await;
    assert_eq!(second.records.alerts.len(), 1);
    let gone = &second.deleted[&RecordKind::Alert];
    let ended = first.records.alerts.iter().find(|alert| &*alert.labels["service"] == "s1").expect("it was there");
    assert_eq!(gone.iter().collect::<Vec<_>>(), [&ended.id.0]);
}

#[tokio::test]
async fn an_alert_keeps_its_id_and_is_read_again_by_it() {
    let bench = Bench::with(content(vec![rule("Down", 10, &[ago(30), ago(2)])])).await;
    let connector = bench.connector();
    let first = connector.gather(&bench.request(&[])).await;
    bench.clock.advance(SignedDuration::from_mins(30));
    let ids = first.records.alerts.iter().map(|alert| alert.id.0.clone()).take(1).collect();
    let again = connector.read(&Wanted::from([(RecordKind::Alert, ids)]), super::bench::now()).await;
    assert_eq!(again.records.alerts.len(), 1);
    assert_eq!(again.records.alerts[0].id, first.records.alerts[0].id);
    assert_eq!(again.records.alerts[0].state, AlertState::Firing);
}
