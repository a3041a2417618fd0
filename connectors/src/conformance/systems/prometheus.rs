//! Alerts of one rule of a simulated server, behind a proxy that asks for a token.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use domain::Records;
use simulators::clock::Frozen;
use simulators::prometheus::content::{AlertingRule, Content, Rule, RuleGroup, RuleHealth, labels};
use simulators::prometheus::{Access, Options, Prometheus};

use super::super::stand::{Hand, SECRET, Stand, name, number};
use crate::Vendor;
use crate::contract::Interest;
use crate::prometheus::{self, HealthQuery};
use crate::reach::Identification;
use crate::resilience::Secret;

const RULE: &str = "Down";

#[derive(Clone)]
struct Alerts(Prometheus);

pub(in super::super) fn raise(clock: &Arc<Frozen>) -> Box<dyn Stand> {
    let rule = AlertingRule {
        name: RULE.into(),
        query: "up == 0".into(),
        hold: Duration::ZERO,
        labels: labels(&[("severity", "critical")]),
        annotations: labels(&[]),
        health: RuleHealth::Ok,
        alerts: Vec::new(),
    };
    let group = RuleGroup {
        name: "services".into(),
        file: "rules.yml".into(),
        interval: Duration::from_secs(30),
        rules: vec![Rule::Alerting(rule)],
    };
    let content = Content { groups: vec![group], ..Content::default() };
    let access = Access::Bearer(SECRET.to_owned());
    Box::new(Alerts(Prometheus::new(Options { clock: clock.clone(), content, access })))
}

impl Stand for Alerts {
    fn router(&self) -> Option<Router> {
        Some(self.0.router())
    }

    fn options(&self) -> Vendor {
        let query = HealthQuery { query: "up{selector}".into(), at_most: 0.05, samples: None };
        let mut options = prometheus::Options::default();
        options.health.insert("errors".into(), query);
        Vendor::Prometheus(options)
    }

    fn identification(&self) -> Identification {
        Identification::Token(Secret::new(SECRET))
    }

    fn interest(&self) -> Interest {
        let selector = [("service".into(), "a".into())].into();
        Interest { selectors: [selector].into(), ..Interest::default() }
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(self.clone())
    }

    fn id(&self, number: usize) -> String {
        name(number)
    }

    fn numbers(&self, records: &Records) -> Vec<usize> {
        records.alerts.iter().filter_map(|alert| number(alert.labels.get("service")?)).collect()
    }
}

impl Hand for Alerts {
    fn put(&self, number: usize) {
        assert!(self.0.fire(RULE, labels(&[("service", &name(number))])));
    }

    fn touch(&self, number: usize) {
        self.put(number);
    }

    fn take(&self, number: usize) -> bool {
        self.0.resolve(RULE, &labels(&[("service", &name(number))]))
    }
}
