//! Repositories.

use async_graphql::{ID, Object};
use domain::RecordKind;

use super::Source;
use crate::graphql::visibility::At;

/// A repository.
pub(crate) type Repository = At<domain::Repository>;

/// A repository with the code of one or several services.
#[Object(name = "Repository")]
impl Repository {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// `owner/name`, or the configured name.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// The branch that releases come from.
    async fn default_branch(&self) -> Option<&str> {
        self.node().default_branch.as_deref()
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Repository])
    }
}
