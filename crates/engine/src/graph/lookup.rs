//! Lists beside the tables by which the rows of a node are found without a look at all of them.

use domain::{Approval, ChangeId, Deployment, ReleaseKey};

use super::{Index, ReleaseGraph, Table};

/// Places in the tables, sorted by what the rows belong to and then by place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lookup {
    approvals: Vec<Index<Approval>>,
    deployments: Vec<Index<Deployment>>,
}

impl Lookup {
    /// For these tables.
    pub(crate) fn new(approvals: &Table<Approval>, deployments: &Table<Deployment>) -> Self {
        let mut by_change: Vec<_> = approvals.iter().collect();
        by_change.sort_by(|(_, a), (_, b)| a.change.cmp(&b.change));
        let mut by_release: Vec<_> = deployments.iter().collect();
        by_release.sort_by(|(_, a), (_, b)| a.release.cmp(&b.release));
        Self {
            approvals: by_change.into_iter().map(|(index, _)| index).collect(),
            deployments: by_release.into_iter().map(|(index, _)| index).collect(),
        }
    }
}

impl ReleaseGraph {
    /// The approvals of a change, in the order of their ids.
    pub fn approvals_of(&self, change: &ChangeId) -> impl Iterator<Item = (Index<Approval>, &Approval)> {
        let owner = |index: &Index<Approval>| &self.approvals.get(*index).change;
        let start = self.lookup.approvals.partition_point(|index| owner(index) < change);
        let from = self.lookup.approvals.get(start..).unwrap_or_default();
        let count = from.partition_point(|index| owner(index) == change);
        from.iter().take(count).map(|index| (*index, self.approvals.get(*index)))
    }

    /// The deployments of a release, in the order of their ids.
    pub fn deployments_of(&self, release: &ReleaseKey) -> impl Iterator<Item = (Index<Deployment>, &Deployment)> {
        let owner = |index: &Index<Deployment>| &self.deployments.get(*index).release;
        let start = self.lookup.deployments.partition_point(|index| owner(index) < release);
        let from = self.lookup.deployments.get(start..).unwrap_or_default();
        let count = from.partition_point(|index| owner(index) == release);
        from.iter().take(count).map(|index| (*index, self.deployments.get(*index)))
    }
}

#[cfg(test)]
mod tests {
    use crate::correlate::properties::{fact, world_of};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn looking_up_finds_what_a_look_at_all_finds(facts in proptest::collection::vec(fact(), 0..40)) {
            let graph = world_of(&facts).graph();
            for (_, change) in graph.changes.iter() {
                let all = graph.approvals.iter().filter(|(_, row)| row.change == change.id);
                let all: Vec<_> = all.map(|(index, _)| index).collect();
                let found: Vec<_> = graph.approvals_of(&change.id).map(|(index, _)| index).collect();
                prop_assert_eq!(all, found);
            }
            for (_, release) in graph.releases.iter() {
                let all = graph.deployments.iter().filter(|(_, row)| row.release == release.key);
                let all: Vec<_> = all.map(|(index, _)| index).collect();
                let found: Vec<_> = graph.deployments_of(&release.key).map(|(index, _)| index).collect();
                prop_assert_eq!(all, found);
            }
        }
    }
}
