//! An issue with the fields that were asked for, its links from both ends, comments and changelog.

use serde_json::{Map, Value, json};

use super::fields::Selection;
use super::{Api, View, adf, times};
use crate::jira::content::{Comment, CustomField, CustomValue, FieldKind, History, Issue};

/// Parts beside the fields.
#[derive(Clone, Debug, Default)]
pub(in crate::jira) struct Expand {
    pub(in crate::jira) names: Shown,
    pub(in crate::jira) schema: Shown,
    pub(in crate::jira) rendered: Shown,
    /// The newest so many entries of the changelog.
    pub(in crate::jira) changelog: Option<usize>,
    /// The newest so many comments; all of them when `None`.
    pub(in crate::jira) comments: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::jira) enum Shown {
    #[default]
    No,
    Yes,
}

impl Expand {
    pub(in crate::jira) fn new(asked: &[String], changelog: usize) -> Self {
        let has = |name: &str| asked.iter().any(|one| one.trim() == name);
        let shown = |name: &str| if has(name) { Shown::Yes } else { Shown::No };
        Self {
            names: shown("names"),
            schema: shown("schema"),
            rendered: shown("renderedFields"),
            changelog: has("changelog").then_some(changelog),
            comments: None,
        }
    }
}

const EXPANDABLE: &str = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations";

impl View<'_> {
    pub(in crate::jira) fn issue(&self, issue: &Issue, selection: &Selection, expand: &Expand) -> Value {
        let mut shown = json!({
            "expand": EXPANDABLE,
            "id": issue.id.to_string(),
            "self": self.link(&format!("issue/{}", issue.id)),
            "key": issue.key,
        });
        let Some(parts) = shown.as_object_mut() else {
            return shown;
        };
        if !selection.wanted.is_empty() {
            parts.insert("fields".into(), self.fields(issue, selection, expand).into());
        }
        if expand.rendered == Shown::Yes {
            parts.insert("renderedFields".into(), self.rendered(issue, selection).into());
        }
        if let Some(most) = expand.changelog {
            let newest: Vec<Value> =
                issue.changelog.iter().rev().take(most).map(|history| self.history(history)).collect();
            let page = json!({ "startAt": 0, "maxResults": newest.len(), "total": issue.changelog.len(), "histories": newest });
            parts.insert("changelog".into(), page);
        }
        shown
    }

    fn fields(&self, issue: &Issue, selection: &Selection, expand: &Expand) -> Map<String, Value> {
        let mut shown = Map::new();
        for name in super::fields::SYSTEM.iter().map(|field| field.id).filter(|name| selection.wants(name)) {
            if let Some(value) = self.system_field(issue, name, expand) {
                shown.insert(name.into(), value);
            }
        }
        for field in &self.store.content.fields {
            if selection.wants(&field.wire_id()) {
                let value = issue.custom.get(&field.id).map_or(Value::Null, |value| self.custom(field, value));
                shown.insert(field.wire_id(), value);
            }
        }
        shown
    }

    fn system_field(&self, issue: &Issue, name: &str, expand: &Expand) -> Option<Value> {
        let content = &self.store.content;
        let shown = match name {
            "summary" => issue.summary.as_str().into(),
            "description" => self.rich_text(&issue.description),
            "issuetype" => nullable(
                content.issue_types.iter().find(|one| one.id == issue.issue_type).map(|one| self.issue_type(one)),
            ),
            "project" => nullable(self.store.project(issue.project).map(|project| self.project_ref(project))),
            "status" => nullable(self.store.status(issue.status).map(|status| self.status(status))),
            "statusCategory" => {
                nullable(self.store.status(issue.status).map(|status| self.category(status.category)))
            }
            "priority" => nullable(
                content.priorities.iter().find(|one| Some(one.id) == issue.priority).map(|one| self.priority(one)),
            ),
            "resolution" => nullable(
                content
                    .resolutions
                    .iter()
                    .find(|one| Some(one.id) == issue.resolution)
                    .map(|one| self.resolution(one)),
            ),
            "resolutiondate" => {
                nullable(issue.resolved.map(|moment| times::in_zone(moment, &self.caller.zone).into()))
            }
            "created" => times::in_zone(issue.created, &self.caller.zone).into(),
            "updated" => times::in_zone(issue.updated, &self.caller.zone).into(),
            "duedate" => nullable(issue.due.map(|date| date.to_string().into())),
            "assignee" => self.person(issue.assignee.as_deref()),
            "reporter" | "creator" => self.person(issue.reporter.as_deref()),
            "labels" => issue.labels.clone().into(),
            "components" => issue
                .components
                .iter()
                .filter_map(|id| self.store.component(*id))
                .map(|one| self.component_ref(one))
                .collect(),
            "fixVersions" => self.versions(&issue.fix_versions),
            "versions" => self.versions(&issue.affects_versions),
            // Absent, not null, where there is none.
            "parent" => {
                return self.store.issue(issue.parent?).map(|parent| self.issue_ref(parent));
            }
            "subtasks" => self.subtasks(issue),
            "issuelinks" => self.links(issue),
            "comment" => self.comments(issue, expand.comments),
            _ => return None,
        };
        Some(shown)
    }

    fn subtasks(&self, issue: &Issue) -> Value {
        let children = self.store.children(issue.id).into_iter().flatten().filter_map(|id| self.store.issue(*id));
        let is_subtask = |child: &&std::sync::Arc<Issue>| {
            self.store.content.issue_types.iter().any(|kind| kind.id == child.issue_type && kind.level < 0)
        };
        children
            .filter(is_subtask)
            .filter(|child| self.caller.sees(child.project))
            .map(|child| self.issue_ref(child))
            .collect()
    }

    /// Each entry has one end only; links to issues the caller may not see are left out.
    fn links(&self, issue: &Issue) -> Value {
        let outward = issue.links.iter().map(|link| (link.id, link.link_type, "outwardIssue", link.target));
        let inward = self.store.incoming(issue.id).filter_map(|(id, source)| {
            let link = self.store.issue(source)?.links.iter().find(|link| link.id == id)?;
            Some((id, link.link_type, "inwardIssue", source))
        });
        let shown = outward.chain(inward).filter_map(|(id, kind, end, other)| {
            let other = self.store.issue(other).filter(|other| self.caller.sees(other.project))?;
            let kind = self.store.link_type(kind)?;
            let mut entry = Map::new();
            entry.insert("id".into(), id.to_string().into());
            entry.insert("self".into(), self.link(&format!("issueLink/{id}")).into());
            entry.insert("type".into(), self.link_type(kind));
            entry.insert(end.into(), self.issue_ref(other));
            Some(Value::Object(entry))
        });
        shown.collect()
    }

    fn issue_ref(&self, issue: &Issue) -> Value {
        let content = &self.store.content;
        let kind = content.issue_types.iter().find(|one| one.id == issue.issue_type);
        let priority = content.priorities.iter().find(|one| Some(one.id) == issue.priority);
        json!({
            "id": issue.id.to_string(),
            "key": issue.key,
            "self": self.link(&format!("issue/{}", issue.id)),
            "fields": {
                "summary": issue.summary,
                "status": self.store.status(issue.status).map(|status| self.status(status)),
                "priority": priority.map(|one| self.priority(one)),
                "issuetype": kind.map(|one| self.issue_type(one)),
            },
        })
    }

    fn component_ref(&self, component: &crate::jira::content::Component) -> Value {
        json!({
            "self": self.link(&format!("component/{}", component.id)),
            "id": component.id.to_string(),
            "name": component.name,
            "description": component.description,
        })
    }

    fn versions(&self, ids: &[u64]) -> Value {
        ids.iter().filter_map(|id| self.store.version(*id)).map(|version| self.version_ref(version)).collect()
    }

    fn comments(&self, issue: &Issue, newest: Option<usize>) -> Value {
        let skip = newest.map_or(0, |newest| issue.comments.len().saturating_sub(newest));
        let shown: Vec<Value> =
            issue.comments.iter().skip(skip).map(|comment| self.comment(issue.id, comment)).collect();
        json!({
            "comments": shown,
            "self": self.link(&format!("issue/{}/comment", issue.id)),
            "maxResults": shown.len(),
            "total": issue.comments.len(),
            "startAt": 0,
        })
    }

    pub(in crate::jira) fn comment(&self, issue: u64, comment: &Comment) -> Value {
        json!({
            "self": self.link(&format!("issue/{issue}/comment/{}", comment.id)),
            "id": comment.id.to_string(),
            "author": self.person(comment.author.as_deref()),
            "body": self.rich_text(&comment.body),
            "updateAuthor": self.person(comment.author.as_deref()),
            "created": times::in_zone(comment.created, &self.caller.zone),
            "updated": times::in_zone(comment.updated, &self.caller.zone),
            "jsdPublic": true,
        })
    }

    pub(in crate::jira) fn history(&self, history: &History) -> Value {
        let items: Vec<Value> = history.items.iter().map(history_item).collect();
        let mut shown = json!({
            "id": history.id.to_string(),
            "created": times::in_zone(history.created, &self.caller.zone),
            "items": items,
        });
        if let (Some(author), Some(parts)) = (&history.author, shown.as_object_mut()) {
            parts.insert("author".into(), self.person(Some(author)));
        }
        shown
    }

    fn rich_text(&self, text: &str) -> Value {
        match self.api {
            Api::V3 => adf::document(text),
            Api::V2 if text.is_empty() => Value::Null,
            Api::V2 => text.into(),
        }
    }

    fn rendered(&self, issue: &Issue, selection: &Selection) -> Map<String, Value> {
        let mut shown = Map::new();
        if selection.wants("description") {
            shown.insert("description".into(), html(&issue.description).into());
        }
        shown
    }

    fn custom(&self, field: &CustomField, value: &CustomValue) -> Value {
        let option = |text: &String| {
            let id = field.options.iter().find(|(_, known)| known == text).map_or(field.id, |(id, _)| *id);
            json!({ "self": self.link(&format!("customFieldOption/{id}")), "value": text, "id": id.to_string() })
        };
        match value {
            CustomValue::Text(text) if field.kind == FieldKind::TextArea => self.rich_text(text),
            CustomValue::Text(text) => text.as_str().into(),
            CustomValue::Number(number) => json!(number),
            CustomValue::Date(date) => date.to_string().into(),
            CustomValue::DateTime(moment) => times::in_zone(*moment, &self.caller.zone).into(),
            CustomValue::Choice(text) => option(text),
            CustomValue::Choices(texts) => texts.iter().map(option).collect(),
            CustomValue::User(id) => self.person(Some(id)),
            CustomValue::Users(ids) => ids.iter().map(|id| self.person(Some(id))).collect(),
            CustomValue::Labels(labels) => labels.clone().into(),
            CustomValue::Versions(ids) => self.versions(ids),
        }
    }
}

/// `null` where there was no value, as sites send it, although the description types these as plain strings.
pub(in crate::jira) fn history_item(item: &crate::jira::content::HistoryItem) -> Value {
    let kind = if item.field_id.starts_with("customfield_") { "custom" } else { "jira" };
    json!({
        "field": item.field,
        "fieldtype": kind,
        "fieldId": item.field_id,
        "from": item.from,
        "fromString": item.from_string,
        "to": item.to,
        "toString": item.to_string,
    })
}

fn nullable(value: Option<Value>) -> Value {
    value.unwrap_or(Value::Null)
}

fn html(text: &str) -> String {
    let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let paragraphs = safe
        .split("\n\n")
        .filter(|part| !part.is_empty())
        .map(|part| format!("<p>{}</p>", part.replace('\n', "<br/>")));
    paragraphs.collect::<Vec<_>>().join("\n")
}
