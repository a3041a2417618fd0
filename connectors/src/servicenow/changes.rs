//! Reads changes with their items and trains, tasks, approvals and history.

use std::collections::BTreeSet;

use domain::{FieldChange, RecordKind};
use jiff::Timestamp;

use super::client::Servicenow;
use super::convert::{
    self, Beside, BesideChange, Delegations, affected_items, decisions, offerings_of_changes, trains_of_changes,
};
use super::gather::Round;
use super::wire::{
    AFFECTED_ITEM, APPROVAL, CHANGE, CHANGE_TASK, HISTORY, HISTORY_FIELDS, TOUCHED_OFFERING, TRAIN_TASK,
};
use crate::contract::Gathered;
use crate::error::{ConnectorError, FailureKind};
use crate::table_api::settle::{Extent, Reading, doubt, incomplete, miss, settle};
use crate::table_api::{Condition, Listing, Query, Read, Row, Table};

/// Changes with what stands in tables beside them.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) main: Listing,
    pub(super) items: Listing,
    pub(super) trains: Listing,
    pub(super) offerings: Listing,
    /// Why the offerings could not be read, where the instance refuses them.
    pub(super) refused: Option<ConnectorError>,
}

/// A table whose rows hang on changes, and its column that names the change.
type Hanging<'a> = (&'a Table, &'static str);

impl Servicenow {
    pub(super) async fn gather_changes(
        &self,
        round: &Round<'_>,
        (delegations, boards): (&Delegations, &BTreeSet<String>),
    ) -> Gathered {
        let mut gathered = Gathered::default();
        let read = match round.extent(RecordKind::Change) {
            Extent::Full => self.changes_in_horizon(round).await,
            Extent::Since(_) => self.changes_since(round).await,
        };
        let (changes, missed) = match read {
            Ok(changes) => (changes, None),
            Err(error) => {
                miss(&mut gathered, RecordKind::Change, &error);
                miss(&mut gathered, RecordKind::ServiceOffering, &error);
                (Changes::default(), Some(error))
            }
        };
        let (tasks, approvals) = futures::join!(
            self.hanging(round, RecordKind::ChangeTask, ((&CHANGE_TASK, "change_request"), &changes.main.rows)),
            self.hanging(round, RecordKind::Approval, ((&APPROVAL, "sysapproval"), &changes.main.rows)),
        );
        if missed.is_none() {
            self.take_changes(round, &mut gathered, &changes);
        }
        match tasks {
            Ok(tasks) => self.take_tasks(round, &mut gathered, &tasks),
            Err(error) => miss(&mut gathered, RecordKind::ChangeTask, &error),
        }
        let approvals = approvals.inspect_err(|error| miss(&mut gathered, RecordKind::Approval, error)).ok();
        let rows = approvals.as_ref().map(|listing| listing.rows.as_slice()).unwrap_or_default();
        let history = self.gather_history(round, (&changes.main.rows, rows), &mut gathered).await;
        if let Some(approvals) = approvals {
            let decided = decisions(&history);
            let beside = Beside { delegations, boards, decided: &decided };
            let read = approvals.rows.iter().filter_map(|row| convert::approval(&round.origin, row, &beside));
            gathered.records.approvals.extend(read);
            settle(&mut gathered, self.reading(round, RecordKind::Approval), &[&approvals]);
        }
        // The history is asked for by ids; its mark only says that it was read, and stands where theirs does.
        if let Some(mark) = gathered.watermarks.get(&RecordKind::Change).copied()
            && (gathered.complete.contains(&RecordKind::FieldHistory)
                || gathered.changed.contains(&RecordKind::FieldHistory))
        {
            gathered.watermarks.insert(RecordKind::FieldHistory, mark);
        }
        // A full history of changes that could not be read is no history. One of what changed is as it was.
        if let Some(error) = missed.filter(|_| gathered.complete.contains(&RecordKind::FieldHistory)) {
            miss(&mut gathered, RecordKind::FieldHistory, &error);
            if !history.is_empty() {
                gathered.changed.insert(RecordKind::FieldHistory);
            }
        }
        gathered.records.field_changes = history;
        gathered
    }

    pub(super) fn reading(&self, round: &Round<'_>, kind: RecordKind) -> Reading<'_> {
        Reading { kind, extent: round.extent(kind), dated_by: "sys_updated_on", connector: &self.descriptor.id }
    }

    fn take_changes(&self, round: &Round<'_>, gathered: &mut Gathered, changes: &Changes) {
        gathered.records.changes = self.convert_changes(round, changes);
        let reading = self.reading(round, RecordKind::Change);
        settle(gathered, reading, &[&changes.main, &changes.items, &changes.trains]);
        match &changes.refused {
            Some(error) => miss(gathered, RecordKind::ServiceOffering, error),
            None => {
                let reading = Reading { kind: RecordKind::ServiceOffering, ..reading };
                settle(gathered, reading, &[&changes.offerings]);
            }
        }
    }

    pub(super) fn convert_changes(&self, round: &Round<'_>, changes: &Changes) -> Vec<domain::Change> {
        let beside = BesideChange {
            items: affected_items(&round.origin, &changes.items.rows),
            trains: trains_of_changes(&changes.trains.rows),
            offerings: offerings_of_changes(&round.origin, &changes.offerings.rows),
        };
        let rows = changes.main.rows.iter();
        rows.filter_map(|row| convert::change(&round.origin, &self.options, row, &beside)).collect()
    }

    fn take_tasks(&self, round: &Round<'_>, gathered: &mut Gathered, tasks: &Listing) {
        let records = tasks.rows.iter().filter_map(|row| convert::change_task(&round.origin, row));
        gathered.records.change_tasks.extend(records);
        settle(gathered, self.reading(round, RecordKind::ChangeTask), &[tasks]);
    }

    /// Columns of changes that the configuration asks for.
    fn own_columns(&self) -> Vec<String> {
        [&self.options.release_column, &self.options.environment_column].into_iter().flatten().cloned().collect()
    }

    async fn changes_in_horizon(&self, round: &Round<'_>) -> Result<Changes, ConnectorError> {
        let own = self.own_columns();
        let query = horizon(round, &CHANGE);
        let main = self.api.list(Read { more_columns: &own, ..Read::of(&CHANGE, query) }).await?;
        let (items, trains, offerings) = futures::join!(
            self.of_horizon(round, (&AFFECTED_ITEM, "task"), &main.rows),
            self.of_horizon(round, (&TRAIN_TASK, "task"), &main.rows),
            self.of_horizon(round, (&TOUCHED_OFFERING, "task"), &main.rows),
        );
        let trains = self.absent_is_empty(round, &TRAIN_TASK, trains)?;
        let (offerings, refused) = or_refused(offerings)?;
        Ok(Changes { main, items: items?, trains, offerings, refused })
    }

    /// Changes that were updated, and those to which an item or a train was added without updating them.
    async fn changes_since(&self, round: &Round<'_>) -> Result<Changes, ConnectorError> {
        let own = self.own_columns();
        let begins = round.extent(RecordKind::Change).begins().unwrap_or(Timestamp::MIN);
        let query = Query::everything().and(Condition::since("sys_updated_on", begins));
        let (main, items, trains, offerings) = futures::join!(
            self.api.list(Read { more_columns: &own, ..Read::of(&CHANGE, query) }),
            self.touched(begins, (&AFFECTED_ITEM, "task")),
            self.touched(begins, (&TRAIN_TASK, "task")),
            self.touched(begins, (&TOUCHED_OFFERING, "task")),
        );
        let trains = self.absent_is_empty(round, &TRAIN_TASK, trains)?;
        let (offerings, refused) = or_refused(offerings)?;
        let mut changes = Changes { main: main?, items: items?, trains, offerings, refused };
        let read: BTreeSet<&str> = changes.main.rows.iter().filter_map(Row::id).collect();
        let hanging = [&changes.items, &changes.trains, &changes.offerings].into_iter();
        let touched = hanging.flat_map(|listing| &listing.rows).filter_map(|row| row.value("task"));
        let others: BTreeSet<String> = touched.filter(|task| !read.contains(task)).map(str::to_owned).collect();
        if !others.is_empty() {
            let others: BTreeSet<&str> = others.iter().map(String::as_str).collect();
            let more = self.changes_by_id(round, &others).await?;
            changes.main.join(more.main);
            changes.items.join(more.items);
            changes.trains.join(more.trains);
            changes.offerings.join(more.offerings);
            changes.refused = changes.refused.or(more.refused);
        }
        Ok(changes)
    }

    pub(super) async fn changes_by_id(
        &self,
        round: &Round<'_>,
        ids: &BTreeSet<&str>,
    ) -> Result<Changes, ConnectorError> {
        let own = self.own_columns();
        let [change, item, train, offering] = [&CHANGE, &AFFECTED_ITEM, &TRAIN_TASK, &TOUCHED_OFFERING]
            .map(|table| Read::of(table, Query::everything()));
        let change = Read { more_columns: &own, ..change };
        let (main, items, trains, offerings) = futures::join!(
            self.api.list_by(&change, &["sys_id"], ids),
            self.api.list_by(&item, &["task"], ids),
            self.api.list_by(&train, &["task"], ids),
            self.api.list_by(&offering, &["task"], ids),
        );
        let trains = self.absent_is_empty(round, &TRAIN_TASK, trains)?;
        let (offerings, refused) = or_refused(offerings)?;
        Ok(Changes { main: main?, items: items?, trains, offerings, refused })
    }

    /// Rows that hang on changes: of those in the horizon, or updated since the mark, themselves or their changes.
    async fn hanging(
        &self,
        round: &Round<'_>,
        kind: RecordKind,
        (hanging, changes): (Hanging<'_>, &[Row]),
    ) -> Result<Listing, ConnectorError> {
        match round.extent(kind).begins() {
            Some(begins) => self.touched(begins, hanging).await,
            None if round.extent(RecordKind::Change) == Extent::Full => {
                self.of_horizon(round, hanging, changes).await
            }
            // Only these rows are asked for anew, and the changes that they hang on were not read now.
            None => {
                let own = Read::of(&CHANGE, horizon(round, &CHANGE));
                let all = self.api.list(own).await?;
                self.of_horizon(round, hanging, &all.rows).await
            }
        }
    }

    async fn touched(&self, begins: Timestamp, (table, column): Hanging<'_>) -> Result<Listing, ConnectorError> {
        let updated = format!("{column}.sys_updated_on");
        let query = Query::everything()
            .and(Condition::is(&format!("{column}.sys_class_name"), "change_request"))
            .and_one_of([Condition::since("sys_updated_on", begins), Condition::since(&updated, begins)]);
        self.api.list(Read::of(table, query)).await
    }

    /// By a query over the change's own dates, so that a thousand changes cost a page and not a list of their ids;
    /// the few changes that such a query cannot find are asked for by id.
    async fn of_horizon(
        &self,
        round: &Round<'_>,
        (table, column): Hanging<'_>,
        changes: &[Row],
    ) -> Result<Listing, ConnectorError> {
        let from = round.from();
        let dated = |name: &str| Condition::since(&format!("{column}.{name}"), from);
        let query = Query::everything()
            .and(Condition::is(&format!("{column}.sys_class_name"), "change_request"))
            .and_one_of([
                Condition::is(&format!("{column}.active"), "true"),
                dated("closed_at"),
                dated("work_end"),
            ]);
        let found = |row: &&Row| {
            let late = |name: &str| row.moment(name).is_some_and(|moment| moment >= from);
            row.flag("active") == Some(true) || late("closed_at") || late("work_end")
        };
        let others: BTreeSet<&str> = changes.iter().filter(|row| !found(row)).filter_map(Row::id).collect();
        let read = Read::of(table, Query::everything());
        let columns = [column];
        let (listing, rest) =
            futures::join!(self.api.list(Read::of(table, query)), self.api.list_by(&read, &columns, &others),);
        let mut listing = listing?;
        listing.join(rest?);
        let wanted: BTreeSet<&str> = changes.iter().filter_map(Row::id).collect();
        let mut seen = BTreeSet::new();
        listing.rows.retain(|row| {
            row.value(column).is_some_and(|change| wanted.contains(change))
                && seen.insert(row.id().map(str::to_owned))
        });
        Ok(listing)
    }

    /// The history of the changes and approvals that were read.
    async fn gather_history(
        &self,
        round: &Round<'_>,
        (changes, approvals): (&[Row], &[Row]),
        gathered: &mut Gathered,
    ) -> Vec<FieldChange> {
        let kind = RecordKind::FieldHistory;
        let refused = self.remember(|memory| memory.partial.get(&kind).is_some_and(|(_, mark)| mark.is_none()));
        if !self.options.history || refused {
            return Vec::new();
        }
        // An approval that was updated once was decided by that update: no history tells more of it.
        let often = approvals.iter().filter(|row| row.number::<u32>("sys_mod_count").is_none_or(|times| times > 1));
        let ids: BTreeSet<&str> = changes.iter().chain(often).filter_map(Row::id).collect();
        let listing = match self.history_of(&ids).await {
            Ok(listing) => listing,
            Err(error) => {
                miss(gathered, kind, &error);
                return Vec::new();
            }
        };
        let reading = Reading { dated_by: "sys_created_on", ..self.reading(round, kind) };
        settle(gathered, reading, &[&listing]);
        let updated = |row: &&Row| row.number::<u32>("sys_mod_count").is_some_and(|times| times > 0);
        if listing.rows.is_empty() && changes.iter().filter(updated).count() > 0 {
            let system = &self.descriptor.id;
            let what = format!("{system}: changes were updated, but their history is empty or hidden from us");
            doubt(gathered, kind, incomplete(system, kind, what));
        }
        listing.rows.iter().filter_map(|row| convert::field_change(&round.origin, row)).collect()
    }

    pub(super) async fn history_of(&self, ids: &BTreeSet<&str>) -> Result<Listing, ConnectorError> {
        let query = Query::everything()
            .and(Condition::among("tablename", &["change_request", "sysapproval_approver"]))
            .and(Condition::among("fieldname", &HISTORY_FIELDS));
        self.api.list_by(&Read::of(&HISTORY, query), &["documentkey"], ids).await
    }
}

/// Offerings only add to what a change's own record says, so a right that is missing there takes no change away: it is
/// a gap of its own kind.
fn or_refused(read: Result<Listing, ConnectorError>) -> Result<(Listing, Option<ConnectorError>), ConnectorError> {
    match read {
        Err(error) if matches!(error.kind, FailureKind::Denied | FailureKind::Rejected { .. }) => {
            Ok((Listing::default(), Some(error)))
        }
        read => Ok((read?, None)),
    }
}

/// Open records, and those with a date in the horizon.
fn horizon(round: &Round<'_>, table: &Table) -> Query {
    let (from, to) = (round.from(), round.request.horizon.end);
    let reaches = vec![
        Condition::is("active", "true"),
        Condition::since("start_date", from),
        Condition::since("end_date", from),
        Condition::since("work_end", from),
        Condition::since("closed_at", from),
    ];
    let begins = vec![
        Condition::is("active", "true"),
        Condition::before("start_date", to),
        Condition::is_empty("start_date"),
    ];
    Query::everything().and_one_of(round.usable(table, reaches)).and_one_of(round.usable(table, begins))
}
