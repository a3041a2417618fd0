//! The neighbourhood of configuration items: what lies below an item, so that trouble there harms it.

use std::collections::{BTreeMap, VecDeque};

use domain::{CiRelation, ConfigurationItem};

use super::{Index, Table};

/// At most so many items are looked at around one: a hub with thousands of relations says little about a cause.
const NEIGHBOURS: usize = 5_000;

/// Relations over which trouble travels, readable both ways.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Topology {
    below: Vec<Vec<Index<ConfigurationItem>>>,
    above: Vec<Vec<Index<ConfigurationItem>>>,
}

impl Topology {
    /// The topology of these items.
    pub fn new(items: &Table<ConfigurationItem>, relations: &[CiRelation]) -> Self {
        let mut made = Self { below: vec![Vec::new(); items.len()], above: vec![Vec::new(); items.len()] };
        for relation in relations.iter().filter(|relation| relation.kind.child_harms_parent()) {
            let (Some(parent), Some(child)) = (items.find(&relation.parent), items.find(&relation.child)) else {
                continue;
            };
            if let Some(below) = made.below.get_mut(parent.place() as usize) {
                below.push(child);
            }
            if let Some(above) = made.above.get_mut(child.place() as usize) {
                above.push(parent);
            }
        }
        for row in made.below.iter_mut().chain(&mut made.above) {
            row.sort_unstable();
            row.dedup();
        }
        made
    }

    /// Items whose trouble can harm this one, with their distance; itself at 0.
    pub fn causes_of(&self, item: Index<ConfigurationItem>, depth: u32) -> BTreeMap<Index<ConfigurationItem>, u32> {
        walk(&self.below, item, depth)
    }

    /// Items that this one's trouble can harm, with their distance; itself at 0.
    pub fn harmed_by(&self, item: Index<ConfigurationItem>, depth: u32) -> BTreeMap<Index<ConfigurationItem>, u32> {
        walk(&self.above, item, depth)
    }
}

fn walk(
    next: &[Vec<Index<ConfigurationItem>>],
    from: Index<ConfigurationItem>,
    depth: u32,
) -> BTreeMap<Index<ConfigurationItem>, u32> {
    let mut found = BTreeMap::from([(from, 0)]);
    let mut queue = VecDeque::from([(from, 0)]);
    while let Some((item, distance)) = queue.pop_front() {
        if distance == depth {
            continue;
        }
        for other in next.get(item.place() as usize).into_iter().flatten() {
            if found.len() >= NEIGHBOURS {
                return found;
            }
            if !found.contains_key(other) {
                found.insert(*other, distance + 1);
                queue.push_back((*other, distance + 1));
            }
        }
    }
    found
}
