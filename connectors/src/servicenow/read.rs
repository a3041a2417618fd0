//! Reads named records now, in lists of their ids. Approvals, tasks and histories are also found by the id of the
//! change that they belong to, because whoever decides needs those that were added meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use domain::{RecordId, RecordKind, Text, Window};
use jiff::Timestamp;

use super::client::Servicenow;
use super::convert::{self, Beside, decisions};
use super::gather::Round;
use super::problems;
use super::wire::{
    ACCOUNT, AGENDA_ITEM, APPROVAL, CAB_MEETING, CHANGE, CHANGE_TASK, INCIDENT, PROBLEM, SERVICE_LEVEL, TRAIN,
};
use crate::contract::{GatherRequest, Gathered, Interest, Wanted};
use crate::error::ConnectorError;
use crate::table_api::settle::{Extent, Reading, miss, settle};
use crate::table_api::{Listing, Query, Read, Row, Table};

impl Servicenow {
    pub(super) async fn read_named(&self, wanted: &Wanted, now: Timestamp) -> Gathered {
        let horizon = Window { start: now, end: now };
        let request = GatherRequest::full(horizon, now, Interest::default());
        let round = self.round(&request).await;
        let reads = wanted.iter().filter(|(_, ids)| !ids.is_empty()).map(|(kind, ids)| {
            let ids: BTreeSet<&str> = self.own(ids);
            self.read_kind(&round, *kind, ids)
        });
        let mut gathered = Gathered::default();
        for part in futures::future::join_all(reads.collect::<Vec<_>>()).await {
            gathered.join(part);
        }
        // Named records are never all there are, and say nothing of the time between.
        gathered.changed.append(&mut gathered.complete);
        gathered.watermarks.clear();
        gathered
    }

    /// Reads records by their numbers, which the instance writes in capitals: first their ids, then all of them.
    pub(super) async fn read_numbered(
        &self,
        kind: RecordKind,
        numbers: &BTreeSet<Text>,
        now: Timestamp,
    ) -> Gathered {
        let table = match kind {
            RecordKind::Change => &CHANGE,
            RecordKind::Incident => &INCIDENT,
            RecordKind::Problem => &PROBLEM,
            _ => return Gathered::default(),
        };
        let numbers: BTreeSet<String> = numbers.iter().map(|number| number.to_uppercase()).collect();
        let numbers: BTreeSet<&str> = numbers.iter().map(String::as_str).collect();
        match self.api.list_by(&Read::of(table, Query::everything()), &["number"], &numbers).await {
            Ok(listing) => {
                let ids = listing.rows.iter().filter_map(Row::id);
                let ids = ids.map(|id| RecordId::new(&self.descriptor.id, id)).collect();
                self.read_named(&Wanted::from([(kind, ids)]), now).await
            }
            Err(error) => {
                let mut gathered = Gathered::default();
                miss(&mut gathered, kind, &error);
                gathered
            }
        }
    }

    fn own<'a>(&self, ids: &'a BTreeSet<RecordId>) -> BTreeSet<&'a str> {
        let own = ids.iter().filter(|id| id.connector == self.descriptor.id);
        own.map(|id| &*id.native).collect()
    }

    async fn read_kind(&self, round: &Round<'_>, kind: RecordKind, ids: BTreeSet<&str>) -> Gathered {
        // Of these there are so few that all of them cost as much as some.
        match kind {
            RecordKind::ChangeTemplate => return self.gather_templates(round).await,
            RecordKind::Schedule => return self.gather_schedules(round).await,
            RecordKind::Delegation => return self.gather_delegations(round).await.0,
            _ => {}
        }
        let mut gathered = Gathered::default();
        let read = self.rows_of_kind(round, (kind, &ids), &mut gathered).await;
        match read {
            Ok(listings) => {
                let reading = Reading { extent: Extent::Full, ..self.reading(round, kind) };
                settle(&mut gathered, reading, &listings.iter().collect::<Vec<_>>());
            }
            Err(error) => miss(&mut gathered, kind, &error),
        }
        gathered
    }

    async fn rows_of_kind(
        &self,
        round: &Round<'_>,
        (kind, ids): (RecordKind, &BTreeSet<&str>),
        gathered: &mut Gathered,
    ) -> Result<Vec<Listing>, ConnectorError> {
        let origin = &round.origin;
        let records = &mut gathered.records;
        let by = |table: &'static Table, columns: &'static [&'static str]| async move {
            self.api.list_by(&Read::of(table, Query::everything()), columns, ids).await
        };
        fn each<T>(listing: &Listing, convert: impl Fn(&Row) -> Option<T>) -> Vec<T> {
            listing.rows.iter().filter_map(convert).collect()
        }
        Ok(match kind {
            RecordKind::Change => {
                let changes = self.changes_by_id(round, ids).await?;
                records.changes = self.convert_changes(round, &changes);
                vec![changes.main, changes.items, changes.trains]
            }
            RecordKind::ChangeTask => {
                let tasks = by(&CHANGE_TASK, &["sys_id", "change_request"]).await?;
                records.change_tasks = each(&tasks, |row| convert::change_task(origin, row));
                vec![tasks]
            }
            RecordKind::Approval => {
                let (approvals, delegated) =
                    futures::join!(by(&APPROVAL, &["sys_id", "sysapproval"]), self.gather_delegations(round));
                let boards = self.remember(|memory| memory.boards.clone());
                let approvals = approvals?;
                let often = |row: &&Row| row.number::<u32>("sys_mod_count").is_none_or(|times| times > 1);
                let touched: BTreeSet<&str> = approvals.rows.iter().filter(often).filter_map(Row::id).collect();
                let history = match self.options.history {
                    // Where the history cannot be read, the last update dates the answer.
                    true => self.history_of(&touched).await.unwrap_or_default(),
                    false => Listing::default(),
                };
                let history = each(&history, |row| convert::field_change(origin, row));
                let decided: BTreeMap<_, _> = decisions(&history);
                let beside = Beside { delegations: &delegated.1, boards: &boards, decided: &decided };
                records.approvals = each(&approvals, |row| convert::approval(origin, row, &beside));
                vec![approvals]
            }
            RecordKind::FieldHistory => {
                let history = self.history_of(ids).await?;
                records.field_changes = each(&history, |row| convert::field_change(origin, row));
                vec![history]
            }
            RecordKind::Incident => {
                let incidents = by(&INCIDENT, &["sys_id"]).await?;
                records.incidents = each(&incidents, |row| convert::incident(origin, row));
                vec![incidents]
            }
            RecordKind::Problem => {
                let problems = self.problems_by_id(round, ids).await?;
                problems::take(round, &problems, gathered);
                vec![problems.main, problems.articles]
            }
            RecordKind::ServiceLevel => {
                let levels = by(&SERVICE_LEVEL, &["sys_id", "task"]).await?;
                records.service_levels = each(&levels, |row| convert::service_level(origin, row));
                vec![levels]
            }
            RecordKind::Train => {
                let trains = by(&TRAIN, &["sys_id"]).await?;
                records.trains = each(&trains, |row| convert::train(origin, row));
                vec![trains]
            }
            RecordKind::CabMeeting => {
                let (meetings, items) =
                    futures::join!(by(&CAB_MEETING, &["sys_id"]), by(&AGENDA_ITEM, &["cab_meeting"]));
                let (meetings, items) = (meetings?, items?);
                records.cab_meetings = convert::cab_meetings(origin, &meetings.rows, &items.rows);
                vec![meetings, items]
            }
            RecordKind::Account => {
                let accounts = by(&ACCOUNT, &["sys_id"]).await?;
                records.accounts = each(&accounts, |row| convert::account(origin, row));
                vec![accounts]
            }
            RecordKind::Group => {
                let ids: BTreeSet<String> = ids.iter().map(|id| (*id).to_owned()).collect();
                let (groups, members) = self.groups_by_id(&ids).await?;
                records.groups = convert::groups(origin, &groups.rows, &members.rows);
                vec![groups, members]
            }
            _ => Vec::new(),
        })
    }
}
