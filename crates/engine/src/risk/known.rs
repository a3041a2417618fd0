//! What was known when a decision was made. A snapshot takes readings only up to its moment; there is no way to put a
//! later one in, so that nothing learnt afterwards can reach a feature.

use domain::{RecordId, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::catalog::CATALOG;

/// One value with the moment from which it held and the record that says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The feature.
    pub feature: Text,
    /// The value, rounded to nine digits so that its decimal form is exact.
    pub value: f64,
    /// When the newest fact in it became true or was seen; `None` where the configuration says it.
    pub known_from: Option<Timestamp>,
    /// The record that it rests on, the newest where there are several.
    pub record: Option<Text>,
    /// What exactly was measured, where there are several ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Text>,
}

impl Reading {
    /// A value that rests on a record.
    pub fn new(feature: &str, value: f64, from: (Option<Timestamp>, Option<&RecordId>)) -> Self {
        let record = from.1.map(|record| record.to_string().into());
        Self { feature: feature.into(), value: short(value), known_from: from.0, record, measure: None }
    }

    /// Says what exactly was measured.
    #[must_use]
    pub fn measuring(self, measure: &str) -> Self {
        Self { measure: Some(measure.into()), ..self }
    }
}

/// A reading that became true after the decision.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{feature} was known from {known_from} on, after the decision at {decided_at}: it must not be used for it")]
pub struct FromTheFuture {
    feature: Text,
    known_from: Timestamp,
    decided_at: Timestamp,
}

/// Features of one change at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    decided_at: Timestamp,
    readings: Vec<Reading>,
}

impl Snapshot {
    /// Nothing read yet.
    pub fn at(decided_at: Timestamp) -> Self {
        Self { decided_at, readings: Vec::new() }
    }

    /// The decision's moment.
    pub fn decided_at(&self) -> Timestamp {
        self.decided_at
    }

    /// Takes a reading, unless it is from after the decision.
    pub fn admit(&mut self, reading: Reading) -> Result<(), FromTheFuture> {
        match reading.known_from {
            Some(known_from) if known_from > self.decided_at => {
                Err(FromTheFuture { feature: reading.feature, known_from, decided_at: self.decided_at })
            }
            _ => {
                self.readings.retain(|held| held.feature != reading.feature);
                self.readings.push(reading);
                Ok(())
            }
        }
    }

    /// The reading of a feature.
    pub fn get(&self, feature: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| &*reading.feature == feature)
    }

    /// All readings, in the order in which they were taken.
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// Values in the catalog's order; NaN is missing.
    pub fn values(&self) -> Vec<f64> {
        CATALOG.iter().map(|spec| self.get(spec.name).map_or(f64::NAN, |reading| reading.value)).collect()
    }

    /// The same with one value replaced: what would be if.
    #[must_use]
    pub fn with(&self, feature: &str, value: f64) -> Self {
        let mut other = self.clone();
        for reading in other.readings.iter_mut().filter(|reading| &*reading.feature == feature) {
            reading.value = short(value);
        }
        other
    }
}

/// Rounded so that its decimal form has few digits, which every reader turns into the same number again.
pub(super) fn short(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return if value.is_finite() { 0.0 } else { value };
    }
    let text = if value.abs() < 1.0 { format!("{value:.12}") } else { format!("{value:.11e}") };
    text.parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_feature_from_the_future_is_refused() {
        let decided: Timestamp = "2026-06-01T18:00:00Z".parse().expect("a moment");
        let later: Timestamp = "2026-06-02T09:00:00Z".parse().expect("a moment");
        let mut snapshot = Snapshot::at(decided);
        snapshot.admit(Reading::new("files", 3.0, (Some(decided), None))).expect("known in time");
        let refused = snapshot.admit(Reading::new("openIncidents", 1.0, (Some(later), None)));
        assert!(refused.expect_err("refused").to_string().contains("after the decision"));
        assert!(snapshot.get("openIncidents").is_none() && snapshot.values()[1] == 3.0);
    }

    #[test]
    fn short_numbers_survive_json() {
        for value in [0.1 + 0.2, 1.0 / 3.0, 12_345.678_901_234_567, 1e-9, -7.0] {
            let text = serde_json::to_string(&short(value)).expect("json");
            let back: f64 = serde_json::from_str(&text).expect("a number");
            assert!(back.to_bits() == short(value).to_bits(), "{text}");
        }
    }
}
