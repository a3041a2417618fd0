//! What the bank's ServiceNow instances hold, as plain rows of their tables: `servicenow` (with the CMDB) and
//! `servicenow-lending`, an older instance of which only a few changes matter.
//! Values are as the Table API gives them with `sysparm_display_value=false`: text, times in UTC, references as sys_ids.

mod calendar;
mod changes;
mod cmdb;
mod incidents;
mod people;
mod releases;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::draw::hex;
use super::model::Estate;

/// Columns by name.
pub type Row = BTreeMap<String, String>;

pub const MAIN: &str = "servicenow";
pub const LENDING: &str = "servicenow-lending";

/// Columns that this bank added to the product's own, as `(table, column)`; all hold text.
pub const CUSTOM_COLUMNS: [(&str, &str); 10] = [
    ("cmdb_ci", "u_tier"),
    ("cmdb_ci", "u_regulatory_scope"),
    ("cmdb_ci", "u_jira_project"),
    ("cmdb_ci", "u_repository"),
    ("cmdb_ci", "u_cfg_log_level"),
    ("cmdb_ci", "u_cfg_request_timeout_seconds"),
    ("cmdb_ci", "u_cfg_batch_size"),
    ("cmdb_ci", "u_cfg_retry_limit"),
    ("cmdb_ci", "u_cfg_ledger_endpoint"),
    ("std_change_record_producer", "u_allowed_steps"),
];

/// Hands every row of an instance to `sink`, people and groups first; nothing is kept.
pub fn each_row(estate: &Estate, instance: &'static str, sink: &mut dyn FnMut(&'static str, Row)) {
    let mut out = Out { instance, sink };
    people::write(estate, &mut out);
    if instance == MAIN {
        cmdb::write(estate, &mut out);
        calendar::write(estate, &mut out);
        releases::write(estate, &mut out);
    }
    changes::write(estate, &mut out);
    if instance == MAIN {
        incidents::write(estate, &mut out);
    }
}

/// The same, collected.
pub fn rows(estate: &Estate, instance: &'static str) -> Vec<(String, Row)> {
    let mut all = Vec::new();
    each_row(estate, instance, &mut |table, row| all.push((table.to_owned(), row)));
    all
}

/// The sys_id of a user's row.
pub fn user_id(instance: &str, user_name: &str) -> String {
    hex(&[instance, "user", user_name], 32)
}

/// Where rows go.
struct Out<'a> {
    instance: &'static str,
    sink: &'a mut dyn FnMut(&'static str, Row),
}

/// Which kind of thing a sys_id stands for.
#[derive(Clone, Copy)]
enum Of {
    User,
    Group,
    Change,
    Incident,
    Problem,
    Item,
    Release,
    Schedule,
    Meeting,
    Template,
    TemplateVersion,
    RelationType,
    Agreement,
    Article,
    Offering,
}

impl Out<'_> {
    fn id(&self, of: Of, key: &str) -> String {
        let family = match of {
            Of::User => "user",
            Of::Group => "group",
            Of::Change => "change",
            Of::Incident => "incident",
            Of::Problem => "problem",
            Of::Item => "item",
            Of::Release => "release",
            Of::Schedule => "schedule",
            Of::Meeting => "meeting",
            Of::Template => "template",
            Of::TemplateVersion => "template version",
            Of::RelationType => "relation type",
            Of::Agreement => "agreement",
            Of::Article => "article",
            Of::Offering => "offering",
        };
        hex(&[self.instance, family, key], 32)
    }

    /// A row of its own, found by nobody's key.
    fn part(&self, parts: &[&str]) -> String {
        let mut all = vec![self.instance];
        all.extend(parts);
        hex(&all, 32)
    }

    fn write(&mut self, table: &'static str, cells: Cells) {
        (self.sink)(table, cells.0);
    }
}

/// A row being filled.
struct Cells(Row);

impl Cells {
    fn new(id: String, created: Timestamp, by: &str) -> Self {
        let mut cells = Self(Row::new());
        let at = time(created);
        cells.put("sys_id", id);
        cells.put("sys_created_on", at.clone());
        cells.put("sys_created_by", by);
        cells.put("sys_updated_on", at);
        cells.put("sys_updated_by", by);
        cells.put("sys_mod_count", "0");
        cells
    }

    fn put(&mut self, column: &str, value: impl Into<String>) {
        self.0.insert(column.to_owned(), value.into());
    }

    fn put_some(&mut self, column: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.put(column, value);
        }
    }

    fn put_time(&mut self, column: &str, at: Option<Timestamp>) {
        self.put_some(column, at.map(time));
    }

    fn updated(&mut self, at: Timestamp, by: &str, times: usize) {
        self.put("sys_updated_on", time(at));
        self.put("sys_updated_by", by);
        self.put("sys_mod_count", times.to_string());
    }
}

/// `2026-11-23 18:30:00`, UTC.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
