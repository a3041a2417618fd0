//! The model behind the risk of releases.

use async_graphql::{Context, Object, Result};

use crate::graphql::session::Session;
use crate::graphql::types::risk::RiskModel;

#[derive(Default)]
pub(super) struct RiskQuery;

#[Object]
impl RiskQuery {
    /// The model that the risk of releases comes from, and how good it is.
    async fn risk_model(&self, ctx: &Context<'_>) -> Result<RiskModel> {
        let session = Session::of(ctx)?;
        Ok(RiskModel(session.risks.setup(&session.graph)))
    }
}
