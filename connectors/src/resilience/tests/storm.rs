//! Many callers, many of whom give up, against a system that does everything wrong at random.
//! Whatever happens, the limits hold, nobody waits too long, and nothing is left behind.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use domain::ConnectorId;
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::super::transport::{Transport, Wire, WireAnswer};
use super::*;
use crate::clock::instant;
use crate::clock::testing::FollowsTokio;
use crate::error::Failure;

struct Erratic {
    random: Mutex<StdRng>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    calm: std::sync::atomic::AtomicBool,
}

/// Counts a try out again, also when it is dropped.
struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Transport for Erratic {
    async fn exchange(&self, _wire: Wire) -> Result<WireAnswer, Failure> {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let _counted = InFlight(&self.in_flight);
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        let (takes, dice) = {
            let mut random = self.random.lock().expect("the lock");
            (random.random_range(0..3000), random.random_range(0..100))
        };
        tokio::time::sleep(millis(takes)).await;
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let dice = if self.calm.load(Ordering::SeqCst) { 0 } else { dice };
        let status = match dice {
            0..60 => 200,
            60..70 => 429,
            70..85 => 500,
            85..90 => 403,
            90..95 => return Err(FailureKind::Unreachable.into()),
            _ => std::future::pending().await,
        };
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(WireAnswer { status, headers, body: Bytes::from_static(b"{}") })
    }
}

async fn storm(seed: u64) {
    let erratic = Arc::new(Erratic {
        random: Mutex::new(StdRng::seed_from_u64(seed)),
        in_flight: AtomicUsize::new(0),
        most_in_flight: AtomicUsize::new(0),
        calm: std::sync::atomic::AtomicBool::new(false),
    });
    let clock = Arc::new(FollowsTokio::from("2026-03-26T15:58:30Z"));
    let mut config = UpstreamConfig::new(ConnectorId::new("erratic"), "https://acme.example", clock);
    config.seed = seed;
    config.settings.limits.requests_per_second = 1000.0;
    let system = Upstream::over(Arc::clone(&erratic) as Arc<dyn Transport>, config).expect("a system");

    let mut random = StdRng::seed_from_u64(!seed);
    let callers = (0..400).map(|_| {
        let key = random.random_range(0..40).to_string();
        let (begins, patience) = (millis(random.random_range(0..60_000)), millis(random.random_range(1..40_000)));
        let policy =
            CachePolicy::fresh_for(seconds(5)).stale_while_revalidate(seconds(5)).stale_if_error(seconds(60));
        let request = read().query("key", key).cache(policy);
        let system = system.clone();
        async move {
            tokio::time::sleep(begins).await;
            let began = instant();
            let ended = tokio::time::timeout(patience, system.send(request)).await;
            assert!(began.elapsed() <= seconds(30), "nobody waits past the deadline");
            ended.is_ok()
        }
    });
    let ended = futures::future::join_all(callers).await;
    assert!(ended.iter().any(|ended| *ended));
    assert!(erratic.most_in_flight.load(Ordering::SeqCst) <= 4, "the limit holds");

    // A quiet hour later the system is well: whatever was open, held or taken must be free again.
    erratic.calm.store(true, Ordering::SeqCst);
    tokio::time::sleep(seconds(3600)).await;
    assert_eq!(erratic.in_flight.load(Ordering::SeqCst), 0, "no try was left behind");
    let probe = system.send(read().query("key", "a new one")).await;
    assert!(probe.is_ok(), "{probe:?}");
    let all = (0..100).map(|number| system.send(read().query("number", number.to_string())));
    let all = futures::future::join_all(all.collect::<Vec<_>>()).await;
    let told = system.telemetry();
    assert_eq!(told.circuit, CircuitState::Closed);
    assert!(all.iter().filter(|result| result.is_ok()).count() >= 10, "places are free");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn nothing_is_left_behind(seed: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(storm(seed));
    }
}
