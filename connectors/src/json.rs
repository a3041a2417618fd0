//! Reads a vendor's JSON: content type first, then syntax, then shape. A mismatch is told by its
//! place alone, because the values around it may be personal or secret.

use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde::de::IgnoredAny;
use serde_path_to_error::{Path, Segment};

use crate::error::{Failure, FailureKind};
use crate::resilience::Answer;

/// Decodes an answer's body.
///
/// # Errors
/// [`FailureKind::Malformed`] for another content type, broken JSON, or JSON of another shape.
pub fn decode<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    check_content_type(answer)?;
    let mut reader = serde_json::Deserializer::from_slice(&answer.body);
    let decoded =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| mismatch(error.inner(), error.path()))?;
    reader.end().map_err(|_| malformed("more text follows after the JSON value"))?;
    Ok(decoded)
}

/// Checks that a body is JSON at all, without looking at its shape.
///
/// # Errors
/// [`FailureKind::Malformed`] for another content type or broken JSON.
pub(crate) fn check_syntax(answer: &Answer) -> Result<(), Failure> {
    check_content_type(answer)?;
    serde_json::from_slice::<IgnoredAny>(&answer.body).map(|_| ()).map_err(|error| syntax(&error))
}

fn check_content_type(answer: &Answer) -> Result<(), Failure> {
    let told = answer.headers.get(CONTENT_TYPE);
    let told = told.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = told.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let is_json = essence == "application/json"
        || essence == "text/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json {
        return Ok(());
    }
    Err(malformed(match essence.as_str() {
        "text/html" | "application/xhtml+xml" => "it sent a web page instead of JSON",
        "" => "it sent a body without a content type instead of JSON",
        _ => "it sent another content type instead of JSON",
    }))
}

fn mismatch(error: &serde_json::Error, path: &Path) -> Failure {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => {
            malformed(format!("the JSON has another shape at {}: {}", shown(path), complaint(&error.to_string())))
        }
        Category::Syntax | Category::Eof | Category::Io => syntax(error),
    }
}

fn syntax(error: &serde_json::Error) -> Failure {
    let what = if error.is_eof() { "the JSON ends too early" } else { "the JSON is broken" };
    malformed(format!("{what} at line {}, column {}", error.line(), error.column()))
}

fn malformed(cause: impl Into<Cow<'static, str>>) -> Failure {
    Failure::new(FailureKind::Malformed, cause)
}

/// Serde's message quotes the offending value; only its harmless beginnings are kept.
fn complaint(message: &str) -> Cow<'static, str> {
    if let Some(field) = message.strip_prefix("missing field `")
        && let Some((field, _)) = field.split_once('`')
        && is_plain(field)
    {
        return Cow::Owned(format!("the field {field} is missing"));
    }
    let known = [
        ("invalid type: null", "null where a value is needed"),
        ("invalid type", "a value of another type"),
        ("invalid length", "a list of another length"),
        ("unknown variant", "a value outside the known ones"),
        ("unknown field", "a field that is not known"),
        ("duplicate field", "a field that stands twice"),
    ];
    let found = known.iter().find(|(start, _)| message.starts_with(start));
    Cow::Borrowed(found.map_or("a value that cannot be read", |(_, told)| told))
}

fn shown(path: &Path) -> String {
    let mut text = String::from("$");
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } if is_plain(key) => text.push_str(&format!(".{key}")),
            // A key may be data, such as an e-mail address.
            Segment::Map { .. } => text.push_str(".*"),
            Segment::Enum { .. } | Segment::Unknown => text.push_str(".?"),
        }
    }
    text
}

fn is_plain(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.len() <= 40 && !name.is_empty() && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode};
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::resilience::Freshness;

    #[derive(Debug, Deserialize)]
    struct Page {
        #[expect(dead_code, reason = "only its shape matters")]
        result: Vec<Row>,
    }

    #[derive(Debug, Deserialize)]
    struct Row {
        #[expect(dead_code, reason = "only its shape matters")]
        number: u32,
        #[serde(default)]
        #[expect(dead_code, reason = "only its shape matters")]
        people: HashMap<String, u32>,
    }

    fn answer(content_type: &'static str, body: &[u8]) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Answer {
            status: StatusCode::OK,
            headers,
            body: Bytes::copy_from_slice(body),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            date_skew: None,
            freshness: Freshness::Fresh,
        }
    }

    fn check(content_type: &'static str, body: &str, expected: &str) {
        let failure = decode::<Page>(&answer(content_type, body.as_bytes())).expect_err("fails");
        assert_eq!(failure.kind, FailureKind::Malformed);
        assert_eq!(failure.cause.expect("a cause").as_str(), expected);
    }

    #[test]
    fn the_place_is_told_but_never_the_value() {
        let json = "application/json";
        check(
            json,
            r#"{"result":[{"number":1},{"number":"secret"}]}"#,
            "the JSON has another shape at $.result[1].number: a value of another type",
        );
        check(
            json,
            r#"{"result":[{"number":1,"people":{"ada@bank.example":"x"}}]}"#,
            "the JSON has another shape at $.result[0].people.*: a value of another type",
        );
        check(json, r#"{"rows":[]}"#, "the JSON has another shape at $: the field result is missing");
        check(json, r#"{"result":null}"#, "the JSON has another shape at $.result: null where a value is needed");
        check(json, r#"{"result":["#, "the JSON ends too early at line 1, column 11");
        check(json, "{'result'", "the JSON is broken at line 1, column 2");
        check(json, r#"{"result":[]} x"#, "more text follows after the JSON value");
    }

    #[test]
    fn the_content_type_is_looked_at_first() {
        check("text/html; charset=utf-8", "{}", "it sent a web page instead of JSON");
        check("text/plain", "{}", "it sent another content type instead of JSON");
        let body = br#"{"result":[]}"#;
        assert!(decode::<Page>(&answer("application/vnd.github+json; charset=utf-8", body)).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body: Vec<u8>) {
            let answer = answer("application/json", &body);
            if let Err(failure) = decode::<Page>(&answer) {
                prop_assert_eq!(failure.kind, FailureKind::Malformed);
            }
        }

        #[test]
        fn no_value_reaches_the_message(value in "[a-z]{3}-[0-9]{12}") {
            let body = serde_json::json!({"result": [{"number": value, "people": {}}]});
            let failure = decode::<Page>(&answer("application/json", body.to_string().as_bytes()))
                .expect_err("text is no number");
            let told = format!("{failure:?}");
            prop_assert!(!told.contains(&value));
        }
    }
}
