//! Reads what a mapping needs of a `catalog-info.yaml`: plain `key: value` lines of its documents. Anchors, block texts
//! and flow collections are left out: names and annotations are written as plain scalars.

use std::collections::BTreeMap;

/// One component of a catalog file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) name: String,
    /// Annotations by their keys.
    pub(super) annotations: BTreeMap<String, String>,
}

impl Component {
    /// The value of the first annotation whose key holds one of these words.
    pub(super) fn annotation(&self, words: &[&str]) -> Option<&str> {
        let found = self.annotations.iter().find(|(key, _)| words.iter().any(|word| key.contains(word)));
        found.map(|(_, value)| value.as_str())
    }
}

/// The components of a catalog file, in order.
pub(super) fn components(text: &str) -> Vec<Component> {
    let documents = text.split("\n---");
    documents.filter_map(component).collect()
}

fn component(document: &str) -> Option<Component> {
    let mut found = Component::default();
    let mut kind = None;
    // The keys above the present line, each with its indentation.
    let mut path: Vec<(usize, String)> = Vec::new();
    for line in document.lines() {
        let text = line.trim_start();
        let Some((key, value)) = text.split_once(':').filter(|_| !text.starts_with(['#', '-'])) else { continue };
        let indent = line.len() - text.len();
        path.retain(|(above, _)| *above < indent);
        let above: Vec<&str> = path.iter().map(|(_, key)| key.as_str()).collect();
        // A key such as `jira/project-key` has no colon; a value may hold one.
        let (key, value) = (bare(key), bare(value));
        match above.as_slice() {
            [] if key == "kind" => kind = Some(value.to_owned()),
            ["metadata"] if key == "name" => found.name = value.to_owned(),
            ["metadata", "annotations"] if !value.is_empty() => {
                found.annotations.insert(key.to_owned(), value.to_owned());
            }
            _ => {}
        }
        path.push((indent, key.to_owned()));
    }
    (kind.as_deref() == Some("Component") && !found.name.is_empty()).then_some(found)
}

fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = if text.starts_with(['"', '\'']) { text } else { text.split(" #").next().unwrap_or(text).trim() };
    text.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_annotations_are_read() {
        let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments-api # ours\n  annotations:\n    jira/project-key: \"PAY\"\n    servicenow.com/ci: payments-api\n  tags:\n    - java\nspec:\n  type: service\n---\nkind: API\nmetadata:\n  name: other\n---\nkind: Component\nmetadata:\n  name: batch\n";
        let read = components(text);
        let names: Vec<&str> = read.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["payments-api", "batch"]);
        assert_eq!(read[0].annotation(&["jira"]), Some("PAY"));
        assert_eq!(read[0].annotation(&["servicenow"]), Some("payments-api"));
        assert_eq!(read[1].annotation(&["jira"]), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            for component in components(&text) {
                prop_assert!(!component.name.is_empty());
            }
        }
    }
}
