//! What was meant to run at a target, and since when a release is there, as deployments tell it.

use domain::{Deployment, DeploymentOutcome, Release, ReleaseKey, ServiceKey, Target};
use jiff::Timestamp;

use crate::graph::{Index, ReleaseGraph};

/// The release of a service that the latest successful deployment brought to a target.
pub fn intended_at(graph: &ReleaseGraph, service: &ServiceKey, target: &Target) -> Option<Index<Release>> {
    let last = succeeded(graph)
        .filter(|deployment| deployment.target == *target)
        .filter_map(|deployment| {
            Some((ended(deployment)?, &deployment.id, graph.releases.find(&deployment.release)?))
        })
        .filter(|(_, _, release)| graph.releases.get(*release).service == *service)
        .max_by_key(|(at, id, _)| (*at, *id))?;
    Some(last.2)
}

/// When a release last came to a target.
pub fn deployed_at(graph: &ReleaseGraph, release: &ReleaseKey, target: &Target) -> Option<Timestamp> {
    let own = graph.deployments_of(release).map(|(_, deployment)| deployment);
    own.filter(|deployment| deployment.outcome == DeploymentOutcome::Succeeded && deployment.target == *target)
        .filter_map(ended)
        .max()
}

fn succeeded(graph: &ReleaseGraph) -> impl Iterator<Item = &Deployment> {
    let all = graph.deployments.iter().map(|(_, deployment)| deployment);
    all.filter(|deployment| deployment.outcome == DeploymentOutcome::Succeeded)
}

fn ended(deployment: &Deployment) -> Option<Timestamp> {
    deployment.finished_at.or(deployment.started_at)
}
