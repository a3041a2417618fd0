//! How an instance is opened, and what `interlock check` asks of it: a row of each kind's table.

use std::sync::Arc;

use domain::RecordKind;
use futures::future::join_all;

use super::{Table, TableApi};
use crate::clock::Clock;
use crate::contract::{Probe, ProbeAnswer};
use crate::error::FailureKind;
use crate::reach::{Manners, SystemPlan, upstream};
use crate::resilience::{SetupError, StandardDialect};

impl TableApi {
    /// A configured instance of which these tables are read, `page_size` rows at a time.
    pub(crate) fn open(
        plan: &SystemPlan,
        (tables, page_size): (&[&'static Table], usize),
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let manners = Manners { dialect: Arc::new(StandardDialect), token_endpoint: "/oauth_token.do" };
        Ok(Self::new(upstream(plan, manners, clock)?, page_size, tables.to_vec()))
    }

    /// Asks for one row of each kind's table, all at once.
    pub(crate) async fn probe(&self, kinds: impl Iterator<Item = (RecordKind, &'static Table)>) -> Probe {
        let asked = kinds.map(|(kind, table)| async move { (kind, self.peek(table).await) });
        let answers = join_all(asked).await;
        let says_no = |kind: FailureKind| {
            matches!(kind, FailureKind::Denied | FailureKind::Rejected { .. } | FailureKind::Unauthenticated)
        };
        let errors = || answers.iter().filter_map(|(_, answer)| answer.as_ref().err());
        let unreachable = errors().find(|error| !says_no(error.kind));
        let stranger = errors().find(|error| error.kind == FailureKind::Unauthenticated);
        let answered = errors().filter(|error| !says_no(error.kind)).count() < answers.len();
        let reachable = match unreachable {
            Some(error) if !answered => ProbeAnswer::Failed(error.clone()),
            Some(_) => ProbeAnswer::Warning("some tables do not answer".into()),
            None => ProbeAnswer::Good("the Table API answers".into()),
        };
        let authenticated = match stranger {
            Some(error) => ProbeAnswer::Failed(error.clone()),
            None if !answered => ProbeAnswer::Skipped,
            None => ProbeAnswer::Good("the credentials are accepted".into()),
        };
        let open = matches!(authenticated, ProbeAnswer::Good(_));
        let permitted = answers.into_iter().map(|(kind, answer)| match answer {
            _ if !open => (kind, ProbeAnswer::Skipped),
            Ok(()) => (kind, ProbeAnswer::Good("readable".into())),
            Err(error) => (kind, ProbeAnswer::Failed(error)),
        });
        let permitted = permitted.collect();
        let telemetry = self.upstream().telemetry();
        let limits = telemetry.rate_limit.and_then(|seen| seen.limit);
        Probe {
            reachable,
            authenticated,
            permitted,
            clock_skew: telemetry.clock_skew,
            limits: limits.map(|limit| format!("{limit} requests an hour").into()),
        }
    }
}
