//! What goes wrong below HTTP's meaning, at every system: a certificate nobody trusts, and a body without end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header;
use domain::{GapCode, RecordKind};
use futures::stream;
use simulators::serve::Server;

use super::SYSTEMS;
use super::bench::{Bench, connect};
use crate::SystemClock;
use crate::contract::Gathered;
use crate::resilience::Settings;
use crate::resilience::tests::tls;

const PIECE: usize = 64 * 1024;
const GIBIBYTE: u64 = 1024 * 1024 * 1024;

/// Reads a system from another address than its simulator's.
async fn gathered_from(bench: &Bench, url: String, settings: Settings) -> Gathered {
    let connector = connect(&*bench.stand, url, settings, Arc::new(SystemClock));
    let gathered = connector.gather(&bench.request()).await;
    assert!(gathered.records.is_empty() && gathered.complete.is_empty() && gathered.changed.is_empty());
    let dark: BTreeSet<RecordKind> = gathered.gaps.iter().map(|gap| gap.kind).collect();
    assert_eq!(dark, connector.descriptor().kinds.iter().copied().collect(), "{}", bench.system.vendor);
    gathered
}

fn once() -> Settings {
    let mut settings = Settings::default();
    (settings.deadline, settings.try_timeout) = (Duration::from_secs(120), Duration::from_secs(120));
    settings.retry.retries = 0;
    (settings.breaker.window, settings.breaker.min_failures) = (1000, 1000);
    settings.limits.requests_per_second = 10_000.0;
    settings.limits.burst = 10_000;
    settings
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_an_outage() {
    let server = tls::trusted_by_the_authority().await;
    for system in SYSTEMS.into_iter().filter(|system| !system.list.is_empty()) {
        let bench = Bench::of(system).await;
        let gathered = gathered_from(&bench, format!("https://{}", server.address), once()).await;
        for gap in &gathered.gaps {
            assert_eq!(gap.code, GapCode::SourceUnavailable, "{}", system.vendor);
            assert!(gap.message.contains("trusted connection"), "{}", gap.message);
        }
    }
}

/// Sends a gibibyte of JSON to whoever asks, and counts what was taken.
fn gibibyte(taken: Arc<AtomicU64>) -> Router {
    let answer = move || {
        let taken = taken.clone();
        async move {
            let pieces = stream::unfold(0_u64, move |sent| {
                let taken = taken.clone();
                async move {
                    if sent >= GIBIBYTE {
                        return None;
                    }
                    taken.fetch_add(PIECE as u64, Ordering::Relaxed);
                    let piece =
                        if sent == 0 { [&b"["[..], &[b' '; PIECE - 1]].concat() } else { vec![b' '; PIECE] };
                    Some((Ok::<_, std::io::Error>(Bytes::from(piece)), sent + PIECE as u64))
                }
            });
            ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(pieces))
        }
    };
    Router::new().fallback(answer)
}

#[tokio::test]
async fn a_gibibyte_is_refused_after_its_first_part() {
    for system in SYSTEMS.into_iter().filter(|system| !system.list.is_empty()) {
        let bench = Bench::of(system).await;
        let taken = Arc::new(AtomicU64::new(0));
        let server = Server::start(gibibyte(taken.clone()), 0, bench.clock.clone()).await.expect("a free port");
        let gathered = gathered_from(&bench, server.url(), Settings { max_body_bytes: 1 << 20, ..once() }).await;
        assert!(gathered.gaps.iter().all(|gap| gap.code == GapCode::SourceIncomplete), "{:?}", gathered.gaps);
        let asked = server.requests.total().max(1);
        let each = taken.load(Ordering::Relaxed) / asked;
        // The rest is what the two ends of a connection hold on its way.
        assert!(each < 16 << 20, "{}: {each} bytes of each of {asked} answers", system.vendor);
    }
}
