//! Which repository, or which part of one, holds a service's code.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ConnectorId, RepositoryId, RepositorySource, Text};

use super::ground::{Code, Ground};
use super::naming::{Candidate, Candidates, names_repository};
use super::proposal::{Claimed, Evidence, confidence};

/// Everything that speaks for a repository being a service's: names, attributes, what was built from it and runs.
pub(super) fn claims<'c>(
    ground: &Ground<'_>,
    services: &'c Candidates<'_>,
) -> BTreeMap<RepositoryId, BTreeMap<&'c str, Vec<Evidence>>> {
    let mut claims: BTreeMap<RepositoryId, BTreeMap<&str, Vec<Evidence>>> = BTreeMap::new();
    let built = built_from(ground);
    for (key, candidate) in services {
        let mut claim = |id: &RepositoryId, evidence: Evidence| {
            let all = claims.entry(id.clone()).or_default().entry(key.as_str()).or_default();
            if !all.contains(&evidence) {
                all.push(evidence);
            }
        };
        for (id, evidence) in &candidate.repositories {
            evidence.iter().for_each(|one| claim(id, one.clone()));
        }
        for (item, _) in &candidate.items {
            for (name, value) in item.attributes.iter().filter(|(name, _)| names_repository(name)) {
                let Some(id) = ground.repository_called(value) else { continue };
                claim(id, Evidence::new(0.95, format!("The item's attribute {name} says {value}.")));
            }
        }
        if let Some((id, count)) = running(ground, candidate, &built) {
            claim(id, Evidence::new(0.7, format!("{count} images that run as the service were built from it.")));
        }
    }
    claims
}

/// The one repository of each digest.
fn built_from<'a>(ground: &'a Ground<'_>) -> BTreeMap<&'a Text, BTreeSet<&'a RepositoryId>> {
    let mut built: BTreeMap<&Text, BTreeSet<&RepositoryId>> = BTreeMap::new();
    for artifact in &ground.records.artifacts {
        let Some(id) = artifact.repository.as_ref().filter(|id| ground.codes.contains_key(id)) else { continue };
        for digest in artifact.digest.iter().chain(&artifact.family) {
            built.entry(digest).or_default().insert(id);
        }
    }
    built
}

/// The repository that all images that run under the service's labels come from.
fn running<'a>(
    ground: &'a Ground<'_>,
    candidate: &Candidate<'_>,
    built: &BTreeMap<&'a Text, BTreeSet<&'a RepositoryId>>,
) -> Option<(&'a RepositoryId, usize)> {
    let is_ours = |seen: &&domain::RuntimeObservation| {
        candidate.labels.keys().any(|(system, label, value)| {
            seen.source.record.connector == *system && seen.labels.get(label) == Some(value)
        })
    };
    let seen = ground.records.runtime_observations.iter().filter(is_ours);
    let digests: BTreeSet<&Text> = seen.filter_map(|seen| seen.labels.get("digest")).collect();
    let homes: Vec<&&RepositoryId> = digests.iter().filter_map(|digest| built.get(digest)).flatten().collect();
    let first = **homes.first()?;
    homes.iter().all(|id| **id == first).then_some((first, homes.len()))
}

/// What came of the claims on one repository.
pub(super) enum Settled {
    /// These services have it, or parts of it.
    Claimed(Vec<(String, Claimed<RepositorySource>)>),
    /// Several services claim what cannot be told apart.
    Disputed(Vec<(String, Claimed<()>)>),
}

/// Gives a repository to the service that claims it, or its parts to those whose tags tell them apart.
pub(super) fn settle(code: &Code<'_>, claims: &BTreeMap<&str, Vec<Evidence>>, minimum: f64) -> Settled {
    let strong: Vec<(&str, &Vec<Evidence>)> = claims
        .iter()
        .filter(|(_, evidence)| confidence(evidence) >= minimum)
        .map(|(service, evidence)| (*service, evidence))
        .collect();
    let claim = |service: &str, evidence: &[Evidence]| {
        let (source, more) = source(code, service);
        (service.to_owned(), Claimed::new(source, [evidence, &more].concat()))
    };
    let told_apart = strong.iter().all(|(service, _)| code.pattern_of(service).is_some());
    match strong.as_slice() {
        [_] => Settled::Claimed(strong.iter().map(|(service, evidence)| claim(service, evidence)).collect()),
        [] => Settled::Disputed(disputed(claims.iter().map(|(service, evidence)| (*service, evidence)))),
        _ if told_apart => {
            Settled::Claimed(strong.iter().map(|(service, evidence)| claim(service, evidence)).collect())
        }
        _ => Settled::Disputed(disputed(strong.into_iter())),
    }
}

fn disputed<'e>(claims: impl Iterator<Item = (&'e str, &'e Vec<Evidence>)>) -> Vec<(String, Claimed<()>)> {
    claims.map(|(service, evidence)| (service.to_owned(), Claimed::new((), evidence.clone()))).collect()
}

/// The service's part: by its own tags and folder where it has them, else the whole repository.
fn source(code: &Code<'_>, service: &str) -> (RepositorySource, Vec<Evidence>) {
    let connector: ConnectorId = code.connector().clone();
    let repository = code.record.name.clone();
    let of_others = code.patterns.values().any(|tagged| !tagged.prefix.is_empty() && tagged.prefix != service);
    let part = code.pattern_of(service).filter(|_| of_others || code.slug() != service);
    let (tags, paths, told): (Text, Text, String) = match part {
        Some((pattern, tagged)) => {
            let folder = code.folder_of(service);
            let paths = folder.map_or_else(|| "**".to_owned(), |folder| format!("{folder}/**"));
            let told = match folder {
                Some(folder) => format!(
                    "{} of its tags are named {pattern}, and {folder} is its folder.",
                    tagged.versions.len()
                ),
                None => {
                    format!("{} of its tags are named {pattern}; no folder bears its name.", tagged.versions.len())
                }
            };
            (pattern.clone(), paths.into(), told)
        }
        None => {
            // Older tags may follow another pattern: the one most tags follow is taken.
            let most = code.patterns.iter().max_by_key(|(_, tagged)| tagged.versions.len());
            match most {
                Some((pattern, tagged)) => {
                    let told = format!("{} of its tags are named {pattern}.", tagged.versions.len());
                    (pattern.clone(), "**".into(), told)
                }
                None => (
                    "v{version}".into(),
                    "**".into(),
                    "It has no release tags yet; v{version} is the usual name.".to_owned(),
                ),
            }
        }
    };
    (RepositorySource { connector, repository, paths: vec![paths], tags }, vec![Evidence::new(0.0, told)])
}
