//! Rows into records, without any I/O. A column that is absent or empty becomes "not known"; a choice that we do
//! not know becomes OTHER beside the vendor's own label; a window that contradicts itself becomes none.

mod change;

mod approval;

mod incident;

mod calendar;

mod schedule;

mod people;

pub(super) use approval::{Beside, Delegations, approval, decisions};
pub(super) use calendar::{cab_meetings, service_level, train};
pub(super) use change::{
    BesideChange, affected_items, change, change_task, field_change, offerings_of_changes, template,
    trains_of_changes,
};
pub(super) use incident::{incident, known_errors, problem};
pub(super) use people::{account, delegation, groups};
pub(super) use schedule::schedules;

use domain::{AccountId, ChangeId, ConfigurationItemId, ConnectorId, GroupId, RecordId, Source, Text, Window};
use jiff::Timestamp;

use crate::table_api::{Row, Table};

/// Where rows come from, so that records can name their source.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The connector that reads them.
    pub(super) connector: ConnectorId,
    /// The connector under which configuration items are known.
    pub(super) cmdb: ConnectorId,
    /// The instance's address, without a slash at its end.
    pub(super) address: String,
    /// When they were read, by our clock.
    pub(super) fetched_at: Timestamp,
}

impl Origin {
    fn source(&self, table: &Table, row: &Row) -> Source {
        let id = row.id().unwrap_or_default();
        Source { record: self.record(id), url: Some(self.page(table.name, id)), fetched_at: self.fetched_at }
    }

    /// The instance's own page of a record, inside its frame.
    fn page(&self, table: &str, id: &str) -> Text {
        format!("{}/nav_to.do?uri={table}.do%3Fsys_id%3D{id}", self.address).into()
    }

    fn record(&self, id: &str) -> RecordId {
        RecordId::new(&self.connector, id)
    }

    fn own_record(&self, row: &Row, column: &str) -> Option<RecordId> {
        row.value(column).map(|id| self.record(id))
    }

    fn account(&self, row: &Row, column: &str) -> Option<AccountId> {
        self.own_record(row, column).map(AccountId)
    }

    fn group(&self, row: &Row, column: &str) -> Option<GroupId> {
        self.own_record(row, column).map(GroupId)
    }

    fn change(&self, row: &Row, column: &str) -> Option<ChangeId> {
        self.own_record(row, column).map(ChangeId)
    }

    fn item(&self, row: &Row, column: &str) -> Option<ConfigurationItemId> {
        row.value(column).map(|id| ConfigurationItemId::new(&self.cmdb, id))
    }
}

fn window(row: &Row, start: &str, end: &str) -> Option<Window> {
    Window::new(row.moment(start)?, row.moment(end)?)
}
