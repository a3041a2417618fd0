//! A relation between the nodes of two tables: sorted edges, each with its link, readable from both ends.

use std::collections::BTreeMap;

use domain::Link;

use super::table::Index;

/// The other end of an edge, and the link that explains it.
#[derive(Debug)]
pub struct Related<'a, T> {
    /// The other end.
    pub index: Index<T>,
    /// Why they are joined.
    pub link: &'a Link,
}

/// Edges from nodes of table `A` to nodes of table `B`.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation<A, B> {
    /// Sorted by (from, to).
    edges: Vec<(Index<A>, Index<B>)>,
    links: Vec<Link>,
    /// Places in `edges`, sorted by (to, from).
    backward: Vec<u32>,
}

impl<A, B> Default for Relation<A, B> {
    fn default() -> Self {
        Self { edges: Vec::new(), links: Vec::new(), backward: Vec::new() }
    }
}

impl<A, B> Relation<A, B> {
    /// The edges that start at a node, in the order of the other table.
    pub fn from(&self, from: Index<A>) -> impl ExactSizeIterator<Item = Related<'_, B>> {
        let start = self.edges.partition_point(|(a, _)| *a < from);
        let end = start + self.edges.get(start..).unwrap_or_default().partition_point(|(a, _)| *a == from);
        let edges = self.edges.get(start..end).unwrap_or_default();
        let links = self.links.get(start..end).unwrap_or_default();
        edges.iter().zip(links).map(|((_, index), link)| Related { index: *index, link })
    }

    /// The edges that end at a node, in the order of the other table.
    pub fn to(&self, to: Index<B>) -> impl ExactSizeIterator<Item = Related<'_, A>> {
        let ends_at = |place: &u32| self.edges.get(*place as usize).map(|(_, b)| *b);
        let start = self.backward.partition_point(|place| ends_at(place) < Some(to));
        let end = start
            + self.backward.get(start..).unwrap_or_default().partition_point(|place| ends_at(place) == Some(to));
        let places = self.backward.get(start..end).unwrap_or_default();
        places.iter().map(|place| {
            #[expect(clippy::indexing_slicing, reason = "backward holds places of edges, and links are as many")]
            let (edge, link) = (self.edges[*place as usize], &self.links[*place as usize]);
            Related { index: edge.0, link }
        })
    }

    /// The link between two nodes.
    pub fn between(&self, from: Index<A>, to: Index<B>) -> Option<&Link> {
        let place = self.edges.binary_search(&(from, to)).ok()?;
        self.links.get(place)
    }

    /// All edges, sorted by their ends.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Index<A>, Index<B>, &Link)> {
        self.edges.iter().zip(&self.links).map(|((from, to), link)| (*from, *to, link))
    }

    /// How many edges there are.
    pub fn len(&self) -> usize {
        self.edges.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }
}

/// Collects edges; several reasons for one edge become one link.
#[derive(Debug)]
pub struct RelationBuilder<A, B> {
    links: BTreeMap<(Index<A>, Index<B>), Link>,
}

impl<A, B> Default for RelationBuilder<A, B> {
    fn default() -> Self {
        Self { links: BTreeMap::new() }
    }
}

impl<A, B> RelationBuilder<A, B> {
    /// Joins two nodes, or strengthens the link they have.
    pub fn add(&mut self, from: Index<A>, to: Index<B>, link: Link) {
        match self.links.entry((from, to)) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(link);
            }
            std::collections::btree_map::Entry::Occupied(mut place) => place.get_mut().strengthen(link),
        }
    }

    /// Are the two joined already?
    pub fn contains(&self, from: Index<A>, to: Index<B>) -> bool {
        self.links.contains_key(&(from, to))
    }

    /// The finished relation.
    pub fn build(self) -> Relation<A, B> {
        let (edges, mut links): (Vec<_>, Vec<Link>) = self.links.into_iter().unzip();
        for link in &mut links {
            link.evidence.shrink_to_fit();
        }
        let mut backward: Vec<u32> = (0..edges.len() as u32).collect();
        backward.sort_by_key(|place| edges.get(*place as usize).map(|(a, b)| (*b, *a)));
        Relation { edges, links, backward }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Evidence, EvidenceKind, LinkOrigin, LinkRule};
    use proptest::prelude::*;

    fn link() -> Link {
        Link::explicit(
            LinkRule::Field,
            Evidence {
                kind: EvidenceKind::Field,
                summary: "a field says so".into(),
                record: None,
                url: None,
                observed_at: None,
            },
        )
    }

    #[test]
    fn the_stronger_reason_names_the_edge_and_all_evidence_is_kept() {
        let mut builder = RelationBuilder::<u8, u16>::default();
        let evidence = |summary: &str| Evidence { summary: summary.into(), ..link().evidence[0].clone() };
        builder.add(Index::new(0), Index::new(1), Link::derived(LinkRule::KeyInText, 0.9, evidence("text")));
        builder.add(Index::new(0), Index::new(1), Link::explicit(LinkRule::Field, evidence("field")));
        let relation = builder.build();
        let found = relation.between(Index::new(0), Index::new(1)).expect("joined");
        assert_eq!((found.origin, found.rule), (LinkOrigin::Explicit, LinkRule::Field));
        assert_eq!(found.evidence.len(), 2);
    }

    proptest! {
        #[test]
        fn both_ends_read_the_same_edges(edges in proptest::collection::vec((0u32..9, 0u32..9), 0..60)) {
            let mut builder = RelationBuilder::<u8, u16>::default();
            for (a, b) in &edges {
                builder.add(Index::new(*a), Index::new(*b), link());
            }
            let relation = builder.build();
            for node in 0..9 {
                let mut forward: Vec<u32> = edges.iter().filter(|(a, _)| *a == node).map(|(_, b)| *b).collect();
                let mut backward: Vec<u32> = edges.iter().filter(|(_, b)| *b == node).map(|(a, _)| *a).collect();
                for list in [&mut forward, &mut backward] {
                    list.sort_unstable();
                    list.dedup();
                }
                let from: Vec<u32> = relation.from(Index::new(node)).map(|r| r.index.place()).collect();
                let to: Vec<u32> = relation.to(Index::new(node)).map(|r| r.index.place()).collect();
                prop_assert_eq!(from, forward);
                prop_assert_eq!(to, backward);
            }
        }
    }
}
