//! The names that systems give a release.

use async_graphql::SimpleObject;

use super::enums::AliasScheme;

/// One name of a release in one system.
#[derive(SimpleObject)]
#[graphql(name = "ReleaseAlias")]
pub(crate) struct Alias {
    /// What kind of name it is.
    scheme: AliasScheme,
    /// The name as the system writes it.
    value: String,
    /// Id of the system.
    connector: String,
    /// Is it unambiguous? Releases are merged on exact names only.
    exact: bool,
}

impl From<&domain::ReleaseAlias> for Alias {
    fn from(alias: &domain::ReleaseAlias) -> Self {
        Self {
            scheme: alias.scheme.into(),
            value: alias.value.to_string(),
            connector: alias.connector.to_string(),
            exact: alias.exact,
        }
    }
}
