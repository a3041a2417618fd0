//! The circuit as callers meet it.

use super::script::{Script, Step, good, status};
use super::*;

fn another(number: usize) -> Request {
    read().query("number", number.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_failing_system_is_left_alone_and_found_well_again_by_one_probe() {
    let mut steps = vec![status(500); 5];
    steps.push(Step::Takes(seconds(1), Box::new(good())));
    let script = Script::of(steps);
    let system = script.system(|config| config.settings.retry.retries = 0);
    for number in 0..5 {
        assert_eq!(kind(system.send(another(number)).await), FailureKind::Unavailable { status: 500 });
    }
    assert_eq!(system.telemetry().circuit, CircuitState::Open);
    let open = FailureKind::CircuitOpen { retry_after: Some(seconds(5)) };
    assert_eq!(kind(system.send(another(6)).await), open);
    assert_eq!(script.count(), 5);

    tokio::time::advance(seconds(5)).await;
    assert_eq!(system.telemetry().circuit, CircuitState::HalfOpen);
    let all = futures::future::join_all((10..20).map(|number| system.send(another(number)))).await;
    assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(script.count(), 6);
    assert_eq!(system.telemetry().circuit, CircuitState::Closed);
    assert!(system.send(another(21)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn being_busy_or_refusing_never_opens_the_circuit() {
    for code in [400, 401, 403, 429] {
        let script = Script::of([status(code)]);
        let system = script.system(|config| config.settings.retry.retries = 0);
        for number in 0..60 {
            assert!(system.send(another(number)).await.is_err());
        }
        assert_eq!(script.count(), 60);
        assert_eq!(system.telemetry().circuit, CircuitState::Closed, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn callers_in_a_hurry_do_not_open_the_circuit() {
    let script = Script::of([Step::Takes(seconds(2), Box::new(good()))]);
    let system = script.system(|_| {});
    for number in 0..30 {
        let hurried = another(number).deadline(seconds(1));
        assert_eq!(kind(system.send(hurried).await), FailureKind::TimedOut);
    }
    assert_eq!(system.telemetry().circuit, CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_frees_its_place() {
    let mut steps = vec![status(500); 5];
    steps.extend([Step::Hangs, good()]);
    let script = Script::of(steps);
    let system = script.system(|config| config.settings.retry.retries = 0);
    for number in 0..5 {
        assert!(system.send(another(number)).await.is_err());
    }
    tokio::time::advance(seconds(5)).await;
    let given_up = tokio::time::timeout(seconds(1), system.send(another(6))).await;
    assert!(given_up.is_err());
    assert!(system.send(another(7)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_stood_in_line_when_the_circuit_opened_is_not_sent() {
    let slow_failure = Step::Takes(seconds(1), Box::new(status(500)));
    let script = Script::of([slow_failure]);
    let system = script.system(|config| {
        config.settings.retry.retries = 0;
        config.settings.limits.concurrency = 5;
        config.settings.limits.burst = 100;
    });
    let all = futures::future::join_all((0..50).map(|number| system.send(another(number)))).await;
    assert!(all.iter().all(Result::is_err));
    assert!(script.count() <= 10, "{}", script.count());
}
