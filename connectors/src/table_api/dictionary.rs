//! Which columns an instance has. The vendor drops a condition on a column that it does not know and answers with
//! the whole table, so no such condition may be sent.

use std::collections::{BTreeMap, BTreeSet};

use super::row::Row;
use super::table::Table;

/// Columns that every table has.
const EVERYWHERE: [&str; 6] =
    ["sys_id", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by", "sys_mod_count"];

/// Columns by table, as far as we may know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dictionary {
    columns: Option<BTreeMap<String, BTreeSet<String>>>,
}

/// What is known of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// The instance has it.
    Yes,
    /// The instance does not have it.
    No,
    /// We may not read the dictionary.
    Untold,
}

impl Dictionary {
    /// The dictionary of an instance that does not let us read it.
    pub(crate) fn untold() -> Self {
        Self { columns: None }
    }

    /// From rows of `sys_dictionary` with `name` and `element`.
    pub(crate) fn read(rows: &[Row]) -> Self {
        let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            if let (Some(table), Some(column)) = (row.value("name"), row.value("element")) {
                columns.entry(table.to_owned()).or_default().insert(column.to_owned());
            }
        }
        Self { columns: Some(columns) }
    }

    /// Has the table this column? Of a dotted one, its first step is looked at.
    pub(crate) fn knows(&self, table: &Table, column: &str) -> Known {
        let column = column.split('.').next().unwrap_or(column);
        if EVERYWHERE.contains(&column) {
            return Known::Yes;
        }
        let Some(columns) = &self.columns else { return Known::Untold };
        let mut lineage = std::iter::once(&table.name).chain(table.extends);
        let found = lineage.any(|name| columns.get(*name).is_some_and(|own| own.contains(column)));
        if found { Known::Yes } else { Known::No }
    }

    /// Does the dictionary say that there is no such table?
    pub(crate) fn lacks(&self, table: &Table) -> bool {
        self.columns.as_ref().is_some_and(|columns| !columns.contains_key(table.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table_api::Forms;

    const TABLE: Table = Table {
        name: "change_request",
        operation: "read changes",
        extends: &["task"],
        columns: &[],
        essential: &[],
        forms: Forms::Values,
    };

    #[test]
    fn a_column_is_known_by_its_table_or_what_that_extends() {
        let rows = r#"[{"name":"task","element":"active"},{"name":"change_request","element":"type"}]"#;
        let dictionary = Dictionary::read(&serde_json::from_str::<Vec<Row>>(rows).expect("rows"));
        let seen =
            ["type", "active", "sys_id", "type.name", "actve"].map(|column| dictionary.knows(&TABLE, column));
        assert_eq!(seen, [Known::Yes, Known::Yes, Known::Yes, Known::Yes, Known::No]);
        assert_eq!(Dictionary::untold().knows(&TABLE, "actve"), Known::Untold);
        assert!(!dictionary.lacks(&TABLE) && !Dictionary::untold().lacks(&TABLE));
        assert!(Dictionary::read(&[]).lacks(&TABLE));
    }
}
