//! How a record is written down: JSON without empty fields, keys sorted, so that the same content is the same text
//! after an upgrade that adds or moves fields; packed with words that its list uses often.

use blake3::Hasher;
use domain::{ConnectorId, RecordId, RecordKey, RecordPlace, RecordVisitor, Records, Text};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::StoreError;

/// First half of a BLAKE3 hash: a clash among a billion contents is less likely than 1 in 10²⁰.
pub(crate) type ContentHash = [u8; 16];

/// A record as it is written down, not packed.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) list: &'static str,
    pub(crate) key: String,
    pub(crate) hash: ContentHash,
    /// Since when the vendor says that it has this content.
    pub(crate) valid_from: Option<Timestamp>,
    pub(crate) text: String,
}

/// Writes all records of one system down.
pub(crate) fn write_down(records: &Records, connector: &ConnectorId) -> Result<Vec<Written>, StoreError> {
    let mut writer = Writer { connector, written: Vec::with_capacity(records.len()), failure: None };
    records.visit(&mut writer);
    match writer.failure {
        Some(failure) => Err(failure),
        None => Ok(writer.written),
    }
}

struct Writer<'a> {
    connector: &'a ConnectorId,
    written: Vec<Written>,
    failure: Option<StoreError>,
}

impl RecordVisitor for Writer<'_> {
    fn see<R: Serialize>(&mut self, place: RecordPlace, record: &R) {
        match text_of(place.list, record) {
            Ok((text, valid_from)) => self.written.push(Written {
                list: place.list,
                key: key_text(&place.key, self.connector),
                hash: hash_of(text.as_bytes()),
                valid_from,
                text,
            }),
            Err(error) => {
                let cause = Text::from(error.to_string());
                self.failure.get_or_insert(StoreError::Failed { operation: "writing a record down", cause });
            }
        }
    }
}

/// The hash of a content.
pub(crate) fn hash_of(text: &[u8]) -> ContentHash {
    let mut hash = ContentHash::default();
    Hasher::new().update(text).finalize_xof().fill(&mut hash);
    hash
}

/// Stands where the moment of the last reading stood: reading the same again is no new content.
const ASIDE: &str = "@";
/// Lists whose records say when they were looked at last.
const LOOKED_AT: [&str; 2] = ["runtime_observations", "health_observations"];

fn text_of<R: Serialize>(list: &str, record: &R) -> Result<(String, Option<Timestamp>), serde_json::Error> {
    let mut value = serde_json::to_value(record)?;
    if let Value::Object(fields) = &mut value {
        // What ran before was seen last at a moment that stays.
        let is_current = fields.get("current").is_none_or(|current| *current == Value::Bool(true));
        if LOOKED_AT.contains(&list) && is_current {
            fields.insert("observed_at".to_owned(), Value::from(ASIDE));
        }
    }
    let valid_from = value.get("updated_at").and_then(Value::as_str).and_then(|text| text.parse().ok());
    tidy(&mut value);
    value.sort_all_objects();
    Ok((serde_json::to_string(&value)?, valid_from))
}

fn tidy(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            // A source names its record by connector and id; a label that happens to be called so does not.
            if fields.get("record").is_some_and(Value::is_object) && fields.contains_key("fetched_at") {
                fields.insert("fetched_at".to_owned(), Value::from(ASIDE));
            }
            fields.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// Adds a record as it was written down; what was put aside becomes the moment of the reading.
pub(crate) fn read_into(
    records: &mut Records,
    list: &str,
    text: &str,
    read_at: Timestamp,
) -> Result<(), StoreError> {
    let mut text = text.replace(r#""fetched_at":"@""#, &format!(r#""fetched_at":"{read_at}""#));
    if LOOKED_AT.contains(&list) {
        text = text.replace(r#""observed_at":"@""#, &format!(r#""observed_at":"{read_at}""#));
    }
    match records.read_into(list, &mut serde_json::Deserializer::from_str(&text)) {
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::damaged(format!("a record of {list} cannot be read: {error}"))),
    }
}

const PART: char = '\u{1f}';
const ELSEWHERE: char = '\u{1e}';

/// A key as text: the vendor's id, the part within it, and the system where it is not the one that was read.
fn key_text((record, part): &RecordKey, connector: &ConnectorId) -> String {
    let mut text = whole_key(record, connector);
    if !part.is_empty() {
        text.push(PART);
        text.push_str(part);
    }
    text
}

/// The key of all parts of a record.
pub(crate) fn whole_key(record: &RecordId, connector: &ConnectorId) -> String {
    match record.connector == *connector {
        true => record.native.to_string(),
        false => format!("{}{ELSEWHERE}{}", record.native, record.connector),
    }
}

/// The key of all parts of a record, from the key of one.
pub(crate) fn whole_of(key: &str) -> &str {
    key.split(PART).next().unwrap_or(key)
}

/// First and last bound of the keys of a record's parts, beside the key itself.
pub(crate) fn parts_of(whole: &str) -> (String, String) {
    (format!("{whole}{PART}"), format!("{whole} "))
}

/// Words for packing: the first records of a list, as they look.
pub(crate) fn words_of<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut words = Vec::new();
    for text in texts.take(MOST_SAMPLES) {
        if words.len() + text.len() > MOST_WORDS {
            continue;
        }
        words.extend_from_slice(text.as_bytes());
    }
    words
}

const MOST_SAMPLES: usize = 32;
/// Packing looks through the words for every record, so they stay small. At most 32 kB count.
const MOST_WORDS: usize = 4 * 1024;

/// Packs a text (raw DEFLATE, RFC 1951, with a preset dictionary).
pub(crate) fn pack(text: &str, words: &[u8]) -> Result<Vec<u8>, StoreError> {
    let failed = |cause: String| StoreError::Failed { operation: "packing a record", cause: cause.into() };
    let mut packer = Compress::new(Compression::new(6), false);
    if !words.is_empty() {
        packer.set_dictionary(words).map_err(|error| failed(error.to_string()))?;
    }
    let mut packed = Vec::with_capacity(text.len() / 2 + 64);
    loop {
        let taken = usize::try_from(packer.total_in()).unwrap_or(usize::MAX);
        let rest = text.as_bytes().get(taken..).unwrap_or_default();
        let status = packer.compress_vec(rest, &mut packed, FlushCompress::Finish);
        match status.map_err(|error| failed(error.to_string()))? {
            Status::StreamEnd => return Ok(packed),
            Status::Ok | Status::BufError => packed.reserve(packed.capacity()),
        }
    }
}

/// Unpacks a text.
pub(crate) fn unpack(packed: &[u8], words: &[u8]) -> Result<String, StoreError> {
    let failed = |cause: String| StoreError::damaged(format!("a record cannot be unpacked: {cause}"));
    let mut unpacker = Decompress::new(false);
    if !words.is_empty() {
        unpacker.set_dictionary(words).map_err(|error| failed(error.to_string()))?;
    }
    let mut text = Vec::with_capacity(packed.len() * 4 + 64);
    loop {
        let taken = usize::try_from(unpacker.total_in()).unwrap_or(usize::MAX);
        let rest = packed.get(taken..).unwrap_or_default();
        let before = (unpacker.total_in(), unpacker.total_out());
        let status = unpacker.decompress_vec(rest, &mut text, FlushDecompress::Finish);
        match status.map_err(|error| failed(error.to_string()))? {
            Status::StreamEnd => break,
            Status::Ok | Status::BufError => {
                let stuck = before == (unpacker.total_in(), unpacker.total_out());
                if stuck && text.len() < text.capacity() {
                    return Err(failed("it ends too early".to_owned()));
                }
                text.reserve(text.capacity());
            }
        }
    }
    String::from_utf8(text).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(text in ".{0,3000}", words in ".{0,500}") {
            let packed = pack(&text, words.as_bytes()).expect("packed");
            prop_assert_eq!(unpack(&packed, words.as_bytes()).expect("unpacked"), text);
        }

        #[test]
        fn unpacking_anything_never_panics(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            words in proptest::collection::vec(any::<u8>(), 0..50),
        ) {
            drop(unpack(&bytes, &words));
        }
    }

    #[test]
    fn a_text_cut_short_is_told() {
        let packed = pack("a text that is long enough to be cut somewhere", b"").expect("packed");
        assert!(unpack(packed.get(..packed.len() - 3).expect("shorter"), b"").is_err());
    }
}
