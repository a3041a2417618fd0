//! From Jira's words to ours. Pure: what the site means by its names comes in as a `Vocabulary`.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Account, AccountId, AccountKind, ConnectorId, FieldChange, RecordId, Source, Text, TrackedVersion,
    TrackedVersionId, WorkItem, WorkItemId, WorkItemLink, WorkItemLinkKind, WorkItemState, WorkItemType,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::adf::plain_text;
use super::wire::{self, Id, moment};

/// What the site's names mean, and where its records come from.
#[derive(Debug)]
pub(super) struct Vocabulary {
    pub(super) connector: ConnectorId,
    /// Address of the pages for people, without a slash at the end.
    pub(super) site: String,
    pub(super) fetched_at: Timestamp,
    /// The key by which the company maps a project, also when the project was renamed since.
    pub(super) projects: BTreeMap<Id, Text>,
    pub(super) blocks: Vec<String>,
    pub(super) causes: Vec<String>,
    /// Custom fields to read: the configured name and the ids of the fields that bear it.
    pub(super) custom: Vec<(Text, Vec<String>)>,
}

impl Vocabulary {
    fn source(&self, native: impl Into<Text>, path: Option<String>) -> Source {
        let url = path.map(|path| Text::from(format!("{}/{path}", self.site)));
        Source { record: RecordId::new(&self.connector, native), url, fetched_at: self.fetched_at }
    }

    fn version_id(&self, id: Id) -> TrackedVersionId {
        TrackedVersionId::new(&self.connector, id.to_string())
    }

    pub(super) fn version(&self, version: &wire::Version, project: &wire::Project) -> TrackedVersion {
        let path = format!("projects/{}/versions/{}", project.key, version.id);
        TrackedVersion {
            id: self.version_id(version.id),
            project: self.project(project),
            name: version.name.as_str().into(),
            description: version.description.as_deref().and_then(some_text),
            released: version.released,
            archived: version.archived,
            start_date: version.start_date.as_deref().and_then(date),
            release_date: version.release_date.as_deref().and_then(date),
            source: self.source(version.id.to_string(), Some(path)),
        }
    }

    fn project(&self, project: &wire::Project) -> Text {
        self.projects.get(&project.id).cloned().unwrap_or_else(|| project.key.as_str().into())
    }

    /// An issue; `former_keys` come from its changelog.
    pub(super) fn work_item(&self, issue: &wire::Issue, former_keys: Vec<Text>) -> WorkItem {
        let fields = &issue.fields;
        let at = |text: &Option<String>| text.as_deref().and_then(moment);
        let versions = |list: &[wire::Reference]| list.iter().map(|version| self.version_id(version.id)).collect();
        let account = |user: &Option<wire::User>| user.as_ref().map(|user| self.account_id(user));
        WorkItem {
            id: WorkItemId::new(&self.connector, issue.id.to_string()),
            key: issue.key.as_str().into(),
            former_keys,
            project: self.project(&fields.project),
            kind: kind(&fields.issuetype),
            kind_label: fields.issuetype.name.as_str().into(),
            state: state(&fields.status),
            state_label: fields.status.name.as_str().into(),
            summary: fields.summary.as_deref().unwrap_or_default().into(),
            description: fields.description.as_ref().and_then(|text| some_text(&plain_text(text))),
            priority: fields.priority.as_ref().map(|priority| priority.name.as_str().into()),
            resolution: fields.resolution.as_ref().map(|resolution| resolution.name.as_str().into()),
            assignee: account(&fields.assignee),
            reporter: account(&fields.reporter),
            created_at: at(&fields.created),
            updated_at: at(&fields.updated),
            resolved_at: at(&fields.resolutiondate),
            fix_versions: versions(&fields.fix_versions),
            affects_versions: versions(&fields.versions),
            components: fields.components.iter().map(|component| component.name.as_str().into()).collect(),
            labels: fields.labels.iter().map(|label| label.as_str().into()).collect(),
            parent: fields.parent.as_ref().map(|parent| WorkItemId::new(&self.connector, parent.id.to_string())),
            links: fields.issuelinks.iter().filter_map(|link| self.link(link)).collect(),
            fields: self.custom_fields(&fields.rest),
            source: self.source(issue.id.to_string(), Some(format!("browse/{}", issue.key))),
        }
    }

    /// The end that a link carries tells its direction: "this issue {outward} `outwardIssue`".
    fn link(&self, link: &wire::Link) -> Option<WorkItemLink> {
        let (label, other, direction) = match (&link.outward_issue, &link.inward_issue) {
            (Some(other), _) => (&link.kind.outward, other, Direction::Outward),
            (None, Some(other)) => (&link.kind.inward, other, Direction::Inward),
            (None, None) => return None,
        };
        Some(WorkItemLink {
            kind: self.link_kind(&link.kind, direction),
            label: label.as_str().into(),
            other: WorkItemId::new(&self.connector, other.id.to_string()),
            other_key: other.key.as_str().into(),
        })
    }

    fn link_kind(&self, kind: &wire::LinkType, direction: Direction) -> WorkItemLinkKind {
        use Direction::{Inward, Outward};
        match direction {
            Outward if is_among(kind, &self.blocks) => WorkItemLinkKind::Blocks,
            Inward if is_among(kind, &self.blocks) => WorkItemLinkKind::IsBlockedBy,
            Outward if is_among(kind, &self.causes) => WorkItemLinkKind::Causes,
            Inward if is_among(kind, &self.causes) => WorkItemLinkKind::IsCausedBy,
            // A type that reads the same from both ends has no direction.
            _ if kind.inward == kind.outward => WorkItemLinkKind::RelatesTo,
            _ => WorkItemLinkKind::Other,
        }
    }

    /// Two fields may share a name: the first that is filled speaks.
    fn custom_fields(&self, sent: &BTreeMap<String, Value>) -> BTreeMap<Text, Text> {
        let filled = |ids: &Vec<String>| ids.iter().filter_map(|id| some_text(&shown(sent.get(id)?))).next();
        self.custom.iter().filter_map(|(name, ids)| Some((name.clone(), filled(ids)?))).collect()
    }

    pub(super) fn account_id(&self, user: &wire::User) -> AccountId {
        AccountId::new(&self.connector, user.account_id.as_str())
    }

    pub(super) fn account(&self, user: &wire::User) -> Account {
        let machine = user.account_type.as_deref() == Some("app");
        Account {
            id: self.account_id(user),
            login: None,
            name: user.display_name.as_deref().and_then(some_text),
            email: user.email_address.as_deref().and_then(some_text),
            directory_id: None,
            kind: if machine { AccountKind::Machine } else { AccountKind::Human },
            active: user.active,
            source: self.source(user.account_id.as_str(), Some(format!("jira/people/{}", user.account_id))),
        }
    }

    /// Changes of state, resolution and versions, oldest first. Versions are told by id, since names repeat and change.
    pub(super) fn field_changes(&self, issue: Id, histories: &[&wire::History]) -> Vec<FieldChange> {
        let mut at: BTreeMap<(Timestamp, Text), FieldChange> = BTreeMap::new();
        for history in histories {
            let items = history.items.iter().filter(|item| !is_key(item));
            for item in items {
                let by_id = item.field_id == "fixVersions";
                let (before, after) = match by_id {
                    true => (&item.from, &item.to),
                    false => (&item.from_string, &item.to_string),
                };
                let (before, after) = (before.as_deref().unwrap_or_default(), after.as_deref().unwrap_or_default());
                let field = if item.field_id.is_empty() { &item.field } else { &item.field_id };
                let key = (history.created.0, Text::from(field.as_str()));
                // One edit may take several versions out and put others in, one item for each.
                match at.get_mut(&key) {
                    Some(change) if by_id => {
                        change.before = joined(&change.before, before);
                        change.after = joined(&change.after, after);
                    }
                    Some(change) => change.after = after.into(),
                    None => {
                        let change = FieldChange {
                            record: RecordId::new(&self.connector, issue.to_string()),
                            field: key.1.clone(),
                            before: before.into(),
                            after: after.into(),
                            at: key.0,
                            by: history.author.as_ref().map(|author| author.account_id.as_str().into()),
                        };
                        at.insert(key, change);
                    }
                }
            }
        }
        at.into_values().collect()
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Inward,
    Outward,
}

/// The keys that an issue had before it moved, oldest first.
pub(super) fn former_keys(key: &str, histories: &[&wire::History]) -> Vec<Text> {
    let moves = histories.iter().flat_map(|history| &history.items).filter(|item| is_key(item));
    let mut seen = BTreeSet::new();
    moves
        .filter_map(|item| item.from_string.as_deref())
        .filter(|former| *former != key && !former.is_empty() && seen.insert(former.to_owned()))
        .map(Text::from)
        .collect()
}

fn is_key(item: &wire::Item) -> bool {
    item.field_id == "issuekey" || item.field.eq_ignore_ascii_case("key")
}

fn joined(one: &str, two: &str) -> Text {
    let parts = [one, two].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(",").into()
}

/// Is the type among those configured, by id or by name?
pub(super) fn is_among(kind: &wire::LinkType, configured: &[String]) -> bool {
    let id = kind.id.to_string();
    configured.iter().any(|one| *one == id || one.to_lowercase() == kind.name.to_lowercase())
}

fn kind(told: &wire::IssueType) -> WorkItemType {
    match told.name.to_lowercase().as_str() {
        _ if told.subtask || told.hierarchy_level.is_some_and(|level| level < 0) => WorkItemType::SubTask,
        _ if told.hierarchy_level == Some(1) => WorkItemType::Epic,
        "story" | "user story" => WorkItemType::Story,
        "bug" | "defect" => WorkItemType::Bug,
        "task" => WorkItemType::Task,
        "epic" => WorkItemType::Epic,
        "release" => WorkItemType::Release,
        _ => WorkItemType::Other,
    }
}

/// Names of statuses are the company's own; their category is Jira's.
fn state(status: &wire::Status) -> WorkItemState {
    match status.status_category.as_ref().map(|category| category.key.as_str()) {
        Some("new") => WorkItemState::ToDo,
        Some("indeterminate") => WorkItemState::InProgress,
        Some("done") => WorkItemState::Done,
        _ => WorkItemState::Other,
    }
}

/// A field's value in words, whatever kind of field it is.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(values) => {
            let parts = values.iter().map(shown).filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join(", ")
        }
        Value::Object(parts) if parts.get("type").is_some_and(|kind| kind == "doc") => plain_text(value),
        Value::Object(parts) => {
            let named = ["value", "name", "displayName", "key"].into_iter().find_map(|name| parts.get(name));
            named.map(shown).unwrap_or_default()
        }
    }
}

fn some_text(text: &str) -> Option<Text> {
    (!text.trim().is_empty()).then(|| text.into())
}

/// A date without a zone; what is none is told as not set.
fn date(text: &str) -> Option<Date> {
    text.trim().parse().ok()
}

#[cfg(test)]
#[path = "tests/convert.rs"]
mod tests;
