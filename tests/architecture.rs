//! What the compiler cannot say of this codebase: who may depend on whom, how files look, whether examples load and
//! documents lead somewhere. The rules stand in ARCHITECTURE.md; a rule is changed there before it is broken here.

mod configuration;
mod documents;
mod edges;
mod files;

use std::path::{Path, PathBuf};

/// A text file of this repository.
struct File {
    /// Path from the root of the repository, with `/`.
    path: String,
    text: String,
}

impl File {
    /// The code without lines that are comments, each line with its number.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Code that only runs in tests: files of tests, and what stands behind `#[cfg(test)]`, where tests come last.
    fn test_code(&self) -> impl Iterator<Item = (usize, &str)> {
        let all =
            self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        let mut inside = all;
        self.code().filter(move |(_, line)| {
            inside = inside || line.trim_start().starts_with("#[cfg(test)]");
            inside
        })
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files below a folder whose names end so, in the order of their paths.
fn files_below(folder: &str, ending: &str) -> Vec<File> {
    let mut found = Vec::new();
    collect(&root().join(folder), ending, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<File>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                collect(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            let relative = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push(File { path: relative, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
}

/// Fails with everything that is wrong, not with the first of it.
#[track_caller]
fn nothing_wrong(rule: &str, wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{rule}\n  {}", wrong.join("\n  "));
}
