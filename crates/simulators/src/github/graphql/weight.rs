//! What a query may cost at most, from its text alone: the nodes it can return and the points it is charged.

use async_graphql_parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use serde_json::{Map, Value};

use super::literal::Arguments;

/// Fragments that include each other end here.
const DEEPEST: usize = 40;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    /// Records that all connections together may hold.
    pub(super) nodes: u64,
    /// Connections that must be read.
    pub(super) requests: u64,
}

impl Weight {
    /// One point for each hundred connections read, and never less than one.
    pub(super) fn cost(self) -> u64 {
        ((self.requests + 50) / 100).max(1)
    }
}

pub(super) fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Option<&'d OperationDefinition> {
    let mut operations = document.operations.iter();
    let found = match name {
        Some(name) => operations.find(|(known, _)| known.is_none_or(|known| known.as_str() == name)),
        None => operations.next().filter(|_| operations.next().is_none()),
    };
    found.map(|(_, operation)| &operation.node)
}

pub(super) fn weigh(document: &ExecutableDocument, name: Option<&str>, variables: &Map<String, Value>) -> Weight {
    let scale = Scale { document, variables };
    operation(document, name).map(|operation| scale.set(&operation.selection_set.node, 1, 0)).unwrap_or_default()
}

struct Scale<'d> {
    document: &'d ExecutableDocument,
    variables: &'d Map<String, Value>,
}

impl Scale<'_> {
    fn set(&self, set: &SelectionSet, parents: u64, depth: usize) -> Weight {
        if depth > DEEPEST {
            return Weight::default();
        }
        let weights = set.items.iter().map(|item| self.selection(&item.node, parents, depth));
        weights.fold(Weight::default(), |sum, one| Weight {
            nodes: sum.nodes.saturating_add(one.nodes),
            requests: sum.requests.saturating_add(one.requests),
        })
    }

    fn selection(&self, selection: &Selection, parents: u64, depth: usize) -> Weight {
        match selection {
            Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node, parents, depth + 1),
            Selection::FragmentSpread(spread) => {
                match self.document.fragments.get(&spread.node.fragment_name.node) {
                    Some(fragment) => self.set(&fragment.node.selection_set.node, parents, depth + 1),
                    None => Weight::default(),
                }
            }
            Selection::Field(field) => {
                let arguments = Arguments::of(&field.node, self.variables);
                let size = arguments.number("first").or_else(|| arguments.number("last"));
                let ids = arguments.get("ids").and_then(Value::as_array).map(|ids| ids.len() as u64);
                let Some(size) = size.map(|size| size.unsigned_abs()).or(ids) else {
                    return self.set(&field.node.selection_set.node, parents, depth + 1);
                };
                let nodes = parents.saturating_mul(size);
                let below = self.set(&field.node.selection_set.node, nodes, depth + 1);
                Weight {
                    nodes: below.nodes.saturating_add(nodes),
                    requests: below.requests.saturating_add(parents),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_pages_multiply() {
        let text = "{ repository(owner: \"a\", name: \"b\") { pullRequests(first: 50) { nodes { reviews(first: 10) { nodes { id } } ...More } } } }
                    fragment More on PullRequest { commits(last: 1) { nodes { oid } } }";
        let document = async_graphql_parser::parse_query(text).unwrap();
        let weight = weigh(&document, None, &Map::new());
        assert_eq!(weight, Weight { nodes: 50 + 500 + 50, requests: 1 + 50 + 50 });
        assert_eq!(weight.cost(), 1);
    }
}
