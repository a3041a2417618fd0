//! The table of systems: what each is asked for, as the page of one release shows it.

use std::path::Path;

/// Lists of the release page that hold records.
pub(super) const LISTS: [&str; 7] =
    ["changes", "workItems", "pullRequests", "artifacts", "deployments", "incidents", "knownErrors"];

/// One server and what fails with it.
pub(super) struct System {
    pub(super) server: String,
    /// The connectors that read it.
    pub(super) connectors: Vec<String>,
    /// Lists of the release page that are made from its records.
    pub(super) lists: Vec<String>,
    /// Those of them that other systems tell, too: they are never null.
    pub(super) also_told: Vec<String>,
    /// Lists that have fewer rows without it, because it links them.
    pub(super) thinner: Vec<String>,
}

/// What is expected of the bank.
pub(super) struct Table {
    pub(super) systems: Vec<System>,
    text: String,
}

impl Table {
    pub(super) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/systems.md");
        let text = std::fs::read_to_string(path).expect("the table");
        let rows = text.lines().filter(|line| line.starts_with("| ")).skip(2);
        let systems = rows.map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(words);
            let mut next = || cells.next().expect("a cell");
            System {
                server: next().remove(0),
                connectors: next(),
                lists: next(),
                also_told: next(),
                thinner: next(),
            }
        });
        Self { systems: systems.collect(), text: text.clone() }
    }

    /// The words of `- name: …`.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let start = format!("- {name}: ");
        words(self.text.lines().find_map(|line| line.strip_prefix(&start)).expect("such a line"))
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
