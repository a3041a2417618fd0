//! Tags, branches and what protects them.

use std::cmp::Ordering;

use serde_json::Value;

use crate::github::access::Right;
use crate::github::call::{Answer, Refusal, Reply, Within};
use crate::github::content::Tag;
use crate::github::shape::rules_for;

/// Newest version first, names without a number last.
pub(super) async fn tags(at: Within) -> Answer {
    let mut tags: Vec<&Tag> = at.shelf.data.tags.iter().collect();
    tags.sort_by(|one, other| by_version(&other.name, &one.name));
    Ok(at.page(&tags, |tag| at.shape().tag(&at.shelf.data, tag)))
}

pub(super) async fn one(at: Within) -> Answer {
    let name = at.part("reference");
    let repository = &at.shelf.data;
    let found = if let Some(tag) = name.strip_prefix("tags/") {
        at.shelf.tag(tag).map(|tag| at.shape().tag_reference(repository, tag))
    } else if let Some(branch) = name.strip_prefix("heads/") {
        at.shelf.branch(branch).map(|branch| at.shape().branch_reference(repository, branch))
    } else {
        None
    };
    found.map(Reply::json).ok_or(Refusal::NotFound)
}

/// All refs that begin so; none is an empty list.
pub(super) async fn matching(at: Within) -> Answer {
    let (prefix, repository) = (at.part("prefix"), &at.shelf.data);
    let branches = repository
        .branches
        .iter()
        .map(|branch| (format!("heads/{}", branch.name), at.shape().branch_reference(repository, branch)));
    let tags =
        repository.tags.iter().map(|tag| (format!("tags/{}", tag.name), at.shape().tag_reference(repository, tag)));
    let mut found: Vec<(String, Value)> =
        branches.chain(tags).filter(|(name, _)| name.starts_with(prefix)).collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(at.page(&found, |(_, body)| body.clone()))
}

/// A lightweight tag has no tag object.
pub(super) async fn tag_object(at: Within) -> Answer {
    let sha = at.part("sha");
    let tag = at
        .shelf
        .data
        .tags
        .iter()
        .find(|tag| tag.annotation.as_ref().is_some_and(|annotation| annotation.sha == sha));
    let body = tag.and_then(|tag| at.shape().tag_object(&at.shelf.data, tag));
    body.map(Reply::json).ok_or(Refusal::NotFound)
}

pub(super) async fn branches(at: Within) -> Answer {
    let mut branches: Vec<Value> =
        at.shelf.data.branches.iter().map(|branch| at.shape().short_branch(&at.shelf.data, branch)).collect();
    if let Some(wanted) = at.call.query("protected") {
        let wanted = wanted == "true";
        branches.retain(|branch| branch.get("protected").and_then(Value::as_bool) == Some(wanted));
    }
    branches.sort_by(|one, other| name_of(one).cmp(name_of(other)));
    Ok(at.page(&branches, Value::clone))
}

/// `/branches/{branch}`, and `/branches/{branch}/protection` for administrators.
pub(super) async fn branch(at: Within) -> Answer {
    let name = at.part("branch");
    if let Some(name) = name.strip_suffix("/protection") {
        return protection(&at, name);
    }
    let branch = at.shelf.branch(name).ok_or(Refusal::NotFound)?;
    let commit = at.shelf.commit(&branch.sha).ok_or(Refusal::NotFound)?;
    let commit = at.shape().commit(&at.shelf.data, commit);
    Ok(Reply::json(at.shape().branch(&at.shelf.data, branch, commit)))
}

fn protection(at: &Within, branch: &str) -> Answer {
    if !at.call.caller.has(Right::Admin) {
        return Err(Refusal::NotFound);
    }
    let found = at.shelf.data.protections.iter().find(|protection| protection.branch == branch);
    let protection = found.ok_or_else(|| match at.shelf.branch(branch) {
        Some(_) => Refusal::Missing("Branch not protected"),
        None => Refusal::Missing("Branch not found"),
    })?;
    Ok(Reply::json(at.shape().protection(&at.shelf.data, protection)))
}

pub(super) async fn rules(at: Within) -> Answer {
    let rules = rules_for(&at.shelf.data, at.part("branch"));
    Ok(at.page(&rules, |(ruleset, rule)| at.shape().rule(&at.shelf.data, ruleset, rule)))
}

fn name_of(branch: &Value) -> &str {
    branch.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// Runs of digits compare as numbers.
fn by_version(one: &str, other: &str) -> Ordering {
    fn parts(name: &str) -> Vec<(u64, &str)> {
        let split = name.split(['.', '-', '_', '/', '+']);
        split.map(|part| (part.trim_start_matches('v').parse().unwrap_or(0), part)).collect()
    }
    parts(one).cmp(&parts(other))
}
