//! The graph itself, and the systems that it is made from.

use async_graphql::{Context, Object, Result};

use crate::graphql::session::Session;
use crate::graphql::types::system::{Connector, Graph};

#[derive(Default)]
pub(super) struct SystemQuery;

#[Object]
impl SystemQuery {
    /// The version of the graph that this answer is made from.
    async fn graph(&self, ctx: &Context<'_>) -> Result<Graph> {
        Ok(Graph(Session::of(ctx)?.graph.clone()))
    }

    /// The configured systems: whether they answer, and how fresh what is held of them is.
    async fn connectors(&self, ctx: &Context<'_>) -> Result<Vec<Connector>> {
        Ok(Session::of(ctx)?.live().statuses().await.into_iter().map(Connector).collect())
    }
}
