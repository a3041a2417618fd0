//! Units against brute force: no state between is one that fails, and no smaller unit would do.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::sequence::{Adjacency, Bond, Fit, Pair, Steps, consequences, fewest_to_split, layer};

/// Services with one release each; which new version fails with which old one.
type Fails = BTreeSet<(u32, u32)>;

fn units(services: u32, fails: &Fails) -> Vec<Vec<u32>> {
    let mut edges = Vec::new();
    for a in 0..services {
        for b in a + 1..services {
            let (one, other) = ([a], [b]);
            let fits = |i: usize, j: usize| match (i, j) {
                (1, 0) if fails.contains(&(a, b)) => Fit::Fails,
                (0, 1) if fails.contains(&(b, a)) => Fit::Fails,
                _ => Fit::Works,
            };
            let found = consequences(Pair { one: &one, other: &other, fits: &fits });
            assert_eq!(found.end, Fit::Works);
            edges.extend(found.precedences.iter().map(|precedence| (precedence.before, precedence.after)));
        }
    }
    let layers = layer(&Adjacency::new(services as usize, &edges));
    (0..layers.len()).map(|group| layers.members(group).to_vec()).collect()
}

/// Is what is new in this state compatible with what is old?
fn is_safe(new: u32, services: u32, fails: &Fails) -> bool {
    let is_new = |service: u32| new & (1 << service) != 0;
    (0..services).all(|a| (0..services).all(|b| !(is_new(a) && !is_new(b) && fails.contains(&(a, b)))))
}

/// Can these blocks, in some order, go one by one through safe states only?
fn has_safe_order(blocks: &[u32], done: u32, (services, fails): (u32, &Fails)) -> bool {
    let left: Vec<u32> = blocks.iter().copied().filter(|block| done & block == 0).collect();
    left.is_empty()
        || left.iter().any(|block| {
            is_safe(done | block, services, fails) && has_safe_order(blocks, done | block, (services, fails))
        })
}

fn facts(services: u32, most: usize) -> impl Strategy<Value = Fails> {
    let pair = (0..services, 0..services).prop_filter("two services", |(a, b)| a != b);
    proptest::collection::btree_set(pair, 0..most)
}

fn mask(unit: &[u32]) -> u32 {
    unit.iter().fold(0, |mask, service| mask | 1 << service)
}

proptest! {
    #[test]
    fn every_state_between_is_compatible(fails in facts(12, 20)) {
        let mut done = 0;
        for unit in units(12, &fails) {
            done |= mask(&unit);
            prop_assert!(is_safe(done, 12, &fails));
        }
    }

    #[test]
    fn no_smaller_unit_works(fails in facts(7, 12)) {
        let units = units(7, &fails);
        for (place, unit) in units.iter().enumerate().filter(|(_, unit)| unit.len() > 1) {
            let whole = mask(unit);
            // Split this unit in two in every way: no order of the blocks is safe any more.
            let mut part = (whole - 1) & whole;
            while part != 0 {
                let others = units.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, unit)| mask(unit));
                let blocks: Vec<u32> = others.chain([part, whole & !part]).collect();
                prop_assert!(!has_safe_order(&blocks, 0, (7, &fails)));
                part = (part - 1) & whole;
            }
        }
    }

    #[test]
    fn services_with_two_releases_pass_through_safe_states_only(bad in proptest::collection::btree_set((0..3_usize, 0..3_usize), 0..6)) {
        let (one, other) = ([0, 1], [2, 3]);
        let fits = |i: usize, j: usize| if bad.contains(&(i, j)) { Fit::Fails } else { Fit::Works };
        let found = consequences(Pair { one: &one, other: &other, fits: &fits });
        prop_assert_eq!(found.end, fits(2, 2));
        let ties = found.precedences.iter().map(|precedence| (precedence.before, precedence.after));
        let edges: Vec<(u32, u32)> = ties.chain([(0, 1), (2, 3)]).collect();
        let layers = layer(&Adjacency::new(4, &edges));
        let mut state = [0, 0];
        for group in 0..layers.len() {
            for release in layers.members(group) {
                state[*release as usize / 2] += 1;
            }
            let state = (state[0], state[1]);
            prop_assert!(state == (2, 2) || fits(state.0, state.1) == Fit::Works, "{:?} in {:?}", state, bad);
        }
    }

    #[test]
    fn the_fewest_verifications_are_the_fewest(
        rows in proptest::collection::vec((0..5_usize, 0..5_usize, proptest::option::weighted(0.7, Just(1_u64))), 5..12),
    ) {
        // A ring makes sure that there is something to split.
        let ring = (0..5).map(|node| Bond { before: node, after: (node + 1) % 5, verifications: Some(1) });
        let bonds: Vec<Bond> = rows
            .iter()
            .filter(|(a, b, _)| a != b)
            .map(|(a, b, verifications)| Bond { before: *a, after: *b, verifications: *verifications })
            .chain(ring)
            .collect();
        let splits = |without: &BTreeSet<usize>| {
            let left = bonds.iter().enumerate().filter(|(place, _)| !without.contains(place));
            let edges: Vec<(u32, u32)> = left.map(|(_, bond)| (bond.before as u32, bond.after as u32)).collect();
            layer(&Adjacency::new(5, &edges)).len() > 1
        };
        let assumed: Vec<usize> =
            (0..bonds.len()).filter(|place| bonds[*place].verifications.is_some()).collect();
        let sets = (0..1_u32 << assumed.len()).map(|set| -> BTreeSet<usize> {
            (0..assumed.len()).filter(|at| set & (1 << at) != 0).map(|at| assumed[at]).collect()
        });
        let best = sets.filter(|set| splits(set)).map(|set| set.len()).min();
        let found = fewest_to_split(5, &bonds, &mut Steps::new(1 << 20)).unwrap();
        prop_assert_eq!(found.as_ref().map(Vec::len), best);
        if let Some(found) = found {
            prop_assert!(splits(&found.into_iter().collect()));
        }
    }
}

#[test]
fn two_that_fail_both_ways_go_together_and_one_that_fails_one_way_waits() {
    assert_eq!(units(2, &Fails::from([(0, 1), (1, 0)])), [vec![0, 1]]);
    assert_eq!(units(2, &Fails::from([(0, 1)])), [vec![1], vec![0]]);
    assert_eq!(units(3, &Fails::from([(0, 1), (1, 2), (2, 0)])), [vec![0, 1, 2]]);
}

#[test]
fn what_is_not_verified_holds_together_and_says_what_to_verify() {
    let (one, other) = ([0], [1]);
    let known: BTreeMap<(usize, usize), Fit> = BTreeMap::from([((1, 0), Fit::Fails), ((1, 1), Fit::Works)]);
    let fits = |i, j| known.get(&(i, j)).copied().unwrap_or(Fit::Unverified);
    let found = consequences(Pair { one: &one, other: &other, fits: &fits });
    let told: Vec<_> =
        found.precedences.iter().map(|found| (found.before, found.after, found.state, found.verified)).collect();
    assert_eq!(told, [(0, 1, (0, 1), false), (1, 0, (1, 0), true)]);
    let bond = |before, after, verifications| Bond { before, after, verifications };
    let mut steps = Steps::new(1_000);
    assert_eq!(fewest_to_split(2, &[bond(0, 1, Some(1)), bond(1, 0, None)], &mut steps), Ok(Some(vec![0])));
    assert_eq!(fewest_to_split(2, &[bond(0, 1, None), bond(1, 0, None)], &mut steps), Ok(None));
}

#[test]
fn versions_that_fail_at_the_end_are_told() {
    let (one, other) = ([0], [1]);
    let fits = |i, j| if (i, j) == (1, 1) { Fit::Fails } else { Fit::Works };
    let found = consequences(Pair { one: &one, other: &other, fits: &fits });
    assert_eq!((found.end, found.precedences.len()), (Fit::Fails, 0));
}
