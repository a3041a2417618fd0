//! The site's fields as `GET /field` lists them, and which of them a request asks for.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::jira::content::{CustomField, FieldKind};
use crate::jira::store::Store;

pub(in crate::jira) struct SystemField {
    pub(in crate::jira) id: &'static str,
    name: &'static str,
    clauses: &'static [&'static str],
    /// `type`, or `type/items` for arrays.
    kind: &'static str,
    /// Part of `*navigable`.
    navigable: bool,
}

const fn field(
    id: &'static str,
    name: &'static str,
    clauses: &'static [&'static str],
    kind: &'static str,
) -> SystemField {
    SystemField { id, name, clauses, kind, navigable: true }
}

pub(in crate::jira) const SYSTEM: &[SystemField] = &[
    field("summary", "Summary", &["summary"], "string"),
    field("issuetype", "Issue Type", &["issuetype", "type"], "issuetype"),
    field("project", "Project", &["project"], "project"),
    field("parent", "Parent", &["parent"], "issuelink"),
    field("status", "Status", &["status"], "status"),
    field("statusCategory", "Status Category", &["statusCategory"], "statusCategory"),
    field("priority", "Priority", &["priority"], "priority"),
    field("resolution", "Resolution", &["resolution"], "resolution"),
    field("resolutiondate", "Resolved", &["resolutiondate", "resolved"], "datetime"),
    field("created", "Created", &["created", "createdDate"], "datetime"),
    field("updated", "Updated", &["updated", "updatedDate"], "datetime"),
    field("duedate", "Due date", &["due", "duedate"], "date"),
    field("assignee", "Assignee", &["assignee"], "user"),
    field("reporter", "Reporter", &["reporter"], "user"),
    field("creator", "Creator", &["creator"], "user"),
    field("labels", "Labels", &["labels"], "array/string"),
    field("components", "Components", &["component"], "array/component"),
    field("fixVersions", "Fix versions", &["fixVersion"], "array/version"),
    field("versions", "Affects versions", &["affectedVersion"], "array/version"),
    field("description", "Description", &["description"], "string"),
    field("issuelinks", "Linked Issues", &["issueLink"], "array/issuelinks"),
    field("subtasks", "Sub-tasks", &["subtasks"], "array/issuelinks"),
    SystemField { id: "comment", name: "Comment", clauses: &["comment"], kind: "comments-page", navigable: false },
];

pub(in crate::jira) fn list(store: &Store) -> Value {
    let key = json!({
        "id": "issuekey", "key": "issuekey", "name": "Key", "custom": false, "orderable": false, "navigable": true,
        "searchable": false, "clauseNames": ["id", "issue", "issuekey", "key"],
    });
    let system = SYSTEM.iter().map(|field| {
        json!({
            "id": field.id, "key": field.id, "name": field.name, "custom": false, "orderable": true,
            "navigable": field.navigable, "searchable": true, "clauseNames": field.clauses, "schema": field.schema(),
        })
    });
    let custom = store.content.fields.iter().map(|field| {
        let id = field.wire_id();
        json!({
            "id": id, "key": id, "name": field.name, "custom": true, "orderable": true, "navigable": true,
            "searchable": true, "clauseNames": [format!("cf[{}]", field.id), field.name], "schema": field.schema(),
        })
    });
    std::iter::once(key).chain(system).chain(custom).collect()
}

impl SystemField {
    fn schema(&self) -> Value {
        match self.kind.split_once('/') {
            Some((kind, items)) => json!({ "type": kind, "items": items, "system": self.id }),
            None => json!({ "type": self.kind, "system": self.id }),
        }
    }
}

impl CustomField {
    pub(in crate::jira) fn wire_id(&self) -> String {
        format!("customfield_{}", self.id)
    }

    fn schema(&self) -> Value {
        let (kind, custom) = match self.kind {
            FieldKind::Text => ("string", "textfield"),
            FieldKind::TextArea => ("string", "textarea"),
            FieldKind::Url => ("string", "url"),
            FieldKind::Number => ("number", "float"),
            FieldKind::Date => ("date", "datepicker"),
            FieldKind::DateTime => ("datetime", "datetime"),
            FieldKind::Select => ("option", "select"),
            FieldKind::MultiSelect => ("array/option", "multiselect"),
            FieldKind::User => ("user", "userpicker"),
            FieldKind::Users => ("array/user", "multiuserpicker"),
            FieldKind::Labels => ("array/string", "labels"),
            FieldKind::Versions => ("array/version", "multiversion"),
        };
        let custom = format!("com.atlassian.jira.plugin.system.customfieldtypes:{custom}");
        match kind.split_once('/') {
            Some((kind, items)) => {
                json!({ "type": kind, "items": items, "custom": custom, "customId": self.id })
            }
            None => json!({ "type": kind, "custom": custom, "customId": self.id }),
        }
    }
}

/// The fields a request wants.
#[derive(Debug, PartialEq)]
pub(in crate::jira) struct Selection {
    pub(in crate::jira) wanted: HashSet<String>,
    /// Only `id` was asked for, which a search answers with the bare id.
    pub(in crate::jira) only_id: bool,
}

impl Selection {
    /// `asked`: names, `*all`, `*navigable`, and `-name` to take one away; `default` when nothing is asked.
    pub(in crate::jira) fn new(store: &Store, asked: &[String], default: &str) -> Self {
        let default = [default.to_owned()];
        let asked: Vec<&str> =
            if asked.is_empty() { &default } else { asked }.iter().map(|name| name.trim()).collect();
        let mut wanted = HashSet::new();
        let only_removals = asked.iter().all(|name| name.starts_with('-'));
        let implied = only_removals.then_some(default.first().map_or("*all", String::as_str));
        for name in implied.into_iter().chain(asked.iter().copied()) {
            match name {
                "*all" => wanted.extend(all(store, |_| true)),
                "*navigable" => wanted.extend(all(store, |field| field.navigable)),
                "id" | "key" | "issuekey" | "" => {}
                _ if name.starts_with('-') => {}
                _ => {
                    wanted.insert(name.to_owned());
                }
            }
        }
        for name in asked.iter().filter_map(|name| name.strip_prefix('-')) {
            wanted.remove(name);
        }
        let only_id = asked.iter().all(|name| *name == "id");
        Self { wanted, only_id }
    }

    pub(in crate::jira) fn wants(&self, field: &str) -> bool {
        self.wanted.contains(field)
    }

    /// For `expand=names` and `expand=schema`: `show` is given each selected field.
    fn described(&self, store: &Store, show: impl Fn(&str, Value) -> Value) -> Map<String, Value> {
        let mut shown = Map::new();
        for field in SYSTEM.iter().filter(|field| self.wants(field.id)) {
            shown.insert(field.id.into(), show(field.name, field.schema()));
        }
        for field in store.content.fields.iter().filter(|field| self.wants(&field.wire_id())) {
            shown.insert(field.wire_id(), show(&field.name, field.schema()));
        }
        shown
    }

    pub(in crate::jira) fn names(&self, store: &Store) -> Map<String, Value> {
        self.described(store, |name, _| name.into())
    }

    pub(in crate::jira) fn schemas(&self, store: &Store) -> Map<String, Value> {
        self.described(store, |_, schema| schema)
    }
}

fn all(store: &Store, keep: impl Fn(&SystemField) -> bool) -> Vec<String> {
    let system = SYSTEM.iter().filter(|field| keep(field)).map(|field| field.id.to_owned());
    system.chain(store.content.fields.iter().map(CustomField::wire_id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jira::content::Content;

    fn selected(asked: &[&str], default: &str) -> Selection {
        let mut content = Content::standard();
        content.fields.push(CustomField::new(10010, "Risk", FieldKind::Select));
        let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
        Selection::new(&Store::new(content), &asked, default)
    }

    #[test]
    fn nothing_asked_takes_the_default() {
        assert!(selected(&[], "id").only_id);
        assert!(selected(&[], "*all").wants("comment"));
        assert!(selected(&[], "*all").wants("customfield_10010"));
    }

    #[test]
    fn navigable_leaves_comments_out_and_a_minus_takes_away() {
        let navigable = selected(&["*navigable", "-summary"], "id");
        assert!(!navigable.wants("comment") && !navigable.wants("summary") && navigable.wants("status"));
        assert!(!selected(&["-summary"], "*all").wants("summary"));
        assert!(selected(&["-summary"], "*all").wants("status"));
    }

    #[test]
    fn key_alone_is_not_the_bare_id() {
        let key = selected(&["key"], "id");
        assert!(!key.only_id && key.wanted.is_empty());
    }
}
