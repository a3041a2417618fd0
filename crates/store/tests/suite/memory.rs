//! What was known when: only what is new is stored, and a moment's knowledge is exactly what had been read by then.

use domain::{ConnectorId, RecordId, RecordKind, Records, RuntimeObservation, Source};
use proptest::prelude::*;
use store::{Appended, Reading};

use crate::world::{Folder, Held, at, changes, cmdb, cut_short, known, stores, sweep};

fn held(pairs: &[(u8, u8)]) -> Held {
    pairs.iter().copied().collect()
}

#[tokio::test]
async fn only_new_content_is_stored() {
    let folder = Folder::new();
    for store in stores(&folder).await {
        let first = store.append(sweep(0, &held(&[(1, 1), (2, 2)]))).await.expect("stored");
        let same = store.append(sweep(60, &held(&[(1, 1), (2, 2)]))).await.expect("stored");
        let other = store.append(sweep(120, &held(&[(1, 9)]))).await.expect("stored");
        let told = [first, same, other].map(|Appended { versions, gone, .. }| (versions, gone));
        assert_eq!(told, [(2, 0), (0, 0), (1, 1)]);
        assert_eq!(store.extent().await.expect("counted").versions, 4);
        assert_eq!(store.check().await.expect("checked"), []);
    }
}

#[tokio::test]
async fn a_reading_cut_short_takes_nothing_away_and_its_gap_is_remembered() {
    let folder = Folder::new();
    for store in stores(&folder).await {
        store.append(sweep(0, &held(&[(1, 1), (2, 2)]))).await.expect("stored");
        store.append(cut_short(60, &held(&[(3, 3)]))).await.expect("stored");
        assert_eq!(known(&store, 60).await, held(&[(1, 1), (2, 2), (3, 3)]));
        let recalled = store.latest().await.expect("readable");
        let system = recalled.systems.get(&cmdb()).expect("read");
        assert_eq!(system.gaps.iter().map(|gap| gap.since).collect::<Vec<_>>(), [Some(at(0))]);
        assert_eq!(system.last_good.get(&RecordKind::CiRelation), Some(&at(0)));
        store.append(sweep(120, &Held::new())).await.expect("stored");
        let healed = store.latest().await.expect("readable");
        assert_eq!(healed.systems.get(&cmdb()).map(|system| system.gaps.len()), Some(0));
        assert_eq!(known(&store, 120).await, Held::new());
    }
}

#[tokio::test]
async fn before_the_first_reading_nothing_was_known() {
    let folder = Folder::new();
    for store in stores(&folder).await {
        assert_eq!(store.known_from().await.expect("readable"), None);
        store.append(sweep(0, &held(&[(1, 1)]))).await.expect("stored");
        assert_eq!(store.known_from().await.expect("readable"), Some(at(0)));
        assert_eq!(store.as_of(at(-1)).await.expect("readable").last_reading_at, None);
        assert_eq!(store.as_of(at(5)).await.expect("readable").last_reading_at, Some(at(0)));
    }
}

#[tokio::test]
async fn a_clock_that_goes_backwards_does_not_turn_readings_around() {
    let folder = Folder::new();
    for store in stores(&folder).await {
        store.append(sweep(100, &held(&[(1, 1)]))).await.expect("stored");
        let behind = store.append(sweep(40, &held(&[(1, 2)]))).await.expect("stored").clock_behind;
        assert_eq!(behind, 60_000_000);
        assert_eq!(known(&store, 99).await, Held::new());
        assert_eq!(known(&store, 100).await, held(&[(1, 2)]));
        assert_eq!(store.check().await.expect("checked"), []);
    }
}

#[tokio::test]
async fn looking_again_at_what_runs_is_no_new_version_and_says_when_it_was_seen_last() {
    let prometheus = ConnectorId::new("prometheus");
    let seen = |second: i64| Reading {
        connector: prometheus.clone(),
        records: Records {
            runtime_observations: vec![RuntimeObservation {
                labels: [("version".into(), "2.14.0".into())].into(),
                since: Some(at(-500)),
                observed_at: at(second),
                current: true,
                source: Source { record: RecordId::new(&prometheus, "series"), url: None, fetched_at: at(second) },
            }],
            ..Records::default()
        },
        complete: [RecordKind::RuntimeObservation].into(),
        watermarks: Default::default(),
        ..sweep(second, &Held::new())
    };
    let folder = Folder::new();
    for store in stores(&folder).await {
        assert_eq!(store.append(seen(0)).await.expect("stored").versions, 1);
        assert_eq!(store.append(seen(60)).await.expect("stored").versions, 0);
        for second in [0, 60] {
            let recalled = store.as_of(at(second)).await.expect("readable").into_records();
            assert_eq!(recalled, seen(second).records);
        }
    }
}

/// What one reading of a made-up history brings.
#[derive(Debug, Clone)]
enum Step {
    Sweep(Held),
    Changes(Held, Vec<u8>),
    CutShort(Held),
}

fn step() -> impl Strategy<Value = Step> {
    let some = || proptest::collection::btree_map(0_u8..12, 0_u8..4, 0..8);
    prop_oneof![
        some().prop_map(Step::Sweep),
        (some(), proptest::collection::vec(0_u8..12, 0..3)).prop_map(|(held, gone)| Step::Changes(held, gone)),
        some().prop_map(Step::CutShort),
    ]
}

impl Step {
    fn reading(&self, second: i64) -> Reading {
        match self {
            Self::Sweep(all) => sweep(second, all),
            Self::Changes(changed, gone) => changes(second, changed, gone),
            Self::CutShort(read) => cut_short(second, read),
        }
    }

    fn applied_to(&self, before: &Held) -> Held {
        let mut after = before.clone();
        match self {
            Self::Sweep(all) => after = all.clone(),
            Self::CutShort(read) => after.extend(read),
            Self::Changes(changed, gone) => {
                after.extend(changed);
                after.retain(|id, _| !gone.contains(id));
            }
        }
        after
    }
}

/// How many contents differ between two moments' knowledge.
fn distance(one: &Held, other: &Held) -> usize {
    let mut ids: Vec<&u8> = one.keys().chain(other.keys()).collect();
    ids.sort();
    ids.dedup();
    ids.into_iter().filter(|id| one.get(id) != other.get(id)).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn two_moments_differ_by_what_was_read_between_them(steps in proptest::collection::vec(step(), 1..8), cut in 0_usize..8) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let folder = Folder::new();
            for store in stores(&folder).await {
                let mut expected = vec![Held::new()];
                for (second, step) in (0_i64..).zip(&steps) {
                    let before = expected.last().expect("a start").clone();
                    let after = step.applied_to(&before);
                    let told = store.append(step.reading(second)).await.expect("stored");
                    assert!(told.versions + told.gone >= distance(&before, &after), "all that changed is stored");
                    expected.push(after);
                }
                let cut = cut.min(steps.len() - 1);
                for pruned_to in [0, cut] {
                    store.prune(at(pruned_to as i64)).await.expect("pruned");
                    for (second, knowledge) in (0_i64..).zip(&expected[1..]).skip(pruned_to) {
                        assert_eq!(&known(&store, second).await, knowledge, "at {second}, pruned to {pruned_to}");
                    }
                    assert_eq!(store.check().await.expect("checked"), []);
                }
                if cut > 0 {
                    assert_eq!(store.as_of(at(cut as i64 - 1)).await.expect("readable").last_reading_at, None);
                }
                store.append(sweep(100, &held(&[(1, 1)]))).await.expect("stored after pruning");
                assert_eq!(known(&store, 100).await, held(&[(1, 1)]));
                assert_eq!(store.check().await.expect("checked"), []);
            }
        });
    }
}
