//! The steps of a release: what it installs, whether it changes a schema, what kind of service it is.

use std::collections::BTreeSet;

use domain::{AliasScheme, Release, ServiceKind, Step, StepKind, Text};

use super::globs::glob_matches;
use super::walk::Walk;
use crate::graph::Index;

/// Fills in every release's steps.
pub(super) fn find_steps(walk: &mut Walk) {
    let releases: Vec<Index<Release>> = walk.graph.releases.iter().map(|(index, _)| index).collect();
    for release in releases {
        let steps = steps_of(walk, release);
        walk.graph.releases.get_mut(release).steps = steps;
    }
}

fn steps_of(walk: &Walk, release: Index<Release>) -> Vec<Step> {
    let kind = walk.service_of(release).map(|service| walk.graph.services.get(service).kind);
    let main = match kind {
        Some(ServiceKind::Vendor | ServiceKind::Saas) => StepKind::Vendor,
        Some(ServiceKind::Infrastructure) => StepKind::Infrastructure,
        _ => StepKind::Artifact,
    };
    let mut steps: Vec<Step> = digests(walk, release)
        .into_iter()
        .map(|digest| Step { kind: main, digest: Some(digest), reversible: None })
        .collect();
    if steps.is_empty() {
        steps.push(Step { kind: main, digest: None, reversible: None });
    }
    let paths = walk.range_of(release).and_then(|range| range.paths.as_ref());
    let schema = |path: &Text| walk.policy.schema_paths.iter().any(|glob| glob_matches(glob, path));
    if paths.into_iter().flatten().any(schema) {
        steps.push(Step { kind: StepKind::Schema, digest: None, reversible: None });
    }
    steps.sort();
    steps
}

/// The digests that stand for the release, one of each manifest family: those that go by its version, else those that
/// were built from its commit.
fn digests(walk: &Walk, release: Index<Release>) -> Vec<Text> {
    let mut families: Vec<BTreeSet<Text>> = Vec::new();
    let mut built: Vec<Text> = Vec::new();
    for related in walk.graph.release_artifacts.from(release) {
        let artifact = walk.graph.artifacts.get(related.index);
        families.push(artifact.digest.iter().chain(&artifact.family).cloned().collect());
        built.extend(artifact.digest.clone());
    }
    let named = walk.graph.releases.get(release).aliases.iter().filter(|alias| alias.scheme == AliasScheme::Digest);
    let mut wanted: Vec<Text> = named.map(|alias| alias.value.clone()).collect();
    if wanted.is_empty() {
        wanted = built.clone();
    }
    let mut chosen: BTreeSet<Text> = BTreeSet::new();
    for digest in wanted {
        let family = families.iter().find(|family| family.contains(&digest));
        let head = family.and_then(|family| built.iter().find(|head| family.contains(*head)));
        chosen.insert(head.cloned().unwrap_or(digest));
    }
    chosen.into_iter().collect()
}
