//! Puts the fields of an answer into the order of the question. The executing library writes them down as they
//! become known, so that without this the same question could be answered in different bytes.

use async_graphql::{
    Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

pub(super) fn order(data: &mut Value, document: &ExecutableDocument, operation: &OperationDefinition) {
    let mut layout = Layout::default();
    layout.add(&operation.selection_set.node, document);
    layout.apply(data);
}

/// Response keys in the order of the selection. Fragments of several types are laid out one after the other: an
/// object has fields of those that apply to it.
#[derive(Default)]
struct Layout<'a> {
    fields: IndexMap<&'a str, Layout<'a>>,
}

impl<'a> Layout<'a> {
    fn add(&mut self, set: &'a SelectionSet, document: &'a ExecutableDocument) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let inner = self.fields.entry(&field.node.response_key().node).or_default();
                    inner.add(&field.node.selection_set.node, document);
                }
                Selection::InlineFragment(inline) => self.add(&inline.node.selection_set.node, document),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, document);
                    }
                }
            }
        }
    }

    fn apply(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.apply(item)),
            // A leaf may be an object too, of a scalar type of ours: its inside is not laid out by the question.
            Value::Object(object) if !self.fields.is_empty() => {
                let mut expected = self.fields.keys();
                let ordered = object.keys().all(|key| expected.any(|next| key == next));
                if !ordered {
                    object.sort_by_cached_key(|key, _| self.fields.get_index_of(key.as_str()));
                }
                for (key, inner) in object.iter_mut() {
                    if matches!(inner, Value::List(_) | Value::Object(_))
                        && let Some(layout) = self.fields.get(key.as_str())
                    {
                        layout.apply(inner);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(query: &str, data: serde_json::Value, expected: serde_json::Value) {
        let document = parse_query(query).unwrap();
        let operation = document.operations.iter().next().unwrap().1.node.clone();
        let mut data = Value::from_json(data).unwrap();
        order(&mut data, &document, &operation);
        assert_eq!(serde_json::to_string(&data).unwrap(), expected.to_string(), "{query}");
    }

    #[test]
    fn fields_come_in_the_order_of_the_question() {
        check("{ a b c }", json!({ "c": 3, "a": 1, "b": 2 }), json!({ "a": 1, "b": 2, "c": 3 }));
        check("{ a x: b }", json!({ "x": 2, "a": 1 }), json!({ "a": 1, "x": 2 }));
        check(
            "{ l { ...F b } c } fragment F on T { a { y x } }",
            json!({ "c": 1, "l": [{ "b": 1, "a": { "x": 1, "y": 2 } }, null, [{ "b": 1, "a": null }]] }),
            json!({ "l": [{ "a": { "y": 2, "x": 1 }, "b": 1 }, null, [{ "a": null, "b": 1 }]], "c": 1 }),
        );
        check(
            "{ n { ... on A { a } ... on B { b a } } }",
            json!({ "n": [{ "a": 1 }, { "a": 1, "b": 2 }] }),
            json!({ "n": [{ "a": 1 }, { "a": 1, "b": 2 }] }),
        );
    }

    #[test]
    fn values_of_scalars_keep_their_own_order() {
        check(
            "{ json a }",
            json!({ "a": 1, "json": { "z": 1, "b": 2 } }),
            json!({ "json": { "z": 1, "b": 2 }, "a": 1 }),
        );
    }
}
