//! Anything by its opaque id, and where anything is now.

use async_graphql::{Context, ID, Object, Result};

use crate::graphql::errors;
use crate::graphql::paging::LARGEST_PAGE;
use crate::graphql::session::Session;
use crate::graphql::types::node::{self, Node};
use crate::graphql::types::trace::{Trace, TraceInput};

#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The node with this id; null when there is none that the caller may see.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        Ok(node::find(ctx, Session::of(ctx)?, &id).await)
    }

    /// The nodes with these ids, at most 100, in the order of the ids; null where there is none.
    #[graphql(complexity = "ids.len().max(1).saturating_mul(child_complexity.saturating_add(1))")]
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<Option<Vec<Option<Node>>>> {
        let session = Session::of(ctx)?;
        if ids.len() > LARGEST_PAGE.unsigned_abs() as usize {
            let message = format!("`ids` has {} ids; at most {LARGEST_PAGE} are allowed.", ids.len());
            return Err(errors::limit_exceeded(message));
        }
        Ok(Some(futures::future::join_all(ids.iter().map(|id| node::find(ctx, session, id))).await))
    }

    /// Where a work item, commit, digest, change or incident is now, and by which paths.
    async fn trace(&self, ctx: &Context<'_>, of: TraceInput) -> Result<Option<Trace>> {
        Trace::new(Session::of(ctx)?, &of).map(Some)
    }
}
