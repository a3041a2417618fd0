//! Arguments of a field as JSON, with variables put in.

use async_graphql_value::Value as Literal;
use jiff::Timestamp;
use serde_json::{Map, Value};

use async_graphql_parser::Positioned;
use async_graphql_parser::types::Field;

/// What a field was given.
#[derive(Debug, Default)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    pub(super) fn of(field: &Field, variables: &Map<String, Value>) -> Self {
        let read = |(name, value): &(Positioned<async_graphql_value::Name>, Positioned<Literal>)| {
            (name.node.to_string(), write(&value.node, variables))
        };
        Self(field.arguments.iter().map(read).collect())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    pub(super) fn moment(&self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }

    /// A list of texts; a single one counts as a list, as GraphQL has it. `None`: not given, or empty.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<&str>> {
        let texts = match self.get(name)? {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            other => vec![other.as_str()?],
        };
        if texts.is_empty() { None } else { Some(texts) }
    }

    /// `orderBy: { field, direction }`: the field, and whether it descends.
    pub(super) fn order(&self) -> Option<(&str, bool)> {
        let order = self.get("orderBy")?;
        Some((order.get("field")?.as_str()?, order.get("direction")?.as_str()? == "DESC"))
    }
}

pub(super) fn write(literal: &Literal, variables: &Map<String, Value>) -> Value {
    match literal {
        Literal::Variable(name) => variables.get(name.as_str()).cloned().unwrap_or(Value::Null),
        Literal::Number(number) => Value::Number(number.clone()),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Boolean(flag) => Value::Bool(*flag),
        Literal::Enum(name) => Value::String(name.to_string()),
        Literal::List(items) => Value::Array(items.iter().map(|item| write(item, variables)).collect()),
        Literal::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.to_string(), write(value, variables))).collect())
        }
        Literal::Null | Literal::Binary(_) => Value::Null,
    }
}
