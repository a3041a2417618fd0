//! Reads incidents, service levels, the calendar, trains, templates and delegations.

use std::collections::BTreeSet;

use domain::RecordKind;

use super::client::Servicenow;
use super::convert::{self, Delegations};
use super::gather::Round;
use super::wire::{
    AGENDA_ITEM, CAB_MEETING, DELEGATION, INCIDENT, SCHEDULE, SCHEDULE_SPAN, SERVICE_LEVEL, TEMPLATE,
    TEMPLATE_ITEM, TRAIN,
};
use crate::contract::Gathered;
use crate::table_api::settle::{Extent, Reading, doubt, incomplete, miss, settle};
use crate::table_api::{Condition, Listing, Query, Read, Table};

impl Servicenow {
    pub(super) async fn gather_incidents(&self, round: &Round<'_>) -> Gathered {
        let from = round.from();
        let in_horizon = || {
            let reaches = vec![
                Condition::is("active", "true"),
                Condition::since("opened_at", from),
                Condition::since("resolved_at", from),
                Condition::since("closed_at", from),
            ];
            Query::everything().and_one_of(round.usable(&INCIDENT, reaches))
        };
        let mut gathered = Gathered::default();
        if let Some(listing) =
            self.one_table(round, (RecordKind::Incident, &INCIDENT), (&mut gathered, in_horizon)).await
        {
            let rows = listing.rows.iter();
            gathered.records.incidents = rows.filter_map(|row| convert::incident(&round.origin, row)).collect();
        }
        gathered
    }

    pub(super) async fn gather_service_levels(&self, round: &Round<'_>) -> Gathered {
        let tasks = || Condition::among("task.sys_class_name", &["change_request", "incident", "problem"]);
        let kind = RecordKind::ServiceLevel;
        let query = match round.extent(kind).begins() {
            Some(begins) => Query::everything().and(tasks()).and(Condition::since("sys_updated_on", begins)),
            None => Query::everything().and(tasks()).and_one_of([
                Condition::is("task.active", "true"),
                Condition::since("task.opened_at", round.from()),
                Condition::since("task.closed_at", round.from()),
            ]),
        };
        let mut gathered = Gathered::default();
        let read = self.api.list(Read::of(&SERVICE_LEVEL, query)).await;
        match self.absent_is_empty(round, &SERVICE_LEVEL, read) {
            Ok(listing) => {
                let rows = listing.rows.iter();
                gathered.records.service_levels =
                    rows.filter_map(|row| convert::service_level(&round.origin, row)).collect();
                settle(&mut gathered, self.reading(round, kind), &[&listing]);
            }
            Err(error) => miss(&mut gathered, kind, &error),
        }
        gathered
    }

    /// Reads a kind that lives in one table: what its horizon holds, or what was updated since the mark.
    async fn one_table(
        &self,
        round: &Round<'_>,
        (kind, table): (RecordKind, &Table),
        (gathered, in_horizon): (&mut Gathered, impl Fn() -> Query),
    ) -> Option<Listing> {
        let query = match round.extent(kind).begins() {
            Some(begins) => Query::everything().and(Condition::since("sys_updated_on", begins)),
            None => in_horizon(),
        };
        let read = self.api.list(Read::of(table, query)).await;
        match self.absent_is_empty(round, table, read) {
            Ok(listing) => {
                settle(gathered, self.reading(round, kind), &[&listing]);
                Some(listing)
            }
            Err(error) => {
                miss(gathered, kind, &error);
                None
            }
        }
    }

    /// Schedules and meetings: few rows whose entries vanish without a trace, so they are always read in full.
    pub(super) async fn gather_calendar(&self, round: &Round<'_>) -> (Gathered, BTreeSet<String>) {
        let (mut gathered, meetings) = futures::join!(self.gather_schedules(round), self.gather_meetings(round));
        let boards = meetings.records.cab_meetings.iter().filter_map(|meeting| meeting.group.as_ref());
        let boards: BTreeSet<String> = boards.map(|group| group.0.native.to_string()).collect();
        self.remember(|memory| memory.boards.clone_from(&boards));
        gathered.join(meetings);
        (gathered, boards)
    }

    pub(super) async fn gather_schedules(&self, round: &Round<'_>) -> Gathered {
        let kind = RecordKind::Schedule;
        let classes = ["cmn_schedule_blackout", "cmn_schedule_maintenance"];
        let own = Query::everything().and(Condition::among("sys_class_name", &classes));
        let of_own = Query::everything().and(Condition::among("schedule.sys_class_name", &classes));
        let (schedules, entries) = futures::join!(
            self.api.list(Read::of(&SCHEDULE, own)),
            self.api.list(Read::of(&SCHEDULE_SPAN, of_own)),
        );
        let mut gathered = Gathered::default();
        let (schedules, entries) = match (self.absent_is_empty(round, &SCHEDULE, schedules), entries) {
            (Ok(schedules), Ok(entries)) => (schedules, entries),
            (Err(error), _) | (_, Err(error)) => {
                miss(&mut gathered, kind, &error);
                return gathered;
            }
        };
        self.settle_in_full(round, kind, (&mut gathered, &[&schedules, &entries]));
        let read = convert::schedules(&round.origin, &schedules.rows, &entries.rows);
        gathered.records.schedules = read.records;
        if read.not_understood > 0 {
            let system = &self.descriptor.id;
            let what = format!("{system}: {} entries of schedules could not be understood", read.not_understood);
            doubt(&mut gathered, kind, incomplete(system, kind, what));
        }
        gathered
    }

    async fn gather_meetings(&self, round: &Round<'_>) -> Gathered {
        let kind = RecordKind::CabMeeting;
        let own = Query::everything().and(Condition::since("end", round.from()));
        let of_own = Query::everything().and(Condition::since("cab_meeting.end", round.from()));
        let (meetings, items) = futures::join!(
            self.api.list(Read::of(&CAB_MEETING, own)),
            self.api.list(Read::of(&AGENDA_ITEM, of_own)),
        );
        let meetings = self.absent_is_empty(round, &CAB_MEETING, meetings);
        let mut gathered = Gathered::default();
        match (meetings, self.absent_is_empty(round, &AGENDA_ITEM, items)) {
            (Ok(meetings), Ok(items)) => {
                gathered.records.cab_meetings = convert::cab_meetings(&round.origin, &meetings.rows, &items.rows);
                self.settle_in_full(round, kind, (&mut gathered, &[&meetings, &items]));
            }
            (Err(error), _) | (_, Err(error)) => miss(&mut gathered, kind, &error),
        }
        gathered
    }

    pub(super) async fn gather_trains(&self, round: &Round<'_>) -> Gathered {
        let from = round.from();
        let reaches = vec![
            Condition::is("active", "true"),
            Condition::since("end_date", from),
            Condition::since("planned_end_date", from),
            Condition::since("closed_at", from),
        ];
        let query = Query::everything().and_one_of(round.usable(&TRAIN, reaches));
        let mut gathered = Gathered::default();
        let read = self.api.list(Read::of(&TRAIN, query)).await;
        match self.absent_is_empty(round, &TRAIN, read) {
            Ok(listing) => {
                let rows = listing.rows.iter();
                gathered.records.trains = rows.filter_map(|row| convert::train(&round.origin, row)).collect();
                self.settle_in_full(round, RecordKind::Train, (&mut gathered, &[&listing]));
            }
            Err(error) => miss(&mut gathered, RecordKind::Train, &error),
        }
        gathered
    }

    pub(super) async fn gather_templates(&self, round: &Round<'_>) -> Gathered {
        let kind = RecordKind::ChangeTemplate;
        let steps: Vec<String> = self.options.template_steps_column.iter().cloned().collect();
        let template = Read { more_columns: &steps, ..Read::of(&TEMPLATE, Query::everything()) };
        let (templates, items) =
            futures::join!(self.api.list(template), self.api.list(Read::of(&TEMPLATE_ITEM, Query::everything())),);
        let mut gathered = Gathered::default();
        // Few companies keep such a list; where there is none, a template does not say what it may be used for.
        let no_list = items.is_err() && round.dictionary.lacks(&TEMPLATE_ITEM);
        let items = if no_list { Ok(None) } else { items.map(Some) };
        match (self.absent_is_empty(round, &TEMPLATE, templates), items) {
            (Ok(templates), Ok(items)) => {
                let allowed = items.as_ref().map(|items| items.rows.as_slice());
                let rows = templates.rows.iter();
                gathered.records.change_templates =
                    rows.filter_map(|row| convert::template(&round.origin, &self.options, row, allowed)).collect();
                let listings: Vec<&Listing> = std::iter::once(&templates).chain(&items).collect();
                self.settle_in_full(round, kind, (&mut gathered, &listings));
            }
            (Err(error), _) | (_, Err(error)) => miss(&mut gathered, kind, &error),
        }
        gathered
    }

    pub(super) async fn gather_delegations(&self, round: &Round<'_>) -> (Gathered, Delegations) {
        let mut gathered = Gathered::default();
        let mut delegations = Delegations::new();
        match self.api.list(Read::of(&DELEGATION, Query::everything())).await {
            Ok(listing) => {
                delegations =
                    listing.rows.iter().filter_map(|row| convert::delegation(&round.origin, row)).collect();
                gathered.records.delegations =
                    delegations.iter().map(|(_, delegation)| delegation.clone()).collect();
                self.settle_in_full(round, RecordKind::Delegation, (&mut gathered, &[&listing]));
            }
            Err(error) => miss(&mut gathered, RecordKind::Delegation, &error),
        }
        (gathered, delegations)
    }

    /// Settles a kind that is read in full each time, and so needs no mark.
    fn settle_in_full(
        &self,
        round: &Round<'_>,
        kind: RecordKind,
        (gathered, listings): (&mut Gathered, &[&Listing]),
    ) {
        settle(gathered, Reading { extent: Extent::Full, ..self.reading(round, kind) }, listings);
        gathered.watermarks.remove(&kind);
    }
}
