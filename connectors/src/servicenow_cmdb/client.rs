//! One CMDB: its tables, and what we remember of it between reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{ConnectorId, Family, RecordKind};
use jiff::Timestamp;

use super::Options;
use super::convert::{self, Origin};
use super::wire::{ITEM, OUTLINE, RELATION, TABLES};
use crate::clock::Clock;
use crate::contract::{Descriptor, Gathered, Probe, Wanted};
use crate::reach::SystemPlan;
use crate::resilience::SetupError;
use crate::table_api::settle::{Extent, Reading, doubt, miss, settle};
use crate::table_api::{Listing, Query, Read, TableApi};

/// The kinds of records that it reads.
pub(super) const KINDS: [RecordKind; 2] = [RecordKind::ConfigurationItem, RecordKind::CiRelation];

/// A ServiceNow instance as a CMDB.
#[derive(Debug)]
pub struct Cmdb {
    pub(super) descriptor: Descriptor,
    pub(super) api: TableApi,
    pub(super) options: Options,
    itsm: ConnectorId,
    address: String,
    memory: Mutex<Memory>,
}

/// When an item was last updated, and how often: two rows with one version are the same.
pub(super) type Version = (String, String);

/// What is remembered between reads. Losing it costs requests, never records.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The items of the neighbourhood.
    pub(super) items: BTreeMap<String, Version>,
    /// Names and ids that were looked for.
    pub(super) sought: BTreeSet<String>,
    /// Columns by class.
    pub(super) columns: BTreeMap<String, BTreeSet<String>>,
}

impl Cmdb {
    pub(super) fn new(plan: &SystemPlan, options: Options, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let itsm = options.itsm.as_deref().map_or_else(|| plan.id.clone(), ConnectorId::new);
        Ok(Self {
            descriptor: Descriptor {
                id: plan.id.clone(),
                family: Family::Cmdb,
                vendor: "servicenow-cmdb",
                kinds: &KINDS,
            },
            api: TableApi::open(plan, (&TABLES, options.page_size), clock)?,
            options,
            itsm,
            address: plan.url.trim_end_matches('/').to_owned(),
            memory: Mutex::new(Memory::default()),
        })
    }

    pub(super) fn origin(&self, fetched_at: Timestamp) -> Origin {
        Origin {
            connector: self.descriptor.id.clone(),
            itsm: self.itsm.clone(),
            address: self.address.clone(),
            fetched_at,
        }
    }

    /// Looks at or changes what is remembered.
    pub(super) fn remember<T>(&self, act: impl FnOnce(&mut Memory) -> T) -> T {
        act(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Items by id, and relations by their own id or by that of an item at one of their ends.
    pub(super) async fn read_named(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        let origin = self.origin(now);
        let mut gathered = Gathered::default();
        for (kind, ids) in wanted.iter().filter(|(kind, _)| KINDS.contains(kind)) {
            let own = ids.iter().filter(|id| id.connector == self.descriptor.id);
            let ids: BTreeSet<&str> = own.map(|id| &*id.native).collect();
            if ids.is_empty() {
                continue;
            }
            let table = if *kind == RecordKind::ConfigurationItem { &OUTLINE } else { &RELATION };
            let columns: &[&str] =
                if *kind == RecordKind::ConfigurationItem { &["sys_id"] } else { &["sys_id", "parent", "child"] };
            let listing = match self.api.list_by(&Read::of(table, Query::everything()), columns, &ids).await {
                Ok(listing) => listing,
                Err(error) => {
                    miss(&mut gathered, *kind, &error);
                    continue;
                }
            };
            let reading = Reading {
                kind: *kind,
                extent: Extent::Full,
                dated_by: "sys_updated_on",
                connector: &self.descriptor.id,
            };
            settle(&mut gathered, reading, &[&listing]);
            self.convert(&origin, (*kind, listing), &mut gathered).await;
        }
        gathered.changed.append(&mut gathered.complete);
        gathered.watermarks.clear();
        gathered
    }

    async fn convert(&self, origin: &Origin, (kind, listing): (RecordKind, Listing), gathered: &mut Gathered) {
        let rows = listing.rows.iter();
        if kind == RecordKind::CiRelation {
            gathered.records.ci_relations = rows.filter_map(|row| convert::relation(origin, row)).collect();
            return;
        }
        let class = |row: &crate::table_api::Row| row.value("sys_class_name").unwrap_or_default().to_owned();
        let found = rows.filter_map(|row| Some((row.id()?.to_owned(), class(row)))).collect();
        let (items, failures) = self.items_of(&found).await;
        gathered.records.configuration_items =
            items.rows.iter().filter_map(|row| convert::item(origin, row)).collect();
        for error in failures {
            doubt(gathered, kind, error.gap(kind, None));
        }
    }

    pub(super) async fn ask_who_we_are(&self) -> Probe {
        self.api.probe(KINDS.into_iter().zip([&ITEM, &RELATION])).await
    }
}
