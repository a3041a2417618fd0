//! One record as the Table API sends it, in any of its forms: bare texts, value and label side by side, references
//! as objects or as bare texts, empty references as empty texts. Numbers and booleans are taken as their texts.

use std::collections::BTreeMap;
use std::fmt;

use domain::Text;
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::moment::read_moment;

/// A record: columns by name. A column that is absent was hidden from us or does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    cells: BTreeMap<String, Cell>,
}

/// What a column holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Cell {
    value: String,
    label: Option<String>,
}

impl Row {
    /// Was the column sent, even if empty?
    pub(crate) fn has(&self, column: &str) -> bool {
        self.cells.contains_key(column)
    }

    /// The value; empty counts as none.
    pub(crate) fn value(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(|cell| cell.value.as_str()).filter(|value| !value.is_empty())
    }

    /// What people read instead of the value; the value where there is no label.
    pub(crate) fn label(&self, column: &str) -> Option<&str> {
        let cell = self.cells.get(column)?;
        let label = cell.label.as_deref().filter(|label| !label.is_empty());
        label.or(Some(cell.value.as_str()).filter(|value| !value.is_empty()))
    }

    /// The value as a text to keep.
    pub(crate) fn text(&self, column: &str) -> Option<Text> {
        self.value(column).map(Text::from)
    }

    /// The label as a text to keep; empty where there is none.
    pub(crate) fn label_text(&self, column: &str) -> Text {
        self.label(column).unwrap_or_default().into()
    }

    /// The value as a moment.
    pub(crate) fn moment(&self, column: &str) -> Option<Timestamp> {
        self.value(column).and_then(read_moment)
    }

    /// The value as yes or no, in any spelling of case; `None` when it is neither.
    pub(crate) fn flag(&self, column: &str) -> Option<bool> {
        let value = self.value(column)?;
        match value {
            _ if value.eq_ignore_ascii_case("true") || value == "1" => Some(true),
            _ if value.eq_ignore_ascii_case("false") || value == "0" => Some(false),
            _ => None,
        }
    }

    /// The value as a number.
    pub(crate) fn number<N: std::str::FromStr>(&self, column: &str) -> Option<N> {
        self.value(column).and_then(|value| value.trim().parse().ok())
    }

    /// The values of a list column.
    pub(crate) fn list(&self, column: &str) -> impl Iterator<Item = &str> {
        let values = self.value(column).unwrap_or_default().split(',');
        values.map(str::trim).filter(|value| !value.is_empty())
    }

    /// Every column that has a value.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        let cells = self.cells.iter().map(|(column, cell)| (column.as_str(), cell.value.as_str()));
        cells.filter(|(_, value)| !value.is_empty())
    }

    /// The record's own id.
    pub(crate) fn id(&self) -> Option<&str> {
        self.value("sys_id")
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { cells: BTreeMap::deserialize(deserializer)? })
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or an object with value and display_value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell { value: text.to_owned(), label: None })
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Cell, E> {
        Ok(Cell { value: flag.to_string(), label: None })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell { value: number.to_string(), label: None })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell { value: number.to_string(), label: None })
    }

    fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell { value: number.to_string(), label: None })
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        let mut cell = Cell::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "value" => cell.value = map.next_value::<Cell>()?.value,
                "display_value" => cell.label = Some(map.next_value::<Cell>()?.value),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(cell)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::Row;

    /// Rows from JSON as it is recorded: `{"result": […]}`.
    pub(crate) fn recorded(json: &str) -> Vec<Row> {
        #[derive(serde::Deserialize)]
        struct Recorded {
            result: Vec<Row>,
        }
        serde_json::from_str::<Recorded>(json).expect("recorded rows").result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Row {
        serde_json::from_str(json).expect("a row")
    }

    #[test]
    fn every_form_of_a_value_is_read() {
        let row = row(
            r#"{"state":{"display_value":"New","value":"-5"},"priority":"4","caller":{"link":"x","value":"ada"},
                "who":{"display_value":"Ada","link":"x","value":"u1"},"none":"","null":null,"typed":{"value":3.0},
                "active":{"display_value":"true","value":true},"user.name":"Fred"}"#,
        );
        let seen = [row.value("state"), row.value("caller"), row.value("who"), row.value("typed")];
        assert_eq!(seen, [Some("-5"), Some("ada"), Some("u1"), Some("3")]);
        assert_eq!((row.label("state"), row.label("priority")), (Some("New"), Some("4")));
        assert_eq!(row.flag("active"), Some(true));
        assert_eq!(row.value("user.name"), Some("Fred"));
    }

    #[test]
    fn an_empty_reference_is_an_empty_text_and_none_of_ours() {
        let row = row(r#"{"assigned_to":"","parent":{"display_value":"","value":""},"null":null}"#);
        assert!(row.has("assigned_to") && row.value("assigned_to").is_none() && row.value("parent").is_none());
        assert!(row.value("null").is_none() && !row.has("hidden"));
    }

    #[test]
    fn booleans_come_in_any_case() {
        let row = row(r#"{"a":"True","b":"false","c":"FALSE","d":"maybe"}"#);
        let seen = ["a", "b", "c", "d"].map(|column| row.flag(column));
        assert_eq!(seen, [Some(true), Some(false), Some(false), None]);
    }
}
