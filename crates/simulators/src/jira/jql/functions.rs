//! The functions that name records or people. Dates are in `dates`; groups, sprints and saved filters are left out.

use super::values::Field;
use super::{Context, dates, lookup};
use crate::jira::content::{FieldKind, Version};
use jiff::Timestamp;

/// `Ok(None)`: there is no such function for this field.
pub(super) fn ids(
    context: Context<'_>,
    field: Field,
    (name, arguments): (&str, &[String]),
) -> Result<Option<Vec<u64>>, String> {
    let lower = name.to_lowercase();
    let types = |keep: fn(i32) -> bool| {
        let all = context.store.content.issue_types.iter();
        Ok(Some(all.filter(|kind| keep(kind.level)).map(|kind| kind.id).collect()))
    };
    match (field, lower.as_str()) {
        (Field::FixVersion | Field::AffectedVersion | Field::Custom(_, FieldKind::Versions), _) => {
            versions(context, &lower, arguments)
        }
        (Field::Type, "standardissuetypes") => types(|level| level >= 0),
        (Field::Type, "subtaskissuetypes") => types(|level| level < 0),
        (Field::Key, "linkedissues") => linked(context, arguments).map(Some),
        _ => Ok(None),
    }
}

/// `currentUser()`: nobody for an anonymous caller.
pub(super) fn people(context: Context<'_>, name: &str) -> Option<Vec<String>> {
    name.eq_ignore_ascii_case("currentUser").then(|| context.caller.account_id.iter().cloned().collect())
}

pub(super) fn moment(context: Context<'_>, name: &str, arguments: &[String]) -> Option<Timestamp> {
    let lower = name.to_lowercase();
    if lower == "now" {
        return Some(context.now);
    }
    dates::boundary(&lower, arguments.first().map(String::as_str), (context.now, &context.caller.zone))
}

pub(super) fn unknown(name: &str) -> String {
    format!("Unable to find JQL function '{name}()'.")
}

fn versions(context: Context<'_>, name: &str, arguments: &[String]) -> Result<Option<Vec<u64>>, String> {
    let mut projects = Vec::new();
    for argument in arguments {
        match lookup::ids(context, Field::Project, (argument, true), "project") {
            Ok(found) => projects.extend(found),
            Err(_) => {
                return Err(format!("Could not resolve the project '{argument}' provided to function '{name}'."));
            }
        }
    }
    let asked = |version: &&Version| {
        context.caller.sees(version.project)
            && (arguments.is_empty() || projects.contains(&version.project))
            && !version.archived
    };
    let mut found = context.store.content.versions.iter().filter(asked);
    let id = |version: &Version| version.id;
    Ok(Some(match name {
        "releasedversions" => found.filter(|version| version.released).map(id).collect(),
        "unreleasedversions" => found.filter(|version| !version.released).map(id).collect(),
        "latestreleasedversion" => found.rfind(|version| version.released).map(id).into_iter().collect(),
        "earliestunreleasedversion" => found.find(|version| !version.released).map(id).into_iter().collect(),
        _ => return Ok(None),
    }))
}

/// Issues linked to one, from either end, optionally only by one description ("blocks").
fn linked(context: Context<'_>, arguments: &[String]) -> Result<Vec<u64>, String> {
    let Some(key) = arguments.first() else {
        return Err("Function 'linkedIssues' expected between '1' and '20' arguments but received '0'.".into());
    };
    let id = lookup::issue(context, key, "issue")?;
    let described = arguments.get(1);
    let store = context.store;
    let named = |kind: u64, outward: bool| {
        let kind =
            store.link_type(kind).map(|kind| if outward { kind.outward.as_str() } else { kind.inward.as_str() });
        described.is_none_or(|wanted| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(wanted)))
    };
    let out = store.issue(id).into_iter().flat_map(|issue| &issue.links);
    let out = out.filter(|link| named(link.link_type, true)).map(|link| link.target);
    let incoming = store.incoming(id).filter(|(link, source)| {
        let links = store.issue(*source).into_iter().flat_map(|issue| &issue.links);
        links.filter(|known| known.id == *link).any(|known| named(known.link_type, false))
    });
    Ok(out.chain(incoming.map(|(_, source)| source)).collect())
}
