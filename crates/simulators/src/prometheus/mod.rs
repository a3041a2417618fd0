//! A simulated Prometheus server: its HTTP API v1 and enough PromQL for clients of release data.
//! Behaves as version 2.42 where versions differ; no scraping, no evaluation of rules, no admin or remote API.

pub mod content;

mod access;
mod answer;
mod parameters;
mod promql;
mod queries;
mod rules;
mod series;
mod status;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use jiff::Timestamp;

pub use access::Access;
use content::{Alert, AlertingRule, Content, Labels, Rule, Sample, Samples, Series, Step};

use crate::clock::SharedClock;

#[derive(Debug, Clone)]
pub struct Options {
    pub clock: SharedClock,
    pub content: Content,
    /// What a proxy in front of the server asks for; Prometheus itself asks for nothing.
    pub access: Access,
}

/// A handle on one simulated server; clones share it.
#[derive(Debug, Clone)]
pub struct Prometheus {
    clock: SharedClock,
    access: Arc<Access>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    content: Content,
    failure: Option<QueryFailure>,
    started: Timestamp,
}

/// Why every query fails while this is switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryFailure {
    /// 503.
    Timeout,
    /// 422 with this message.
    Execution(String),
}

impl Prometheus {
    pub fn new(options: Options) -> Self {
        let started = options.clock.now();
        Self {
            clock: options.clock,
            access: Arc::new(options.access),
            state: Arc::new(Mutex::new(State { content: options.content, failure: None, started })),
        }
    }

    pub fn router(&self) -> Router {
        let api = Router::new()
            .route("/query", get(queries::query).post(queries::query))
            .route("/query_range", get(queries::query_range).post(queries::query_range))
            .route("/series", get(series::series).post(series::series))
            .route("/labels", get(series::label_names).post(series::label_names))
            .route("/label/{name}/values", get(series::label_values))
            .route("/alerts", get(rules::alerts))
            .route("/rules", get(rules::rules))
            .route("/metadata", get(status::metadata))
            .route("/targets", get(status::targets))
            .route("/status/buildinfo", get(status::build))
            .route("/status/runtimeinfo", get(status::runtime));
        Router::new()
            .nest("/api/v1", api.fallback(any(answer::not_found)))
            .route("/", get(status::home))
            .route("/graph", get(status::page))
            .route("/-/healthy", get(status::healthy))
            .route("/-/ready", get(status::ready))
            .fallback(any(answer::not_found))
            .with_state(self.clone())
            .layer(from_fn_with_state(Arc::clone(&self.access), access::guard))
    }

    /// Replaces everything that the server holds.
    pub fn set_content(&self, content: Content) {
        self.state().content = content;
    }

    /// Changes what the server holds, in ways that have no method of their own.
    pub fn edit(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.state().content);
    }

    /// From now on the series stands at `value`; it is created where it is missing.
    pub fn set_sample(&self, labels: &Labels, value: f64) {
        let now = self.clock.now();
        let mut state = self.state();
        match state
            .content
            .series
            .iter_mut()
            .find(|series| series.labels == *labels)
            .map(|series| &mut series.samples)
        {
            Some(Samples::Points(points)) => {
                points.retain(|point| point.at < now);
                points.push(Sample { at: now, value });
            }
            Some(Samples::Scraped { steps, until, .. }) => {
                steps.retain(|step| step.from < now);
                steps.push(Step { from: now, value, per_second: 0.0 });
                *until = None;
            }
            None => {
                let steps = vec![Step { from: now, value, per_second: 0.0 }];
                let samples = Samples::Scraped { every: content::SCRAPE_INTERVAL, steps, until: None };
                state.content.series.push(Series { labels: labels.clone(), samples });
            }
        }
    }

    /// The series that carry all these labels end now, as when their target disappears.
    pub fn end_series(&self, labels: &Labels) {
        let now = self.clock.now();
        for series in &mut self.state().content.series {
            if carries(&series.labels, labels)
                && let Samples::Scraped { until, .. } = &mut series.samples
            {
                *until = Some(until.map_or(now, |end| end.min(now)));
            }
        }
    }

    /// The rule's alert with these labels fires, having been active long enough. False where there is no such rule.
    pub fn fire(&self, rule: &str, labels: Labels) -> bool {
        let now = self.clock.now();
        self.with_rule(rule, |rule| {
            rule.alerts.retain(|alert| alert.labels != labels);
            rule.alerts.push(Alert {
                annotations: rule.annotations.clone(),
                labels,
                active_at: now.checked_sub(rule.hold).unwrap_or(now),
                resolved_at: None,
                value: 1.0,
            });
        })
    }

    /// All alerts of the rule that carry these labels end now. False where there is no such rule.
    pub fn resolve(&self, rule: &str, labels: &Labels) -> bool {
        let now = self.clock.now();
        self.with_rule(rule, |rule| {
            for alert in rule.alerts.iter_mut().filter(|alert| carries(&alert.labels, labels)) {
                alert.resolved_at = Some(alert.resolved_at.map_or(now, |end| end.min(now)));
            }
        })
    }

    /// Sent with every successful query from now on; none to stop.
    pub fn set_warnings(&self, warnings: Vec<String>) {
        self.state().content.warnings = warnings;
    }

    /// Every query fails so from now on; `None` to stop.
    pub fn fail_queries(&self, failure: Option<QueryFailure>) {
        self.state().failure = failure;
    }

    fn with_rule(&self, name: &str, change: impl FnOnce(&mut AlertingRule)) -> bool {
        let mut state = self.state();
        let rules = state.content.groups.iter_mut().flat_map(|group| &mut group.rules);
        let mut alerting = rules.filter_map(|rule| match rule {
            Rule::Alerting(rule) => Some(rule),
            Rule::Recording(_) => None,
        });
        let found = alerting.find(|rule| rule.name == name);
        found.map(change).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn carries(labels: &Labels, wanted: &Labels) -> bool {
    wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
}

#[cfg(test)]
mod tests;
