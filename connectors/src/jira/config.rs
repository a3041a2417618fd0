//! What a `jira` section may say beside the keys that every connector has.

use serde::Deserialize;

/// Options of a Jira Cloud connector.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Custom fields to read, by name (or by id, such as `customfield_10010`).
    pub fields: Vec<String>,
    /// Ids or names of link types that mean "blocks". Names are renamed and translated per site.
    pub blocks: Vec<String>,
    /// Ids or names of link types that mean "causes".
    pub causes: Vec<String>,
    /// Read earlier keys and states from the changelog?
    pub history: bool,
    /// Address of the site's pages for people, where it is not the address that requests go to
    /// (scoped tokens are sent to `api.atlassian.com`).
    pub site: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            blocks: vec!["Blocks".to_owned()],
            causes: vec!["Problem/Incident".to_owned(), "Causes".to_owned()],
            history: true,
            site: None,
        }
    }
}
