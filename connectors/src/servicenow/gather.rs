//! A whole read of an instance: which kinds in full and which from their marks, then all of them side by side, then
//! the people whom they name.

use std::collections::{BTreeMap, BTreeSet};

use domain::{RecordId, RecordKind};
use jiff::Timestamp;

use super::client::Servicenow;
use super::convert::Origin;
use super::wire::DELETED;
use crate::contract::{GatherRequest, Gathered};
use crate::error::{ConnectorError, FailureKind};
use crate::table_api::settle::Extent;
use crate::table_api::{Condition, Dictionary, Known, Listing, Query, Read, Table};

/// One read: what for, how much, and where its rows come from.
pub(super) struct Round<'a> {
    pub(super) request: &'a GatherRequest,
    pub(super) origin: Origin,
    pub(super) dictionary: Dictionary,
    extents: BTreeMap<RecordKind, Extent>,
}

impl Round<'_> {
    pub(super) fn extent(&self, kind: RecordKind) -> Extent {
        self.extents.get(&kind).copied().unwrap_or(Extent::Full)
    }

    /// The first moment of the horizon.
    pub(super) fn from(&self) -> Timestamp {
        self.request.horizon.start
    }

    /// Of these conditions those whose columns the instance surely has.
    pub(super) fn usable(&self, table: &Table, conditions: Vec<Condition>) -> Vec<Condition> {
        let known = |condition: &Condition| match self.dictionary.knows(table, condition.column()) {
            Known::Yes => true,
            Known::No => false,
            Known::Untold => WELL_KNOWN.contains(&condition.column()),
        };
        conditions.into_iter().filter(known).collect()
    }
}

/// Columns of tasks that no instance lacks.
const WELL_KNOWN: [&str; 8] =
    ["active", "closed_at", "opened_at", "work_start", "work_end", "start_date", "end_date", "resolved_at"];

impl Servicenow {
    pub(super) async fn gather_horizon(&self, request: &GatherRequest) -> Gathered {
        if request.since.is_empty() {
            self.remember(|memory| memory.partial.clear());
        }
        let round = self.round(request).await;
        let (calendar, incidents, problems, levels, trains, templates, delegations) = futures::join!(
            self.gather_calendar(&round),
            self.gather_incidents(&round),
            self.gather_problems(&round),
            self.gather_service_levels(&round),
            self.gather_trains(&round),
            self.gather_templates(&round),
            self.gather_delegations(&round),
        );
        let (mut gathered, boards) = calendar;
        let (delegated, logins) = delegations;
        for part in [incidents, problems, levels, trains, templates, delegated] {
            gathered.join(part);
        }
        gathered.join(self.gather_changes(&round, (&logins, &boards)).await);
        if !request.since.is_empty() {
            gathered.deleted = self.deletions(&round).await;
        }
        // Last, because it notes whom it has read: a read that is given up before its end must not have noted anything.
        let named = self.gather_people(&round, &gathered).await;
        gathered.join(named);
        self.keep_gaps(request, &mut gathered);
        gathered
    }

    pub(super) async fn round<'a>(&self, request: &'a GatherRequest) -> Round<'a> {
        Round {
            request,
            origin: self.origin(request.now),
            dictionary: self.api.dictionary().await,
            extents: self.extents(request),
        }
    }

    /// A kind without a mark is read in full, unless what we remember of it says that this would be in vain.
    fn extents(&self, request: &GatherRequest) -> BTreeMap<RecordKind, Extent> {
        let mut since = request.since.clone();
        self.remember(|memory| {
            for (kind, (_, mark)) in &memory.partial {
                if let (None, Some(mark)) = (since.get(kind), mark) {
                    since.insert(*kind, *mark);
                }
            }
            let history_is_vain = memory.partial.contains_key(&RecordKind::FieldHistory);
            // The history is asked for by the ids of changes, so a full one needs all of them.
            if self.options.history && !history_is_vain && !since.contains_key(&RecordKind::FieldHistory) {
                since.remove(&RecordKind::Change);
                since.remove(&RecordKind::Approval);
            }
        });
        let extent = |(kind, mark): (&RecordKind, &Timestamp)| (*kind, Extent::Since(*mark));
        since.iter().map(extent).collect()
    }

    /// Remembers what was refused or shown in part, and repeats it until a sweep asks again.
    fn keep_gaps(&self, request: &GatherRequest, gathered: &mut Gathered) {
        self.remember(|memory| {
            for gap in &gathered.gaps {
                let settled = matches!(gap.code, domain::GapCode::SourceIncomplete | domain::GapCode::SourceDenied);
                if settled && !gap.retryable {
                    let mark = gathered.watermarks.remove(&gap.kind).or(request.since.get(&gap.kind).copied());
                    memory.partial.insert(gap.kind, (gap.clone(), mark));
                }
            }
            let told: BTreeSet<RecordKind> = gathered.gaps.iter().map(|gap| gap.kind).collect();
            memory.partial.retain(|kind, _| told.contains(kind) || !gathered.complete.contains(kind));
            for (kind, (gap, mark)) in memory.partial.iter_mut().filter(|(kind, _)| !told.contains(kind)) {
                *mark = gathered.watermarks.remove(kind).or(*mark);
                gathered.changed.insert(*kind);
                gathered.gaps.push(gap.clone());
            }
        });
    }

    /// An instance that surely lacks a table holds no rows of it; every other refusal is one.
    pub(super) fn absent_is_empty(
        &self,
        round: &Round<'_>,
        table: &Table,
        read: Result<Listing, ConnectorError>,
    ) -> Result<Listing, ConnectorError> {
        match read {
            Err(error)
                if matches!(error.kind, FailureKind::Rejected { status: 400 }) && round.dictionary.lacks(table) =>
            {
                Ok(Listing::default())
            }
            read => read,
        }
    }

    /// What the instance says was deleted, where we may read that; sweeps see it otherwise.
    async fn deletions(&self, round: &Round<'_>) -> BTreeMap<RecordKind, BTreeSet<RecordId>> {
        let kinds = [
            ("change_request", RecordKind::Change),
            ("change_task", RecordKind::ChangeTask),
            ("sysapproval_approver", RecordKind::Approval),
            ("incident", RecordKind::Incident),
            ("problem", RecordKind::Problem),
        ];
        let mut deleted: BTreeMap<RecordKind, BTreeSet<RecordId>> = BTreeMap::new();
        let begins = kinds.iter().filter_map(|(_, kind)| round.extent(*kind).begins()).min();
        let Some(begins) = begins.filter(|_| !round.dictionary.lacks(&DELETED)) else { return deleted };
        let tables: Vec<&str> = kinds.iter().map(|(table, _)| *table).collect();
        let query = Query::everything()
            .and(Condition::among("tablename", &tables))
            .and(Condition::since("sys_created_on", begins));
        let Ok(listing) = self.api.list(Read::of(&DELETED, query)).await else { return deleted };
        for row in &listing.rows {
            let kind = kinds.iter().find(|(table, _)| row.value("tablename") == Some(table));
            if let (Some((_, kind)), Some(id)) = (kind, row.value("documentkey")) {
                let record = RecordId::new(&round.origin.connector, id);
                deleted.entry(*kind).or_default().insert(record);
            }
        }
        deleted
    }
}
