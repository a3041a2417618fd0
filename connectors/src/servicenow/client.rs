//! One instance: its tables, what we remember of it between reads, and whether it lets us in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{ConnectorId, Family, Gap, RecordKind};
use jiff::Timestamp;

use super::convert::Origin;
use super::wire::{KINDS as TABLES_OF_KINDS, TABLES};
use super::{KINDS, Options};
use crate::clock::Clock;
use crate::contract::{Descriptor, Probe};
use crate::reach::SystemPlan;
use crate::resilience::SetupError;
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
        let kinds: &'static [RecordKind] = &KINDS;
        let descriptor = Descriptor { id: plan.id.clone(), family: Family::Itsm, vendor: "servicenow", kinds };
        let cmdb = options.cmdb.as_deref().map_or_else(|| plan.id.clone(), ConnectorId::new);
        Ok(Self {
            descriptor,
            api: TableApi::open(plan, (&TABLES, options.page_size), clock)?,
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

    pub(super) async fn ask_who_we_are(&self) -> Probe {
        let tables = TABLES_OF_KINDS.into_iter();
        self.api.probe(tables.filter(|(kind, _)| *kind != RecordKind::FieldHistory || self.options.history)).await
    }
}
