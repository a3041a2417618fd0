//! The pattern behind a release tag's name: `customer-portal-v8.1.0` is `customer-portal-v{version}` at 8.1.0.

use std::collections::BTreeSet;

use crate::Text;

/// A tag's name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagPattern {
    /// The name with `{version}` in place of the version.
    pub pattern: Text,
    /// What stands before the version, without separators and a `v`: the service's name in a repository of several.
    pub prefix: Text,
    /// The version as written.
    pub version: Text,
}

impl TagPattern {
    /// Reads a tag's name; `None` when it names no version with at least two numbers.
    pub fn read(tag: &str) -> Option<Self> {
        let mut before = None;
        for (at, letter) in tag.char_indices() {
            let behind = tag.get(at..)?;
            if letter.is_ascii_digit() && begins_version(before, tag.get(..at)?) && is_version(behind) {
                let head = tag.get(..at)?;
                return Some(Self {
                    pattern: format!("{head}{{version}}").into(),
                    prefix: bare(head).into(),
                    version: behind.into(),
                });
            }
            before = Some(letter);
        }
        None
    }

    /// The patterns behind all tags.
    pub fn all<'a>(tags: impl IntoIterator<Item = &'a str>) -> BTreeSet<Text> {
        tags.into_iter().filter_map(|tag| Some(Self::read(tag)?.pattern)).collect()
    }
}

fn is_separator(letter: char) -> bool {
    matches!(letter, '-' | '_' | '/' | '@' | '.' | ' ')
}

/// May a version begin behind this text: at its start, behind a separator, or behind a `v` that stands alone?
fn begins_version(before: Option<char>, head: &str) -> bool {
    match before {
        None => true,
        Some('v' | 'V') => {
            let rest = head.get(..head.len() - 1).unwrap_or_default();
            rest.is_empty() || rest.ends_with(is_separator)
        }
        Some(letter) => is_separator(letter),
    }
}

/// Numbers with a dot between them, and then nothing, or a suffix such as `-rc.1`.
fn is_version(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    let mut parts = numbers.split('.');
    let all = parts.clone().all(|part| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit()));
    parts.next();
    all && parts.next().is_some()
}

fn bare(head: &str) -> &str {
    let without_v = match head.strip_suffix(['v', 'V']) {
        Some(rest) if rest.is_empty() || rest.ends_with(is_separator) => rest,
        _ => head,
    };
    without_v.trim_end_matches(is_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: &str, expected: Option<(&str, &str, &str)>) {
        let read = TagPattern::read(tag);
        let read = read.as_ref().map(|read| (&*read.pattern, &*read.prefix, &*read.version));
        assert_eq!(read, expected, "{tag}");
    }

    #[test]
    fn a_tag_is_a_prefix_and_a_version() {
        check("v2.14.0", Some(("v{version}", "", "2.14.0")));
        check("0.8.7", Some(("{version}", "", "0.8.7")));
        check("customer-portal-v8.1.0", Some(("customer-portal-v{version}", "customer-portal", "8.1.0")));
        check("apps/portal/v8.1.0-rc.1", Some(("apps/portal/v{version}", "apps/portal", "8.1.0-rc.1")));
        check("portal@8.1", Some(("portal@{version}", "portal", "8.1")));
        check("log4j-2-v1.2.3", Some(("log4j-2-v{version}", "log4j-2", "1.2.3")));
        check("release-2026.2", Some(("release-{version}", "release", "2026.2")));
    }

    #[test]
    fn what_names_no_version_has_no_pattern() {
        for tag in ["latest", "v3", "build-20261123", "deploy-2026-11-23", "x1.2.3y", "", "v", "1."] {
            check(tag, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_tag_is_its_pattern_filled_in(tag in "\\PC{0,30}|[a-z@/._-]{0,8}v?[0-9]{1,3}[.][0-9]{1,3}(-[a-z.0-9]{0,6})?") {
            if let Some(read) = TagPattern::read(&tag) {
                proptest::prop_assert_eq!(read.pattern.replacen("{version}", &read.version, 1), tag);
            }
        }
    }
}
