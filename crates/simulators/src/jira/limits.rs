//! Jira's rate limits: a burst per route and method and second, writes per issue, and an hourly quota of points (one, and
//! one per object read) that only OAuth traffic pays. A refusal names its limit in `RateLimit-Reason`; the reset is ISO to the minute.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use super::Jira;
use super::access::Caller;

#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Requests per second to one route with one method.
    pub burst: Option<u64>,
    /// Writes per second to one issue, by whichever key or id it is called.
    pub issue_writes: Option<u64>,
    /// Points per hour of Bearer traffic.
    pub points: Option<u64>,
    pub retry_after: RetryAfter,
}

/// Whether a 429 says when to come back; real ones at times do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    #[default]
    Sent,
    Missing,
}

/// How many objects an answer read; handlers put it into the response for the quota.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read(pub(super) u64);

#[derive(Default)]
pub(super) struct Meter {
    second: i64,
    bursts: HashMap<String, u64>,
    hour: i64,
    spent: u64,
}

pub(super) async fn meter(State(jira): State<Jira>, request: Request, next: Next) -> Response {
    let limits = jira.limits();
    let metered = request.extensions().get::<Caller>().is_some_and(|caller| caller.metered);
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let route = format!("{} {route}", request.method());
    let now = jira.now();
    let written = written_issue(&jira, &request).map(|id| format!("issue {id}"));
    let bursts = [
        (limits.burst, Some(route), "jira-burst-based"),
        (limits.issue_writes, written, "jira-per-issue-on-write"),
    ];
    for (limit, what, reason) in bursts {
        let (Some(limit), Some(what)) = (limit, what) else {
            continue;
        };
        if jira.meter(|meter| meter.burst(what, now)) > limit {
            let until = Timestamp::from_second(now.as_second().saturating_add(1)).unwrap_or(now);
            let quota = Quota { limit, remaining: 0, until };
            return refused(&quota, reason, (now, limits.retry_after));
        }
    }
    let Some(points) = limits.points.filter(|_| metered) else {
        return next.run(request).await;
    };
    let until = Timestamp::from_second(now.as_second().div_euclid(3600).saturating_add(1).saturating_mul(3600))
        .unwrap_or(now);
    let spent = jira.meter(|meter| meter.spend(0, now));
    if spent >= points {
        let quota = Quota { limit: points, remaining: 0, until };
        return refused(&quota, "jira-quota-tenant-based", (now, limits.retry_after));
    }
    let mut response = next.run(request).await;
    let read = response.extensions().get::<Read>().map_or(0, |read| read.0);
    let spent = jira.meter(|meter| meter.spend(read.saturating_add(1), now));
    let quota = Quota { limit: points, remaining: points.saturating_sub(spent), until };
    quota.tell(response.headers_mut());
    response
}

fn written_issue(jira: &Jira, request: &Request) -> Option<u64> {
    if request.method() == Method::GET {
        return None;
    }
    let (_, rest) = request.uri().path().split_once("/issue/")?;
    let named = rest.split('/').next()?;
    jira.read().find_issue(named).map(|issue| issue.id)
}

impl Meter {
    fn burst(&mut self, what: String, now: Timestamp) -> u64 {
        if self.second != now.as_second() {
            self.second = now.as_second();
            self.bursts.clear();
        }
        let used = self.bursts.entry(what).or_default();
        *used = used.saturating_add(1);
        *used
    }

    fn spend(&mut self, points: u64, now: Timestamp) -> u64 {
        let hour = now.as_second().div_euclid(3600);
        if self.hour != hour {
            (self.hour, self.spent) = (hour, 0);
        }
        self.spent = self.spent.saturating_add(points);
        self.spent
    }
}

struct Quota {
    limit: u64,
    remaining: u64,
    until: Timestamp,
}

impl Quota {
    fn tell(&self, headers: &mut HeaderMap) {
        headers.insert("x-ratelimit-limit", self.limit.into());
        headers.insert("x-ratelimit-remaining", self.remaining.into());
        let near = self.remaining.saturating_mul(5) < self.limit;
        headers.insert("x-ratelimit-nearlimit", HeaderValue::from_static(if near { "true" } else { "false" }));
        // Rounded up: a client that waits until this minute must not come too early.
        let minute = self.until.as_second().saturating_add(59).div_euclid(60).saturating_mul(60);
        let shown = Timestamp::from_second(minute).unwrap_or(self.until).strftime("%Y-%m-%dT%H:%MZ").to_string();
        if let Ok(value) = HeaderValue::from_str(&shown) {
            headers.insert("x-ratelimit-reset", value);
        }
    }
}

fn refused(quota: &Quota, reason: &'static str, (now, retry_after): (Timestamp, RetryAfter)) -> Response {
    let body = json!({ "errorMessages": ["The request has been rate-limited. Please try again later."], "errors": {}, "status": 429 });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    let headers = response.headers_mut();
    quota.tell(headers);
    headers.insert("ratelimit-reason", HeaderValue::from_static(reason));
    if retry_after == RetryAfter::Sent {
        let seconds = quota.until.as_second().saturating_sub(now.as_second()).max(1);
        headers.insert("retry-after", seconds.into());
    }
    response
}
