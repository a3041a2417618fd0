//! The fewest verifications that would split a unit: a minimum cut of its directed graph in which what is known for
//! certain cannot be cut. Exact, by augmenting paths (Edmonds and Karp, 1972) from and to one member.
#![expect(clippy::indexing_slicing, reason = "places are local to one unit and made here")]

use std::collections::VecDeque;

use super::steps::{OutOfSteps, Steps};

/// A tie inside a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bond {
    /// What comes first, as a place in the unit.
    pub before: usize,
    /// What comes later.
    pub after: usize,
    /// How many verifications would undo it; `None` = it is certain.
    pub verifications: Option<u64>,
}

/// Places of the bonds whose undoing splits a unit of so many members with the fewest verifications; `None` when what
/// is certain holds the unit together.
///
/// # Errors
/// When the steps do not suffice.
pub fn fewest_to_split(
    members: usize,
    bonds: &[Bond],
    steps: &mut Steps,
) -> Result<Option<Vec<usize>>, OutOfSteps> {
    let mut best: Option<(u64, Vec<usize>)> = None;
    for other in 1..members {
        for ends in [(0, other), (other, 0)] {
            let limit = best.as_ref().map_or(CERTAIN, |(flow, _)| *flow);
            if let Some(found) = cut(members, bonds, (ends, limit), steps)? {
                best = Some(found);
            }
        }
    }
    Ok(best.map(|(_, cut)| cut))
}

/// No number of verifications comes near it.
const CERTAIN: u64 = 1 << 40;

/// The smallest cut between two members, where it is smaller than the limit.
fn cut(
    members: usize,
    bonds: &[Bond],
    ((from, to), limit): ((usize, usize), u64),
    steps: &mut Steps,
) -> Result<Option<(u64, Vec<usize>)>, OutOfSteps> {
    let mut left: Vec<(u64, u64)> = bonds.iter().map(|bond| (bond.verifications.unwrap_or(CERTAIN), 0)).collect();
    let mut touching: Vec<Vec<usize>> = vec![Vec::new(); members];
    for (place, bond) in bonds.iter().enumerate() {
        touching[bond.before].push(place);
        touching[bond.after].push(place);
    }
    let mut flow = 0;
    loop {
        let mut came: Vec<Option<usize>> = vec![None; members];
        let mut reached = vec![false; members];
        reached[from] = true;
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            steps.spend(1 + touching[node].len() as u64)?;
            for place in &touching[node] {
                let bond = &bonds[*place];
                let forward = bond.before == node;
                let next = if forward { bond.after } else { bond.before };
                let room = if forward { left[*place].0 } else { left[*place].1 };
                if room > 0 && !reached[next] {
                    reached[next] = true;
                    came[next] = Some(*place);
                    queue.push_back(next);
                }
            }
        }
        if !reached[to] {
            let crosses = |bond: &Bond| reached[bond.before] && !reached[bond.after];
            let cut = bonds.iter().enumerate().filter(|(_, bond)| crosses(bond)).map(|(place, _)| place);
            return Ok(Some((flow, cut.collect())));
        }
        let mut path = Vec::new();
        let mut node = to;
        while let Some(place) = came[node] {
            let forward = bonds[place].after == node;
            path.push((place, forward));
            node = if forward { bonds[place].before } else { bonds[place].after };
        }
        let room = |(place, forward): &(usize, bool)| if *forward { left[*place].0 } else { left[*place].1 };
        let more = path.iter().map(room).min().unwrap_or(CERTAIN);
        for (place, forward) in path {
            let (ahead, back) = &mut left[place];
            let (taken, given) = if forward { (ahead, back) } else { (back, ahead) };
            *taken -= more;
            *given += more;
        }
        flow += more;
        if flow >= limit {
            return Ok(None);
        }
    }
}
