//! Dot-walking: a column reached over references, such as `assigned_to.department.name`.

use super::dictionary::{Dictionary, Kind, Name};
use super::store::{Row, Store};

/// A way from a row to one of its columns or to a column of a row it refers to.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// The references to follow, each with the table it leads to.
    hops: Vec<(Name, String)>,
    pub(super) column: Name,
    pub(super) kind: Kind,
    /// The table whose column this is at the end of the way.
    pub(super) table: String,
}

impl Path {
    /// Reads `a.b.c` from `table`; nothing where a name is unknown or a hop is no reference.
    pub(super) fn resolve(dictionary: &Dictionary, table: &str, written: &str) -> Option<Self> {
        let mut names = written.split('.').collect::<Vec<_>>();
        let last = names.pop()?;
        let mut table = table.to_owned();
        let mut hops = Vec::new();
        for name in names {
            let (column, kind) = dictionary.columns(&table)?.get_key_value(name)?;
            let Kind::Reference(target) = kind else {
                return None;
            };
            hops.push((column.clone(), target.clone()));
            table = target.clone();
        }
        let (column, kind) = dictionary.columns(&table)?.get_key_value(last)?;
        Some(Self { hops, column: column.clone(), kind: kind.clone(), table })
    }

    /// Whether the column belongs to the row itself.
    pub(super) fn is_own(&self) -> bool {
        self.hops.is_empty()
    }

    /// The row at the end of the way; nothing where a reference on it is empty or leads nowhere.
    pub(super) fn walk<'a>(&self, store: &'a Store, row: &'a Row) -> Option<&'a Row> {
        self.hops.iter().try_fold(row, |row, (column, target)| store.find(target, row.get(column)))
    }

    /// The stored value at the end of the way, empty where there is none.
    pub(super) fn value<'a>(&self, store: &'a Store, row: &'a Row) -> &'a str {
        self.walk(store, row).map_or("", |row| row.get(&self.column))
    }
}
