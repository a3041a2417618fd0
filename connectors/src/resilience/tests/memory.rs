//! Remembering and sharing answers, under paused time.

use http::Method;

use super::script::{Script, Step, good, status};
use super::*;

fn remembered() -> Request {
    let policy =
        CachePolicy::fresh_for(seconds(10)).stale_while_revalidate(seconds(20)).stale_if_error(seconds(600));
    read().cache(policy)
}

const ETAGGED: Step = Step::Says(200, r#"{"rows":[1]}"#, &[("etag", "\"v1\"")]);

async fn freshness(system: &Upstream, request: Request) -> &'static str {
    match system.send(request).await.map(|answer| answer.freshness) {
        Ok(Freshness::Fresh) => "fresh",
        Ok(Freshness::Cached) => "cached",
        Ok(Freshness::Revalidated) => "revalidated",
        Ok(Freshness::Stale { failure: None }) => "stale",
        Ok(Freshness::Stale { failure: Some(_) }) => "stale after a failure",
        Err(error) => error.kind.name(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_used_while_fresh_then_while_it_is_refreshed() {
    let script = Script::of([Step::Takes(seconds(1), Box::new(good()))]);
    let system = script.system(|_| {});
    assert_eq!(freshness(&system, remembered()).await, "fresh");
    let first = system.send(remembered()).await.expect("an answer");
    tokio::time::advance(seconds(8)).await;
    assert_eq!(freshness(&system, remembered()).await, "cached");
    tokio::time::advance(seconds(2)).await;
    let stale = system.send(remembered()).await.expect("an answer");
    assert!(stale.is_stale());
    assert_eq!(stale.received_at, first.received_at, "it says since when");
    assert_eq!(freshness(&system, remembered()).await, "stale");
    tokio::time::sleep(seconds(2)).await;
    assert_eq!(script.count(), 2, "many stale readers cause one refresh");
    assert_eq!(freshness(&system, remembered()).await, "cached");
    assert_eq!(system.telemetry().spared.by_cache, 5);
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_stands_in_for_a_failing_system_but_not_for_a_refusing_one() {
    for (code, expected) in
        [(500, "stale after a failure"), (429, "stale after a failure"), (403, "denied"), (401, "unauthenticated")]
    {
        let script = Script::of([good(), status(code)]);
        let system = script.system(|config| config.settings.retry.retries = 0);
        assert_eq!(freshness(&system, remembered()).await, "fresh");
        tokio::time::advance(seconds(60)).await;
        assert_eq!(freshness(&system, remembered()).await, expected, "{code}");
        if code == 403 {
            let again = system.send(remembered()).await;
            assert_eq!(kind(again), FailureKind::Denied, "and what was remembered is forgotten");
        }
        tokio::time::advance(seconds(600)).await;
        assert!(system.send(remembered()).await.is_err(), "too old to stand in");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_wants_it_fresher_asks_again() {
    let script = Script::of([good()]);
    let system = script.system(|_| {});
    assert_eq!(freshness(&system, remembered()).await, "fresh");
    tokio::time::advance(seconds(5)).await;
    let strict = read().cache(CachePolicy::fresh_for(seconds(3)));
    assert_eq!(freshness(&system, strict).await, "fresh");
    assert_eq!(freshness(&system, read()).await, "fresh", "no policy, no memory");
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_answer_is_confirmed_instead_of_sent() {
    let script = Script::of([ETAGGED, status(304), status(304)]);
    let system = script.system(|_| {});
    let careful = || read().cache(CachePolicy::revalidate());
    let first = system.send(careful()).await.expect("an answer");
    tokio::time::advance(seconds(60)).await;
    let second = system.send(careful()).await.expect("an answer");
    assert!(matches!(second.freshness, Freshness::Revalidated));
    assert_eq!(second.body, first.body);
    assert_eq!(second.received_at.duration_since(first.received_at).as_secs(), 60);
    assert_eq!(script.header(1, "if-none-match").as_deref(), Some("\"v1\""));
    assert_eq!(freshness(&system, careful()).await, "revalidated");
    assert_eq!(system.telemetry().spared.by_revalidation, 2);
}

#[tokio::test(start_paused = true)]
async fn after_a_write_nothing_older_is_fresh() {
    let script = Script::of([good()]);
    let system = script.system(|_| {});
    assert_eq!(freshness(&system, remembered()).await, "fresh");
    assert_eq!(freshness(&system, remembered()).await, "cached");
    let write = Request::new("add comment", Method::POST, "comments", Idempotency::Once);
    assert!(system.send(write).await.is_ok());
    assert_eq!(freshness(&system, remembered()).await, "fresh");
}

#[tokio::test(start_paused = true)]
async fn identical_reads_in_flight_are_one_request_and_scopes_stay_apart() {
    let script = Script::of([Step::Takes(seconds(1), Box::new(good()))]);
    let system = script.system(|_| {});
    let all = (0..50).map(|_| system.send(read().scope(Scope::new("ada"))));
    assert!(futures::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(script.count(), 1);
    assert_eq!(system.telemetry().spared.by_coalescing, 49);

    let both = futures::join!(
        system.send(remembered().scope(Scope::new("ada"))),
        system.send(remembered().scope(Scope::new("bob")))
    );
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(script.count(), 3);
    assert_eq!(freshness(&system, remembered().scope(Scope::new("eve"))).await, "fresh");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_leader_does_not_fail_its_followers() {
    let script = Script::of([Step::Takes(seconds(2), Box::new(good()))]);
    let system = script.system(|_| {});
    let leader = tokio::time::timeout(seconds(1), system.send(read()));
    let (leader, follower) = tokio::join!(leader, system.send(read()));
    assert!(leader.is_err());
    assert!(follower.is_ok());
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_leader_in_a_hurry_does_not_take_a_patient_follower_along() {
    let script = Script::of([Step::Takes(seconds(2), Box::new(good()))]);
    let system = script.system(|_| {});
    let (hurried, patient) = tokio::join!(system.send(read().deadline(seconds(1))), system.send(read()));
    assert_eq!(kind(hurried), FailureKind::TimedOut);
    assert!(patient.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_but_not_remembered() {
    let script = Script::of([Step::Takes(seconds(1), Box::new(status(400))), good()]);
    let system = script.system(|_| {});
    let both = futures::join!(system.send(remembered()), system.send(remembered()));
    assert!(both.0.is_err() && both.1.is_err());
    assert_eq!(script.count(), 1);
    assert_eq!(freshness(&system, remembered()).await, "fresh");
}

#[tokio::test(start_paused = true)]
async fn broken_json_is_not_remembered() {
    let script = Script::of([Step::Says(200, r#"{"rows":"#, &[]), good()]);
    let system = script.system(|_| {});
    assert_eq!(freshness(&system, remembered()).await, "malformed");
    assert_eq!(freshness(&system, remembered()).await, "fresh");
}
