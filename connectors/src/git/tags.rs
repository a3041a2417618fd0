//! Which tags are releases, and which one comes before which.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use domain::{Text, Version};
use jiff::Timestamp;

use super::repository::TagFound;

/// The version in a tag's name, by a pattern such as `payments-api/v{version}`; `None` when the tag is no such release.
pub(super) fn version_in(tag: &str, pattern: &str) -> Option<Version> {
    let (before, after) = pattern.split_once("{version}")?;
    let version = tag.strip_prefix(before)?.strip_suffix(after)?;
    // `v{version}` must not take `v` of another scheme, such as `vendor-1.0`.
    let plausible = version.starts_with(|c: char| c.is_ascii_digit()) || before.is_empty();
    plausible.then(|| Version::parse(version, &[])).flatten()
}

/// The release tags of each pattern, each list in the order of its versions. Without patterns every tag that names
/// a version counts, and all stand in one list.
pub(super) fn by_pattern<'t>(tags: &'t [TagFound], patterns: &BTreeSet<Text>) -> Vec<Vec<(Version, &'t TagFound)>> {
    let any = BTreeSet::from([Text::from("v{version}"), Text::from("{version}")]);
    let groups: Vec<Vec<&Text>> = if patterns.is_empty() {
        vec![any.iter().collect()]
    } else {
        patterns.iter().map(|pattern| vec![pattern]).collect()
    };
    groups
        .into_iter()
        .map(|patterns| {
            let mut found: Vec<(Version, &TagFound)> = tags
                .iter()
                .filter_map(|tag| {
                    let version = patterns.iter().find_map(|pattern| version_in(&tag.name, pattern))?;
                    Some((version, tag))
                })
                .collect();
            found.sort_by(|(a, tag), (b, other)| in_order((a, tag), (b, other)));
            found
        })
        .collect()
}

/// By version where there is an order of versions, else by the date of the commit; the name breaks ties.
fn in_order((a, tag): (&Version, &TagFound), (b, other): (&Version, &TagFound)) -> Ordering {
    let numeric = |version: &Version| version.padded.is_some();
    // All that have no order come first, among themselves by date: a total order needs the two kinds kept apart.
    numeric(a)
        .cmp(&numeric(b))
        .then_with(
            || if numeric(a) && numeric(b) { a.compare(b).unwrap_or(Ordering::Equal) } else { Ordering::Equal },
        )
        .then_with(|| tag.committed_at.cmp(&other.committed_at))
        .then_with(|| tag.name.cmp(&other.name))
}

/// The tags whose commits lie in the horizon, and the newest few before it; each with its place in the list.
pub(super) fn in_horizon<'g, 't>(
    group: &'g [(Version, &'t TagFound)],
    start: Timestamp,
    older: usize,
) -> impl Iterator<Item = (usize, &'t TagFound)> + 'g {
    let first = group.iter().position(|(_, tag)| tag.committed_at >= start).unwrap_or(group.len());
    let from = first.saturating_sub(older);
    group.iter().enumerate().skip(from).map(|(place, (_, tag))| (place, *tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: &str, pattern: &str, version: Option<&str>) {
        assert_eq!(version_in(tag, pattern).map(|v| v.written.to_string()).as_deref(), version, "{tag} {pattern}");
    }

    #[test]
    fn a_pattern_reads_the_version_out_of_a_tag() {
        check("v2.14.0", "v{version}", Some("2.14.0"));
        check("payments-api/v2.14.0", "payments-api/v{version}", Some("2.14.0"));
        check("2.14.0-final", "{version}-final", Some("2.14.0"));
        check("vendor-1.0", "v{version}", None);
        check("other/v2.14.0", "payments-api/v{version}", None);
        check("v", "v{version}", None);
    }
}
