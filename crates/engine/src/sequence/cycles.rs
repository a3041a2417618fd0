//! Circles: the shortest one as a witness, and the cheapest ties to drop so that none is left. Exact up to 20 nodes
//! by dynamic programming over subsets (Lawler, "A comment on minimum feedback arc sets", 1964), greedy beyond.
#![expect(clippy::indexing_slicing, reason = "places are local to one circle and made here")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::order::{Adjacency, layer};
use super::steps::{OutOfSteps, Steps};

/// The largest circle whose cheapest drop is found exactly.
pub const EXACT_NODES: usize = 20;

/// "The one comes before the other."
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// What comes first.
    pub before: u32,
    /// What comes later.
    pub after: u32,
    /// What it costs to drop it; `None` = it may not be dropped.
    pub weight: Option<u64>,
}

/// Nodes that all come before each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// All of them, smallest first.
    pub members: Vec<u32>,
    /// A shortest circle among them, from its smallest node on: each comes before the next, the last before the first.
    pub witness: Vec<u32>,
    /// The `(before, after)` pairs to drop; `None` when even without all droppable ties a circle is left.
    pub drop: Option<Vec<(u32, u32)>>,
    /// Is that the cheapest way for certain?
    pub exact: bool,
}

/// All circles. The order of the ties does not matter. Ties of a node with itself are left out.
///
/// # Errors
/// When the steps do not suffice: O(V·E) for each witness, O(2ⁿ·n) for an exact drop.
pub fn circles(nodes: usize, ties: &[Tie], steps: &mut Steps) -> Result<Vec<Circle>, OutOfSteps> {
    let mut pairs: BTreeMap<(u32, u32), Option<u64>> = BTreeMap::new();
    for tie in ties.iter().filter(|tie| tie.before != tie.after) {
        let weight = pairs.entry((tie.before, tie.after)).or_insert(Some(0));
        *weight = weight.zip(tie.weight).map(|(one, two)| one.saturating_add(two));
    }
    let edges: Vec<(u32, u32)> = pairs.keys().copied().collect();
    let layers = layer(&Adjacency::new(nodes, &edges));
    let mut inside: BTreeMap<u32, Vec<Tie>> = BTreeMap::new();
    for ((before, after), weight) in pairs {
        let group = layers.group_of[before as usize];
        if group == layers.group_of[after as usize] {
            inside.entry(group).or_default().push(Tie { before, after, weight });
        }
    }
    let mut found = Vec::new();
    for (group, ties) in inside {
        let members = layers.members(group as usize).to_vec();
        found.push(circle(members, &ties, steps)?);
    }
    found.sort_by(|one, two| one.members.cmp(&two.members));
    Ok(found)
}

fn circle(members: Vec<u32>, ties: &[Tie], steps: &mut Steps) -> Result<Circle, OutOfSteps> {
    let local = |node: u32| members.binary_search(&node).unwrap_or_default() as u32;
    let inner: Vec<Tie> = ties
        .iter()
        .map(|tie| Tie { before: local(tie.before), after: local(tie.after), weight: tie.weight })
        .collect();
    let size = members.len();
    let edges: Vec<(u32, u32)> = inner.iter().map(|tie| (tie.before, tie.after)).collect();
    let witness = shortest(&Adjacency::new(size, &edges), steps)?;
    // Steps through subsets are small: sixteen of them are one.
    let exact = size <= EXACT_NODES && steps.spend(((size as u64) << size) / 16).is_ok();
    let order = if exact { cheapest_order(size, &inner) } else { greedy_order(size, &inner, steps)? };
    let outer = |node: &u32| members[*node as usize];
    let drop = order.map(|place| {
        let backward = |tie: &&Tie| place[tie.before as usize] > place[tie.after as usize];
        inner.iter().filter(backward).map(|tie| (outer(&tie.before), outer(&tie.after))).collect()
    });
    let witness = witness.iter().map(outer).collect();
    Ok(Circle { witness, drop, exact, members })
}

/// The shortest circle; of several, the one through the smallest node.
fn shortest(graph: &Adjacency, steps: &mut Steps) -> Result<Vec<u32>, OutOfSteps> {
    let mut best: Option<Vec<u32>> = None;
    for start in 0..graph.len() as u32 {
        let mut from = vec![u32::MAX; graph.len()];
        let mut queue = VecDeque::from([start]);
        'search: while let Some(node) = queue.pop_front() {
            steps.spend(1 + graph.after(node).len() as u64)?;
            for after in graph.after(node) {
                if *after == start {
                    let mut circle = vec![node];
                    while circle.last().is_some_and(|last| *last != start) {
                        circle.extend(circle.last().map(|last| from[*last as usize]));
                    }
                    circle.reverse();
                    if best.as_ref().is_none_or(|best| circle.len() < best.len()) {
                        best = Some(circle);
                    }
                    break 'search;
                }
                if from[*after as usize] == u32::MAX {
                    from[*after as usize] = node;
                    queue.push_back(*after);
                }
            }
        }
        if best.as_ref().is_some_and(|best| best.len() == 2) {
            break;
        }
    }
    Ok(best.unwrap_or_default())
}

const IMPOSSIBLE: u64 = u64::MAX;

/// Each node's place in the order that goes against the least weight; `None` when every order goes against a tie
/// that may not be dropped. `cost[set]` is the least weight against which the nodes of `set` can all stand first.
fn cheapest_order(size: usize, ties: &[Tie]) -> Option<Vec<u32>> {
    let mut firm = vec![0_u32; size];
    let mut soft: Vec<Vec<(u32, u64)>> = vec![Vec::new(); size];
    for tie in ties {
        match tie.weight {
            None => firm[tie.before as usize] |= 1 << tie.after,
            Some(weight) => soft[tie.before as usize].push((1 << tie.after, weight)),
        }
    }
    let mut cost = vec![IMPOSSIBLE; 1 << size];
    let mut last = vec![0_u8; 1 << size];
    cost[0] = 0;
    for set in 0..(1_u32 << size) {
        let so_far = cost[set as usize];
        if so_far == IMPOSSIBLE {
            continue;
        }
        for node in 0..size {
            let bit = 1 << node;
            if set & bit != 0 || firm[node] & set != 0 {
                continue;
            }
            let against: u64 =
                soft[node].iter().filter(|(other, _)| other & set != 0).map(|(_, weight)| weight).sum();
            let (next, total) = ((set | bit) as usize, so_far.saturating_add(against));
            if total < cost[next] {
                cost[next] = total;
                last[next] = node as u8;
            }
        }
    }
    let mut set = (1_u32 << size) - 1;
    if cost[set as usize] == IMPOSSIBLE {
        return None;
    }
    let mut place = vec![0; size];
    while set != 0 {
        let node = last[set as usize];
        set &= !(1 << node);
        place[node as usize] = set.count_ones();
    }
    Some(place)
}

/// Each node's place in an order that takes next, of the nodes without an open firm tie, the one that goes against
/// the least weight and for the most. O((V+E) log V).
fn greedy_order(size: usize, ties: &[Tie], steps: &mut Steps) -> Result<Option<Vec<u32>>, OutOfSteps> {
    steps.spend((size + ties.len()) as u64)?;
    let mut waiting = vec![0_u32; size];
    let mut balance = vec![0_i128; size];
    let mut touching: Vec<Vec<&Tie>> = vec![Vec::new(); size];
    for tie in ties {
        match tie.weight {
            None => waiting[tie.after as usize] += 1,
            Some(weight) => {
                balance[tie.after as usize] += i128::from(weight);
                balance[tie.before as usize] -= i128::from(weight);
            }
        }
        touching[tie.before as usize].push(tie);
        touching[tie.after as usize].push(tie);
    }
    let mut ready: BTreeSet<(i128, u32)> =
        (0..size).filter(|node| waiting[*node] == 0).map(|node| (balance[node], node as u32)).collect();
    let mut place = vec![u32::MAX; size];
    let mut placed = 0;
    while let Some((_, node)) = ready.pop_first() {
        place[node as usize] = placed;
        placed += 1;
        for tie in &touching[node as usize] {
            let other = if tie.before == node { tie.after } else { tie.before };
            if place[other as usize] != u32::MAX {
                continue;
            }
            let was_ready = ready.remove(&(balance[other as usize], other));
            match (tie.weight, tie.before == node) {
                (None, true) => waiting[other as usize] -= 1,
                (None, false) => {}
                (Some(weight), true) => balance[other as usize] -= i128::from(weight),
                (Some(weight), false) => balance[other as usize] += i128::from(weight),
            }
            if was_ready || waiting[other as usize] == 0 {
                ready.insert((balance[other as usize], other));
            }
        }
    }
    Ok((placed as usize == size).then_some(place))
}
