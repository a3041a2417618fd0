//! GraphQL documents: parsed once, measured against the limits before anything else looks at them, and kept.
//! Validation against the schema is the executor's; what is refused here would hurt already before that.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    parser::{
        parse_query,
        types::{
            BaseType, DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition, Selection,
            SelectionSet, Type,
        },
    },
};
use moka::future::Cache;

use super::{
    limits::Limits,
    nesting::deepest_nesting,
    problem::{Code, Problem},
};

const KEPT_TEXT_BYTES: u64 = 4 * 1024 * 1024;

/// Parsed documents within the limits, by the hash of their text. Nothing in them depends on a caller.
pub(super) struct Documents {
    kept: Cache<blake3::Hash, Kept>,
    limits: Limits,
}

#[derive(Clone)]
struct Kept {
    document: Arc<ExecutableDocument>,
    text_bytes: u32,
}

impl Documents {
    pub(super) fn new(limits: Limits) -> Self {
        let kept = Cache::builder().max_capacity(KEPT_TEXT_BYTES).weigher(|_, kept: &Kept| kept.text_bytes).build();
        Documents { kept, limits }
    }

    pub(super) async fn parse(&self, text: &str) -> Result<Arc<ExecutableDocument>, Problem> {
        let hash = blake3::hash(text.as_bytes());
        if let Some(kept) = self.kept.get(&hash).await {
            return Ok(kept.document);
        }
        let document = Arc::new(parse_within(text, &self.limits)?);
        let text_bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let kept = Kept { document: Arc::clone(&document), text_bytes };
        self.kept.insert(hash, kept).await;
        Ok(document)
    }
}

/// The operation to run: the named one, or the only one.
pub(super) fn select_operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, Problem> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(_), None) => {
            let message = "The document has several operations: say which in `operationName`.";
            return Err(Problem::of_document(Code::BadInput, message));
        }
    };
    found.map(|operation| &operation.node).ok_or_else(|| {
        let message = format!("The document has no operation named `{}`.", name.unwrap_or_default());
        Problem::of_document(Code::BadInput, message)
    })
}

/// Variables that may not be null must be there, whether the operation's fields use them or not.
pub(super) fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), Problem> {
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let acceptable = match variables.get(&definition.name.node) {
            None => definition.var_type.node.nullable || definition.default_value.is_some(),
            Some(value) => has_no_forbidden_null(value, &definition.var_type.node),
        };
        if !acceptable {
            let (name, expected) = (&definition.name.node, &definition.var_type.node);
            let message = format!("The variable `${name}` must be a value of type `{expected}` without nulls.");
            return Err(Problem::of_document(Code::BadInput, message));
        }
    }
    Ok(())
}

fn has_no_forbidden_null(value: &async_graphql::Value, expected: &Type) -> bool {
    match (value, &expected.base) {
        (Value::Null, _) => expected.nullable,
        (Value::List(items), BaseType::List(item_type)) => {
            items.iter().all(|item| has_no_forbidden_null(item, item_type))
        }
        _ => true,
    }
}

fn parse_within(text: &str, limits: &Limits) -> Result<ExecutableDocument, Problem> {
    within("nesting of brackets", deepest_nesting(text), limits.nesting)?;
    let document = parse_query(text).map_err(|error| {
        let error = ServerError::from(error);
        Problem::of_document(Code::BadInput, error.message).with_positions(error.locations)
    })?;
    let mut measure = Measure { fragments: &document.fragments, limits, known: HashMap::new() };
    // Unused fragments too: validation walks through them all the same.
    for name in document.fragments.keys() {
        measure.fragment(name, 0)?;
    }
    for (_, operation) in document.operations.iter() {
        measure.selections(&operation.node.selection_set.node, 0)?;
    }
    Ok(document)
}

fn within(what: &str, value: usize, limit: usize) -> Result<(), Problem> {
    if value <= limit {
        return Ok(());
    }
    let message = format!("The limit for {what} is {limit}; this document exceeds it.");
    Err(Problem::of_document(Code::LimitExceeded, message))
}

/// What a selection asks for once its fragments are spread.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    depth: usize,
    aliases: usize,
    fields: usize,
    /// Selection sets inside selection sets, fragments included: how deep a recursive walk goes.
    levels: usize,
}

struct Measure<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    limits: &'a Limits,
    /// `None` while a fragment is being measured.
    known: HashMap<&'a str, Option<Size>>,
}

impl<'a> Measure<'a> {
    /// `level` is how deep the walk already is.
    fn selections(&mut self, set: &'a SelectionSet, level: usize) -> Result<Size, Problem> {
        within("nesting of selections", level, self.limits.nesting)?;
        let mut total = Size::default();
        for selection in &set.items {
            let part = match &selection.node {
                Selection::Field(field) => {
                    let inner = self.selections(&field.node.selection_set.node, level + 1)?;
                    Size {
                        depth: inner.depth + 1,
                        aliases: inner.aliases.saturating_add(usize::from(field.node.alias.is_some())),
                        fields: inner.fields.saturating_add(1),
                        levels: inner.levels,
                    }
                }
                Selection::InlineFragment(inline) => self.selections(&inline.node.selection_set.node, level + 1)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, level + 1)?,
            };
            total = Size {
                depth: total.depth.max(part.depth),
                aliases: total.aliases.saturating_add(part.aliases),
                fields: total.fields.saturating_add(part.fields),
                levels: total.levels.max(part.levels),
            };
        }
        total.levels += 1;
        within("nesting of selections", total.levels, self.limits.nesting)?;
        within("depth", total.depth, self.limits.depth)?;
        within("aliases", total.aliases, self.limits.aliases)?;
        within("fields", total.fields, self.limits.fields)?;
        Ok(total)
    }

    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Size, Problem> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment `{name}` spreads itself.");
                return Err(Problem::of_document(Code::BadInput, message));
            }
            None => {}
        }
        let Some(fragment) = self.fragments.get(name) else {
            // An unknown fragment: validation says so, with its place.
            return Ok(Size::default());
        };
        self.known.insert(name, None);
        let size = self.selections(&fragment.node.selection_set.node, level)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Limits {
        Limits { depth: 4, aliases: 2, fields: 20, nesting: 8, ..Limits::default() }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let told = match parse_within(text, &small()) {
            Ok(_) => "accepted".to_owned(),
            Err(problem) => problem.to_string(),
        };
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn documents_are_held_to_every_limit() {
        check("{ a { b { c { d } } } }", "accepted");
        check(
            "{ a { b { c { d { e } } } } }",
            "LIMIT_EXCEEDED: The limit for depth is 4; this document exceeds it.",
        );
        check("{ x: a y: a }", "accepted");
        check("{ x: a y: a z: a }", "LIMIT_EXCEEDED: The limit for aliases is 2; this document exceeds it.");
        check(
            "{ ...F b { ...F } c { ...F } } fragment F on Q { x: a }",
            "LIMIT_EXCEEDED: The limit for aliases is 2; this document exceeds it.",
        );
        check(
            "{ a(x: [[[[[[[1]]]]]]]) }",
            "LIMIT_EXCEEDED: The limit for nesting of brackets is 8; this document exceeds it.",
        );
        check("{ ...A } fragment A on Q { a ...A }", "BAD_INPUT: The fragment `A` spreads itself.");
    }

    #[test]
    fn fragments_cannot_multiply_unseen() {
        let doubling: String =
            (0..7).map(|n| format!("fragment F{n} on Q {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
        check(
            &format!("{{ a }} {doubling} fragment F7 on Q {{ a }}"),
            "LIMIT_EXCEEDED: The limit for fields is 20; this document exceeds it.",
        );
        let wide: String =
            (0..3).map(|n| format!("fragment F{n} on Q {{ ...F{0} ...F{0} ...F{0} }} ", n + 1)).collect();
        check(
            &format!("{{ ...F0 }} {wide} fragment F3 on Q {{ a }}"),
            "LIMIT_EXCEEDED: The limit for fields is 20; this document exceeds it.",
        );
    }

    #[test]
    fn long_chains_of_unused_fragments_are_refused_before_anything_recurses_on_them() {
        let chain: String = (0..30_000).map(|n| format!("fragment F{n} on Q {{ ...F{} }} ", n + 1)).collect();
        let refused = parse_within(&format!("{{ a }} {chain}"), &Limits::default()).unwrap_err();
        assert!(refused.to_string().starts_with("LIMIT_EXCEEDED: The limit for nesting of selections is 64"));
    }

    #[test]
    fn a_million_brackets_are_refused_before_parsing() {
        let refused = parse_within(&"{a".repeat(100_000), &Limits::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "LIMIT_EXCEEDED: The limit for nesting of brackets is 64; this document exceeds it."
        );
    }

    #[tokio::test]
    async fn a_document_is_parsed_once() {
        let documents = Documents::new(Limits::default());
        let first = documents.parse("{ a }").await.unwrap();
        let second = documents.parse("{ a }").await.unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &documents.parse("{ b }").await.unwrap()));
    }
}
