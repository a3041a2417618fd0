//! Which tags are releases, which of them matter, and which one comes before which.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use domain::{Signature, Text, Version};
use jiff::Timestamp;

use super::graph_wire::{GitObject, TagRef};
use super::wire::Signed;

/// A tag that leads to a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TagFound {
    pub(super) name: String,
    pub(super) commit: String,
    pub(super) annotated: bool,
    pub(super) tagger: Option<Signature>,
    pub(super) committed_at: Timestamp,
}

impl TagFound {
    /// The tag peeled to its commit; `None` for tags of trees and files.
    pub(super) fn read(sent: &TagRef) -> Option<Self> {
        let object = sent.target.as_ref()?;
        let commit = peel(object)?;
        Some(Self {
            name: sent.name.clone(),
            commit: commit.oid.clone(),
            annotated: object.kind == "Tag",
            tagger: object.tagger.as_ref().map(signature),
            committed_at: commit.committed_date?,
        })
    }
}

fn peel(object: &GitObject) -> Option<&GitObject> {
    match object.kind.as_str() {
        "Commit" => Some(object),
        _ => object.target.as_deref().and_then(peel),
    }
}

/// Who signed; a missing date is told as the epoch, since the name still matters.
pub(super) fn signature(signed: &Signed) -> Signature {
    Signature {
        name: signed.name.as_deref().unwrap_or_default().into(),
        email: signed.email.as_deref().unwrap_or_default().into(),
        at: signed.date.unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

/// A release tag and the one before it in the order of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) base: Option<TagFound>,
    pub(super) head: TagFound,
    /// How many tags of the pattern have newer commits.
    pub(super) newer: usize,
}

impl Step {
    /// Base and head by sha.
    pub(super) fn ends(&self) -> (Option<String>, String) {
        (self.base.as_ref().map(|base| base.commit.clone()), self.head.commit.clone())
    }
}

/// The release tags of each pattern, each list in the order of its versions. Without patterns every tag that names
/// a version counts, and all stand in one list.
pub(super) fn by_pattern(tags: &[TagFound], patterns: &BTreeSet<Text>) -> Vec<Vec<TagFound>> {
    let any = BTreeSet::from([Text::from("v{version}"), Text::from("{version}")]);
    let groups: Vec<Vec<&Text>> = if patterns.is_empty() {
        vec![any.iter().collect()]
    } else {
        patterns.iter().map(|pattern| vec![pattern]).collect()
    };
    let group = |patterns: Vec<&Text>| {
        let mut found: Vec<(Version, &TagFound)> = tags
            .iter()
            .filter_map(|tag| Some((patterns.iter().find_map(|one| version_in(&tag.name, one))?, tag)))
            .collect();
        found.sort_by(in_order);
        found.into_iter().map(|(_, tag)| tag.clone()).collect()
    };
    groups.into_iter().map(group).collect()
}

/// Which tags matter beside those in the horizon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Older<'a> {
    /// So many of the newest before the horizon.
    pub(super) newest: usize,
    /// Names and commits that deployments in the horizon tell.
    pub(super) deployed: &'a BTreeSet<Text>,
}

/// The steps to the tags in the horizon, and to the older ones that matter.
pub(super) fn steps(group: &[TagFound], start: Timestamp, older: Older<'_>) -> Vec<Step> {
    let first = group.iter().position(|tag| tag.committed_at >= start).unwrap_or(group.len());
    let from = first.saturating_sub(older.newest);
    let mut dates: Vec<Timestamp> = group.iter().map(|tag| tag.committed_at).collect();
    dates.sort();
    let matters = |(place, head): &(usize, &TagFound)| {
        *place >= from || older.deployed.contains(&*head.name) || older.deployed.contains(&*head.commit)
    };
    let step = |(place, head): (usize, &TagFound)| Step {
        base: place.checked_sub(1).and_then(|before| group.get(before)).cloned(),
        newer: dates.len() - dates.partition_point(|date| *date <= head.committed_at),
        head: head.clone(),
    };
    group.iter().enumerate().filter(matters).map(step).collect()
}

/// The version in a tag's name, by a pattern such as `payments-api/v{version}`; `None`: it is no such release.
fn version_in(tag: &str, pattern: &str) -> Option<Version> {
    let (before, after) = pattern.split_once("{version}")?;
    let version = tag.strip_prefix(before)?.strip_suffix(after)?;
    // `v{version}` must not take the `v` of another word, such as `vendor-1.0`.
    let plausible = version.starts_with(|letter: char| letter.is_ascii_digit()) || before.is_empty();
    plausible.then(|| Version::parse(version, &[])).flatten()
}

/// By version where versions have an order, else by the commit's date; the name breaks ties.
fn in_order((one, tag): &(Version, &TagFound), (two, other): &(Version, &TagFound)) -> Ordering {
    let numeric = |version: &Version| version.padded.is_some();
    // The two kinds are kept apart, so that the order is total.
    let by_version =
        || if numeric(one) && numeric(two) { one.compare(two).unwrap_or(Ordering::Equal) } else { Ordering::Equal };
    numeric(one)
        .cmp(&numeric(two))
        .then_with(by_version)
        .then_with(|| tag.committed_at.cmp(&other.committed_at))
        .then_with(|| tag.name.cmp(&other.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(name: &str, day: i64) -> TagFound {
        TagFound {
            name: name.to_owned(),
            commit: format!("commit of {name}"),
            annotated: false,
            tagger: None,
            committed_at: Timestamp::from_second(day * 86_400).expect("a day"),
        }
    }

    fn check(tags: &[TagFound], start: i64, expected: &str) {
        check_deployed(tags, start, [], expected);
    }

    fn check_deployed<const N: usize>(tags: &[TagFound], start: i64, deployed: [&str; N], expected: &str) {
        let deployed: BTreeSet<Text> = deployed.into_iter().map(Text::from).collect();
        let patterns = BTreeSet::from([Text::from("v{version}")]);
        let start = Timestamp::from_second(start * 86_400).expect("a day");
        let told: Vec<String> = by_pattern(tags, &patterns)
            .iter()
            .flat_map(|group| steps(group, start, Older { newest: 1, deployed: &deployed }))
            .map(|step| format!("{}..{}", step.base.map_or_else(String::new, |base| base.name), step.head.name))
            .collect();
        assert_eq!(told.join(" "), expected);
    }

    #[test]
    fn a_hotfix_follows_what_it_fixes_and_not_what_came_last() {
        let tags = [tag("v2.13.0", 1), tag("v2.14.0", 20), tag("v2.13.1", 30), tag("vendor-1.0", 5)];
        check(&tags, 10, "..v2.13.0 v2.13.0..v2.13.1 v2.13.1..v2.14.0");
    }

    #[test]
    fn one_release_before_the_horizon_is_kept() {
        let tags = [tag("v1.0.0", 1), tag("v1.9.0", 2), tag("v1.10.0", 3), tag("v1.11.0", 50)];
        check(&tags, 40, "v1.9.0..v1.10.0 v1.10.0..v1.11.0");
    }

    #[test]
    fn an_old_release_that_was_deployed_again_is_kept() {
        let tags = [tag("v1.0.0", 1), tag("v1.9.0", 2), tag("v1.10.0", 3), tag("v1.11.0", 50)];
        let kept = "v1.0.0..v1.9.0 v1.9.0..v1.10.0 v1.10.0..v1.11.0";
        check_deployed(&tags, 40, ["v1.9.0"], kept);
        check_deployed(&tags, 40, ["commit of v1.9.0"], kept);
    }

    #[test]
    fn the_newest_release_is_the_one_with_the_newest_commit() {
        let tags = [tag("v2.13.0", 1), tag("v2.13.1", 30), tag("v2.14.0", 20)];
        let none = BTreeSet::new();
        let newer = |step: Step| (step.head.name, step.newer);
        let told: Vec<_> = steps(&tags, Timestamp::UNIX_EPOCH, Older { newest: 0, deployed: &none })
            .into_iter()
            .map(newer)
            .collect();
        let expected = [("v2.13.0", 2), ("v2.13.1", 0), ("v2.14.0", 1)];
        assert_eq!(told, expected.map(|(name, newer)| (name.to_owned(), newer)));
    }
}
