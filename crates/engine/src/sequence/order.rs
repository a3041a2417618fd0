//! Strongly connected groups, waves and a total order, over plain places. Iterative: a chain of a hundred thousand
//! releases must not exhaust a thread's stack, which petgraph's recursive Tarjan does.
#![expect(
    clippy::indexing_slicing,
    reason = "places are below the number of nodes; `Adjacency::new` leaves out others"
)]

/// Who follows whom, as one flat list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjacency {
    /// Where each node's followers start in `followers`; one more than there are nodes.
    starts: Vec<u32>,
    followers: Vec<u32>,
}

impl Adjacency {
    /// The graph of these `(before, after)` edges. An edge to a place that does not exist is left out. O(V+E).
    pub fn new(nodes: usize, edges: &[(u32, u32)]) -> Self {
        let known = |edge: &&(u32, u32)| (edge.0 as usize) < nodes && (edge.1 as usize) < nodes;
        let mut starts = vec![0_u32; nodes + 1];
        for (before, _) in edges.iter().filter(known) {
            starts[*before as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut followers = vec![0; starts[nodes] as usize];
        for (before, after) in edges.iter().filter(known) {
            let place = &mut next[*before as usize];
            followers[*place as usize] = *after;
            *place += 1;
        }
        Self { starts, followers }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those that come after a node.
    pub fn after(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.followers[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}

/// Groups of nodes that reach each other, in waves: a group's wave is one more than the greatest wave before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers {
    /// The group of each node.
    pub group_of: Vec<u32>,
    /// The wave of each group, the first is 0. Groups are numbered by wave, then by their smallest member: their
    /// numbers are an order in which everything comes after what it follows.
    pub waves: Vec<u32>,
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Layers {
    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.waves.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty()
    }

    /// The members of a group, smallest first.
    pub fn members(&self, group: usize) -> &[u32] {
        &self.members[self.starts[group] as usize..self.starts[group + 1] as usize]
    }
}

/// Finds groups and waves. O(V+E), and O(V log V) to number the groups.
pub fn layer(graph: &Adjacency) -> Layers {
    let (found, count) = components(graph);
    let (starts, members) = gather(&found, count);
    let slice = |group: usize| starts[group] as usize..starts[group + 1] as usize;
    // Tarjan completes a group after everything that follows it, so from the last to the first is an order.
    let mut waves = vec![0_u32; count];
    for group in (0..count).rev() {
        let next = waves[group] + 1;
        for node in &members[slice(group)] {
            for after in graph.after(*node) {
                let other = found[*after as usize] as usize;
                if other != group && waves[other] < next {
                    waves[other] = next;
                }
            }
        }
    }
    let mut sorted: Vec<(u32, u32, u32)> =
        (0..count).map(|group| (waves[group], members[starts[group] as usize], group as u32)).collect();
    sorted.sort_unstable();
    let mut number = vec![0_u32; count];
    for (new, (_, _, old)) in sorted.iter().enumerate() {
        number[*old as usize] = new as u32;
    }
    let group_of: Vec<u32> = found.iter().map(|old| number[*old as usize]).collect();
    let (starts, members) = gather(&group_of, count);
    Layers { group_of, waves: sorted.into_iter().map(|(wave, _, _)| wave).collect(), starts, members }
}

/// The members of each group as one flat list, smallest first.
fn gather(group_of: &[u32], count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; count + 1];
    for group in group_of {
        starts[*group as usize + 1] += 1;
    }
    for group in 0..count {
        starts[group + 1] += starts[group];
    }
    let mut next = starts.clone();
    let mut members = vec![0; group_of.len()];
    for (node, group) in group_of.iter().enumerate() {
        let place = &mut next[*group as usize];
        members[*place as usize] = node as u32;
        *place += 1;
    }
    (starts, members)
}

const UNSEEN: u32 = u32::MAX;

/// Tarjan's algorithm with a stack of its own: the group of each node, and how many groups there are.
fn components(graph: &Adjacency) -> (Vec<u32>, usize) {
    let nodes = graph.len();
    let mut low = vec![UNSEEN; nodes];
    let mut group = vec![UNSEEN; nodes];
    let (mut seen, mut count) = (0_u32, 0_u32);
    let mut open: Vec<u32> = Vec::new();
    // Where each call stands: the node, its own number, and the next follower to look at.
    let mut calls: Vec<(u32, u32, u32)> = Vec::new();
    for root in 0..nodes as u32 {
        if low[root as usize] != UNSEEN {
            continue;
        }
        low[root as usize] = seen;
        calls.push((root, seen, graph.starts[root as usize]));
        open.push(root);
        seen += 1;
        while let Some((node, number, next)) = calls.last_mut() {
            let here = *node as usize;
            if *next < graph.starts[here + 1] {
                let after = graph.followers[*next as usize];
                *next += 1;
                if low[after as usize] == UNSEEN {
                    low[after as usize] = seen;
                    calls.push((after, seen, graph.starts[after as usize]));
                    open.push(after);
                    seen += 1;
                } else if group[after as usize] == UNSEEN {
                    low[here] = low[here].min(low[after as usize]);
                }
                continue;
            }
            if low[here] == *number {
                while let Some(member) = open.pop() {
                    group[member as usize] = count;
                    if member as usize == here {
                        break;
                    }
                }
                count += 1;
            }
            calls.pop();
            if let Some((above, _, _)) = calls.last() {
                let above = *above as usize;
                low[above] = low[above].min(low[here]);
            }
        }
    }
    (group, count as usize)
}
