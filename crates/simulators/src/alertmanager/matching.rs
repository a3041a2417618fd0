//! Matchers against label sets, matchers as text, and the fingerprint of a label set.

use regex::Regex;

use super::answer::Refusal;
use super::content::{Labels, Matcher};

/// All must match. A regex that cannot be compiled matches nothing.
pub(super) fn all_match(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matches(matcher, labels.get(&matcher.name).map_or("", String::as_str)))
}

pub(super) fn matches(matcher: &Matcher, value: &str) -> bool {
    if !matcher.is_regex {
        return (matcher.value == value) == matcher.is_equal;
    }
    anchored(&matcher.value).is_ok_and(|regex| regex.is_match(value) == matcher.is_equal)
}

pub(super) fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("^(?:{pattern})$"))
}

/// The `filter` parameters of a request.
pub(super) fn filters(parameters: &[(String, String)]) -> Result<Vec<Matcher>, Refusal> {
    let given = parameters.iter().filter(|(name, _)| name == "filter");
    given.map(|(_, text)| parse(text).ok_or_else(|| Refusal::bad(format!("bad matcher format: {text}")))).collect()
}

/// `name="value"` with `=`, `!=`, `=~` or `!~`; the quotes may be left out.
fn parse(text: &str) -> Option<Matcher> {
    let trimmed = text.trim();
    let end = trimmed.find(['=', '!'])?;
    let (name, rest) = trimmed.split_at_checked(end)?;
    let name = name.trim_end();
    let first_fits = name.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | ':'));
    if !first_fits || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':')) {
        return None;
    }
    const OPERATORS: [(&str, bool, bool); 4] =
        [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];
    let (value, is_regex, is_equal) = OPERATORS
        .iter()
        .find_map(|(operator, is_regex, is_equal)| Some((rest.strip_prefix(operator)?, *is_regex, *is_equal)))?;
    let value = unquoted(value.trim())?;
    if is_regex {
        anchored(&value).ok()?;
    }
    Some(Matcher { name: name.to_owned(), value, is_regex, is_equal })
}

fn unquoted(written: &str) -> Option<String> {
    let inner = match written.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => written,
    };
    let mut value = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                // Any other backslash stands for itself, so that regexes need no doubling.
                Some(other) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
            _ => value.push(character),
        }
    }
    Some(value)
}

/// FNV-1a over the sorted labels, as Prometheus and Alertmanager compute it.
pub(super) fn fingerprint(labels: &Labels) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    const SEPARATOR: u8 = 255;
    let pairs = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = pairs.flat_map(|part| part.bytes().chain([SEPARATOR]));
    let hash = bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("{hash:016x}")
}
