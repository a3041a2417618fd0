//! What a `git` section may say beside the keys that every connector has.

use std::path::PathBuf;

use serde::Deserialize;

/// Options of a connector to plain repositories on this machine's disks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The repositories.
    pub repositories: Vec<PlainRepository>,
    /// Paths of files to read at each release tag (manifests, expected configuration); `*` stands for any name part.
    pub files: Vec<String>,
}

/// A plain repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PlainRepository {
    /// The name by which services refer to it, for example `bank/data-lake`.
    pub name: String,
    /// Where it is: a bare repository or a clone with its whole history.
    pub path: PathBuf,
    /// The branch that releases come from; none = what HEAD says.
    pub branch: Option<String>,
    /// Address prefix of a web view of its commits, for example `https://git.example/data-lake/commit/`.
    pub commit_url: Option<String>,
}
