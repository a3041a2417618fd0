//! One instance: its tables, what we remember of it between reads, and whether it lets us in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{ConnectorId, Family, Gap, RecordKind};
use futures::future::join_all;
use jiff::Timestamp;

use super::convert::Origin;
use super::wire::{KINDS as TABLES_OF_KINDS, TABLES};
use super::{KINDS, Options};
use crate::clock::Clock;
use crate::contract::{Descriptor, Probe, ProbeAnswer};
use crate::error::FailureKind;
use crate::reach::SystemPlan;
use crate::reach::{Manners, upstream};
use crate::resilience::{SetupError, StandardDialect};
use crate::table_api::TableApi;

/// A ServiceNow instance as a system of change, incident and problem records.
#[derive(Debug)]
pub struct Servicenow {
    pub(super) descriptor: Descriptor,
    pub(super) api: TableApi,
    pub(super) options: Options,
    cmdb: ConnectorId,
    address: String,
    memory: Mutex<Memory>,
}

/// What is remembered between reads. Losing it costs requests, never records.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Kinds of which the last full read was refused or showed us only a part: until the next sweep the gap stays,
    /// and reads go on from here instead of asking for everything again and again.
    pub(super) partial: BTreeMap<RecordKind, (Gap, Option<Timestamp>)>,
    /// Accounts that records name.
    pub(super) accounts: BTreeSet<String>,
    /// Groups that records name.
    pub(super) groups: BTreeSet<String>,
    /// Groups that are change advisory boards.
    pub(super) boards: BTreeSet<String>,
}

impl Servicenow {
    pub(super) fn new(plan: &SystemPlan, options: Options, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let manners = Manners { dialect: Arc::new(StandardDialect), token_endpoint: "/oauth_token.do" };
        let upstream = upstream(plan, manners, clock)?;
        let kinds: &'static [RecordKind] = &KINDS;
        let descriptor = Descriptor { id: plan.id.clone(), family: Family::Itsm, vendor: "servicenow", kinds };
        let cmdb = options.cmdb.as_deref().map_or_else(|| plan.id.clone(), ConnectorId::new);
        Ok(Self {
            descriptor,
            api: TableApi::new(upstream, options.page_size, TABLES.to_vec()),
            options,
            cmdb,
            address: plan.url.trim_end_matches('/').to_owned(),
            memory: Mutex::new(Memory::default()),
        })
    }

    pub(super) fn origin(&self, fetched_at: Timestamp) -> Origin {
        Origin {
            connector: self.descriptor.id.clone(),
            cmdb: self.cmdb.clone(),
            address: self.address.clone(),
            fetched_at,
        }
    }

    /// Looks at or changes what is remembered.
    pub(super) fn remember<T>(&self, act: impl FnOnce(&mut Memory) -> T) -> T {
        act(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One row of each kind's table, all at once.
    pub(super) async fn ask_who_we_are(&self) -> Probe {
        let questions =
            TABLES_OF_KINDS.iter().filter(|(kind, _)| *kind != RecordKind::FieldHistory || self.options.history);
        let asked = questions.map(|(kind, table)| async move { (*kind, self.api.peek(table).await) });
        let answers = join_all(asked).await;
        let answered = |kind: FailureKind| {
            matches!(kind, FailureKind::Denied | FailureKind::Rejected { .. } | FailureKind::Unauthenticated)
        };
        let worst = answers.iter().filter_map(|(_, answer)| answer.as_ref().err());
        let (unreachable, stranger) = worst.fold((None, None), |(unreachable, stranger), error| match error.kind {
            FailureKind::Unauthenticated => (unreachable, stranger.or(Some(error.clone()))),
            kind if answered(kind) => (unreachable, stranger),
            _ => (unreachable.or(Some(error.clone())), stranger),
        });
        let anything_good = answers.iter().any(|(_, answer)| match answer {
            Ok(()) => true,
            Err(error) => answered(error.kind),
        });
        let reachable = match unreachable {
            Some(error) if !anything_good => ProbeAnswer::Failed(error),
            Some(_) => ProbeAnswer::Warning("some tables do not answer".into()),
            None => ProbeAnswer::Good("the Table API answers".into()),
        };
        let authenticated = match stranger {
            Some(error) => ProbeAnswer::Failed(error),
            None if !anything_good => ProbeAnswer::Skipped,
            None => ProbeAnswer::Good("the credentials are accepted".into()),
        };
        let open = matches!(authenticated, ProbeAnswer::Good(_));
        let permitted = answers.into_iter().map(|(kind, answer)| {
            let answer = match answer {
                _ if !open => ProbeAnswer::Skipped,
                Ok(()) => ProbeAnswer::Good("readable".into()),
                Err(error) => ProbeAnswer::Failed(error),
            };
            (kind, answer)
        });
        let telemetry = self.api.upstream().telemetry();
        let limits = telemetry.rate_limit.and_then(|seen| seen.limit);
        Probe {
            reachable,
            authenticated,
            permitted: permitted.collect(),
            clock_skew: telemetry.clock_skew,
            limits: limits.map(|limit| format!("{limit} requests an hour").into()),
        }
    }
}
