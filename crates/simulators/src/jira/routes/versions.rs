//! Versions, which are a project's releases.

use std::cmp::Ordering;

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Answer, Body, Call, answer, rows};
use crate::jira::Change;
use crate::jira::content::{Category, CustomValue, Issue, Version};
use crate::jira::errors::Refusal;
use crate::jira::store::Store;
use crate::jira::wire::records::related_work as shown_work;

/// A plain array of all, in sequence.
pub(super) async fn all(call: Call, Path(project): Path<String>) -> Answer {
    let store = call.jira.read();
    let project = call.project(&store, &project)?.id;
    let own = store.content.versions.iter().filter(|version| version.project == project);
    Ok(rows(own.map(|version| shown(&call, &store, version)).collect()))
}

pub(super) async fn page(call: Call, Path(project): Path<String>) -> Answer {
    let store = call.jira.read();
    let project = call.project(&store, &project)?.id;
    let text = call.first("query").unwrap_or_default().to_lowercase();
    let statuses = call.list("status");
    let wanted = |version: &&Version| {
        let status = if version.archived {
            "archived"
        } else if version.released {
            "released"
        } else {
            "unreleased"
        };
        let described =
            version.name.to_lowercase().contains(&text) || version.description.to_lowercase().contains(&text);
        version.project == project && described && (statuses.is_empty() || statuses.iter().any(|one| one == status))
    };
    let mut own: Vec<&Version> = store.content.versions.iter().filter(wanted).collect();
    sort(&mut own, call.first("orderBy").unwrap_or("sequence"))?;
    call.page(own.into_iter().map(|version| shown(&call, &store, version)).collect(), (50, 50))
}

fn sort(versions: &mut [&Version], by: &str) -> Result<(), Refusal> {
    // A plus in a query string may arrive as a space.
    let (descending, name) = match by.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, by.trim_start_matches(['+', ' '])),
    };
    let order: fn(&Version, &Version) -> Ordering = match name {
        "sequence" => |_, _| Ordering::Equal,
        "name" => |one, two| one.name.cmp(&two.name),
        "description" => |one, two| one.description.cmp(&two.description),
        "releaseDate" => |one, two| one.release_date.cmp(&two.release_date),
        "startDate" => |one, two| one.start_date.cmp(&two.start_date),
        _ => return Err(Refusal::bad(format!("Cannot order by '{by}'."))),
    };
    versions.sort_by(|one, two| order(one, two));
    if descending {
        versions.reverse();
    }
    Ok(())
}

pub(super) async fn one(call: Call, Path(id): Path<String>) -> Answer {
    let store = call.jira.read();
    Ok(answer(shown(&call, &store, call.version(&store, &id)?), 1))
}

fn shown(call: &Call, store: &Store, version: &Version) -> Value {
    let mut body = call.view(store).version(version);
    let Some(parts) = body.as_object_mut() else {
        return body;
    };
    for part in call.list("expand") {
        match part.as_str() {
            "operations" => {
                parts.insert("operations".into(), json!([]));
            }
            "driver" => {
                if let Some(driver) = &version.driver {
                    parts.insert("driver".into(), driver.as_str().into());
                }
            }
            "approvers" => {
                let approvers = version.approvers.iter().map(|approver| {
                    let mut shown = json!({ "accountId": approver.account_id, "status": approver.status, "description": approver.description });
                    if let (Some(reason), Some(fields)) = (&approver.decline_reason, shown.as_object_mut()) {
                        fields.insert("declineReason".into(), reason.as_str().into());
                    }
                    shown
                });
                parts.insert("approvers".into(), approvers.collect());
            }
            "issuesstatus" => {
                let count = |category| {
                    let fixed = fixed(call, store, version.id);
                    fixed
                        .filter(|issue| {
                            store.status(issue.status).is_some_and(|status| status.category == category)
                        })
                        .count()
                };
                let counts = json!({
                    "unmapped": 0, "toDo": count(Category::New), "inProgress": count(Category::Indeterminate), "done": count(Category::Done),
                });
                parts.insert("issuesStatusForFixVersion".into(), counts);
            }
            _ => {}
        }
    }
    body
}

fn fixed<'a>(call: &'a Call, store: &'a Store, version: u64) -> impl Iterator<Item = &'a Issue> {
    let ids = store.fixed_in(version).into_iter().flatten();
    ids.filter_map(|id| store.issue(*id))
        .map(AsRef::as_ref)
        .filter(|issue: &&Issue| call.caller.sees(issue.project))
}

pub(super) async fn related_counts(call: Call, Path(id): Path<String>) -> Answer {
    let store = call.jira.read();
    let version = call.version(&store, &id)?;
    let all = || store.ids().filter_map(|id| store.issue(id)).filter(|issue| call.caller.sees(issue.project));
    let names = |value: &CustomValue| matches!(value, CustomValue::Versions(ids) if ids.contains(&version.id));
    let usage = store.content.fields.iter().filter_map(|field| {
        let count = all().filter(|issue| issue.custom.get(&field.id).is_some_and(names)).count();
        let shown = json!({ "fieldName": field.name, "customFieldId": field.id, "issueCountWithVersionInCustomField": count });
        (count > 0).then_some(shown)
    });
    let body = json!({
        "self": call.view(&store).link(&format!("version/{}", version.id)),
        "issuesFixedCount": fixed(&call, &store, version.id).count(),
        "issuesAffectedCount": all().filter(|issue| issue.affects_versions.contains(&version.id)).count(),
        "issueCountWithCustomFieldsShowingVersion": all().filter(|issue| issue.custom.values().any(names)).count(),
        "customFieldUsage": usage.collect::<Vec<Value>>(),
    });
    Ok(answer(body, 0))
}

/// Unresolved by resolution, whatever the status says.
pub(super) async fn unresolved_count(call: Call, Path(id): Path<String>) -> Answer {
    let store = call.jira.read();
    let version = call.version(&store, &id)?.id;
    let body = json!({
        "self": call.view(&store).link(&format!("version/{version}")),
        "issuesUnresolvedCount": fixed(&call, &store, version).filter(|issue| issue.resolution.is_none()).count(),
        "issuesCount": fixed(&call, &store, version).count(),
    });
    Ok(answer(body, 0))
}

pub(super) async fn related_work(call: Call, Path(id): Path<String>) -> Answer {
    let store = call.jira.read();
    let version = call.version(&store, &id)?;
    Ok(rows(version.related_work.iter().map(shown_work).collect()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    name: Option<String>,
    description: Option<String>,
    project: Option<String>,
    project_id: Option<u64>,
    archived: Option<bool>,
    released: Option<bool>,
    start_date: Option<Date>,
    release_date: Option<Date>,
    driver: Option<String>,
    /// The address of the version that takes the unresolved issues of one being released.
    move_unfixed_issues_to: Option<String>,
}

pub(super) async fn create(call: Call, Body(sent): Body<Sent>) -> Answer {
    call.actor()?;
    let mut version = Version::default();
    {
        let store = call.jira.read();
        let named = sent.project_id.map(|id| id.to_string()).or_else(|| sent.project.clone());
        let named =
            named.ok_or_else(|| Refusal::field("projectId", "Project must be specified to create a version."))?;
        version.project = call.project(&store, &named)?.id;
        if sent.name.is_none() {
            return Err(Refusal::field("name", "You must specify a valid version name"));
        }
        apply(&store, &mut version, &sent)?;
    }
    let id = call.jira.add_version(version);
    let store = call.jira.read();
    let body = shown(&call, &store, call.version(&store, &id.to_string())?);
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

pub(super) async fn update(call: Call, Path(id): Path<String>, Body(sent): Body<Sent>) -> Answer {
    let actor = call.actor()?.to_owned();
    let (changed, unresolved) = {
        let store = call.jira.read();
        let mut version = call.version(&store, &id)?.clone();
        apply(&store, &mut version, &sent)?;
        let unresolved = fixed(&call, &store, version.id).filter(|issue| issue.resolution.is_none());
        let unresolved: Vec<(String, Vec<u64>)> =
            unresolved.map(|issue| (issue.key.clone(), issue.fix_versions.clone())).collect();
        (version, unresolved)
    };
    let number = changed.id;
    call.jira.change_version(number, |version| *version = changed).map_err(|_| Refusal::no_version(&id))?;
    let target = sent
        .move_unfixed_issues_to
        .as_deref()
        .and_then(|url| url.rsplit('/').next())
        .and_then(|id| id.parse::<u64>().ok());
    if let Some(target) = target {
        for (key, versions) in unresolved {
            let kept = versions.into_iter().filter(|version| *version != number && *version != target);
            let change = Change::FixVersions(kept.chain([target]).collect());
            call.jira.set_field(&key, &actor, change).map_err(|_| Refusal::no_issue())?;
        }
    }
    let store = call.jira.read();
    Ok(answer(shown(&call, &store, call.version(&store, &id)?), 1))
}

fn apply(store: &Store, version: &mut Version, sent: &Sent) -> Result<(), Refusal> {
    if let Some(name) = &sent.name {
        let name = name.trim();
        if name.is_empty() {
            return Err(Refusal::field("name", "You must specify a valid version name"));
        }
        let mut others = store
            .content
            .versions
            .iter()
            .filter(|other| other.project == version.project && other.id != version.id);
        if others.any(|other| other.name.eq_ignore_ascii_case(name)) {
            return Err(Refusal::field("name", "A version with this name already exists in this project."));
        }
        name.clone_into(&mut version.name);
    }
    if let Some(description) = &sent.description {
        version.description.clone_from(description);
    }
    version.archived = sent.archived.unwrap_or(version.archived);
    version.released = sent.released.unwrap_or(version.released);
    version.start_date = sent.start_date.or(version.start_date);
    version.release_date = sent.release_date.or(version.release_date);
    version.driver = sent.driver.clone().or_else(|| version.driver.take());
    if let (Some(start), Some(release)) = (version.start_date, version.release_date)
        && start > release
    {
        return Err(Refusal::field("startDate", "The start date cannot be after the release date."));
    }
    Ok(())
}
