//! What the instance puts up with: rate rules by the hour, requests at once, and rows read in one go.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::access::Caller;
use super::reply::Reply;

/// All limits; none by default.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub rules: Vec<RateRule>,
    pub semaphore: Option<SemaphoreLimit>,
    pub execution: Option<ExecutionLimit>,
    /// How many items of a batch are served before its time is up; the rest comes back unserviced.
    pub batch_items: Option<usize>,
    /// How long every request takes, so that requests overlap.
    pub work: Duration,
}

/// So many requests an hour for a user, a role or everybody.
#[derive(Clone, Debug)]
pub struct RateRule {
    pub sys_id: String,
    /// As told in the message, such as `Table API`.
    pub resource: String,
    /// Start of the path it applies to.
    pub path: String,
    pub applies_to: AppliesTo,
    pub per_hour: u64,
}

/// Whom a rate rule is for; the narrowest one that matches counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppliesTo {
    User(String),
    Role(String),
    Everybody,
}

/// So many requests are worked on at once, so many wait, the rest is turned away.
#[derive(Clone, Copy, Debug)]
pub struct SemaphoreLimit {
    pub at_once: usize,
    pub waiting: usize,
}

impl Default for SemaphoreLimit {
    fn default() -> Self {
        Self { at_once: 4, waiting: 150 }
    }
}

/// A query that looks at more rows is cancelled: status 200 with an `error`.
#[derive(Clone, Copy, Debug)]
pub struct ExecutionLimit {
    pub rows: usize,
    pub answer: Cancelled,
}

/// What a cancelled query still returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    ErrorOnly,
    /// `error` beside the rows that were found until then.
    ErrorBesidePartialResult,
}

/// The limits in force and what was used of them.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) limits: Limits,
    /// Requests in an hour, by rule and user.
    counts: HashMap<(String, String), (i64, u64)>,
    gate: Option<Arc<Gate>>,
}

/// The semaphore and its queue.
#[derive(Debug)]
pub(super) struct Gate {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
}

impl Usage {
    pub(super) fn set(&mut self, limits: Limits) {
        self.gate = limits.semaphore.map(|limit| {
            Arc::new(Gate {
                permits: Arc::new(Semaphore::new(limit.at_once)),
                waiting: AtomicUsize::new(0),
                most_waiting: limit.waiting,
            })
        });
        self.limits = limits;
        self.counts.clear();
    }

    pub(super) fn gate(&self) -> Option<Arc<Gate>> {
        self.gate.clone()
    }

    /// Counts one request; gives the headers to send, or the refusal.
    pub(super) fn count(&mut self, caller: &Caller, path: &str, now: Timestamp) -> Result<Headers, Reply> {
        let Some(rule) = rule_for(&self.limits.rules, caller, path).cloned() else {
            return Ok(Vec::new());
        };
        let hour = now.as_second().div_euclid(3_600);
        let key = (rule.sys_id.clone(), caller.user_name.clone());
        let used = self.counts.entry(key).or_insert((hour, 0));
        if used.0 != hour {
            *used = (hour, 0);
        }
        used.1 += 1;
        let reset = (hour + 1) * 3_600;
        let headers = vec![
            ("X-RateLimit-Limit", rule.per_hour.to_string()),
            ("X-RateLimit-Reset", reset.to_string()),
            ("X-RateLimit-Rule", rule.sys_id),
        ];
        if used.1 <= rule.per_hour {
            return Ok(headers);
        }
        let detail = format!("Rate limit of {} requests per hour for {} exceeded", rule.per_hour, rule.resource);
        let mut reply = Reply::failure(429, "Rate limit exceeded", Some(&detail));
        reply.headers = headers;
        Err(reply.with("Retry-After", reset - now.as_second()))
    }
}

/// Headers that go with whatever is answered.
pub(super) type Headers = Vec<(&'static str, String)>;

/// A user's own rule beats one for a role, which beats one for all; the lowest of several roles wins.
fn rule_for<'a>(rules: &'a [RateRule], caller: &Caller, path: &str) -> Option<&'a RateRule> {
    let rank = |rule: &RateRule| match &rule.applies_to {
        AppliesTo::User(name) if *name == caller.user_name => Some(0),
        AppliesTo::Role(role) if caller.roles.contains(role) => Some(1),
        AppliesTo::Everybody => Some(2),
        _ => None,
    };
    let matching = rules.iter().filter(|rule| path.starts_with(&rule.path));
    let ranked = matching.filter_map(|rule| Some((rank(rule)?, rule)));
    ranked.min_by_key(|(rank, rule)| (*rank, rule.per_hour)).map(|(_, rule)| rule)
}

impl Gate {
    /// Waits for a place; a full queue is turned away at once, without any rate headers.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, Reply> {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let full = || Reply::failure(429, "Too many requests", Some("The queue of the semaphore is full"));
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= self.most_waiting {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(full());
        }
        let _waiting = Waiting(&self.waiting);
        self.permits.clone().acquire_owned().await.map_err(|_| full())
    }
}

/// One place in the queue, given back also when the client goes away.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
