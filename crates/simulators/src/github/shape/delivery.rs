//! Deployments, their statuses, packages and attestations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::person::extend;
use super::{Shape, time};
use crate::github::content::{Attestation, Deployment, DeploymentStatus, Package, PackageVersion, Repository};
use crate::github::node_id;

impl Shape<'_> {
    /// Without any state: that is in the statuses.
    pub(in crate::github) fn deployment(&self, repository: &Repository, deployment: &Deployment) -> Value {
        let url = format!("{}/deployments/{}", self.api(repository), deployment.id);
        let updated =
            newest_first(&deployment.statuses).first().map_or(deployment.created_at, |status| status.created_at);
        json!({
            "url": url, "id": deployment.id, "node_id": node_id::write("DE", repository.id, deployment.id), "task": deployment.task,
            "original_environment": deployment.environment, "environment": deployment.environment, "description": deployment.description,
            "created_at": time(deployment.created_at), "updated_at": time(updated), "statuses_url": format!("{url}/statuses"),
            "repository_url": self.api(repository), "creator": self.user(&deployment.creator), "sha": deployment.sha, "ref": deployment.reference,
            "payload": if deployment.payload.is_null() { json!({}) } else { deployment.payload.clone() },
            "transient_environment": deployment.transient_environment, "production_environment": deployment.production_environment,
            "performed_via_github_app": null,
        })
    }

    pub(in crate::github) fn deployment_status(
        &self,
        repository: &Repository,
        deployment: &Deployment,
        status: &DeploymentStatus,
    ) -> Value {
        let url = format!("{}/deployments/{}", self.api(repository), deployment.id);
        let log = status.log_url.clone().unwrap_or_default();
        json!({
            "url": format!("{url}/statuses/{}", status.id), "id": status.id, "node_id": node_id::write("DES", repository.id, status.id), "state": status.state,
            "creator": self.user(&status.creator), "description": status.description, "environment": deployment.environment, "target_url": log,
            "created_at": time(status.created_at), "updated_at": time(status.created_at), "deployment_url": url, "repository_url": self.api(repository),
            "environment_url": status.environment_url.clone().unwrap_or_default(), "log_url": log, "performed_via_github_app": null,
        })
    }

    pub(in crate::github) fn package_version(&self, package: &Package, version: &PackageVersion) -> Value {
        let page =
            format!("{}/orgs/{}/packages/container/package/{}", self.pages, package.organization, package.name);
        json!({
            "id": version.id, "name": version.digest, "url": format!("{}/orgs/{}/packages/container/{}/versions/{}", self.base, package.organization, package.name, version.id),
            "package_html_url": page, "html_url": format!("{}/orgs/{}/packages/container/{}/{}", self.pages, package.organization, package.name, version.id),
            "created_at": time(version.created_at), "updated_at": time(version.created_at),
            "metadata": { "package_type": "container", "container": { "tags": version.tags } },
        })
    }

    /// `GET /orgs/{org}/packages` and one of them.
    pub(in crate::github) fn package(&self, package: &Package) -> Value {
        let url = format!("{}/orgs/{}/packages/container/{}", self.base, package.organization, package.name);
        let dates = package.versions.iter().map(|version| version.created_at);
        json!({
            "id": super::decimal(&url), "name": package.name, "package_type": "container", "owner": self.owner(&package.organization), "url": url,
            "version_count": package.versions.len(), "visibility": "private",
            "html_url": format!("{}/orgs/{}/packages/container/package/{}", self.pages, package.organization, package.name),
            "created_at": time(dates.clone().min().unwrap_or_default()), "updated_at": time(dates.max().unwrap_or_default()),
        })
    }

    /// A Sigstore bundle around an in-toto statement. Nobody signed it: listing is not verifying.
    pub(in crate::github) fn attestation(&self, repository: &Repository, attestation: &Attestation) -> Value {
        let digest = attestation.subject_digest.strip_prefix("sha256:").unwrap_or(&attestation.subject_digest);
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": [{ "name": attestation.subject_name, "digest": { "sha256": digest } }],
            "predicateType": attestation.predicate_type, "predicate": attestation.predicate,
        });
        let payload = statement.to_string();
        let mut body = json!({ "repository_id": repository.id, "initiator": attestation.initiator });
        let bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": STANDARD.encode(format!("certificate of {}", repository.full_name())) },
                "tlogEntries": [], "timestampVerificationData": { "rfc3161Timestamps": [] },
            },
            "dsseEnvelope": {
                "payload": STANDARD.encode(&payload), "payloadType": "application/vnd.in-toto+json",
                "signatures": [{ "sig": STANDARD.encode(blake3::hash(payload.as_bytes()).as_bytes()) }],
            },
        });
        extend(
            &mut body,
            json!({ "bundle": bundle, "bundle_url": format!("{}/_storage/attestations/{}/{digest}.json", self.base, repository.id) }),
        );
        body
    }
}

/// The order of the API, by date and not by number.
pub(in crate::github) fn newest_first(statuses: &[DeploymentStatus]) -> Vec<&DeploymentStatus> {
    let mut sorted: Vec<&DeploymentStatus> = statuses.iter().collect();
    sorted.sort_by_key(|status| std::cmp::Reverse((status.created_at, status.id)));
    sorted
}
