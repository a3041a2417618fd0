//! Takes out of a document what is not built yet: pending fields, then the fragments and variables that nothing uses
//! any more. Whatever else the schema does not know stays, so that validation finds it.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Name;
use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet, Type, TypeKind,
    TypeSystemDefinition,
};

/// What the schema has: fields of objects, interfaces and inputs with their types, values of enumerations.
pub(super) struct Known {
    pub(super) parts: BTreeMap<String, BTreeMap<String, Option<Type>>>,
}

impl Known {
    pub(super) fn read(sdl: &str) -> Self {
        let mut parts: BTreeMap<String, BTreeMap<String, Option<Type>>> = BTreeMap::new();
        for definition in async_graphql::parser::parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let own = parts.entry(definition.node.name.node.to_string()).or_default();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    own.extend(
                        object.fields.into_iter().map(|f| (f.node.name.node.to_string(), Some(f.node.ty.node))),
                    );
                }
                TypeKind::Interface(interface) => {
                    own.extend(
                        interface.fields.into_iter().map(|f| (f.node.name.node.to_string(), Some(f.node.ty.node))),
                    );
                }
                TypeKind::InputObject(input) => {
                    own.extend(
                        input.fields.into_iter().map(|f| (f.node.name.node.to_string(), Some(f.node.ty.node))),
                    );
                }
                TypeKind::Enum(words) => {
                    own.extend(words.values.into_iter().map(|v| (v.node.value.node.to_string(), None)));
                }
                _ => {}
            }
        }
        Self { parts }
    }

    /// Does the schema have this `Type`, `Type.field` or `Enum.VALUE`?
    pub(super) fn has(&self, entry: &str) -> bool {
        match entry.split_once('.') {
            Some((name, part)) => self.parts.get(name).is_some_and(|own| own.contains_key(part)),
            None => self.parts.contains_key(entry),
        }
    }

    fn type_of(&self, parent: &str, field: &str) -> Option<String> {
        fn named(base: &BaseType) -> String {
            match base {
                BaseType::Named(name) => name.to_string(),
                BaseType::List(of) => named(&of.base),
            }
        }
        Some(named(&self.parts.get(parent)?.get(field)?.as_ref()?.base))
    }
}

pub(super) struct Pruning<'a> {
    pub(super) known: &'a Known,
    pub(super) pending: &'a BTreeSet<String>,
    /// Entries that took something out.
    pub(super) used: BTreeSet<String>,
}

impl Pruning<'_> {
    /// The document without what is pending; nothing when nothing is left to ask.
    pub(super) fn prune(&mut self, mut document: ExecutableDocument) -> Option<ExecutableDocument> {
        for fragment in document.fragments.values_mut() {
            let on = fragment.node.type_condition.node.on.node.to_string();
            self.set(&mut fragment.node.selection_set.node, &on);
        }
        let operations: Vec<_> = match &mut document.operations {
            DocumentOperations::Single(operation) => vec![operation],
            DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
        };
        for operation in operations {
            let root = match operation.node.ty {
                OperationType::Query => "Query",
                OperationType::Mutation => "Mutation",
                OperationType::Subscription => "Subscription",
            };
            self.set(&mut operation.node.selection_set.node, root);
            if operation.node.selection_set.node.items.is_empty() {
                return None;
            }
            let mut seen = Seen::default();
            seen.set(&operation.node.selection_set.node, &document.fragments);
            document.fragments.retain(|name, _| seen.fragments.contains(name));
            operation.node.variable_definitions.retain(|v| seen.variables.contains(&v.node.name.node));
        }
        Some(document)
    }

    fn set(&mut self, set: &mut SelectionSet, parent: &str) {
        set.items.retain_mut(|selection| match &mut selection.node {
            Selection::Field(field) => {
                let name = field.node.name.node.to_string();
                let entry = format!("{parent}.{name}");
                if self.pending.contains(&entry) {
                    self.used.insert(entry);
                    return false;
                }
                let inner = &mut field.node.selection_set.node;
                let had = !inner.items.is_empty();
                if let Some(of) = self.known.type_of(parent, &name) {
                    self.set(inner, &of);
                }
                !(had && inner.items.is_empty())
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map(|on| on.node.on.node.to_string());
                self.set(&mut inline.node.selection_set.node, on.as_deref().unwrap_or(parent));
                true
            }
            Selection::FragmentSpread(_) => true,
        });
    }
}

/// What a selection uses.
#[derive(Default)]
struct Seen {
    fragments: BTreeSet<Name>,
    variables: BTreeSet<Name>,
}

type Fragments =
    std::collections::HashMap<Name, async_graphql::Positioned<async_graphql::parser::types::FragmentDefinition>>;

impl Seen {
    fn set(&mut self, set: &SelectionSet, fragments: &Fragments) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    for (_, value) in &field.node.arguments {
                        self.value(&value.node.to_string());
                    }
                    self.set(&field.node.selection_set.node, fragments);
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node, fragments),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if self.fragments.insert(name.clone())
                        && let Some(fragment) = fragments.get(name)
                    {
                        self.set(&fragment.node.selection_set.node, fragments);
                    }
                }
            }
        }
    }

    fn value(&mut self, written: &str) {
        for behind in written.split('$').skip(1) {
            let name: String = behind.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            self.variables.insert(Name::new(name));
        }
    }
}
