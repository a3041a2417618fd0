//! The release calendar.

use async_graphql::{Context, Object, Result};
use domain::EnvironmentKey;
use engine::calendar::{CalendarError, calendar};
use jiff::Timestamp;

use crate::graphql::errors;
use crate::graphql::session::Session;
use crate::graphql::types::calendar::Calendar;

#[derive(Default)]
pub(super) struct CalendarQuery;

#[Object]
impl CalendarQuery {
    /// What is planned from one moment up to another, at most 400 days, with what gets in each other's way.
    async fn calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First moment (UTC).")] from: Timestamp,
        #[graphql(desc = "First moment after (UTC).")] to: Timestamp,
        #[graphql(desc = "Only what concerns the environments with these keys.")] environments: Option<Vec<String>>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
    ) -> Result<Calendar> {
        let session = &*Session::known(ctx, as_of).await?;
        let mut keys = environments.unwrap_or_default();
        keys.sort();
        let wanted: Vec<EnvironmentKey> = keys.iter().map(|key| EnvironmentKey::new(key.as_str())).collect();
        let planned = calendar(&session.graph, (from, to), &wanted).map_err(|error| match error {
            CalendarError::TooLong { .. } | CalendarError::TooOften { .. } => {
                errors::limit_exceeded(error.to_string())
            }
            _ => errors::bad_input(error.to_string()),
        })?;
        Ok(Calendar::new(session, format!("{from} {to} {as_of:?} {}", keys.join(" ")), planned))
    }
}
