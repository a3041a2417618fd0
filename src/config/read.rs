//! Reads sections of TOML into types, going on after a mistake so that all are told at once.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::mistakes::Mistakes;

/// Takes a section out of a table and reads it; an absent section reads as its default.
pub(super) fn section<T: DeserializeOwned + Default>(table: &mut Table, key: &str, mistakes: &mut Mistakes) -> T {
    match table.remove(key) {
        Some(value) => value_at(value, key, mistakes).unwrap_or_default(),
        None => T::default(),
    }
}

/// Takes a list of sections out of a table and reads each on its own. The place of each is kept.
pub(super) fn list<T: DeserializeOwned>(table: &mut Table, key: &str, mistakes: &mut Mistakes) -> Vec<(String, T)> {
    tables(table, key, mistakes)
        .into_iter()
        .filter_map(|(path, value)| {
            let read = value_at(Value::Table(value), &path, mistakes)?;
            Some((path, read))
        })
        .collect()
}

/// Takes a list of tables out of a table, each with its place.
pub(super) fn tables(table: &mut Table, key: &str, mistakes: &mut Mistakes) -> Vec<(String, Table)> {
    let Some(value) = table.remove(key) else { return Vec::new() };
    let Value::Array(items) = value else {
        mistakes.add(key, format!("expected a list of sections; write each as [[{key}]]"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let path = format!("{key}[{place}]");
        match item {
            Value::Table(table) => found.push((path, table)),
            other => mistakes.add(path, format!("expected a section, found {}", other.type_str())),
        }
    }
    found
}

/// Reads one value; unknown keys and a value of the wrong type are mistakes with their place.
pub(super) fn value_at<T: DeserializeOwned>(value: Value, path: &str, mistakes: &mut Mistakes) -> Option<T> {
    let mut track = serde_path_to_error::Track::new();
    let reader = serde_path_to_error::Deserializer::new(value, &mut track);
    let mut unknown = Vec::new();
    let read = serde_ignored::deserialize(reader, |key| unknown.push(key.to_string()));
    for key in unknown {
        mistakes.add(format!("{path}.{}", key.replace(".?", "")), "unknown key; see the annotated example");
    }
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            let inner = track.path().to_string();
            let place = if inner == "." { path.to_owned() } else { format!("{path}.{inner}") };
            mistakes.add(place, first_line(&error));
            None
        }
    }
}

/// The sentence of an error, without the place that TOML adds below it: ours is more exact.
pub(super) fn first_line(error: &toml::de::Error) -> String {
    error.message().lines().next().unwrap_or("is not as expected").to_owned()
}
