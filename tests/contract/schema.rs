//! The published schema is what the code says. `INTERLOCK_WRITE_SCHEMA=1` writes it anew.

use std::path::PathBuf;

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema")
}

fn check(file: &str, text: &str) {
    let path = folder().join(file);
    if std::env::var_os("INTERLOCK_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(published == text, "schema/{file} has drifted; write it anew with INTERLOCK_WRITE_SCHEMA=1");
}

#[test]
fn the_published_schema_is_the_code_s() {
    check("interlock.graphql", &interlock::graphql::sdl());
}

#[test]
fn the_published_subgraph_is_the_code_s() {
    check("subgraph.graphql", &interlock::graphql::subgraph_sdl());
}

#[test]
fn the_subgraph_names_its_entities() {
    let sdl = interlock::graphql::subgraph_sdl();
    for entity in [
        "type Release implements Node @key(fields: \"key\")",
        "type Service implements Node @key(fields: \"key\")",
        "type Environment implements Node @key(fields: \"key\")",
        "type Change implements Node @key(fields: \"id\")",
        "type WorkItem implements Node @key(fields: \"id\")",
    ] {
        assert!(sdl.contains(entity), "{entity}");
    }
}

#[test]
fn everything_is_described() {
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
    let mut bare = Vec::new();
    for definition in async_graphql::parser::parse_schema(interlock::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        if name.starts_with('_') {
            continue;
        }
        if definition.node.description.is_none() {
            bare.push(name.clone());
        }
        let mut note = |described: bool, part: &str| {
            if !described && !part.starts_with('_') {
                bare.push(format!("{name}.{part}"));
            }
        };
        match &definition.node.kind {
            TypeKind::Object(object) => {
                object.fields.iter().for_each(|f| note(f.node.description.is_some(), &f.node.name.node));
            }
            TypeKind::InputObject(input) => {
                input.fields.iter().for_each(|f| note(f.node.description.is_some(), &f.node.name.node));
            }
            TypeKind::Enum(words) => {
                words.values.iter().for_each(|v| note(v.node.description.is_some(), &v.node.value.node));
            }
            _ => {}
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:?}");
}
