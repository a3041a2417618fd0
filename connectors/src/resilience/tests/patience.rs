//! Deadlines, retries, waiting as asked, and budgets, under paused time.

use std::sync::Arc;

use async_trait::async_trait;
use http::Method;

use super::script::{Script, Step, good, status};
use super::*;
use crate::clock::instant;
use crate::error::Failure;

#[tokio::test(start_paused = true)]
async fn a_passing_trouble_is_tried_again_after_growing_pauses() {
    let script = Script::of([status(503), Step::Fails(FailureKind::Unreachable), good()]);
    let system = script.system(|_| {});
    assert!(system.send(read()).await.is_ok());
    let times = script.times();
    assert_eq!(times.len(), 3);
    assert!((100..=200).contains(&times[1]), "{times:?}");
    assert!((200..=400).contains(&(times[2] - times[1])), "{times:?}");
    let told = system.telemetry();
    assert_eq!((told.sent, told.retried), (3, 2));
    assert_eq!(told.failures.get("unavailable"), Some(&1));
    assert_eq!(told.failures.get("unreachable"), Some(&1));
    assert!(told.last_error.is_none() && told.last_success_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_hopeless_failure_is_not_tried_again() {
    for (code, expected) in [
        (400, FailureKind::Rejected { status: 400 }),
        (401, FailureKind::Unauthenticated),
        (403, FailureKind::Denied),
        (410, FailureKind::Gone),
        (302, FailureKind::RedirectRefused),
    ] {
        let script = Script::of([status(code)]);
        assert_eq!(kind(script.system(|_| {}).send(read()).await), expected);
        assert_eq!(script.count(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_record_is_an_answer() {
    let script = Script::of([Step::Says(404, "not found", &[])]);
    let answer = script.system(|_| {}).send(read()).await.expect("an answer");
    assert!(answer.found().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_status_that_the_request_understands_comes_back_with_its_body() {
    let script = Script::of([Step::Says(409, r#"{"error":"twice"}"#, &[])]);
    let answer = script.system(|_| {}).send(read().accepting(&[409])).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), answer.body.len()), (409, 17));
}

#[tokio::test(start_paused = true)]
async fn one_try_ends_after_its_time_and_the_call_at_its_deadline() {
    let script = Script::of([Step::Hangs]);
    let system = script.system(|config| config.settings.retry.retries = 1);
    let start = instant();
    assert_eq!(kind(system.send(read()).await), FailureKind::TimedOut);
    assert_eq!(script.count(), 2);
    assert!((20_000..=20_300).contains(&start.elapsed().as_millis()));

    let start = instant();
    let hurried = read().query("another", "one").deadline(seconds(3));
    assert_eq!(kind(system.send(hurried).await), FailureKind::TimedOut);
    assert_eq!(start.elapsed(), seconds(3));
}

#[tokio::test(start_paused = true)]
async fn a_try_that_is_slow_but_in_time_succeeds() {
    let script = Script::of([Step::Takes(seconds(9), Box::new(good()))]);
    let system = script.system(|_| {});
    assert!(system.send(read()).await.is_ok());
    let p50 = system.telemetry().latency_p50.expect("a latency");
    assert!(p50 >= seconds(9) && p50 < seconds(12));
}

#[tokio::test(start_paused = true)]
async fn we_wait_as_long_as_the_system_asks() {
    for headers in [
        &[("retry-after", "7")][..],
        &[("retry-after", "Thu, 26 Mar 2026 15:58:37 GMT")][..],
        &[("x-ratelimit-reset", "1774540717")][..],
        // By the system's own clock, which is an hour ahead.
        &[("date", "Thu, 26 Mar 2026 16:58:30 GMT"), ("x-ratelimit-reset", "1774544317")][..],
    ] {
        let script = Script::of([Step::Says(429, "", headers), good()]);
        assert!(script.system(|_| {}).send(read()).await.is_ok());
        let times = script.times();
        assert!((7000..=7200).contains(&times[1]), "{headers:?}: {times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_fails_at_once_and_says_how_long() {
    let script = Script::of([Step::Says(429, "", &[("x-ratelimit-reset", "2026-03-26T16:00Z")])]);
    let system = script.system(|_| {});
    let wait = FailureKind::RateLimited { retry_after: Some(seconds(90)) };
    assert_eq!(kind(system.send(read()).await), wait);
    assert_eq!(script.times(), [0]);
    // Others are held back too, without being sent.
    let held = kind(system.send(read().query("another", "one")).await);
    assert!(matches!(held, FailureKind::RateLimited { retry_after: Some(_) }));
    assert_eq!(script.count(), 1);
    assert_eq!(system.telemetry().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_busy_answer_without_a_time_is_met_with_back_off_and_fewer_at_once() {
    let script = Script::of([status(429), good()]);
    let system = script.system(|_| {});
    assert!(system.send(read()).await.is_ok());
    assert_eq!(system.telemetry().concurrency, 2);
    assert_eq!(system.telemetry().circuit, CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_server_error_is_not_made_to_wait_for_the_rate_limits_reset() {
    let headers = &[("x-ratelimit-reset", "1774544317")];
    let script = Script::of([Step::Says(500, "", headers), good()]);
    assert!(script.system(|_| {}).send(read()).await.is_ok());
    assert!(script.times()[1] < 1000);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_only_if_it_is_recognised() {
    for (idempotency, expected) in [(Idempotency::Once, 1), (Idempotency::Keyed, 4)] {
        let script = Script::of([status(503)]);
        let write = Request::new("create change", Method::POST, "changes", idempotency);
        let failed = script.system(|_| {}).send(write.json(&serde_json::json!({}))).await;
        assert_eq!(kind(failed), FailureKind::Unavailable { status: 503 });
        assert_eq!(script.count(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_spends_no_more_requests_than_it_was_given() {
    let script = Script::of([good(), good(), status(503)]);
    let system = script.system(|_| {});
    let budget = RequestBudget::of(3);
    for _ in 0..2 {
        assert!(system.send(read().budget(Arc::clone(&budget))).await.is_ok());
    }
    // The third request fails, and nothing is left for its retry: the system's own news counts.
    let failed = kind(system.send(read().budget(Arc::clone(&budget))).await);
    assert_eq!(failed, FailureKind::Unavailable { status: 503 });
    let failed = kind(system.send(read().budget(Arc::clone(&budget))).await);
    assert_eq!(failed, FailureKind::BudgetExhausted);
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn absurd_numbers_are_survived() {
    for wait in ["18446744073709551615", "1e19", "inf", "NaN", "-1"] {
        let headers: &'static [(&str, &str)] = Box::leak(Box::new([("retry-after", wait)]));
        let script = Script::of([Step::Says(429, "", headers)]);
        let failed = kind(script.system(|_| {}).send(read().deadline(std::time::Duration::MAX)).await);
        assert!(matches!(failed, FailureKind::RateLimited { .. }), "{wait}");
    }
    let forever = CachePolicy::fresh_for(std::time::Duration::MAX).stale_if_error(std::time::Duration::MAX);
    let system = Script::of([good()]).system(|_| {});
    for _ in 0..2 {
        assert!(system.send(read().cache(forever)).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn another_shape_is_the_systems_failure() {
    let system = Script::of([good()]).system(|_| {});
    let answer = system.send(read()).await.expect("an answer");
    let decoded = system.decode::<Vec<u8>>("read rows", &answer);
    assert_eq!(decoded.expect_err("a failure").kind, FailureKind::Malformed);
    assert_eq!(system.telemetry().last_error.expect("an error").code, domain::GapCode::SourceMalformed);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_calls_under_way() {
    let script = Script::of([Step::Hangs]);
    let system = script.system(|_| {});
    let (result, ()) = tokio::join!(system.send(read()), system.shut_down());
    assert_eq!(kind(result), FailureKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn limits_and_clock_are_told() {
    let headers = &[
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4999"),
        ("date", "Thu, 26 Mar 2026 15:59:00 GMT"),
    ];
    let script = Script::of([Step::Says(200, "{}", headers)]);
    let system = script.system(|_| {});
    let answer = system.send(read()).await.expect("an answer");
    assert_eq!(answer.date_skew, Some(jiff::SignedDuration::from_secs(30)));
    let told = system.telemetry();
    let limit = told.rate_limit.expect("a limit");
    assert_eq!((limit.limit, limit.remaining), (Some(5000), Some(4999)));
    assert_eq!(told.clock_skew, Some(jiff::SignedDuration::from_secs(30)));
}

/// A vendor that says 403, or 200 with a remark, when it means "slow down".
struct Polite;

impl Dialect for Polite {
    fn judge(&self, answer: &Answer) -> Option<Failure> {
        let now = vendor_now(answer);
        let limit = self.rate_limit(&answer.headers, now);
        let meant = answer.status == http::StatusCode::FORBIDDEN && limit.remaining == Some(0);
        if meant || answer.body.starts_with(b"[\"RATE_LIMITED\"") {
            return Some(FailureKind::RateLimited { retry_after: limit.wait(now) }.into());
        }
        standard_failure(answer.status, limit.wait(now))
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendor_may_mean_something_else_by_a_status() {
    let reset = &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1774540717")];
    let remark = Step::Says(200, r#"["RATE_LIMITED"]"#, &[("retry-after", "3")]);
    let script = Script::of([Step::Says(403, "", reset), remark, good(), status(403)]);
    let system = script.system(|config| config.dialect = Arc::new(Polite));
    assert!(system.send(read()).await.is_ok());
    let times = script.times();
    assert!((7000..=7200).contains(&times[1]), "{times:?}");
    assert!((3000..=3300).contains(&(times[2] - times[1])), "{times:?}");
    assert_eq!(kind(system.send(read()).await), FailureKind::Denied);
}

/// Tokens `token-0`, `token-1`, …
#[derive(Default)]
struct Numbered(std::sync::atomic::AtomicU32);

#[async_trait]
impl TokenSource for Numbered {
    async fn fetch(&self) -> Result<Token, Failure> {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Token { secret: Secret::new(format!("token-{number}")), expires_in: None })
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once() {
    let renewed = || Arc::new(RenewedToken::new(Arc::new(Numbered::default())));
    let script = Script::of([status(401), good()]);
    let system = script.system(|config| config.credentials = renewed());
    assert!(system.send(read()).await.is_ok());
    let tokens = [0, 1].map(|number| script.header(number, "authorization").expect("a token"));
    assert_eq!(tokens, ["Bearer token-0", "Bearer token-1"]);
    assert_eq!(script.times(), [0, 0]);

    let script = Script::of([status(401)]);
    let system = script.system(|config| config.credentials = renewed());
    assert_eq!(kind(system.send(read()).await), FailureKind::Unauthenticated);
    assert_eq!(script.count(), 2);
}
