//! Every fault at every system: of the whole system, and of one list alone. Whatever goes wrong is a gap with the
//! right code for each kind that rests on it; never "no records", never a panic, never a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{GapCode, RecordId, RecordKind};
use simulators::faults::{Effect, Fault};

use super::SYSTEMS;
use super::bench::Bench;
use super::cases::Cases;
use super::listening::Listening;
use super::stand::{SECRET, System};
use crate::contract::{Gathered, LongText, Probe, ProbeAnswer, Wanted};

/// What happens, and the code that tells it.
fn faults(system: &System) -> Vec<(Effect, GapCode)> {
    let elsewhere = || "http://elsewhere.example/".to_owned();
    vec![
        (status(400), GapCode::SourceMalformed),
        (status(401), GapCode::SourceDenied),
        (Effect::ExpiredToken, GapCode::SourceDenied),
        (status(403), GapCode::SourceDenied),
        (status(404), system.hides),
        (status(410), GapCode::SourceUnavailable),
        (Effect::TooManyRequests { retry_after_seconds: Some(600) }, GapCode::SourceRateLimited),
        (Effect::TooManyRequests { retry_after_seconds: None }, GapCode::SourceRateLimited),
        (status(500), GapCode::SourceUnavailable),
        (status(501), GapCode::SourceUnavailable),
        (status(502), GapCode::SourceUnavailable),
        (status(503), GapCode::SourceUnavailable),
        (status(504), GapCode::SourceUnavailable),
        (Effect::CutBody { after_bytes: 9 }, GapCode::SourceUnavailable),
        (Effect::MalformedJson, GapCode::SourceMalformed),
        (Effect::OtherShape, GapCode::SourceMalformed),
        (Effect::EmptyBody, GapCode::SourceMalformed),
        (Effect::Html, GapCode::SourceMalformed),
        (Effect::ContentType { content_type: "text/html".to_owned() }, GapCode::SourceMalformed),
        (Effect::GzipBomb { mebibytes: 8 }, GapCode::SourceIncomplete),
        (Effect::Redirect { location: elsewhere(), status: 302 }, GapCode::SourceUnavailable),
        (Effect::Redirect { location: elsewhere(), status: 307 }, GapCode::SourceUnavailable),
        (Effect::Refuse, GapCode::SourceUnavailable),
    ]
}

/// What is only a matter of time; tokio's time passes by itself while it is paused.
fn slow_faults() -> [Effect; 2] {
    [Effect::DelayHeaders { milliseconds: 600_000 }, Effect::SlowBody { piece_bytes: 1, milliseconds: 100_000 }]
}

/// A refusal that tells what it should not.
fn status(status: u16) -> Effect {
    let told = format!("{{\"message\":\"no {SECRET}\"}}");
    let headers = [("content-type", "application/json"), ("x-told", SECRET)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Effect::Status { status, headers: headers.into(), body: told }
}

/// The systems that are reached over HTTP.
fn served() -> impl Iterator<Item = System> {
    SYSTEMS.into_iter().filter(|system| !system.list.is_empty())
}

/// Nothing that was told bears the secret, in any of the forms in which it is sent.
fn nothing_secret(what: &str, told: &str) {
    let basic = |user: &str| STANDARD.encode(format!("{user}:{SECRET}"));
    for secret in [SECRET.to_owned(), basic("svc.interlock"), basic("ada@bank.example")] {
        assert!(!told.contains(&secret), "{what}: {}", around(told, &secret));
    }
}

/// The line that tells too much.
fn around<'t>(told: &'t str, secret: &str) -> &'t str {
    told.lines().find(|line| line.contains(secret)).unwrap_or_default()
}

/// These kinds are dark, each with this code, and nobody may think that there is nothing.
fn dark(what: &str, gathered: &Gathered, kinds: &BTreeSet<RecordKind>, code: GapCode) {
    for kind in kinds {
        assert!(!gathered.complete.contains(kind), "{what}: {kind:?} is told as complete");
        assert!(!gathered.watermarks.contains_key(kind), "{what}: {kind:?} will not be read again");
        let codes: BTreeSet<GapCode> =
            gathered.gaps.iter().filter(|gap| gap.kind == *kind).map(|gap| gap.code).collect();
        assert_eq!(codes, [code].into(), "{what}: {kind:?}");
    }
    for gap in &gathered.gaps {
        assert!(!gap.message.contains("127.0.0.1") && !gap.message.contains("http"), "{what}: {}", gap.message);
    }
}

/// A probe that finds nothing good.
fn bad(probe: &Probe) -> bool {
    let good = |answer: &ProbeAnswer| matches!(answer, ProbeAnswer::Good(_));
    !probe.permitted.iter().any(|(_, answer)| good(answer))
}

/// The whole system is out of order.
async fn out_of_order(bench: &Bench, listening: &Listening, (effect, code): (&Effect, GapCode)) {
    let what = format!("{} {effect:?}", bench.system.vendor);
    let kinds: BTreeSet<RecordKind> = bench.connector.descriptor().kinds.iter().copied().collect();
    let id = RecordId::new(&bench.connector.descriptor().id, bench.stand.id(1));
    bench.server().faults.set(Fault::on("", effect.clone()));
    let gathered = bench.gather().await;
    dark(&what, &gathered, &kinds, code);
    assert!(gathered.records.is_empty() && gathered.changed.is_empty(), "{what}: {:?}", gathered.changed);

    let wanted = Wanted::from([(bench.system.kind, [id.clone()].into())]);
    let read = bench.connector.read(&wanted, bench.now()).await;
    assert!(read.gaps.iter().any(|gap| gap.kind == bench.system.kind), "{what}: named records are no longer there");
    if let Some(texts) = bench.connector.long_texts() {
        let all = [LongText::ImplementationPlan, LongText::KnownErrorArticle, LongText::PullRequestDescription];
        for text in all.into_iter().filter(|text| kinds.contains(&text.kind())) {
            let answer = texts.long_texts(text, &[id.clone()].into()).await;
            assert!(answer.is_err(), "{what}: {text:?} is told as empty");
        }
    }
    let probe = bench.connector.probe(bench.now()).await;
    assert!(bad(&probe), "{what}: {probe:?}");
    let told = format!("{gathered:?} {read:?} {probe:?} {:?}", bench.connector.telemetry());
    nothing_secret(&what, &told);
    nothing_secret(&what, &listening.take());
}

#[tokio::test]
async fn a_system_out_of_order_darkens_every_kind() {
    let (listening, mut cases) = (Listening::begin(), Cases::default());
    for system in served() {
        let mut bench = Bench::of(system).await.holding(1..4);
        for (effect, code) in faults(&system) {
            cases.case(out_of_order(&bench, &listening, (&effect, code))).await;
            bench = bench.after(code).await;
        }
    }
    cases.judge();
}

#[tokio::test]
async fn a_slow_system_darkens_every_kind_in_time() {
    let (listening, mut cases) = (Listening::begin(), Cases::default());
    for system in served() {
        for effect in slow_faults() {
            let bench = Bench::of(system).await.holding(1..4);
            // Everything times out here, and a try that ends too soon because nobody waits for a socket does so too.
            tokio::time::pause();
            cases.case(out_of_order(&bench, &listening, (&effect, GapCode::SourceTimedOut))).await;
            tokio::time::resume();
        }
    }
    cases.judge();
}

/// One list is out of order.
async fn list_out_of_order(bench: &Bench, listening: &Listening, (effect, code): (Effect, GapCode)) {
    let system = bench.system;
    let what = format!("{} {} {effect:?}", system.vendor, system.list);
    bench.server().faults.set(Fault::on(system.list, effect));
    let gathered = bench.gather().await;
    dark(&what, &gathered, &[system.kind].into(), code);
    // Whoever asks for patience gets it from all of us.
    let beside = if code == GapCode::SourceRateLimited { &[] } else { system.beside };
    for kind in beside {
        assert!(gathered.complete.contains(kind), "{what}: {kind:?} {:?}", gathered.gaps);
    }
    nothing_secret(&what, &format!("{gathered:?}"));
    nothing_secret(&what, &listening.take());
}

#[tokio::test]
async fn a_list_out_of_order_darkens_what_rests_on_it_alone() {
    let (listening, mut cases) = (Listening::begin(), Cases::default());
    for system in served() {
        // A refused connection knows no path.
        let mut bench = Bench::of(system).await.holding(1..4);
        for (effect, code) in faults(&system).into_iter().filter(|(effect, _)| *effect != Effect::Refuse) {
            cases.case(list_out_of_order(&bench, &listening, (effect, code))).await;
            bench = bench.after(code).await;
        }
    }
    cases.judge();
}

#[tokio::test]
async fn a_passing_fault_is_got_over_by_trying_again() {
    let passing = [
        status(500),
        status(503),
        Effect::TooManyRequests { retry_after_seconds: Some(1) },
        Effect::TooManyRequests { retry_after_seconds: None },
        Effect::CutBody { after_bytes: 9 },
        Effect::Refuse,
    ];
    for system in served() {
        for effect in &passing {
            let what = format!("{} {effect:?}", system.vendor);
            let bench = Bench::with(system, jiff::SignedDuration::ZERO, |settings| {
                settings.retry.retries = 2;
                settings.retry.longest_pause = Duration::from_secs(1);
            });
            let bench = bench.await.holding(1..4);
            bench.server().faults.set(Fault::on("", effect.clone()).times(1));
            let gathered = bench.gather().await;
            assert_eq!(gathered.gaps, [], "{what}");
            assert!(bench.is_complete(&gathered), "{what}");
            assert_eq!(bench.numbers(&gathered), [1, 2, 3], "{what}");
        }
    }
}

#[tokio::test]
async fn nothing_is_fetched_from_another_host() {
    for system in served() {
        let (bench, other) = (Bench::of(system).await.holding(1..4), Bench::of(system).await);
        let location = format!("{}/login?token={SECRET}", other.server().url());
        bench.server().faults.set(Fault::on("", Effect::Redirect { location, status: 302 }));
        let gathered = bench.gather().await;
        dark(system.vendor, &gathered, &[system.kind].into(), GapCode::SourceUnavailable);
        assert_eq!(other.server().requests.total(), 0, "{}", system.vendor);
        nothing_secret(system.vendor, &format!("{gathered:?}"));
    }
}

#[tokio::test]
async fn after_a_fault_all_is_as_if_it_had_not_been() {
    for system in served() {
        let bench = Bench::of(system).await.holding(1..4);
        let first = bench.gather().await;
        let down = Effect::Status { status: 503, headers: BTreeMap::new(), body: String::new() };
        bench.server().faults.set(Fault::on("", down));
        let failed = bench.gather_since(&first).await;
        assert!(!bench.is_complete(&failed) && !failed.watermarks.contains_key(&system.kind), "{}", system.vendor);
        bench.server().faults.clear();
        bench.hand().put(4);
        let again = bench.gather().await;
        assert_eq!(again.gaps, [], "{}", system.vendor);
        assert_eq!(bench.numbers(&again), [1, 2, 3, 4], "{}", system.vendor);
    }
}
