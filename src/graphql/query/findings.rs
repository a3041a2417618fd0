//! Findings: the worklist of what systems disagree about.

use async_graphql::{Context, InputObject, InputType, Object, Result};
use jiff::Timestamp;

use super::listing::Listing;
use crate::graphql::connection::page_cost;
use crate::graphql::errors;
use crate::graphql::paging::PageArguments;
use crate::graphql::session::Session;
use crate::graphql::types::enums::{FindingCode, FindingSeverity};
use crate::graphql::types::finding::{FindingConnection, FindingEdge};
use crate::graphql::visibility::At;

/// Conditions on findings; all that are given must hold.
#[derive(Debug, Clone, Default, Hash, InputObject)]
pub(crate) struct FindingFilter {
    /// With one of these codes, as `FindingCode` names them.
    codes: Option<Vec<String>>,
    /// About one of the services with these keys.
    services: Option<Vec<String>>,
    /// Owned by one of the teams with these keys.
    owners: Option<Vec<String>>,
    /// Of one of these severities.
    severities: Option<Vec<FindingSeverity>>,
}

impl FindingFilter {
    fn codes(&self) -> Result<Option<Vec<FindingCode>>> {
        let read = |code: &String| {
            let word = async_graphql::Value::Enum(async_graphql::Name::new(code));
            FindingCode::parse(Some(word))
                .map_err(|_| errors::bad_input(format!("There is no finding code {code:?}.")))
        };
        self.codes.as_ref().map(|codes| codes.iter().map(read).collect()).transpose()
    }

    fn passes(&self, finding: &domain::Finding) -> bool {
        let is = |keys: &Option<Vec<String>>, own: Option<&str>| {
            keys.as_ref().is_none_or(|keys| own.is_some_and(|own| keys.iter().any(|key| key == own)))
        };
        is(&self.services, finding.service.as_ref().map(|key| key.as_str()))
            && is(&self.owners, finding.owner.as_ref().map(|key| key.as_str()))
            && self.severities.as_ref().is_none_or(|all| all.contains(&finding.severity.into()))
    }
}

#[derive(Default)]
pub(super) struct FindingQuery;

#[Object]
impl FindingQuery {
    /// What systems disagree about, what is missing, and whose it is. `first` or `last` is required, 1 to 100.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn findings(
        &self,
        ctx: &Context<'_>,
        filter: Option<FindingFilter>,
        #[graphql(desc = "As known at this moment, as for `release`.")] as_of: Option<Timestamp>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<FindingConnection>> {
        let session = &*Session::known(ctx, as_of).await?;
        let filter = filter.unwrap_or_default();
        let codes = filter.codes()?;
        let with_code = |code: FindingCode| codes.as_ref().is_none_or(|codes| codes.contains(&code));
        let arguments = PageArguments { first, after, last, before };
        let listing =
            Listing { name: "findings", shape: &(&filter, as_of), kinds: &[], directions: &[], arguments };
        let rows = session
            .select(|_, _, finding: &domain::Finding| with_code(finding.code.into()) && filter.passes(finding));
        let edge = |cursor, index| FindingEdge { cursor, node: At { graph: session.graph.clone(), index } };
        Ok(listing.page((ctx, session), rows, |_| Vec::new())?.map(|sheet| FindingConnection::new(sheet, edge)))
    }
}
