//! Versions and their spellings: `v2.14.0`, `2.14`, `payments-api 2.14.0` and `Release 2.14` name versions of
//! one service. Numeric versions are padded to three parts and compared as SemVer; all others are kept verbatim
//! and never ordered by guess.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::Text;

/// A version, cleaned of the service's name and decoration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    /// As written, without service name, the word "release" and a leading `v`.
    pub written: Text,
    /// Padded to three parts, where the version is numeric.
    pub padded: Option<semver::Version>,
}

impl Version {
    /// Reads a spelling of a version of the service that goes by `names`; `None` when nothing is left of it.
    ///
    /// Names are stripped whole, in any case, with the separators behind or before them.
    pub fn parse(spelling: &str, names: &[&str]) -> Option<Self> {
        let mut rest = spelling.trim();
        loop {
            let before = rest;
            for name in names.iter().copied().chain(["release", "version"]) {
                rest = strip_word(rest, name);
            }
            if rest.len() == before.len() {
                break;
            }
        }
        let rest = strip_leading_v(rest);
        if rest.is_empty() || rest.chars().any(char::is_whitespace) || !rest.chars().any(char::is_alphanumeric) {
            return None;
        }
        Some(Self { written: rest.into(), padded: pad(rest) })
    }

    /// Was every part written out? `2.14` is not: beside 2.14.0 and 2.14.1 it may mean either.
    pub fn is_exact(&self) -> bool {
        match &self.padded {
            Some(_) => numeric_core(&self.written).split('.').count() >= 3,
            None => true,
        }
    }

    /// Order where there is one: both numeric, or equal.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (&self.padded, &other.padded) {
            (Some(a), Some(b)) => Some(a.cmp_precedence(b)),
            (None, None) if self.written == other.written => Some(Ordering::Equal),
            _ => None,
        }
    }

    /// The form that two spellings of one version share.
    pub fn canonical(&self) -> String {
        match &self.padded {
            Some(version) => version.to_string(),
            None => self.written.to_string(),
        }
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '_' | '/' | '@' | ':' | ',' | '(' | ')' | '#')
}

/// Removes `word` from the start or the end when it stands there alone.
fn strip_word<'a>(text: &'a str, word: &str) -> &'a str {
    let trimmed = text.trim_matches(is_separator);
    if word.is_empty() || trimmed.len() <= word.len() {
        return trimmed;
    }
    if let (Some(head), Some(tail)) = (trimmed.get(..word.len()), trimmed.get(word.len()..))
        && head.eq_ignore_ascii_case(word)
        && tail.starts_with(|c: char| is_separator(c) || c.is_ascii_digit())
    {
        return tail.trim_start_matches(is_separator);
    }
    let split = trimmed.len() - word.len();
    if let (Some(head), Some(tail)) = (trimmed.get(..split), trimmed.get(split..))
        && tail.eq_ignore_ascii_case(word)
        && head.ends_with(is_separator)
    {
        return head.trim_end_matches(is_separator);
    }
    trimmed
}

fn strip_leading_v(text: &str) -> &str {
    let after = text.strip_prefix(['v', 'V']).map(|rest| rest.trim_start_matches(['.', ' ']));
    match after {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    }
}

/// The part before a pre-release or build suffix.
fn numeric_core(text: &str) -> &str {
    text.split(['-', '+']).next().unwrap_or(text)
}

fn pad(text: &str) -> Option<semver::Version> {
    let core = numeric_core(text);
    let suffix = text.get(core.len()..)?;
    let parts = core.split('.').count();
    let padded = match parts {
        1 => format!("{core}.0.0{suffix}"),
        2 => format!("{core}.0{suffix}"),
        3 => text.to_owned(),
        _ => return None,
    };
    semver::Version::parse(&padded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(spelling: &str, canonical: &str) {
        let names = ["payments-api", "Payments API"];
        let seen = Version::parse(spelling, &names).map(|v| v.canonical()).unwrap_or_default();
        assert_eq!(seen, canonical, "{spelling}");
    }

    #[test]
    fn spellings_of_one_version_agree() {
        for spelling in [
            "2.14.0",
            "v2.14.0",
            "V2.14.0",
            "payments-api 2.14.0",
            "payments-api-v2.14.0",
            "payments-api@2.14.0",
            "payments-api/v2.14.0",
            "Payments API 2.14.0",
            "Release 2.14",
            "2.14",
            "release-2.14.0",
            "2.14.0 (payments-api)",
        ] {
            check(spelling, "2.14.0");
        }
        check("2.14.0-rc.1", "2.14.0-rc.1");
        check("2026.3", "2026.3.0");
        check("2026.03", "2026.03");
        check("1.2.3.4", "1.2.3.4");
        check("Zürich R2", "");
        check("payments-api", "payments-api");
        check("", "");
    }

    #[test]
    fn only_full_numeric_spellings_are_exact() {
        let exact = |s: &str| Version::parse(s, &[]).expect("a version").is_exact();
        assert!(exact("2.14.0") && !exact("2.14") && !exact("2026.3") && exact("aurora"));
    }

    #[test]
    fn versions_that_are_not_numeric_have_no_order() {
        let v = |s: &str| Version::parse(s, &[]).expect("a version");
        assert_eq!(v("aurora").compare(&v("borealis")), None);
        assert_eq!(v("2.9").compare(&v("2.10.0")), Some(Ordering::Less));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*", name in ".{0,8}") {
            let _version = Version::parse(&text, &[&name]);
        }
    }
}
