//! From Prometheus' values to ours: moments, numbers, fingerprints of label sets, pages for people.

use domain::{ConnectorId, RecordId, Source, Text};
use jiff::Timestamp;
use url::form_urlencoded::byte_serialize;

use super::wire::Labels;

/// Where and when records are read.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) connector: &'a ConnectorId,
    pub(super) url: &'a str,
    pub(super) fetched_at: Timestamp,
}

impl Place<'_> {
    /// The source of a record that a query shows.
    pub(super) fn queried(&self, native: String, query: &str) -> Source {
        let encoded: String = byte_serialize(query.as_bytes()).collect();
        self.source(native, format!("{}/graph?g0.expr={encoded}&g0.tab=1", self.url))
    }

    /// The source of an alert.
    pub(super) fn alerted(&self, native: String) -> Source {
        self.source(native, format!("{}/alerts", self.url))
    }

    fn source(&self, native: String, url: String) -> Source {
        let record = RecordId::new(self.connector, native);
        Source { record, url: Some(url.into()), fetched_at: self.fetched_at }
    }
}

/// The hash by which Prometheus itself tells label sets apart: FNV-1a over sorted names and values.
pub(super) fn fingerprint(labels: &Labels) -> String {
    let bytes = labels
        .iter()
        .flat_map(|(name, value)| name.bytes().chain([SEPARATOR]).chain(value.bytes()).chain([SEPARATOR]));
    let hash = bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("{hash:016x}")
}

/// A byte that no UTF-8 text holds.
const SEPARATOR: u8 = 255;
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// A moment from Unix seconds with decimals.
pub(super) fn moment(seconds: f64) -> Option<Timestamp> {
    let milliseconds = (seconds * 1000.0).round();
    // Beyond this no calendar of ours goes, and the cast below would lose its meaning.
    if !milliseconds.is_finite() || milliseconds.abs() > 1e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and within bounds")]
    Timestamp::from_millisecond(milliseconds as i64).ok()
}

/// A value that can be compared; NaN and the infinities are no measure of health.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The first of these labels that says something.
pub(super) fn told(labels: &Labels, names: &[&str]) -> Option<Text> {
    names.iter().filter_map(|name| labels.get(*name)).find(|text| !text.trim().is_empty()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_prometheus_own() {
        assert_eq!(fingerprint(&Labels::new()), "cbf29ce484222325");
        let labels = |pairs: &[(&str, &str)]| -> Labels {
            pairs.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect()
        };
        let one = fingerprint(&labels(&[("a", "bc")]));
        assert_ne!(one, fingerprint(&labels(&[("ab", "c")])));
        assert_eq!(one, fingerprint(&labels(&[("a", "bc")])));
    }

    #[test]
    fn values_are_strings_and_neither_nan_nor_infinity_is_a_number() {
        assert_eq!(number("0.25"), Some(0.25));
        assert_eq!(number("0e+00"), Some(0.0));
        for text in ["NaN", "+Inf", "-Inf", "", "many"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn moments_have_decimals_and_bounds() {
        assert_eq!(moment(1_435_781_451.781).map(|at| at.to_string()).as_deref(), Some("2015-07-01T20:10:51.781Z"));
        assert_eq!(moment(f64::NAN), None);
        assert_eq!(moment(1e300), None);
    }
}
