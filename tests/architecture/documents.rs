//! Documents: relative links and named paths lead somewhere, examples load, and what the code offers is described.

use std::collections::{BTreeSet, HashMap};

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, FieldDefinition, Selection, SelectionSet, TypeKind, TypeSystemDefinition,
};
use async_graphql::parser::{parse_query, parse_schema};

use super::configuration::mistakes_in;
use super::{File, files_below, nothing_wrong, read, root};

/// All documents of ours.
fn documents() -> Vec<File> {
    let top = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"];
    let top = top.map(|path| File { path: path.to_owned(), text: read(path) });
    top.into_iter().chain(files_below("docs", ".md")).collect()
}

/// The text of a document outside of fences.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// The contents of the fences with this word behind the opening.
fn fences(text: &str, word: &str) -> Vec<String> {
    let opening = format!("```{word}");
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == opening {
            let inside: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            found.push(inside.join("\n"));
        } else if line.trim_start().starts_with("```") {
            let _another = lines.by_ref().find(|line| line.trim() == "```");
        }
    }
    found
}

/// The name under which a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'))
        .map(|character| if character == ' ' { '-' } else { character })
        .collect()
}

fn has_anchor(text: &str, wanted: &str) -> bool {
    let prose = prose(text);
    let mut headings = prose.lines().filter(|line| line.starts_with('#'));
    headings.any(|heading| anchor(heading.trim_start_matches('#')) == wanted)
}

/// What is wrong with a relative link of a document.
fn broken(document: &File, link: &str) -> Option<String> {
    let (path, wanted) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let folder = root().join(&document.path);
    let target = if path.is_empty() { folder } else { folder.parent()?.join(path) };
    if !target.exists() {
        return Some(format!("{}: {link} leads nowhere", document.path));
    }
    let wanted = wanted?;
    let text = std::fs::read_to_string(&target).unwrap_or_default();
    (!has_anchor(&text, wanted)).then(|| format!("{}: {link} has no such heading", document.path))
}

#[test]
fn relative_links_lead_somewhere() {
    let mut wrong = Vec::new();
    let mut links = 0;
    for document in documents() {
        for behind in prose(&document.text).split("](").skip(1) {
            let link = behind.split(')').next().unwrap_or_default();
            if !link.contains("://") && !link.starts_with("mailto:") {
                links += 1;
                wrong.extend(broken(&document, link));
            }
        }
    }
    assert!(links > 20, "links are found");
    nothing_wrong("A link of a document leads to a file or heading of this repository:", wrong);
}

#[test]
fn named_paths_exist() {
    let folders = ["src/", "crates/", "connectors/src/", "tests/", "docs/", "config/", "schema/", "portal/"];
    let mut wrong = Vec::new();
    // A change log names what was; all others name what is.
    for document in documents().iter().filter(|document| document.path != "CHANGELOG.md") {
        for (at, named) in prose(&document.text).split('`').enumerate() {
            let is_path = at % 2 == 1 && folders.iter().any(|folder| named.starts_with(folder));
            let is_plain = !named.contains([' ', '*', '<', '{', '…', 'N']);
            if is_path && is_plain && !root().join(named).exists() {
                wrong.push(format!("{}: {named}", document.path));
            }
        }
    }
    nothing_wrong("A path in a document exists:", wrong);
}

#[test]
fn configurations_in_documents_load() {
    let mut wrong = Vec::new();
    for document in documents() {
        for example in fences(&document.text, "toml") {
            wrong.extend(mistakes_in(&example).map(|mistakes| format!("{}: {mistakes}", document.path)));
        }
        for part in fences(&document.text, "toml part") {
            wrong.extend(part.parse::<toml::Table>().err().map(|error| format!("{}: {error}", document.path)));
        }
    }
    assert!(!fences(&read("README.md"), "toml").is_empty(), "the README shows a configuration");
    nothing_wrong("A configuration in a document loads (a fragment is fenced as `toml part`):", wrong);
}

/// The fields of each type in a schema.
struct Api(HashMap<String, HashMap<String, FieldDefinition>>);

impl Api {
    fn read(sdl: &str) -> Self {
        let mut types = HashMap::new();
        for definition in parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => Vec::new(),
            };
            let fields = fields.into_iter().map(|field| (field.node.name.node.to_string(), field.node));
            types.insert(definition.node.name.node.to_string(), fields.collect());
        }
        Self(types)
    }
}

/// Looks for what a document asks and the schema does not have.
struct Asking<'a> {
    api: &'a Api,
    document: &'a ExecutableDocument,
    unknown: Vec<String>,
}

impl<'a> Asking<'a> {
    fn selections(&mut self, of: &str, set: &'a SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(of, &field.node),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let of = condition.map_or(of, |condition| &condition.node.on.node);
                    self.selections(of, &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    match self.document.fragments.get(name) {
                        Some(fragment) => {
                            let of = &fragment.node.type_condition.node.on.node;
                            self.selections(of, &fragment.node.selection_set.node);
                        }
                        None => self.unknown.push(format!("no fragment {name}")),
                    }
                }
            }
        }
    }

    fn field(&mut self, of: &str, field: &'a Field) {
        let name = field.name.node.as_str();
        if name.starts_with("__") {
            return;
        }
        let Some(definition) = self.api.0.get(of).and_then(|fields| fields.get(name)) else {
            self.unknown.push(format!("no field {of}.{name}"));
            return;
        };
        for (argument, _) in &field.arguments {
            if !definition.arguments.iter().any(|known| known.node.name.node == argument.node) {
                self.unknown.push(format!("no argument {of}.{name}({argument}:)", argument = argument.node));
            }
        }
        self.selections(named(&definition.ty.node.base), &field.selection_set.node);
    }
}

fn named(base: &BaseType) -> &str {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(&item.base),
    }
}

#[test]
fn queries_in_documents_fit_the_schema() {
    let api = Api::read(&read("schema/interlock.graphql"));
    let (mut wrong, mut queries) = (Vec::new(), 0);
    for file in documents() {
        for query in fences(&file.text, "graphql") {
            queries += 1;
            let document = parse_query(&query).unwrap_or_else(|error| panic!("{}: {error}\n{query}", file.path));
            let mut asking = Asking { api: &api, document: &document, unknown: Vec::new() };
            for (_, operation) in document.operations.iter() {
                asking.selections("Query", &operation.node.selection_set.node);
            }
            wrong.extend(asking.unknown.into_iter().map(|what| format!("{}: {what}", file.path)));
        }
    }
    assert!(queries > 0, "queries are found");
    nothing_wrong("A query in a document can be asked:", wrong);
}

/// The variants of an enum as they are told: SCREAMING_SNAKE.
fn variants(path: &str, name: &str) -> Vec<String> {
    let text = read(path);
    let body = text.split(&format!("pub enum {name} {{")).nth(1).and_then(|rest| rest.split("\n}").next());
    let lines = body.unwrap_or_default().lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.map(|line| screaming(line.trim_end_matches(','))).filter(|word| !word.is_empty()).collect()
}

fn screaming(variant: &str) -> String {
    let mut word = String::new();
    for character in variant.chars() {
        if character.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(character.to_uppercase());
    }
    word
}

#[test]
fn what_the_code_offers_is_described() {
    let mut offered: Vec<(String, &str)> = Vec::new();
    for (path, name, document) in [
        ("crates/domain/src/link.rs", "LinkRule", "docs/linking.md"),
        ("crates/domain/src/link.rs", "LinkOrigin", "docs/linking.md"),
        ("crates/domain/src/finding.rs", "FindingCode", "docs/linking.md"),
        ("crates/domain/src/provenance.rs", "GapCode", "docs/graphql.md"),
    ] {
        let variants = variants(path, name);
        assert!(variants.len() > 2, "{name} is read");
        offered.extend(variants.into_iter().map(|word| (word, document)));
    }
    offered.extend(connectors::Vendor::NAMES.map(|vendor| (vendor.to_owned(), "README.md")));
    let missing = offered.into_iter().filter(|(word, document)| !read(document).contains(&format!("`{word}`")));
    nothing_wrong("Described in:", missing.map(|(word, document)| format!("{document}: `{word}`")).collect());
}

#[test]
fn decisions_have_a_number_each() {
    let files = files_below("docs/decisions", ".md");
    let number = |path: &str| -> Option<usize> { path.rsplit('/').next()?.split('-').next()?.parse().ok() };
    let numbers: BTreeSet<usize> = files.iter().filter_map(|file| number(&file.path)).collect();
    assert_eq!(numbers.len(), files.len());
}

#[test]
fn every_trap_has_its_test() {
    let sources: Vec<File> = ["connectors/src", "crates/simulators/src"]
        .into_iter()
        .flat_map(|folder| files_below(folder, ".rs"))
        .collect();
    let text = read("docs/traps.md");
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| trap") && !line.starts_with("| ---"));
    let mut wrong = Vec::new();
    let mut named = 0;
    for row in rows {
        let tests = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() {
            wrong.push(format!("no test: {row}"));
        }
        for test in tests {
            named += 1;
            let beginning = format!("fn {test}(");
            if !sources.iter().any(|file| file.text.contains(&beginning)) {
                wrong.push(format!("there is no test {test}"));
            }
        }
    }
    assert!(named > 60, "{named} tests");
    nothing_wrong("docs/traps.md names tests that exist:", wrong);
}
