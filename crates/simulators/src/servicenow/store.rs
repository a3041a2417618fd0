//! The rows: kept per table, seen through every table they extend, with indexes on what is asked most.
//! Knows nothing of users, rights or HTTP.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::dictionary::{Dictionary, Kind, Name};

/// A row as tests and loaders hand it in and get it back.
pub type Fields = BTreeMap<String, String>;

/// Columns that are indexed although they are no references.
const INDEXED: [&str; 14] = [
    "number",
    "name",
    "user_name",
    "correlation_id",
    "sys_updated_on",
    "sys_created_on",
    "documentkey",
    "document_id",
    "element_id",
    "email",
    "element",
    "fieldname",
    "start_date",
    "tablename",
];

/// Who wrote, and when.
#[derive(Clone, Debug)]
pub struct Stamp {
    pub by: String,
    pub at: Timestamp,
}

/// One stored row; only columns with a value are kept.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: Name,
    pub(super) class: Name,
    /// Rises with every write in the instance: the order of rows where nobody asks for one.
    pub(super) touched: u64,
    fields: Vec<(Name, Box<str>)>,
}

impl Row {
    pub(super) fn get(&self, column: &str) -> &str {
        let place = self.fields.binary_search_by(|(name, _)| (**name).cmp(column));
        let found = place.ok().and_then(|place| self.fields.get(place));
        found.map_or("", |(_, value)| value)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (&**name, &**value))
    }

    fn set(&mut self, column: Name, value: &str) {
        let place = self.fields.binary_search_by(|(name, _)| name.cmp(&column));
        match (place, value.is_empty()) {
            (Ok(place), true) => drop(self.fields.remove(place)),
            (Ok(place), false) => {
                if let Some((_, old)) = self.fields.get_mut(place) {
                    *old = value.into();
                }
            }
            (Err(_), true) => {}
            (Err(place), false) => self.fields.insert(place, (column, value.into())),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Table {
    rows: BTreeMap<Name, Row>,
    indexes: HashMap<Name, BTreeMap<Box<str>, BTreeSet<Name>>>,
}

/// All rows of an instance.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) dictionary: Dictionary,
    tables: HashMap<Name, Table>,
    /// For each root table, in which of its relatives a sys_id lives.
    homes: HashMap<Name, HashMap<Name, Name>>,
    /// Labels of choices by table, column and value.
    labels: HashMap<String, HashMap<String, HashMap<String, String>>>,
    names: HashSet<Name>,
    counters: HashMap<String, u64>,
    seed: String,
    touched: u64,
    minted: u64,
}

impl Store {
    pub(super) fn new(seed: String) -> Self {
        Self {
            dictionary: Dictionary::base(),
            tables: HashMap::new(),
            homes: HashMap::new(),
            labels: HashMap::new(),
            names: HashSet::new(),
            counters: HashMap::new(),
            seed,
            touched: 0,
            minted: 0,
        }
    }

    /// The same rows, with sys_ids of its own from here on.
    pub(super) fn with_seed(&self, seed: String) -> Self {
        Self { seed, ..self.clone() }
    }

    /// The next sys_id: the same for the same seed and sequence of calls.
    pub(super) fn mint(&mut self, table: &str) -> String {
        self.minted += 1;
        let text = format!("{}\n{table}\n{}", self.seed, self.minted);
        let mut id = blake3::hash(text.as_bytes()).to_hex().to_string();
        id.truncate(32);
        id
    }

    /// The next number of a table, past every number already in use.
    pub(super) fn next_number(&mut self, prefix: &str) -> String {
        let counter = self.counters.entry(prefix.to_owned()).or_insert(30_000);
        *counter += 1;
        format!("{prefix}{counter:07}")
    }

    fn intern(&mut self, text: &str) -> Name {
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name = Name::from(text);
        self.names.insert(name.clone());
        name
    }

    /// Puts a row in as it is, replacing one with the same sys_id. The caller has filled it in.
    pub(super) fn put(&mut self, class: &str, id: &str, fields: &Fields) {
        self.remove(class, id);
        let class = self.intern(class);
        let id = self.intern(id);
        self.touched += 1;
        let mut row = Row {
            id: id.clone(),
            class: class.clone(),
            touched: self.touched,
            fields: Vec::with_capacity(fields.len()),
        };
        let known = self.dictionary.columns(&class).cloned().unwrap_or_default();
        for (column, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            let name = match known.get_key_value(column.as_str()) {
                Some((name, _)) => name.clone(),
                None => self.intern(column),
            };
            row.fields.push((name, value.as_str().into()));
        }
        self.note_number(row.get("number"));
        if &*class == "sys_choice" {
            self.note_choice(&row);
        }
        let root = self.dictionary.root(&class).to_owned();
        let root = self.intern(&root);
        self.homes.entry(root).or_default().insert(id.clone(), class.clone());
        let table = self.tables.entry(class.clone()).or_default();
        for (column, value) in &row.fields {
            if is_indexed(known.get(column), column) {
                index(table, column, value).insert(id.clone());
            }
        }
        table.rows.insert(id, row);
    }

    /// Changes some columns of a row.
    pub(super) fn change(&mut self, class: &str, id: &str, changes: &Fields) {
        let names: Vec<Name> = changes.keys().map(|column| self.intern(column)).collect();
        self.touched += 1;
        let Some(table) = self.tables.get_mut(class) else {
            return;
        };
        let Some(mut row) = table.rows.remove(id) else {
            return;
        };
        row.touched = self.touched;
        for (column, value) in names.into_iter().zip(changes.values()) {
            if is_indexed(self.dictionary.kind(class, &column), &column) {
                unindex(table, &column, row.get(&column), id);
                if !value.is_empty() {
                    index(table, &column, value).insert(row.id.clone());
                }
            }
            row.set(column, value);
        }
        if class == "sys_choice" {
            note_choice(&mut self.labels, &row);
        }
        table.rows.insert(row.id.clone(), row);
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, class: &str, id: &str) -> Option<Row> {
        let root = self.dictionary.root(class);
        let home = self.homes.get_mut(root)?.remove(id)?;
        let table = self.tables.get_mut(&home)?;
        let row = table.rows.remove(id)?;
        for (column, value) in &row.fields {
            if is_indexed(self.dictionary.kind(&home, column), column) {
                unindex(table, column, value, id);
            }
        }
        Some(row)
    }

    /// The row with this sys_id, if it is in `table` or in one that extends it.
    pub(super) fn find(&self, table: &str, id: &str) -> Option<&Row> {
        let home = self.homes.get(self.dictionary.root(table))?.get(id)?;
        if !self.dictionary.extends(home, table) {
            return None;
        }
        self.tables.get(home)?.rows.get(id)
    }

    /// All rows of a table and its children.
    pub(super) fn scan<'a>(&'a self, family: &'a [Name]) -> impl Iterator<Item = &'a Row> {
        let tables = family.iter().filter_map(|class| self.tables.get(class));
        tables.flat_map(|table| table.rows.values())
    }

    /// Rows whose indexed column has one of the values; nothing where the column is not indexed.
    pub(super) fn with_value<'a>(&'a self, class: &str, column: &str, value: &str) -> Vec<&'a Row> {
        let Some(table) = self.tables.get(class) else {
            return Vec::new();
        };
        if column == "sys_id" {
            return table.rows.get(value).into_iter().collect();
        }
        let ids = table.indexes.get(column).and_then(|index| index.get(value));
        ids.into_iter().flatten().filter_map(|id| table.rows.get(id)).collect()
    }

    /// How many rows `with_value` would give.
    pub(super) fn count(&self, class: &str, column: &str, value: &str) -> usize {
        let Some(table) = self.tables.get(class) else {
            return 0;
        };
        if column == "sys_id" {
            return usize::from(table.rows.contains_key(value));
        }
        let ids = table.indexes.get(column).and_then(|index| index.get(value));
        ids.map_or(0, BTreeSet::len)
    }

    /// Rows whose indexed column lies between the bounds, both included.
    pub(super) fn in_range<'a>(&'a self, class: &str, column: &str, (low, high): (&str, &str)) -> Vec<&'a Row> {
        let Some(table) = self.tables.get(class) else {
            return Vec::new();
        };
        if low > high {
            return Vec::new();
        }
        let bounds = (std::ops::Bound::Included(low), std::ops::Bound::Included(high));
        if column == "sys_id" {
            return table.rows.range::<str, _>(bounds).map(|(_, row)| row).collect();
        }
        let hits = table.indexes.get(column).map(|index| index.range::<str, _>(bounds));
        let ids = hits.into_iter().flatten().flat_map(|(_, ids)| ids);
        ids.filter_map(|id| table.rows.get(id)).collect()
    }

    pub(super) fn is_indexed(&self, table: &str, column: &str) -> bool {
        column == "sys_id" || is_indexed(self.dictionary.kind(table, column), column)
    }

    /// The label of a choice, from the table itself or the nearest parent that has any for the column:
    /// a table's own choices replace those of its parents.
    pub(super) fn label(&self, table: &str, column: &str, value: &str) -> Option<&str> {
        self.choices(table, column)?.get(value).map(String::as_str)
    }

    fn choices(&self, table: &str, column: &str) -> Option<&HashMap<String, String>> {
        let mut tables = self.dictionary.lineage(table);
        tables.find_map(|name| self.labels.get(name)?.get(column))
    }

    /// The value of a choice by its label; nothing where no choice reads so.
    pub(super) fn with_value_of_choice(&self, table: &str, column: &str, label: &str) -> Option<String> {
        let values = self.choices(table, column)?;
        let found = values.iter().find(|(_, known)| *known == label)?;
        Some(found.0.clone())
    }

    fn note_choice(&mut self, row: &Row) {
        note_choice(&mut self.labels, row);
    }

    fn note_number(&mut self, number: &str) {
        let digits = number.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        let Some(prefix) = number.strip_suffix(digits).filter(|prefix| !prefix.is_empty()) else {
            return;
        };
        if let Ok(count) = digits.parse::<u64>() {
            let counter = self.counters.entry(prefix.to_owned()).or_insert(30_000);
            *counter = count.max(*counter);
        }
    }
}

fn note_choice(labels: &mut HashMap<String, HashMap<String, HashMap<String, String>>>, row: &Row) {
    if !matches!(row.get("language"), "" | "en") {
        return;
    }
    let table = labels.entry(row.get("name").to_owned()).or_default();
    let column = table.entry(row.get("element").to_owned()).or_default();
    column.insert(row.get("value").to_owned(), row.get("label").to_owned());
}

fn is_indexed(kind: Option<&Kind>, column: &str) -> bool {
    matches!(kind, Some(Kind::Reference(_))) || INDEXED.contains(&column)
}

fn index<'a>(table: &'a mut Table, column: &Name, value: &str) -> &'a mut BTreeSet<Name> {
    let values = table.indexes.entry(column.clone()).or_default();
    values.entry(value.into()).or_default()
}

fn unindex(table: &mut Table, column: &str, value: &str, id: &str) {
    let Some(values) = table.indexes.get_mut(column) else {
        return;
    };
    if let Some(ids) = values.get_mut(value) {
        ids.remove(id);
        if ids.is_empty() {
            values.remove(value);
        }
    }
}

/// A moment as ServiceNow stores it: UTC, to the second.
pub(super) fn stored_time(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
