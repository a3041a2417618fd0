//! Waves, orders, circles and the way back, against brute force.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::sequence::{Adjacency, Layers, Steps, Tie, circles, layer, rollback};

/// Edges of a graph without circles: from smaller to greater places.
fn acyclic(nodes: u32, most: usize) -> impl Strategy<Value = Vec<(u32, u32)>> {
    let edge = (0..nodes, 0..nodes)
        .prop_filter_map("a node does not precede itself", |(a, b)| (a != b).then_some((a.min(b), a.max(b))));
    proptest::collection::vec(edge, 0..most)
}

fn edges(nodes: u32, most: usize) -> impl Strategy<Value = Vec<(u32, u32)>> {
    proptest::collection::vec((0..nodes, 0..nodes), 0..most)
}

fn layers(nodes: u32, edges: &[(u32, u32)]) -> Layers {
    layer(&Adjacency::new(nodes as usize, edges))
}

/// All in the order of their groups.
fn order(layers: &Layers) -> Vec<u32> {
    (0..layers.len()).flat_map(|group| layers.members(group).to_vec()).collect()
}

fn wave(layers: &Layers, node: u32) -> u32 {
    layers.waves[layers.group_of[node as usize] as usize]
}

/// Length of the longest chain that ends at a node, by trying all.
fn longest_to(node: u32, edges: &[(u32, u32)]) -> u32 {
    let before = edges.iter().filter(|(_, after)| *after == node);
    before.map(|(before, _)| 1 + longest_to(*before, edges)).max().unwrap_or(0)
}

fn reaches(edges: &[(u32, u32)], from: u32, to: u32) -> bool {
    let (mut seen, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        open.extend(edges.iter().filter(|(a, b)| *a == node && seen.insert(*b)).map(|(_, b)| *b));
    }
    false
}

proptest! {
    #[test]
    fn an_order_respects_every_edge_and_a_wave_is_one_more_than_the_greatest_before(edges in acyclic(9, 14)) {
        let layers = layers(9, &edges);
        let order = order(&layers);
        let place = |node: u32| order.iter().position(|other| *other == node).unwrap();
        prop_assert_eq!(order.len(), 9);
        for (before, after) in &edges {
            prop_assert!(place(*before) < place(*after));
        }
        for node in 0..9 {
            prop_assert_eq!(wave(&layers, node), longest_to(node, &edges));
        }
    }

    #[test]
    fn turning_all_edges_round_turns_an_order_round(edges in acyclic(9, 14)) {
        let turned: Vec<(u32, u32)> = edges.iter().map(|(a, b)| (*b, *a)).collect();
        let mut order = order(&layers(9, &turned));
        order.reverse();
        let place = |node: u32| order.iter().position(|other| *other == node).unwrap();
        prop_assert!(edges.iter().all(|(before, after)| place(*before) < place(*after)));
    }

    #[test]
    fn one_more_edge_never_takes_a_wave_away(edges in acyclic(9, 14), more in acyclic(9, 2)) {
        let waves = |edges: &[(u32, u32)]| layers(9, edges).waves.iter().max().copied();
        let both: Vec<(u32, u32)> = edges.iter().chain(&more).copied().collect();
        prop_assert!(waves(&both) >= waves(&edges));
    }

    #[test]
    fn a_group_is_all_that_reach_each_other(edges in edges(8, 16)) {
        let layers = layers(8, &edges);
        for a in 0..8 {
            for b in 0..8 {
                let same = layers.group_of[a as usize] == layers.group_of[b as usize];
                prop_assert_eq!(same, reaches(&edges, a, b) && reaches(&edges, b, a), "{} {}", a, b);
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(edges in edges(8, 16).prop_shuffle(), seed in any::<u64>()) {
        let mut shuffled = edges.clone();
        let length = shuffled.len().max(1);
        shuffled.rotate_left((seed % length as u64) as usize % length);
        shuffled.reverse();
        prop_assert_eq!(layers(8, &edges), layers(8, &shuffled));
        let ties = |edges: &[(u32, u32)]| -> Vec<Tie> {
            edges.iter().map(|(a, b)| Tie { before: *a, after: *b, weight: (a < b).then_some(1) }).collect()
        };
        let mut steps = Steps::new(1 << 20);
        prop_assert_eq!(
            circles(8, &ties(&edges), &mut steps).unwrap(),
            circles(8, &ties(&shuffled), &mut steps).unwrap()
        );
    }

    #[test]
    fn what_is_dropped_is_the_cheapest_and_leaves_no_circle(
        rows in proptest::collection::vec((0..5_u32, 0..5_u32, proptest::option::weighted(0.8, 1..4_u64)), 0..11),
    ) {
        let ties: Vec<Tie> =
            rows.iter().filter(|(a, b, _)| a != b).map(|(a, b, weight)| Tie { before: *a, after: *b, weight: *weight }).collect();
        let found = circles(5, &ties, &mut Steps::new(1 << 20)).unwrap();
        let firm = |a: u32, b: u32| ties.iter().any(|tie| (tie.before, tie.after) == (a, b) && tie.weight.is_none());
        let cost = |order: &[u32]| -> Option<u64> {
            let place = |node: u32| order.iter().position(|other| *other == node).unwrap();
            let against = ties.iter().filter(|tie| place(tie.before) > place(tie.after));
            against.map(|tie| tie.weight).sum()
        };
        let mut best: Option<u64> = None;
        permutations(&mut vec![0, 1, 2, 3, 4], 0, &mut |order| {
            if let Some(cost) = cost(order) {
                best = Some(best.map_or(cost, |best| best.min(cost)));
            }
        });
        let breakable = found.iter().all(|circle| circle.drop.is_some());
        prop_assert_eq!(breakable, best.is_some());
        if let Some(best) = best {
            let dropped: BTreeSet<(u32, u32)> =
                found.iter().flat_map(|circle| circle.drop.clone().unwrap()).collect();
            prop_assert!(dropped.iter().all(|(a, b)| !firm(*a, *b)));
            let weight: u64 = ties
                .iter()
                .filter(|tie| dropped.contains(&(tie.before, tie.after)))
                .map(|tie| tie.weight.unwrap_or_default())
                .sum();
            prop_assert_eq!(weight, best);
            let left: Vec<Tie> =
                ties.iter().filter(|tie| !dropped.contains(&(tie.before, tie.after))).copied().collect();
            prop_assert!(circles(5, &left, &mut Steps::new(1 << 20)).unwrap().is_empty());
        }
        for circle in &found {
            let ring = circle.witness.iter().zip(circle.witness.iter().cycle().skip(1));
            prop_assert!(ring.clone().count() >= 2);
            for (a, b) in ring {
                prop_assert!(ties.iter().any(|tie| (tie.before, tie.after) == (*a, *b)), "{:?}", circle);
            }
        }
    }

    #[test]
    fn the_way_back_is_the_way_there_turned_round(edges in acyclic(9, 14), there in proptest::collection::vec(any::<bool>(), 9)) {
        let all = order(&layers(9, &edges));
        let deployed: Vec<u32> = all.into_iter().filter(|node| there[*node as usize]).collect();
        let (back, kept) = rollback(&deployed, &edges, &[false; 9]);
        let mut turned = deployed;
        turned.reverse();
        prop_assert_eq!(back, turned);
        prop_assert!(kept.is_empty());
    }

    #[test]
    fn what_cannot_be_taken_back_keeps_all_it_needs(edges in acyclic(9, 14), fixed in proptest::collection::vec(any::<bool>(), 9)) {
        let all = order(&layers(9, &edges));
        let (back, kept) = rollback(&all, &edges, &fixed);
        for node in 0..9_u32 {
            let stays = (0..9_u32).any(|held| fixed[held as usize] && reaches(&edges, node, held));
            prop_assert_eq!(kept.contains(&node), stays);
            prop_assert_eq!(back.contains(&node), !stays);
        }
    }
}

fn permutations(items: &mut Vec<u32>, from: usize, visit: &mut dyn FnMut(&[u32])) {
    if from == items.len() {
        return visit(items);
    }
    for place in from..items.len() {
        items.swap(from, place);
        permutations(items, from + 1, visit);
        items.swap(from, place);
    }
}

#[test]
fn a_long_chain_does_not_exhaust_the_stack() {
    let edges: Vec<(u32, u32)> = (0..200_000).map(|node| (node, node + 1)).collect();
    let layers = layers(200_001, &edges);
    assert_eq!(layers.waves.last(), Some(&200_000));
}

#[test]
fn a_circle_too_large_for_all_orders_is_broken_greedily() {
    // A ring of 30 with one soft tie; and every node before all greater ones, softly.
    let ring = (0..30).map(|node| Tie { before: node, after: (node + 1) % 30, weight: (node == 29).then_some(5) });
    let found = circles(30, &ring.collect::<Vec<_>>(), &mut Steps::new(1 << 20)).unwrap();
    assert_eq!(found.len(), 1);
    assert!(!found[0].exact);
    assert_eq!(found[0].drop, Some(vec![(29, 0)]));
}

/// Pairs that need each other softly, the way back cheaper; each is firmly before the next, and softly the last before
/// the first. Every pair must lose a tie, and so must the ring: one for each, and one more.
fn pairs(count: u32) -> Vec<Tie> {
    let tie = |before, after, weight| Tie { before, after, weight };
    let mut ties = vec![tie(2 * count - 1, 0, Some(1))];
    for pair in 0..count {
        ties.extend([tie(2 * pair, 2 * pair + 1, Some(2)), tie(2 * pair + 1, 2 * pair, Some(1))]);
        if pair + 1 < count {
            ties.push(tie(2 * pair + 1, 2 * pair + 2, None));
        }
    }
    ties
}

#[test]
fn a_circle_of_twenty_is_solved_exactly_and_one_more_is_not_called_so() {
    let solve = |ties: &[Tie], nodes: u32| circles(nodes as usize, ties, &mut Steps::new(10_000_000)).unwrap();
    let found = solve(&pairs(10), 20);
    assert_eq!((found.len(), found[0].exact), (1, true));
    let dropped: BTreeSet<(u32, u32)> = found[0].drop.clone().unwrap().into_iter().collect();
    let weight = |tie: &&Tie| dropped.contains(&(tie.before, tie.after));
    let cost: u64 = pairs(10).iter().filter(weight).map(|tie| tie.weight.unwrap()).sum();
    assert_eq!(cost, 11, "ten pairs and the ring, each once: {dropped:?}");
    let left: Vec<Tie> = pairs(10).into_iter().filter(|tie| !dropped.contains(&(tie.before, tie.after))).collect();
    assert!(solve(&left, 20).is_empty());
    // The same with a twenty-first in the ring.
    let mut longer = pairs(10);
    longer[0].after = 20;
    longer.push(Tie { before: 20, after: 0, weight: None });
    let found = solve(&longer, 21);
    assert_eq!((found.len(), found[0].exact), (1, false));
    assert!(found[0].drop.is_some());
}

#[test]
fn steps_that_do_not_suffice_are_told_with_their_limit() {
    let ties: Vec<Tie> = (0..50).map(|node| Tie { before: node, after: (node + 1) % 50, weight: None }).collect();
    let error = circles(50, &ties, &mut Steps::new(40)).unwrap_err();
    assert_eq!(error.to_string(), "the limit of 40 steps was reached; ask for fewer releases or a shorter range");
}
