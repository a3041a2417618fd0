//! The data dictionary: which tables there are, what they extend, and what their columns hold.
//! The entries are in `dictionary.txt`; what a customer adds on top comes by `define`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

const TEXT: &str = include_str!("dictionary.txt");
/// Columns that every table has.
const EVERY_TABLE: &str = "sys_id=id sys_created_on=time sys_created_by sys_updated_on=time \
                           sys_updated_by sys_mod_count=int";

/// A table or column name, shared by all rows that use it.
pub(super) type Name = Arc<str>;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Id,
    Integer,
    Decimal,
    Boolean,
    DateTime,
    Date,
    Duration,
    Choice,
    Journal,
    /// The name of the row's own table.
    Class,
    /// The sys_id of a row in the named table.
    Reference(String),
    /// Several sys_ids, separated by commas.
    List(String),
}

impl Kind {
    fn parse(word: &str) -> Self {
        match word {
            "id" => Self::Id,
            "int" => Self::Integer,
            "float" => Self::Decimal,
            "bool" => Self::Boolean,
            "time" => Self::DateTime,
            "date" => Self::Date,
            "span" => Self::Duration,
            "choice" => Self::Choice,
            "journal" => Self::Journal,
            "class" => Self::Class,
            _ => Self::Text,
        }
    }

    /// The name the product has for it in `sys_dictionary.internal_type`.
    pub(super) fn internal_type(&self) -> &'static str {
        match self {
            Self::Text | Self::Choice => "string",
            Self::Id => "GUID",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::DateTime => "glide_date_time",
            Self::Date => "glide_date",
            Self::Duration => "glide_duration",
            Self::Journal => "journal_input",
            Self::Class => "sys_class_name",
            Self::Reference(_) => "reference",
            Self::List(_) => "glide_list",
        }
    }

    /// The table a reference or list points into.
    pub(super) fn target(&self) -> Option<&str> {
        match self {
            Self::Reference(table) | Self::List(table) => Some(table),
            _ => None,
        }
    }
}

/// One table as the dictionary knows it.
#[derive(Clone, Debug)]
pub(super) struct TableEntry {
    pub(super) label: String,
    pub(super) parent: Option<Name>,
    /// The column that stands for a row where a person reads it.
    pub(super) display: String,
    pub(super) prefix: Option<String>,
    /// The columns this table adds to those of its parents.
    pub(super) own: Vec<(Name, Kind)>,
}

/// One choice value: table, column, value, label.
pub(super) type ChoiceEntry = (String, String, String, String);

/// All tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    tables: BTreeMap<Name, TableEntry>,
    /// All columns of each table, its parents' included, in order.
    columns: HashMap<Name, Arc<BTreeMap<Name, Kind>>>,
    defaults: HashMap<String, Vec<(String, String)>>,
    choices: Vec<ChoiceEntry>,
}

impl Dictionary {
    /// The dictionary of a new instance.
    pub(super) fn base() -> Self {
        let mut dictionary = Self::default();
        let mut current: Name = "".into();
        for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
            if let Some(rest) = line.strip_prefix("table ") {
                current = dictionary.read_table(rest);
            } else if let Some(rest) = line.strip_prefix("choice ") {
                dictionary.read_choices(rest);
            } else if let Some(rest) = line.strip_prefix("default ") {
                if let Some((table, pairs)) = rest.split_once(' ') {
                    let pairs = pairs.split(" | ").filter_map(pair).collect();
                    dictionary.defaults.insert(table.to_owned(), pairs);
                }
            } else if let Some(entry) = dictionary.tables.get_mut(&current) {
                entry.own.extend(line.split_whitespace().map(column));
            }
        }
        dictionary.flatten();
        dictionary
    }

    fn read_table(&mut self, line: &str) -> Name {
        let mut parts = line.split(" | ").map(str::trim);
        let (name, parent) = match parts.next().unwrap_or_default().split_once(" < ") {
            Some((name, parent)) => (Name::from(name), Some(Name::from(parent))),
            None => (line.split(" | ").next().unwrap_or_default().into(), None),
        };
        let label = parts.next().unwrap_or_default().to_owned();
        let display = parts.next().unwrap_or("sys_id").to_owned();
        let prefix = parts.next().map(str::to_owned);
        let own = match parent {
            Some(_) => Vec::new(),
            None => EVERY_TABLE.split_whitespace().map(column).collect(),
        };
        let entry = TableEntry { label, parent, display, prefix, own };
        self.tables.insert(name.clone(), entry);
        name
    }

    fn read_choices(&mut self, line: &str) {
        let Some((place, pairs)) = line.split_once(' ') else {
            return;
        };
        let (table, element) = place.split_once('.').unwrap_or((place, ""));
        for (value, label) in pairs.split(" | ").filter_map(pair) {
            self.choices.push((table.to_owned(), element.to_owned(), value, label));
        }
    }

    fn flatten(&mut self) {
        self.columns.clear();
        for table in self.tables.keys() {
            let mut all = BTreeMap::new();
            for ancestor in self.lineage(table) {
                let Some(entry) = self.tables.get(ancestor) else {
                    continue;
                };
                for (name, kind) in &entry.own {
                    all.entry(name.clone()).or_insert_with(|| kind.clone());
                }
            }
            self.columns.insert(table.clone(), Arc::new(all));
        }
    }

    /// Adds a column; a table nobody knows yet is made first.
    pub(super) fn define(&mut self, table: &str, column: &str, kind: Kind) {
        let name = Name::from(table);
        if !self.tables.contains_key(&name) {
            self.read_table(&format!("{table} | {table} | name"));
        }
        if let Some(entry) = self.tables.get_mut(&name) {
            entry.own.retain(|(own, _)| &**own != column);
            entry.own.push((column.into(), kind));
        }
        self.flatten();
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = (&Name, &TableEntry)> {
        self.tables.iter()
    }

    pub(super) fn table(&self, table: &str) -> Option<&TableEntry> {
        self.tables.get(table)
    }

    pub(super) fn columns(&self, table: &str) -> Option<&Arc<BTreeMap<Name, Kind>>> {
        self.columns.get(table)
    }

    pub(super) fn kind(&self, table: &str, column: &str) -> Option<&Kind> {
        self.columns.get(table)?.get(column)
    }

    /// The table itself, then what it extends, up to the root.
    pub(super) fn lineage<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::successors(Some(table), |table| self.tables.get(*table)?.parent.as_deref())
    }

    /// The last table of the lineage, under which all relatives share their sys_ids.
    pub(super) fn root<'a>(&'a self, table: &'a str) -> &'a str {
        self.lineage(table).last().unwrap_or(table)
    }

    pub(super) fn extends(&self, table: &str, ancestor: &str) -> bool {
        self.lineage(table).any(|name| name == ancestor)
    }

    /// The table and everything that extends it.
    pub(super) fn family(&self, table: &str) -> Vec<Name> {
        let relatives = self.tables.keys().filter(|name| self.extends(name, table));
        relatives.cloned().collect()
    }

    /// Default values, nearest table first.
    pub(super) fn defaults<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a (String, String)> {
        self.lineage(table).filter_map(|name| self.defaults.get(name)).flatten()
    }

    pub(super) fn choices(&self) -> &[ChoiceEntry] {
        &self.choices
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (left, right) = text.split_once('=')?;
    Some((left.to_owned(), right.to_owned()))
}

fn column(word: &str) -> (Name, Kind) {
    if let Some((name, table)) = word.split_once('@') {
        (name.into(), Kind::Reference(table.to_owned()))
    } else if let Some((name, table)) = word.split_once('*') {
        (name.into(), Kind::List(table.to_owned()))
    } else if let Some((name, kind)) = word.split_once('=') {
        (name.into(), Kind::parse(kind))
    } else {
        (word.into(), Kind::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_and_parent_names_a_known_table() {
        let dictionary = Dictionary::base();
        for (name, entry) in dictionary.tables() {
            let targets = entry.own.iter().filter_map(|(_, kind)| kind.target());
            for table in targets.chain(entry.parent.as_deref()) {
                assert!(dictionary.table(table).is_some(), "{name} refers to {table}");
            }
            let display = dictionary.kind(name, &entry.display);
            assert!(display.is_some(), "{name} shows {}", entry.display);
        }
        for (table, element, ..) in dictionary.choices() {
            assert!(dictionary.kind(table, element).is_some(), "{table}.{element}");
        }
    }

    #[test]
    fn tables_inherit_the_columns_of_their_parents() {
        let dictionary = Dictionary::base();
        let kind = dictionary.kind("change_request", "assigned_to").unwrap();
        assert_eq!(kind.target(), Some("sys_user"));
        assert!(dictionary.extends("cmdb_ci_linux_server", "cmdb_ci"));
        assert_eq!(dictionary.root("cmdb_ci_linux_server"), "cmdb");
        assert!(dictionary.family("task").contains(&"rm_release".into()));
    }
}
