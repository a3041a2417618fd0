//! Jira's JSON, exactly as sent: unknown keys are passed over, what we rely on must be there.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An id that Jira numbers, written as text in most places and as a number in some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(pub(super) u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => text.parse().map(Self).map_err(|_| D::Error::custom("no id")),
            Value::Number(number) => number.as_u64().map(Self).ok_or_else(|| D::Error::custom("no id")),
            _ => Err(D::Error::custom("no id")),
        }
    }
}

/// Who we are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Myself {
    #[expect(dead_code, reason = "an answer without it comes from something else than Jira")]
    pub(super) account_id: String,
    pub(super) time_zone: Option<String>,
}

/// A page of the older kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    pub(super) values: Vec<T>,
    pub(super) total: Option<usize>,
    pub(super) is_last: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Project {
    pub(super) id: Id,
    pub(super) key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) project_id: Option<Id>,
    #[serde(default)]
    pub(super) released: bool,
    #[serde(default)]
    pub(super) archived: bool,
    pub(super) start_date: Option<String>,
    pub(super) release_date: Option<String>,
}

/// A version as an issue shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    pub(super) id: Id,
    name: String,
    #[serde(default)]
    released: bool,
    #[serde(default)]
    archived: bool,
    release_date: Option<String>,
}

impl Shown {
    /// Does the list of its project show it so, too?
    pub(super) fn is(&self, listed: &Version) -> bool {
        self.name == listed.name
            && self.released == listed.released
            && self.archived == listed.archived
            && self.release_date == listed.release_date
    }
}

/// Issues with what they show of their versions.
#[derive(Debug, Deserialize)]
pub(super) struct Witnesses {
    pub(super) issues: Vec<Witness>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Witness {
    pub(super) fields: Showing,
}

#[derive(Debug, Deserialize)]
pub(super) struct Showing {
    #[serde(default, rename = "fixVersions", deserialize_with = "null_is_empty")]
    pub(super) fix_versions: Vec<Shown>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Field {
    pub(super) id: String,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkTypes {
    pub(super) issue_link_types: Vec<LinkType>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LinkType {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) inward: String,
    #[serde(default)]
    pub(super) outward: String,
}

/// A page of a search that asked for ids alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    pub(super) issues: Vec<FoundIssue>,
    pub(super) next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FoundIssue {
    pub(super) id: Id,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Issues {
    pub(super) issues: Vec<Issue>,
    #[serde(default)]
    pub(super) issue_errors: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Issue {
    pub(super) id: Id,
    pub(super) key: String,
    pub(super) fields: Fields,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    pub(super) summary: Option<String>,
    /// A document; text on older sites.
    pub(super) description: Option<Value>,
    pub(super) issuetype: IssueType,
    pub(super) status: Status,
    pub(super) project: Project,
    pub(super) priority: Option<Named>,
    pub(super) resolution: Option<Named>,
    pub(super) assignee: Option<User>,
    pub(super) reporter: Option<User>,
    pub(super) created: Option<String>,
    pub(super) updated: Option<String>,
    pub(super) resolutiondate: Option<String>,
    #[serde(default, rename = "fixVersions", deserialize_with = "null_is_empty")]
    pub(super) fix_versions: Vec<Reference>,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) versions: Vec<Reference>,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) components: Vec<Named>,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) labels: Vec<String>,
    pub(super) parent: Option<Other>,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) issuelinks: Vec<Link>,
    /// Custom fields by id.
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueType {
    pub(super) name: String,
    #[serde(default)]
    pub(super) subtask: bool,
    pub(super) hierarchy_level: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) name: String,
    pub(super) status_category: Option<StatusCategory>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StatusCategory {
    pub(super) key: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) id: Id,
}

/// Another issue as a link or a parent names it.
#[derive(Debug, Deserialize)]
pub(super) struct Other {
    pub(super) id: Id,
    pub(super) key: String,
}

/// A link carries one of the two ends: the other one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    #[serde(rename = "type")]
    pub(super) kind: LinkType,
    pub(super) inward_issue: Option<Other>,
    pub(super) outward_issue: Option<Other>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) account_id: String,
    pub(super) display_name: Option<String>,
    pub(super) email_address: Option<String>,
    pub(super) account_type: Option<String>,
    pub(super) active: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changelogs {
    pub(super) issue_change_logs: Vec<IssueChangelog>,
    pub(super) next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueChangelog {
    pub(super) issue_id: Id,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) change_histories: Vec<History>,
}

#[derive(Debug, Deserialize)]
pub(super) struct History {
    /// `None` for automation that has no account.
    pub(super) author: Option<User>,
    pub(super) created: Moment,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(default)]
    pub(super) field: String,
    #[serde(default)]
    pub(super) field_id: String,
    pub(super) from: Option<String>,
    pub(super) from_string: Option<String>,
    pub(super) to: Option<String>,
    #[serde(rename = "toString")]
    pub(super) to_string: Option<String>,
}

/// A moment of the changelog: text by Jira's schema, seconds or milliseconds in its example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let moment = match Value::deserialize(deserializer)? {
            Value::String(text) => moment(&text),
            Value::Number(number) => number.as_i64().and_then(from_epoch),
            _ => None,
        };
        moment.map(Self).ok_or_else(|| D::Error::custom("no moment"))
    }
}

/// Seconds until the year 5138 fit below this; milliseconds since 1973 lie above it.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

fn from_epoch(number: i64) -> Option<Timestamp> {
    if number.abs() < LEAST_MILLISECONDS {
        Timestamp::from_second(number).ok()
    } else {
        Timestamp::from_millisecond(number).ok()
    }
}

/// `2026-10-15T14:00:00.000+0000`: the offset has no colon, which strict readers refuse.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let without_colon = || Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok();
    text.parse().ok().or_else(without_colon)
}

/// Jira writes an empty list as `[]`, as `null`, or not at all.
fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_offset_without_a_colon_is_read() {
        let expected: Timestamp = "2026-10-15T14:00:00Z".parse().expect("a moment");
        for text in ["2026-10-15T14:00:00.000+0000", "2026-10-15T16:00:00.000+0200", "2026-10-15T14:00:00Z"] {
            assert_eq!(moment(text), Some(expected), "{text}");
        }
        assert_eq!(moment("6/Jul/2010"), None);
    }

    #[test]
    fn changelog_moments_may_be_numbers() {
        for text in ["1792072800", "1792072800000", "\"2026-10-15T14:00:00.000+0000\""] {
            let Moment(at) = serde_json::from_str(text).expect("a moment");
            assert_eq!(at.to_string(), "2026-10-15T14:00:00Z", "{text}");
        }
        assert!(serde_json::from_str::<Moment>("null").is_err());
    }

    #[test]
    fn ids_are_text_or_numbers_but_always_numeric() {
        assert_eq!(serde_json::from_str::<Id>("\"10001\"").expect("an id"), Id(10_001));
        assert_eq!(serde_json::from_str::<Id>("10001").expect("an id"), Id(10_001));
        assert!(serde_json::from_str::<Id>("\"1) OR (1=1\"").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_moment_or_none(text in ".*") {
            let _read = moment(&text);
        }
    }
}
