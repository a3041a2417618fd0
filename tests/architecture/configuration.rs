//! The examples in `config/` load, explain every key, and the schema for editors is current.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{files_below, nothing_wrong, read, root};

/// The example that explains every key.
const ANNOTATED: &str = "config/servicenow-jira-github.toml";

const SCHEMA: &str = "schema/config.schema.json";

/// Checks a configuration in an environment in which every secret is set.
pub(super) fn mistakes_in(text: &str) -> Option<String> {
    interlock::config::check(text, &|_| Some("a secret".to_owned())).err().map(|mistakes| mistakes.to_string())
}

#[test]
fn every_example_loads() {
    let examples = files_below("config", ".toml");
    assert!(!examples.is_empty());
    let wrong = examples.iter().filter_map(|file| {
        let mistakes = mistakes_in(&file.text)?;
        Some(format!("{}:\n    {}", file.path, mistakes.replace('\n', "\n    ")))
    });
    nothing_wrong("An example that does not load misleads:", wrong.collect());
}

/// Names of all keys in a JSON Schema, at any depth.
fn keys_of_schema(schema: &Value, keys: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            fields.values().for_each(|value| keys_of_schema(value, keys));
        }
        Value::Array(items) => items.iter().for_each(|value| keys_of_schema(value, keys)),
        _ => {}
    }
}

/// Names of the public fields of the vendors' options.
fn keys_of_vendors() -> BTreeSet<String> {
    let files = files_below("connectors/src", "config.rs");
    let lines = files.iter().flat_map(|file| file.text.lines());
    let fields = lines.filter_map(|line| line.trim_start().strip_prefix("pub ")?.split_once(": "));
    fields.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_annotated_example_explains_every_key() {
    let text = read(ANNOTATED);
    let words: BTreeSet<&str> =
        text.split(|character: char| !character.is_alphanumeric() && character != '_').collect();
    let mut keys = keys_of_vendors();
    assert!(keys.contains("page_size"), "the vendors' options are read");
    keys_of_schema(&serde_json::from_str(&interlock::config::json_schema()).unwrap(), &mut keys);
    assert!(keys.contains("configuration_items"), "the schema is read");
    let missing = keys.into_iter().filter(|key| !words.contains(key.as_str()));
    nothing_wrong(&format!("{ANNOTATED} has every key, set or in a comment:"), missing.collect());
}

#[test]
fn the_schema_for_editors_is_current() {
    let schema = interlock::config::json_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(root().join(SCHEMA), &schema).unwrap();
    }
    let written = std::fs::read_to_string(root().join(SCHEMA)).unwrap_or_default();
    assert!(written == schema, "{SCHEMA} is not current; run the tests once with UPDATE_SCHEMA=1");
}

/// The annotated example with one line taken out, or with another value in it.
fn with_line_changed((line, value): (usize, &str)) -> String {
    let example = read(ANNOTATED);
    let mut lines: Vec<String> = example.lines().map(str::to_owned).collect();
    let place = line % lines.len();
    match lines[place].split_once(" = ").map(|(key, _)| format!("{key} = {value}")) {
        Some(changed) if !value.is_empty() => lines[place] = changed,
        _ => drop(lines.remove(place)),
    }
    lines.join("\n")
}

/// Whatever is wrong is told with its place, and without a secret.
fn is_judged(text: &str) {
    let Err(mistakes) = interlock::config::check(text, &|_| Some("hunter2".to_owned())) else { return };
    assert!(!mistakes.0.is_empty());
    assert!(mistakes.0.iter().all(|one| !one.path.is_empty() && !one.message.is_empty()), "{mistakes}");
    assert!(!mistakes.to_string().contains("hunter2"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_is_a_configuration_or_its_mistakes_are_told(
        text in "\\PC*|(\\[\\[?[a-z]{0,10}\\]?\\]|[a-z_]{1,8} = (\"\\PC{0,6}\"|[0-9]{1,20}|\\[\\]|\\{\\})|\n){0,20}",
    ) {
        is_judged(&text);
    }

    #[test]
    fn an_example_with_a_line_changed_is_read_or_its_mistakes_are_told(
        line in 0..1000_usize,
        value in "|\"\"|\"P99999999Y\"|\"-PT1S\"|-1|0|99999999999999999999|true|\\[\\]|\\{\\}|\"\\PC{0,8}\"|\\PC{0,4}",
    ) {
        is_judged(&with_line_changed((line, &value)));
    }
}
