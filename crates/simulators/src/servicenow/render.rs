//! How a row is told: which columns, in which of the three forms, and only what the caller may see.

use serde_json::{Map, Value, json};

use super::access::{Caller, Restriction};
use super::dictionary::Kind;
use super::display;
use super::path::Path;
use super::query::dates::Asker;
use super::query::{self, evaluate::Plan};
use super::reply::Call;
use super::store::{Row, Store};

/// `sysparm_display_value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Stored,
    Shown,
    Both,
}

/// Everything that decides how rows of one answer look.
pub(super) struct View<'a> {
    store: &'a Store,
    caller: &'a Caller,
    base: &'a str,
    form: Form,
    with_links: bool,
    hidden_rows: Vec<(&'a str, Plan<'a>)>,
}

/// A column as it was asked for.
pub(super) struct Selected {
    written: String,
    path: Path,
}

impl<'a> View<'a> {
    pub(super) fn new(store: &'a Store, call: &'a Call, asker: &'a Asker) -> Self {
        let form = match call.parameter("sysparm_display_value") {
            Some(value) if value.eq_ignore_ascii_case("true") => Form::Shown,
            Some(value) if value.eq_ignore_ascii_case("all") => Form::Both,
            _ => Form::Stored,
        };
        let hidden = call.caller.restrictions.iter().filter_map(|restriction| match restriction {
            Restriction::HideRows { table, query } => {
                let query = query::parse(query);
                Some((table.as_str(), Plan::new(store, table, &query, asker)))
            }
            _ => None,
        });
        Self {
            store,
            caller: &call.caller,
            base: &call.base,
            form,
            with_links: !call.is_set("sysparm_exclude_reference_link"),
            hidden_rows: hidden.collect(),
        }
    }

    pub(super) fn with_form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    pub(super) fn may_see(&self, row: &Row) -> bool {
        let dictionary = &self.store.dictionary;
        let hides = |(table, plan): &(&str, Plan<'_>)| dictionary.extends(&row.class, table) && plan.matches(row);
        !self.hidden_rows.iter().any(hides)
    }

    /// The columns of `sysparm_fields`, unknown ones left out; all columns of the table where it is empty.
    pub(super) fn select(&self, table: &str, written: Option<&str>) -> Vec<Selected> {
        let names: Vec<String> = match written.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => text.split(',').map(|name| name.trim().to_owned()).collect(),
            None => {
                let columns = self.store.dictionary.columns(table).into_iter();
                columns.flat_map(|columns| columns.keys()).map(ToString::to_string).collect()
            }
        };
        let selected = names.into_iter().filter_map(|written| {
            let path = Path::resolve(&self.store.dictionary, table, &written)?;
            self.caller.may_see_field(self.store, &path.table, &path.column).then_some(Selected { written, path })
        });
        selected.collect()
    }

    /// One record.
    pub(super) fn record(&self, row: &Row, columns: &[Selected]) -> Value {
        let cells = columns.iter().map(|selected| (selected.written.clone(), self.selected(row, selected)));
        Value::Object(cells.collect::<Map<_, _>>())
    }

    fn selected(&self, row: &Row, selected: &Selected) -> Value {
        match selected.path.walk(self.store, row) {
            Some(end) => self.cell(end, &selected.path.column),
            None if self.form == Form::Both => json!({ "display_value": "", "value": "" }),
            None => "".into(),
        }
    }

    /// One value in the form asked for.
    pub(super) fn cell(&self, row: &Row, column: &str) -> Value {
        let kind = self.store.dictionary.kind(&row.class, column);
        let value = match kind {
            Some(Kind::Journal) => "",
            _ => row.get(column),
        };
        let shown = || display::column(self.store, row, column, &self.caller.zone);
        let target = match kind {
            Some(Kind::Reference(table)) if !value.is_empty() => Some(table),
            _ => None,
        };
        let link = target.filter(|_| self.with_links).map(|table| self.link(table, value));
        match (self.form, link) {
            (Form::Stored, None) => value.into(),
            (Form::Stored, Some(link)) => json!({ "link": link, "value": value }),
            (Form::Shown, None) => shown().into(),
            (Form::Shown, Some(link)) => json!({ "display_value": shown(), "link": link }),
            (Form::Both, None) => json!({ "display_value": shown(), "value": value }),
            (Form::Both, Some(link)) => {
                json!({ "display_value": shown(), "link": link, "value": value })
            }
        }
    }

    fn link(&self, table: &str, id: &str) -> String {
        format!("{}/api/now/table/{table}/{id}", self.base)
    }
}
