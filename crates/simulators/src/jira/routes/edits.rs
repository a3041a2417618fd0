//! `fields` and `update` of a sent issue, read into changes; each mistake is told under its field.

use serde_json::{Map, Value};

use crate::jira::Change;
use crate::jira::content::{CustomField, CustomValue, FieldKind, Issue};
use crate::jira::errors::Refusal;
use crate::jira::store::Store;
use crate::jira::wire::{Api, adf, times};

pub(super) struct Edits<'a> {
    pub(super) store: &'a Store,
    pub(super) api: Api,
    /// The project the issue is in, or will be.
    pub(super) project: u64,
}

type Sent = Map<String, Value>;

impl Edits<'_> {
    /// Everything but `project` and `issuetype` on creation, which the caller has read already.
    pub(super) fn fields(&self, fields: &Sent) -> Result<Vec<Change>, Refusal> {
        let sent = fields.iter().filter(|(name, _)| name.as_str() != "project");
        sent.map(|(name, value)| self.change(name, value).map_err(|message| Refusal::field(name, &message)))
            .collect()
    }

    /// `update: {labels: [{add: "x"}]}`: `set`, `add` and `remove`.
    pub(super) fn updates(&self, issue: &Issue, update: &Sent) -> Result<Vec<Change>, Refusal> {
        let mut changes = Vec::new();
        for (name, operations) in update.iter().filter(|(name, _)| name.as_str() != "comment") {
            let mut value = listed(issue, name);
            for operation in operations.as_array().into_iter().flatten() {
                let Some(operation) = operation.as_object() else {
                    let message = format!("An operation on '{name}' must be an object such as {{\"set\": …}}.");
                    return Err(Refusal::field(name, &message));
                };
                for (verb, operand) in operation {
                    value = match (verb.as_str(), value) {
                        ("set", _) => operand.clone(),
                        ("add", Value::Array(mut list)) => {
                            list.push(operand.clone());
                            Value::Array(list)
                        }
                        ("remove", Value::Array(mut list)) => {
                            let gone = self.ids(name, &Value::Array(vec![operand.clone()])).unwrap_or_default();
                            list.retain(|entry| {
                                let id = entry.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
                                entry != operand && id.is_none_or(|id: u64| !gone.contains(&id))
                            });
                            Value::Array(list)
                        }
                        _ => {
                            return Err(Refusal::field(
                                name,
                                &format!("Field '{name}' does not support operation '{verb}'."),
                            ));
                        }
                    };
                }
            }
            changes.push(self.change(name, &value).map_err(|message| Refusal::field(name, &message))?);
        }
        Ok(changes)
    }

    fn change(&self, name: &str, value: &Value) -> Result<Change, String> {
        let content = &self.store.content;
        Ok(match name {
            "summary" => match value.as_str().map(str::trim).filter(|text| !text.is_empty()) {
                Some(text) => Change::Summary(text.to_owned()),
                None => return Err("You must specify a summary of the issue.".into()),
            },
            "description" => Change::Description(self.rich_text(value)?),
            "priority" => Change::Priority(one(value, |text| {
                content.priorities.iter().find(|one| same(&one.name, one.id, text)).map(|one| one.id)
            })?),
            "resolution" => Change::Resolution(one(value, |text| {
                content.resolutions.iter().find(|one| same(&one.name, one.id, text)).map(|one| one.id)
            })?),
            "issuetype" => {
                let found = one(value, |text| {
                    content.issue_types.iter().find(|one| same(&one.name, one.id, text)).map(|one| one.id)
                })?;
                Change::IssueType(found.ok_or("Specify an issue type")?)
            }
            "assignee" => Change::Assignee(self.person(value)?),
            "reporter" => Change::Reporter(self.person(value)?),
            "duedate" => Change::Due(match value {
                Value::Null => None,
                _ => Some(
                    value
                        .as_str()
                        .and_then(|text| text.parse().ok())
                        .ok_or("Operation value must be a string of the form yyyy-MM-dd")?,
                ),
            }),
            "labels" => {
                let labels = texts(value)?;
                if labels.iter().any(|label| label.contains(char::is_whitespace)) {
                    return Err("The label contains spaces which is invalid.".into());
                }
                Change::Labels(labels)
            }
            "fixVersions" => Change::FixVersions(self.ids(name, value)?),
            "versions" => Change::AffectsVersions(self.ids(name, value)?),
            "components" => Change::Components(self.ids(name, value)?),
            "parent" => Change::Parent(match value {
                Value::Null => None,
                _ => {
                    let named = value.get("key").or_else(|| value.get("id")).and_then(Value::as_str);
                    let found = named.and_then(|named| self.store.find_issue(named));
                    Some(found.ok_or("Could not find issue by id or key.")?.id)
                }
            }),
            _ => {
                let field = content.fields.iter().find(|field| field.wire_id() == name);
                let field = field.ok_or_else(|| {
                    format!("Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.")
                })?;
                Change::Custom(field.id, if value.is_null() { None } else { Some(self.custom(field, value)?) })
            }
        })
    }

    /// v3 wants a document, v2 a string; each refuses the other's.
    pub(super) fn rich_text(&self, value: &Value) -> Result<String, String> {
        match (self.api, value) {
            (_, Value::Null) => Ok(String::new()),
            (Api::V2, Value::String(_)) => Ok(adf::text(value)),
            (Api::V3, Value::Object(document)) if document.get("type").and_then(Value::as_str) == Some("doc") => {
                Ok(adf::text(value))
            }
            (Api::V3, _) => {
                Err("Operation value must be an Atlassian Document (see the Atlassian Document Format)".into())
            }
            (Api::V2, _) => Err("Operation value must be a string".into()),
        }
    }

    fn person(&self, value: &Value) -> Result<Option<String>, String> {
        let id = value.get("accountId").or_else(|| value.get("id")).and_then(Value::as_str);
        match id {
            None => Ok(None),
            Some(id) => self
                .store
                .user(id)
                .map(|user| Some(user.account_id.clone()))
                .ok_or_else(|| format!("User '{id}' does not exist.")),
        }
    }

    /// Versions and components of the issue's project, by id or name.
    fn ids(&self, field: &str, value: &Value) -> Result<Vec<u64>, String> {
        let content = &self.store.content;
        let entries = value.as_array().ok_or("data was not an array")?;
        let find = |text: &str| match field {
            "components" => {
                let mut own = content.components.iter().filter(|one| one.project == self.project);
                own.find(|one| same(&one.name, one.id, text)).map(|one| one.id)
            }
            _ => {
                let mut own = content.versions.iter().filter(|one| one.project == self.project);
                own.find(|one| same(&one.name, one.id, text)).map(|one| one.id)
            }
        };
        let each = entries
            .iter()
            .map(|entry| one(entry, find)?.ok_or_else(|| "expected an object with 'id' or 'name'".to_owned()));
        each.collect()
    }

    fn custom(&self, field: &CustomField, value: &Value) -> Result<CustomValue, String> {
        let text = |value: &Value| {
            value.as_str().map(str::to_owned).ok_or_else(|| "Operation value must be a string".to_owned())
        };
        let option = |value: &Value| {
            let named = value.get("value").or_else(|| value.get("id")).and_then(Value::as_str).unwrap_or_default();
            let found = field.options.iter().find(|(id, option)| same(option, *id, named));
            found.map(|(_, option)| option.clone()).ok_or_else(|| "Specify a valid value for the option".to_owned())
        };
        let list = || value.as_array().ok_or_else(|| "data was not an array".to_owned());
        Ok(match field.kind {
            FieldKind::Text | FieldKind::Url => CustomValue::Text(text(value)?),
            FieldKind::TextArea => CustomValue::Text(self.rich_text(value)?),
            FieldKind::Number => CustomValue::Number(value.as_f64().ok_or("Operation value must be a number")?),
            FieldKind::Date => CustomValue::Date(
                text(value)?.parse().map_err(|_| "Operation value must be a date of the form yyyy-MM-dd")?,
            ),
            FieldKind::DateTime => CustomValue::DateTime(
                times::read_instant(&text(value)?)
                    .ok_or("Operation value must be a date and time with an offset")?,
            ),
            FieldKind::Select => CustomValue::Choice(option(value)?),
            FieldKind::MultiSelect => CustomValue::Choices(list()?.iter().map(option).collect::<Result<_, _>>()?),
            FieldKind::User => CustomValue::User(self.person(value)?.ok_or("Specify a user")?),
            FieldKind::Users => {
                let people = list()?.iter().map(|one| self.person(one)?.ok_or_else(|| "Specify a user".to_owned()));
                CustomValue::Users(people.collect::<Result<_, _>>()?)
            }
            FieldKind::Labels => CustomValue::Labels(texts(value)?),
            FieldKind::Versions => CustomValue::Versions(self.ids("fixVersions", value)?),
        })
    }
}

/// What `add` and `remove` start from.
fn listed(issue: &Issue, name: &str) -> Value {
    let by_id = |ids: &[u64]| ids.iter().map(|id| serde_json::json!({ "id": id.to_string() })).collect();
    match name {
        "labels" => issue.labels.clone().into(),
        "fixVersions" => by_id(&issue.fix_versions),
        "versions" => by_id(&issue.affects_versions),
        "components" => by_id(&issue.components),
        _ => Value::Null,
    }
}

/// `{id}` or `{name}`, found by `find`; null is nothing.
fn one(value: &Value, find: impl Fn(&str) -> Option<u64>) -> Result<Option<u64>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let named = value.get("id").or_else(|| value.get("name")).and_then(Value::as_str);
    let named = named.ok_or("expected an object with 'id' or 'name'")?;
    find(named).map(Some).ok_or_else(|| format!("The value '{named}' is not valid."))
}

fn same(name: &str, id: u64, text: &str) -> bool {
    name == text || id.to_string() == text
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or("data was not an array")?;
    list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(|| "string expected".to_owned())).collect()
}
