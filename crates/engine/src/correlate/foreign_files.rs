//! Files that strangers write into repositories (a broker's matrix, a release's manifest, a constraint in it): whatever
//! stands in them is read, or is a doubt about the release; it is never a panic, and nonsense says nothing.

use domain::{FileAtTag, RepositoryId, Version};
use proptest::prelude::*;

use super::dependencies::satisfies;
use super::world::{World, connector, source};

/// What a file at the tag of `loan-origination@7.6.0` makes of the graph: statements, and doubts.
fn said(path: &str, content: &str) -> (usize, usize) {
    let services = World::new().service("loan-origination", "LOAN").service("kyc-service", "KYC");
    let mut world = services.tag("bank/loan-origination", "v7.6.0", "c1");
    world.records.files.push(FileAtTag {
        repository: RepositoryId::new(&connector("git"), "bank/loan-origination"),
        tag: "v7.6.0".into(),
        path: path.into(),
        content: content.into(),
        source: source("git", path),
    });
    let graph = world.graph();
    (graph.compatibilities.len() + graph.dependencies.len(), graph.doubtful_needs.values().flatten().count())
}

const VALUES: [&str; 8] = ["null", "true", "-1", "{}", "[]", "\"\"", "\"kyc-service\"", "{\"number\": \"3.0.0\"}"];

/// Something that may stand in place of a value of a matrix.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(VALUES.as_slice()).prop_map(str::to_owned),
        "\\PC{0,6}".prop_map(|text| format!("{text:?}")),
        "\\PC{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_as_a_matrix_or_a_manifest_says_nothing_or_is_a_doubt(content in ".*") {
        for (path, known) in [
            ("pact-matrix.json", serde_json::from_str::<serde_json::Value>(&content).is_ok()),
            ("release-manifest.toml", content.parse::<toml::Table>().is_ok()),
        ] {
            let (statements, doubts) = said(path, &content);
            prop_assert_eq!(statements, 0, "{} {:?}", path, content);
            prop_assert!(known || doubts > 0, "{} {:?} leaves no doubt", path, content);
        }
    }

    #[test]
    fn a_matrix_with_a_foreign_value_is_read_or_is_a_doubt(values in proptest::collection::vec(value(), 4)) {
        let content = format!(
            r#"{{"matrix": [{{"consumer": {{"name": {}, "version": {}}}, "provider": {{"name": "kyc-service",
                "version": {}}}, "verificationResult": {}}}]}}"#,
            values[0], values[1], values[2], values[3]
        );
        let (statements, doubts) = said("pact-matrix.json", &content);
        prop_assert!(statements + doubts <= 1);
        let is_json = serde_json::from_str::<serde_json::Value>(&content).is_ok();
        prop_assert!(is_json || (statements, doubts) == (0, 1), "{content}");
    }

    #[test]
    fn a_manifest_with_a_foreign_value_is_read_or_is_a_doubt(
        table in "requires|compatibility|[a-z]{0,3}",
        key in "version|kind|lag|works|[a-z]{0,3}",
        value in "\"\\PC{0,8}\"|true|[0-9]{1,4}|\\PC{0,4}",
    ) {
        let content = format!("[[{table}]]\nservice = \"kyc-service\"\n{key} = {value}\n");
        let (statements, doubts) = said("release-manifest.toml", &content);
        prop_assert!(statements <= 1, "{content}");
        prop_assert!(content.parse::<toml::Table>().is_ok() || doubts > 0, "{content}");
    }

    #[test]
    fn any_constraint_is_met_or_not_or_cannot_be_told(version in "[0-9]{1,12}([.][0-9]{1,20}){0,4}\\PC{0,4}", constraint in "\\PC{0,12}|[<>=~^*, ]{0,3}[0-9.*x]{0,9}") {
        if let Some(version) = Version::parse(&version, &[]) {
            satisfies(&version, &constraint);
        }
        // `= 1.2` is a way to say 1.2.
        let named = constraint.trim_start_matches(|letter: char| letter == '=' || letter.is_whitespace()).trim_end();
        if let Some(same) = Version::parse(named, &[]) {
            prop_assert_eq!(satisfies(&same, &constraint), Some(true), "{}", constraint);
        }
    }
}
