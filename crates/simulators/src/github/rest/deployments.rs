//! Deployments, environments, attestations.

use serde_json::{Value, json};

use crate::github::call::{Answer, Refusal, Reply, Within};
use crate::github::content::{Attestation, Deployment, Environment};
use crate::github::shape::newest_first;

pub(super) async fn list(at: Within) -> Answer {
    let call = &at.call;
    let asked = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == "none" || wanted == value);
    let all = at.shelf.data.deployments.iter();
    let mut deployments: Vec<&Deployment> = all
        .filter(|one| {
            asked("sha", &one.sha)
                && asked("ref", &one.reference)
                && asked("task", &one.task)
                && asked("environment", &one.environment)
        })
        .collect();
    deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.id));
    Ok(at.page(&deployments, |deployment| at.shape().deployment(&at.shelf.data, deployment)))
}

pub(super) async fn one(at: Within) -> Answer {
    Ok(Reply::json(at.shape().deployment(&at.shelf.data, find(&at)?)))
}

pub(super) async fn statuses(at: Within) -> Answer {
    let deployment = find(&at)?;
    let statuses = newest_first(&deployment.statuses);
    Ok(at.page(&statuses, |status| at.shape().deployment_status(&at.shelf.data, deployment, status)))
}

pub(super) async fn environments(at: Within) -> Answer {
    Ok(at.counted("environments", &at.shelf.data.environments, |environment| {
        at.shape().environment(&at.shelf.data, environment)
    }))
}

pub(super) async fn environment(at: Within) -> Answer {
    Ok(Reply::json(at.shape().environment(&at.shelf.data, named(&at)?)))
}

/// Rules that apps add; there are none here.
pub(super) async fn custom_rules(at: Within) -> Answer {
    named(&at)?;
    Ok(Reply::json(json!({ "total_count": 0, "custom_deployment_protection_rules": [] })))
}

/// A digest without attestations answers 404.
pub(super) async fn attestations(at: Within) -> Answer {
    let digest = at.part("digest");
    let wanted = at.call.query("predicate_type");
    let all = at.shelf.data.attestations.iter().filter(|attestation| attestation.subject_digest == digest);
    let kinds = all.filter(|attestation| wanted.is_none_or(|wanted| is_kind(attestation, wanted)));
    let (_, size) = at.call.paging();
    let found: Vec<Value> =
        kinds.take(size).map(|attestation| at.shape().attestation(&at.shelf.data, attestation)).collect();
    if found.is_empty() { Err(Refusal::NotFound) } else { Ok(Reply::json(json!({ "attestations": found }))) }
}

/// Is it of the kind that a filter asks for, by short name or in full?
pub(super) fn is_kind(attestation: &Attestation, wanted: &str) -> bool {
    kind(&attestation.predicate_type) == wanted || attestation.predicate_type == wanted
}

/// The short names that the filter knows.
fn kind(predicate_type: &str) -> &'static str {
    if predicate_type.contains("slsa.dev/provenance") {
        "provenance"
    } else if predicate_type.contains("spdx") || predicate_type.contains("cyclonedx") {
        "sbom"
    } else {
        "release"
    }
}

fn find(at: &Within) -> Result<&Deployment, Refusal> {
    let id = at.number("id")?;
    at.shelf.data.deployments.iter().find(|deployment| deployment.id == id).ok_or(Refusal::NotFound)
}

fn named(at: &Within) -> Result<&Environment, Refusal> {
    let name = at.part("name");
    at.shelf.data.environments.iter().find(|environment| environment.name == name).ok_or(Refusal::NotFound)
}
