//! One edit of an issue: sets the value and says what the changelog will show, in Jira's words for each field.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::content::{Category, CustomValue, HistoryItem, Issue};
use super::store::Store;
use super::wire::times;

/// A new value for one field.
#[derive(Clone, Debug)]
pub enum Change {
    Summary(String),
    Description(String),
    Status(u64),
    Priority(Option<u64>),
    Resolution(Option<u64>),
    Assignee(Option<String>),
    Reporter(Option<String>),
    Due(Option<Date>),
    Labels(Vec<String>),
    FixVersions(Vec<u64>),
    AffectsVersions(Vec<u64>),
    Components(Vec<u64>),
    Parent(Option<u64>),
    IssueType(u64),
    Custom(u64, Option<CustomValue>),
}

/// Applies the change; what comes back is empty when the value was already there.
pub(super) fn apply(store: &Store, issue: &mut Issue, change: Change) -> Vec<HistoryItem> {
    match change {
        Change::Summary(to) => text("summary", std::mem::replace(&mut issue.summary, to.clone()), to),
        Change::Description(to) => text("description", std::mem::replace(&mut issue.description, to.clone()), to),
        Change::Status(to) => {
            let from = std::mem::replace(&mut issue.status, to);
            let name = |id| store.status(id).map(|status| status.name.clone());
            reference("status", (Some(from), Some(to)), name)
        }
        Change::Priority(to) => {
            let from = std::mem::replace(&mut issue.priority, to);
            let all = &store.content.priorities;
            reference("priority", (from, to), |id| all.iter().find(|one| one.id == id).map(|one| one.name.clone()))
        }
        Change::Resolution(to) => {
            let from = std::mem::replace(&mut issue.resolution, to);
            let all = &store.content.resolutions;
            reference("resolution", (from, to), |id| {
                all.iter().find(|one| one.id == id).map(|one| one.name.clone())
            })
        }
        Change::IssueType(to) => {
            let from = std::mem::replace(&mut issue.issue_type, to);
            let all = &store.content.issue_types;
            let name = |id| all.iter().find(|one| one.id == id).map(|one| one.name.clone());
            reference("issuetype", (Some(from), Some(to)), name)
        }
        Change::Assignee(to) => person(store, "assignee", std::mem::replace(&mut issue.assignee, to.clone()), to),
        Change::Reporter(to) => person(store, "reporter", std::mem::replace(&mut issue.reporter, to.clone()), to),
        Change::Due(to) => {
            let from = std::mem::replace(&mut issue.due, to);
            let shown = |date: Option<Date>| date.map(|date| date.to_string());
            item(("duedate", "duedate"), (shown(from), shown(from)), (shown(to), shown(to)))
        }
        Change::Labels(to) => {
            let from = std::mem::replace(&mut issue.labels, to.clone());
            item(("labels", "labels"), (None, Some(from.join(" "))), (None, Some(to.join(" "))))
        }
        Change::FixVersions(to) => {
            let from = std::mem::replace(&mut issue.fix_versions, to.clone());
            several(("Fix Version", "fixVersions"), (&from, &to), |id| {
                store.version(id).map(|version| version.name.clone())
            })
        }
        Change::AffectsVersions(to) => {
            let from = std::mem::replace(&mut issue.affects_versions, to.clone());
            several(("Version", "versions"), (&from, &to), |id| {
                store.version(id).map(|version| version.name.clone())
            })
        }
        Change::Components(to) => {
            let from = std::mem::replace(&mut issue.components, to.clone());
            let name = |id| store.component(id).map(|component| component.name.clone());
            several(("Component", "components"), (&from, &to), name)
        }
        Change::Parent(to) => {
            let from = std::mem::replace(&mut issue.parent, to);
            reference("parent", (from, to), |id| store.issue(id).map(|parent| parent.key.clone()))
        }
        Change::Custom(field, to) => custom(store, issue, (field, to)),
    }
}

/// Jira sets `resolutiondate` with the resolution; a workflow usually sets the resolution with a done status.
pub(super) fn settle(store: &Store, issue: &mut Issue, now: Timestamp) -> Vec<HistoryItem> {
    let done = store.status(issue.status).is_some_and(|status| status.category == Category::Done);
    let resolution = match (done, issue.resolution) {
        (true, None) => store.content.resolutions.first().map(|resolution| resolution.id),
        (false, Some(_)) => None,
        (_, kept) => kept,
    };
    let items = apply(store, issue, Change::Resolution(resolution));
    date_resolution(issue, now);
    items
}

pub(super) fn date_resolution(issue: &mut Issue, now: Timestamp) {
    issue.resolved = match (issue.resolution, issue.resolved) {
        (Some(_), None) => Some(now),
        (None, _) => None,
        (_, kept) => kept,
    };
}

type Shown = (Option<String>, Option<String>);

fn item((field, field_id): (&str, &str), from: Shown, to: Shown) -> Vec<HistoryItem> {
    if from == to {
        return Vec::new();
    }
    vec![HistoryItem {
        field: field.into(),
        field_id: field_id.into(),
        from: from.0,
        from_string: from.1,
        to: to.0,
        to_string: to.1,
    }]
}

fn text(field: &str, from: String, to: String) -> Vec<HistoryItem> {
    let shown = |text: String| (!text.is_empty()).then_some(text);
    item((field, field), (None, shown(from)), (None, shown(to)))
}

fn reference(
    field: &str,
    (from, to): (Option<u64>, Option<u64>),
    name: impl Fn(u64) -> Option<String>,
) -> Vec<HistoryItem> {
    let shown = |id: Option<u64>| (id.map(|id| id.to_string()), id.and_then(&name));
    item((field, field), shown(from), shown(to))
}

fn person(store: &Store, field: &str, from: Option<String>, to: Option<String>) -> Vec<HistoryItem> {
    let shown = |id: Option<String>| {
        let name = id.as_deref().and_then(|id| store.user(id)).map(|user| user.display_name.clone());
        (id, name)
    };
    item((field, field), shown(from), shown(to))
}

/// One entry per version or component that came or went.
fn several(
    field: (&str, &str),
    (from, to): (&[u64], &[u64]),
    name: impl Fn(u64) -> Option<String>,
) -> Vec<HistoryItem> {
    let (old, new): (BTreeSet<u64>, BTreeSet<u64>) = (from.iter().copied().collect(), to.iter().copied().collect());
    let shown = |id: &u64| (Some(id.to_string()), name(*id));
    let gone = old.difference(&new).flat_map(|id| item(field, shown(id), (None, None)));
    let come = new.difference(&old).flat_map(|id| item(field, (None, None), shown(id)));
    gone.chain(come).collect()
}

fn custom(store: &Store, issue: &mut Issue, (field, to): (u64, Option<CustomValue>)) -> Vec<HistoryItem> {
    let from = match to.clone() {
        Some(value) => issue.custom.insert(field, value),
        None => issue.custom.remove(&field),
    };
    let name = store.field(field).map_or_else(|| format!("customfield_{field}"), |known| known.name.clone());
    let shown = |value: Option<CustomValue>| (None, value.map(|value| plain(&value)));
    item((&name, &format!("customfield_{field}")), shown(from), shown(to))
}

fn plain(value: &CustomValue) -> String {
    match value {
        CustomValue::Text(text) | CustomValue::Choice(text) | CustomValue::User(text) => text.clone(),
        CustomValue::Number(number) => number.to_string(),
        CustomValue::Date(date) => date.to_string(),
        CustomValue::DateTime(moment) => times::instant(*moment),
        CustomValue::Choices(texts) | CustomValue::Users(texts) => texts.join(", "),
        CustomValue::Labels(labels) => labels.join(" "),
        CustomValue::Versions(ids) => ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}
