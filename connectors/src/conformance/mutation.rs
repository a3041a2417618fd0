//! Answers of the right shape but for one place, at every system: whatever a vendor's next version sends, it is read,
//! or it is a gap; it is never a panic, an endless read, or a kind that nobody speaks of.

use std::time::Duration;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::SYSTEMS;
use super::bench::Bench;
use super::stand::System;

/// How many places there are in a document.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(fields) => fields.values().map(places).sum(),
        _ => 0,
    }
}

/// Changes the place with this number, counted from the top.
fn change(value: &mut Value, place: &mut usize, random: &mut StdRng) {
    if *place == 0 {
        *value = another(value, random);
    }
    *place = place.wrapping_sub(1);
    if *place == usize::MAX {
        return;
    }
    let inner: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(fields) => Box::new(fields.values_mut()),
        _ => return,
    };
    for value in inner {
        change(value, place, random);
        if *place == usize::MAX {
            return;
        }
    }
}

/// Something that a program may send in place of this.
fn another(value: &Value, random: &mut StdRng) -> Value {
    let twice = |items: &Vec<Value>| items.iter().chain(items).cloned().collect::<Vec<_>>();
    match (value, random.random_range(0..4)) {
        (Value::Array(items), 0) => twice(items).into(),
        (Value::Array(_), 1) => json!([]),
        (Value::Object(fields), 0) => fields.values().next().cloned().unwrap_or_default(),
        (Value::Object(fields), 1) => {
            let last = fields.len().saturating_sub(1);
            fields.clone().into_iter().take(last).collect::<serde_json::Map<_, _>>().into()
        }
        (Value::String(text), 0) => format!("{text}{text}").into(),
        (Value::String(text), 1) => text.chars().rev().collect::<String>().into(),
        _ => {
            let words = [
                json!(null),
                json!(true),
                json!(-1),
                json!(u64::MAX),
                json!(1e308),
                json!(""),
                json!("0"),
                json!("9999-12-31T23:59:59.999999999+14:00"),
                json!("-9999-01-01"),
                json!("\u{0}\u{202e}\u{1f4b6}"),
                json!("x".repeat(100_000)),
                json!([[[[]]]]),
                json!({}),
                json!({ "value": { "value": "" }, "display_value": [] }),
            ];
            words.choose(random).cloned().unwrap_or_default()
        }
    }
}

/// Reads a system whose answers are changed in a place each, and says what nobody speaks of.
async fn read_spoiled(system: System, seed: u64) {
    let bench = Bench::of(system).await.holding(10..13);
    let mut random = StdRng::seed_from_u64(seed);
    bench.spoil(move |json| {
        // Most answers stay as they are: else the first one would end every read.
        if random.random_bool(0.4) {
            let mut place = random.random_range(0..places(json));
            change(json, &mut place, &mut random);
        }
    });
    let what = format!("{} with seed {seed}", system.vendor);
    let read = tokio::time::timeout(Duration::from_secs(300), async {
        let first = bench.gather().await;
        let since = bench.gather_since(&first).await;
        bench.connector.probe(bench.now()).await;
        [first, since]
    });
    for gathered in read.await.unwrap_or_else(|_| panic!("{what}: it reads on and on")) {
        for kind in bench.connector.descriptor().kinds {
            let told = gathered.complete.contains(kind) || gathered.changed.contains(kind);
            let missed = gathered.gaps.iter().any(|gap| gap.kind == *kind);
            assert!(told || missed, "{what}: nobody speaks of {kind:?}");
            assert!(!(gathered.complete.contains(kind) && missed), "{what}: {kind:?} is complete and has a gap");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn an_answer_of_almost_the_right_shape_is_read_or_is_a_gap(seed: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            for system in SYSTEMS.into_iter().filter(|system| !system.list.is_empty()) {
                read_spoiled(system, seed).await;
            }
        });
    }
}
