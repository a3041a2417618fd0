//! Gives failed fields their null in the answer. The executing library leaves a failed field out, where GraphQL
//! wants null, or null for the nearest nullable field around it when the field itself may not be null.
//! Works on answers with errors only; which object type stands behind an interface is taken from the selection.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{
    Name, PathSegment, Response, Value,
    indexmap::IndexMap,
    parser::{
        parse_schema,
        types::{
            BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet, Type,
            TypeKind, TypeSystemDefinition,
        },
    },
};

/// The types of the fields of a schema.
#[derive(Default)]
pub(super) struct Shapes {
    fields: HashMap<Name, HashMap<Name, Type>>,
    query: Option<Name>,
    mutation: Option<Name>,
}

impl Shapes {
    /// From the schema definition language, as the schema exports it.
    pub(super) fn read(sdl: &str) -> Result<Self, async_graphql::parser::Error> {
        let mut shapes = Shapes::default();
        for definition in parse_schema(sdl)?.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    shapes.query = schema.node.query.map(|name| name.node);
                    shapes.mutation = schema.node.mutation.map(|name| name.node);
                }
                TypeSystemDefinition::Type(definition) => {
                    let (TypeKind::Object(async_graphql::parser::types::ObjectType { fields, .. })
                    | TypeKind::Interface(async_graphql::parser::types::InterfaceType { fields, .. })) =
                        definition.node.kind
                    else {
                        continue;
                    };
                    let fields = fields.into_iter().map(|field| (field.node.name.node, field.node.ty.node));
                    shapes.fields.entry(definition.node.name.node).or_default().extend(fields);
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        Ok(shapes)
    }

    pub(super) fn complete(
        &self,
        response: &mut Response,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) {
        let failures = Failures::of(response);
        if failures.fields.is_empty() {
            return;
        }
        let root = match operation.ty {
            OperationType::Query => &self.query,
            OperationType::Mutation => &self.mutation,
            OperationType::Subscription => &None,
        };
        let Some(root) = root else { return };
        let selected = [Selected { parent: root, set: &operation.selection_set.node }];
        let place = Place { nullable: true, base: &BaseType::Named(root.clone()), selected: &selected };
        Completion { shapes: self, document }.settle(&mut response.data, place, &failures);
    }
}

/// The errors of a response as a tree of their paths.
#[derive(Default)]
struct Failures {
    here: bool,
    fields: BTreeMap<String, Failures>,
    items: BTreeMap<usize, Failures>,
}

impl Failures {
    fn of(response: &Response) -> Self {
        let mut root = Failures::default();
        for error in response.errors.iter().filter(|error| !error.path.is_empty()) {
            let failed = error.path.iter().fold(&mut root, |node, segment| match segment {
                PathSegment::Field(name) => node.fields.entry(name.clone()).or_default(),
                PathSegment::Index(index) => node.items.entry(*index).or_default(),
            });
            failed.here = true;
        }
        root
    }
}

/// Where a value stands: its type, and what is asked of it.
#[derive(Clone, Copy)]
struct Place<'a, 's> {
    nullable: bool,
    base: &'a BaseType,
    selected: &'s [Selected<'a>],
}

impl<'a, 's> Place<'a, 's> {
    fn new(expected: &'a Type, selected: &'s [Selected<'a>]) -> Self {
        Place { nullable: expected.nullable, base: &expected.base, selected }
    }
}

#[derive(Clone, Copy)]
struct Selected<'a> {
    parent: &'a str,
    set: &'a SelectionSet,
}

struct Completion<'a> {
    shapes: &'a Shapes,
    document: &'a ExecutableDocument,
}

impl<'a> Completion<'a> {
    /// Whether the value may stand where it stands; if not, what is around it becomes null.
    fn settle(&self, value: &mut Value, place: Place<'a, '_>, failures: &Failures) -> bool {
        let stands = !failures.here
            && match place.base {
                BaseType::List(item) => self.settle_items(value, Place::new(item, place.selected), failures),
                BaseType::Named(_) => {
                    failures.fields.is_empty() || self.settle_fields(value, place.selected, failures)
                }
            };
        if !stands {
            *value = Value::Null;
        }
        *value != Value::Null || place.nullable
    }

    fn settle_items(&self, value: &mut Value, item: Place<'a, '_>, failures: &Failures) -> bool {
        let Value::List(items) = value else {
            // The library drops a whole list for one item that failed.
            return false;
        };
        failures
            .items
            .iter()
            .all(|(index, failed)| items.get_mut(*index).is_none_or(|value| self.settle(value, item, failed)))
    }

    fn settle_fields(&self, value: &mut Value, selected: &[Selected<'a>], failures: &Failures) -> bool {
        // An object of which every field failed arrives as null.
        if *value == Value::Null {
            *value = Value::Object(IndexMap::new());
        }
        let Value::Object(object) = value else { return true };
        let mut expected = HashMap::new();
        for part in selected {
            self.flatten(*part, &mut expected);
        }
        for (key, failed) in &failures.fields {
            let mut field_value = object.swap_remove(key.as_str()).unwrap_or_default();
            let occurrences = expected.get(key.as_str()).map_or(&[][..], Vec::as_slice);
            let shape = occurrences
                .iter()
                .find_map(|(parent, field)| self.shapes.fields.get(*parent)?.get(&field.name.node));
            let stands = match shape {
                Some(shape) => {
                    let parent = named(&shape.base);
                    let inner: Vec<_> = occurrences
                        .iter()
                        .map(|(_, field)| Selected { parent, set: &field.selection_set.node })
                        .collect();
                    self.settle(&mut field_value, Place::new(shape, &inner), failed)
                }
                // A field the SDL leaves out (federation's own): null is all that is known to be right.
                None => true,
            };
            if !stands {
                return false;
            }
            object.insert(Name::new(key), field_value);
        }
        true
    }

    /// The fields of a selection by response key.
    fn flatten(&self, selected: Selected<'a>, into: &mut HashMap<&'a str, Vec<(&'a str, &'a Field)>>) {
        for selection in &selected.set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.as_str();
                    into.entry(key).or_default().push((selected.parent, &field.node));
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let parent = condition.map_or(selected.parent, |condition| &condition.node.on.node);
                    self.flatten(Selected { parent, set: &inline.node.selection_set.node }, into);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let parent = &fragment.node.type_condition.node.on.node;
                        self.flatten(Selected { parent, set: &fragment.node.selection_set.node }, into);
                    }
                }
            }
        }
    }
}

fn named(base: &BaseType) -> &str {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(&item.base),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ServerError, parser::parse_query};
    use serde_json::json;

    use super::*;

    const SDL: &str = "
        schema { query: Query }
        interface Named { name: String }
        type Query { a: A  sure: A!  many: [A!]  loose: [A]  name: String }
        type A implements Named { name: String  id: ID!  b: A  c: A! }
    ";

    /// `paths` are where errors stand; numbers are indexes.
    #[track_caller]
    fn check(query: &str, data: serde_json::Value, paths: &[&str], expected: serde_json::Value) {
        let document = parse_query(query).unwrap();
        let mut response = Response::new(Value::from_json(data).unwrap());
        for path in paths {
            let mut error = ServerError::new("failed", None);
            error.path = path
                .split('.')
                .map(|part| part.parse().map_or_else(|_| PathSegment::Field(part.to_owned()), PathSegment::Index))
                .collect();
            response.errors.push(error);
        }
        let operation = document.operations.iter().next().unwrap().1.node.clone();
        Shapes::read(SDL).unwrap().complete(&mut response, &document, &operation);
        assert_eq!(response.data.into_json().unwrap(), expected, "{query}");
    }

    #[test]
    fn a_failed_field_is_null() {
        check(
            "{ name a { id } }",
            json!({ "a": { "id": "1" } }),
            &["name"],
            json!({ "name": null, "a": { "id": "1" } }),
        );
        check("{ x: name }", json!(null), &["x"], json!({ "x": null }));
        check(
            "{ a { name b { name } } }",
            json!({ "a": null }),
            &["a.name", "a.b.name"],
            json!({ "a": { "name": null, "b": { "name": null } } }),
        );
        check(
            "{ a { ...F id } } fragment F on A { name }",
            json!({ "a": { "id": "1" } }),
            &["a.name"],
            json!({ "a": { "name": null, "id": "1" } }),
        );
    }

    #[test]
    fn a_field_that_may_not_be_null_takes_what_is_around_it_along() {
        check("{ a { name id } }", json!({ "a": { "name": "x" } }), &["a.id"], json!({ "a": null }));
        check("{ name sure { id } }", json!({ "name": "x", "sure": {} }), &["sure.id"], json!(null));
        check(
            "{ a { b { c { id name } } name } }",
            json!({ "a": { "b": { "c": { "name": "x" } }, "name": "y" } }),
            &["a.b.c.id"],
            json!({ "a": { "b": null, "name": "y" } }),
        );
    }

    #[test]
    fn items_stand_or_fall_by_the_lists_type() {
        let two = || json!({ "many": [{ "name": "x" }, { "name": "y", "id": "2" }] });
        check("{ many { name id } }", two(), &["many.0.id"], json!({ "many": null }));
        let loose = json!({ "loose": [{ "name": "x" }, { "name": "y", "id": "2" }] });
        check(
            "{ loose { name id } }",
            loose,
            &["loose.0.id"],
            json!({ "loose": [null, { "name": "y", "id": "2" }] }),
        );
        check(
            "{ many { name } }",
            json!({ "many": [null, { "name": "y" }] }),
            &["many.0.name"],
            json!({ "many": [{ "name": null }, { "name": "y" }] }),
        );
        check("{ many { name } name }", json!({ "name": "x" }), &["many.1"], json!({ "many": null, "name": "x" }));
    }

    #[test]
    fn answers_without_failed_fields_are_left_alone() {
        check(
            "{ name a { id } }",
            json!({ "a": { "id": "1" }, "name": "x" }),
            &[],
            json!({ "a": { "id": "1" }, "name": "x" }),
        );
    }
}
