//! What a `github` section may say beside the keys that every connector has.

use serde::Deserialize;

/// Options of a GitHub connector.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Address of the GraphQL endpoint below the connector's address: `/graphql`, on GitHub Enterprise Server
    /// `/api/graphql` with the connector's address being the server's root.
    pub graphql_path: String,
    /// What stands before REST paths: empty, on GitHub Enterprise Server `/api/v3`.
    pub rest_path: String,
    /// Organisations whose repositories are read when no service maps to a repository of this connector; their
    /// container packages are read in any case, where that is permitted.
    pub organizations: Vec<String>,
    /// Pull requests asked for in one GraphQL request, 1 to 50.
    pub pull_requests_per_request: usize,
    /// Largest run artifact downloaded, in bytes.
    pub most_artifact_bytes: usize,
    /// Names of run artifacts that hold test and coverage reports; `*` stands for any part.
    pub reports: Vec<String>,
    /// Of how many of the newest releases of each tag pattern the reports are read; each report costs two requests.
    /// Reports of older releases are not read, which says nothing about whether there are any; those that were read
    /// while a release was new are kept.
    pub reports_for: usize,
    /// For how many of the newest releases of each tag pattern a range tells paths and lines, which costs a request
    /// each. Ranges of older releases are read many at a time, with their commits alone.
    pub lines_for: usize,
    /// Paths of files to read at each release tag (manifests, expected configuration).
    pub files: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            graphql_path: "/graphql".to_owned(),
            rest_path: String::new(),
            organizations: Vec::new(),
            pull_requests_per_request: 25,
            most_artifact_bytes: 8 * 1024 * 1024,
            reports: vec!["*junit*".to_owned(), "*test*".to_owned(), "*coverage*".to_owned()],
            reports_for: 1,
            lines_for: 3,
            files: Vec::new(),
        }
    }
}
