//! A written value to the records it names. Only what the caller may see counts as existing; one name may mean several
//! records (a version `1.0` in each project).

use super::Context;
use super::values::Field;
use crate::jira::content::{Category, FieldKind};

/// Ids for a value, or the sentence Jira refuses the query with.
pub(super) fn ids(
    context: Context<'_>,
    field: Field,
    (text, quoted): (&str, bool),
    shown: &str,
) -> Result<Vec<u64>, String> {
    if matches!(field, Field::Key | Field::Parent) {
        return issue(context, text, shown).map(|id| vec![id]);
    }
    let candidates = candidates(context, field);
    let by_name = || -> Vec<u64> {
        candidates
            .iter()
            .filter(|(_, names)| names.iter().any(|name| equal(name, text)))
            .map(|(id, _)| *id)
            .collect()
    };
    let by_id = || -> Vec<u64> {
        let wanted = text.parse().ok();
        candidates.iter().map(|(id, _)| *id).filter(|id| Some(*id) == wanted).collect()
    };
    let is_number = text.parse::<u64>().is_ok();
    // A bare number is an id first; a quoted one is a name first.
    let mut found = if is_number && !quoted { by_id() } else { by_name() };
    if found.is_empty() {
        found = if is_number && !quoted { by_name() } else { by_id() };
    }
    if found.is_empty() {
        return Err(if is_number && !quoted {
            format!("A value with ID '{text}' does not exist for the field '{shown}'.")
        } else {
            format!("The value '{text}' does not exist for the field '{shown}'.")
        });
    }
    Ok(found)
}

/// Account ids, labels or options for a value.
pub(super) fn names(context: Context<'_>, field: Field, text: &str, shown: &str) -> Result<Vec<String>, String> {
    match field {
        Field::Assignee | Field::Reporter | Field::Custom(_, FieldKind::User | FieldKind::Users) => {
            let found: Vec<String> = context
                .store
                .content
                .users
                .iter()
                .filter(|user| {
                    user.account_id == text
                        || equal(&user.display_name, text)
                        || user.email.as_deref().is_some_and(|email| equal(email, text))
                })
                .map(|user| user.account_id.clone())
                .collect();
            if found.is_empty() {
                Err(format!("The value '{text}' does not exist for the field '{shown}'."))
            } else {
                Ok(found)
            }
        }
        Field::Custom(id, FieldKind::Select | FieldKind::MultiSelect) => {
            let options = context.store.field(id).map(|field| field.options.as_slice()).unwrap_or_default();
            let found = options
                .iter()
                .filter(|(id, option)| equal(option, text) || text.parse() == Ok(*id))
                .map(|(_, option)| option.clone());
            let found: Vec<String> = found.collect();
            if found.is_empty() {
                Err(format!("The option '{text}' for field '{shown}' does not exist."))
            } else {
                Ok(found)
            }
        }
        // Any label may be asked for.
        _ => Ok(vec![text.to_owned()]),
    }
}

pub(super) fn issue(context: Context<'_>, text: &str, shown: &str) -> Result<u64, String> {
    let found = context.store.find_issue(text).filter(|issue| context.caller.sees(issue.project));
    found.map(|issue| issue.id).ok_or_else(|| {
        if text.parse::<u64>().is_ok() {
            format!("A value with ID '{text}' does not exist for the field '{shown}'.")
        } else if text.rsplit_once('-').is_some_and(|(_, number)| number.parse::<u64>().is_ok()) {
            format!("An issue with key '{text}' does not exist for field '{shown}'.")
        } else {
            format!("The issue key '{text}' for field '{shown}' is invalid.")
        }
    })
}

/// Ids of versions that compare so to one of these, in the same project and by sequence.
pub(super) fn versions_beside(context: Context<'_>, of: &[u64], keep: impl Fn(usize, usize) -> bool) -> Vec<u64> {
    let store = context.store;
    let beside = |id: &u64, other: u64| {
        let same_project = store.version(*id).map(|version| version.project)
            == store.version(other).map(|version| version.project);
        same_project
            && store
                .version_sequence(*id)
                .zip(store.version_sequence(other))
                .is_some_and(|(one, two)| keep(two, one))
    };
    let all = store.content.versions.iter().map(|version| version.id);
    all.filter(|other| of.iter().any(|id| beside(id, *other))).collect()
}

/// Ids of priorities that compare so to one of these; the first in the list is the greatest.
pub(super) fn priorities_beside(context: Context<'_>, of: &[u64], keep: impl Fn(usize, usize) -> bool) -> Vec<u64> {
    let all = &context.store.content.priorities;
    let rank = |id: u64| all.iter().rev().position(|priority| priority.id == id);
    let beside = |id: u64, other: u64| rank(id).zip(rank(other)).is_some_and(|(one, two)| keep(two, one));
    all.iter().map(|priority| priority.id).filter(|other| of.iter().any(|id| beside(*id, *other))).collect()
}

fn candidates(context: Context<'_>, field: Field) -> Vec<(u64, Vec<&str>)> {
    let content = &context.store.content;
    let seen = |project: u64| context.caller.sees(project);
    match field {
        Field::Project => {
            let projects = content.projects.iter().filter(|project| seen(project.id));
            let names = projects.map(|project| {
                let old = project.old_keys.iter().map(String::as_str);
                (project.id, [project.key.as_str(), project.name.as_str()].into_iter().chain(old).collect())
            });
            names.collect()
        }
        Field::FixVersion | Field::AffectedVersion | Field::Custom(_, FieldKind::Versions) => {
            let versions = content.versions.iter().filter(|version| seen(version.project));
            versions.map(|version| (version.id, vec![version.name.as_str()])).collect()
        }
        Field::Component => {
            let components = content.components.iter().filter(|component| seen(component.project));
            components.map(|component| (component.id, vec![component.name.as_str()])).collect()
        }
        Field::Status => content.statuses.iter().map(|one| (one.id, vec![one.name.as_str()])).collect(),
        Field::Category => {
            let all = [Category::New, Category::Indeterminate, Category::Done];
            all.iter().map(|category| (category.id(), vec![category.key(), category.name()])).collect()
        }
        Field::Type => content.issue_types.iter().map(|one| (one.id, vec![one.name.as_str()])).collect(),
        Field::Priority => content.priorities.iter().map(|one| (one.id, vec![one.name.as_str()])).collect(),
        Field::Resolution => content.resolutions.iter().map(|one| (one.id, vec![one.name.as_str()])).collect(),
        _ => Vec::new(),
    }
}

fn equal(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
