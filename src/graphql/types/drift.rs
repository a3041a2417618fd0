//! A key whose observed value is not the expected one.

use async_graphql::Object;
use jiff::Timestamp;

/// A key whose observed value is not the expected one.
pub(crate) struct Drift(pub(crate) engine::drift::Drift);

/// A configuration key whose observed value is not the one in the repository at the release's tag.
#[Object]
impl Drift {
    /// The key, as the repository writes it.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// The value at the release's tag; null when the repository does not know the key.
    async fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// The value that was observed.
    async fn observed(&self) -> &str {
        &self.0.observed
    }

    /// Since when at the latest (UTC): the last change of the record that tells the observed value.
    async fn since(&self) -> Option<Timestamp> {
        self.0.since
    }
}
